//! Where the models stand on the map and how the map is looked at.

use std::cmp::Ordering;

use super::action::Direction;
use super::colouring::Colouring;
use super::subject::Subject;
use crate::analysis::projection::Projection;

/// The pairs of components that can be the axes.
const AXES: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];
/// How far a key pans and zooms.
const PAN: f64 = 0.15;
const ZOOM: f64 = 1.4;
const ZOOM_MOST: f64 = 60.0;
/// What a tick adds to a movement; at 30 ticks a second it takes a quarter of a second.
const STRIDE: f64 = 0.14;

/// A place on the map: both in [0, 1] over the extent of the models, y upwards.
pub type Place = (f64, f64);

pub struct MapState {
    pub projection: Projection,
    axes: usize,
    /// Where the models stand now.
    pub places: Vec<Place>,
    /// Where the means of the two components stand.
    pub origin: Place,
    moving: Option<Movement>,
    /// The middle of the view.
    pub centre: Place,
    pub zoom: f64,
    pub colouring: Colouring,
    /// The index of the attribute that colours, if one does.
    pub colour: Option<usize>,
    pub isolated: Option<usize>,
    pub shapes: bool,
    pub names: bool,
    /// Models by how much is known of them: who gets a name first.
    pub ranked: Vec<usize>,
}

struct Movement {
    from: Vec<Place>,
    to: Vec<Place>,
    progress: f64,
}

impl MapState {
    pub fn new(subject: &Subject, projection: Projection) -> Self {
        let colour = Colouring::first_choice(subject);
        let mut map = Self {
            projection,
            axes: 0,
            places: Vec::new(),
            origin: (0.5, 0.5),
            moving: None,
            centre: (0.5, 0.5),
            zoom: 1.0,
            colouring: Colouring::new(subject, colour),
            colour,
            isolated: None,
            shapes: false,
            names: true,
            ranked: Vec::new(),
        };
        (map.places, map.origin) = map.arrange();
        map.rank(subject);
        map
    }

    pub fn rank(&mut self, subject: &Subject) {
        self.ranked = (0..subject.models.len()).collect();
        self.ranked.sort_by_key(|&model| std::cmp::Reverse(subject.answers(model)));
    }

    pub fn axes(&self) -> (usize, usize) {
        AXES[self.axes]
    }

    pub fn next_axes(&mut self) {
        self.axes = (self.axes + 1) % AXES.len();
        self.set_out();
    }

    /// Moves to another projection of the same models.
    pub fn show(&mut self, projection: Projection) {
        self.projection = projection;
        self.set_out();
    }

    pub fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    /// One step of a movement.
    pub fn tick(&mut self) {
        if let Some(movement) = &mut self.moving {
            movement.progress = (movement.progress + STRIDE).min(1.0);
            let t = movement.progress;
            let t = t * t * (3.0 - 2.0 * t);
            let between = |a: f64, b: f64| a + (b - a) * t;
            let pairs = movement.from.iter().zip(&movement.to);
            self.places = pairs.map(|(a, b)| (between(a.0, b.0), between(a.1, b.1))).collect();
            if movement.progress >= 1.0 {
                self.moving = None;
            }
        }
    }

    fn set_out(&mut self) {
        let (to, origin) = self.arrange();
        self.origin = origin;
        if to.len() == self.places.len() {
            self.moving = Some(Movement { from: self.places.clone(), to, progress: 0.0 });
        } else {
            self.places = to;
            self.moving = None;
        }
    }

    /// The models and the origin, over the extent of the models along both axes.
    fn arrange(&self) -> (Vec<Place>, Place) {
        let (x, y) = self.axes();
        let n = self.projection.coordinates.nrows();
        let value = |m: usize, c: usize| {
            let v = self.projection.coordinates.get((m, c)).copied().unwrap_or_default();
            if v.is_finite() { v } else { 0.0 }
        };
        let extent = |c: usize| {
            let each = (0..n).map(|m| value(m, c));
            let (low, high) =
                each.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
            (low, if high - low > 1e-12 { high - low } else { 0.0 })
        };
        let (ex, ey) = (extent(x), extent(y));
        let scaled = |v: f64, (low, span): (f64, f64)| {
            if span > 0.0 { (v - low) / span } else { 0.5 }
        };
        let place = |m| (scaled(value(m, x), ex), scaled(value(m, y), ey));
        ((0..n).map(place).collect(), (scaled(0.0, ex), scaled(0.0, ey)))
    }

