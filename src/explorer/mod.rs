//! The terminal explorer: a map of the models, and beside it the selected model, the probes and the
//! router.
//!
//! `action` is everything that can happen, `state` what is shown, `update` the only writer,
//! `view` a pure drawing of the state. `keys` holds the one table that dispatch, hint bar and
//! help and the list of commands are read off. Slow work runs in `jobs` and comes back as actions;
//! `terminal` owns the modes of the terminal. [`document`] says the same without a terminal.

mod action;
mod ask;
mod bench;
mod colouring;
mod commands;
mod config;
mod cursor;
mod document;
mod effects;
mod filtering;
mod first;
mod forecasts;
mod fuzzy;
mod history;
mod input;
mod job;
mod jobs;
mod journal;
mod keys;
mod labels;
mod layout;
mod limits;
mod map;
mod newcomer;
mod outcome;
mod overlays;
mod pane_compare;
mod pane_evaluate;
mod pane_forecast;
mod pane_map;
mod pane_model;
mod pane_models;
mod pane_newcomer;
mod pane_probe;
mod pane_questions;
mod pane_route;
mod pane_training;
mod pareto;
mod picker;
mod picture;
mod placing;
mod plain;
mod pointer;
mod questions;
mod raster;
mod routing;
mod selection;
mod session;
mod source;
mod state;
mod subject;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;
mod widgets;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ndarray::s;
use ratatui::crossterm::event::{Event as Input, KeyEventKind, MouseButton, MouseEventKind};
use ratatui::layout::Rect;

use crate::analysis::projection::Projection;
use crate::analysis::router::pools::Pools;
use crate::dataset::Dataset;
use crate::embedder::{Embedder, Event};
use crate::error::{Error, Result};
use action::{Action, Button, Frame};
use config::Config;
use input::Reader;
use jobs::Jobs;
use journal::Journal;
use session::Session;
use source::Source;
use state::{State, Training};
use subject::Subject;
use terminal::Screen;
use theme::{Depth, Theme};

pub use action::Pane;
pub use bench::{Frames, frames, typed};
pub use document::document;
pub use picture::{Kind, Shown, picture};
pub use plain::plain;

/// Components that the map can show, and while a training is watched.
const COMPONENTS: usize = 6;
const LIVE_COMPONENTS: usize = 3;
/// How long to wait for a key when nothing else is going on; signals are noticed then.
const IDLE: Duration = Duration::from_millis(200);
/// The same while work is under way.
const BUSY: Duration = Duration::from_millis(10);
/// A step of an animation.
const TICK: Duration = Duration::from_millis(33);
/// How often the files of the theme and the configuration are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How the explorer opens.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A theme by name, or a theme file; the dark one if there is none.
    pub theme: Option<String>,
    /// The pane that has the focus.
    pub pane: Pane,
    /// The data set whose questions can be browsed.
    pub data: Option<PathBuf>,
    /// Begin afresh: the last session is neither restored nor replaced.
    pub fresh: bool,
    /// A file for a log.
    pub log: Option<PathBuf>,
}

/// The names of the themes that [`Options::theme`] can be.
#[must_use]
pub fn themes() -> Vec<String> {
    Theme::names()
}

/// Opens the explorer and comes back when the user leaves it.
///
/// # Errors
/// If the theme cannot be read or the terminal fails.
pub fn run(embedder: Arc<Embedder>, options: &Options) -> Result<()> {
    let subject = Arc::new(Subject::from(&*embedder));
    let projection = Projection::pca(embedder.profiles(), COMPONENTS)?;
    let (sender, receiver) = channel();
    let mut app = App::open(Arc::clone(&subject), projection, options, sender, receiver)?;
    app.jobs = Some(Jobs::new(embedder, subject, app.data.clone(), app.sender.clone()));
    app.run()?;
    if !app.remembers {
        return Ok(());
    }
    // What could not be remembered is told on the terminal that is given back.
    drop(app.screen);
    Session::save(&app.state)
}

