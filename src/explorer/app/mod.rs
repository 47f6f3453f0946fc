//! The main loop: receives events, updates the state, runs effects and draws.

mod config;
mod effects;
mod first_visit;
mod frames;
mod input;
mod journal;
mod pictures;
mod reload;
pub mod session;
mod terminal;
mod training;
pub mod translate;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use ratatui::layout::Rect;

use super::command::Command;
use super::depth::Depth;
use super::event::{Event, Message, Outside, TrainingEvent};
use super::jobs::{Jobs, Source};
use super::pane::Pane;
use super::state::State;
use super::state::map::COMPONENTS;
use super::state::model_set::ModelSet;
use super::theme::Theme;
use super::update::update;
use crate::analysis::projection::Projection;
use crate::analysis::router::pools::Pools;
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::explorer::graphics::survey::Survey;
use config::Config;
use frames::{LIVE_COMPONENTS, follow};
use input::Reader;
use journal::Journal;
use session::Session;
use terminal::Screen;
use translate::translate;

pub use training::run_live;

/// Parses settings, for the fuzzers.
pub fn read_config(text: &str) {
    for name in ["config.toml", "config.json"] {
        let _ = Config::parse(text, Path::new(name));
    }
}

/// How long to wait for a key when idle; this bounds the response time to signals.
const IDLE: Duration = Duration::from_millis(200);
/// The same while work is running.
const BUSY: Duration = Duration::from_millis(10);
/// The same while a picture is painted, which takes about as long.
const PAINTING: Duration = Duration::from_millis(2);
/// The interval of animations.
const TICK: Duration = Duration::from_millis(33);

/// Options for opening the explorer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// A theme by name, or a theme file; the default is dark.
    pub theme: Option<String>,
    /// The focused pane.
    pub pane: Pane,
    /// The data set for the Questions pane.
    pub data: Option<PathBuf>,
    /// Start fresh: the last session is neither restored nor replaced.
    pub fresh: bool,
    /// A file for a log.
    pub log: Option<PathBuf>,
}

/// The names for [`Options::theme`].
#[must_use]
pub fn themes() -> Vec<String> {
    Theme::names()
}

/// Runs the explorer until the user quits. Returns why the session could not be saved, if so.
///
/// # Errors
/// If the theme cannot be read or the terminal fails.
pub fn run(embedder: Arc<Embedder>, options: &Options) -> Result<Option<Error>> {
    let model_set = Arc::new(ModelSet::from(&*embedder));
    let projection = Projection::of(&embedder, COMPONENTS)?;
    let (sender, receiver) = channel();
    let mut app = App::open(Arc::clone(&model_set), projection, options, sender, receiver)?;
    app.jobs = Some(Jobs::new(embedder, model_set, app.data.clone(), app.sender.clone()));
    app.run()?;
    let problem = if app.remembers { Session::save(&app.state).err() } else { None };
    // Warnings are printed after the terminal was restored.
    app.screen.end();
    Ok(problem)
}

/// The application: state, jobs and terminal.
struct App {
    state: State,
    screen: Screen,
    reader: Reader,
    /// What the terminal has answered of what it can show; `None` if it was not asked.
    survey: Option<Survey>,
    /// The user has asked for pixels, and hears of it if there are none.
    wants_pixels: bool,
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
    logged: Option<String>,
    noticed: Instant,
    /// Files that are reloaded when they change.
    watched: Vec<(PathBuf, Option<SystemTime>)>,
    last_look: Instant,
    last_tick: Instant,
}

