//! The lists to choose from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::picker::Picker;
use crate::explorer::theme::Ink;
use crate::explorer::ui::panes::model;
use crate::explorer::ui::widgets::{fit, pad, under_cursor, width, wrap};

/// The width of a list without a preview, in cells.
const PICKER: u16 = 76;
/// Cells of a list beside its entries: the border with its margins, a mark, and the gap before a remark.
const BESIDE: u16 = 4 + 3;
/// Lines of the description of the entry under the cursor, and of a model's preview.
const ABOUT: usize = 2;
const MODEL: usize = 14;

/// A bordered window over the screen.
pub fn surface(
    frame: &mut Frame,
    state: &State,
    area: Rect,
    title: Line<'static>,
    bottom: Line<'static>,
) -> Rect {
    let theme = &state.theme;
    frame.render_widget(Clear, area);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::BorderFocus))
        .style(Style::new().bg(theme[Ink::Surface]).fg(theme[Ink::Text]))
        .title(title)
        .title_bottom(bottom);
    frame.render_widget(block, area);
    Layout::inside(area)
}

/// The list, with a search line.
pub fn draw_picker(frame: &mut Frame, state: &State, area: Rect) {
    let Some(picker) = state.modes.picker() else { return };
    let theme = &state.theme;
    let title = Line::styled(format!(" {} ", picker.title), theme.bold(Ink::Accent));
    let about = picker.items.iter().any(|item| !item.about.is_empty());
    let about = if about { ABOUT as u16 + 1 } else { 0 };
    let height = (picker.items.len() as u16 + 4 + about).min(area.height.saturating_sub(2)).max(5);
    // The list is at the side, so that a preview stays visible.
    let wide = match picker.preview {
        Some(_) if picker.of_models => 64,
        Some(_) => 46,
        None => PICKER,
    };
    // Entries may differ only at the end, so they have to be whole.
    let longest = picker.items.iter().map(|item| width(&item.label) + width(&item.remark)).max();
    let longest = longest.unwrap_or_default() as u16 + BESIDE;
    let w = wide.max(longest).min(area.width.saturating_sub(4));
    let place = if picker.preview.is_some() && area.width >= 100 {
        Rect { x: area.right() - w - 1, y: area.y + 1, width: w, height }
    } else {
        area.centered(Constraint::Length(w), Constraint::Length(height))
    };
    let inside = surface(frame, state, place, title, Line::default());
    let room = usize::from(inside.width);
    let typed = fit(&crate::one_line(picker.input.value()), room.saturating_sub(3));
    let cursor = inside.x + 2 + width(&typed) as u16;
    let mut lines = vec![Line::from(vec![
        Span::styled("❯ ", theme.bold(Ink::Accent)),
        if typed.is_empty() {
            Span::styled("type to find", theme.ink(Ink::Muted))
        } else {
            Span::styled(typed, theme.ink(Ink::Text))
        },
    ])];
    let below = below(state, picker, room, inside.height.into());
    let rows = usize::from(inside.height).saturating_sub(1 + below.len());
    let first = picker.first(rows);
    for (row, i) in picker.hits.iter().enumerate().skip(first).take(rows) {
        let item = &picker.items[*i];
        let mark = match (picker.stays, item.chosen) {
            (true, true) => "▣ ",
            (true, false) => "□ ",
            (false, true) => "● ",
            (false, false) => "  ",
        };
        let left = room.saturating_sub(width(&item.label) + 3).max(room / 2);
        let remark = fit(&item.remark, left);
        let label = pad(&item.label, room.saturating_sub(width(&remark) + 3));
        let line = Line::from(vec![
            Span::styled(mark, theme.bold(Ink::Accent)),
            Span::styled(label, theme.ink(Ink::Text)),
            Span::styled(format!(" {remark}"), theme.ink(Ink::Muted)),
        ]);
        lines.push(if row == picker.at { under_cursor(theme, line) } else { line });
    }
    if picker.hits.is_empty() {
        lines.push(Line::styled("no matches", theme.ink(Ink::Muted)));
    }
    lines.resize(rows + 1, Line::default());
    lines.extend(below);
    frame.render_widget(Paragraph::new(lines), inside);
    frame.set_cursor_position((cursor.min(inside.right().saturating_sub(1)), inside.y));
}

/// The description of the entry under the cursor, below a list.
fn below(state: &State, picker: &Picker, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let rule = Line::styled("─".repeat(room), theme.ink(Ink::Border));
    let lines: Vec<Line> = if picker.of_models && height >= 2 * MODEL {
        // Without matches, no model is shown.
        let known = picker.under_cursor().is_some();
        let mut lines = if known { model::lines(state, room) } else { Vec::new() };
        lines.resize(MODEL, Line::default());
        lines
    } else if picker.items.iter().any(|item| !item.about.is_empty()) {
        let about = picker.under_cursor().map_or("", |item| &item.about);
        let mut lines = wrap(about, room);
        lines.resize(ABOUT, String::new());
        lines.into_iter().map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect()
    } else {
        return Vec::new();
    };
    std::iter::once(rule).chain(lines).collect()
}
