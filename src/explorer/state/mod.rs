//! The state of the explorer. Once it is open, only [`super::update`] writes it. The types of
//! its parts take what they need and do not know the whole.

pub mod coloring;
pub mod column;
pub mod facts;
pub mod filter;
mod first;
pub mod forecasts;
pub mod history;
pub mod job;
pub mod line;
pub mod map;
pub mod mode;
pub mod model_set;
pub mod new_model;
pub mod over;
pub mod picker;
pub mod probe;
mod queries;
pub mod questions;
pub mod route;
pub mod selection;
pub mod table;
pub mod training;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::{Position, Rect};

use super::depth::Depth;
use super::keys::{Binding, KEYMAP};
use super::pane::Pane;
use super::theme::Theme;
use crate::analysis::clusters::Clusters;
use crate::analysis::neighbors::{self, Neighbor};
use crate::analysis::projection::Projection;
use crate::analysis::router::pools::Pools;
use crate::eval::evaluation::Evaluation;
use crate::eval::untested::Repeat;
use crate::one_line;
use coloring::{ColorBy, Coloring};
use facts::Facts;
use filter::Filter;
use first::first;
use forecasts::ForecastState;
use history::{History, Snapshot};
use job::Job;
use map::pixels::MOST;
use map::{MANY, MapState, Marker};
use mode::{Mode, Modes};
use model_set::ModelSet;
use new_model::NewModelState;
use over::Pointed;
use over::card::CardState;
use over::tour::Tour;
use probe::ProbeState;
use questions::QuestionsState;
use route::RouteState;
use table::TableState;
use training::Training;

/// How many neighbors the Model pane lists.
const NEIGHBORS: usize = 8;

#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct State {
    pub model_set: Arc<ModelSet>,
    pub theme: Theme,
    pub area: Rect,
    pub focus: Pane,
    /// The pane beside the wide one where only one fits: the last one focused.
    pub side: Pane,
    /// The pane in the wide place: the map, or what was focused last of those that share it.
    pub wide: Pane,
    /// The focused pane has the whole window.
    pub maximized: bool,
    pub map: MapState,
    /// The model under the cursor. Meaningless without models.
    pub selected: usize,
    pub marked: Arc<BTreeSet<usize>>,
    /// Which models are looked at, everywhere.
    pub filter: Filter,
    /// Marked models that were given a name, by their names.
    pub saved: BTreeMap<String, Vec<String>>,
    /// Expressions that were saved for routing.
    pub pools: Pools,
    /// A data set is open beside the embedder.
    pub with_data: bool,
    pub evaluation: EvaluationState,
    /// How likely each model is to answer the prompt right, as far as that is asked.
    pub forecast: Vec<Option<f32>>,
    /// How many of these there were so far.
    pub forecast_version: u64,
    pub clusters: Job<Clusters>,
    /// The cluster of the selected model is to be marked as soon as it is known.
    pub clusters_wanted: bool,
    /// The card of a group of the legend that is open, and how many were asked for so far.
    pub card: Option<CardState>,
    pub described: u64,
    /// The tour of the first visit, while it is on.
    pub tour: Option<Tour>,
    pub table: TableState,
    pub questions: QuestionsState,
    pub forecasts: ForecastState,
    pub new_model: NewModelState,
    /// Attributes from here on are groups that were named here.
    pub groups_from: usize,
    pub neighbors: Vec<Neighbor>,
    pub model: ModelState,
    pub probe: ProbeState,
    pub route: RouteState,
    /// What keys mean now.
    pub modes: Modes,
    pub history: History,
    pub keymap: Arc<Vec<Binding>>,
    /// The themes that there are, by name.
    pub themes: Vec<String>,
    pub help: bool,
    /// Lines of the help that are above the window.
    pub help_scroll: usize,
    /// The mouse is captured.
    pub mouse: bool,
    /// Where it points, until something else happens.
    pub hover: Option<Position>,
    /// What it points at that lights up on the map.
    pub pointed: Option<Pointed>,
    /// The window has the focus, as far as the terminal tells.
    pub terminal_focused: bool,
    /// Movements are shown; else things are at once where they belong.
    pub motion: bool,
    /// Counts the ticks, for what turns while work is under way.
    pub tick_count: usize,
    pub notice: Option<Notice>,
    pub training: Option<Training>,
    pub started: bool,
    /// The user wants to leave as soon as the training has stopped.
    pub leaving: bool,
}

#[derive(Default)]
pub struct ModelState {
    pub neighbor: usize,
    pub scroll: usize,
}

