//! The bottom line: an input line, a notice, or key hints.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::panes::route::is_beside;
use super::widgets::{fit, width, wrap};
use crate::explorer::command::{Command, NewModelCommand as N, RouteCommand as R};
use crate::explorer::direction::Direction;
use crate::explorer::keys::{Binding, Context};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::line::LineInput;
use crate::explorer::state::{Notice, State};
use crate::explorer::theme::Ink;

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    match (state.modes.line(), &state.notice) {
        (Some(line), None) => draw_typed(frame, state, line, area),
        (Some(line), Some(notice)) if area.height > line.lines() => {
            let above = area.height - line.lines();
            draw_notice(frame, state, notice, Rect { height: above, ..area });
            draw_typed(
                frame,
                state,
                line,
                Rect { y: area.y + above, height: line.lines(), ..area },
            );
        }
        (_, Some(notice)) => draw_notice(frame, state, notice, area),
        (None, None) => draw_keys(frame, state, lowest(area)),
    }
}

fn lowest(area: Rect) -> Rect {
    Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }.intersection(area)
}

/// The input line, and above an expression its completions.
fn draw_typed(frame: &mut Frame, state: &State, line: &LineInput, area: Rect) {
    let lowest = lowest(area);
    draw_line(frame, state, line, lowest);
    if line.is_expression() && area.height > 1 {
        draw_offers(frame, state, line, Rect { y: lowest.y - 1, ..lowest });
    }
}

/// A notice, until the next key or a timeout.
fn draw_notice(frame: &mut Frame, state: &State, notice: &Notice, area: Rect) {
    let theme = &state.theme;
    let (ink, mark) = if notice.bad { (Ink::Bad, " ✗ ") } else { (Ink::Accent, " • ") };
    let room = usize::from(area.width).saturating_sub(4);
    let mut lines = wrap(&notice.text, room);
    let most = usize::from(area.height);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …"), room);
        }
    }
    let lines: Vec<Line> = lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| {
            let mark = if i == 0 { mark } else { "   " };
            let text = Span::styled(line, theme.ink(Ink::Text));
            Line::from(vec![Span::styled(mark, theme.bold(ink)), text])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_line(frame: &mut Frame, state: &State, input: &LineInput, area: Rect) {
    let (theme, room) = (&state.theme, usize::from(area.width));
    let mut label = input.label();
    let (hint, ink) = match &input.problem {
        Some(problem) if !input.is_expression() => (fit(problem, room / 2), Ink::Bad),
        _ => {
            // What is typed comes first, up to half of the line; then the keys.
            let typed = width(&crate::one_line(input.input.value())).min(room / 2) + 1;
            let free = room.saturating_sub(width(&label) + typed + 6);
            let (about, keys) = input.hint();
            let both = format!("{about}   {keys}");
            let whole = !about.is_empty() && width(&both) <= free;
            (fit(if whole { &both } else { keys }, free), Ink::Muted)
        }
    };
    let label_style = theme.badge(Ink::Accent);
    let gap = " ";
    let left = room.saturating_sub(width(&label) + width(&hint) + 6).max(8);
    // The end of the text before the cursor stays visible.
    let before = crate::one_line(&input.before_cursor());
    let hidden = width(&before).saturating_sub(left);
    let shown: String = crate::one_line(input.input.value()).chars().skip(hidden).collect();
    let typed = fit(&shown, left);
    let cursor = area.x + (width(&label) + gap.len() + width(&before) - hidden) as u16;
    label = fit(&label, room);
    let line = Line::from(vec![
        Span::styled(label, label_style),
        Span::styled(format!("{gap}{typed}   "), theme.ink(Ink::Text)),
        Span::styled(hint, theme.ink(ink)),
    ]);
    frame.render_widget(line, area);
    frame.set_cursor_position((cursor.min(area.right().saturating_sub(1)), area.y));
}

/// Above an expression: how much it matches, and its completions or error.
fn draw_offers(frame: &mut Frame, state: &State, line: &LineInput, area: Rect) {
    let (theme, room) = (&state.theme, usize::from(area.width).saturating_sub(1));
    let empty = line.input.value().trim().is_empty();
    let all = state.model_set.models.len();
    let mut spans = vec![Span::raw(" ")];
    match &line.problem {
        Some(problem) if line.offers.is_empty() => {
            spans.push(Span::styled(fit(problem, room), theme.ink(Ink::Bad)));
            return frame.render_widget(Line::from(spans), area);
        }
        // An incomplete word is not an error yet.
        Some(_) => spans.push(Span::styled("…  ", theme.ink(Ink::Muted))),
        None if empty => {
            let example = "e.g. family=qwen size<10 reasoning=yes, gsm8k > 80, words of names";
            let example = format!("{}  ", fit(example, room / 2));
            spans.push(Span::styled(example, theme.ink(Ink::Muted)));
        }
        None => {
            let count = format!("{} of {all} models  ", line.found);
            spans.push(Span::styled(count, theme.bold(Ink::Good)));
        }
    }
    let mut left = room.saturating_sub(spans.iter().map(Span::width).sum());
    for (i, offer) in line.offers.iter().enumerate() {
        let offer = crate::one_line(offer);
        let text = if i == 0 { format!("Tab {offer}") } else { offer };
        if width(&text) + 2 > left {
            break;
        }
        left -= width(&text) + 2;
        let style = if i == 0 { theme.bold(Ink::Accent) } else { theme.ink(Ink::Muted) };
        spans.extend([Span::styled(text, style), Span::raw("  ")]);
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_keys(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    for (place, key, binding) in placed(state, area) {
        let line = Line::from(vec![
            Span::styled(key, theme.bold(Ink::Accent)),
            Span::styled(format!(" {}", hint(state, binding)), theme.ink(Ink::Muted)),
        ]);
        frame.render_widget(line, place);
    }
}

/// The main commands of a pane, in the order of their hints: at 80 columns there is room for five.
pub fn first_keys(pane: Pane) -> [Command; 5] {
    use Command as C;
    match pane {
        Pane::Map => [C::Open, C::Colors, C::Projections, C::Card, C::Search],
        Pane::Model => [C::Open, C::Mark, C::Search, C::Focus(Pane::Compare), C::Prompt],
        Pane::Probe => [C::Open, C::NextSection, C::NameGroup, C::Search, C::Prompt],
        Pane::Route => {
            [C::Open, C::Prompt, C::NextView, C::Route(R::RaiseFloor), C::Route(R::Cheaper)]
        }
        Pane::Evaluate => [C::Prompt, C::Search, C::Filter, C::Colors, C::NextPane],
        Pane::Models => [C::Open, C::Sort, C::Filter, C::Mark, C::Columns],
        Pane::Compare => [C::Mark, C::Search, C::Filter, C::Prompt, C::Colors],
        Pane::Questions => {
            [C::Filter, C::NextCategory, C::Step(Direction::Right), C::Prompt, C::Search]
        }
        Pane::Forecast => [C::Open, C::Step(Direction::Left), C::Filter, C::Mark, C::Search],
        Pane::NewModel => {
            let next = C::NewModel(N::Next);
            [next, C::NewModel(N::Read), C::NewModel(N::Forget), C::Search, C::Prompt]
        }
    }
}

/// The limit of the router that Esc would lift.
fn lifts(state: &State, binding: &Binding) -> Option<&'static str> {
    let lifts = binding.command == Command::Dismiss
        && binding.context == Context::Everywhere
        && state.focus == Pane::Route
        && state.route.limits.lifted().is_some();
    lifts.then_some(if state.route.limits.least > 0 { "clear floor" } else { "clear limit" })
}

/// The hint text of a binding.
fn hint<'a>(state: &State, binding: &'a Binding) -> &'a str {
    if let Some(hint) = lifts(state, binding) {
        return hint;
    }
    match binding.command {
        Command::Maximize if state.maximized => "restore",
        Command::Open
            if state.map.isolated.is_some() && binding.context == Context::Pane(Pane::Map) =>
        {
            "describe group"
        }
        Command::Open if binding.context == Context::Pane(Pane::Route) => {
            match &state.route.result {
                None => "type a prompt",
                Some(_) if !state.maximized && Layout::has_room(state.area) => {
                    if has_plot(state.area) { "list, plot and why" } else { "maximize" }
                }
                Some(_) => "model",
            }
        }
        _ => binding.hint,
    }
}

