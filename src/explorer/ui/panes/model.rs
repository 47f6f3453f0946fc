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
use crate::explorer::ui::widgets::{
    bar, fit, fit_category, heading, pad, thousands, under_cursor, whole, widest, width,
};

/// Cells of a similarity.
const SIMILARITY: usize = 7;

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
    let from = [format!(" · {answers} on {}", count(run, "benchmark")), format!(" · {answers}")];
    let with_interval = width(&standing.text(true)) <= room;
    let text = standing.text(with_interval);
    let from = whole(&from, room.saturating_sub(width(&text))).to_owned();
    Some(Line::from(vec![
        Span::styled(text, theme.ink(ink)),
        Span::styled(from, theme.ink(Ink::Muted)),
    ]))
}

fn neighbors(state: &State, room: usize) -> Vec<Line<'static>> {
    let rows = similar(state, &state.neighbors, room).into_iter().zip(&state.neighbors);
    rows.enumerate()
        .flat_map(|(i, (line, near))| {
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

/// Similar models: the name, the cosine, and its basis, in as many words as leave the names whole.
pub fn similar(state: &State, models: &[Neighbor], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let texts = |text: fn(&Neighbor) -> Option<String>| -> Vec<String> {
        models.iter().map(|near| text(near).unwrap_or_default()).collect()
    };
    let names = widest(models.iter().map(|near| state.short(near.model)));
    // The heading says what a number alone is.
    let number = |near: &Neighbor| near.shared.map(|n| thousands(n.into()));
    let mut bases = [texts(Neighbor::basis), texts(Neighbor::short_basis), texts(number)];
    let fits = |bases: &Vec<String>| names + SIMILARITY + widest(bases) <= room;
    let chosen = bases.iter().position(fits).unwrap_or(bases.len() - 1);
    let basis = std::mem::take(&mut bases[chosen]);
    let wide = widest(&basis);
    let name_room = room.saturating_sub(SIMILARITY + wide).max(8);
    let rows = models.iter().zip(basis).map(|(near, basis)| {
        Line::from(vec![
            Span::styled(pad(state.short(near.model), name_room), theme.ink(Ink::Text)),
            Span::styled(format!(" {:>5.2} ", near.cosine), theme.ink(Ink::Text)),
            Span::styled(pad(&basis, wide), theme.ink(Ink::Muted)),
        ])
    });
    rows.collect()
}

fn benchmarks(state: &State, room: usize) -> Vec<Line<'static>> {
    let (theme, model) = (&state.theme, state.selected);
    let run: Vec<_> =
        state.model_set.benchmarks.iter().filter_map(|b| Some((b, b.scores.get(model)?))).collect();
    if run.is_empty() {
        return vec![Line::styled("no benchmark evaluated", theme.ink(Ink::Muted))];
    }
    // The bar gives way to the names.
    let name_room = widest(run.iter().map(|(b, _)| &b.name)).min(room.saturating_sub(13));
    let bar_room = room.saturating_sub(name_room + 13);
    let mut lines: Vec<Line> = run
        .iter()
        .map(|(benchmark, score)| {
            let percent = format!(" {:>3.0}%", 100.0 * score.accuracy);
            let mut spans = vec![Span::styled(
                format!("{} ", pad(&fit_category(&benchmark.name, name_room), name_room)),
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
