//! The Route pane: type a prompt, see who is most likely to answer it right, at what cost, and why.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::router::{Candidate, Route};
use crate::embedder::Scope;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::View;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::{asked, why};
use crate::explorer::ui::pareto;
use crate::explorer::ui::widgets::{fit, heading, pad, under_cursor, whisker, width, wrap};

/// Cells of a probability's bar at least: names come first, and without that room there is none.
const LEAST_BAR: usize = 4;
/// Candidates that the evidence leaves room for at least.
const LEAST_CANDIDATES: usize = 4;
/// Cells of a cost at most.
const COST: usize = 9;
/// Lines of the prompt at most.
const PROMPT_LINES: u16 = 6;

/// The parts of the pane from top to bottom.
struct Parts {
    prompt: Rect,
    /// A rule that tells which models may be named.
    bar: Rect,
    below: Rect,
}

impl Parts {
    fn of(state: &State, inside: Rect) -> Self {
        let room = usize::from(inside.width).saturating_sub(2).max(1);
        let lines = state.route.editor.lines().iter();
        let wrapped: usize = lines.map(|line| (width(line) + 1).div_ceil(room).max(1)).sum();
        let most = (inside.height / 4).clamp(1, PROMPT_LINES);
        let mut top = inside.y;
        let mut take = |height: u16| {
            let height = height.min(inside.bottom().saturating_sub(top));
            top += height;
            Rect { y: top - height, height, ..inside }
        };
        let prompt = take((wrapped.min(usize::from(most))) as u16);
        let bar = take(1);
        Self { prompt, bar, below: take(u16::MAX) }
    }
}

/// Where the prompt is typed.
pub fn prompt_place(state: &State, inside: Rect) -> Rect {
    Parts::of(state, inside).prompt
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let time = state.route.answer();
    let remark = time.map_or_else(String::new, |route| format!("{:.1} ms", route.milliseconds));
    let inside = Layout::inside(area);
    let mut block = pane_block(state, layout, Pane::Route, &remark, area.width);
    if let (View::List, Some(answer)) = (state.route.view, &state.route.result) {
        let below = Parts::of(state, inside).below;
        let (_, evidence, reasons) = shares(answer, below.width.into(), below.height.into());
        if !evidence && !answer.evidence.is_empty() || !reasons {
            let more = Line::styled(" m: why ", state.theme.ink(Ink::Muted));
            block = block.title_bottom(more.right_aligned());
        }
    }
    frame.render_widget(block, area);
    if inside.height < 2 || inside.width < 4 {
        return;
    }
    let parts = Parts::of(state, inside);
    draw_prompt(frame, state, parts.prompt);
    draw_bar(frame, state, inside, parts.bar);
    let below = parts.below;
    let (room, height) = (below.width as usize, below.height.into());
    let route = &state.route;
    let lines = match (route.view, &route.result) {
        (View::Plot, Some(answer)) => return pareto::draw(frame, state, answer, below),
        (View::List, Some(answer)) => list(state, answer, room, height),
        (View::Why, Some(answer)) => {
            let mut lines = why::likes(state, answer, room);
            lines.push(Line::default());
            lines.extend(why::reasons(state, answer, room));
            lines
        }
        (View::Pinned, _) => asked::pinned(state, room),
        (View::History, _) => asked::history(state, room),
        (_, None) => introduction(state, room),
    };
    frame.render_widget(Paragraph::new(lines), below);
}

fn draw_prompt(frame: &mut Frame, state: &State, place: Rect) {
    let (theme, route) = (&state.theme, &state.route);
    let typing = matches!(state.modes.top(), Mode::Prompt);
    let ink = if typing { Ink::Accent } else { Ink::Muted };
    frame.render_widget(Span::styled("❯ ", theme.bold(ink)), Rect { height: 1, ..place });
    let text = Rect { x: place.x + 2, width: place.width - 2, ..place };
    if route.editor.is_empty() && !typing {
        let hint = fit("press p to type a prompt", text.width.into());
        return frame.render_widget(Span::styled(hint, theme.ink(Ink::Muted)), text);
    }
    let mut editor = route.editor.clone();
    editor.set_style(theme.ink(Ink::Text));
    let cursor = if typing && !state.help {
        Style::new().add_modifier(Modifier::REVERSED)
    } else {
        theme.ink(Ink::Text)
    };
    editor.set_cursor_style(cursor);
    frame.render_widget(&editor, text);
}

