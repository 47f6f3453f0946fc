//! Logits and probabilities.

/// The normal quantile that leaves a tenth on either side: the end of an 80% interval.
pub const Z80: f64 = 1.281_551_6;

/// The probability of a logit.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The logit that a normal term of deviation `spread` averages down to 1, by the probit approximation.
pub fn stretch(spread: f64) -> f64 {
    (1.0 + std::f64::consts::PI * spread * spread / 8.0).sqrt()
}
