//! The Route pane: type a prompt, see who is most likely to answer it right, at what cost, and why.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::router::{Route, Unit};
use crate::embedder::{Parts as Terms, Scope};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::{Asked, View};
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::pareto;
use crate::explorer::ui::widgets::{fit, heading, pad, under_cursor, whisker, width, wrap};
use crate::one_line;

/// Cells of a probability's bar at least: names come first.
const LEAST_BAR: usize = 9;
/// Candidates that the evidence leaves room for at least.
const LEAST_CANDIDATES: usize = 4;
/// Lines of the prompt at most.
const PROMPT_LINES: u16 = 6;

fn types_filter(state: &State) -> bool {
    matches!(state.modes.base(), Mode::Filter)
}

/// The parts of the pane from top to bottom.
struct Parts {
    prompt: Rect,
    /// The filter, or a rule that tells it.
    bar: Rect,
    /// What could come next in a filter, or what is wrong with it.
    offers: Option<Rect>,
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
        let offers = types_filter(state).then(|| take(1));
        Self { prompt, bar, offers, below: take(u16::MAX) }
    }
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let time = state.route.answer();
    let remark = time.map_or_else(String::new, |route| format!("{:.1} ms", route.milliseconds));
    frame.render_widget(pane_block(state, layout, Pane::Route, &remark, area.width), area);
    let inside = Layout::inside(area);
    if inside.height < 2 || inside.width < 4 {
        return;
    }
    let parts = Parts::of(state, inside);
    draw_prompt(frame, state, parts.prompt);
    draw_bar(frame, state, parts.bar);
    if let Some(place) = parts.offers {
        draw_offers(frame, state, place);
    }
    let below = parts.below;
    let (room, height) = (below.width as usize, below.height.into());
    let route = &state.route;
    let lines = match (route.view, &route.result) {
        (View::Plot, Some(answer)) => return pareto::draw(frame, state, answer, below),
        (View::List, Some(answer)) => list(state, answer, room, height),
        (View::Pinned, _) => pinned(state, room),
        (View::History, _) => history(state, room),
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
        let hint = fit("press p and type a prompt", text.width.into());
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

/// A rule that tells which models may be named, or the filter while it is typed.
fn draw_bar(frame: &mut Frame, state: &State, place: Rect) {
    let (theme, route) = (&state.theme, &state.route);
    let room = usize::from(place.width);
    let filter = &route.filter;
    if types_filter(state) {
        let before: String = filter.input.value().chars().take(filter.input.cursor()).collect();
        let (label, shown) = ("where ", room.saturating_sub(7));
        // The end of what stands before the cursor stays in sight.
        let hidden = width(&before).saturating_sub(shown);
        let text: String = filter.input.value().chars().skip(hidden).collect();
        let line = Line::from(vec![
            Span::styled(label, theme.bold(Ink::Accent)),
            Span::styled(fit(&text, shown), theme.ink(Ink::Text)),
        ]);
        frame.render_widget(line, place);
        let at = place.x + (label.len() + width(&before) - hidden) as u16;
        if !state.help {
            frame.set_cursor_position((at.min(place.right().saturating_sub(1)), place.y));
        }
        return;
    }
    let rule = "─".repeat(room);
    frame.buffer_mut().set_string(place.x, place.y, rule, theme.ink(Ink::Border));
    let view = format!(" {} ", route.view.title());
    let mut left = room.saturating_sub(width(&view) + 4);
    let all = state.subject.models.len();
    let text = match &filter.pool {
        None => format!(" all {all} models "),
        Some(pool) => {
            let count = format!(" · {} of {all} ", pool.iter().filter(|m| **m).count());
            let room = left.saturating_sub(width(&count) + 1);
            format!(" {}{count}", fit(one_line(filter.input.value()).trim(), room))
        }
    };
    let mut asked = route.limits.said(unit(state)).join(" · ");
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

fn draw_offers(frame: &mut Frame, state: &State, place: Rect) {
    let (theme, filter) = (&state.theme, &state.route.filter);
    let room = usize::from(place.width);
    let count = match &filter.pool {
        Some(pool) => pool.iter().filter(|m| **m).count(),
        None => state.subject.models.len(),
    };
    let mut spans = match &filter.problem {
        Some(problem) if filter.offers.is_empty() => {
            let text = fit(&one_line(problem), room);
            return frame.render_widget(Span::styled(text, theme.ink(Ink::Bad)), place);
        }
        // Half a word is no mistake yet.
        Some(_) => vec![Span::styled("… ", theme.ink(Ink::Warn))],
        None => vec![Span::styled(format!("{count} models   "), theme.bold(Ink::Good))],
    };
    let mut left = room.saturating_sub(spans.iter().map(Span::width).sum());
    for (i, offer) in filter.offers.iter().enumerate() {
        let offer = one_line(offer);
        let text = if i == 0 { format!("Tab {offer}") } else { offer };
        if width(&text) + 2 > left {
            break;
        }
        left -= width(&text) + 2;
        let style = if i == 0 { theme.bold(Ink::Accent) } else { theme.ink(Ink::Muted) };
        spans.extend([Span::styled(text, style), Span::raw("  ")]);
    }
    frame.render_widget(Line::from(spans), place);
}

fn introduction(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if let Some(problem) = &state.subject.unread {
        let text = format!("Prompts cannot be read here: {problem}");
        let lines = wrap(&text, room).into_iter();
        return lines.map(|line| Line::styled(line, theme.ink(Ink::Warn))).collect();
    }
    let text = if state.route.routing.is_running() {
        "asking …"
    } else {
        "Type any prompt: the models are ranked by how likely each is to answer it right, and the \
         first one lights up on the map. A file that is dropped here is read."
    };
    let lines = wrap(text, room).into_iter();
    lines.map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect()
}

/// How many candidates are shown, and whether there is room for the evidence and for the reasons.
fn shares(route: &Route, room: usize, height: usize) -> (usize, bool, bool) {
    let list = height.saturating_sub(1 + usize::from(warning(route).is_some()));
    let evidence = if route.evidence.is_empty() { 0 } else { route.evidence.len() + 2 };
    let why = 2 + reasons_height(route, room);
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
    let above = usize::from(below.y - inside.y) + 1 + usize::from(warning(route).is_some());
    let at = row.checked_sub(above)?;
    let candidate = first(state.route.cursor, shown) + at;
    (at < shown && candidate < route.candidates.len()).then_some(candidate)
}

fn warning(route: &Route) -> Option<&'static str> {
    if route.scope == Scope::Out {
        Some("out of scope: unlike any training question, ranked by overall ability")
    } else if route.scope == Scope::Near {
        Some("near the edge of scope: ranked partly by overall ability")
    } else if route.below {
        Some("no model is likely enough to be right")
    } else {
        None
    }
}

fn list(state: &State, route: &Route, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (shown, evidence, why) = shares(route, room, height);
    let title = state.route.limits.title();
    let mut lines = vec![heading(theme, room, title, "80% intervals, ≈ ties")];
    if let Some(warning) = warning(route) {
        lines.push(Line::styled(fit(warning, room), theme.bold(Ink::Warn)));
    }
    let unit = unit(state);
    let fixed = 4 + 5 + if unit.is_some() { 7 } else { 0 };
    let from = first(state.route.cursor, shown);
    let listed = route.candidates.iter().skip(from).take(shown);
    let longest = listed.map(|c| width(state.short(c.model))).max().unwrap_or_default();
    let left = room.saturating_sub(fixed);
    let name_room = longest.min(left.saturating_sub(LEAST_BAR));
    let bar_room = left - name_room;
    for (i, c) in route.candidates.iter().enumerate().skip(from).take(shown) {
        let best = i == 0;
        let name = if best { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
        let tie = if c.tied { '≈' } else { ' ' };
        let mark = if best { " ★ ".into() } else { format!("{:>2}{tie}", (i + 1).min(99)) };
        let ink = if best { Ink::MapRouted } else { Ink::BarFill };
        let mut spans = vec![
            Span::styled(mark, if best { name } else { theme.ink(Ink::Muted) }),
            Span::styled(format!("{} ", pad(state.short(c.model), name_room)), name),
        ];
        let interval = (c.low.into(), c.p.into(), c.high.into());
        spans.extend(whisker(theme, bar_room, interval, ink, &[]));
        spans.push(Span::styled(format!(" {:>3.0}%", 100.0 * c.p), name));
        if let Some(unit) = unit {
            let cost = c.cost.map_or_else(String::new, |cost| unit.text(cost));
            let ink = if c.front { Ink::Accent } else { Ink::Muted };
            spans.push(Span::styled(format!(" {:>6}", fit(&cost, 6)), theme.ink(ink)));
        }
        let line = Line::from(spans);
        let here = state.focus == Pane::Route && i == state.route.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    if evidence {
        lines.push(Line::default());
        lines.extend(likes(state, route, room));
    }
    if why {
        lines.push(Line::default());
        lines.extend(reasons(state, route, room));
    }
    lines
}

fn unit(state: &State) -> Option<Unit> {
    state.subject.costs().unit()
}

/// What the prompt is like.
fn likes(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = vec![heading(theme, room, "Like the training questions of", "")];
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
            let (percent, achieved) = (100.0 * share, e.kind.achieved());
            let model = one_line(model);
            let known = state.subject.models.iter().position(|name| *name == model);
            let model = known.map_or(&*model, |known| state.short(known));
            let said = format!("  {percent:.0}% {achieved}: {model}");
            spans.push(Span::styled(fit(&said, left), theme.ink(Ink::Muted)));
        }
        Line::from(spans)
    }));
    lines
}

