//! The Compare pane: a few models side by side, with their largest differences.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::neighbors::{basis, cosine, short_basis};
use crate::dataset::Values;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::{pane_block, with_more};
use crate::explorer::ui::widgets::{
    bar, fit, fit_category, heading_with, pad, paragraph, whole, widest, wrap,
};

/// Maximum number of models.
const MOST: usize = 6;
/// Maximum number of lines of a name.
const NAME: usize = 3;
/// Cells of a model at least, as long as labels need more.
const COLUMN: usize = 12;
/// Benchmarks that are seen before anything is scrolled.
const SEEN: usize = 5;
/// Minimum number of shared questions for an agreement.
const LEAST_COMMON: usize = 20;

/// The compared models: the marked ones, or the selected one and its nearest.
pub fn compared(state: &State) -> Vec<usize> {
    let mut models: Vec<usize> = state.marked.iter().copied().take(MOST).collect();
    if models.len() < 2 {
        if models.is_empty() && state.selected < state.model_set.models.len() {
            models.push(state.selected);
        }
        let near = state.neighbors.iter().map(|near| near.model);
        let other = near.chain([state.selected]).find(|m| !models.contains(m));
        models.extend(other.filter(|m| *m < state.model_set.models.len()));
    }
    models
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = match state.marked.len() {
        0 | 1 => "Space marks models".into(),
        n if n > MOST => format!("showing {MOST} of {n} marked"),
        n => format!("{n} marked models"),
    };
    let block = pane_block(state, layout, Pane::Compare, &remark, area.width);
    let inside = Layout::inside(area);
    let (room, height) = (usize::from(inside.width), usize::from(inside.height));
    let models = compared(state);
    let theme = &state.theme;
    if models.len() < 2 {
        let message = "Mark two models to compare them.";
        frame.render_widget(block, area);
        return frame.render_widget(Line::styled(message, theme.ink(Ink::Muted)), inside);
    }
    // The names stay above what is scrolled.
    let mut shown = names(state, &models, room);
    let rest = lines(state, &models, room, height.saturating_sub(shown.len()));
    let left = height.saturating_sub(shown.len());
    let above = state.compare_scroll.min(rest.len().saturating_sub(left));
    let below = rest.len().saturating_sub(above + left);
    frame.render_widget(with_more(state, block, below), area);
    shown.extend(rest.into_iter().skip(above));
    frame.render_widget(Paragraph::new(shown), inside);
}

/// The number of lines of the comparison.
pub fn height(state: &State, room: usize) -> usize {
    let models = compared(state);
    if models.len() < 2 {
        return 0;
    }
    names(state, &models, room).len() + lines(state, &models, room, 0).len()
}

/// Cells of the labels, and of the column of each model: in bars there is less than in names.
fn columns(state: &State, models: &[usize], room: usize) -> (usize, usize) {
    let titles = widest(state.model_set.benchmarks.iter().map(|b| &b.name));
    let names = widest(models.iter().map(|m| state.short(*m)));
    let most = room.saturating_sub(COLUMN * models.len()).max(room / 4);
    let label = (titles.max(names) + 1).min(most).max(10);
    (label, (room.saturating_sub(label) / models.len()).max(6))
}

