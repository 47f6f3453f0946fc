//! Frame times, measured on simulated models with a virtual terminal.

use std::io::Sink;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde::Serialize;
use tui_input::InputRequest;

use super::command::Command;
use super::depth::Depth;
use super::direction::Direction;
use super::effect::Effect;
use super::event::{Event, Input, JobResult, Message};
use super::jobs::{DEBOUNCE, Jobs};
use super::pane::Pane;
use super::state::State;
use super::state::map::COMPONENTS;
use super::state::model_set::ModelSet;
use super::theme::Theme;
use super::ui::view;
use super::update::update;
use crate::analysis::projection::Projection;
use crate::dataset::{Attribute, Kind, Values};
use crate::embedder::{Benchmark, Embedder, Score};
use crate::error::{Error, Result};

/// Dimension of a simulated vector, including the ability.
const DIMENSIONS: usize = 65;
const FAMILIES: usize = 12;

/// The distribution of repeated measurements, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The 5% quantile.
    pub p5: f64,
    /// The 95% quantile.
    pub p95: f64,
    /// Number of repetitions.
    pub runs: usize,
}

impl Spread {
    /// From times in milliseconds.
    #[must_use]
    pub fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let last = times.len().saturating_sub(1) as f64;
        let at = |share: f64| times.get((last * share).round() as usize).copied().unwrap_or(0.0);
        Self { median: at(0.5), p5: at(0.05), p95: at(0.95), runs: times.len() }
    }
}

/// Frame times of the explorer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frames {
    /// Simulated models.
    pub models: usize,
    /// From a key that changes the map to the bytes for the terminal.
    pub map: Spread,
    /// The same with the table of models instead of the map.
    pub table: Spread,
    /// From the vectors to the first frame, in milliseconds.
    pub first: f64,
}

/// Draws `frames` frames of `models` simulated models on a screen of 200 × 60 cells.
///
/// # Errors
/// If the projection does not converge.
pub fn frames(models: usize, frames: usize, seed: u64) -> Result<Frames> {
    let model_set = Arc::new(simulated(models, seed));
    let area = Rect::new(0, 0, 200, 60);
    let mut terminal = sink(area)?;
    let start = Instant::now();
    let projection = Projection::pca(model_set.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::True)?;
    let mut state = State::new(model_set, projection, theme, Pane::Map, area);
    terminal.draw(|frame| view(frame, &state)).map_err(unpainted)?;
    let first = start.elapsed().as_secs_f64() * 1000.0;
    let mut time = |state: &mut State, command: Command| -> Result<f64> {
        let start = Instant::now();
        update(state, Event::Command(command));
        terminal.draw(|frame| view(frame, state)).map_err(unpainted)?;
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    };
    let turns = [Direction::Left, Direction::Up, Direction::Right, Direction::Down];
    let mut on_map = Vec::new();
    for i in 0..frames {
        let turn = turns[i / 4 % 4];
        let command = match i % 4 {
            0 => Command::ZoomIn,
            1 => Command::Step(turn),
            2 => Command::Pan(turn),
            _ => Command::ZoomOut,
        };
        on_map.push(time(&mut state, command)?);
    }
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    let mut on_table = Vec::new();
    for _ in 0..frames {
        on_table.push(time(&mut state, Command::Down)?);
    }
    Ok(Frames { models, map: Spread::of(on_map), table: Spread::of(on_table), first })
}

/// Times of an explorer of an embedder, in milliseconds.
pub struct Opened {
    /// From the embedder in memory to the first frame.
    pub first_frame: f64,
    /// From a key that changes the map to its frame, several times.
    pub frame: Vec<f64>,
    /// From a letter typed into the filter of the table to its rows, several times.
    pub search: Vec<f64>,
    /// Kept to hold its memory.
    #[allow(dead_code, reason = "dropping it frees the memory")]
    state: State,
}

