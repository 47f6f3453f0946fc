//! The Route pane: type a prompt, see which models are likely to answer it correctly, at what cost, and why.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::router::Route;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::View;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::{asked, ranking, why};
use crate::explorer::ui::pareto;
use crate::explorer::ui::widgets::{fit, paragraph, width};

/// Minimum number of candidates above the explanation, and above the legend.
const LEAST_CANDIDATES: usize = 5;
/// Minimum number of candidates where the explanation would have no room otherwise.
const FEWEST: usize = 3;
const WITH_LEGEND: usize = 12;
/// Minimum area for list, plot and explanation side by side; the list in it, and the plot.
const BESIDE: (u16, u16) = (124, 20);
const LIST: (u16, u16) = (60, 92);
const PLOT: u16 = 14;
/// Cells of a list whose title says what the badges mean, at least.
const BADGES: usize = 112;
/// Cells that the names of all views leave to the filter and the limits at least.
const VIEWS_FROM: usize = 30;
/// Maximum number of lines of the prompt.
const PROMPT_LINES: u16 = 6;

/// The parts of the pane from top to bottom.
struct Parts {
    prompt: Rect,
    /// Rows that the prompt takes as it is wrapped.
    rows: usize,
    /// A rule with the filter of models.
    bar: Rect,
    below: Rect,
}

impl Parts {
    fn of(state: &State, inside: Rect) -> Self {
        let lines = state.route.editor.lines().iter();
        let wrapped: usize = lines.map(|line| wrapped(line, inside)).sum();
        let most = (inside.height / 4).clamp(1, PROMPT_LINES);
        let mut top = inside.y;
        let mut take = |height: u16| {
            let height = height.min(inside.bottom().saturating_sub(top));
            top += height;
            Rect { y: top - height, height, ..inside }
        };
        let prompt = take((wrapped.min(usize::from(most))) as u16);
        let bar = take(1);
        Self { prompt, rows: wrapped, bar, below: take(u16::MAX) }
    }

    /// Some of the prompt has no room.
    fn hides(&self) -> bool {
        self.rows > usize::from(self.prompt.height)
    }
}

/// Rows that a line of the prompt takes.
fn wrapped(line: &str, inside: Rect) -> usize {
    let room = usize::from(inside.width).saturating_sub(2).max(1);
    (width(line) + 1).div_ceil(room).max(1)
}

/// The area of the prompt editor.
pub fn prompt_place(state: &State, inside: Rect) -> Rect {
    Parts::of(state, inside).prompt
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let time = state.route.answer();
    let remark =
        time.map_or_else(String::new, |route| format!("ranked in {:.1} ms", route.milliseconds));
    let inside = Layout::inside(area);
    let mut block = pane_block(state, layout, Pane::Route, &remark, area.width);
    let parts = Parts::of(state, inside);
    let below = parts.below;
    let answer = shown_answer(state).map(|route| (route, Places::of(state, route, below)));
    if answer.as_ref().is_some_and(|(_, places)| places.hides) {
        let more = Line::styled(" m: why ", state.theme.ink(Ink::Muted));
        block = block.title_bottom(more.right_aligned());
    }
    frame.render_widget(block, area);
    if inside.height < 2 || inside.width < 4 {
        return;
    }
    draw_prompt(frame, state, &parts);
    draw_bar(frame, state, &parts);
    if let Some((route, places)) = answer {
        return draw_answer(frame, state, route, places);
    }
    let room = usize::from(below.width);
    let lines = match state.route.view {
        View::Pinned => asked::pinned(state, room),
        View::History => asked::history(state, room),
        View::List | View::Why | View::Plot => introduction(state, room),
    };
    frame.render_widget(Paragraph::new(lines), below);
}

/// The route, if the view shows it.
fn shown_answer(state: &State) -> Option<&Route> {
    let shown = matches!(state.route.view, View::List | View::Why | View::Plot);
    state.route.result.as_ref().filter(|_| shown)
}

/// The areas of a route: those of list, plot and explanation that the view shows, or all of them if there is
/// space.
struct Places {
    gauge: Rect,
    list: Option<Rect>,
    /// Number of candidates in the list.
    shown: usize,
    plot: Option<Rect>,
    reasons: Option<Rect>,
    /// The parts of the explanation that fit: in their own area, or else below the list.
    lines: Vec<Line<'static>>,
    /// True if some parts of the explanation do not fit below the list.
    hides: bool,
}

