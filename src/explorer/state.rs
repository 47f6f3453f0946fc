//! The state of the explorer. Only [`super::update`] writes it; only the views read it.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::Rect;
use tui_input::Input;

use super::action::Pane;
use super::map::MapState;
use super::subject::Subject;
use super::theme::{Depth, Theme};
use crate::analysis::neighbours::{self, Neighbour};
use crate::analysis::probe::Report;
use crate::analysis::projection::Projection;
use crate::analysis::router::Route;
use crate::embedder::Epoch;

/// How many neighbours the Model pane lists.
const NEIGHBOURS: usize = 8;

pub struct State {
    pub subject: Arc<Subject>,
    pub theme: Theme,
    pub area: Rect,
    pub focus: Pane,
    /// The pane beside the map where only one fits: the last one focused.
    pub side: Pane,
    pub map: MapState,
    /// The model under the cursor. Meaningless without models.
    pub selected: usize,
    pub marked: BTreeSet<usize>,
    /// Attributes from here on are groups that were named here.
    pub groups_from: usize,
    pub neighbours: Vec<Neighbour>,
    pub model: ModelState,
    pub probe: ProbeState,
    pub route: RouteState,
    pub search: Option<Search>,
    pub help: bool,
    pub notice: Option<Notice>,
    pub training: Option<Training>,
    pub started: bool,
    /// The user wants to leave as soon as the training has stopped.
    pub leaving: bool,
}

#[derive(Default)]
pub struct ModelState {
    pub neighbour: usize,
    pub scroll: usize,
}

#[derive(Default)]
pub struct ProbeState {
    pub asked: bool,
    /// One entry an attribute.
    pub reports: Vec<Option<Result<Box<Report>, String>>>,
    /// A place in [`ProbeState::order`].
    pub cursor: usize,
    /// The section of an attribute that stands first.
    pub section: usize,
    /// The name of a group of models while it is typed.
    pub naming: Option<Input>,
}

impl ProbeState {
    pub fn report(&self, attribute: usize) -> Option<&Report> {
        self.reports.get(attribute)?.as_ref()?.as_ref().ok().map(AsRef::as_ref)
    }

    /// The attributes as they are listed: those that beat their controls first, each part by its
    /// figure, and those that cannot be probed last.
    pub fn order(&self) -> Vec<usize> {
        let rank = |a: &usize| {
            self.report(*a).map(|r| (r.beats_controls, r.main().linear.figures.main().value))
        };
        let mut order: Vec<usize> = (0..self.reports.len()).collect();
        order.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal));
        order
    }

    /// The attribute under the cursor.
    pub fn chosen(&self) -> Option<usize> {
        self.order().get(self.cursor).copied()
    }
}

#[derive(Default)]
pub struct RouteState {
    pub input: Input,
    pub typing: bool,
    /// The prompt that was asked last.
    pub asked: String,
    /// Of the newest prompt; older answers are dropped.
    pub version: u64,
    pub waiting: bool,
    pub result: Option<Route>,
    pub cursor: usize,
}

pub struct Search {
    pub input: Input,
    pub hits: Vec<usize>,
    pub at: usize,
    /// The selection to go back to.
    pub before: usize,
}

pub struct Notice {
    pub text: String,
    pub bad: bool,
}

#[derive(Default)]
pub struct Training {
    pub questions: usize,
    pub epoch: u32,
    pub of: u32,
    pub best: Option<(u32, f64)>,
    pub train: Vec<f64>,
    pub val: Vec<f64>,
    pub speed: f64,
    pub remaining: Duration,
    pub stopping: bool,
}

impl Training {
    pub fn add(&mut self, epoch: &Epoch) {
        self.epoch = epoch.number;
        self.of = epoch.of;
        self.speed = epoch.responses_per_second;
        self.remaining = epoch.remaining;
        self.train.push(epoch.train_nll);
        self.val.push(epoch.val_nll);
        if epoch.best {
            self.best = Some((epoch.number, epoch.val_nll));
        }
    }
}

impl State {
    pub fn new(
        subject: Arc<Subject>,
        projection: Projection,
        theme: Theme,
        pane: Pane,
        area: Rect,
    ) -> Self {
        let mut state = Self {
            map: MapState::new(&subject, projection),
            selected: best_known(&subject),
            marked: BTreeSet::new(),
            groups_from: subject.attributes.len(),
            neighbours: Vec::new(),
            model: ModelState::default(),
            probe: ProbeState::default(),
            route: RouteState::default(),
            search: None,
            help: false,
            notice: None,
            training: None,
            started: false,
            leaving: false,
            focus: Pane::Map,
            side: Pane::Model,
            area,
            theme,
            subject,
        };
        state.probe.reports = vec![None; state.subject.attributes.len()];
        // Without colours, shapes tell the classes apart.
        state.map.shapes = state.theme.depth == Depth::None;
        state.focus_on(pane);
        state.meet();
        state
    }

    /// Puts a trained subject in the place of what was shown.
    pub fn replace(&mut self, subject: Arc<Subject>, projection: Projection) {
        self.groups_from = subject.attributes.len();
        self.subject = subject;
        self.map.show(projection);
        self.map.rank(&self.subject);
        self.probe = ProbeState {
            reports: vec![None; self.subject.attributes.len()],
            ..ProbeState::default()
        };
        self.route.result = None;
        if self.selected >= self.subject.models.len() {
            self.selected = 0;
        }
        self.training = None;
        self.meet();
    }

    pub fn focus_on(&mut self, pane: Pane) {
        self.focus = pane;
        if pane != Pane::Map {
            self.side = pane;
        }
        self.route.typing = pane == Pane::Route;
    }

    pub fn select(&mut self, model: usize) {
        if model < self.subject.models.len() && model != self.selected {
            self.selected = model;
            self.map.reveal(model);
            self.meet();
        }
    }

    /// The model that the prompt was routed to.
    pub fn routed(&self) -> Option<usize> {
        self.route.result.as_ref()?.candidates.first().map(|c| c.model)
    }

    pub fn name(&self, model: usize) -> &str {
        self.subject.models.get(model).map_or("", String::as_str)
    }

    /// Looks at the neighbourhood of the selected model.
    fn meet(&mut self) {
        self.model = ModelState::default();
        let vectors = self.subject.specialities();
        self.neighbours = if self.selected < vectors.nrows() && vectors.ncols() > 0 {
            neighbours::nearest(vectors, self.selected, NEIGHBOURS)
        } else {
            Vec::new()
        };
    }
}

/// The model that most is known of: where to begin.
fn best_known(subject: &Subject) -> usize {
    (0..subject.models.len()).rev().max_by_key(|&m| subject.answers(m)).unwrap_or_default()
}
