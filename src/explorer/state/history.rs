//! Undo of the view and the marks.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use super::filter::Filter;
use super::map::ViewState;
use crate::explorer::command::Command;
use crate::explorer::event::Input;

/// Maximum number of undo steps.
const DEPTH: usize = 100;

/// What an undo step restores.
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    pub look: ViewState,
    pub selected: usize,
    pub marked: Arc<BTreeSet<usize>>,
    pub filter: Filter,
}

/// Kinds of user actions.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Command(Discriminant<Command>),
    Input(Discriminant<Input>),
}

/// A user action, for undo.
#[derive(Clone, Copy)]
pub struct Step {
    pub kind: Kind,
    /// Consecutive ones are a single step.
    pub joins: bool,
}

impl From<&Command> for Step {
    fn from(command: &Command) -> Self {
        use Command as C;
        let joins = matches!(
            command,
            C::Step(_)
                | C::Pan(_)
                | C::ZoomIn
                | C::ZoomOut
                | C::Up
                | C::Down
                | C::Turn(_)
                | C::ColorBy(_)
                | C::ViewState(_)
        );
        Self { kind: Kind::Command(discriminant(command)), joins }
    }
}

impl From<&Input> for Step {
    fn from(input: &Input) -> Self {
        let joins = matches!(input, Input::Edit(_) | Input::Wheel(..) | Input::Drag(..));
        Self { kind: Kind::Input(discriminant(input)), joins }
    }
}

#[derive(Default)]
pub struct History {
    past: Vec<Snapshot>,
    future: Vec<Snapshot>,
    /// The kind of the last recorded action: consecutive actions of the same kind are one step.
    last: Option<Kind>,
}

impl History {
    /// Records the state before an action that changed it.
    pub fn remember(&mut self, before: Snapshot, step: Step) {
        if step.joins && self.last == Some(step.kind) && !self.past.is_empty() {
            return;
        }
        self.last = Some(step.kind);
        self.future.clear();
        self.past.push(before);
        if self.past.len() > DEPTH {
            self.past.remove(0);
        }
    }

    /// The state before `now`.
    pub fn undo(&mut self, now: Snapshot) -> Option<Snapshot> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.last = None;
        Some(before)
    }

    pub fn redo(&mut self, now: Snapshot) -> Option<Snapshot> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.last = None;
        Some(after)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
