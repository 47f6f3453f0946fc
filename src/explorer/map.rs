//! Where the models stand on the map and how the map is looked at.

use std::cmp::Ordering;

use ratatui::layout::Position;
use serde::{Deserialize, Serialize};

use super::action::{Button, Direction};
use super::colouring::{ColourBy, Colouring};
use super::subject::Subject;
use crate::analysis::projection::Projection;

/// How far a key pans, zooms and turns (radians).
const PAN: f64 = 0.15;
const ZOOM: f64 = 1.4;
const ZOOM_MOST: f64 = 60.0;
const TURN: f64 = 0.15;
/// Radians that it turns by itself in a tick: a round takes ten seconds.
const SPIN: f64 = 0.021;
/// What a tick adds to a movement; at 30 ticks a second it takes a quarter of a second.
const STRIDE: f64 = 0.14;

/// A place on the map: both in [0, 1] over the extent of the models, y upwards.
pub type Place = (f64, f64);

/// How the vectors become a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Projector {
    #[default]
    Pca,
    Tsne,
    /// The direction of this attribute, and what varies most across it.
    Attribute(usize),
}

impl Projector {
    pub fn title(self, subject: &Subject) -> String {
        match self {
            Self::Pca => "principal components".into(),
            Self::Tsne => "t-SNE".into(),
            Self::Attribute(a) => {
                let name = subject.attributes.get(a).map_or("", |a| a.name.as_str());
                format!("direction of {name}")
            }
        }
    }
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marker {
    #[default]
    Braille,
    /// A shape for each class.
    Shapes,
    /// Two colours a cell.
    Blocks,
    /// Needs a font with the symbols of Unicode 16.
    Octants,
    Dots,
}

impl Marker {
    const ALL: [Self; 5] = [Self::Braille, Self::Shapes, Self::Blocks, Self::Octants, Self::Dots];

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|marker| *marker == self).unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Braille => "Braille dots",
            Self::Shapes => "a shape for each class",
            Self::Blocks => "half blocks",
            Self::Octants => "octants (if the font has them)",
            Self::Dots => "one dot a cell",
        }
    }
}

/// What dragging the mouse does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Box,
    Lasso,
    Zoom,
}

impl Tool {
    pub fn title(self) -> &'static str {
        match self {
            Self::Box => "dragging marks what is in a box",
            Self::Lasso => "dragging marks what is in a loop",
            Self::Zoom => "dragging zooms to a box",
        }
    }
}

/// What is being dragged, in cells of the screen.
pub struct Drag {
    pub tool: Tool,
    pub path: Vec<Position>,
}

/// How it is turned in three dimensions, in radians.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turned {
    pub yaw: f64,
    pub pitch: f64,
}

/// All that undo brings back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub projector: Projector,
    pub axes: (usize, usize),
    pub space: Option<Turned>,
    pub centre: Place,
    pub zoom: f64,
    pub isolated: Option<usize>,
    pub colour: ColourBy,
}

pub struct MapState {
    pub projector: Projector,
    pub projection: Projection,
    /// Those that have been computed, for the models that are shown.
    cached: Vec<(Projector, Projection)>,
    /// The projection that is being computed.
    pub awaited: Option<Projector>,
    axes: (usize, usize),
    pub space: Option<Turned>,
    pub spinning: bool,
    /// Where the models stand now.
    pub places: Vec<Place>,
    /// How near each model is in three dimensions, in [0, 1]; empty if flat.
    pub nearness: Vec<f32>,
    /// Where the means of the two components stand.
    pub origin: Place,
    moving: Option<Movement>,
    /// The middle of the view.
    pub centre: Place,
    pub zoom: f64,
    pub colouring: Colouring,
    pub isolated: Option<usize>,
    pub marker: Marker,
    /// Shades cells by how many models they hold.
    pub density: bool,
    pub names: bool,
    pub tool: Tool,
    pub drag: Option<Drag>,
    /// Models by how much is known of them: who gets a name first.
    pub ranked: Vec<usize>,
}

struct Movement {
    from: Vec<Place>,
    to: Vec<Place>,
    progress: f64,
}

/// More models than this overlap: density is shaded from the beginning.
pub const MANY: usize = 1500;

impl MapState {
    pub fn new(subject: &Subject, projection: Projection) -> Self {
        let mut map = Self {
            projector: Projector::Pca,
            cached: vec![(Projector::Pca, projection.clone())],
            awaited: None,
            projection,
            axes: (0, 1),
            space: None,
            spinning: false,
            places: Vec::new(),
            nearness: Vec::new(),
            origin: (0.5, 0.5),
            moving: None,
            centre: (0.5, 0.5),
            zoom: 1.0,
            colouring: Colouring::first(subject),
            isolated: None,
            marker: Marker::Braille,
            density: subject.models.len() > MANY,
            names: true,
            tool: Tool::Box,
            drag: None,
            ranked: Vec::new(),
        };
        (map.places, map.nearness, map.origin) = map.arrange();
        map.rank(subject);
        map
    }

    pub fn rank(&mut self, subject: &Subject) {
        let answers: Vec<u32> = (0..subject.models.len()).map(|m| subject.answers(m)).collect();
        self.ranked = (0..subject.models.len()).collect();
        self.ranked.sort_by_key(|&model| std::cmp::Reverse(answers[model]));
    }

    pub fn axes(&self) -> (usize, usize) {
        self.axes
    }

    /// The components that can be axes.
    pub fn components(&self) -> usize {
        self.projection.coordinates.ncols()
    }

