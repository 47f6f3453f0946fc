//! The Models pane: all models as a table.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::column::{Cell, Column};
use crate::explorer::theme::Hue;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{
    around, eighths, fit, fit_end, pad, thousands, under_cursor, width,
};

/// Width of the mark before a name.
const MARK: usize = 2;
/// Maximum width of a name and of other text.
const NAME: usize = 44;
/// From this width of the terminal on, names are in full; below, they have at least so many cells.
const FULL: u16 = 120;
const NARROW: usize = 24;
const TEXT: usize = 14;
/// Maximum width of a title over a percentage: names of benchmarks differ at the end.
const TITLE: usize = 10;
/// Rows whose text determines the width of a column.
const SAMPLED: usize = 200;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let (all, shown) = (state.model_set.models.len(), state.table.rows.len());
    let mut remark = if all == 1 {
        "1 model".into()
    } else if shown == all {
        format!("{} models", thousands(all as u64))
    } else {
        format!("{} of {} models", thousands(shown as u64), thousands(all as u64))
    };
    if !state.marked.is_empty() {
        remark += &format!(", {} marked", state.marked.len());
    }
    if state.filter.is_on() {
        remark += &format!(" · {}", fit(&state.filter.title(), 30));
    }
    let inside = Layout::inside(area);
    let columns = columns(state, inside.width.into());
    let (seen, of) = (columns.len(), state.table.columns.len());
    if seen < of {
        remark += &format!(" · {seen} of {of} columns");
    }
    frame.render_widget(pane_block(state, layout, Pane::Models, &remark, area.width), area);
    if inside.height < 2 {
        return;
    }
    let mut lines = vec![header(state, &columns)];
    if state.table.rows.is_empty() {
        lines.push(Line::styled("no models", state.theme.ink(Ink::Muted)));
    }
    for row in visible(state, inside.height.into()) {
        let model = state.table.rows[row];
        let line = Line::from(cells(state, &columns, model));
        let here = model == state.selected;
        lines.push(if here { under_cursor(&state.theme, line) } else { line });
    }
    frame.render_widget(Paragraph::new(lines), inside);
}

/// The visible rows in a pane of this height, including the selected model.
fn visible(state: &State, height: usize) -> Range<usize> {
    let rows = &state.table.rows;
    let at = rows.iter().position(|model| *model == state.selected).unwrap_or_default();
    around(at, height.saturating_sub(1), rows.len())
}

/// The row at a line of the pane.
pub fn row_at(state: &State, height: usize, line: usize) -> Option<usize> {
    let visible = visible(state, height);
    let row = visible.start + line.checked_sub(1)?;
    visible.contains(&row).then_some(row)
}

/// The column at a cell of the header.
pub fn column_at(state: &State, inside: Rect, x: u16) -> Option<usize> {
    let mut left = usize::from(inside.x);
    columns(state, inside.width.into()).into_iter().find_map(|(at, w)| {
        let here = left..left + w + 1;
        left = here.end;
        here.contains(&usize::from(x)).then_some(at)
    })
}

/// The visible columns, as indices, with their widths: the name always, and as many of the others as fit,
/// including the one under the cursor.
fn columns(state: &State, room: usize) -> Vec<(usize, usize)> {
    let table = &state.table;
    let sampled = visible(state, SAMPLED);
    // The width of a column, and what it needs to be whole.
    let wide = |at: usize| -> (usize, usize) {
        let column = table.columns[at];
        let title = width(column.title(&state.model_set));
        let arrow = usize::from(column == table.sort);
        let most = match column {
            Column::Name => NAME,
            Column::Benchmark(_) => TITLE,
            _ => TEXT,
        };
        let text = |row: usize| match column {
            Column::Name => state.short(table.rows[row]).to_owned(),
            _ => text(&column.cell(&state.facts(), table.rows[row])).1,
        };
        let widest = match column {
            Column::Benchmark(_) | Column::Forecast | Column::Ability => 6,
            _ => sampled.clone().map(|row| width(&text(row))).max().unwrap_or_default(),
        };
        let mark = if column == Column::Name { MARK } else { 0 };
        let least = widest.clamp(4, most).max((title + 2).min(most));
        (least + mark, widest.max(title + arrow).max(least) + mark)
    };
    // In a small terminal, names leave room for what the models are compared by.
    let most = if state.area.width < FULL { NARROW.max(room * 2 / 5) } else { room };
    let all: Vec<(usize, usize)> = (0..table.columns.len()).map(wide).collect();
    let name = all[0].0.min(most).min(room);
    let mut shown = vec![(0, name)];
    // The first column from which the one under the cursor fits.
    let from = (1..=table.at.max(1)).find(|first| {
        all[*first..=table.at].iter().map(|(w, _)| w + 1).sum::<usize>() + name <= room
    });
    let mut left = room.saturating_sub(name);
    for (at, &(w, _)) in all.iter().enumerate().skip(from.unwrap_or(table.at).max(1)) {
        if w + 1 > left {
            break;
        }
        left -= w + 1;
        shown.push((at, w));
    }
    // What is left over goes to the columns that are cut.
    for (at, w) in &mut shown {
        let more = all[*at].1.saturating_sub(*w).min(left);
        *w += more;
        left -= more;
    }
    shown
}