/// What must be known of the probabilities that are not of right answers.
fn remark(route: &Route, room: usize) -> Vec<String> {
    route.kind().remark().map_or_else(Vec::new, |remark| wrap(remark, room))
}

fn reasons_height(route: &Route, room: usize) -> usize {
    let second = route.why.runner_up.as_ref();
    let lines = 1 + second.map_or(0, |second| 1 + usize::from(turn(second).is_some()));
    lines + usize::from(route.cascade.is_some()) + remark(route, room).len()
}

/// What would make the runner-up win.
fn turn(second: &crate::analysis::router::RunnerUp) -> Option<String> {
    let ahead = second.ahead_on.as_ref().map(|(category, own, other)| {
        let (own, other) = (100.0 * own, 100.0 * other);
        format!("ahead on {} ({own:.0}% to {other:.0}%)", one_line(category))
    });
    let weight = second.from_weight.map(|weight| format!("wins from cost weight {weight:.1}"));
    match (weight, ahead) {
        (Some(weight), Some(ahead)) => Some(format!("{weight}; {ahead}")),
        (one, other) => one.or(other),
    }
}

/// Where the first probability comes from, what the runner-up lacks, and a cascade.
fn reasons(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let terms = |terms: &Terms| {
        format!("ability {:+.2}  ease {:+.2}  match {:+.2}", terms.ability, terms.ease, terms.fit)
    };
    let muted = |text: &str| Line::styled(fit(text, room), theme.ink(Ink::Muted));
    let mut lines = vec![heading(theme, room, "Why", "in logits")];
    let remark = remark(route, room).into_iter();
    lines.extend(remark.map(|line| Line::styled(line, theme.ink(Ink::Warn))));
    let first = fit(&format!("1  {}", terms(&route.why.parts)), room);
    lines.push(Line::styled(first, theme.ink(Ink::Text)));
    if let Some(second) = &route.why.runner_up {
        lines.push(muted(&format!("2  {}", terms(&second.parts))));
        lines.extend(turn(second).map(|text| muted(&format!("   {text}"))));
    }
    if let Some((plan, unit)) = route.cascade.as_ref().zip(unit(state)) {
        let (quality, cost) = (100.0 * plan.quality, unit.text(plan.cost));
        let end = format!(": {quality:.0}% for {cost}");
        let names = format!("{}, then {}", state.name(plan.first), state.name(plan.then));
        let left = room.saturating_sub(width(&end) + 8);
        lines.push(muted(&format!("cascade {}{end}", fit(&names, left))));
    }
    lines
}

