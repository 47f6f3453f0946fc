//! The density of the models on the map: a kernel estimate, and contours around the densest regions.

use contour::ContourBuilder;

use crate::picture::{Point, Rgb, Shape};

/// The share of the models inside each contour, from the outermost one.
const SHARES: [f64; 5] = [0.9, 0.7, 0.5, 0.3, 0.1];
/// The opacity of a region and of its line.
const FILL: f64 = 0.035;
const LINE: f64 = 0.42;
/// The minimum number of models.
const FEWEST: usize = 12;
/// Scott's rule assumes one cluster; with several, a fraction of its bandwidth shows more detail.
const NARROWER: f64 = 0.6;
/// The minimum bandwidth, in pixels.
const LEAST: f64 = 6.0;
/// Grid steps per standard deviation of the kernel.
const STEPS: f64 = 5.0;
/// The maximum number of steps along a side.
const MOST: f64 = 400.0;

/// The models whose density is estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// In pixels of the plot, including those outside of it.
    pub points: Vec<Point>,
    pub color: Rgb,
}

/// One side of the grid.
#[derive(Clone, Copy)]
struct Side {
    from: f64,
    step: f64,
    steps: usize,
    deviation: f64,
}

impl Side {
    fn of(values: impl Iterator<Item = f64> + Clone, length: f64) -> Self {
        let n = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let deviation = (NARROWER * variance.sqrt() * n.powf(-1.0 / 6.0)).max(LEAST);
        // Models slightly outside count, and contours close outside of the plot.
        let margin = 4.0 * deviation;
        let whole = length + 2.0 * margin;
        let step = (deviation / STEPS).max(whole / MOST);
        let steps = (whole / step).ceil() as usize + 1;
        Self { from: -margin, step, steps, deviation: deviation / step }
    }

    /// The grid step below a value, and its fraction of the way to the next step.
    fn between(self, value: f64) -> Option<(usize, f64)> {
        let at = (value - self.from) / self.step;
        let inside = at.is_finite() && at >= 0.0 && at < (self.steps - 1) as f64;
        inside.then(|| (at as usize, at.fract()))
    }

    /// The value at a grid position; values are at the centers of grid cells.
    fn value(self, at: f64) -> f64 {
        self.from + (at - 0.5) * self.step
    }
}

/// The contours in a plot of that size, each around the densest regions that contain a share of the
/// models.
pub fn contours(crowd: &Crowd, size: (f64, f64)) -> Vec<Shape> {
    if crowd.points.len() < FEWEST {
        return Vec::new();
    }
    let x = Side::of(crowd.points.iter().map(|p| p.0), size.0);
    let y = Side::of(crowd.points.iter().map(|p| p.1), size.1);
    let corners = |p: &Point| {
        let ((i, right), (j, down)) = (x.between(p.0)?, y.between(p.1)?);
        let at = j * x.steps + i;
        let share = |a: f64, b: f64| a * b;
        Some([
            (at, share(1.0 - right, 1.0 - down)),
            (at + 1, share(right, 1.0 - down)),
            (at + x.steps, share(1.0 - right, down)),
            (at + x.steps + 1, share(right, down)),
        ])
    };
    let mut counts = vec![0.0; x.steps * y.steps];
    for (at, share) in crowd.points.iter().filter_map(corners).flatten() {
        counts[at] += share;
    }
    let across = blurred(&counts, x.steps, y.steps, x.deviation, (1, x.steps));
    let density = blurred(&across, y.steps, x.steps, y.deviation, (x.steps, 1));
    let mut at_models: Vec<f64> = crowd
        .points
        .iter()
        .filter_map(corners)
        .map(|corners| corners.iter().map(|(at, share)| density[*at] * share).sum())
        .collect();
    at_models.sort_unstable_by(f64::total_cmp);
    if at_models.is_empty() {
        return Vec::new();
    }
    let last = (at_models.len() - 1) as f64;
    let levels = SHARES.map(|share| at_models[((1.0 - share) * last) as usize]);
    let found = ContourBuilder::new(x.steps, y.steps, true).contours(&density, &levels);
    // It fails only if the grid size does not match the number of values.
    let found = found.unwrap_or_default();
    found
        .into_iter()
        .map(|contour| {
            let (regions, _) = contour.into_inner();
            let rings = regions.0.into_iter().flat_map(|region| {
                let (around, holes) = region.into_inner();
                std::iter::once(around).chain(holes)
            });
            let path = |ring: contour::Ring| -> Vec<Point> {
                ring.iter().map(|p| (x.value(p.x), y.value(p.y))).collect()
            };
            Shape {
                paths: rings.map(|ring| path(ring.0)).collect(),
                closed: true,
                color: crowd.color,
                fill: FILL,
                line: (1.0, LINE),
            }
        })
        .collect()
}

