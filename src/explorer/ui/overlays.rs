//! What lies over the panes: the help, a list to pick from, a word on what happened.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use crate::explorer::keys::Context;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{fit, pad, under_cursor, width, wrap};

/// The widest picker and toast, in cells.
const PICKER: u16 = 68;
const TOAST: u16 = 72;

/// How many lines longer a column of the help may be than the one before it.
const UNEVEN: usize = 8;

/// A bordered surface over the screen.
fn surface(
    frame: &mut Frame,
    state: &State,
    area: Rect,
    border: Ink,
    title: Line<'static>,
) -> Rect {
    let theme = &state.theme;
    frame.render_widget(Clear, area);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(border))
        .style(Style::new().bg(theme[Ink::Surface]).fg(theme[Ink::Text]))
        .title(title);
    frame.render_widget(block, area);
    Layout::inside(area)
}

/// The list to pick from, with a line to type in.
pub fn draw_picker(frame: &mut Frame, state: &State, area: Rect) {
    let Some(picker) = state.modes.picker() else { return };
    let theme = &state.theme;
    let title = Line::styled(format!(" {} ", picker.title), theme.bold(Ink::Accent));
    let height = (picker.items.len() as u16 + 4).min(area.height.saturating_sub(2)).max(5);
    // A preview must be seen: the list stands at the side of what it changes.
    let wide = if picker.preview.is_some() { 46 } else { PICKER };
    let w = wide.min(area.width.saturating_sub(4));
    let place = if picker.preview.is_some() && area.width >= 100 {
        Rect { x: area.right() - w - 1, y: area.y + 1, width: w, height }
    } else {
        area.centered(Constraint::Length(w), Constraint::Length(height))
    };
    let inside = surface(frame, state, place, Ink::BorderFocus, title);
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
    let rows = usize::from(inside.height).saturating_sub(1);
    let first = picker.first(rows);
    for (row, i) in picker.hits.iter().enumerate().skip(first).take(rows) {
        let item = &picker.items[*i];
        let mark = match (picker.stays, item.chosen) {
            (true, true) => "▣ ",
            (true, false) => "□ ",
            (false, true) => "● ",
            (false, false) => "  ",
        };
        let remark = fit(&item.remark, room / 2);
        let label = pad(&item.label, room.saturating_sub(width(&remark) + 3));
        let line = Line::from(vec![
            Span::styled(mark, theme.bold(Ink::Accent)),
            Span::styled(label, theme.ink(Ink::Text)),
            Span::styled(format!(" {remark}"), theme.ink(Ink::Muted)),
        ]);
        lines.push(if row == picker.at { under_cursor(theme, line) } else { line });
    }
    if picker.hits.is_empty() {
        lines.push(Line::styled("nothing is called that", theme.ink(Ink::Muted)));
    }
    frame.render_widget(Paragraph::new(lines), inside);
    frame.set_cursor_position((cursor.min(inside.right().saturating_sub(1)), inside.y));
}

/// A word on what happened, in the lower right corner until the next key.
pub fn draw_toast(frame: &mut Frame, state: &State, area: Rect) {
    let Some(notice) = &state.notice else { return };
    let theme = &state.theme;
    let (ink, mark) = if notice.bad { (Ink::Bad, "✗ ") } else { (Ink::Good, "✓ ") };
    let room = usize::from(TOAST.min(area.width.saturating_sub(8)));
    let mut lines = wrap(&notice.text, room);
    lines.truncate(usize::from(area.height / 3).max(1));
    let w = lines.iter().map(|line| width(line)).max().unwrap_or_default() as u16 + 6;
    let h = lines.len() as u16 + 2;
    let place = Rect {
        x: area.right().saturating_sub(w + 1),
        y: area.bottom().saturating_sub(h + 1),
        width: w.min(area.width),
        height: h.min(area.height),
    };
    let inside = surface(frame, state, place, ink, Line::default());
    let lines: Vec<Line> = lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| {
            let mark = if i == 0 { mark } else { "  " };
            Line::from(vec![
                Span::styled(mark, theme.bold(ink)),
                Span::styled(line, theme.ink(Ink::Text)),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inside);
}

/// All keys that hold in the focused pane, over the screen.
pub fn draw_help(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let Help { columns, widths, gap, height } = Help::of(state, area);
    let across = widths.iter().map(|w| w + gap).sum::<usize>() + 4;
    let popup = area.centered(
        Constraint::Length((across as u16).min(area.width)),
        Constraint::Length((height as u16 + 2).min(area.height)),
    );
    frame.render_widget(Clear, popup);
    let surface = Style::new().bg(theme[Ink::Surface]).fg(theme[Ink::Text]);
    let more = height > usize::from(popup.height.saturating_sub(2));
    let closes = if more { " ↓ ↑ more, any other key closes " } else { " any key closes " };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::BorderFocus))
        .style(surface)
        .title(Line::styled(" Keys ", theme.bold(Ink::Accent)))
        .title_bottom(Line::styled(closes, theme.ink(Ink::Muted)).right_aligned());
    frame.render_widget(block, popup);
    let inside = Layout::inside(popup);
    let mut x = inside.x;
    for (lines, w) in columns.into_iter().zip(widths) {
        let place = Rect { x, width: w as u16, ..inside }.intersection(inside);
        let lines: Vec<Line> = lines.into_iter().skip(state.help_scroll).collect();
        frame.render_widget(Paragraph::new(lines), place);
        x += (w + gap) as u16;
    }
}