/// Pinned prompts and the one that is typed, with the best models of each.
fn pinned(state: &State, room: usize) -> Vec<Line<'static>> {
    const MODELS_OF_EACH: usize = 4;
    let (theme, route) = (&state.theme, &state.route);
    let mut asked: Vec<(&str, &Route)> =
        route.pinned.iter().filter_map(|a| Some((&*a.prompt, a.route.as_ref()?))).collect();
    let typed = route.answer();
    if let Some(answer) = typed
        && !route.pinned.iter().any(|pinned| pinned.prompt == route.asked)
    {
        asked.push((&route.asked, answer));
    }
    if route.pinned.is_empty() {
        let text = "Press x to pin a prompt: the best models of pinned prompts are compared here.";
        let lines = wrap(text, room).into_iter();
        return lines.map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect();
    }
    let mut lines = vec![heading(theme, room, "Pinned prompts", "")];
    for (i, (prompt, answer)) in asked.iter().enumerate() {
        let routed = answer.candidates.first().map_or("", |c| state.short(c.model));
        let (number, routed) = (format!("{} ", i + 1), format!(" → {routed}"));
        let left = room.saturating_sub(width(&number) + width(&routed)).max(room / 3);
        let prompt = fit(&one_line(prompt), left);
        let routed = fit(&routed, room.saturating_sub(width(&number) + width(&prompt)));
        lines.push(Line::from(vec![
            Span::styled(number, theme.bold(Ink::Accent)),
            Span::styled(prompt, theme.ink(Ink::Text)),
            Span::styled(routed, theme.ink(Ink::MapRouted)),
        ]));
    }
    let mut models: Vec<usize> = Vec::new();
    for (_, answer) in &asked {
        for c in answer.candidates.iter().take(MODELS_OF_EACH) {
            if !models.contains(&c.model) {
                models.push(c.model);
            }
        }
    }
    let p = |answer: &Route, model: usize| {
        answer.candidates.iter().find(|c| c.model == model).map(|c| c.p)
    };
    let least = |model: usize| {
        asked.iter().map(|(_, answer)| p(answer, model).unwrap_or(0.0)).fold(1.0, f32::min)
    };
    models.sort_by(|&a, &b| least(b).total_cmp(&least(a)));
    lines.push(Line::default());
    let name_room = room.saturating_sub(5 * asked.len());
    let mut header = vec![Span::styled(pad("right", name_room), theme.ink(Ink::Muted))];
    header.extend(
        (1..=asked.len()).map(|i| Span::styled(format!("{i:>4} "), theme.bold(Ink::Accent))),
    );
    lines.push(Line::from(header));
    for model in models {
        let name = pad(state.short(model), name_room);
        let mut spans = vec![Span::styled(name, theme.ink(Ink::Text))];
        for (_, answer) in &asked {
            let routed = answer.candidates.first().is_some_and(|c| c.model == model);
            let style = if routed { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
            let cell =
                p(answer, model).map_or("  –  ".into(), |p| format!("{:>3.0}% ", 100.0 * p));
            spans.push(Span::styled(cell, style));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// The prompts before, newest first.
fn history(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if state.route.history.is_empty() {
        let text = "Prompts that you leave with Enter or Esc are remembered here; [ and ] go through \
                    them.";
        let lines = wrap(text, room).into_iter();
        return lines.map(|line| Line::styled(line, theme.ink(Ink::Muted))).collect();
    }
    let mut lines = vec![heading(theme, room, "Prompts before", "[ older, ] newer")];
    let line = |asked: &Asked| {
        let first = asked.route.as_ref().and_then(|route| route.candidates.first());
        let routed = first.map_or_else(String::new, |c| {
            format!("  {} {:.0}%", fit(state.name(c.model), 24), 100.0 * c.p)
        });
        let prompt = pad(&one_line(&asked.prompt), room.saturating_sub(width(&routed)));
        let here = asked.prompt == state.route.asked;
        let ink = if here { Ink::Accent } else { Ink::Text };
        Line::from(vec![
            Span::styled(prompt, theme.ink(ink)),
            Span::styled(fit(&routed, room), theme.ink(Ink::MapRouted)),
        ])
    };
    lines.extend(state.route.history.iter().rev().map(line));
    lines
}
