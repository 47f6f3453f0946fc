//! The tour: a small window next to the highlighted part of the screen; the rest is dimmed.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::widgets::{fit, pad, paragraph, width};
use crate::explorer::command::Command;
use crate::explorer::keys::{Binding, Context};
use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::over::tour::{STEPS, Step, Target, Tour};
use crate::explorer::theme::{Ink, Theme};

/// Maximum width of the window.
const WIDE: u16 = 52;
/// How far the rest is mixed towards the background.
const BACK: f64 = 0.6;

/// The areas of a step.
struct Place {
    /// The highlighted part.
    target: Rect,
    window: Rect,
    /// The lines of the window.
    lines: Vec<Line<'static>>,
}

/// The target of a step.
fn target(layout: &Layout, step: &Step) -> Rect {
    match step.target {
        Target::Pane(pane) => layout.pane(pane).unwrap_or(layout.header),
        Target::Header => layout.header,
        Target::Hints => layout.hints,
    }
}

/// The area of the window; `None` without a tour or space.
pub fn window(state: &State, area: Rect) -> Option<Rect> {
    place(state, state.tour.as_ref()?, area).map(|place| place.window)
}

fn place(state: &State, tour: &Tour, area: Rect) -> Option<Place> {
    let target = target(&Layout::within(state, area)?, tour.step());
    let width = WIDE.min(area.width.saturating_sub(4));
    let lines = lines(state, tour.step(), usize::from(width) - 4);
    let height = (lines.len() as u16 + 2).min(area.height);
    let down = target.y.min(area.bottom().saturating_sub(height + 1));
    let middle = area.x + (area.width - width) / 2;
    // Next to it, or below or above it; over it if there is no other space.
    let beside = [
        (target.right(), down),
        (target.x.saturating_sub(width), down),
        (middle, target.bottom()),
        (middle, target.y.saturating_sub(height)),
    ];
    let places = beside.map(|(x, y)| Rect { x, y, width, height });
    let free = |place: &Rect| {
        !place.intersects(target)
            && place.right() <= area.right()
            && place.bottom() <= area.bottom()
    };
    let over = Rect {
        x: target.right().saturating_sub(width + 3).max(area.x),
        y: target.bottom().saturating_sub(height + 3).max(area.y),
        width,
        height,
    };
    let window = places.into_iter().find(free).unwrap_or(over).intersection(area);
    Some(Place { target, window, lines })
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    let Some(tour) = &state.tour else { return };
    let Some(Place { target, window, lines }) = place(state, tour, area) else { return };
    let theme = &state.theme;
    stand_back(frame.buffer_mut(), theme, area, target);
    frame.render_widget(Clear, window);
    let surface = Style::new().bg(theme[Ink::Surface]).fg(theme[Ink::Text]);
    let back = format!("{} next · ", label(state, &Command::TourNext));
    let keys = if tour.at + 1 == STEPS.len() {
        format!(" {} ends the tour ", label(state, &Command::TourNext))
    } else {
        format!(" {back}Esc skips the tour ")
    };
    let dots: String = (0..STEPS.len()).map(|at| if at == tour.at { '●' } else { '○' }).collect();
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::Accent))
        .style(surface)
        .title(Line::styled(format!(" {} ", tour.step().title), theme.bold(Ink::Accent)))
        .title_bottom(Line::styled(format!(" {dots} "), theme.ink(Ink::Accent)))
        .title_bottom(Line::styled(keys, theme.ink(Ink::Muted)).right_aligned());
    frame.render_widget(block, window);
    frame.render_widget(Paragraph::new(lines), Layout::inside(window));
}

fn lines(state: &State, step: &Step, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = paragraph(step.text, room, theme.ink(Ink::Text));
    lines.push(Line::default());
    let tries: Vec<(String, &str)> =
        step.tries.iter().map(|(command, about)| (label(state, command), *about)).collect();
    let keys = tries.iter().map(|(key, _)| width(key)).max().unwrap_or_default();
    lines.extend(tries.into_iter().filter(|(key, _)| !key.is_empty()).map(|(key, about)| {
        Line::from(vec![
            Span::styled(format!("{}  ", pad(&key, keys)), theme.bold(Ink::Accent)),
            Span::styled(fit(about, room.saturating_sub(keys + 2)), theme.ink(Ink::Muted)),
        ])
    }));
    lines
}

/// The first key of a command, in the tour or in the panes.
fn label(state: &State, command: &Command) -> String {
    // The digit of a pane is its best known key.
    let digit = if let Command::Focus(pane) = command { Some(pane.key()) } else { None };
    let known =
        |b: &&Binding| b.command == *command && !b.context.is_typing() && !b.keys.is_empty();
    let own = |b: &&Binding| b.context != Context::Card;
    // The name that applies in every pane has precedence over that of one pane.
    let everywhere = state.keymap.iter().filter(|b| b.context == Context::Everywhere).find(known);
    let bound = everywhere.or_else(|| state.keymap.iter().filter(own).find(known));
    let bound = bound.map(Binding::label);
    let first = |label: String| label.split(' ').next().unwrap_or_default().to_owned();
    digit.map_or_else(|| bound.map_or_else(String::new, first), str::to_owned)
}

/// Dims everything except the target.
fn stand_back(buffer: &mut Buffer, theme: &Theme, area: Rect, target: Rect) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            let at = Position::new(x, y);
            let Some(cell) = buffer.cell_mut(at).filter(|_| !target.contains(at)) else { continue };
            let faded = Theme::blend(cell.fg, theme[Ink::Background], BACK);
            if faded == cell.fg {
                cell.modifier.insert(Modifier::DIM);
            } else {
                cell.fg = faded;
            }
            let ground = Theme::blend(cell.bg, theme[Ink::Background], BACK);
            cell.bg = ground;
        }
    }
}
