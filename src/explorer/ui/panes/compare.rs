//! The Compare pane: a few models side by side, with their largest differences.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::neighbors::{basis, cosine, short_basis};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{bar, fit, heading, pad, width, wrap};

/// Maximum number of models.
const MOST: usize = 6;
/// Maximum number of lines of a name.
const NAME: usize = 3;
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
    frame.render_widget(pane_block(state, layout, Pane::Compare, &remark, area.width), area);
    let inside = Layout::inside(area);
    let models = compared(state);
    let theme = &state.theme;
    if models.len() < 2 {
        let message = "Mark two models to compare them.";
        return frame.render_widget(Line::styled(message, theme.ink(Ink::Muted)), inside);
    }
    let lines = lines(state, &models, inside.width.into(), inside.height.into());
    frame.render_widget(Paragraph::new(lines), inside);
}

fn lines(state: &State, models: &[usize], room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let titles = state.model_set.benchmarks.iter().map(|b| width(&b.name));
    let most = if models.len() > 3 { room / 4 } else { room * 2 / 5 };
    let label = (titles.max().unwrap_or_default() + 1).min(most).max(10);
    let column = (room.saturating_sub(label) / models.len()).max(6);
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
    for attribute in state.model_set.attributes.iter() {
        let values: Vec<Option<String>> =
            models.iter().map(|m| attribute.values.text(*m)).collect();
        let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
        let mut spans =
            vec![Span::styled(pad(&fit(&attribute.name, label - 1), label), theme.ink(Ink::Muted))];
        for value in values {
            let ink = if differ { Ink::Text } else { Ink::Muted };
            let shown = value.unwrap_or_else(|| "·".into());
            spans.push(Span::styled(format!("{} ", pad(&shown, inner)), theme.ink(ink)));
        }
        lines.push(Line::from(spans));
    }
    let alike = alike(state, models, label, column);
    lines.push(Line::default());
    lines.push(heading(theme, room, "Accuracy by benchmark", "largest gap first · ~ predicted"));
    let below = alike.len() + 2;
    let rows = height.saturating_sub(lines.len() + below).max(3);
    lines.extend(benchmarks(state, models, label, column).into_iter().take(rows));
    let remark = if state.questions.question_set.done().is_some() {
        "cosine (upper), same result on shared questions (lower)"
    } else {
        "cosine (upper), shared questions (lower)"
    };
    lines.push(Line::default());
    lines.push(heading(theme, room, "Similarity", remark));
    lines.extend(alike);
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
            let mut spans =
                vec![Span::styled(pad(&fit(name, label - 1), label), theme.ink(Ink::Text))];
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
                let (text, short, ink) = if i == j || !known(a) || !known(b) {
                    ("·".into(), String::new(), Ink::Muted)
                } else if j > i {
                    let cos = cosine(vectors.row(a), vectors.row(b));
                    (format!("cos {cos:.2}"), format!("{cos:.2}"), Ink::Text)
                } else if let Some((share, n)) = agreement(state, a, b) {
                    let percent = format!("{:.0}%", 100.0 * share);
                    (format!("agree {percent} of {n}"), percent, Ink::Text)
                } else if let Some(shared) = state.model_set.shared(a, b) {
                    let long = basis(shared);
                    let fits = width(&long) < column;
                    let shown = if fits { long } else { short_basis(shared) };
                    (shown, shared.to_string(), Ink::Muted)
                } else {
                    let gaps = &vectors.row(a) - &vectors.row(b);
                    let apart = format!("{:.2}", gaps.dot(&gaps).sqrt());
                    (format!("distance {apart}"), apart, Ink::Muted)
                };
                let shown = if width(&text) < column { text } else { short };
                spans.push(Span::styled(pad(&shown, column), theme.ink(ink)));
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