/// Trains while the user watches, then explores the result, which is given back. `train` should
/// also save it: nothing is lost if the explorer ends in an unforeseen way.
///
/// # Errors
/// What `train` fails with; a theme that cannot be read; a failing terminal.
pub fn run_live(
    data: &Dataset,
    train: impl FnOnce(&mut dyn FnMut(Event), &AtomicBool) -> Result<Embedder> + Send + 'static,
    options: &Options,
) -> Result<Arc<Embedder>> {
    let subject = Arc::new(Subject::untrained(data));
    let projection = Projection::pca(subject.profiles(), LIVE_COMPONENTS)?;
    let (sender, receiver) = channel();
    let options = Options { fresh: true, ..options.clone() };
    let mut app = App::open(subject, projection, &options, sender.clone(), receiver)?;
    app.state.training = Some(Training::default());
    let cancel = Arc::clone(&app.stop_training);
    let trainer = thread::spawn(move || {
        let mut before: Option<Projection> = None;
        let mut progress = |event: Event| {
            if let Some(action) = shown(event, &mut before) {
                // The explorer may have left already: training goes on to its end all the same.
                let _ = sender.send(Message::Action(action));
            }
        };
        let trained = jobs::guarded(|| train(&mut progress, &cancel));
        let message = match trained.unwrap_or_else(|panic| Err(Error::Failed(panic))) {
            Ok(embedder) => Message::Trained(Arc::new(embedder), before),
            Err(error) => Message::TrainingFailed(error),
        };
        let _ = sender.send(message);
    });
    let trained = app.run();
    app.stop_training.store(true, Ordering::Relaxed);
    drop(app.screen);
    let late = match trained? {
        Some(embedder) => return Ok(embedder),
        // A signal ended the explorer first: the training stops, and what it kept counts.
        None => trainer.join().map(|()| app.receiver.try_iter().last()),
    };
    match late {
        Ok(Some(Message::Trained(embedder, _))) => Ok(embedder),
        Ok(Some(Message::TrainingFailed(error))) => Err(error),
        _ => Err(Error::Failed("the training ended in an unforeseen way".into())),
    }
}

/// An event of the training as the state takes it in; frames are turned to follow each other.
fn shown(event: Event, before: &mut Option<Projection>) -> Option<Action> {
    match event {
        Event::Encoding { done, questions } => Some(Action::Encoding(done, questions)),
        Event::Epoch(epoch) => {
            let projection = follow(
                Projection::pca(epoch.vectors.slice(s![.., 1..]), LIVE_COMPONENTS).ok()?,
                before.as_ref(),
            );
            *before = Some(projection.clone());
            Some(Action::Epoch(Box::new(Frame { epoch, projection })))
        }
    }
}

fn follow(projection: Projection, before: Option<&Projection>) -> Projection {
    match before {
        Some(before) => projection.aligned_to(before),
        None => projection,
    }
}

/// What the threads send to the loop.
enum Message {
    Action(Action),
    /// With the last frame of the training, which the final map is turned to.
    Trained(Arc<Embedder>, Option<Projection>),
    TrainingFailed(Error),
}

