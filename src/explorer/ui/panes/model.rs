//! The Model pane: the selected model, its nearest models, and its accuracies.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::neighbors::Neighbor;
use crate::count;
use crate::dataset::Values;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::{pane_block, with_more};
use crate::explorer::ui::panes::compare::agreement;
use crate::explorer::ui::widgets::{bar, fit, heading, pad, thousands, under_cursor, width};

/// Widths: a name next to the basis of a similarity in words, its number, these words, and the short ones.
const NAME: usize = 20;
const SIMILARITY: usize = 7;
const BASIS: usize = 38;
const SHORT_BASIS: usize = 14;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let inside = Layout::inside(area);
    let lines = lines(state, inside.width.into());
    let below = lines.len().saturating_sub(state.model.scroll + usize::from(inside.height));
    let block = pane_block(state, layout, Pane::Model, "", area.width);
    frame.render_widget(with_more(state, block, below), area);
    let shown: Vec<Line> = lines.into_iter().skip(state.model.scroll).collect();
    frame.render_widget(Paragraph::new(shown), inside);
}

/// The content of the pane, in lines of `room` cells.
pub fn lines(state: &State, room: usize) -> Vec<Line<'static>> {
    let (theme, model_set, model) = (&state.theme, &state.model_set, state.selected);
    if model >= model_set.models.len() {
        return vec![Line::styled("no model selected", theme.ink(Ink::Muted))];
    }
    let mut lines = vec![Line::styled(fit(state.name(model), room), theme.bold(Ink::MapSelected))];
    lines.extend(attributes(state, room));
    lines.extend(standing(state, room));
    if !state.neighbors.is_empty() {
        lines.push(Line::default());
        lines.push(heading(theme, room, "Nearest models", &basis_of(state)));
        lines.extend(neighbors(state, room));
    }
    lines.push(Line::default());
    lines.push(heading(theme, room, "Accuracy by benchmark", "· n answers"));
    lines.extend(benchmarks(state, room));
    lines
}

/// The meaning of the numbers next to nearest models.
pub fn basis_of(state: &State) -> String {
    format!("cosine in {}-d, n shared", state.model_set.profiles().ncols())
}

fn attributes(state: &State, room: usize) -> Vec<Line<'static>> {
    let (theme, model) = (&state.theme, state.selected);
    let mut items: Vec<Vec<Span<'static>>> = Vec::new();
    for attribute in state.model_set.attributes.iter() {
        let name = attribute.name.clone();
        let spans = match &attribute.values {
            Values::Flag(values) => {
                let (mark, ink, text) = match values[model] {
                    Some(true) => ("✓ ", Ink::Good, Ink::Text),
                    Some(false) => ("✗ ", Ink::Muted, Ink::Muted),
                    None => ("? ", Ink::Muted, Ink::Muted),
                };
                vec![Span::styled(mark, theme.bold(ink)), Span::styled(name, theme.ink(text))]
            }
            values => {
                let value = values.text(model).unwrap_or_else(|| "unknown".into());
                vec![
                    Span::styled(format!("{name} "), theme.ink(Ink::Muted)),
                    Span::styled(value, theme.ink(Ink::Text)),
                ]
            }
        };
        items.push(spans);
    }
    let mut lines: Vec<Vec<Span>> = vec![Vec::new()];
    let mut taken = 0;
    for spans in items {
        let w: usize = spans.iter().map(Span::width).sum();
        if taken > 0 && taken + 3 + w > room {
            lines.push(Vec::new());
            taken = 0;
        }
        if let Some(line) = lines.last_mut() {
            if taken > 0 {
                line.push(Span::raw("   "));
                taken += 3;
            }
            line.extend(spans);
            taken += w;
        }
    }
    lines.into_iter().filter(|line| !line.is_empty()).map(Line::from).collect()
}

