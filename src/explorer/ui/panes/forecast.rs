//! The Forecast pane: models × benchmarks, measured and predicted.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::forecast::Forecast;
use crate::estimate::Estimate;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::theme::Hue;
use crate::explorer::theme::{Ink, Theme};
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{
    around, eighths, fit, fit_end, heading, pad, thousands, under_cursor, whisker, whole, widest,
    width,
};

/// Minimum width of a benchmark: its title, and a percentage.
const CELL: usize = 11;
/// Benchmarks that names leave room for.
const BESIDE: usize = 2;
/// The sign of predictions, above the names.
const PREDICTED: &str = "  ~ predicted";
/// How far the bar of a prediction is mixed towards the muted color: towards the background it would vanish.
const QUIET: f64 = 0.5;
/// Lines of the titles.
pub const TITLES: usize = 2;
/// Width of the mark before a name.
const MARK: usize = 2;
/// Lines for the details of one pair without a description.
const BELOW: usize = 4;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    frame.render_widget(pane_block(state, layout, Pane::Forecast, "", area.width), area);
    let inside = Layout::inside(area);
    let lines = lines(state, inside.width.into(), inside.height.into());
    frame.render_widget(Paragraph::new(lines), inside);
}

fn lines(state: &State, room: usize, height: usize) -> Vec<Line<'static>> {
    let muted = state.theme.ink(Ink::Muted);
    let Some(grid) = state.forecasts.grid.done() else {
        let message = if state.model_set.benchmarks.is_empty() {
            "no benchmarks".into()
        } else if let Some(problem) = state.forecasts.grid.problem() {
            problem.to_owned()
        } else {
            state.remark(JobKind::Forecasts, "predicting").unwrap_or_default()
        };
        return vec![Line::styled(message, muted)];
    };
    let columns = Columns::of(state, room, height);
    let mut lines = header(state, &columns);
    if state.forecasts.rows.is_empty() {
        lines.push(Line::styled("no matches", muted));
    }
    for row in visible(state, height) {
        let model = state.forecasts.rows[row];
        let mut spans = vec![name_of(state, model, columns.name)];
        for b in columns.benchmarks.clone() {
            if let Some(forecast) = grid.get(b).and_then(|column| column.get(model)) {
                spans.extend(cell(state, *forecast, columns.cell));
            }
        }
        let line = Line::from(spans);
        let here = model == state.selected;
        lines.push(if here { under_cursor(&state.theme, line) } else { line });
    }
    let above = lines.len().max(height.saturating_sub(below(state)));
    lines.resize(above, Line::default());
    lines.extend(details(state, room));
    lines
}

/// Lines reserved for the details of one pair: one more if some benchmark is described.
fn below(state: &State) -> usize {
    let described = state.model_set.benchmarks.iter().any(|b| !b.description.is_empty());
    BELOW + usize::from(described)
}

/// The visible rows in a pane of this height: the best ones, and once the user has moved, those around the
/// selected model.
pub fn visible(state: &State, height: usize) -> Range<usize> {
    let forecasts = &state.forecasts;
    let at = forecasts.rows.iter().position(|model| *model == state.selected);
    let at = at.filter(|_| !forecasts.from_top).unwrap_or_default();
    around(at, height.saturating_sub(TITLES + below(state)), forecasts.rows.len())
}

/// The row at a line of the pane.
pub fn row_at(state: &State, height: usize, line: usize) -> Option<usize> {
    let visible = visible(state, height);
    let row = visible.start + line.checked_sub(TITLES)?;
    visible.contains(&row).then_some(row)
}

/// The benchmark at a cell of the header.
pub fn benchmark_at(state: &State, inside: Rect, x: u16) -> Option<usize> {
    let columns = Columns::of(state, inside.width.into(), inside.height.into());
    let from = usize::from(x.checked_sub(inside.x)?).checked_sub(columns.name)?;
    let at = columns.benchmarks.start + from / columns.cell;
    columns.benchmarks.contains(&at).then_some(at)
}

