//! The state of the explorer. Once it is open, only [`super::update`] writes it. The types of its parts do
//! not depend on the whole.

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
use crate::analysis::clusters::{Cluster, Clusters};
use crate::analysis::neighbors::Neighbor;
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

/// The neighbors of a model among more than this many are found in the background: keys do not wait.
const AT_ONCE: usize = 20_000;

#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct State {
    pub model_set: Arc<ModelSet>,
    pub theme: Theme,
    pub area: Rect,
    pub focus: Pane,
    /// The last focused side pane, which is shown next to the wide one.
    pub side: Pane,
    /// The pane in the wide area: the map, or the last focused one of those that share it.
    pub wide: Pane,
    /// The focused pane is maximized.
    pub maximized: bool,
    pub map: MapState,
    /// The selected model. Meaningless without models.
    pub selected: usize,
    pub marked: Arc<BTreeSet<usize>>,
    /// The filter of models, applied everywhere.
    pub filter: Filter,
    /// Saved selections of models, by name.
    pub saved: BTreeMap<String, Vec<String>>,
    /// Saved pools for routing.
    pub pools: Pools,
    /// A data set is open.
    pub with_data: bool,
    pub evaluation: EvaluationState,
    /// The probability of a correct answer by each model, if there is a prompt.
    pub forecast: Vec<Option<f32>>,
    /// How many of these there were so far.
    pub forecast_version: u64,
    pub clusters: Job<Clusters>,
    /// The cluster of the selected model will be marked once it is known.
    pub clusters_wanted: bool,
    /// The open card of a group, and how many were opened so far.
    pub card: Option<CardState>,
    pub described: u64,
    /// The tour, if it is running.
    pub tour: Option<Tour>,
    pub table: TableState,
    pub questions: QuestionsState,
    pub forecasts: ForecastState,
    pub new_model: NewModelState,
    /// Attributes from here on are groups that were labeled in the explorer.
    pub groups_from: usize,
    /// The neighbors of the selected model; empty until they are found.
    pub neighbors: Vec<Neighbor>,
    /// Finding them among many models.
    pub finding_neighbors: Job<()>,
    pub model: ModelState,
    /// The scroll offset of the comparison, below the names.
    pub compare_scroll: usize,
    pub probe: ProbeState,
    pub route: RouteState,
    /// The input modes.
    pub modes: Modes,
    pub history: History,
    pub keymap: Arc<Vec<Binding>>,
    /// The names of available themes.
    pub themes: Vec<String>,
    pub help: bool,
    /// The scroll offset of the help.
    pub help_scroll: usize,
    /// The font of the terminal has Braille; those of consoles do not.
    pub has_braille: bool,
    /// The mouse is captured.
    pub mouse: bool,
    /// The position of the mouse, until another event.
    pub hover: Option<Position>,
    /// The highlighted item under the mouse.
    pub pointed: Option<Pointed>,
    /// The window has the focus, as far as the terminal reports it.
    pub terminal_focused: bool,
    /// Animations are on; else changes are immediate.
    pub motion: bool,
    /// Counts ticks, for the spinner.
    pub tick_count: usize,
    pub notice: Option<Notice>,
    pub training: Option<Training>,
    /// The training that ended in these models, if it was watched.
    pub trained: Option<Training>,
    pub started: bool,
    /// Quit as soon as the training has stopped.
    pub leaving: bool,
}

#[derive(Default)]
pub struct ModelState {
    pub neighbor: usize,
    pub scroll: usize,
}

/// The evaluation on the open data set.
#[derive(Default)]
pub struct EvaluationState {
    pub found: Job<Box<Evaluation>>,
    /// The cached results on untested pairs, if there are any.
    pub untested: Option<Box<Repeat>>,
}

pub struct Notice {
    pub text: String,
    pub bad: bool,
}