/// How good the forecasts are on the data set beside the embedder.
#[derive(Default)]
pub struct EvaluationState {
    pub found: Job<Box<Evaluation>>,
    /// What was found of pairs that were never tested, where that was computed before.
    pub untested: Option<Box<Repeat>>,
}

pub struct Notice {
    pub text: String,
    pub bad: bool,
}

impl Notice {
    /// How long it stays, unless a key is pressed before.
    pub fn lasts(&self) -> Duration {
        Duration::from_secs(if self.bad { 10 } else { 4 })
    }
}

impl State {
    pub fn new(
        model_set: Arc<ModelSet>,
        projection: Projection,
        theme: Theme,
        pane: Pane,
        area: Rect,
    ) -> Self {
        let mut state = Self {
            map: MapState::new(&model_set, projection),
            selected: first(&model_set),
            marked: Arc::default(),
            filter: Filter::default(),
            saved: BTreeMap::new(),
            pools: Pools::default(),
            with_data: false,
            evaluation: EvaluationState::default(),
            forecast: Vec::new(),
            forecast_version: 0,
            clusters: Job::Idle,
            clusters_wanted: false,
            card: None,
            described: 0,
            tour: None,
            table: TableState::new(&model_set),
            questions: QuestionsState::default(),
            forecasts: ForecastState::default(),
            new_model: NewModelState::default(),
            groups_from: model_set.attributes.len(),
            neighbors: Vec::new(),
            model: ModelState::default(),
            probe: ProbeState::default(),
            route: RouteState::default(),
            modes: Modes::default(),
            history: History::default(),
            keymap: Arc::new(KEYMAP.clone()),
            themes: Theme::names(),
            mouse: true,
            hover: None,
            pointed: None,
            terminal_focused: true,
            motion: true,
            tick_count: 0,
            help: false,
            help_scroll: 0,
            notice: None,
            training: None,
            started: false,
            leaving: false,
            focus: Pane::Map,
            side: Pane::Model,
            wide: Pane::Map,
            maximized: false,
            area,
            theme,
            model_set,
        };
        state.probe.reports = vec![Job::Idle; state.model_set.attributes.len()];
        // Without colors, shapes tell the classes apart.
        if state.theme.depth == Depth::None {
            state.map.marker = Marker::Shapes;
        }
        state.arrange_table();
        state.focus_on(pane);
        state.refresh_neighbors();
        state
    }

    /// Puts a trained model set in the place of what was shown.
    pub fn replace(&mut self, model_set: Arc<ModelSet>, projection: Projection) {
        self.close_card();
        self.map.coloring = Coloring::first(&model_set);
        self.table = TableState::new(&model_set);
        self.forecast.clear();
        self.forecasts = ForecastState::default();
        self.evaluation = EvaluationState::default();
        self.new_model = NewModelState::default();
        self.clusters = Job::Idle;
        self.history.clear();
        (self.filter, self.map.within) = (Filter::default(), None);
        self.groups_from = model_set.attributes.len();
        self.model_set = model_set;
        self.arrange_table();
        self.map.show(projection);
        self.map.rank(&self.model_set);
        self.probe = ProbeState {
            reports: vec![Job::Idle; self.model_set.attributes.len()],
            ..ProbeState::default()
        };
        self.route.forget();
        if self.selected >= self.model_set.models.len() {
            self.selected = 0;
        }
        self.training = None;
        self.refresh_neighbors();
    }

    pub fn focus_on(&mut self, pane: Pane) {
        self.focus = pane;
        if pane.is_wide() {
            self.wide = pane;
        } else {
            self.side = pane;
        }
        self.modes.set_base(Mode::Normal);
    }

    /// Focuses a pane as the user asks for it. A training has only the map beside it.
    pub fn go_to(&mut self, pane: Pane) {
        if self.training.is_none() {
            self.modes.close_picker();
            self.focus_on(pane);
        }
    }

    pub fn select(&mut self, model: usize) {
        if model < self.model_set.models.len() && model != self.selected {
            self.selected = model;
            self.map.reveal(model);
            self.refresh_neighbors();
        }
    }