impl App {
    fn open(
        model_set: Arc<ModelSet>,
        projection: Projection,
        options: &Options,
        sender: Sender<Message>,
        receiver: Receiver<Message>,
    ) -> Result<Self> {
        let depth = Depth::of_terminal();
        let journal = Journal::open(options.log.as_deref())?;
        let (config, mut warnings) = Config::load();
        let remembers = config.session && !options.fresh;
        let session = if remembers { Session::load(&model_set) } else { None };
        // What a session remembers may be gone: that is no error.
        let of_session = session.as_ref().filter(|_| options.theme.is_none());
        let of_session = of_session.and_then(|session| Theme::load(session.theme(), depth).ok());
        let named = options.theme.as_ref().or(config.theme.as_ref());
        let loaded =
            of_session.map_or_else(|| Theme::load(named.map_or("dark", String::as_str), depth), Ok);
        // A theme that no longer exists must not prevent opening.
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
        let mut state = State::new(model_set, projection, theme.clone(), options.pane, area);
        // Console fonts have no Braille.
        state.has_braille = std::env::var_os("TERM").is_none_or(|term| term != "linux");
        match Pools::path().and_then(|path| Pools::load(&path)) {
            Ok(pools) => state.pools = pools,
            Err(error) => warnings.push(error.to_string()),
        }
        state.with_data = options.data.is_some();
        state.keymap = Arc::new(config.keymap);
        state.motion = config.motion;
        state.mouse = config.mouse;
        state.map.pixels.on = config.pixels;
        state.route.answer_tokens = config.answer_tokens;
        if let Some(session) = session {
            session.restore(&mut state);
        }
        if remembers && first_visit::begins() {
            update(&mut state, Event::Command(Command::Tour));
        }
        if !config.mouse {
            Screen::mouse(false)?;
        }
        update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), warnings)));
        let models = state.model_set.models.len();
        let mut app = Self {
            state,
            screen,
            reader,
            survey: None,
            wants_pixels: false,
            jobs: None,
            trained: None,
            stop_training: Arc::default(),
            sender,
            receiver,
            depth,
            data: options.data.clone().map(Source::new),
            remembers,
            journal,
            logged: None,
            noticed: Instant::now(),
            watched: Vec::new(),
            last_look: Instant::now(),
            last_tick: Instant::now(),
        };
        app.watch();
        app.journal.line(&format!("llmap {}, {models} models", env!("CARGO_PKG_VERSION")));
        app.journal.line(&format!("{width} x {height} cells, {depth:?} colors"));
        if app.state.map.pixels.on {
            app.ask()?;
        }
        Ok(app)
    }

    /// Draws the state.
    fn draw(&mut self) -> Result<()> {
        let notice = self.state.notice.as_ref().map(|notice| notice.text.clone());
        if notice != self.logged {
            self.journal.line(notice.as_deref().unwrap_or_default());
            self.logged = notice;
            self.noticed = Instant::now();
        }
        let start = Instant::now();
        self.screen.draw(&self.state)?;
        if self.journal.is_on() {
            self.journal.line(&format!("frame {:.1} ms", start.elapsed().as_secs_f64() * 1000.0));
        }
        Ok(())
    }

    /// Runs until the user quits or a signal arrives. Returns a newly trained embedder.
    fn run(&mut self) -> Result<Option<Arc<Embedder>>> {
        self.draw()?;
        let mut leave = self.dispatch(Event::Outside(Outside::Started))?;
        while !leave && !self.screen.ended() && !self.reader.is_gone() {
            let mut changed = false;
            while let Ok(message) = self.receiver.try_recv() {
                changed = true;
                leave |= self.receive(message)?;
            }
            changed |= self.hear()?;
            changed |= self.reload()?;
            if self.state.notice.as_ref().is_some_and(|n| self.noticed.elapsed() > n.lasts()) {
                changed = true;
                leave |= self.dispatch(Event::Outside(Outside::Faded))?;
            }
            // No animations in a window without focus.
            let wait = if self.state.map.is_moving() && self.state.terminal_focused {
                changed = true;
                leave |= self.dispatch(Event::Tick)?;
                TICK
            } else if self.is_busy() {
                if self.state.terminal_focused && self.last_tick.elapsed() > 3 * TICK {
                    self.last_tick = Instant::now();
                    changed = true;
                    leave |= self.dispatch(Event::Tick)?;
                }
                BUSY
            } else {
                IDLE
            };
            if changed && !leave {
                self.draw()?;
            }
            let mut wait = if leave { Duration::ZERO } else { wait };
            if self.screen.is_painting() {
                wait = wait.min(PAINTING);
            }
            let mut typed = false;
            // All pending input is handled before the next frame.
            while !leave && !self.screen.ended() {
                let Some(input) = self.reader.next(wait)? else { break };
                wait = Duration::ZERO;
                if let Some(event) = translate(&self.state, &input) {
                    typed = true;
                    self.measure(&event)?;
                    leave |= self.dispatch(event)?;
                }
            }
            if typed && !leave {
                self.draw()?;
            }
        }
        self.settle()?;
        Ok(self.trained.take())
    }

    fn is_busy(&self) -> bool {
        self.state.is_waiting()
            || self.state.training.as_ref().is_some_and(|training| training.done.is_none())
    }

    /// Handles a message of a thread. Returns true if the explorer should quit.
    fn receive(&mut self, message: Message) -> Result<bool> {
        match message {
            Message::Event(event) => self.dispatch(event),
            Message::Trained(embedder, before) => {
                let projection = Projection::of(&embedder, LIVE_COMPONENTS)?;
                let projection = follow(projection, before.as_ref());
                let kept = embedder.provenance();
                let loss = kept.val.nll;
                let notice = format!("Done: kept epoch {} (val loss {loss:.4}), saved", kept.epoch);
                let model_set = Arc::new(ModelSet::from(&*embedder));
                let (data, sender) = (self.data.clone(), self.sender.clone());
                let (known, shown) = (Arc::clone(&embedder), Arc::clone(&model_set));
                self.jobs = Some(Jobs::new(known, shown, data, sender));
                self.trained = Some(embedder);
                self.dispatch(Event::Training(TrainingEvent::Trained(
                    model_set,
                    Box::new(projection),
                    notice,
                )))
            }
            Message::TrainingFailed(error) => Err(error),
        }
    }
}
