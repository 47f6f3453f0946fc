//! Drawing: a pure function of the state.

pub mod frame;
mod geometry;
mod hints;
pub mod labels;
pub mod overlays;
pub mod panes;
mod pareto;
mod raster;
pub mod widgets;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout::{LEAST, Layout, tabs};
use super::state::State;
use super::theme::Ink;
use overlays::{draw_help, draw_picker, draw_toast};
use widgets::{fit, width};

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
    draw_picker(frame, state, area);
    draw_toast(frame, state, area);
    if state.help {
        draw_help(frame, state, area);
    }
}

fn draw_too_small(frame: &mut Frame, state: &State, area: Rect) {
    let (w, h) = LEAST;
    let lines = [
        format!("llmap needs {w} × {h}"),
        format!("this window is {} × {}", area.width, area.height),
        "make it larger, or press q".into(),
    ];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, text) in (top..area.bottom()).zip(&lines) {
        let text = fit(text, area.width.into());
        let x = area.x + (area.width as usize - width(&text)) as u16 / 2;
        let ink = if y == top { Ink::Accent } else { Ink::Muted };
        frame.buffer_mut().set_string(x, y, text, state.theme.ink(ink));
    }
}

fn draw_header(frame: &mut Frame, state: &State, area: Rect) {
    let (theme, subject) = (&state.theme, &state.subject);
    let muted = theme.ink(Ink::Muted);
    let mut right: Vec<Span> = Vec::new();
    if subject.simulated {
        right.push(Span::styled(" simulated data ", theme.badge(Ink::Warn)));
        right.push(Span::raw(" "));
    }
    let room = (area.width as usize).saturating_sub(Line::from(right.clone()).width());
    let size = match subject.vectors.ncols() {
        _ if subject.models.len() == 1 => "1 model".into(),
        0 => format!("{} models", subject.models.len()),
        dim => format!("{} models × {dim} numbers", subject.models.len()),
    };
    let mut left = vec![
        Span::styled(" llmap ", theme.badge(Ink::Accent)),
        Span::styled(format!(" {} ", subject.data), theme.bold(Ink::Text)),
        Span::styled(format!("· {size} "), muted),
    ];
    let figure =
        |name: &str, shown: &str| subject.val.get(name).map(|value| format!("{shown} {value:.3}"));
    let figures = [figure("accuracy", "accuracy"), figure("auc", "AUC"), figure("nll", "loss")];
    let figures: Vec<String> = figures.into_iter().flatten().collect();
    if !figures.is_empty() {
        left.push(Span::styled(format!("· val {}", figures.join(", ")), muted));
    }
    let mut taken = 0;
    left.retain(|span| {
        taken += span.width();
        taken <= room
    });
    frame.render_widget(Line::from(left), area);
    frame.render_widget(Line::from(right).right_aligned(), area);
}

fn draw_tabs(frame: &mut Frame, state: &State, area: Rect) {
    for (pane, name, place) in tabs(area) {
        let focused = pane == state.focus;
        let (number, title) = if focused {
            let style = state.theme.badge(Ink::Accent);
            (style, style)
        } else {
            (state.theme.ink(Ink::Muted), state.theme.ink(Ink::Text))
        };
        let label = vec![
            Span::styled(format!(" {} ", pane.key()), number),
            Span::styled(format!("{name} "), title),
        ];
        frame.render_widget(Line::from(label), place);
    }
}
