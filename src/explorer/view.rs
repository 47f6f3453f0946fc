//! Drawing: a pure function of the state.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType};

use super::action::{Action, Pane};
use super::keys::{Binding, Context};
use super::layout::{LEAST, Layout, tabs};
use super::overlays::{draw_help, draw_picker, draw_toast};
use super::state::State;
use super::theme::Ink;
use super::widgets::{fit, width};
use super::{
    pane_compare, pane_evaluate, pane_forecast, pane_map, pane_model, pane_models, pane_newcomer,
    pane_probe, pane_questions, pane_route, pane_training,
};

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
        match pane {
            Pane::Map => pane_map::draw(frame, state, area, &layout),
            Pane::Model => pane_model::draw(frame, state, area, &layout),
            Pane::Probe => pane_probe::draw(frame, state, area, &layout),
            Pane::Route => pane_route::draw(frame, state, area, &layout),
            Pane::Evaluate => pane_evaluate::draw(frame, state, area, &layout),
            Pane::Models => pane_models::draw(frame, state, area, &layout),
            Pane::Compare => pane_compare::draw(frame, state, area, &layout),
            Pane::Questions => pane_questions::draw(frame, state, area, &layout),
            Pane::Forecast => pane_forecast::draw(frame, state, area, &layout),
            Pane::Newcomer => pane_newcomer::draw(frame, state, area, &layout),
        }
    }
    if let Some(area) = layout.training {
        pane_training::draw(frame, state, area);
    }
    draw_hints(frame, state, layout.hints);
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
            Span::styled(format!(" {} ", pane.number()), number),
            Span::styled(format!("{name} "), title),
        ];
        frame.render_widget(Line::from(label), place);
    }
}

/// The frame of a pane: its title, or the titles of all panes that share the place.
pub fn pane_block(
    state: &State,
    layout: &Layout,
    pane: Pane,
    remark: &str,
    room: u16,
) -> Block<'static> {
    let theme = &state.theme;
    let focused = state.focus == pane && layout.tabs.is_none();
    let titles: Vec<Span> = layout
        .shares(pane)
        .into_iter()
        .map(|shown| {
            let style = if shown != pane {
                theme.ink(Ink::Muted)
            } else if focused {
                theme.bold(Ink::Accent)
            } else {
                theme.bold(Ink::Text)
            };
            Span::styled(title(shown, shown == pane || room >= ROOMY), style)
        })
        .collect();
    let titles = Line::from(titles);
    let left = (room as usize).saturating_sub(titles.width() + 6);
    let border = if focused { Ink::BorderFocus } else { Ink::Border };
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(border))
        .title(titles);
    if !remark.is_empty() && left > 8 {
        let remark = Line::styled(format!(" {} ", fit(remark, left)), theme.ink(Ink::Muted));
        block = block.title(remark.right_aligned());
    }
    block
}

/// Cells from which on all panes that share a place have their whole names.
const ROOMY: u16 = 100;

fn title(pane: Pane, whole: bool) -> String {
    let name = if whole { pane.title() } else { pane.short_title() };
    format!(" {} {name} ", pane.number())
}

/// The pane whose title stands at column `x` of the upper border.
pub fn title_at(layout: &Layout, pane: Pane, area: Rect, x: u16) -> Option<Pane> {
    let mut left = area.x + 1;
    layout.shares(pane).into_iter().find(|shown| {
        let whole = *shown == pane || area.width >= ROOMY;
        let here = left..left + title(*shown, whole).len() as u16;
        left = here.end;
        here.contains(&x)
    })
}

/// The line of a pane's list that is drawn at row `y`.
pub fn line_at(state: &State, pane: Pane, area: Rect, y: u16) -> Option<usize> {
    let inside = Layout::inside(area);
    let row = usize::from(y.checked_sub(inside.y)?);
    match pane {
        Pane::Probe => pane_probe::attribute_at(state, inside.height.into(), row),
        Pane::Route => pane_route::candidate_at(state, inside, row),
        Pane::Models => pane_models::row_at(state, inside.height.into(), row),
        Pane::Questions => pane_questions::row_at(state, inside, row),
        Pane::Forecast => pane_forecast::row_at(state, inside.height.into(), row),
        Pane::Map | Pane::Model | Pane::Evaluate | Pane::Compare | Pane::Newcomer => None,
    }
}

