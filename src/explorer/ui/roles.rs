//! Models with their own sign on the map, and what is drawn besides models.

use super::geometry::{direction, ellipse};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::over::Pointed;

/// The length of a probe's arrow, relative to the extent of the map.
const ARROW: f64 = 0.4;

/// The reason for a model's own sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Selected,
    /// Selected, and the best for the prompt.
    SelectedRouted,
    Routed,
    /// The mouse is over a row about it.
    Pointed,
    Marked,
}

/// The models with a role, the most important first.
pub fn special(state: &State) -> Vec<(usize, Role)> {
    let routed = state.routed();
    // The selected model comes first: its label gets the best position.
    let is_routed = routed == Some(state.selected);
    let first = if is_routed { Role::SelectedRouted } else { Role::Selected };
    let mut special = vec![(state.selected, first)];
    special.extend(routed.filter(|_| !is_routed).map(|model| (model, Role::Routed)));
    if let Some(Pointed::Model(model)) = state.pointed
        && special.iter().all(|(known, _)| *known != model)
    {
        special.push((model, Role::Pointed));
    }
    let marked = state.marked.iter().copied();
    let marked = marked.filter(|m| *m != state.selected && Some(*m) != routed);
    special.extend(marked.map(|model| (model, Role::Marked)));
    special
}

/// The direction on the map in which the score of a probe increases.
pub struct Arrow<'a> {
    pub attribute: &'a str,
    /// On the map, where y points upwards.
    pub direction: (f64, f64),
}

impl Arrow<'_> {
    /// The position in the view of a point on the arrow, from 0 (start) to 1 (end).
    pub fn seen(&self, state: &State, part: f64) -> (f64, f64) {
        let (origin, length) = (state.map.origin, ARROW * part);
        state.map.seen((origin.0 + self.direction.0 * length, origin.1 + self.direction.1 * length))
    }
}

/// While the Probe pane is focused: the arrow of the chosen probe, if it has two classes and beats chance.
/// What the vectors do not encode has no direction.
pub fn arrow(state: &State) -> Option<Arrow<'_>> {
    let chosen = state.probe.chosen().filter(|_| state.focus == Pane::Probe)?;
    let report = state.probe.report(chosen)?;
    if report.classes.len() != 2 || !report.beats_chance() {
        return None;
    }
    let scores: Vec<f64> = report.predictions.iter().map(|p| p.score).collect();
    let direction = direction(&state.map.places, &scores)?;
    Some(Arrow { attribute: &report.attribute, direction })
}

/// The position of the new model in the view.
pub struct Located {
    pub place: (f64, f64),
    /// Only its nearest model is known.
    pub beside: bool,
    /// While it is being placed: its 80% region.
    pub region: Vec<(f64, f64)>,
}

/// The new model, with its region if the map is flat and linear; else next to its nearest model.
pub fn located(state: &State) -> Option<Located> {
    let placed = state.new_model.placed.as_ref()?;
    let map = &state.map;
    let linear = map.projection.linear.as_ref();
    let linear =
        linear.filter(|linear| map.space.is_none() && linear.mean.len() == placed.special.len());
    let Some(linear) = linear else {
        let nearest = map.places.get(placed.neighbors.first()?.model)?;
        return Some(Located { place: map.seen(*nearest), beside: true, region: Vec::new() });
    };
    let (place, spread) = linear.place(placed.special.view(), placed.covariance.view());
    let (a, b) = map.axes();
    let ring = ellipse(spread[[a, a]], spread[[a, b]], spread[[b, b]]);
    let around = ring.map(|(dx, dy)| {
        let mut point = place.to_vec();
        point[a] += dx;
        point[b] += dy;
        point
    });
    let points: Vec<Vec<f64>> = std::iter::once(place.to_vec()).chain(around).collect();
    let mut places: Vec<(f64, f64)> =
        map.locate(&points).into_iter().map(|place| map.seen(place)).collect();
    let place = places.remove(0);
    // Parts of a mostly invisible region would be meaningless.
    let inside = |(x, y): &(f64, f64)| (0.0..1.0).contains(x) && (0.0..1.0).contains(y);
    let whole = 2 * places.iter().filter(|place| inside(place)).count() >= places.len();
    if !whole || !matches!(state.focus, Pane::NewModel | Pane::Questions) {
        places.clear();
    }
    Some(Located { place, beside: false, region: places })
}
