//! What the ranking of a prompt rests on: similar benchmarks, terms, the runner-up, a cascade.

use ratatui::text::{Line, Span};

use crate::analysis::router::{Route, RunnerUp, Unit};
use crate::embedder::LogitTerms;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{fit, heading, pad, width, wrap};
use crate::one_line;

/// Lines that a cascade takes at most.
const CASCADE: usize = 3;

/// What the prompt is like.
pub fn likes(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = vec![heading(theme, room, "Most similar benchmarks", "")];
    lines.extend(route.evidence.iter().map(|e| {
        let category = one_line(&e.category);
        let name_room = width(&category).min(room.saturating_sub(12));
        let mut spans = vec![
            Span::styled(format!("{:>3.0}% ", 100.0 * e.share), theme.bold(Ink::Accent)),
            Span::styled(pad(&category, name_room), theme.ink(Ink::Text)),
        ];
        let best = e.correct.iter().max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((model, share)) = best {
            let left = room.saturating_sub(5 + name_room);
            let (percent, achieved) = (100.0 * share, e.kind.achieved());
            let model = one_line(model);
            let known = state.model_set.models.iter().position(|name| *name == model);
            let model = known.map_or(&*model, |known| state.short(known));
            let said = format!("  {percent:.0}% {achieved}: {model}");
            spans.push(Span::styled(fit(&said, left), theme.ink(Ink::Muted)));
        }
        Line::from(spans)
    }));
    lines
}

/// What must be known of the probabilities that are not of right answers.
fn remark(route: &Route, room: usize) -> Vec<String> {
    route.kind().remark().map_or_else(Vec::new, |remark| wrap(remark, room))
}

pub fn height(route: &Route, room: usize) -> usize {
    let second = route.why.runner_up.as_ref();
    let turned = |second| turn(second).map_or(0, |text| indented(&text, room).len());
    let lines = 1 + second.map_or(0, |second| 1 + turned(second));
    lines + CASCADE * usize::from(route.cascade.is_some()) + remark(route, room).len()
}

/// Lines that stand below the number of a candidate.
fn indented(text: &str, room: usize) -> Vec<String> {
    wrap(text, room.saturating_sub(3)).into_iter().map(|line| format!("   {line}")).collect()
}

/// What would make the runner-up win.
fn turn(second: &RunnerUp) -> Option<String> {
    let ahead = second.ahead_on.as_ref().map(|(category, own, other)| {
        let (own, other) = (100.0 * own, 100.0 * other);
        format!("#2 beats #1 on {} ({own:.0}% vs {other:.0}%)", one_line(category))
    });
    let weight = second.from_weight.map(|weight| format!("#2 wins from cost weight {weight:.1}"));
    match (weight, ahead) {
        (Some(weight), Some(ahead)) => Some(format!("{ahead}; {weight}")),
        (one, other) => one.or(other),
    }
}

/// Where the first probability comes from, what the runner-up lacks, and a cascade.
pub fn reasons(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let terms = |terms: &LogitTerms| {
        format!(
            "strength {:+.2}  easiness {:+.2}  fit {:+.2}",
            terms.ability, terms.ease, terms.fit
        )
    };
    let mut lines = vec![heading(theme, room, "Why", "in logits")];
    let remark = remark(route, room).into_iter();
    lines.extend(remark.map(|line| Line::styled(line, theme.ink(Ink::Warn))));
    let first = fit(&format!("1  {}", terms(&route.why.parts)), room);
    lines.push(Line::styled(first, theme.ink(Ink::Text)));
    let quiet = |line| Line::styled(line, theme.ink(Ink::Muted));
    if let Some(second) = &route.why.runner_up {
        lines.push(quiet(fit(&format!("2  {}", terms(&second.parts)), room)));
        let turned = turn(second).map(|text| indented(&text, room)).unwrap_or_default();
        lines.extend(turned.into_iter().map(quiet));
    }
    if let Some((plan, unit)) = route.cascade.as_ref().zip(unit(state)) {
        let (first, then) = (state.short(plan.first), state.short(plan.then));
        let (quality, cost) = (100.0 * plan.quality, unit.text(plan.cost));
        let text =
            format!("Two-step: try {first}, escalate to {then} → {quality:.0}% at {cost} avg.");
        let mut told = wrap(&text, room);
        if told.len() > CASCADE {
            told.truncate(CASCADE);
            told[CASCADE - 1] = fit(&format!("{} …", told[CASCADE - 1]), room);
        }
        lines.extend(told.into_iter().map(quiet));
    }
    lines
}

/// In which unit models cost.
pub fn unit(state: &State) -> Option<Unit> {
    state.model_set.costs().unit()
}