    /// Where a place is in the view: [0, 1] from left to right and from top to bottom.
    pub fn seen(&self, place: Place) -> (f64, f64) {
        // A margin keeps the outermost models off the border.
        let scale = 0.92 * self.zoom;
        ((place.0 - self.centre.0) * scale + 0.5, 0.5 - (place.1 - self.centre.1) * scale)
    }

    /// The place that is seen at (x, y) of the view.
    pub fn place_at(&self, x: f64, y: f64) -> Place {
        let scale = 0.92 * self.zoom;
        ((x - 0.5) / scale + self.centre.0, (0.5 - y) / scale + self.centre.1)
    }

    pub fn pan(&mut self, direction: Direction) {
        let (dx, dy) = direction.vector();
        self.look_at((self.centre.0 + dx * PAN / self.zoom, self.centre.1 + dy * PAN / self.zoom));
    }

    /// Zooms so that `about` stays where it is seen.
    pub fn zoom(&mut self, closer: bool, about: Place) {
        let zoom = if closer { self.zoom * ZOOM } else { self.zoom / ZOOM };
        let zoom = zoom.clamp(1.0, ZOOM_MOST);
        let kept = self.zoom / zoom;
        self.zoom = zoom;
        self.look_at((
            about.0 + (self.centre.0 - about.0) * kept,
            about.1 + (self.centre.1 - about.1) * kept,
        ));
    }

    pub fn fit(&mut self) {
        self.zoom = 1.0;
        self.centre = (0.5, 0.5);
    }

    fn look_at(&mut self, (x, y): Place) {
        // At full view there is nothing beside the picture to pan to.
        let slack = 0.5 * (1.0 - 1.0 / self.zoom) + if self.zoom > 1.0 { 0.05 } else { 0.0 };
        self.centre = (x.clamp(0.5 - slack, 0.5 + slack), y.clamp(0.5 - slack, 0.5 + slack));
    }

    /// Pans as little as needed to see a model.
    pub fn reveal(&mut self, model: usize) {
        if let Some(&place) = self.places.get(model) {
            let (x, y) = self.seen(place);
            if !(0.03..=0.97).contains(&x) || !(0.03..=0.97).contains(&y) {
                self.look_at(place);
            }
        }
    }

    /// The model to go to from `from`: near, and more ahead than aside.
    pub fn step(&self, from: usize, direction: Direction) -> Option<usize> {
        let (dx, dy) = direction.vector();
        let &(x, y) = self.places.get(from)?;
        let cost = |&m: &usize| {
            let (ox, oy) = (self.places[m].0 - x, self.places[m].1 - y);
            let ahead = ox * dx + oy * dy;
            let aside = (ox * dy - oy * dx).abs();
            (ahead > 1e-9 && aside <= 2.0 * ahead).then_some(ahead + 2.0 * aside)
        };
        let models = (0..self.places.len()).filter(|m| *m != from && self.is_lit(*m));
        models
            .filter_map(|m| cost(&m).map(|cost| (m, cost)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(m, _)| m)
    }

    /// The model nearest to a point of the view, in cells of a plot of the given size.
    pub fn nearest(&self, x: f64, y: f64, width: f64, height: f64) -> Option<(usize, f64)> {
        let distance = |m: usize| {
            let (sx, sy) = self.seen(self.places[m]);
            // A cell is twice as high as wide.
            ((sx - x) * width).hypot((sy - y) * height * 2.0)
        };
        (0..self.places.len())
            .filter(|m| self.is_lit(*m))
            .map(|m| (m, distance(m)))
            .min_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal))
    }

    /// True unless another class than the model's is isolated.
    pub fn is_lit(&self, model: usize) -> bool {
        self.isolated.is_none_or(|class| self.colouring.class_of(model) == class)
    }

    pub fn colour_by(&mut self, subject: &Subject, colour: Option<usize>) {
        self.colour = colour;
        self.isolated = None;
        self.colouring = Colouring::new(subject, colour);
    }

    /// The next or previous of: no attribute, the first, the second, …
    pub fn cycle_colour(&mut self, subject: &Subject, forwards: bool) {
        let n = subject.attributes.len() + 1;
        let at = self.colour.map_or(0, |c| c + 1);
        let next = if forwards { at + 1 } else { at + n - 1 } % n;
        self.colour_by(subject, next.checked_sub(1));
    }

    /// Isolates the next class, after the last none.
    pub fn isolate_next(&mut self) {
        let next = self.isolated.map_or(0, |class| class + 1);
        self.isolated = (next < self.colouring.classes.len()).then_some(next);
    }
}
