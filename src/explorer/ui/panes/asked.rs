//! Past prompts: those pinned for comparison, and the history.

use ratatui::text::{Line, Span};

use crate::analysis::router::Route;
use crate::embedder::Scope;
use crate::explorer::state::State;
use crate::explorer::state::route::Asked;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{fit, heading, pad, paragraph, width};
use crate::one_line;

/// Pinned prompts and the current one, with the best models of each.
pub fn pinned(state: &State, room: usize) -> Vec<Line<'static>> {
    const MODELS_OF_EACH: usize = 4;
    let (theme, route) = (&state.theme, &state.route);
    let mut asked: Vec<(&str, &Route)> =
        route.pinned.iter().filter_map(|a| Some((&*a.prompt, a.route.as_ref()?))).collect();
    let typed = route.answer();
    if let Some(answer) = typed
        && !route.pinned.iter().any(|pinned| pinned.prompt == route.asked)
    {
        asked.push((&route.asked, answer));
    }
    if route.pinned.is_empty() {
        let text = "P pins a prompt. Here stand the best models of pinned prompts, side by side.";
        return paragraph(text, room, theme.ink(Ink::Muted));
    }
    let mut lines = vec![heading(theme, room, "Pinned prompts", "")];
    for (i, (prompt, answer)) in asked.iter().enumerate() {
        let routed = answer.candidates.first().map_or("", |c| state.short(c.model));
        let (number, routed) = (format!("{} ", i + 1), format!(" → {routed}"));
        let left = room.saturating_sub(width(&number) + width(&routed)).max(room / 3);
        let prompt = fit(&one_line(prompt), left);
        let routed = fit(&routed, room.saturating_sub(width(&number) + width(&prompt)));
        lines.push(Line::from(vec![
            Span::styled(number, theme.bold(Ink::Accent)),
            Span::styled(prompt, theme.ink(Ink::Text)),
            Span::styled(routed, theme.ink(Ink::MapRouted)),
        ]));
    }
    let mut models: Vec<usize> = Vec::new();
    for (_, answer) in &asked {
        for c in answer.candidates.iter().take(MODELS_OF_EACH) {
            if !models.contains(&c.model) {
                models.push(c.model);
            }
        }
    }
    let p = |answer: &Route, model: usize| {
        answer.candidates.iter().find(|c| c.model == model).map(|c| c.p)
    };
    // Out of scope, a model has a rank but no percentage.
    let cell = |answer: &Route, model: usize| {
        let place = answer.candidates.iter().position(|c| c.model == model);
        place.map_or("  –  ".into(), |at| match answer.scope {
            Scope::Out => format!("{:>4} ", format!("#{}", (at + 1).min(999))),
            Scope::In | Scope::Near => format!("{:>3.0}% ", 100.0 * answer.candidates[at].p),
        })
    };
    let least = |model: usize| {
        asked.iter().map(|(_, answer)| p(answer, model).unwrap_or(0.0)).fold(1.0, f32::min)
    };
    models.sort_by(|&a, &b| least(b).total_cmp(&least(a)));
    lines.push(Line::default());
    let name_room = room.saturating_sub(5 * asked.len());
    let mut header = vec![Span::styled(pad("P(correct)", name_room), theme.ink(Ink::Muted))];
    header.extend(
        (1..=asked.len()).map(|i| Span::styled(format!("{i:>4} "), theme.bold(Ink::Accent))),
    );
    lines.push(Line::from(header));
    for model in models {
        let name = pad(state.short(model), name_room);
        let mut spans = vec![Span::styled(name, theme.ink(Ink::Text))];
        for (_, answer) in &asked {
            let routed = answer.candidates.first().is_some_and(|c| c.model == model);
            let style = if routed { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
            spans.push(Span::styled(cell(answer, model), style));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Past prompts, newest first.
pub fn history(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if state.route.history.is_empty() {
        let text = "Past prompts appear here. Ctrl-P and Ctrl-N browse them.";
        return paragraph(text, room, theme.ink(Ink::Muted));
    }
    let mut lines = vec![heading(theme, room, "History", "Ctrl-P previous · Ctrl-N next")];
    let line = |asked: &Asked| {
        let first = asked.route.as_ref().and_then(|r| Some((r.scope, r.candidates.first()?)));
        let routed = first.map_or_else(String::new, |(scope, c)| {
            let sure = match scope {
                Scope::Out => "overall".into(),
                Scope::In | Scope::Near => format!("{:.0}%", 100.0 * c.p),
            };
            format!("  {} {sure}", fit(state.name(c.model), 24))
        });
        let prompt = pad(&one_line(&asked.prompt), room.saturating_sub(width(&routed)));
        let here = asked.prompt == state.route.asked;
        let ink = if here { Ink::Accent } else { Ink::Text };
        Line::from(vec![
            Span::styled(prompt, theme.ink(ink)),
            Span::styled(fit(&routed, room), theme.ink(Ink::MapRouted)),
        ])
    };
    lines.extend(state.route.history.iter().rev().map(line));
    lines
}
