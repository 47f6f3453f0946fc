//! The visible part of the map, and navigation in it.

use std::cmp::Ordering;

use super::{MapState, Place, ZOOM_MOST};
use crate::explorer::direction::Direction;

/// Step sizes of panning and zooming.
const PAN: f64 = 0.15;
const ZOOM: f64 = 1.4;

impl MapState {
    /// The position of a place in the view: [0, 1] from left to right and from top to bottom.
    pub fn seen(&self, place: Place) -> (f64, f64) {
        // A margin keeps the outermost models away from the border.
        let scale = 0.92 * self.zoom;
        ((place.0 - self.center.0) * scale + 0.5, 0.5 - (place.1 - self.center.1) * scale)
    }

    /// The place at (x, y) of the view.
    pub fn place_at(&self, x: f64, y: f64) -> Place {
        let scale = 0.92 * self.zoom;
        ((x - 0.5) / scale + self.center.0, (0.5 - y) / scale + self.center.1)
    }

    pub fn pan(&mut self, direction: Direction) {
        let (dx, dy) = direction.vector();
        self.look_at((self.center.0 + dx * PAN / self.zoom, self.center.1 + dy * PAN / self.zoom));
    }

    /// Zooms such that `about` stays at the same position of the view.
    pub fn zoom(&mut self, closer: bool, about: Place) {
        let zoom = if closer { self.zoom * ZOOM } else { self.zoom / ZOOM };
        let zoom = zoom.clamp(1.0, ZOOM_MOST);
        let kept = self.zoom / zoom;
        self.zoom = zoom;
        self.look_at((
            about.0 + (self.center.0 - about.0) * kept,
            about.1 + (self.center.1 - about.1) * kept,
        ));
    }

    /// Zooms such that the box between two places fills the view.
    pub fn zoom_to(&mut self, a: Place, b: Place) {
        let wide = (a.0 - b.0).abs().max((a.1 - b.1).abs()).max(1e-6);
        self.zoom = (1.0 / (0.92 * wide)).clamp(1.0, ZOOM_MOST);
        self.look_at((f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1)));
    }

    pub fn fit(&mut self) {
        self.zoom = 1.0;
        self.center = (0.5, 0.5);
    }

    pub(super) fn look_at(&mut self, (x, y): Place) {
        // At full view there is nothing outside to pan to.
        let slack = 0.5 * (1.0 - 1.0 / self.zoom) + if self.zoom > 1.0 { 0.05 } else { 0.0 };
        self.center = (x.clamp(0.5 - slack, 0.5 + slack), y.clamp(0.5 - slack, 0.5 + slack));
    }

    /// Pans as little as possible to show a model.
    pub fn reveal(&mut self, model: usize) {
        if let Some(&place) = self.places.get(model) {
            let (x, y) = self.seen(place);
            if !(0.03..=0.97).contains(&x) || !(0.03..=0.97).contains(&y) {
                self.look_at(place);
            }
        }
    }

    /// The model to go to from `from`, of those `at_hand`: near, and more ahead than aside.
    pub fn step(
        &self,
        from: usize,
        direction: Direction,
        at_hand: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let (dx, dy) = direction.vector();
        let &(x, y) = self.places.get(from)?;
        let cost = |&m: &usize| {
            let (ox, oy) = (self.places[m].0 - x, self.places[m].1 - y);
            let ahead = ox * dx + oy * dy;
            let aside = (ox * dy - oy * dx).abs();
            (ahead > 1e-9 && aside <= 2.0 * ahead).then_some(ahead + 2.0 * aside)
        };
        let models = (0..self.places.len()).filter(|m| *m != from && at_hand(*m));
        models
            .filter_map(|m| cost(&m).map(|cost| (m, cost)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(m, _)| m)
    }

    /// Of the models `at_hand` the one nearest to a point of the view, in cells of a plot of the given size.
    pub fn nearest(
        &self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        at_hand: impl Fn(usize) -> bool,
    ) -> Option<(usize, f64)> {
        let distance = |m: usize| {
            let (sx, sy) = self.seen(self.places[m]);
            // A cell is twice as high as wide.
            ((sx - x) * width).hypot((sy - y) * height * 2.0)
        };
        (0..self.places.len())
            .filter(|m| at_hand(*m))
            .map(|m| (m, distance(m)))
            .min_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal))
    }
}