impl Places {
    fn of(state: &State, route: &Route, below: Rect) -> Self {
        let gauge = Rect { height: below.height.min(1), ..below };
        let rest = Rect {
            y: below.y + gauge.height,
            height: below.height.saturating_sub(gauge.height),
            ..below
        };
        let whole = Some(rest).filter(|rest| rest.height > 0);
        let (list, plot, reasons, lines) = (None, None, None, Vec::new());
        let mut places = Self { gauge, list, shown: 0, plot, reasons, lines, hides: false };
        if is_beside(below) {
            let list = (below.width / 2).clamp(LIST.0, LIST.1);
            let right = Rect { x: rest.x + list + 3, width: rest.width - list - 3, ..rest };
            let parts = why::parts(state, route, right.width.into());
            let reasons = (why::height(&parts) as u16).min(right.height.saturating_sub(PLOT + 1));
            let plot = right.height.saturating_sub(reasons + 1);
            places.list = Some(Rect { width: list, ..rest });
            places.plot = Some(Rect { height: plot, ..right });
            places.reasons = Some(Rect { y: right.y + plot + 1, height: reasons, ..right });
            places.lines = why::fitting(parts, reasons.into());
        } else {
            match state.route.view {
                View::Plot => places.plot = whole,
                View::Why => places.reasons = whole,
                View::List | View::Pinned | View::History => places.list = whole,
            }
            if let Some(place) = places.reasons {
                places.lines =
                    why::fitting(why::parts(state, route, place.width.into()), place.height.into());
            }
            if let Some(list) = places.list {
                let parts = why::parts(state, route, list.width.into());
                let all = why::height(&parts);
                let notes =
                    ranking::notes(state, route, list.width.into(), has_legend(list, false));
                let left = |candidates: usize| {
                    let least = candidates.min(route.candidates.len()) + 1 + notes.len().max(1);
                    usize::from(list.height).saturating_sub(least)
                };
                // The sentence matters more than the last candidates.
                let sentence = parts.first().map_or(0, Vec::len);
                let few = sentence > left(LEAST_CANDIDATES) && sentence <= left(FEWEST);
                places.lines =
                    why::fitting(parts, left(if few { FEWEST } else { LEAST_CANDIDATES }));
                places.hides = places.lines.len() < all;
            }
        }
        places.shown = places.list.map_or(0, |list| {
            let room =
                usize::from(list.height).saturating_sub(ranking::titles(route, list.width.into()));
            let legend = has_legend(list, places.reasons.is_some());
            let notes = ranking::notes(state, route, list.width.into(), legend).len();
            let under = if places.reasons.is_some() {
                (1 + notes) * usize::from(room > WITH_LEGEND)
            } else {
                places.lines.len() + notes.max(usize::from(!places.lines.is_empty()))
            };
            room.saturating_sub(under).min(route.candidates.len())
        });
        places
    }
}

/// True if what the badges mean stands below the list: its title has no room for that.
fn has_legend(list: Rect, beside: bool) -> bool {
    beside || usize::from(list.width) < BADGES
}

/// True if list, plot and explanation are side by side.
pub fn is_beside(below: Rect) -> bool {
    below.width >= BESIDE.0 && below.height >= BESIDE.1
}

/// True if the pane shows list, plot and explanation together.
pub fn shows_all(state: &State, inside: Rect) -> bool {
    is_beside(Parts::of(state, inside).below)
}

fn draw_answer(frame: &mut Frame, state: &State, route: &Route, places: Places) {
    let gauge = places.gauge;
    frame.render_widget(ranking::gauge(state, route, gauge.width.into()), gauge);
    let mut reasons = places.lines;
    if let Some(place) = places.list {
        let room = usize::from(place.width);
        let mut lines = ranking::list(state, route, room, places.shown);
        let legend = has_legend(place, places.reasons.is_some());
        let mut notes = ranking::notes(state, route, room, legend);
        if places.reasons.is_none() {
            if notes.is_empty() && !reasons.is_empty() {
                notes.push(Line::default());
            }
            lines.append(&mut notes);
            lines.append(&mut reasons);
        } else if usize::from(place.height) > lines.len() + notes.len() {
            lines.push(Line::default());
            lines.append(&mut notes);
        }
        frame.render_widget(Paragraph::new(lines), place);
    }
    if let Some(place) = places.plot {
        pareto::draw(frame, state, route, place);
    }
    if let Some(place) = places.reasons {
        frame.render_widget(Paragraph::new(reasons), place);
    }
}

fn draw_prompt(frame: &mut Frame, state: &State, parts: &Parts) {
    let (theme, route, place) = (&state.theme, &state.route, parts.prompt);
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
    if parts.hides() {
        draw_scroll_bar(frame, state, parts);
        return frame.render_widget(&editor, Rect { width: text.width.saturating_sub(2), ..text });
    }
    frame.render_widget(&editor, text);
}

/// Beside a prompt that is longer than its place, where in it the cursor is.
fn draw_scroll_bar(frame: &mut Frame, state: &State, parts: &Parts) {
    let (theme, place, editor) = (&state.theme, parts.prompt, &state.route.editor);
    let height = usize::from(place.height);
    let cursor = editor.cursor();
    let above: usize = editor.lines().iter().take(cursor.0).map(|line| wrapped(line, place)).sum();
    let room = usize::from(place.width).saturating_sub(2).max(1);
    let at = above + cursor.1 / room;
    // The thumb is as long as the share that is seen, and reaches either end with the cursor.
    let thumb = (height * height).div_ceil(parts.rows.max(1)).clamp(1, height);
    let from = (height - thumb) * at.min(parts.rows - 1) / (parts.rows - 1).max(1);
    for row in 0..height {
        let within = (from..from + thumb).contains(&row);
        let (sign, ink) = if within { ("┃", Ink::Accent) } else { ("│", Ink::Border) };
        let at = (place.right().saturating_sub(1), place.y + row as u16);
        frame.buffer_mut().set_string(at.0, at.1, sign, theme.ink(ink));
    }
}

