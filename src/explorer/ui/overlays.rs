//! Overlays: the help, and lists to choose from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use crate::analysis::router::Measured;
use crate::explorer::keys::Context;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::picker::Picker;
use crate::explorer::theme::Ink;
use crate::explorer::ui::panes::model;
use crate::explorer::ui::widgets::{fit, pad, under_cursor, width, wrap};

/// The maximum width of a list, in cells.
const PICKER: u16 = 76;
/// Lines of the description of the entry under the cursor, and of a model's preview.
const ABOUT: usize = 2;
const MODEL: usize = 14;

/// Maximum number of columns of the help.
const COLUMNS: usize = 3;

/// A bordered window over the screen.
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

/// All keys of the focused pane, over the screen.
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
    let closes =
        if more { " ↓ ↑ more · / search · Esc close " } else { " / search · Esc close " };
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

/// The keys in columns, or in one column if the screen is narrow.
struct Help {
    columns: Vec<Vec<Line<'static>>>,
    widths: Vec<usize>,
    gap: usize,
    height: usize,
}

impl Help {
    fn of(state: &State, area: Rect) -> Self {
        let groups = help_groups(state);
        let gap = if area.width < 100 { 2 } else { 4 };
        let wide = |lines: &Vec<Line>| lines.iter().map(Line::width).max().unwrap_or_default();
        let all = groups.join(&Line::default());
        let room = usize::from(area.height).saturating_sub(2);
        let needed = all.len().div_ceil(room.max(1)).clamp(1, COLUMNS);
        let tallest =
            |columns: &[Vec<Line>]| columns.iter().map(Vec::len).max().unwrap_or_default();
        let fits = |columns: &Vec<Vec<Line>>| {
            columns.iter().map(|lines| wide(lines) + gap).sum::<usize>() + 4 <= area.width.into()
        };
        // Groups stay whole where that fits, and where nothing does: what holds everywhere then begins at
        // the top. Else as in a newspaper, columns of like height.
        let whole = (1..=needed).rev().map(|n| in_columns(&groups, n)).find(fits);
        let whole = whole.unwrap_or_else(|| vec![all.clone()]);
        let even: Vec<Vec<Line>> =
            all.chunks(all.len().div_ceil(needed).max(1)).map(<[Line]>::to_vec).collect();
        let best = tallest(&whole) > room && tallest(&even) <= room && fits(&even);
        let columns = if best { even } else { whole };
        let widths = columns.iter().map(wide).collect();
        let height = tallest(&columns);
        Self { columns, widths, gap, height }
    }
}

/// Groups of lines in so many columns at most, in their order, the tallest as low as can be.
fn in_columns(groups: &[Vec<Line<'static>>], columns: usize) -> Vec<Vec<Line<'static>>> {
    let whole = vec![groups.join(&Line::default())];
    if columns < 2 {
        return whole;
    }
    let split = |at: usize| -> Vec<Vec<Line<'static>>> {
        let rest = in_columns(&groups[at..], columns - 1);
        std::iter::once(groups[..at].join(&Line::default())).chain(rest).collect()
    };
    let tallest = |columns: &Vec<Vec<Line>>| columns.iter().map(Vec::len).max();
    (1..groups.len()).map(split).min_by_key(tallest).unwrap_or(whole)
}

fn help_groups(state: &State) -> Vec<Vec<Line<'static>>> {
    let theme = &state.theme;
    let mut groups: Vec<(&str, Vec<(String, &str)>)> = Vec::new();
    // The keys of the focused pane first; those for typing belong to the router.
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
    if state.focus == Pane::Route {
        let badges = Measured::ALL.map(|m| (m.badge().to_owned(), m.meaning())).to_vec();
        groups.insert(1, ("In the ranking", [badges, of_ranking()].concat()));
    } else {
        groups.insert(1, ("Signs", SIGNS.map(|(sign, about)| (sign.to_owned(), about)).to_vec()));
    }
    groups.push(("Mouse", MOUSE.map(|(does, about)| (does.to_owned(), about)).to_vec()));
    groups.iter().map(column).collect()
}

/// The other symbols of the ranking.
fn of_ranking() -> Vec<(String, &'static str)> {
    let signs = [
        ("★", "Routed to"),
        ("≈", "Tied with the most accurate: both measured on"),
        ("", "such questions, the gap within its 80% interval"),
        ("▲", "Pareto front: none is better for less"),
        ("~", "Predicted, not measured"),
        ("$/M", "$ per million tokens, mean of in and out"),
        ("prompt", "Cost of this prompt; :answer-tokens sets the answer"),
        ("Scope", "Familiarity of the prompt: out, near, in"),
    ];
    signs.map(|(sign, about)| (sign.to_owned(), about)).to_vec()
}

/// The signs on the map and before numbers.
const SIGNS: [(&str, &str); 5] = [
    ("~", "Predicted, not measured"),
    ("◉", "The selected model"),
    ("◆", "Marked models"),
    ("★", "The model that the prompt is routed to"),
    ("✚", "The new model"),
];

/// The mouse actions, which are not in the keymap.
const MOUSE: [(&str, &str); 6] = [
    ("click", "Select; groups, titles, tabs and hints too"),
    ("drag", "Box, lasso or zoom (B switches)"),
    ("right", "Zoom to a box"),
    ("middle", "Rotate in 3-D"),
    ("wheel", "Zoom or scroll"),
    ("hover", "Show a point, a group, the model of a row"),
];