/// Blurs `lines` lines of `n` cells each by a Gaussian with a peak of 1. `strides` are the offsets from cell
/// to cell and from line to line.
pub fn blurred(
    cells: &[f64],
    n: usize,
    lines: usize,
    deviation: f64,
    strides: (usize, usize),
) -> Vec<f64> {
    let reach = (3.0 * deviation).ceil() as usize;
    let kernel: Vec<f64> =
        (0..=reach).map(|d| (-0.5 * (d as f64 / deviation).powi(2)).exp()).collect();
    let mut out = vec![0.0; cells.len()];
    for line in 0..lines {
        for at in 0..n {
            let value = cells[line * strides.1 + at * strides.0];
            if value > 0.0 {
                for to in at.saturating_sub(reach)..(at + reach + 1).min(n) {
                    out[line * strides.1 + to * strides.0] += value * kernel[at.abs_diff(to)];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clusters of models on lattices around their centers.
    fn crowd() -> Crowd {
        let heap = |x: f64, y: f64| {
            (0..400).map(move |i| {
                let (a, b) = (f64::from(i % 20) - 9.5, f64::from(i / 20) - 9.5);
                (x + a, y + b)
            })
        };
        Crowd { points: heap(100.0, 80.0).chain(heap(300.0, 140.0)).collect(), color: (1, 2, 3) }
    }

    #[test]
    fn contours_lie_around_the_heaps_one_within_the_other() {
        let shapes = contours(&crowd(), (400.0, 200.0));
        assert_eq!(shapes.len(), SHARES.len());
        let mut before = f64::MAX;
        for shape in &shapes {
            let points: Vec<Point> = shape.paths.iter().flatten().copied().collect();
            let middle = |of: fn(&Point) -> f64| {
                let (low, high) = points
                    .iter()
                    .map(of)
                    .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
                f64::midpoint(low, high)
            };
            let (x, y) = (middle(|p| p.0), middle(|p| p.1));
            assert!((x - 200.0).abs() < 2.0 && (y - 110.0).abs() < 2.0, "{x} {y}");
            let left: Vec<&Point> = points.iter().filter(|p| p.0 < 200.0).collect();
            let wide = left.iter().map(|p| (p.0 - 100.0).abs()).fold(0.0, f64::max);
            assert!(wide < before, "{wide} is not within {before}");
            before = wide;
        }
    }

    #[test]
    fn few_models_and_those_out_of_sight_have_none() {
        let few = Crowd { points: vec![(1.0, 1.0); FEWEST - 1], color: (0, 0, 0) };
        assert!(contours(&few, (400.0, 200.0)).is_empty());
        let away = Crowd { points: vec![(1e9, f64::NAN); 50], color: (0, 0, 0) };
        assert!(contours(&away, (400.0, 200.0)).is_empty());
        let one_place = Crowd { points: vec![(50.0, 50.0); 50], color: (0, 0, 0) };
        assert!(!contours(&one_place, (400.0, 200.0)).is_empty());
    }
}
