//! From coordinates to places on the map.

use super::{MapState, Place, Turned};

impl MapState {
    fn value(&self, model: usize, component: usize) -> f64 {
        let v = self.projection.coordinates.get((model, component)).copied().unwrap_or_default();
        if v.is_finite() { v } else { 0.0 }
    }

    /// The lowest value of a component and how far it is to the highest.
    fn extent(&self, component: usize) -> (f64, f64) {
        let each = (0..self.projection.coordinates.nrows()).map(|m| self.value(m, component));
        let (low, high) =
            each.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        (low, if high - low > 1e-12 { high - low } else { 0.0 })
    }

    /// Places of points that are no models, given by their coordinates, on the flat map.
    pub fn locate(&self, points: &[Vec<f64>]) -> Vec<Place> {
        let (x, y) = self.axes();
        let (ex, ey) = (self.extent(x), self.extent(y));
        let scaled = |point: &[f64], component: usize, (low, span): (f64, f64)| {
            let v = point.get(component).copied().unwrap_or_default();
            if span > 0.0 { (v - low) / span } else { 0.5 }
        };
        points.iter().map(|point| (scaled(point, x, ex), scaled(point, y, ey))).collect()
    }

    /// The models and the origin; in three dimensions also how near each is.
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
        ((0..n).map(place).collect(), Vec::new(), (scaled(0.0, ex), scaled(0.0, ey)))
    }

    /// The first three components at one scale, in a ball that fits the view however it turns.
    fn arrange_in_space(&self, turned: Turned) -> (Vec<Place>, Vec<f32>, Place) {
        let n = self.projection.coordinates.nrows();
        let middle = [0, 1, 2].map(|c| {
            let (low, span) = self.extent(c);
            low + span / 2.0
        });
        let at = |m: usize| [0, 1, 2].map(|c| self.value(m, c) - middle[c]);
        let far = |p: [f64; 3]| p.iter().map(|v| v * v).sum::<f64>();
        let radius = (0..n).map(|m| far(at(m))).fold(0.0, f64::max).sqrt().max(1e-12);
        let ((sy, cy), (sp, cp)) = (turned.yaw.sin_cos(), turned.pitch.sin_cos());
        let turn = |[x, y, z]: [f64; 3]| {
            let (x, z) = (x * cy + z * sy, z * cy - x * sy);
            let (y, z) = (y * cp - z * sp, y * sp + z * cp);
            [x, y, z].map(|v| v / (2.0 * radius) + 0.5)
        };
        let mut nearness = Vec::with_capacity(n);
        let places = (0..n)
            .map(|m| {
                let [x, y, z] = turn(at(m));
                nearness.push(z as f32);
                (x, y)
            })
            .collect();
        let [x, y, _] = turn([-middle[0], -middle[1], -middle[2]]);
        (places, nearness, (x, y))
    }
}