/// Opens an explorer of `embedder`, changes its map and searches for models.
///
/// # Errors
/// If the projection does not converge.
pub fn opened(embedder: &Arc<Embedder>, repeats: usize) -> Result<Opened> {
    let area = Rect::new(0, 0, 200, 60);
    let mut terminal = sink(area)?;
    let start = Instant::now();
    let model_set = Arc::new(ModelSet::from(&**embedder));
    let projection = Projection::pca(model_set.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::True)?;
    let mut state = State::new(model_set, projection, theme, Pane::Map, area);
    terminal.draw(|frame| view(frame, &state)).map_err(unpainted)?;
    let first_frame = start.elapsed().as_secs_f64() * 1000.0;
    let mut frame = Vec::with_capacity(repeats);
    for i in 0..repeats {
        let start = Instant::now();
        let command = if i % 2 == 0 { Command::ZoomIn } else { Command::ZoomOut };
        update(&mut state, Event::Command(command));
        terminal.draw(|frame| view(frame, &state)).map_err(unpainted)?;
        frame.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    update(&mut state, Event::Command(Command::Filter));
    let mut search = Vec::new();
    for letter in "simulated 42".chars() {
        let start = Instant::now();
        update(&mut state, Event::Input(Input::Edit(InputRequest::InsertChar(letter))));
        search.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Opened { first_frame, frame, search, state })
}

/// Types `prompts`, one after the other, into an explorer of `embedder`: the time from a prompt to the bytes
/// of its ranking on the screen, without the debounce delay.
///
/// # Errors
/// If a prompt cannot be routed.
pub fn typed(embedder: &Arc<Embedder>, prompts: &[String]) -> Result<Spread> {
    let area = Rect::new(0, 0, 200, 60);
    let mut terminal = sink(area)?;
    let model_set = Arc::new(ModelSet::from(&**embedder));
    let projection = Projection::pca(model_set.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::True)?;
    let mut state = State::new(Arc::clone(&model_set), projection, theme, Pane::Map, area);
    let (sender, receiver) = channel();
    let jobs = Jobs::new(Arc::clone(embedder), model_set, None, sender);
    update(&mut state, Event::Command(Command::Prompt));
    let mut times = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        state.route.set_prompt("");
        let start = Instant::now();
        for effect in update(&mut state, Event::Input(Input::Paste(prompt.clone()))) {
            if let Effect::Route(version, prompt) = effect {
                jobs.route(version, prompt, state.preferences());
            }
        }
        let gone = |_| Error::Failed("the routing worker has ended".into());
        if let Message::Event(event) = receiver.recv().map_err(gone)? {
            if let Event::Job(JobResult::Routed(_, Err(problem))) = event {
                return Err(Error::Failed(problem));
            }
            update(&mut state, event);
        }
        terminal.draw(|frame| view(frame, &state)).map_err(unpainted)?;
        times.push((start.elapsed().saturating_sub(DEBOUNCE)).as_secs_f64() * 1000.0);
    }
    Ok(Spread::of(times))
}

/// A virtual terminal.
fn sink(area: Rect) -> Result<Terminal<CrosstermBackend<Sink>>> {
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    Terminal::with_options(CrosstermBackend::new(std::io::sink()), options).map_err(unpainted)
}

#[allow(clippy::needless_pass_by_value)]
fn unpainted(e: std::io::Error) -> Error {
    Error::Failed(format!("a frame could not be drawn: {e}"))
}

/// Simulated models, in families.
fn simulated(models: usize, seed: u64) -> ModelSet {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let centers = Array2::from_shape_simple_fn((FAMILIES, DIMENSIONS), &mut normal);
    let vectors = Array2::from_shape_fn((models, DIMENSIONS), |(m, d)| {
        2.0 * centers[[m % FAMILIES, d]] / (1 + d / 4) as f32 + normal() / (1 + d / 8) as f32
    });
    let family = |m: usize| Some(format!("family-{}", m % FAMILIES));
    let mut score = |_| {
        let run = rng.random_bool(0.7);
        let accuracy = (0.2 + 0.6 * rng.random::<f64>()).min(1.0);
        run.then_some(Score { accuracy, responses: 500 })
    };
    let benchmarks = (0..8)
        .map(|b| Benchmark {
            name: format!("benchmark-{b}"),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 500,
            scores: (0..models).map(&mut score).collect(),
        })
        .collect();
    let names: Arc<Vec<String>> =
        Arc::new((0..models).map(|m| format!("simulated-{m:06}")).collect());
    ModelSet {
        data: "simulated".into(),
        simulated: true,
        short: Arc::clone(&names),
        models: names,
        attributes: Arc::new(vec![
            Attribute {
                name: "family".into(),
                values: Values::Class((0..models).map(family).collect()),
            },
            Attribute {
                name: "params_b".into(),
                values: Values::Number((0..models).map(|m| Some((m % 70 + 1) as f64)).collect()),
            },
        ]),
        benchmarks,
        vectors: Arc::new(vectors),
        ..ModelSet::default()
    }
}