/// The lowest line: what is being typed, or the keys that matter now.
fn draw_hints(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let room = area.width as usize;
    if let Some(search) = &state.search {
        let found = match search.hits.len() {
            0 => "no model".to_owned(),
            n => format!("{} of {n}", search.at + 1),
        };
        let typed = fit(search.input.value(), room.saturating_sub(30));
        let cursor = area.x + 2 + width(&typed) as u16;
        let line = Line::from(vec![
            Span::styled(" /", theme.bold(Ink::Accent)),
            Span::styled(format!("{typed} "), theme.ink(Ink::Text)),
            Span::styled(format!("  {found}   Enter stays, Esc goes back"), theme.ink(Ink::Muted)),
        ]);
        frame.render_widget(line, area);
        frame.set_cursor_position((cursor.min(area.right().saturating_sub(1)), area.y));
        return;
    }
    if let Some(name) = &state.probe.naming {
        let typed = fit(name.value(), room.saturating_sub(40));
        let title = format!(" name of the {} marked models: ", state.marked.len());
        let cursor = area.x + (width(&title) + width(&typed)) as u16;
        let line = Line::from(vec![
            Span::styled(title, theme.bold(Ink::Accent)),
            Span::styled(typed, theme.ink(Ink::Text)),
            Span::styled("   Enter probes it, Esc does not", theme.ink(Ink::Muted)),
        ]);
        frame.render_widget(line, area);
        return frame.set_cursor_position((cursor.min(area.right().saturating_sub(1)), area.y));
    }
    if let Some(ask) = &state.ask {
        let mark = ask.purpose.mark();
        let (found, ink) = match &ask.problem {
            Some(problem) => (fit(problem, room / 2), Ink::Bad),
            None => (ask.purpose.hint(ask.input.value().is_empty(), ask.found), Ink::Muted),
        };
        let typed = crate::one_line(ask.input.value());
        let typed = fit(&typed, room.saturating_sub(mark.len() + width(&found) + 6).max(8));
        let cursor = area.x + (mark.len() + 1 + width(&typed)) as u16;
        let line = Line::from(vec![
            Span::styled(mark, theme.badge(Ink::Accent)),
            Span::styled(format!(" {typed}   "), theme.ink(Ink::Text)),
            Span::styled(found, theme.ink(ink)),
        ]);
        frame.render_widget(line, area);
        return frame.set_cursor_position((cursor.min(area.right().saturating_sub(1)), area.y));
    }
    let mut hints: Vec<(String, &Binding)> = Context::of(state)
        .into_iter()
        .flat_map(|context| state.keymap.iter().filter(move |b| b.context == context))
        .filter(|b| !b.hint.is_empty() && !b.keys.is_empty())
        .map(|b| (b.label().split(' ').next().unwrap_or_default().to_owned(), b))
        .collect();
    // The most special meaning of a key is the one that holds.
    let mut seen = Vec::new();
    hints.retain(|(key, _)| {
        let first = !seen.contains(key);
        seen.push(key.clone());
        first
    });
    // Help finds all the other keys, and everyone wants to know the way out: they keep their place.
    let kept = |b: &Binding| matches!(b.action, Action::Help | Action::Quit);
    let size = |(key, b): &(String, &Binding)| width(key) + width(b.hint) + 3;
    let reserved: usize = hints.iter().filter(|hint| kept(hint.1)).map(size).sum();
    let mut left = room.saturating_sub(1 + reserved);
    let mut spans = vec![Span::raw(" ")];
    for hint in &hints {
        if !kept(hint.1) {
            if size(hint) > left {
                continue;
            }
            left -= size(hint);
        }
        spans.push(Span::styled(hint.0.clone(), theme.bold(Ink::Accent)));
        spans.push(Span::styled(format!(" {}  ", hint.1.hint), theme.ink(Ink::Muted)));
    }
    frame.render_widget(Line::from(spans), area);
}
