//! From coordinates to positions on the map.

use rayon::prelude::*;

use super::{MapState, Place, Rotation};

impl MapState {
    fn value(&self, model: usize, component: usize) -> f64 {
        let v = self.projection.coordinates.get((model, component)).copied().unwrap_or_default();
        if v.is_finite() { v } else { 0.0 }
    }

    /// The minimum of a component and its range.
    fn extent(&self, component: usize) -> (f64, f64) {
        let models = (0..self.projection.coordinates.nrows()).into_par_iter();
        let each = models.map(|m| self.value(m, component)).map(|v| (v, v));
        let join = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        let (low, high) = each.reduce(|| (f64::MAX, f64::MIN), join);
        (low, if high - low > 1e-12 { high - low } else { 0.0 })
    }

    /// Positions of other points, given by their coordinates, on the flat map.
    pub fn locate(&self, points: &[Vec<f64>]) -> Vec<Place> {
        let (x, y) = self.axes();
        let (ex, ey) = (self.extent(x), self.extent(y));
        let scaled = |point: &[f64], component: usize, (low, span): (f64, f64)| {
            let v = point.get(component).copied().unwrap_or_default();
            if span > 0.0 { (v - low) / span } else { 0.5 }
        };
        points.iter().map(|point| (scaled(point, x, ex), scaled(point, y, ey))).collect()
    }

    /// The models and the origin; in 3-D also the depth of each model.
    pub(super) fn arrange(&self) -> (Vec<Place>, Vec<f32>, Place) {
        if let Some(turned) = self.space {
            return self.arrange_in_space(turned);
        }
        let (x, y) = self.axes();
        let n = self.projection.coordinates.nrows();
        let (ex, ey) = (self.extent(x), self.extent(y));
        let scaled = |v: f64, (low, span): (f64, f64)| {
            if span > 0.0 { (v - low) / span } else { 0.5 }
        };
        let place = |m| (scaled(self.value(m, x), ex), scaled(self.value(m, y), ey));
        (
            (0..n).into_par_iter().map(place).collect(),
            Vec::new(),
            (scaled(0.0, ex), scaled(0.0, ey)),
        )
    }

    /// The first three components at a common scale, in a ball that fits the view at any rotation.
    fn arrange_in_space(&self, turned: Rotation) -> (Vec<Place>, Vec<f32>, Place) {
        let turning = Turning::of(self, turned);
        let n = self.projection.coordinates.nrows();
        let mut nearness = Vec::with_capacity(n);
        let places = (0..n)
            .map(|m| {
                let [x, y, z] = turning.seen([0, 1, 2].map(|c| self.value(m, c)));
                nearness.push(z as f32);
                (x, y)
            })
            .collect();
        let [x, y, _] = turning.seen([0.0; 3]);
        (places, nearness, (x, y))
    }

    /// The ends of the three axes, in 3-D.
    pub fn ends(&self) -> Option<[Place; 3]> {
        let turning = Turning::of(self, self.space?);
        Some([0, 1, 2].map(|c| {
            let mut end = [0.0; 3];
            end[c] = AXIS * turning.radius;
            let [x, y, _] = turning.seen(end);
            (x, y)
        }))
    }
}

/// The length of an axis in 3-D, relative to the radius of all models.
const AXIS: f64 = 0.6;

/// From three components to a position and its depth.
struct Turning {
    middle: [f64; 3],
    radius: f64,
    yaw: (f64, f64),
    pitch: (f64, f64),
}

impl Turning {
    fn of(map: &MapState, turned: Rotation) -> Self {
        let middle = [0, 1, 2].map(|c| {
            let (low, span) = map.extent(c);
            low + span / 2.0
        });
        let far = |m: usize| {
            [0, 1, 2].map(|c| map.value(m, c) - middle[c]).iter().map(|v| v * v).sum::<f64>()
        };
        let n = map.projection.coordinates.nrows();
        let radius = (0..n).map(far).fold(0.0, f64::max).sqrt().max(1e-12);
        Self { middle, radius, yaw: turned.yaw.sin_cos(), pitch: turned.pitch.sin_cos() }
    }

    fn seen(&self, at: [f64; 3]) -> [f64; 3] {
        let [x, y, z] = [0, 1, 2].map(|c| at[c] - self.middle[c]);
        let ((sy, cy), (sp, cp)) = (self.yaw, self.pitch);
        let (x, z) = (x * cy + z * sy, z * cy - x * sy);
        let (y, z) = (y * cp - z * sp, y * sp + z * cp);
        [x, y, z].map(|v| v / (2.0 * self.radius) + 0.5)
    }
}