/// Lines of the help that do not fit the screen.
pub fn help_overflow(state: &State) -> usize {
    Help::of(state, state.area)
        .height
        .saturating_sub(usize::from(state.area.height.saturating_sub(2)))
}

/// The keys in columns, or below each other where the screen is narrow.
struct Help {
    columns: Vec<Vec<Line<'static>>>,
    widths: Vec<usize>,
    gap: usize,
    height: usize,
}

impl Help {
    fn of(state: &State, area: Rect) -> Self {
        let mut columns = help_columns(state);
        if columns.len() > 2 && area.width < 120 {
            // The keys of the pane below each other, the general ones beside them.
            let general = columns.split_off(columns.len() - 1);
            columns = vec![columns.join(&Line::default())];
            columns.extend(general);
        }
        if let [first, last] = &columns[..]
            && last.len() > first.len() + UNEVEN
        {
            // As in a newspaper: what is too long for one column begins in the other.
            let mut all = columns.join(&Line::default());
            let rest = all.split_off(all.len().div_ceil(2));
            columns = vec![all, rest];
        }
        let gap = if area.width < 100 { 2 } else { 4 };
        let wide = |lines: &Vec<Line>| lines.iter().map(Line::width).max().unwrap_or_default();
        let across = columns.iter().map(|lines| wide(lines) + gap).sum::<usize>() + 4;
        if across > usize::from(area.width) {
            columns = vec![columns.join(&Line::default())];
        }
        let widths = columns.iter().map(wide).collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or_default();
        Self { columns, widths, gap, height }
    }
}

fn help_columns(state: &State) -> Vec<Vec<Line<'static>>> {
    let theme = &state.theme;
    let mut groups: Vec<(&str, Vec<(String, &str)>)> = Vec::new();
    // The keys of the focused pane first; what holds while typing belongs to the router.
    let mut contexts = state.contexts();
    if state.focus == Pane::Route {
        contexts.splice(0..1, [Context::Pane(Pane::Route), Context::Prompt]);
        contexts.push(Context::Everywhere);
    }
    contexts.dedup();
    for context in contexts {
        for binding in state.keymap.iter().filter(|b| b.context == context && !b.keys.is_empty()) {
            let title = context.title();
            let row = (binding.label(), binding.about);
            match groups.iter_mut().find(|(known, _)| *known == title) {
                Some((_, rows)) => {
                    if !rows.contains(&row) {
                        rows.push(row);
                    }
                }
                None => groups.push((title, vec![row])),
            }
        }
    }
    let keys = groups.iter().flat_map(|(_, rows)| rows).map(|(key, _)| width(key)).max();
    let keys = keys.unwrap_or_default();
    let column = |(title, rows): &(&str, Vec<(String, &str)>)| -> Vec<Line<'static>> {
        let heading = Line::styled((*title).to_owned(), theme.bold(Ink::Accent));
        let row = |(key, about): &(String, &str)| {
            Line::from(vec![
                Span::styled(pad(key, keys + 1), theme.bold(Ink::Text)),
                Span::styled((*about).to_owned(), theme.ink(Ink::Muted)),
            ])
        };
        std::iter::once(heading).chain(rows.iter().map(row)).collect()
    };
    groups.iter().map(column).collect()
}
