//! The Questions pane: questions, their answers and predictions.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout as Split, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::state::questions::Question;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{
    around, bar, fit, fit_category, heading, heading_with, pad, thousands, under_cursor, whisker,
    widest, width, wrap,
};

/// Maximum number of lines of the question's text.
const TEXT: usize = 6;
/// Cells that the names of benchmarks leave to a question at least, and to one with a remark in words.
const QUESTION: usize = 10;
const REMARKED: usize = 24;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let questions = &state.questions;
    let remark = questions.question_set.done().map_or_else(String::new, |question_set| {
        let (all, done) = (question_set.questions.len(), questions.forecasts.len());
        let shown =
            format!("{} of {}", thousands(questions.found().len() as u64), thousands(all as u64));
        let category = questions.category.and_then(|c| question_set.categories.get(c));
        let category = category.map_or_else(String::new, |c| format!("{c} · "));
        let doing = format!("predicting {:.0}%", 100.0 * done as f64 / all as f64);
        let remark = state.remark(JobKind::Questions, &doing);
        let order = match questions.forecasting.problem() {
            Some(_) => "prediction failed (F5 starts it again)",
            None => "most surprising first",
        };
        let seeking = state.new_model.seeking;
        let choosing = format!("{} choosing a question", state.spinner());
        let doing = if seeking { &choosing } else { remark.as_deref().unwrap_or(order) };
        format!("{doing} · {category}{shown}")
    });
    frame.render_widget(pane_block(state, layout, Pane::Questions, &remark, area.width), area);
    let inside = Layout::inside(area);
    let theme = &state.theme;
    if questions.question_set.done().is_none() {
        let (text, ink) = match questions.question_set.problem() {
            Some(problem) if state.with_data => (problem.to_owned(), Ink::Bad),
            // Without a data set there is no error.
            Some(hint) => (hint.to_owned(), Ink::Muted),
            None => (state.remark(JobKind::Questions, "reading").unwrap_or_default(), Ink::Muted),
        };
        let lines = wrap(&text, inside.width.into()).into_iter();
        let lines: Vec<Line> = lines.map(|line| Line::styled(line, theme.ink(ink))).collect();
        return frame.render_widget(Paragraph::new(lines), inside);
    }
    let [list, details] = places(inside);
    frame.render_widget(Paragraph::new(rows(state, list)), list);
    if let Some((q, question)) = questions.under_cursor() {
        let lines = detail(state, q, question, details.width.into(), details.height.into());
        frame.render_widget(Paragraph::new(lines), details);
    }
}

fn places(inside: Rect) -> [Rect; 2] {
    let below = (inside.height / 2).clamp(6, 22);
    Split::vertical([Constraint::Min(2), Constraint::Length(below)]).areas(inside)
}

/// The visible questions, including the one under the cursor.
fn visible(state: &State, height: usize) -> Range<usize> {
    around(state.questions.at, height.saturating_sub(1), state.questions.rows.len())
}

/// The question at a line of the pane.
pub fn row_at(state: &State, inside: Rect, line: usize) -> Option<usize> {
    let [list, _] = places(inside);
    let visible = visible(state, list.height.into());
    let row = visible.start + line.checked_sub(1)?;
    visible.contains(&row).then_some(row)
}

