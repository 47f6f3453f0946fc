//! The state of the map: positions of the models and the view.

mod arrangement;
pub mod glow;
mod meaning;
mod motion;
pub mod pixels;
mod viewpoint;

use std::sync::Arc;

use ratatui::layout::Position;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::analysis::projection::Projection;
use crate::explorer::direction::Button;
use crate::explorer::state::coloring::{ColorBy, Coloring};
use crate::explorer::state::job::Job;
use crate::explorer::state::model_set::ModelSet;
use glow::Glow;
pub use meaning::Meaning;
use pixels::Pixels;

/// Maximum number of components.
pub const COMPONENTS: usize = 6;
/// Maximum zoom.
const ZOOM_MOST: f64 = 60.0;

/// A position on the map: both in [0, 1] over the extent of the models, y upwards.
pub type Place = (f64, f64);

/// Kinds of projections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Projector {
    #[default]
    Pca,
    Tsne,
    /// Principal components of what coverage (the list of benchmarks that a model was evaluated on) does not
    /// explain.
    #[serde(rename = "without-coverage")]
    WithoutCoverage,
    /// The direction of this attribute, and the main variation orthogonal to it.
    Attribute(usize),
}

impl Projector {
    pub fn title(self, model_set: &ModelSet) -> String {
        match self {
            Self::Pca => "principal components".into(),
            Self::Tsne => "t-SNE".into(),
            Self::WithoutCoverage => "principal components without coverage".into(),
            Self::Attribute(a) => {
                let name = model_set.attributes.get(a).map_or("", |a| a.name.as_str());
                format!("direction of {name}")
            }
        }
    }
}

/// Marker styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum Marker {
    #[default]
    Braille,
    /// A shape for each class.
    Shapes,
    /// Two colors per cell.
    Blocks,
    /// Needs a font with the symbols of Unicode 16.
    Octants,
    Dots,
}

impl Marker {
    fn next(self) -> Self {
        let all = <Self as VariantArray>::VARIANTS;
        all[(self as usize + 1) % all.len()]
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Braille => "Braille dots",
            Self::Shapes => "Shapes",
            Self::Blocks => "Half blocks",
            Self::Octants => "Octants (if the font has them)",
            Self::Dots => "Single dots",
        }
    }
}

/// Mouse tools for dragging.
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
            Self::Box => "Drag: box",
            Self::Lasso => "Drag: lasso",
            Self::Zoom => "Drag: zoom",
        }
    }
}

/// The current drag, in cells of the screen.
pub struct Drag {
    pub tool: Tool,
    pub path: Vec<Position>,
}

/// The rotation of the 3-D view, in radians.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    pub yaw: f64,
    pub pitch: f64,
}

/// The part of the view that undo restores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewState {
    pub projector: Projector,
    pub axes: (usize, usize),
    pub space: Option<Rotation>,
    #[serde(alias = "centre")]
    pub center: Place,
    pub zoom: f64,
    pub isolated: Option<usize>,
    #[serde(alias = "colour")]
    pub color: ColorBy,
}

impl ViewState {
    /// The initial view.
    pub fn first(model_set: &ModelSet) -> Self {
        Self {
            projector: Projector::Pca,
            axes: (0, 1),
            space: None,
            center: (0.5, 0.5),
            zoom: 1.0,
            isolated: None,
            color: Coloring::first(model_set).by,
        }
    }
}

pub struct MapState {
    pub projector: Projector,
    pub projection: Arc<Projection>,
    /// Computed projections of the shown models.
    cached: Vec<(Projector, Arc<Projection>)>,
    /// The last requested projection, and whether it is being computed.
    pub wanted: Projector,
    pub projecting: Job<()>,
    axes: (usize, usize),
    pub space: Option<Rotation>,
    pub spinning: bool,
    /// The current positions.
    pub places: Vec<Place>,
    /// The depth of each model in 3-D, in [0, 1]; empty if flat.
    pub nearness: Vec<f32>,
    /// The position of the means of the two components.
    pub origin: Place,
    moving: Option<Movement>,
    /// The center of the view.
    pub center: Place,
    pub zoom: f64,
    pub coloring: Coloring,
    pub isolated: Option<usize>,
    /// The brightness of each model.
    pub glow: Glow,
    pub marker: Marker,
    pub pixels: Pixels,
    /// Shows where many models are; `None` leaves it to how the map is drawn.
    pub density: Option<bool>,
    pub names: bool,
    pub tool: Tool,
    pub drag: Option<Drag>,
    /// The position where a button was pressed, or of the current drag.
    pub pressed: Option<Position>,
    /// What each component correlates with; `None` until computed for the shown projection.
    meanings: Option<Vec<Option<Meaning>>>,
    /// Models by their number of answers: the priority for labels.
    pub ranked: Vec<usize>,
    /// The positions of all models at the last epochs of a watched training, the oldest first.
    pub trails: Vec<Vec<Place>>,
}

