//! The Route pane: type a prompt, see who is most likely to answer it right, and why.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_segmentation::UnicodeSegmentation;

use super::action::Pane;
use super::layout::Layout;
use super::state::State;
use super::theme::Ink;
use super::view::pane_block;
use super::widgets::{fit, heading, pad, under_cursor, whisker, width, wrap};
use crate::analysis::router::Route;
use crate::one_line;

/// The prompt and the heading of the list.
const ABOVE: usize = 3;
/// Cells of a probability's bar at least.
const LEAST_BAR: usize = 14;
/// Candidates that the evidence leaves room for at least.
const LEAST_CANDIDATES: usize = 4;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let time = state.route.result.as_ref().filter(|_| !state.route.waiting);
    let remark = time.map_or_else(String::new, |route| format!("{:.1} ms", route.milliseconds));
    frame.render_widget(pane_block(state, layout, Pane::Route, &remark, area.width), area);
    let inside = Layout::inside(area);
    if inside.height < 2 {
        return;
    }
    draw_prompt(frame, state, inside);
    let below = Rect { y: inside.y + 2, height: inside.height - 2, ..inside };
    let room = below.width as usize;
    let lines = match &state.route.result {
        Some(route) => answer(state, route, room, below.height.into()),
        None => introduction(state, room),
    };
    frame.render_widget(Paragraph::new(lines), below);
}

fn draw_prompt(frame: &mut Frame, state: &State, inside: Rect) {
    let (theme, input) = (&state.theme, &state.route.input);
    let typing = state.focus == Pane::Route && state.route.typing;
    let ink = if typing { Ink::Accent } else { Ink::Muted };
    let room = (inside.width as usize).saturating_sub(3);
    let (text, cursor) = window(input.value(), input.cursor(), room);
    let line = if input.value().is_empty() && !typing {
        Span::styled(fit("press p and type a prompt", room), theme.ink(Ink::Muted))
    } else {
        Span::styled(text, theme.ink(Ink::Text))
    };
    let line = Line::from(vec![Span::styled("❯ ", theme.bold(ink)), line]);
    frame.render_widget(line, Rect { height: 1, ..inside });
    let rule = "─".repeat(inside.width.into());
    frame.buffer_mut().set_string(inside.x, inside.y + 1, rule, theme.ink(Ink::Border));
    if typing && state.search.is_none() && !state.help {
        frame.set_cursor_position((inside.x + 2 + cursor as u16, inside.y));
    }
}

/// The part of a text around the cursor (in characters) that fits `room` cells, and the cursor's
/// cell in it.
fn window(text: &str, cursor: usize, room: usize) -> (String, usize) {
    let before: String = text.chars().take(cursor).collect();
    let after: String = text.chars().skip(cursor).collect();
    let (mut left, mut taken) = (Vec::new(), 0);
    for grapheme in before.graphemes(true).rev() {
        if taken + width(grapheme) > room {
            break;
        }
        taken += width(grapheme);
        left.push(grapheme);
    }
    let cursor = taken;
    let mut shown: String = left.into_iter().rev().collect();
    for grapheme in after.graphemes(true) {
        if taken + width(grapheme) > room {
            break;
        }
        taken += width(grapheme);
        shown.push_str(grapheme);
    }
    (one_line(&shown), cursor)
}

fn introduction(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let text = if state.route.waiting {
        "asking …"
    } else {
        "Type any prompt: the models are ranked by how likely each is to answer it right, and the \
         first one lights up on the map."
    };
    let lines = wrap(text, room).into_iter();
    lines.map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect()
}

/// How many candidates and how many lines of evidence fit `height` lines.
fn shares(route: &Route, height: usize) -> (usize, usize) {
    let evidence = if route.evidence.is_empty() { 0 } else { route.evidence.len() + 2 };
    let list = height.saturating_sub(1);
    if list >= LEAST_CANDIDATES + evidence {
        ((list - evidence).min(route.candidates.len()), evidence)
    } else {
        (list.min(route.candidates.len()), 0)
    }
}