/// True if the Route pane has list, plot and reasons at once when it is maximized: the window has the
/// header, the tabs and the hints around it.
fn has_plot(area: Rect) -> bool {
    is_beside(Layout::inside(Rect { height: area.height.saturating_sub(3), ..area }))
}

/// The hints that fit, each with its position.
fn placed(state: &State, area: Rect) -> Vec<(Rect, String, &Binding)> {
    let mut hints: Vec<(String, &Binding)> = state
        .contexts()
        .into_iter()
        .flat_map(|context| state.keymap.iter().filter(move |b| b.context == context))
        .filter(|b| !hint(state, b).is_empty() && !b.keys.is_empty())
        .filter(|b| state.is_of_use(&b.command))
        .map(|b| (b.label().split(' ').next().unwrap_or_default().to_owned(), b))
        .collect();
    // The most specific meaning of a key applies.
    let mut seen = Vec::new();
    hints.retain(|(key, _)| {
        let first = !seen.contains(key);
        seen.push(key.clone());
        first
    });
    // The main keys of the pane come first.
    let main = first_keys(state.focus);
    let place = |b: &Binding| main.iter().position(|command| *command == b.command);
    if state.contexts().contains(&Context::Pane(state.focus)) {
        hints.sort_by_key(|(_, b)| (lifts(state, b).is_none(), place(b).unwrap_or(main.len())));
    }
    // Help lists all keys, and quitting must be easy to find: their hints are always shown.
    let kept = |b: &Binding| matches!(b.command, Command::Help | Command::Quit);
    let size = |(key, b): &(String, &Binding)| width(key) + width(hint(state, b)) + 3;
    let reserved: usize = hints.iter().filter(|hint| kept(hint.1)).map(size).sum();
    let mut left = usize::from(area.width).saturating_sub(1 + reserved);
    let mut x = area.x + 1;
    let mut placed = Vec::new();
    for hint in hints {
        let wide = size(&hint);
        if !kept(hint.1) {
            if wide > left {
                continue;
            }
            left -= wide;
        }
        let place = Rect { x, width: wide as u16 - 2, ..area }.intersection(area);
        x += wide as u16;
        placed.push((place, hint.0, hint.1));
    }
    placed
}

/// The command of the hint at a cell of the bottom line.
pub fn command_at(state: &State, area: Rect, x: u16, y: u16) -> Option<Command> {
    if state.modes.line().is_some() || state.notice.is_some() {
        return None;
    }
    let all = placed(state, area);
    let hit = all.into_iter().find(|(place, ..)| place.contains((x, y).into()));
    hit.map(|(.., binding)| binding.command.clone())
}