struct Columns {
    /// Cells of a name.
    name: usize,
    /// The visible benchmarks, including the one under the cursor, and the cells of each.
    benchmarks: Range<usize>,
    cell: usize,
}

impl Columns {
    fn of(state: &State, room: usize, height: usize) -> Self {
        let (all, forecasts) = (state.model_set.benchmarks.len(), &state.forecasts);
        let shown = &forecasts.rows[visible(state, height)];
        let names = widest(shown.iter().map(|model| state.short(*model))) + MARK;
        let name = names.max(width(PREDICTED)).min(room.saturating_sub(BESIDE * CELL));
        let left = room.saturating_sub(name);
        let fit = (left / CELL).clamp(1, all.max(1));
        let first = (forecasts.at + 1).saturating_sub(fit).min(all);
        let benchmarks = first..(first + fit).min(all);
        // What is left over goes to titles that take more.
        let titles = widest(state.model_set.benchmarks[benchmarks.clone()].iter().map(|b| &b.name));
        let cell = (titles + 2).min(left / fit).max(CELL);
        Self { name, benchmarks, cell }
    }
}

fn header(state: &State, columns: &Columns) -> Vec<Line<'static>> {
    let (theme, room) = (&state.theme, columns.cell - 1);
    let mut lines: Vec<Vec<Span>> = [PREDICTED, "  model"]
        .map(|text| vec![Span::styled(pad(text, columns.name), theme.ink(Ink::Muted))])
        .to_vec();
    for b in columns.benchmarks.clone() {
        let here = b == state.forecasts.at;
        let style = match (here, state.focus == Pane::Forecast) {
            (true, true) => theme.bold(Ink::Accent).patch(theme.cursor()),
            (true, false) => theme.bold(Ink::Text),
            _ => theme.ink(Ink::Muted),
        };
        let mark = if here { "▼" } else { "" };
        let titles = halves(&state.model_set.benchmarks[b].name, room, room - width(mark));
        for (line, title) in lines.iter_mut().zip([titles.0, titles.1 + mark]) {
            let gap = room.saturating_sub(width(&title));
            line.push(Span::raw(" ".repeat(gap + 1)));
            line.push(Span::styled(title, style));
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// A name in two lines: broken between its parts, as late as the first line allows. Short names are in the
/// second line.
fn halves(name: &str, first: usize, second: usize) -> (String, String) {
    if width(name) <= second {
        return (String::new(), name.to_owned());
    }
    let parts = name.char_indices().filter(|(_, c)| matches!(c, '/' | '-' | '_' | ' '));
    let ends: Vec<usize> = parts.map(|(at, c)| at + c.len_utf8()).collect();
    // Where the rest fits too, if possible.
    let fits = |end: &&usize| width(&name[..**end]) <= first;
    let whole = ends.iter().rev().filter(fits).find(|end| width(&name[**end..]) <= second);
    let end = whole.or_else(|| ends.iter().rev().find(fits)).copied();
    match end {
        Some(end) => (name[..end].to_owned(), fit_middle(&name[end..], second)),
        None => (fit(name, first), String::new()),
    }
}

/// The start and the end of a text, which both distinguish names.
fn fit_middle(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let end = fit_end(text, room / 2);
    format!("{}{}", fit(text, room - width(&end) + 1).trim_end_matches('…'), end)
}

fn name_of(state: &State, model: usize, room: usize) -> Span<'static> {
    let (mark, ink) = if state.routed() == Some(model) {
        ("★ ", Ink::MapRouted)
    } else if state.marked.contains(&model) {
        ("◆ ", Ink::Accent)
    } else {
        ("  ", Ink::Text)
    };
    let name = fit(state.short(model), room.saturating_sub(MARK));
    Span::styled(pad(&format!("{mark}{name}"), room), state.theme.ink(ink))
}

/// A percentage with its color; predictions are muted.
fn cell(state: &State, forecast: Forecast, cell: usize) -> [Span<'static>; 2] {
    let theme = &state.theme;
    let p = forecast.accuracy.mean;
    let measured = forecast.responses > 0;
    let hue = theme.hue(Hue::Ramp(((p * 5.0) as usize).min(4), 5));
    let quiet = Theme::blend(hue, theme[Ink::Muted], QUIET);
    let ramp = Style::new().fg(if measured { hue } else { quiet });
    let style = if measured {
        theme.bold(Ink::Text)
    } else {
        theme.ink(Ink::Muted).add_modifier(Modifier::ITALIC)
    };
    let sign = if measured { "" } else { "~" };
    let share = format!("{sign}{:.0}%", 100.0 * p);
    let gap = cell.saturating_sub(5 + 1);
    [
        Span::styled(format!("{}{}", " ".repeat(gap), eighths(p)), ramp),
        Span::styled(format!("{share:>5}"), style),
    ]
}

/// The details of the selected model on the benchmark under the cursor.
fn details(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let forecasts = &state.forecasts;
    let found = forecasts.grid.done().and_then(|grid| grid.get(forecasts.at));
    let Some(column) = found else { return Vec::new() };
    let Some(forecast) = column.get(state.selected) else { return Vec::new() };
    let benchmark = &state.model_set.benchmarks[forecasts.at];
    let title =
        format!("{} on {}", state.name(state.selected), benchmark.kind.marked(&benchmark.name));
    let place = 1 + column.iter().filter(|f| f.accuracy.mean > forecast.accuracy.mean).count();
    let remark = format!("{place} of {}", column.len());
    let accuracy = forecast.accuracy;
    let mut bar = vec![Span::styled(format!("{:>4.0}% ", 100.0 * accuracy.low), muted)];
    let ink = if forecast.responses > 0 { Ink::Good } else { Ink::Accent };
    let parts = (accuracy.low, accuracy.mean, accuracy.high);
    bar.extend(whisker(theme, room.saturating_sub(13), parts, ink, &[]));
    bar.push(Span::styled(format!(" {:>4.0}%", 100.0 * accuracy.high), muted));
    let run = column.iter().filter(|f| f.responses > 0).count();
    let message = if forecast.responses > 0 {
        let (percent, of) = (100.0 * accuracy.mean, thousands(forecast.responses.into()));
        format!("{percent:.1}% {} of {of}", benchmark.kind.achieved())
    } else {
        let Estimate { mean, low, high } = accuracy;
        let (low, high) = (100.0 * low, 100.0 * high);
        let predicted = format!("Predicted {:.1}% (80%: {low:.0}–{high:.0})", 100.0 * mean);
        let texts = [
            format!("{predicted}, from ability and {run} measured"),
            format!("{predicted}, {run} measured"),
            predicted,
        ];
        whole(&texts, room).to_owned()
    };
    let about = Some(&benchmark.description).filter(|about| !about.is_empty());
    let about = about.map(|about| Line::styled(fit(&format!("Asks: {about}"), room), muted));
    let lines = [
        Line::default(),
        heading(theme, room, &fit(&title, room.saturating_sub(width(&remark) + 4)), &remark),
        Line::from(bar),
        Line::styled(fit(&message, room), text),
    ];
    lines.into_iter().chain(about).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_benchmarks_take_two_lines() {
        let of = |name| halves(name, 10, 10);
        assert_eq!(of("gsm8k"), (String::new(), "gsm8k".into()));
        assert_eq!(of("mmlu-pro/business"), ("mmlu-pro/".into(), "business".into()));
        assert_eq!(of("alpaca-eval-1"), ("alpaca-".into(), "eval-1".into()));
        let (first, second) = of("mcpmark/playwright-webarena");
        assert_eq!((first.as_str(), second.as_str()), ("mcpmark/", "playw…rena"));
        assert_eq!(of("unbreakable-name").0, "unbreakab…");
    }
}