    /// The next pair of the first three components.
    pub fn next_axes(&mut self) {
        let next = match self.axes {
            (0, 1) => (0, 2),
            (0, 2) => (1, 2),
            _ => (0, 1),
        };
        self.use_axes(next);
    }

    pub fn use_axes(&mut self, (x, y): (usize, usize)) {
        let last = self.components().saturating_sub(1);
        self.axes = (x.min(last), y.min(last));
        self.space = None;
        self.set_out();
    }

    /// Moves to another principal projection, after which the others no longer hold.
    pub fn show(&mut self, projection: Projection) {
        self.cached.clear();
        self.take(Projector::Pca, projection);
        self.use_projector(Projector::Pca);
    }

    /// Keeps a projection that was computed.
    pub fn take(&mut self, projector: Projector, projection: Projection) {
        self.cached.retain(|(known, _)| *known != projector);
        self.cached.push((projector, projection));
    }

    /// Shows a projection; false if it has to be computed first.
    pub fn use_projector(&mut self, projector: Projector) -> bool {
        let Some((_, found)) = self.cached.iter().find(|(known, _)| *known == projector) else {
            self.awaited = Some(projector);
            return false;
        };
        self.projection = found.clone();
        self.awaited = None;
        if self.projector != projector {
            self.projector = projector;
            self.axes = (0, 1);
        }
        if self.components() < 3 {
            self.space = None;
        }
        self.set_out();
        true
    }

    pub fn is_moving(&self) -> bool {
        self.moving.is_some() || (self.spinning && self.space.is_some())
    }

    /// Ends a movement at once.
    pub fn settle(&mut self) {
        if let Some(movement) = self.moving.take() {
            self.places = movement.to;
        }
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
        } else if self.spinning
            && let Some(turned) = &mut self.space
        {
            turned.yaw = (turned.yaw + SPIN) % std::f64::consts::TAU;
            (self.places, self.nearness, self.origin) = self.arrange();
        }
    }

    fn set_out(&mut self) {
        let (to, nearness, origin) = self.arrange();
        self.origin = origin;
        self.nearness = nearness;
        if to.len() == self.places.len() {
            self.moving = Some(Movement { from: self.places.clone(), to, progress: 0.0 });
        } else {
            self.places = to;
            self.moving = None;
        }
    }

    /// From flat to three dimensions and back, where the projection has three.
    pub fn toggle_space(&mut self) {
        if self.components() < 3 {
            return;
        }
        self.space = match self.space {
            None => Some(Turned { yaw: 0.5, pitch: 0.35 }),
            Some(_) => None,
        };
        self.spinning = false;
        self.set_out();
    }

    /// Turns by itself, or stops; in three dimensions.
    pub fn spin(&mut self) {
        if self.space.is_none() {
            self.toggle_space();
        }
        self.spinning = !self.spinning && self.space.is_some();
    }

    pub fn turn(&mut self, direction: Direction) {
        if let Some(turned) = &mut self.space {
            let (dx, dy) = direction.vector();
            turned.yaw = (turned.yaw + dx * TURN) % std::f64::consts::TAU;
            turned.pitch = (turned.pitch + dy * TURN).clamp(-1.5, 1.5);
            self.moving = None;
            (self.places, self.nearness, self.origin) = self.arrange();
        }
    }

    pub fn next_marker(&mut self) {
        self.marker = self.marker.next();
    }

    pub fn next_tool(&mut self) {
        self.tool = match self.tool {
            Tool::Box => Tool::Lasso,
            Tool::Lasso => Tool::Zoom,
            Tool::Zoom => Tool::Box,
        };
    }

    /// Begins to drag: the right button zooms, the left one does what the tool says.
    pub fn drag(&mut self, button: Button, at: Position) {
        let tool = if button == Button::Right { Tool::Zoom } else { self.tool };
        let drag = self.drag.get_or_insert_with(|| Drag { tool, path: Vec::new() });
        if drag.path.last() != Some(&at) {
            drag.path.push(at);
        }
    }

    pub fn look(&self) -> Look {
        Look {
            projector: self.projector,
            axes: self.axes,
            space: self.space,
            centre: self.centre,
            zoom: self.zoom,
            isolated: self.isolated,
            colour: self.colouring.by,
        }
    }

    /// Looks as before; the colouring is for the caller to restore. False if the projection has to
    /// be computed first.
    pub fn look_as(&mut self, look: &Look) -> bool {
        let at_hand = self.use_projector(look.projector);
        let last = self.components().saturating_sub(1);
        self.axes = (look.axes.0.min(last), look.axes.1.min(last));
        self.space = look.space.filter(|_| self.components() >= 3);
        self.zoom = if look.zoom.is_finite() { look.zoom.clamp(1.0, ZOOM_MOST) } else { 1.0 };
        let finite = look.centre.0.is_finite() && look.centre.1.is_finite();
        self.look_at(if finite { look.centre } else { (0.5, 0.5) });
        self.set_out();
        at_hand
    }

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
    fn arrange(&self) -> (Vec<Place>, Vec<f32>, Place) {
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

    /// Zooms so that the box between two places fills the view.
    pub fn zoom_to(&mut self, a: Place, b: Place) {
        let wide = (a.0 - b.0).abs().max((a.1 - b.1).abs()).max(1e-6);
        self.zoom = (1.0 / (0.92 * wide)).clamp(1.0, ZOOM_MOST);
        self.look_at((f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1)));
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

    /// Isolates the next class, after the last none.
    pub fn isolate_next(&mut self) {
        let next = self.isolated.map_or(0, |class| class + 1);
        self.isolated = (next < self.colouring.classes.len()).then_some(next);
    }
}