/// How the model compares in ability, and by how many answers.
fn standing(state: &State, room: usize) -> Option<Line<'static>> {
    let (theme, model_set, model) = (&state.theme, &state.model_set, state.selected);
    let standing = model_set.standing(model)?;
    let ink = if standing.is_known() { Ink::Text } else { Ink::Warn };
    let answers = count(model_set.answers(model) as usize, "answer");
    let run = model_set.benchmarks.iter().filter(|b| b.scores.get(model).is_some()).count();
    let from = [
        format!(" · {answers} on {}", count(run, "benchmark")),
        format!(" · {answers}"),
        String::new(),
    ];
    let with_interval = width(&standing.text(true)) <= room;
    let text = standing.text(with_interval);
    let from = from.into_iter().find(|from| width(&text) + width(from) <= room)?;
    Some(Line::from(vec![
        Span::styled(text, theme.ink(ink)),
        Span::styled(from, theme.ink(Ink::Muted)),
    ]))
}

fn neighbors(state: &State, room: usize) -> Vec<Line<'static>> {
    let rows = state.neighbors.iter().enumerate();
    rows.flat_map(|(i, near)| {
        let line = neighbor(state, near, room);
        let here = i == state.model.neighbor;
        let marked = here && state.focus == Pane::Model;
        let line = if marked { under_cursor(&state.theme, line) } else { line };
        let basis = Some(near).filter(|_| here).and_then(|near| in_words(state, near));
        let muted = state.theme.ink(Ink::Muted);
        let basis = basis.map(|basis| Line::styled(fit(&format!("  {basis}"), room), muted));
        std::iter::once(line).chain(basis)
    })
    .collect()
}

/// How often the neighbor under the cursor agrees with the selected model, with an open data set.
fn in_words(state: &State, near: &Neighbor) -> Option<String> {
    let (share, n) = agreement(state, state.selected, near.model)?;
    let n = thousands(n as u64);
    Some(format!("agree on {:.0}% of {n} shared questions", 100.0 * share))
}

/// True if the basis of a similarity fits in words.
fn has_words(room: usize) -> bool {
    room >= NAME + SIMILARITY + BASIS
}

/// A similar model: its name, the cosine, and its basis, in words if they fit.
pub fn neighbor(state: &State, near: &Neighbor, room: usize) -> Line<'static> {
    let theme = &state.theme;
    let similarity = format!(" {:>5.2} ", near.cosine);
    let (basis, wide) = if has_words(room) {
        (near.basis().unwrap_or_default(), BASIS)
    } else {
        (near.short_basis().unwrap_or_default(), SHORT_BASIS)
    };
    let wide = if near.shared.is_some() { wide } else { 0 };
    let name_room = room.saturating_sub(SIMILARITY + wide).max(8);
    Line::from(vec![
        Span::styled(
            pad(&fit(state.short(near.model), name_room), name_room),
            theme.ink(Ink::Text),
        ),
        Span::styled(similarity, theme.ink(Ink::Text)),
        Span::styled(pad(&basis, wide), theme.ink(Ink::Muted)),
    ])
}

fn benchmarks(state: &State, room: usize) -> Vec<Line<'static>> {
    let (theme, model) = (&state.theme, state.selected);
    let run: Vec<_> =
        state.model_set.benchmarks.iter().filter_map(|b| Some((b, b.scores.get(model)?))).collect();
    if run.is_empty() {
        return vec![Line::styled("no benchmark evaluated", theme.ink(Ink::Muted))];
    }
    let longest = run.iter().map(|(b, _)| width(&b.name)).max().unwrap_or_default();
    let name_room = longest.min(room.saturating_sub(20));
    let bar_room = room.saturating_sub(name_room + 13);
    let mut lines: Vec<Line> = run
        .iter()
        .map(|(benchmark, score)| {
            let percent = format!(" {:>3.0}%", 100.0 * score.accuracy);
            let mut spans = vec![Span::styled(
                format!("{} ", pad(&benchmark.name, name_room)),
                theme.ink(Ink::Text),
            )];
            spans.extend(bar(theme, bar_room, score.accuracy, theme.ink(Ink::BarFill)));
            spans.push(Span::styled(percent, theme.ink(Ink::Text)));
            let answers = thousands(score.responses.into());
            spans.push(Span::styled(format!(" {answers:>6}"), theme.ink(Ink::Muted)));
            Line::from(spans)
        })
        .collect();
    let others = state.model_set.benchmarks.len() - run.len();
    if others > 0 {
        let benchmarks = if others == 1 { "benchmark" } else { "benchmarks" };
        let text = format!("{others} {benchmarks} not evaluated");
        lines.push(Line::styled(text, theme.ink(Ink::Muted)));
    }
    lines
}