/// A rule that tells which models may be named.
fn draw_bar(frame: &mut Frame, state: &State, inside: Rect, place: Rect) {
    let (theme, route) = (&state.theme, &state.route);
    let room = usize::from(place.width);
    let rule = "─".repeat(room);
    frame.buffer_mut().set_string(place.x, place.y, rule, theme.ink(Ink::Border));
    // Of a prompt that is longer than its place, where the cursor is.
    let lines = route.editor.lines().len();
    let hidden = lines > usize::from(prompt_place(state, inside).height);
    let line = if hidden {
        format!(" line {} of {lines} ·", route.editor.cursor().0 + 1)
    } else {
        String::new()
    };
    let view = format!("{line} {} ", route.view.title());
    let mut left = room.saturating_sub(width(&view) + 4);
    let all = state.model_set.models.len();
    let text = if state.filter.is_on() {
        let count = format!(" · {} of {all} ", state.filter.left(all));
        let room = left.saturating_sub(width(&count) + 1);
        format!(" {}{count}", fit(&state.filter.title(), room))
    } else {
        format!(" all {all} models ")
    };
    let mut asked = route.limits.said(why::unit(state)).join(" · ");
    if !asked.is_empty() {
        asked = format!("· {asked} ");
    }
    let mut x = place.x + 1;
    for (text, ink) in [(text, Ink::Text), (asked, Ink::Accent)] {
        let text = fit(&text, left);
        left = left.saturating_sub(width(&text));
        let (end, _) = frame.buffer_mut().set_stringn(x, place.y, &text, room, theme.ink(ink));
        x = end;
    }
    let at = place.right().saturating_sub(width(&view) as u16 + 1);
    frame.buffer_mut().set_string(at.max(x), place.y, view, theme.ink(Ink::Muted));
}

fn introduction(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if let Some(problem) = &state.model_set.unread {
        let text = format!("Prompts cannot be routed: {problem}");
        let lines = wrap(&text, room).into_iter();
        return lines.map(|line| Line::styled(line, theme.ink(Ink::Warn))).collect();
    }
    let text = if state.route.routing.is_running() {
        "ranking …"
    } else {
        "Type a prompt to rank the models by their chance of answering correctly. The best one lights \
         up on the map. You can also drop a file."
    };
    let lines = wrap(text, room).into_iter();
    lines.map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect()
}

/// How many candidates are shown, and whether there is room for the evidence and for the reasons.
fn shares(route: &Route, room: usize, height: usize) -> (usize, bool, bool) {
    let list = height.saturating_sub(1 + warning_lines(route, room).len());
    let evidence = if route.evidence.is_empty() { 0 } else { route.evidence.len() + 2 };
    let why = 2 + why::height(route, room);
    let (mut left, mut shown) = (list, (false, false));
    for (lines, fits) in [(evidence, &mut shown.0), (why, &mut shown.1)] {
        if lines > 0 && left >= LEAST_CANDIDATES + lines {
            left -= lines;
            *fits = true;
        }
    }
    (left.min(route.candidates.len()), shown.0, shown.1)
}

/// The first candidate that is shown: the cursor stays in sight.
fn first(cursor: usize, shown: usize) -> usize {
    (cursor + 1).saturating_sub(shown.max(1))
}