impl Notice {
    /// How long it is shown, unless a key is pressed before.
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
            finding_neighbors: Job::Idle,
            model: ModelState::default(),
            compare_scroll: 0,
            probe: ProbeState::new(model_set.attributes.len()),
            route: RouteState::default(),
            modes: Modes::default(),
            history: History::default(),
            keymap: Arc::new(KEYMAP.clone()),
            themes: Theme::names(),
            has_braille: true,
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
            trained: None,
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
        // Without colors, shapes distinguish the classes.
        if state.theme.depth == Depth::None {
            state.map.marker = Marker::Shapes;
        }
        state.arrange_table();
        state.focus_on(pane);
        state.refresh_neighbors();
        state
    }

    /// Replaces the shown model set by a trained one.
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
        self.filter = Filter::default();
        self.groups_from = model_set.attributes.len();
        self.model_set = model_set;
        self.arrange_table();
        self.map.show(projection);
        self.map.trails.clear();
        self.map.rank(&self.model_set);
        self.probe = ProbeState::new(self.model_set.attributes.len());
        self.route.forget();
        if self.selected >= self.model_set.models.len() {
            self.selected = 0;
        }
        self.trained = self.training.take();
        self.refresh_neighbors();
    }

    pub fn focus_on(&mut self, pane: Pane) {
        if pane == Pane::Forecast && self.wide != pane {
            self.forecasts.from_top = true;
        }
        self.focus = pane;
        if pane.is_wide() {
            self.wide = pane;
        } else {
            self.side = pane;
        }
        self.modes.set_base(Mode::Normal);
    }

    /// Focuses a pane at the user's request. During a training only the map is available.
    pub fn go_to(&mut self, pane: Pane) {
        if self.training.is_none() {
            self.modes.close_picker();
            self.focus_on(pane);
        }
    }

    pub fn select(&mut self, model: usize) {
        if model < self.model_set.models.len() && model != self.selected {
            self.selected = model;
            self.forecasts.from_top = false;
            self.map.reveal(model);
            self.refresh_neighbors();
        }
    }

    /// Shows a notice of success.
    pub fn show_notice(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: one_line(&text.into()), bad: false });
    }

    /// Shows an error.
    pub fn show_error(&mut self, problem: &str) {
        self.notice = Some(Notice { text: one_line(problem), bad: true });
    }

    pub fn color_by(&mut self, by: ColorBy) {
        (self.map.isolated, self.card) = (None, None);
        self.map.coloring = Coloring::new(&self.facts(), by);
    }

    /// Updates the colors after a change of their values.
    pub fn recolor(&mut self, changed: ColorBy) {
        if self.map.coloring.by == changed {
            self.close_card();
            self.map.coloring = Coloring::new(&self.facts(), changed);
        }
    }

    /// Closes the card of a group, if one is open, and ends the focus on the group.
    pub fn close_card(&mut self) {
        if let Some(card) = self.card.take() {
            self.map.isolated = card.before;
        }
    }

    /// The data about the models.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            model_set: &self.model_set,
            clusters: self.clusters.done(),
            forecast: &self.forecast,
        }
    }

    /// Filters and sorts the table and the predictions.
    pub fn arrange_table(&mut self) {
        let facts = Facts {
            model_set: &self.model_set,
            clusters: self.clusters.done(),
            forecast: &self.forecast,
        };
        self.table.arrange(&facts, &self.filter);
        self.forecasts.arrange(self.table.rows.clone());
    }

    /// The state that an undo step would restore.
    pub fn snapshot(&self) -> Snapshot {
        let marked = Arc::clone(&self.marked);
        let filter = self.filter.clone();
        Snapshot { look: self.map.look(), selected: self.selected, marked, filter }
    }

    /// False for dimmed models: excluded by the filter, not in the focused class, or not marked while several
    /// are.
    pub fn is_lit(&self, model: usize) -> bool {
        // The item under the mouse takes precedence over everything except the filter.
        if let Some(Pointed::Class(class)) = self.pointed {
            return self.filter.has(model) && self.map.coloring.class_of(model) == class;
        }
        self.is_at_hand(model) && (self.marked.len() < 2 || self.marked.contains(&model))
    }

    /// True for what can be walked to and pointed at on the map: what the filter leaves of the isolated
    /// class, or of all.
    pub fn is_at_hand(&self, model: usize) -> bool {
        self.filter.has(model) && self.map.is_of_group(model)
    }

    pub fn mark(&mut self, models: impl IntoIterator<Item = usize>) {
        let n = self.model_set.models.len();
        self.marked = Arc::new(models.into_iter().filter(|model| *model < n).collect());
    }

    /// The marked models, or the selected one if none is marked.
    pub fn chosen(&self) -> Vec<usize> {
        if self.marked.is_empty() {
            let n = self.model_set.models.len();
            return Some(self.selected).filter(|m| *m < n).into_iter().collect();
        }
        self.marked.iter().copied().collect()
    }

    /// Restores view and marks. Returns false if the projection must be computed first.
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

    /// The marker style: without colors, shapes distinguish the classes.
    pub fn marker(&self) -> Marker {
        match self.map.marker {
            _ if self.theme.is_gray() => Marker::Shapes,
            marker if self.can_draw(marker) => marker,
            _ => Marker::Dots,
        }
    }

    /// False for a marker that the font of a console lacks; half blocks are drawn over Braille.
    pub fn can_draw(&self, marker: Marker) -> bool {
        self.has_braille || matches!(marker, Marker::Dots | Marker::Shapes)
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

    /// A spinner for running work.
    pub fn spinner(&self) -> char {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        const PLAIN: [char; 4] = ['|', '/', '-', '\\'];
        let frames: &[char] = if self.has_braille { &FRAMES } else { &PLAIN };
        frames[self.tick_count / 3 % frames.len()]
    }

    /// The model that the prompt was routed to.
    pub fn routed(&self) -> Option<usize> {
        self.route.result.as_ref()?.candidates.first().map(|c| c.model)
    }

    /// The cluster that a class of the legend is, while the map is colored by clusters.
    pub fn cluster(&self, class: usize) -> Option<&Cluster> {
        let found = self.clusters.done().filter(|_| self.map.coloring.by == ColorBy::Cluster)?;
        found.clusters.get(class)
    }

    pub fn name(&self, model: usize) -> &str {
        self.model_set.models.get(model).map_or("", String::as_str)
    }

    /// The short name of a model.
    pub fn short(&self, model: usize) -> &str {
        self.model_set.short.get(model).map_or_else(|| self.name(model), String::as_str)
    }

    /// Updates the neighbors of the selected model.
    fn refresh_neighbors(&mut self) {
        self.model = ModelState::default();
        (self.neighbors, self.finding_neighbors) = if self.model_set.models.len() > AT_ONCE {
            (Vec::new(), Job::Idle)
        } else {
            (self.model_set.neighbors(self.selected), Job::Done(()))
        };
    }
}
