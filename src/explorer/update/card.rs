//! Updates of the card of a group.

use crate::analysis::clusters::Card;
use crate::explorer::command::Command;
use crate::explorer::direction::Direction;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::job::Job;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::over::card::CardState;
use crate::explorer::ui::group;
use crate::explorer::update::marks::counted;

/// Opens the card of the focused group, or of the selected model's.
pub fn open(state: &mut State) {
    let coloring = &state.map.coloring;
    if coloring.classes.len() < 2 {
        let clustering = coloring.by == ColorBy::Cluster && state.clusters.is_running();
        return state.show_notice(if clustering {
            "Clustering: once it is done, D describes a group"
        } else {
            "Color the map by groups first: c chooses an attribute or clusters"
        });
    }
    let class = state.map.isolated.unwrap_or_else(|| coloring.class_of(state.selected));
    open_class(state, class);
}

/// Opens the card of a class of the legend, which is focused on the map meanwhile.
pub fn open_class(state: &mut State, class: usize) {
    if class >= state.map.coloring.classes.len() {
        return;
    }
    let before = state.card.take().map_or(state.map.isolated, |card| card.before);
    state.modes.set_base(Mode::Normal);
    state.map.isolated = Some(class);
    state.described += 1;
    state.card = Some(CardState::new(class, before, state.described));
}

/// While a card is open, movements apply to it, Esc closes it, and any other command closes it and then runs.
/// Returns the command that remains to be run.
pub fn through(state: &mut State, command: Command) -> Option<Command> {
    use Command as C;
    let class = state.card.as_ref()?.class;
    match command {
        C::Up => step(state, -1),
        C::Down => step(state, 1),
        C::Step(Direction::Left) => turn(state, class, -1),
        C::Step(Direction::Right) | C::Isolate => turn(state, class, 1),
        C::Mark => mark(state, class),
        C::Open => {
            // The highlighted prototype, also if the cursor was never moved.
            if let Some(model) = state.card.as_ref().and_then(CardState::under_cursor) {
                state.select(model);
            }
            state.close_card();
            state.go_to(Pane::Model);
        }
        C::Dismiss | C::Card => state.close_card(),
        C::Help | C::Mouse | C::Suspend | C::Quit | C::NextTheme | C::UseTheme(_) => {
            return Some(command);
        }
        other => {
            state.close_card();
            return Some(other);
        }
    }
    None
}

/// Moves through the prototypes, selecting each.
pub fn step(state: &mut State, by: isize) {
    let Some(card) = &mut state.card else { return };
    let last = card.card.as_ref().map_or(0, |card| card.prototypes.len()).saturating_sub(1);
    card.at = card.at.saturating_add_signed(by).min(last);
    if let Some(model) = card.under_cursor() {
        state.select(model);
    }
}

/// The card of the next or previous group, cyclically.
fn turn(state: &mut State, class: usize, by: isize) {
    let n = state.map.coloring.classes.len() as isize;
    open_class(state, (class as isize + by).rem_euclid(n) as usize);
}

fn mark(state: &mut State, class: usize) {
    let all = 0..state.model_set.models.len();
    let members: Vec<usize> =
        all.filter(|model| state.map.coloring.class_of(*model) == class).collect();
    state.show_notice(counted(members.len()));
    state.mark(members);
}

/// A click while a card is open: selects a prototype, or closes the card. True if it was handled.
pub fn click(state: &mut State, x: u16, y: u16) -> bool {
    if state.card.is_none() {
        return false;
    }
    let place = group::place(state, state.area);
    let Some(place) = place.filter(|place| place.contains((x, y).into())) else {
        state.close_card();
        return false;
    };
    if let Some(row) = group::prototype_at(state, place, y) {
        let at = state.card.as_ref().map_or(0, |card| card.at);
        step(state, row as isize - at as isize);
    }
    true
}

/// Stores the description of a group.
pub fn described(state: &mut State, version: u64, found: Box<Card>) {
    let Some(card) = state.card.as_mut().filter(|card| card.version == version) else { return };
    card.describing = Job::Done(());
    card.card = Some(found);
}

/// Predictions are available: the group is described again with them.
pub fn again(state: &mut State) {
    if let Some(card) = &mut state.card {
        state.described += 1;
        (card.version, card.describing) = (state.described, Job::Idle);
    }
}
