//! Drawing: a pure function of the state.

pub mod axes;
mod card;
mod density;
pub mod frame;
mod geometry;
pub mod group;
pub mod help;
pub mod hints;
pub mod labels;
pub mod legend;
pub mod overlays;
pub mod panes;
mod pareto;
mod raster;
mod regions;
mod roles;
pub mod scene;
pub mod tour;
pub mod widgets;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout::{LEAST, Layout, tabs};
use super::pane::Pane;
use super::state::State;
use super::state::map::Tool;
use super::theme::Ink;
use overlays::draw_picker;
use widgets::{fit, width};

/// Between the parts of the status.
const SEPARATOR: &str = "│ ";
/// Minimum width of a truncated part of the status.
const READABLE: usize = 6;

/// Cells of a header that says what the embedder was trained on, at least.
const ORIGIN: u16 = 100;

/// Draws the whole screen.
pub fn view(frame: &mut Frame, state: &State) {
    let area = frame.area();
    let ground = Style::new().bg(state.theme[Ink::Background]).fg(state.theme[Ink::Text]);
    frame.buffer_mut().set_style(area, ground);
    let Some(layout) = Layout::within(state, area) else {
        return draw_too_small(frame, state, area);
    };
    draw_header(frame, state, layout.header);
    if let Some(bar) = layout.tabs {
        draw_tabs(frame, state, bar);
    }
    for &(pane, area) in &layout.panes {
        panes::draw(frame, state, pane, area, &layout);
    }
    if let Some(area) = layout.training {
        panes::training::draw(frame, state, area);
    }
    hints::draw(frame, state, layout.hints);
    group::draw(frame, state, area);
    tour::draw(frame, state, area);
    draw_picker(frame, state, area);
    if state.help {
        help::draw(frame, state, area);
    }
}

fn draw_too_small(frame: &mut Frame, state: &State, area: Rect) {
    let (w, h) = LEAST;
    let lines = [
        "Terminal too small".into(),
        format!("{}×{}, need {w}×{h}", area.width, area.height),
        "(q quits)".into(),
    ];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, text) in (top..area.bottom()).zip(&lines) {
        let text = fit(text, area.width.into());
        let x = area.x + (area.width as usize - width(&text)) as u16 / 2;
        let ink = if y == top { Ink::Accent } else { Ink::Muted };
        frame.buffer_mut().set_string(x, y, text, state.theme.ink(ink));
    }
}

/// The title, and what is selected, colored, filtered and marked.
fn draw_header(frame: &mut Frame, state: &State, area: Rect) {
    let (theme, model_set) = (&state.theme, &state.model_set);
    let muted = theme.ink(Ink::Muted);
    let mut right: Vec<Span> = Vec::new();
    if model_set.simulated {
        right.push(Span::styled(" simulated data ", theme.badge(Ink::Warn)));
        right.push(Span::raw(" "));
    }
    let room = (area.width as usize).saturating_sub(Line::from(right.clone()).width());
    let models = match model_set.models.len() {
        1 => "1 model".into(),
        n if state.filter.is_on() => format!("{} of {n} models", state.filter.left(n)),
        n => format!("{n} models"),
    };
    let mut left = vec![
        Span::styled(" llmap ", theme.badge(Ink::Accent)),
        Span::styled(
            format!(" {models} "),
            theme.bold(if state.filter.is_on() { Ink::Accent } else { Ink::Text }),
        ),
    ];
    let mut taken: usize = left.iter().map(Span::width).sum();
    let mut parts = status(state);
    let around = |name: &str| width(SEPARATOR) + width(name) + 1;
    let wanted: usize = parts.iter().map(|(name, value, _)| around(name) + width(value)).sum();
    // The data is where they come from, and need not be open. All else is more important.
    let done = if state.training.is_some() { "training" } else { "trained" };
    let origin = format!("· {done} on {} ", model_set.data);
    if !model_set.data.is_empty() && area.width >= ORIGIN && taken + width(&origin) + wanted <= room
    {
        taken += width(&origin);
        left.push(Span::styled(origin, muted));
    }
    // A long filter leaves room for what follows.
    if let Some(((name, filter, _), others)) =
        parts.split_first_mut().filter(|_| state.filter.is_on())
    {
        let free = room.saturating_sub(taken + around(name));
        let mut beside = 0;
        for (name, value, _) in others {
            let least = around(name) + width(value).min(READABLE);
            if beside + least + READABLE > free {
                break;
            }
            beside = (beside + around(name) + width(value)).min(free - READABLE);
        }
        *filter = fit(filter, free - beside);
    }
    for (name, value, ink) in parts {
        let separator = Span::styled(SEPARATOR, theme.ink(Ink::Border));
        let around = around(name);
        let name = Span::styled(name, muted);
        let value = fit(&value, room.saturating_sub(taken + around));
        // A part that would be truncated too much is left out, with those after it.
        if width(&value) < READABLE && (value.is_empty() || value.ends_with('…')) {
            break;
        }
        taken += around + width(&value);
        left.extend([separator, name, Span::styled(format!("{value} "), theme.ink(ink))]);
    }
    frame.render_widget(Line::from(left), area);
    frame.render_widget(Line::from(right).right_aligned(), area);
}

/// The parts of the status: a name, and a value with its color.
fn status(state: &State) -> Vec<(&'static str, String, Ink)> {
    let mut parts = Vec::new();
    if state.filter.is_on() {
        parts.push(("filter ", state.filter.title(), Ink::Accent));
    }
    if state.selected < state.model_set.models.len() {
        parts.push(("", state.short(state.selected).to_owned(), Ink::MapSelected));
    }
    if !state.marked.is_empty() {
        parts.push(("", format!("{} marked", state.marked.len()), Ink::Accent));
    }
    if let Some(title) = &state.map.coloring.title {
        let isolated = state.map.isolated.and_then(|i| state.map.coloring.classes.get(i));
        let named = isolated.map(|class| {
            let cluster = state.map.isolated.and_then(|class| state.cluster(class));
            cluster.map_or(&class.name, |cluster| &cluster.title)
        });
        let only = named.map_or_else(String::new, |named| format!(": {named} only"));
        parts.push(("color ", format!("{title}{only}"), Ink::Text));
    }
    let words = state.questions.filter.trim();
    if state.focus == Pane::Questions && !words.is_empty() {
        parts.push(("questions with ", crate::one_line(words), Ink::Text));
    }
    if state.map.tool != Tool::Box {
        parts.push(("", state.map.tool.title().to_lowercase(), Ink::Text));
    }
    parts
}

fn draw_tabs(frame: &mut Frame, state: &State, area: Rect) {
    for (pane, name, place) in tabs(area, state.focus) {
        let (number, title) = if pane == state.focus {
            let style = state.theme.badge(Ink::Accent);
            (style, style)
        } else {
            (state.theme.ink(Ink::Muted), state.theme.ink(Ink::Text))
        };
        let end = if name.is_empty() { String::new() } else { format!("{name} ") };
        let label =
            vec![Span::styled(format!(" {} ", pane.key()), number), Span::styled(end, title)];
        frame.render_widget(Line::from(label), place);
    }
}
