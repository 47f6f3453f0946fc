//! The signs of dots, as outlines.

use std::f64::consts::TAU;

use super::Point;

/// What a dot looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sign {
    Disc,
    Up,
    Down,
    Square,
    Diamond,
    Star,
    Plus,
}

impl Sign {
    /// The corners around a center, for a sign that covers about as much as a disc of that radius; none
    /// for the disc.
    pub(crate) fn corners(self, center: Point, radius: f64) -> Vec<Point> {
        let at = |turn: f64, length: f64| {
            let (s, c) = (turn * TAU).sin_cos();
            (center.0 + radius * length * s, center.1 - radius * length * c)
        };
        let around = |n: usize, from: f64, length: f64| -> Vec<Point> {
            (0..n).map(|i| at(from + i as f64 / n as f64, length)).collect()
        };
        match self {
            Self::Disc => Vec::new(),
            Self::Up => around(3, 0.0, 1.4),
            Self::Down => around(3, 0.5, 1.4),
            Self::Square => around(4, 0.125, 1.25),
            Self::Diamond => around(4, 0.0, 1.4),
            Self::Star => {
                (0..10).map(|i| at(f64::from(i) / 10.0, [1.5, 0.64][i as usize % 2])).collect()
            }
            Self::Plus => {
                let (long, thick) = (1.35, 0.42);
                let (far, near) = (radius * long, radius * thick);
                [
                    (-near, -far),
                    (near, -far),
                    (near, -near),
                    (far, -near),
                    (far, near),
                    (near, near),
                    (near, far),
                    (-near, far),
                    (-near, near),
                    (-far, near),
                    (-far, -near),
                    (-near, -near),
                ]
                .map(|(x, y)| (center.0 + x, center.1 + y))
                .into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_lie_around_their_center() {
        for sign in [Sign::Up, Sign::Down, Sign::Square, Sign::Diamond, Sign::Star, Sign::Plus] {
            let corners = sign.corners((10.0, 20.0), 4.0);
            assert!(corners.len() >= 3);
            let far = |p: &Point| (p.0 - 10.0).hypot(p.1 - 20.0);
            assert!(corners.iter().all(|p| (1.0..6.5).contains(&far(p))), "{sign:?}");
            let x: f64 = corners.iter().map(|p| p.0 - 10.0).sum();
            assert!(x.abs() < 1e-9, "{sign:?} is not upright");
        }
        let up = Sign::Up.corners((0.0, 0.0), 1.0);
        assert!(up[0].1 < 0.0 && up[0].0.abs() < 1e-9, "the axis of pictures points down");
    }
}