fn header(state: &State, columns: &[(usize, usize)]) -> Line<'static> {
    let (theme, table) = (&state.theme, &state.table);
    let mut spans = Vec::new();
    for &(at, w) in columns {
        let column = table.columns[at];
        let arrow = match column == table.sort {
            true if table.descending => "▼",
            true => "▲",
            false => "",
        };
        let room = w.saturating_sub(width(arrow));
        let title = match column {
            Column::Benchmark(_) => fit_end(column.title(&state.model_set), room),
            _ => fit(column.title(&state.model_set), room),
        };
        let title = format!("{title}{arrow}");
        let gap = w.saturating_sub(width(&title));
        let text = if column == Column::Name {
            format!("{}{title}{} ", " ".repeat(MARK.min(gap)), " ".repeat(gap.saturating_sub(MARK)))
        } else if column.is_text(&state.model_set) {
            format!("{title}{} ", " ".repeat(gap))
        } else {
            format!("{}{title} ", " ".repeat(gap))
        };
        let here = state.focus == Pane::Models && at == table.at;
        let style = if here {
            theme.bold(Ink::Accent).patch(theme.cursor())
        } else if column == table.sort {
            theme.bold(Ink::Text)
        } else {
            theme.ink(Ink::Muted)
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// The glyph before a value (for percentages) and the value.
fn text(cell: &Cell) -> (&'static str, String) {
    match cell {
        Cell::Text(text) => ("", text.clone()),
        Cell::Flag(true) => ("", "✓".into()),
        Cell::Flag(false) | Cell::Unknown => ("", "·".into()),
        Cell::Number(n) if *n >= 10_000.0 && n.fract() == 0.0 => ("", thousands(*n as u64)),
        Cell::Number(n) => ("", format!("{}", (n * 100.0).round() / 100.0)),
        Cell::Decimal(n) => ("", format!("{n:+.2}")),
        Cell::Share(p) => (eighths(*p), format!("{:.0}%", 100.0 * p)),
    }
}

fn cells(state: &State, columns: &[(usize, usize)], model: usize) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let mut spans = Vec::new();
    for &(at, w) in columns {
        let column = state.table.columns[at];
        let cell = column.cell(&state.facts(), model);
        let (glyph, shown) = text(&cell);
        if column == Column::Name {
            let routed = state.routed() == Some(model);
            let (mark, ink) = if routed {
                ("★ ", Ink::MapRouted)
            } else if state.marked.contains(&model) {
                ("◆ ", Ink::Accent)
            } else {
                ("  ", Ink::Text)
            };
            spans.push(Span::styled(mark, theme.bold(ink)));
            let name = pad(state.short(model), w.saturating_sub(MARK));
            spans.push(Span::styled(format!("{name} "), theme.ink(ink)));
            continue;
        }
        let style = match &cell {
            Cell::Flag(true) => theme.bold(Ink::Good),
            Cell::Unknown | Cell::Flag(false) | Cell::Text(_) => theme.ink(Ink::Muted),
            _ => theme.ink(Ink::Text),
        };
        if column.is_text(&state.model_set) {
            spans.push(Span::styled(format!("{} ", pad(&shown, w)), style));
            continue;
        }
        let shown = fit(&shown, w);
        let gap = w.saturating_sub(width(&shown) + width(glyph));
        if let Cell::Share(p) = cell {
            let bin = ((p * 5.0) as usize).min(4);
            let style = Style::new().fg(theme.hue(Hue::Ramp(bin, 5)));
            let gap = gap.saturating_sub(4_usize.saturating_sub(width(&shown)));
            spans.push(Span::raw(" ".repeat(gap)));
            spans.push(Span::styled(glyph, style));
            let rest = w.saturating_sub(gap + width(glyph));
            spans.push(Span::styled(
                format!("{}{shown} ", " ".repeat(rest.saturating_sub(width(&shown)))),
                theme.ink(Ink::Text),
            ));
        } else {
            spans.push(Span::styled(format!("{}{shown} ", " ".repeat(gap)), style));
        }
    }
    spans
}