/// The loop around the state.
struct App {
    state: State,
    screen: Screen,
    reader: Reader,
    jobs: Option<Jobs>,
    trained: Option<Arc<Embedder>>,
    stop_training: Arc<AtomicBool>,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    depth: Depth,
    data: Option<Source>,
    /// The session is saved at the end.
    remembers: bool,
    journal: Journal,
    /// The notice that was logged last.
    told: Option<String>,
    /// Files that are read anew when they change.
    watched: Vec<(PathBuf, Option<SystemTime>)>,
    looked: Instant,
    beaten: Instant,
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

impl App {
    fn open(
        subject: Arc<Subject>,
        projection: Projection,
        options: &Options,
        sender: Sender<Message>,
        receiver: Receiver<Message>,
    ) -> Result<Self> {
        let depth = Depth::of_terminal();
        let journal = Journal::open(options.log.as_deref())?;
        let (config, mut warnings) = Config::load();
        let remembers = config.session && !options.fresh;
        let session = if remembers { Session::load(&subject) } else { None };
        let wanted = options.theme.clone().or_else(|| session.as_ref().map(|s| s.theme().into()));
        let named = wanted.or_else(|| config.theme.clone());
        let loaded = Theme::load(named.as_deref().unwrap_or("dark"), depth);
        // A theme that is gone since then is no reason not to open.
        let (theme, wrong) = match loaded {
            Err(error) if options.theme.is_none() => {
                warnings.push(error.to_string());
                Theme::load("dark", depth)?
            }
            loaded => loaded?,
        };
        warnings.extend(wrong);
        let screen = Screen::enter()?;
        let reader = Reader::open()?;
        let (width, height) = screen.size()?;
        let area = Rect::new(0, 0, width, height);
        let mut state = State::new(subject, projection, theme.clone(), options.pane, area);
        match Pools::path().and_then(|path| Pools::load(&path)) {
            Ok(pools) => state.pools = pools,
            Err(error) => warnings.push(error.to_string()),
        }
        state.with_data = options.data.is_some();
        state.keymap = Arc::new(config.keymap);
        state.motion = config.motion;
        state.mouse = config.mouse;
        if let Some(session) = session {
            session.restore(&mut state);
        }
        if !config.mouse {
            Screen::mouse(false)?;
        }
        update::update(&mut state, Action::Themed(Box::new(theme), warnings));
        let models = state.subject.models.len();
        let mut app = Self {
            state,
            screen,
            reader,
            jobs: None,
            trained: None,
            stop_training: Arc::default(),
            sender,
            receiver,
            depth,
            data: options.data.clone().map(Source::new),
            remembers,
            journal,
            told: None,
            watched: Vec::new(),
            looked: Instant::now(),
            beaten: Instant::now(),
        };
        app.watch();
        app.journal.line(&format!("llmap {}, {models} models", env!("CARGO_PKG_VERSION")));
        app.journal.line(&format!("{width} x {height} cells, {depth:?} colours"));
        Ok(app)
    }

    /// Watches the files of the theme and the configuration.
    fn watch(&mut self) {
        let files = self.state.theme.files.iter().cloned().chain(config::file());
        self.watched = files.map(|path| (path.clone(), changed(&path))).collect();
    }

    /// Reads anew what has changed on disk. True if something has.
    fn look(&mut self) -> Result<bool> {
        if self.looked.elapsed() < LOOK {
            return Ok(false);
        }
        self.looked = Instant::now();
        if self.watched.iter().all(|(path, before)| changed(path) == *before) {
            return Ok(false);
        }
        let (config, mut warnings) = Config::load();
        self.state.keymap = Arc::new(config.keymap);
        let file = self.state.theme.files.first().map(|path| path.display().to_string());
        let name = file.unwrap_or_else(|| self.state.theme.name.clone());
        match Theme::load(&name, self.depth) {
            Ok((theme, wrong)) => {
                warnings.extend(wrong);
                let said = format!("{} is read anew", theme.name);
                self.take(Action::Themed(Box::new(theme), warnings.clone()))?;
                if warnings.is_empty() {
                    self.take(Action::Done(said))?;
                }
            }
            Err(error) => {
                self.take(Action::Failed(error.to_string()))?;
            }
        }
        self.watch();
        Ok(true)
    }

    /// Paints the state.
    fn draw(&mut self) -> Result<()> {
        let notice = self.state.notice.as_ref().map(|notice| notice.text.clone());
        if notice != self.told {
            self.journal.line(notice.as_deref().unwrap_or_default());
            self.told = notice;
        }
        let start = Instant::now();
        self.screen.draw(&self.state)?;
        if self.journal.is_on() {
            self.journal.line(&format!("frame {:.1} ms", start.elapsed().as_secs_f64() * 1000.0));
        }
        Ok(())
    }

