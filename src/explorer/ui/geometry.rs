//! Shapes over the points of the map: the ellipse of uncertainty, the direction of a probe.

/// Points on the ellipse that contains 80% of a bivariate normal distribution, from its variances and
/// covariance.
pub fn ellipse(xx: f64, xy: f64, yy: f64) -> impl Iterator<Item = (f64, f64)> {
    const POINTS: usize = 180;
    // The 80% quantile of a chi-squared distribution with two degrees of freedom, as a radius.
    let radius = (-2.0 * 0.2_f64.ln()).sqrt();
    let lower = (xx.max(0.0).sqrt(), if xx > 0.0 { xy / xx.sqrt() } else { 0.0 });
    let rest = (yy - lower.1 * lower.1).max(0.0).sqrt();
    (0..POINTS).map(move |i| {
        let (s, c) = (std::f64::consts::TAU * i as f64 / POINTS as f64).sin_cos();
        (radius * lower.0 * c, radius * (lower.1 * c + rest * s))
    })
}

/// The unit direction in which a plane fitted to the scores rises; none if it is flat.
pub fn direction(places: &[(f64, f64)], scores: &[f64]) -> Option<(f64, f64)> {
    let n = places.len().min(scores.len()).max(1) as f64;
    let mean = |of: &dyn Fn(usize) -> f64| (0..n as usize).map(of).sum::<f64>() / n;
    let pairs = places.len() == scores.len() && places.len() > 2;
    let (mx, my, ms) =
        pairs.then(|| (mean(&|m| places[m].0), mean(&|m| places[m].1), mean(&|m| scores[m])))?;
    let (xx, yy) = (mean(&|m| (places[m].0 - mx).powi(2)), mean(&|m| (places[m].1 - my).powi(2)));
    let xy = mean(&|m| (places[m].0 - mx) * (places[m].1 - my));
    let (sx, sy) = (
        mean(&|m| (places[m].0 - mx) * (scores[m] - ms)),
        mean(&|m| (places[m].1 - my) * (scores[m] - ms)),
    );
    let determinant = xx * yy - xy * xy;
    let (dx, dy) = (sx * yy - sy * xy, sy * xx - sx * xy);
    let length = dx.hypot(dy);
    (determinant > 1e-12 && length > 1e-12).then(|| (dx / length, dy / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ellipse_has_the_covariance_it_was_given() {
        let ring: Vec<(f64, f64)> = ellipse(4.0, 1.0, 2.0).collect();
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
            // Half the squared radius: the mean square of a point on a circle.
            ring.iter().map(of).sum::<f64>() / ring.len() as f64 / -0.2_f64.ln()
        };
        assert!((mean(&|p| p.0 * p.0) - 4.0).abs() < 1e-9);
        assert!((mean(&|p| p.0 * p.1) - 1.0).abs() < 1e-9);
        assert!((mean(&|p| p.1 * p.1) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_arrow_points_where_scores_rise() {
        let places: Vec<(f64, f64)> =
            (0..20).map(|m| (f64::from(m % 5) / 5.0, f64::from(m / 5) / 4.0)).collect();
        let scores: Vec<f64> = places.iter().map(|(x, y)| 3.0 * x - 4.0 * y + 7.0).collect();
        let (dx, dy) = direction(&places, &scores).unwrap();
        assert!((dx - 0.6).abs() < 1e-9 && (dy + 0.8).abs() < 1e-9);
        assert_eq!(direction(&places, &[1.0; 20]), None);
        assert_eq!(direction(&[], &[]), None);
    }
}