/// The candidate that is listed at a row of the pane.
pub fn candidate_at(state: &State, inside: Rect, row: usize) -> Option<usize> {
    let route = state.route.result.as_ref().filter(|_| state.route.view == View::List)?;
    let below = Parts::of(state, inside).below;
    let (shown, ..) = shares(route, below.width.into(), below.height.into());
    let warned = warning_lines(route, below.width.into()).len();
    let above = usize::from(below.y - inside.y) + 1 + warned;
    let at = row.checked_sub(above)?;
    let candidate = first(state.route.cursor, shown) + at;
    (at < shown && candidate < route.candidates.len()).then_some(candidate)
}

fn warning(route: &Route) -> Option<&'static str> {
    if route.scope == Scope::Out {
        Some("Unlike any training question: ranked by overall ability.")
    } else if route.scope == Scope::Near {
        Some("Little like the training questions: ranked partly by overall ability.")
    } else if route.below {
        Some("No model reaches the quality floor.")
    } else {
        None
    }
}

fn warning_lines(route: &Route, room: usize) -> Vec<String> {
    warning(route).map_or_else(Vec::new, |warning| wrap(warning, room))
}

fn list(state: &State, route: &Route, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (shown, evidence, reasons) = shares(route, room, height);
    // Where the prompt decides nothing, the list is no ranking for the prompt.
    let out = route.scope == Scope::Out;
    let title = if out { "Strongest overall".into() } else { state.route.limits.title() };
    let unit = why::unit(state);
    let front = if unit.is_some() { " · ◆ Pareto front" } else { "" };
    let key = format!("80% interval · ≈ tied{front}");
    let mut lines = vec![heading(theme, room, &title, &key)];
    let warned = warning_lines(route, room).into_iter();
    lines.extend(warned.map(|line| Line::styled(line, theme.bold(Ink::Warn))));
    let cost =
        |c: &Candidate| c.cost.zip(unit).map_or_else(String::new, |(cost, unit)| unit.text(cost));
    let costs = route.candidates.iter().map(|c| width(&cost(c))).max().unwrap_or_default();
    let costs = costs.min(COST);
    let fixed = 5 + 5 + if unit.is_some() { costs + 2 } else { 0 };
    let from = first(state.route.cursor, shown);
    let listed = route.candidates.iter().skip(from).take(shown);
    let longest = listed.map(|c| width(state.short(c.model))).max().unwrap_or_default();
    let left = room.saturating_sub(fixed);
    let name_room = longest.min(left);
    let bar_room = Some(left - name_room).filter(|room| *room >= LEAST_BAR).unwrap_or_default();
    let name_room = left - bar_room;
    for (i, c) in route.candidates.iter().enumerate().skip(from).take(shown) {
        let best = i == 0;
        let name = if best { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
        let tie = if c.tied { '≈' } else { ' ' };
        let mark = if best { " ★  ".into() } else { format!("{:>2}{tie} ", (i + 1).min(99)) };
        let ink = if best { Ink::MapRouted } else { Ink::BarFill };
        let mut spans = vec![
            Span::styled(mark, if best { name } else { theme.ink(Ink::Muted) }),
            Span::styled(format!("{} ", pad(state.short(c.model), name_room)), name),
        ];
        let interval = (c.low.into(), c.p.into(), c.high.into());
        spans.extend(whisker(theme, bar_room, interval, ink, &[]));
        let percent = if out { theme.ink(Ink::Muted) } else { name };
        spans.push(Span::styled(format!(" {:>3.0}%", 100.0 * c.p), percent));
        if unit.is_some() {
            let (front, ink) = if c.front { ("◆", Ink::Accent) } else { (" ", Ink::Muted) };
            let text = format!("{front}{}", fit(&cost(c), costs));
            let cost = format!(" {text:>room$}", room = costs + 1);
            spans.push(Span::styled(cost, theme.ink(ink)));
        }
        let line = Line::from(spans);
        let here = state.focus == Pane::Route && i == state.route.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    if evidence {
        lines.push(Line::default());
        lines.extend(why::likes(state, route, room));
    }
    if reasons {
        lines.push(Line::default());
        lines.extend(why::reasons(state, route, room));
    }
    lines
}