    /// Runs until the user leaves or a signal comes. Gives what was trained meanwhile.
    fn run(&mut self) -> Result<Option<Arc<Embedder>>> {
        self.draw()?;
        let mut leave = self.take(Action::Started)?;
        while !leave && !self.screen.ended() && !self.reader.is_gone() {
            let mut changed = false;
            while let Ok(message) = self.receiver.try_recv() {
                changed = true;
                leave |= self.receive(message)?;
            }
            changed |= self.look()?;
            // Nobody sees a movement in a window without the focus.
            let wait = if self.state.map.is_moving() && self.state.attended {
                changed = true;
                leave |= self.take(Action::Tick)?;
                TICK
            } else if self.is_busy() {
                if self.state.attended && self.beaten.elapsed() > 3 * TICK {
                    self.beaten = Instant::now();
                    changed = true;
                    leave |= self.take(Action::Tick)?;
                }
                BUSY
            } else {
                IDLE
            };
            if changed && !leave {
                self.draw()?;
            }
            let mut wait = if leave { Duration::ZERO } else { wait };
            let mut typed = false;
            // All input that has come is taken in before the next frame.
            while !leave && !self.screen.ended() {
                let Some(input) = self.reader.next(wait)? else { break };
                wait = Duration::ZERO;
                if let Some(action) = self.action(&input) {
                    typed = true;
                    leave |= self.take(action)?;
                }
            }
            if typed && !leave {
                self.draw()?;
            }
        }
        Ok(self.trained.take())
    }

    fn is_busy(&self) -> bool {
        self.state.is_waiting() || self.state.training.is_some()
    }

    fn action(&self, input: &Input) -> Option<Action> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                keys::resolve(&self.state, *key)
            }
            Input::Paste(text) => Some(Action::Paste(text.clone())),
            Input::FocusGained => Some(Action::Attention(true)),
            Input::FocusLost => Some(Action::Attention(false)),
            Input::Resize(width, height) => Some(Action::Resize(*width, *height)),
            Input::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    Some(Action::Click(mouse.column, mouse.row))
                }
                MouseEventKind::Down(MouseButton::Right)
                | MouseEventKind::Drag(MouseButton::Right) => {
                    Some(Action::Drag(Button::Right, mouse.column, mouse.row))
                }
                MouseEventKind::Drag(MouseButton::Left) => {
                    Some(Action::Drag(Button::Left, mouse.column, mouse.row))
                }
                MouseEventKind::Up(_) => Some(Action::Release),
                MouseEventKind::ScrollUp => Some(Action::Wheel(mouse.column, mouse.row, true)),
                MouseEventKind::ScrollDown => Some(Action::Wheel(mouse.column, mouse.row, false)),
                _ => None,
            },
            Input::Key(_) => None,
        }
    }

    /// Takes in what a thread sent. True if it is time to leave.
    fn receive(&mut self, message: Message) -> Result<bool> {
        match message {
            Message::Action(action) => self.take(action),
            Message::Trained(embedder, before) => {
                let projection = Projection::pca(embedder.profiles(), LIVE_COMPONENTS)?;
                let projection = follow(projection, before.as_ref());
                let kept = &embedder.provenance;
                let loss = kept.val.get("nll").copied().unwrap_or_default();
                let notice =
                    format!("trained: epoch {} is kept and saved, val loss {loss:.4}", kept.epoch);
                let subject = Arc::new(Subject::from(&*embedder));
                let (data, sender) = (self.data.clone(), self.sender.clone());
                let (known, shown) = (Arc::clone(&embedder), Arc::clone(&subject));
                self.jobs = Some(Jobs::new(known, shown, data, sender));
                self.trained = Some(embedder);
                self.take(Action::Trained(subject, projection, notice))
            }
            Message::TrainingFailed(error) => Err(error),
        }
    }
}