/// A rule with the filter of models.
fn draw_bar(frame: &mut Frame, state: &State, parts: &Parts) {
    let (theme, route, place) = (&state.theme, &state.route, parts.bar);
    let room = usize::from(place.width);
    let rule = "─".repeat(room);
    frame.buffer_mut().set_string(place.x, place.y, rule, theme.ink(Ink::Border));
    // If a prompt is longer than its area, the part with the cursor.
    let lines = route.editor.lines().len();
    let hidden = lines > usize::from(parts.prompt.height);
    let line = if hidden {
        format!(" line {} of {lines} ·", route.editor.cursor().0 + 1)
    } else {
        String::new()
    };
    let mut asked = route.limits.summary(why::unit(state)).join(" · ");
    if !asked.is_empty() {
        asked = format!("· {asked} ");
    }
    let all = state.model_set.models.len();
    // A limit on cost leaves out what has no known one.
    let ranked = route.result.as_ref().filter(|_| route.limits.most.is_some());
    let everything = match ranked.map(|route| route.candidates.len()) {
        Some(n) if n < all => format!(" {n} of {all} models "),
        _ => format!(" all {all} models "),
    };
    let least = VIEWS_FROM.max(width(&everything) + width(&asked) + 4);
    let beside = is_beside(parts.below);
    let views = views(state, beside, room.saturating_sub(width(&line) + least));
    let mut left = room.saturating_sub(width(&line) + views.width() + 4);
    let text = if state.filter.is_on() {
        let count = format!(" · {} of {all} ", state.filter.left(all));
        let room = left.saturating_sub(width(&count) + 1);
        format!(" {}{count}", fit(&state.filter.title(), room))
    } else {
        everything
    };
    let mut x = place.x + 1;
    for (text, ink) in [(text, Ink::Text), (asked, Ink::Accent)] {
        let text = fit(&text, left);
        left = left.saturating_sub(width(&text));
        let (end, _) = frame.buffer_mut().set_stringn(x, place.y, &text, room, theme.ink(ink));
        x = end;
    }
    let at = place.right().saturating_sub((width(&line) + views.width()) as u16 + 1).max(x);
    let (at, _) = frame.buffer_mut().set_stringn(at, place.y, line, room, theme.ink(Ink::Muted));
    frame.buffer_mut().set_line(at, place.y, &views, place.right().saturating_sub(at));
}

/// The views that `m` goes through, the current one highlighted; or that one alone.
fn views(state: &State, beside: bool, room: usize) -> Line<'static> {
    let (theme, route) = (&state.theme, &state.route);
    let mut all = if beside { vec![View::List] } else { vec![View::List, View::Why, View::Plot] };
    all.extend([View::Pinned, View::History]);
    let mut spans = vec![Span::styled(" m ", theme.bold(Ink::Accent))];
    for (i, view) in all.into_iter().enumerate() {
        let now = route.view == view
            || beside && view == View::List && matches!(route.view, View::Why | View::Plot);
        let pins = match (view, route.pinned.len()) {
            (View::Pinned, n) if n > 0 => format!(" {n}"),
            _ => String::new(),
        };
        let gap = if i == 0 { "" } else { " · " };
        spans.push(Span::styled(gap, theme.ink(Ink::Muted)));
        let style = if now { theme.bold(Ink::Text) } else { theme.ink(Ink::Muted) };
        spans.push(Span::styled(format!("{}{pins}", view.title()), style));
    }
    spans.push(Span::raw(" "));
    let whole = Line::from(spans);
    if whole.width() <= room {
        return whole;
    }
    Line::styled(format!(" {} ", route.view.title()), theme.ink(Ink::Muted))
}

fn introduction(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if let Some(problem) = &state.model_set.unread {
        let text = format!("Prompts cannot be routed: {problem}");
        return paragraph(&text, room, theme.ink(Ink::Warn));
    }
    let text = if state.route.routing.is_running() {
        "ranking …"
    } else {
        "Type a prompt to rank the models by their chance of answering correctly. The best one lights \
         up on the map. You can also drop a file."
    };
    paragraph(text, room, theme.ink(Ink::Muted))
}

/// The candidate at a cell: by its row in the list, by its point in the plot.
pub fn candidate_at(state: &State, inside: Rect, at: Position) -> Option<usize> {
    let route = shown_answer(state)?;
    let places = Places::of(state, route, Parts::of(state, inside).below);
    if let Some(plot) = places.plot.filter(|plot| plot.contains(at)) {
        return pareto::candidate_at(state, route, plot, at);
    }
    let list = places.list.filter(|list| list.contains(at))?;
    let row = usize::from(at.y - list.y).checked_sub(ranking::titles(route, list.width.into()))?;
    let candidate = ranking::first(state.route.cursor, places.shown) + row;
    (row < places.shown && candidate < route.candidates.len()).then_some(candidate)
}