/// Number of earlier epochs that trails go back to.
const TRAILS: usize = 3;
/// With more models, trails would cover the map.
const TRAILED: usize = 2_000;

struct Movement {
    from: Vec<Place>,
    to: Vec<Place>,
    progress: f64,
}

/// Models at the edge of a class with a high priority for labels.
const EXTREMES: usize = 2;
/// Number of components for which correlates are computed.
const EXPLAINED: usize = 6;
/// Below this number of models, whole-cell markers are the most visible.
pub const FEW: usize = 300;

/// More models than this overlap: in cells, density is shaded from the beginning.
pub const MANY: usize = 1500;

impl MapState {
    pub fn new(model_set: &ModelSet, projection: Projection) -> Self {
        let projection = Arc::new(projection);
        let mut map = Self {
            projector: Projector::Pca,
            cached: vec![(Projector::Pca, Arc::clone(&projection))],
            wanted: Projector::Pca,
            projecting: Job::Idle,
            projection,
            axes: (0, 1),
            space: None,
            spinning: false,
            places: Vec::new(),
            nearness: Vec::new(),
            origin: (0.5, 0.5),
            moving: None,
            center: (0.5, 0.5),
            zoom: 1.0,
            coloring: Coloring::first(model_set),
            isolated: None,
            glow: Glow::default(),
            marker: if model_set.models.len() < FEW { Marker::Dots } else { Marker::Braille },
            pixels: Pixels::default(),
            density: None,
            names: true,
            tool: Tool::Box,
            drag: None,
            pressed: None,
            meanings: None,
            ranked: Vec::new(),
            trails: Vec::new(),
        };
        (map.places, map.nearness, map.origin) = map.arrange();
        map.rank(model_set);
        map.explain(model_set);
        map
    }

    /// Computes the priority for labels: models with many answers, and among those the ones at the edge of
    /// their class on the first two components, which distinguish the groups.
    pub fn rank(&mut self, model_set: &ModelSet) {
        let by_answers = model_set.by_answers();
        let n = by_answers.len();
        let known = |place: usize| 1.0 - place as f64 / n as f64;
        let far = |m: usize| {
            let of =
                |c: usize| self.projection.coordinates.get((m, c)).copied().unwrap_or_default();
            of(0).hypot(of(1))
        };
        // The farthest of each class among those with more answers than half of all: (distance, model,
        // position).
        let mut edges: Vec<Vec<(f64, usize, usize)>> =
            vec![Vec::new(); self.coloring.classes.len()];
        for (place, &model) in by_answers.iter().enumerate().take_while(|(at, _)| known(*at) > 0.5)
        {
            let Some(edge) = edges.get_mut(self.coloring.class_of(model)) else { continue };
            let far = far(model);
            if edge.len() == EXTREMES && edge[EXTREMES - 1].0 > far {
                continue;
            }
            edge.push((far, model, place));
            edge.sort_by(|a: &(f64, usize, usize), b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            edge.truncate(EXTREMES);
        }
        let mut edges: Vec<usize> = edges.into_iter().flatten().map(|(.., place)| place).collect();
        edges.sort_unstable();
        // They precede other models with at least the median number of answers.
        let score = |place: usize| known(place) + 0.5;
        self.ranked = Vec::with_capacity(n);
        let mut next = edges.iter().copied().peekable();
        for (place, &model) in by_answers.iter().enumerate() {
            while let Some(edge) = next.next_if(|edge| score(*edge) > known(place)) {
                self.ranked.push(by_answers[edge]);
            }
            if edges.binary_search(&place).is_err() {
                self.ranked.push(model);
            }
        }
        self.ranked.extend(next.map(|edge| by_answers[edge]));
    }

    /// Computes what the components correlate with, unless it is known.
    pub fn explain(&mut self, model_set: &ModelSet) {
        if self.meanings.is_some() {
            return;
        }
        let columns: Vec<_> = self.projection.coordinates.columns().into_iter().collect();
        let columns = columns.into_par_iter().take(EXPLAINED);
        let components = [Projector::Pca, Projector::WithoutCoverage];
        let found = if components.contains(&self.projector) {
            let axes: Vec<Vec<f64>> = columns.map(|column| column.to_vec()).collect();
            meaning::meanings(model_set, &axes)
        } else {
            Vec::new()
        };
        self.meanings = Some(found);
    }

    /// What a component correlates with, if anything.
    pub fn meaning_of(&self, component: usize) -> Option<&Meaning> {
        self.meanings.as_ref()?.get(component)?.as_ref()
    }

    pub fn axes(&self) -> (usize, usize) {
        self.axes
    }

    /// The number of components that can be axes.
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
        self.clamp_axes((x, y));
        self.space = None;
        self.set_out();
    }

