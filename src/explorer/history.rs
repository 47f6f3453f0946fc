//! Undo of what is looked at and what is marked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::map::Look;
use super::state::State;

/// Steps that are remembered.
const DEPTH: usize = 100;

/// What a step of undo brings back.
#[derive(Clone, PartialEq)]
pub struct Memento {
    pub look: Look,
    pub selected: usize,
    pub marked: Arc<BTreeSet<usize>>,
}

impl Memento {
    pub fn of(state: &State) -> Self {
        let marked = Arc::clone(&state.marked);
        Self { look: state.map.look(), selected: state.selected, marked }
    }
}

#[derive(Default)]
pub struct History {
    past: Vec<Memento>,
    future: Vec<Memento>,
    /// The kind of the action that was remembered last: a run of the same kind is one step.
    last: Option<std::mem::Discriminant<super::action::Action>>,
}

impl History {
    /// Remembers what was before an action that changed it.
    pub fn remember(
        &mut self,
        before: Memento,
        kind: std::mem::Discriminant<super::action::Action>,
        joins: bool,
    ) {
        if joins && self.last == Some(kind) && !self.past.is_empty() {
            return;
        }
        self.last = Some(kind);
        self.future.clear();
        self.past.push(before);
        if self.past.len() > DEPTH {
            self.past.remove(0);
        }
    }

    /// What was before `now`.
    pub fn undo(&mut self, now: Memento) -> Option<Memento> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.last = None;
        Some(before)
    }

    pub fn redo(&mut self, now: Memento) -> Option<Memento> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.last = None;
        Some(after)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