fn names(state: &State, models: &[usize], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (label, column) = columns(state, models, room);
    let inner = column - 1;
    let mut lines = Vec::new();
    // A name may take several lines, since versions differ at the end.
    let names: Vec<Vec<String>> = models.iter().map(|m| wrap(state.short(*m), inner)).collect();
    for line in 0..names.iter().map(|name| name.len().min(NAME)).max().unwrap_or_default() {
        let mut spans = vec![Span::raw(" ".repeat(label))];
        for (model, name) in models.iter().zip(&names) {
            let mut part = name.get(line).cloned().unwrap_or_default();
            if line + 1 == NAME && name.len() > NAME {
                part = fit(&format!("{part}…"), inner);
            }
            let ink = if *model == state.selected { Ink::MapSelected } else { Ink::Accent };
            spans.push(Span::styled(format!("{} ", pad(&part, inner)), theme.bold(ink)));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// What is below the names, of which `height` lines are seen at first.
fn lines(state: &State, models: &[usize], room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (label, column) = columns(state, models, room);
    let mut lines = attributes(state, models, room);
    let remarks = if state.questions.question_set.done().is_some() {
        [
            "cosine (upper), same result on shared questions (lower)",
            "cosine (upper), same result (lower)",
        ]
    } else {
        ["cosine (upper), shared questions (lower)", "cosine (upper), shared (lower)"]
    };
    let mut alike = alike(state, models, label, column);
    alike.insert(0, heading_with(theme, room, "Similarity", &remarks));
    let mut rows = benchmarks(state, models, label, column);
    let remarks = ["largest gap first · ~ predicted", "~ predicted"];
    rows.insert(0, heading_with(theme, room, "Accuracy by benchmark", &remarks));
    // Below many benchmarks the similarity would be out of sight; a small pane shows some of them first.
    let both = lines.len() + alike.len() + SEEN + 3;
    let parts = if both <= height { [alike, rows] } else { [rows, alike] };
    for part in parts {
        lines.push(Line::default());
        lines.extend(part);
    }
    lines
}

/// The attributes: a row for each in which the models differ, and the others together.
fn attributes(state: &State, models: &[usize], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (label, column) = columns(state, models, room);
    let (mut lines, mut same) = (Vec::new(), Vec::new());
    for attribute in state.model_set.attributes.iter() {
        let name = &attribute.name;
        let values: Vec<Option<String>> =
            models.iter().map(|m| attribute.values.text(*m)).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            // Of what is known of none there is nothing to say.
            same.extend(values[0].as_ref().map(|value| match &attribute.values {
                Values::Flag(_) if value == "no" => format!("not {name}"),
                Values::Flag(_) => name.clone(),
                _ => format!("{name} {value}"),
            }));
            continue;
        }
        let values: Vec<Vec<String>> = values
            .into_iter()
            .map(|value| wrap(value.as_deref().unwrap_or("·"), column - 1))
            .collect();
        for line in 0..values.iter().map(Vec::len).max().unwrap_or_default() {
            let name = if line == 0 { fit(name, label - 1) } else { String::new() };
            let mut spans = vec![Span::styled(pad(&name, label), theme.ink(Ink::Muted))];
            spans.extend(values.iter().map(|value| {
                let shown = value.get(line).map_or("", String::as_str);
                Span::styled(pad(shown, column), theme.ink(Ink::Text))
            }));
            lines.push(Line::from(spans));
        }
    }
    if !same.is_empty() {
        let text = format!("the same: {}", same.join(" · "));
        lines.extend(paragraph(&text, room, theme.ink(Ink::Muted)));
    }
    lines
}

/// An accuracy, and whether it was predicted.
#[derive(Clone, Copy)]
struct Shown {
    accuracy: f64,
    predicted: bool,
}

/// The accuracies of the models on a benchmark: measured, or predicted once computed.
fn shown(state: &State, benchmark: usize, models: &[usize]) -> Vec<Option<Shown>> {
    let grid = state.forecasts.grid.done();
    let column = grid.and_then(|grid| grid.get(benchmark));
    models
        .iter()
        .map(|&m| {
            let scores = &state.model_set.benchmarks[benchmark].scores;
            let measured = scores.get(m).map(|score| score.accuracy);
            let predicted = || column.and_then(|column| column.get(m)).map(|f| f.accuracy.mean);
            let known = |accuracy, predicted| Shown { accuracy, predicted };
            measured.map(|a| known(a, false)).or_else(|| predicted().map(|a| known(a, true)))
        })
        .collect()
}

fn benchmarks(state: &State, models: &[usize], label: usize, column: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut rows: Vec<(usize, f64, usize, Vec<Option<Shown>>)> =
        (0..state.model_set.benchmarks.len())
            .map(|b| (b, shown(state, b, models)))
            .filter_map(|(b, row)| {
                let known: Vec<f64> = row.iter().flatten().map(|s| s.accuracy).collect();
                let over = |f: fn(f64, f64) -> f64| known.iter().copied().reduce(f);
                let gap = over(f64::max)? - over(f64::min)?;
                let measured = row.iter().flatten().filter(|s| !s.predicted).count();
                (known.len() > 1).then_some((measured, gap, b, row))
            })
            .collect();
    // Benchmarks measured for several models first, then for one, then predicted ones.
    rows.sort_by(|a, b| b.0.min(2).cmp(&a.0.min(2)).then(b.1.total_cmp(&a.1)));
    if rows.is_empty() {
        let message = state.remark(JobKind::Forecasts, "predicting");
        let message = message.unwrap_or_else(|| "no shared benchmark".into());
        return vec![Line::styled(message, theme.ink(Ink::Muted))];
    }
    rows.into_iter()
        .map(|(_, _, b, row)| {
            let name = &state.model_set.benchmarks[b].name;
            let best = row.iter().flatten().map(|s| s.accuracy).fold(f64::MIN, f64::max);
            let mut spans = vec![Span::styled(
                pad(&fit_category(name, label - 1), label),
                theme.ink(Ink::Text),
            )];
            for known in row {
                let Some(Shown { accuracy, predicted }) = known else {
                    spans.push(Span::styled(pad("·", column), theme.ink(Ink::Muted)));
                    continue;
                };
                let (ink, style) = match (predicted, (accuracy - best).abs() < 1e-9) {
                    (false, true) => (Ink::Good, theme.bold(Ink::Good)),
                    (false, false) => (Ink::BarFill, theme.ink(Ink::Text)),
                    (true, _) => (Ink::Muted, theme.ink(Ink::Muted).add_modifier(Modifier::ITALIC)),
                };
                spans.extend(bar(theme, column.saturating_sub(6), accuracy, theme.ink(ink)));
                let sign = if predicted { "~" } else { "" };
                let share = format!("{sign}{:.0}%", 100.0 * accuracy);
                spans.push(Span::styled(format!("{share:>5} "), style));
            }
            Line::from(spans)
        })
        .collect()
}

/// Pairwise similarity: the cosine of the profiles, the number of shared questions, and with an open data set
/// the number of common questions on which both were correct or both incorrect.
fn alike(state: &State, models: &[usize], label: usize, column: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let vectors = state.model_set.profiles();
    let known = |m: usize| m < vectors.nrows() && vectors.ncols() > 0;
    models
        .iter()
        .enumerate()
        .map(|(i, &a)| {
            let name = pad(&fit(state.short(a), label - 1), label);
            let mut spans = vec![Span::styled(name, theme.ink(Ink::Accent))];
            for (j, &b) in models.iter().enumerate() {
                let (texts, ink) = if i == j || !known(a) || !known(b) {
                    (vec!["·".into()], Ink::Muted)
                } else if j > i {
                    let cos = cosine(vectors.row(a), vectors.row(b));
                    (vec![format!("cos {cos:.2}"), format!("{cos:.2}")], Ink::Text)
                } else if let Some((share, n)) = agreement(state, a, b) {
                    let of = format!("{:.0}% of {n}", 100.0 * share);
                    let percent = format!("{:.0}%", 100.0 * share);
                    (vec![format!("agree {of}"), of, percent], Ink::Text)
                } else if let Some(shared) = state.model_set.shared(a, b) {
                    (vec![basis(shared), short_basis(shared), shared.to_string()], Ink::Muted)
                } else {
                    let gaps = &vectors.row(a) - &vectors.row(b);
                    let apart = format!("{:.2}", gaps.dot(&gaps).sqrt());
                    (vec![format!("distance {apart}"), apart], Ink::Muted)
                };
                let shown = pad(whole(&texts, column - 1), column);
                spans.push(Span::styled(shown, theme.ink(ink)));
            }
            Line::from(spans)
        })
        .collect()
}

/// The share of common questions on which two models agree, and their number.
pub fn agreement(state: &State, a: usize, b: usize) -> Option<(f64, usize)> {
    let question_set = state.questions.question_set.done()?;
    let (mut alike, mut n) = (0.0, 0);
    for question in &question_set.questions {
        let of = |model: usize| {
            let at = question.answers.binary_search_by_key(&model, |(m, _)| *m).ok()?;
            Some(f64::from(question.answers[at].1))
        };
        if let (Some(x), Some(y)) = (of(a), of(b)) {
            alike += 1.0 - (x - y).abs();
            n += 1;
        }
    }
    (n >= LEAST_COMMON).then(|| (alike / n as f64, n))
}