    /// A projection may have fewer components than the one before.
    fn clamp_axes(&mut self, (x, y): (usize, usize)) {
        let last = self.components().saturating_sub(1);
        self.axes = (x.min(last), y.min(last));
    }

    /// Replaces the principal projection, which invalidates the others.
    pub fn show(&mut self, projection: Projection) {
        self.cached.clear();
        self.take(Projector::Pca, projection);
        self.use_projector(Projector::Pca);
    }

    /// The same for the next epoch of a training, to which models leave trails.
    pub fn show_next(&mut self, projection: Projection) {
        if self.trails.len() == TRAILS {
            self.trails.remove(0);
        }
        // Where a transition leads, not how far it has come.
        self.settle();
        if self.places.len() <= TRAILED {
            self.trails.push(self.places.clone());
        }
        self.show(projection);
    }

    /// Stores a computed projection.
    pub fn take(&mut self, projector: Projector, projection: Projection) {
        self.cached.retain(|(known, _)| *known != projector);
        self.cached.push((projector, Arc::new(projection)));
    }

    /// Shows a projection; false if it must be computed first.
    pub fn use_projector(&mut self, projector: Projector) -> bool {
        self.wanted = projector;
        let Some((_, found)) = self.cached.iter().find(|(known, _)| *known == projector) else {
            self.projecting = Job::Running;
            return false;
        };
        self.projection = Arc::clone(found);
        self.meanings = None;
        self.projecting = Job::Idle;
        if self.projector != projector {
            self.projector = projector;
            self.axes = (0, 1);
        }
        self.clamp_axes(self.axes);
        if self.components() < 3 {
            self.space = None;
        }
        self.set_out();
        true
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

    /// Starts a drag: the right button zooms, the left one uses the tool.
    pub fn drag(&mut self, button: Button, at: Position) {
        let tool = if button == Button::Right { Tool::Zoom } else { self.tool };
        let drag = self.drag.get_or_insert_with(|| Drag { tool, path: Vec::new() });
        if drag.path.last() != Some(&at) {
            drag.path.push(at);
        }
    }

    pub fn look(&self) -> ViewState {
        ViewState {
            projector: self.projector,
            axes: self.axes,
            space: self.space,
            center: self.center,
            zoom: self.zoom,
            isolated: self.isolated,
            color: self.coloring.by,
        }
    }

    /// Restores a view; the caller restores the coloring. False if the projection must be computed first.
    pub fn look_as(&mut self, look: &ViewState) -> bool {
        let at_hand = self.use_projector(look.projector);
        self.clamp_axes(look.axes);
        self.space = look.space.filter(|_| self.components() >= 3);
        self.spinning &= self.space.is_some();
        self.zoom = if look.zoom.is_finite() { look.zoom.clamp(1.0, ZOOM_MOST) } else { 1.0 };
        let finite = look.center.0.is_finite() && look.center.1.is_finite();
        self.look_at(if finite { look.center } else { (0.5, 0.5) });
        self.set_out();
        at_hand
    }

    /// True unless another class than the model's is isolated.
    pub fn is_of_group(&self, model: usize) -> bool {
        self.isolated.is_none_or(|class| self.coloring.class_of(model) == class)
    }

    /// Focuses the next class, and after the last none.
    pub fn isolate_next(&mut self) {
        let next = self.isolated.map_or(0, |class| class + 1);
        self.isolated = (next < self.coloring.classes.len()).then_some(next);
    }
}
