//! The Probe pane: which attributes can be read off the vectors, and what that says of a model.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::action::Pane;
use super::layout::Layout;
use super::state::State;
use super::theme::Ink;
use super::view::pane_block;
use super::widgets::{fit, heading, pad, under_cursor, whisker, width, wrap};
use crate::analysis::probe::Report;

/// Lines above the list.
const ABOVE: usize = 1;
/// Lines that the list leaves to what is said of one attribute.
const BELOW: usize = 11;
/// How a mark is drawn.
const MAJORITY: &str = "┃";
const SHUFFLED: &str = "╎";

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = "unseen models";
    frame.render_widget(pane_block(state, layout, Pane::Probe, remark, area.width), area);
    let inside = Layout::inside(area);
    let lines = lines(state, inside.width.into(), inside.height.into());
    frame.render_widget(Paragraph::new(lines), inside);
}

/// The attributes that are listed in a pane of this height: the cursor stays in sight.
fn listed(state: &State, height: usize) -> Range<usize> {
    let all = state.probe.reports.len();
    let rows = height.saturating_sub(ABOVE + BELOW).max(1).min(all);
    let first = state.probe.cursor.saturating_sub(rows / 2).min(all - rows);
    first..first + rows
}

/// The attribute that is listed at a row of the pane.
pub fn attribute_at(state: &State, height: usize, row: usize) -> Option<usize> {
    let listed = listed(state, height);
    let attribute = listed.start + row.checked_sub(ABOVE)?;
    listed.contains(&attribute).then_some(attribute)
}

fn lines(state: &State, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    if state.subject.attributes.is_empty() {
        let hint = "no attribute is known of these models: add columns to models.csv";
        return wrap(hint, room).into_iter().map(|line| Line::styled(line, muted)).collect();
    }
    let names = state.subject.attributes.iter().map(|a| width(&a.name)).max().unwrap_or_default();
    let name_room = names.clamp(9, 16);
    let bar_room = room.saturating_sub(name_room + 15);
    let key = format!("● probe  {MAJORITY} most frequent class  {SHUFFLED} shuffled labels");
    let mut lines = vec![Line::styled(fit(&key, room), muted)];
    for i in listed(state, height) {
        let (attribute, report) = (&state.subject.attributes[i], &state.probe.reports[i]);
        let mut spans = vec![Span::styled(
            format!("{} ", pad(&attribute.name, name_room)),
            theme.ink(Ink::Text),
        )];
        match report {
            None => spans.push(Span::styled(pad("…", room.saturating_sub(name_room + 1)), muted)),
            Some(Err(_)) => {
                let word = pad("too few models in its classes", room.saturating_sub(name_room + 1));
                spans.push(Span::styled(word, muted));
            }
            Some(Ok(r)) => {
                let ink = if beats(r) { Ink::Good } else { Ink::Warn };
                let marks = [(r.majority, MAJORITY), (r.shuffled, SHUFFLED)];
                spans.extend(whisker(theme, bar_room, (r.low, r.accuracy, r.high), ink, &marks));
                spans.push(Span::styled(format!(" {:>3.0}%", 100.0 * r.accuracy), theme.bold(ink)));
                spans.push(Span::styled(format!("  p {:.3} ", r.p_value), muted));
            }
        }
        let line = Line::from(spans);
        let here = state.focus == Pane::Probe && i == state.probe.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    lines.push(Line::default());
    lines.extend(details(state, room));
    lines
}

/// True if a probe is better than both its baselines and not by luck.
fn beats(report: &Report) -> bool {
    report.p_value <= 0.05 && report.low > report.majority.max(report.shuffled)
}

fn details(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let cursor = state.probe.cursor;
    let Some(attribute) = state.subject.attributes.get(cursor) else { return Vec::new() };
    let mut lines = vec![heading(theme, room, &attribute.name, "")];
    let muted = theme.ink(Ink::Muted);
    let said = |text: String, style| -> Vec<Line<'static>> {
        wrap(&text, room).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    match state.probe.reports.get(cursor) {
        Some(Some(Ok(r))) => {
            let classes: Vec<String> = r.classes.iter().map(|(c, n)| format!("{c} {n}")).collect();
            lines.extend(said(format!("{} models: {}", r.models, classes.join(", ")), muted));
            let verdict = if beats(r) {
                ("It can be read off the vectors.", Ink::Good)
            } else {
                ("It is not clearly better than always naming the most frequent class.", Ink::Warn)
            };
            lines.extend(said(verdict.0.into(), theme.ink(verdict.1)));
            lines.extend(said(
                format!(
                    "accuracy {:.1}% ({:.1}–{:.1}), majority {:.1}%, shuffled {:.1}%, balanced {:.1}%, \
                     AUC {:.3}",
                    100.0 * r.accuracy,
                    100.0 * r.low,
                    100.0 * r.high,
                    100.0 * r.majority,
                    100.0 * r.shuffled,
                    100.0 * r.balanced_accuracy,
                    r.auc
                ),
                theme.ink(Ink::Text),
            ));
            if let Some(prediction) = r.predictions.get(state.selected) {
                lines.push(Line::default());
                lines.push(Line::styled(
                    fit(state.name(state.selected), room),
                    theme.bold(Ink::MapSelected),
                ));
                let (truth, ink) = match &prediction.truth {
                    Some(truth) if *truth == prediction.class => {
                        (format!("it is {truth}"), Ink::Good)
                    }
                    Some(truth) => (format!("it is {truth}"), Ink::Bad),
                    None => ("not known".into(), Ink::Muted),
                };
                let p = 100.0 * prediction.probability;
                lines.push(Line::from(vec![
                    Span::styled(
                        format!("the probe says {} ({p:.0}%), ", prediction.class),
                        theme.ink(Ink::Text),
                    ),
                    Span::styled(truth, theme.bold(ink)),
                ]));
            }
        }
        Some(Some(Err(problem))) => lines.extend(said(problem.clone(), muted)),
        _ => lines.push(Line::styled("being probed …", muted)),
    }
    lines
}
