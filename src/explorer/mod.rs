//! The terminal explorer: a map of the models, and beside it the selected model, the probes and the
//! router.
//!
//! `action` is everything that can happen, `state` what is shown, `update` the only writer,
//! `view` a pure drawing of the state. `keys` holds the one table that dispatch, hint bar and
//! help are read off. Slow work runs in `jobs` and comes back as actions; `terminal` owns the
//! modes of the terminal.

mod action;
mod colouring;
mod jobs;
mod keys;
mod labels;
mod layout;
mod map;
mod pane_evaluate;
mod pane_map;
mod pane_model;
mod pane_probe;
mod pane_route;
mod pane_training;
mod state;
mod subject;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;
mod widgets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ndarray::s;
use ratatui::crossterm::event::{self, Event as Input, KeyEventKind, MouseButton, MouseEventKind};
use ratatui::layout::Rect;

use crate::analysis::projection::Projection;
use crate::dataset::Dataset;
use crate::embedder::{Embedder, Event};
use crate::error::{Error, Result};
use action::{Action, Effect, Frame};
use jobs::Jobs;
use state::{State, Training};
use subject::Subject;
use terminal::{Screen, terminal_error};
use theme::{Depth, Theme};

pub use action::Pane;

/// Components that the map can show.
const COMPONENTS: usize = 3;
/// How long to wait for a key when nothing else is going on; signals are noticed then.
const IDLE: Duration = Duration::from_millis(200);
/// The same while work is under way.
const BUSY: Duration = Duration::from_millis(10);
/// A step of an animation.
const TICK: Duration = Duration::from_millis(33);

/// How the explorer opens.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A theme by name, or a theme file; the dark one if there is none.
    pub theme: Option<String>,
    /// The pane that has the focus.
    pub pane: Pane,
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
    let projection = Projection::pca(embedder.specialities(), COMPONENTS)?;
    let (sender, receiver) = channel();
    let mut app = App::open(subject, projection, options, sender, receiver)?;
    app.jobs = Some(Jobs::new(embedder, app.sender.clone()));
    app.run().map(|_| ())
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
    let projection = Projection::pca(subject.specialities(), COMPONENTS)?;
    let (sender, receiver) = channel();
    let mut app = App::open(subject, projection, options, sender.clone(), receiver)?;
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
        Event::Encoding { questions } => Some(Action::Encoding(questions)),
        Event::Epoch(epoch) => {
            let projection = follow(
                Projection::pca(epoch.vectors.slice(s![.., 1..]), COMPONENTS).ok()?,
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
    jobs: Option<Jobs>,
    trained: Option<Arc<Embedder>>,
    stop_training: Arc<AtomicBool>,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    depth: Depth,
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
        let (theme, warnings) = Theme::load(options.theme.as_deref().unwrap_or("dark"), depth)?;
        let screen = Screen::enter()?;
        let (width, height) = screen.size()?;
        let area = Rect::new(0, 0, width, height);
        let mut state = State::new(subject, projection, theme.clone(), options.pane, area);
        update::update(&mut state, Action::Themed(Box::new(theme), warnings));
        let (jobs, trained, stop_training) = (None, None, Arc::default());
        Ok(Self { state, screen, jobs, trained, stop_training, sender, receiver, depth })
    }

    /// Runs until the user leaves or a signal comes. Gives what was trained meanwhile.
    fn run(&mut self) -> Result<Option<Arc<Embedder>>> {
        self.screen.draw(&self.state)?;
        let mut leave = self.take(Action::Started)?;
        while !leave && !self.screen.ended() {
            let mut changed = false;
            while let Ok(message) = self.receiver.try_recv() {
                changed = true;
                leave |= self.receive(message)?;
            }
            let wait = if self.state.map.is_moving() {
                changed = true;
                leave |= self.take(Action::Tick)?;
                TICK
            } else if self.is_busy() {
                BUSY
            } else {
                IDLE
            };
            if changed && !leave {
                self.screen.draw(&self.state)?;
            }
            let mut wait = if leave { Duration::ZERO } else { wait };
            let mut typed = false;
            // All input that has come is taken in before the next frame.
            while !leave && !self.screen.ended() && event::poll(wait).map_err(terminal_error)? {
                wait = Duration::ZERO;
                if let Some(action) = self.action(&event::read().map_err(terminal_error)?) {
                    typed = true;
                    leave |= self.take(action)?;
                }
            }
            if typed && !leave {
                self.screen.draw(&self.state)?;
            }
        }
        Ok(self.trained.take())
    }

    fn is_busy(&self) -> bool {
        let probing =
            self.state.probe.asked && self.state.probe.reports.iter().any(Option::is_none);
        self.state.route.waiting || self.state.training.is_some() || probing
    }

    fn action(&self, input: &Input) -> Option<Action> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                keys::resolve(&self.state, *key)
            }
            Input::Paste(text) => Some(Action::Paste(text.clone())),
            Input::Resize(width, height) => Some(Action::Resize(*width, *height)),
            Input::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    Some(Action::Click(mouse.column, mouse.row))
                }
                MouseEventKind::ScrollUp => Some(Action::Wheel(mouse.column, mouse.row, true)),
                MouseEventKind::ScrollDown => Some(Action::Wheel(mouse.column, mouse.row, false)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Takes in what a thread sent. True if it is time to leave.
    fn receive(&mut self, message: Message) -> Result<bool> {
        match message {
            Message::Action(action) => self.take(action),
            Message::Trained(embedder, before) => {
                let projection = Projection::pca(embedder.specialities(), COMPONENTS)?;
                let projection = follow(projection, before.as_ref());
                let kept = &embedder.provenance;
                let loss = kept.val.get("nll").copied().unwrap_or_default();
                let notice =
                    format!("trained: epoch {} is kept and saved, val loss {loss:.4}", kept.epoch);
                let subject = Arc::new(Subject::from(&*embedder));
                let sender = self.sender.clone();
                self.jobs = Some(Jobs::new(Arc::clone(&embedder), sender));
                self.trained = Some(embedder);
                self.take(Action::Trained(subject, projection, notice))
            }
            Message::TrainingFailed(error) => Err(error),
        }
    }

    /// Updates the state and does what it wants done. True if it is time to leave.
    fn take(&mut self, action: Action) -> Result<bool> {
        let mut leave = false;
        for effect in update::update(&mut self.state, action) {
            match effect {
                Effect::Quit => leave = true,
                Effect::Suspend => {
                    self.screen.suspend()?;
                    let (width, height) = self.screen.size()?;
                    leave |= self.take(Action::Resize(width, height))?;
                }
                Effect::Route(version, prompt) => {
                    if let Some(jobs) = &self.jobs {
                        jobs.route(version, prompt);
                    }
                }
                // The texts of the subject are safe to print, and so are those of the reports.
                Effect::Probe(attributes) => {
                    if let Some(jobs) = &self.jobs {
                        jobs.probe(Arc::clone(&self.state.subject), attributes);
                    }
                }
                Effect::NextTheme => leave |= self.next_theme()?,
                Effect::StopTraining => self.stop_training.store(true, Ordering::Relaxed),
            }
        }
        Ok(leave)
    }

    fn next_theme(&mut self) -> Result<bool> {
        let names = Theme::names();
        let at = names.iter().position(|name| *name == self.state.theme.name);
        let next = names[at.map_or(0, |at| (at + 1) % names.len())].clone();
        match Theme::load(&next, self.depth) {
            Ok((theme, warnings)) => self.take(Action::Themed(Box::new(theme), warnings)),
            Err(error) => self.take(Action::Failed(error.to_string())),
        }
    }
}
