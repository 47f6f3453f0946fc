//! Runs the effects that the state requests.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::App;
use super::terminal::Screen;
use crate::analysis::router::pools::Pools;
use crate::error::Result;
use crate::explorer::effect::Effect;
use crate::explorer::event::{Event, JobResult, Outside};
use crate::explorer::jobs::{Group, Jobs, drop_in};
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::job::JobKind;
use crate::explorer::theme::Theme;
use crate::explorer::update::update;

impl App {
    /// Updates the state and runs the requested effects. Returns true if the explorer should quit.
    pub(super) fn dispatch(&mut self, event: Event) -> Result<bool> {
        let mut leave = false;
        for effect in update(&mut self.state, event) {
            leave |= self.run_effect(effect)?;
        }
        Ok(leave)
    }

    fn run_effect(&mut self, effect: Effect) -> Result<bool> {
        match effect {
            Effect::Quit => return Ok(true),
            Effect::Suspend => {
                self.settle()?;
                self.screen.suspend()?;
                Screen::mouse(self.state.mouse)?;
                let (width, height) = self.screen.size()?;
                return self.outside(Outside::Resized(width, height));
            }
            Effect::NextTheme => {
                let names = &self.state.themes;
                let at = names.iter().position(|name| *name == self.state.theme.name);
                let next = names.get(at.map_or(0, |at| (at + 1) % names.len())).cloned();
                return next.map_or(Ok(false), |name| self.use_theme(&name));
            }
            Effect::UseTheme(name) => return self.use_theme(&name),
            Effect::StopTraining => self.stop_training.store(true, Ordering::Relaxed),
            Effect::Mouse(captured) => Screen::mouse(captured)?,
            Effect::Copy(text) => {
                Screen::copy(&text)?;
                let message = match text.lines().count() {
                    1 => text,
                    n => format!("{n} lines"),
                };
                return self.outside(Outside::Done(format!("Copied {message}")));
            }
            Effect::Write(exported, name, bytes) => {
                let done = match write_new(Path::new(&name), &bytes) {
                    Ok(true) => Outside::Done(format!("Written to {name}")),
                    Ok(false) => Outside::Taken(exported, name),
                    Err(error) => Outside::Failed(error.to_string()),
                };
                return self.outside(done);
            }
            Effect::SavePool(name, expression) => {
                let saved = Pools::path().and_then(|path| Pools::add(&path, &name, &expression));
                let done = match saved {
                    Ok(()) => {
                        Outside::Done(format!("Saved {name}: @ and llmap route --pool find it"))
                    }
                    Err(error) => Outside::Failed(error.to_string()),
                };
                return self.outside(done);
            }
            Effect::Survey => return self.ask_for_user(),
            Effect::Drop(text) => drop_in(text, self.sender.clone()),
            Effect::Questions if self.data.is_none() => {
                let hint = "Here are the questions of a data set: who answered each correctly, and how \
                            likely that was, the most surprising first. An embedder contains no question \
                            texts: start with --data FOLDER to browse questions, a folder with \
                            questions.csv and responses.csv, such as data/sample.";
                return self
                    .dispatch(Event::Job(JobResult::Failed(JobKind::Questions, hint.into())));
            }
            Effect::Stop(work) => {
                if let Some(jobs) = &self.jobs {
                    jobs.stop(work);
                }
            }
            Effect::Route(..)
            | Effect::Similar(..)
            | Effect::Probe(_)
            | Effect::Place(..)
            | Effect::ReadAnswers(_)
            | Effect::Forecast
            | Effect::Cluster
            | Effect::Neighbors(_)
            | Effect::Describe(_)
            | Effect::Project(_)
            | Effect::Questions
            | Effect::Evaluate => {
                if let Some(jobs) = &self.jobs {
                    self.begin(jobs, effect);
                }
            }
        }
        Ok(false)
    }

    fn outside(&mut self, event: Outside) -> Result<bool> {
        self.dispatch(Event::Outside(event))
    }

    /// Starts slow work in the background.
    fn begin(&self, jobs: &Jobs, effect: Effect) {
        let state = &self.state;
        match effect {
            Effect::Route(version, prompt) => {
                jobs.route(version, prompt, state.preferences());
            }
            Effect::Similar(version, prompt) => jobs.similar(version, prompt),
            // The texts of the model set and of the reports are safe to print.
            Effect::Probe(attributes) => jobs.probe(Arc::clone(&state.model_set), attributes),
            Effect::Place(version, answers) => jobs.place(version, answers),
            Effect::ReadAnswers(path) => jobs.read_answers(path),
            Effect::Forecast => jobs.forecast(),
            Effect::Cluster => jobs.cluster(),
            Effect::Neighbors(model) => jobs.neighbors(Arc::clone(&state.model_set), model),
            Effect::Describe(version) => {
                if let Some(card) = &state.card {
                    let coloring = &state.map.coloring;
                    let by = match coloring.by {
                        ColorBy::Attribute(_) => coloring.title.clone(),
                        _ => None,
                    };
                    let group = Group { of: coloring.groups(card.class), at: card.class, by };
                    let grid = state.forecasts.grid.done().cloned();
                    jobs.describe(version, Arc::clone(&state.model_set), group, grid);
                }
            }
            Effect::Project(projector) => {
                let map = &state.map;
                let class = map.isolated.and_then(|class| map.coloring.classes.get(class));
                jobs.project(projector, class.map(|class| class.name.clone()));
            }
            Effect::Questions => jobs.questions(),
            Effect::Evaluate => jobs.evaluate(),
            // The others are done immediately.
            Effect::Quit
            | Effect::Suspend
            | Effect::NextTheme
            | Effect::UseTheme(_)
            | Effect::StopTraining
            | Effect::Copy(_)
            | Effect::Write(..)
            | Effect::SavePool(..)
            | Effect::Mouse(_)
            | Effect::Stop(_)
            | Effect::Survey
            | Effect::Drop(_) => {}
        }
    }

    fn use_theme(&mut self, name: &str) -> Result<bool> {
        let outcome = match Theme::load(name, self.depth) {
            Ok((theme, warnings)) => self.outside(Outside::Themed(Box::new(theme), warnings)),
            Err(error) => self.outside(Outside::Failed(error.to_string())),
        };
        self.watch();
        outcome
    }
}

/// Writes a new file. Returns false if it exists already.
fn write_new(path: &Path, bytes: &[u8]) -> Result<bool> {
    // Checks the name itself: the target of a link must not be replaced either.
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    crate::atomic::write(path, bytes).map(|()| true)
}