fn rows(state: &State, list: Rect) -> Vec<Line<'static>> {
    let (theme, questions) = (&state.theme, &state.questions);
    let Some(question_set) = questions.question_set.done() else { return Vec::new() };
    let room = usize::from(list.width);
    let visible = visible(state, list.height.into());
    let shown = || questions.rows[visible.clone()].iter().map(|q| &question_set.questions[*q]);
    let named = |question: &Question| {
        question_set.categories.get(question.category).map_or("", String::as_str)
    };
    let n = widest(shown().map(|question| question.answers.len().to_string()));
    let category = widest(shown().map(named)).max("category".len());
    let left = room.saturating_sub(8 + 1 + 7 + 1 + n + 2 + 1);
    let category = category.min(left.saturating_sub(QUESTION));
    let text = left.saturating_sub(category);
    let head = format!(
        "{:>8} {:>7} {:>n$}  {} question",
        "surprise",
        "correct",
        "n",
        pad("category", category)
    );
    let mut lines = vec![Line::styled(fit(&head, room), theme.ink(Ink::Muted))];
    if questions.rows.is_empty() {
        lines.push(Line::styled("no matches", theme.ink(Ink::Muted)));
    }
    for row in visible.clone() {
        let q = questions.rows[row];
        let question = &question_set.questions[q];
        let name = fit_category(named(question), category);
        let (surprise, right, ink) = match questions.surprises.get(q) {
            Some(s) if !question.answers.is_empty() => {
                let ink = if s.loss > 0.9 {
                    Ink::Bad
                } else if s.loss > 0.69 {
                    Ink::Warn
                } else {
                    Ink::Muted
                };
                (format!("{:.2}", s.loss), format!("{:.0}%", 100.0 * s.right), ink)
            }
            // What was not answered by these models cannot be surprising.
            Some(_) => ("–".into(), "–".into(), Ink::Muted),
            None => ("…".into(), "…".into(), Ink::Muted),
        };
        let more = match questions.alike(row) {
            Some((more, true)) if text < REMARKED => format!(" +{more}"),
            Some((more, true)) => format!(" +{more} alike"),
            Some((more, false)) => format!(" {more} alike ↓"),
            None => String::new(),
        };
        let below = if questions.is_below_its_like(row) { "└ " } else { "" };
        let prompt = pad(&question.prompt, text.saturating_sub(width(&more) + width(below)));
        let line = Line::from(vec![
            Span::styled(format!("{surprise:>8} "), theme.bold(ink)),
            Span::styled(format!("{right:>7} "), theme.ink(Ink::Text)),
            Span::styled(format!("{:>n$}  ", question.answers.len()), theme.ink(Ink::Muted)),
            Span::styled(format!("{} {below}", pad(&name, category)), theme.ink(Ink::Muted)),
            Span::styled(prompt, theme.ink(Ink::Text)),
            Span::styled(more, theme.ink(Ink::Accent)),
        ]);
        lines.push(if row == questions.at { under_cursor(theme, line) } else { line });
    }
    lines
}

fn detail(
    state: &State,
    q: usize,
    question: &Question,
    room: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let (theme, questions) = (&state.theme, &state.questions);
    let muted = theme.ink(Ink::Muted);
    let forecast = questions.forecasts.get(q);
    let message = match questions.surprises.get(q) {
        _ if question.answers.is_empty() => "no answer of these models".to_owned(),
        Some(s) => format!("{:.0}% correct, {:.0}% predicted", 100.0 * s.right, 100.0 * s.expected),
        None => String::new(),
    };
    let own = questions
        .question_set
        .done()
        .and_then(|question_set| state.new_model.label(*question_set.of.get(q)?));
    let message = match own {
        Some(label) if label >= 0.5 => format!("✚ correct · {message}"),
        Some(_) => format!("✚ incorrect · {message}"),
        None => message,
    };
    let mut lines = vec![heading(theme, room, question.split, &message)];
    let text = wrap(&question.prompt, room);
    let cut = text.len() > TEXT.min(height / 3 + 1);
    let shown = text.len().min(TEXT.min(height / 3 + 1));
    lines.extend(text.into_iter().take(shown).enumerate().map(|(i, line)| {
        let line = if cut && i + 1 == shown { fit(&format!("{line} …"), room) } else { line };
        Line::styled(line, theme.ink(Ink::Text))
    }));
    let signs = "✓ correct ✗ incorrect ● predicted";
    let remarks = [format!("most surprising first · {signs}"), signs.into()];
    lines.push(heading_with(theme, room, "Answers", &remarks));
    let Some(forecast) = forecast else {
        lines.push(Line::styled("predicting …", muted));
        return lines;
    };
    let mut answers: Vec<(usize, f32, f32)> =
        question.answers.iter().filter_map(|(m, y)| Some((*m, *y, *forecast.get(*m)?))).collect();
    answers.sort_by(|a, b| (b.1 - b.2).abs().total_cmp(&(a.1 - a.2).abs()));
    answers.truncate(height.saturating_sub(lines.len()));
    // The bar gives way to the names.
    let names = widest(answers.iter().map(|(model, ..)| state.name(*model)));
    let name_room = names.min(room.saturating_sub(10));
    let bars = room.saturating_sub(name_room + 10);
    for (model, y, p) in answers {
        let (mark, ink) = if y >= 0.5 { ("✓ ", Ink::Good) } else { ("✗ ", Ink::Bad) };
        let mut spans = vec![
            Span::styled(mark, theme.bold(ink)),
            Span::styled(format!("{} ", pad(state.name(model), name_room)), theme.ink(Ink::Text)),
        ];
        if y > 0.0 && y < 1.0 {
            spans.extend(bar(theme, bars, y.into(), theme.ink(ink)));
        } else {
            let p = f64::from(p);
            spans.extend(whisker(theme, bars, (p, p, p), ink, &[]));
        }
        spans.push(Span::styled(format!(" {:>4.0}%", 100.0 * p), theme.ink(Ink::Text)));
        lines.push(Line::from(spans));
    }
    lines
}
