//! The lowest line: what is being typed, or the keys that matter now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::widgets::{fit, width};
use crate::explorer::command::Command;
use crate::explorer::keys::Binding;
use crate::explorer::state::State;
use crate::explorer::state::line::{LineInput, Purpose};
use crate::explorer::theme::Ink;

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    match state.modes.line() {
        Some(line) => draw_line(frame, state, line, area),
        None => draw_keys(frame, state, area),
    }
}

fn draw_line(frame: &mut Frame, state: &State, input: &LineInput, area: Rect) {
    let (theme, room) = (&state.theme, usize::from(area.width));
    let (hint, ink) = match &input.problem {
        Some(problem) => (fit(problem, room / 2), Ink::Bad),
        None => (input.hint(), Ink::Muted),
    };
    let mut label = input.label();
    let label_style = match input.purpose {
        Purpose::Search | Purpose::Group => theme.bold(Ink::Accent),
        Purpose::Filter
        | Purpose::Select
        | Purpose::Save
        | Purpose::Answers
        | Purpose::Cost
        | Purpose::Pool => theme.badge(Ink::Accent),
    };
    let gap = if label_style == theme.badge(Ink::Accent) { " " } else { "" };
    let left = room.saturating_sub(width(&label) + width(&hint) + 6).max(8);
    let typed = fit(&crate::one_line(input.input.value()), left);
    let cursor = area.x + (width(&label) + gap.len() + width(&typed)) as u16;
    label = fit(&label, room);
    let line = Line::from(vec![
        Span::styled(label, label_style),
        Span::styled(format!("{gap}{typed}   "), theme.ink(Ink::Text)),
        Span::styled(hint, theme.ink(ink)),
    ]);
    frame.render_widget(line, area);
    frame.set_cursor_position((cursor.min(area.right().saturating_sub(1)), area.y));
}

fn draw_keys(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let room = area.width as usize;
    let mut hints: Vec<(String, &Binding)> = state
        .contexts()
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
    let kept = |b: &Binding| matches!(b.command, Command::Help | Command::Quit);
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