    /// A word on what went well.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: one_line(&text.into()), bad: false });
    }

    /// A word on what went wrong.
    pub fn complain(&mut self, problem: &str) {
        self.notice = Some(Notice { text: one_line(problem), bad: true });
    }

    pub fn color_by(&mut self, by: ColorBy) {
        (self.map.isolated, self.card) = (None, None);
        self.map.coloring = Coloring::new(&self.facts(), by);
    }

    /// Colors again where what the colors show has changed.
    pub fn recolor(&mut self, changed: ColorBy) {
        if self.map.coloring.by == changed {
            self.close_card();
            self.map.coloring = Coloring::new(&self.facts(), changed);
        }
    }

    /// Closes the card of a group, if one is open: the group stands out no longer than that.
    pub fn close_card(&mut self) {
        if let Some(card) = self.card.take() {
            self.map.isolated = card.before;
        }
    }

    /// What is known of the models.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            model_set: &self.model_set,
            clusters: self.clusters.done(),
            forecast: &self.forecast,
        }
    }

    /// Filters and sorts the table, and the forecasts with it.
    pub fn arrange_table(&mut self) {
        let facts = Facts {
            model_set: &self.model_set,
            clusters: self.clusters.done(),
            forecast: &self.forecast,
        };
        self.table.arrange(&facts, &self.filter);
        self.forecasts.arrange(self.table.rows.clone());
    }

    /// What a step of undo would bring back.
    pub fn snapshot(&self) -> Snapshot {
        let marked = Arc::clone(&self.marked);
        let filter = self.filter.clone();
        Snapshot { look: self.map.look(), selected: self.selected, marked, filter }
    }

    /// False for what stands back: what the filter leaves out, another class than the isolated one, or
    /// not among the marked models while there are several.
    pub fn is_lit(&self, model: usize) -> bool {
        // What is pointed at comes before all of that but the filter.
        if let Some(Pointed::Class(class)) = self.pointed {
            return self.map.is_within(model) && self.map.coloring.class_of(model) == class;
        }
        self.map.is_lit(model) && (self.marked.len() < 2 || self.marked.contains(&model))
    }

    pub fn mark(&mut self, models: impl IntoIterator<Item = usize>) {
        let n = self.model_set.models.len();
        self.marked = Arc::new(models.into_iter().filter(|model| *model < n).collect());
    }

    /// The marked models; without any, the selected one.
    pub fn chosen(&self) -> Vec<usize> {
        if self.marked.is_empty() {
            let n = self.model_set.models.len();
            return Some(self.selected).filter(|m| *m < n).into_iter().collect();
        }
        self.marked.iter().copied().collect()
    }

    /// Brings back what was looked at and marked. Gives the projection that has to be computed first.
    pub fn restore(&mut self, snapshot: &Snapshot) -> bool {
        self.marked = Arc::clone(&snapshot.marked);
        self.select(snapshot.selected);
        if self.map.coloring.by != snapshot.look.color {
            self.color_by(snapshot.look.color);
        }
        let at_hand = self.map.look_as(&snapshot.look);
        let classes = self.map.coloring.classes.len();
        self.map.isolated = snapshot.look.isolated.filter(|class| *class < classes);
        at_hand
    }

    /// How points are drawn: without colors, shapes tell the classes apart.
    pub fn marker(&self) -> Marker {
        if self.theme.is_gray() { Marker::Shapes } else { self.map.marker }
    }

    /// True where the map is painted in pixels, as soon as there is a picture. Colors that only the
    /// terminal knows cannot be painted.
    pub fn paints(&self) -> bool {
        let pixels = &self.map.pixels;
        pixels.on
            && pixels.protocol.is_some()
            && (1..=MOST).contains(&self.map.places.len())
            && self.theme.is_exact()
    }

    /// The map shows where many models are: by contours in pixels, by shades in cells.
    pub fn shows_density(&self) -> bool {
        let many = self.map.places.len() > MANY;
        self.map.density.unwrap_or(many || self.paints())
    }

    /// Something turning, for work that is under way.
    pub fn spinner(&self) -> char {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        FRAMES[self.tick_count / 3 % FRAMES.len()]
    }

    /// The model that the prompt was routed to.
    pub fn routed(&self) -> Option<usize> {
        self.route.result.as_ref()?.candidates.first().map(|c| c.model)
    }

    pub fn name(&self, model: usize) -> &str {
        self.model_set.models.get(model).map_or("", String::as_str)
    }

    /// The name of a model for where there is little room.
    pub fn short(&self, model: usize) -> &str {
        self.model_set.short.get(model).map_or_else(|| self.name(model), String::as_str)
    }

    /// Looks at the neighborhood of the selected model.
    fn refresh_neighbors(&mut self) {
        self.model = ModelState::default();
        let vectors = self.model_set.profiles();
        self.neighbors = if self.selected < vectors.nrows() && vectors.ncols() > 0 {
            let shared = |m: usize| self.model_set.shared(self.selected, m);
            neighbors::nearest(vectors, self.selected, NEIGHBORS, shared)
        } else {
            Vec::new()
        };
    }
}