/// The first candidate that is shown: the cursor stays in sight.
fn first(cursor: usize, shown: usize) -> usize {
    (cursor + 1).saturating_sub(shown.max(1))
}

/// The candidate that is listed at a row of the pane.
pub fn candidate_at(state: &State, inside: Rect, row: usize) -> Option<usize> {
    let route = state.route.result.as_ref()?;
    let (shown, _) = shares(route, usize::from(inside.height).saturating_sub(2));
    let at = row.checked_sub(ABOVE)?;
    let candidate = first(state.route.cursor, shown) + at;
    (at < shown && candidate < route.candidates.len()).then_some(candidate)
}

fn answer(state: &State, route: &Route, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (shown, evidence) = shares(route, height);
    let mut lines = vec![heading(theme, room, "Most likely right", "with 80% intervals")];
    let prices = route.candidates.iter().any(|c| c.cost.is_some());
    let fixed = 4 + 6 + if prices { 8 } else { 0 };
    let from = first(state.route.cursor, shown);
    let listed = route.candidates.iter().skip(from).take(shown);
    let longest = listed.map(|c| width(state.name(c.model))).max().unwrap_or_default();
    let left = room.saturating_sub(fixed);
    let name_room = longest.clamp(left * 2 / 5, left.saturating_sub(LEAST_BAR).max(left * 2 / 5));
    let bar_room = left - name_room;
    for (i, c) in route.candidates.iter().enumerate().skip(from).take(shown) {
        let best = i == 0;
        let name = if best { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
        let mark = if best { " ★ ".into() } else { format!("{:>2} ", (i + 1).min(99)) };
        let ink = if best { Ink::MapRouted } else { Ink::BarFill };
        let mut spans = vec![
            Span::styled(mark, if best { name } else { theme.ink(Ink::Muted) }),
            Span::styled(format!("{} ", pad(state.name(c.model), name_room)), name),
        ];
        let interval = (c.low.into(), c.p.into(), c.high.into());
        spans.extend(whisker(theme, bar_room, interval, ink, &[]));
        spans.push(Span::styled(format!(" {:>3.0}% ", 100.0 * c.p), name));
        if prices {
            let cost = c.cost.map_or_else(String::new, |cost| format!("${cost:.2}"));
            spans.push(Span::styled(format!("{cost:>7} "), theme.ink(Ink::Muted)));
        }
        let line = Line::from(spans);
        let here = state.focus == Pane::Route && i == state.route.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    if evidence > 0 {
        lines.push(Line::default());
        lines.push(heading(theme, room, "Like the training questions of", ""));
        lines.extend(route.evidence.iter().map(|e| {
            let category = one_line(&e.category);
            let name_room = width(&category).min(room.saturating_sub(12));
            let mut spans = vec![
                Span::styled(format!("{:>3.0}% ", 100.0 * e.share), theme.bold(Ink::Accent)),
                Span::styled(pad(&category, name_room), theme.ink(Ink::Text)),
            ];
            let best = e.correct.iter().max_by(|a, b| a.1.total_cmp(b.1));
            if let Some((model, share)) = best {
                let left = room.saturating_sub(5 + name_room);
                let said = format!("  {:.0}% right: {}", 100.0 * share, one_line(model));
                spans.push(Span::styled(fit(&said, left), theme.ink(Ink::Muted)));
            }
            Line::from(spans)
        }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_prompt_scrolls_with_its_cursor() {
        assert_eq!(window("hello", 5, 10), ("hello".into(), 5));
        assert_eq!(window("hello world", 11, 5), ("world".into(), 5));
        assert_eq!(window("hello world", 0, 5), ("hello".into(), 0));
        assert_eq!(window("日本語", 2, 4), ("日本".into(), 4));
    }
}
