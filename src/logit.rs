//! Logits and probabilities.

/// The 90% quantile of the normal distribution: the end of an 80% interval.
pub const Z80: f64 = 1.281_551_6;

/// The probability of a logit, in single or double precision.
pub fn sigmoid<F: ndarray::NdFloat>(x: F) -> F {
    (F::one() + (-x).exp()).recip()
}

/// The logit of a probability, clamped 1e-6 away from 0 and 1.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

/// The factor by which Gaussian noise of deviation `spread` shrinks a mean logit (probit approximation).
pub fn stretch(spread: f64) -> f64 {
    (1.0 + std::f64::consts::PI * spread * spread / 8.0).sqrt()
}
