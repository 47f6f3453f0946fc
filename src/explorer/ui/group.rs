//! The card of a group of the legend, next to the map if there is space.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::widgets::{
    both_ways, fit, fit_category, heading, pad, paragraph, thousands, under_cursor, widest, width,
};
use crate::analysis::clusters::{Card, Feature, Lift};
use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::over::card::CardState;
use crate::explorer::theme::Ink;

/// Maximum and minimum width.
const WIDE: u16 = 66;
const NARROW: u16 = 54;
/// Maximum and minimum number of benchmarks.
const LIFTS: usize = 30;
const FEW_LIFTS: usize = 4;
/// A bar has at least so many cells.
const BAR: usize = 6;
/// Either side of bars that go both ways has at least so many.
const LEAST: usize = 2;
/// Lines from which on the stability of a cluster is explained.
const TALL: usize = 26;
/// Clusters below this stability are not reliable; from the second on they are valid (Hennig 2007).
const TRUSTED: f64 = 0.6;
const HIGH: f64 = 0.75;
/// Below this recall, coverage finds hardly more of a group than chance.
const LITTLE: f64 = 0.3;
/// Lines above the first prototype: the size, and a heading.
const ABOVE: usize = 2;

/// The area of the card; `None` if none is open or there is no space.
pub fn place(state: &State, area: Rect) -> Option<Rect> {
    written(state, state.card.as_ref()?, area).map(|(place, _)| place)
}

/// The area and the lines of a card.
fn written(state: &State, card: &CardState, area: Rect) -> Option<(Rect, Vec<Line<'static>>)> {
    let layout = Layout::within(state, area)?;
    // The space between the header and the hints.
    let y = layout.header.bottom();
    let body = Rect { y, height: layout.hints.y.saturating_sub(y), ..area };
    // Next to the map, so that the points stay visible.
    let map = layout.tabs.is_none().then(|| layout.pane(state.wide)).flatten();
    let left = map.map_or(0, Rect::right);
    let room = body.right().saturating_sub(left);
    let width = if room >= NARROW && map.is_some() { room.min(WIDE) } else { body.width.min(WIDE) };
    let x = if map.is_some() && room >= NARROW { left } else { body.right() - width };
    let lines = lines(state, card, usize::from(width) - 4, body.height.into());
    let height = (lines.len() as u16 + 2).min(body.height);
    Some((Rect { x, width, height, ..body }, lines))
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    let Some(card) = &state.card else { return };
    let Some((place, lines)) = written(state, card, area) else { return };
    let theme = &state.theme;
    frame.render_widget(Clear, place);
    let surface = Style::new().bg(theme[Ink::Surface]).fg(theme[Ink::Text]);
    let class = state.map.coloring.classes.get(card.class);
    let hue = class.map_or(theme[Ink::Text], |class| theme.hue(class.hue));
    let room = usize::from(place.width).saturating_sub(6);
    let title = Line::from(vec![
        Span::styled(" ● ", Style::new().fg(hue)),
        Span::styled(format!("{} ", fit(&name(state, card.class), room)), theme.bold(Ink::Accent)),
    ]);
    let keys = fit(" ↑↓ models · ←→ groups · Space mark · Esc close ", room);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::BorderFocus))
        .style(surface)
        .title(title)
        .title_bottom(Line::styled(keys, theme.ink(Ink::Muted)).right_aligned());
    frame.render_widget(block, place);
    frame.render_widget(Paragraph::new(lines), Layout::inside(place));
}

/// The prototype at a row of the screen, for a card in this area.
pub fn prototype_at(state: &State, place: Rect, y: u16) -> Option<usize> {
    let inside = Layout::inside(place);
    let row = usize::from(y.checked_sub(inside.y)?).checked_sub(ABOVE)?;
    (row < state.card.as_ref()?.card.as_ref()?.prototypes.len()).then_some(row)
}

/// The name of the group.
fn name(state: &State, class: usize) -> String {
    let coloring = &state.map.coloring;
    if let Some(cluster) = state.cluster(class) {
        return cluster.name.clone();
    }
    let name = coloring.classes.get(class).map_or("", |class| &class.name);
    coloring.title.as_ref().map_or_else(|| name.to_owned(), |title| format!("{title}: {name}"))
}

/// The lines of the card, `room` cells wide, for an area of that height including its border.
fn lines(state: &State, open: &CardState, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let Some(card) = &open.card else {
        let word = match open.describing.problem() {
            Some(problem) => Span::styled(fit(problem, room), theme.ink(Ink::Bad)),
            None => Span::styled("…", theme.ink(Ink::Muted)),
        };
        return vec![size(state, open.class, None, room), Line::from(word)];
    };
    let inside = height.saturating_sub(2);
    let top = size(state, open.class, Some(card), room);
    let remark = "well evaluated, nearest to the center";
    let mut prototypes = vec![heading(theme, room, "Prototypes", remark)];
    prototypes.extend(self::prototypes(state, open, card, room));
    let mut attributes = Vec::new();
    if !card.attributes.is_empty() {
        let (bar, rows) = self::attributes(state, card, room);
        let remark = if bar > 0 { "┃ elsewhere" } else { "" };
        attributes.push(heading(theme, room, "More frequent here", remark));
        attributes.extend(rows);
    }
    let around = around(state, open.class, card, room, inside >= TALL);
    let others = 1 + prototypes.len() + attributes.len() + around.len();
    let mut lifts = Vec::new();
    if !card.lifts.is_empty() {
        let left = inside.saturating_sub(others + 1);
        // Blank lines between the parts have precedence over more benchmarks.
        let most = if left >= FEW_LIFTS + 4 { left - 4 } else { left };
        lifts.push(heading(theme, room, "Accuracy", "here / the rest, ~ mostly predicted"));
        lifts.extend(self::lifts(state, card, room, most.clamp(FEW_LIFTS, LIFTS)));
    }
    let used = others + lifts.len();
    let parts: Vec<Vec<Line>> =
        [lifts, attributes, around].into_iter().filter(|part| !part.is_empty()).collect();
    let roomy = used + parts.len() <= inside;
    let mut lines = vec![top];
    lines.extend(prototypes);
    for part in parts {
        // A heading alone would say nothing.
        if lines.len() + 2 > inside {
            break;
        }
        if roomy {
            lines.push(Line::default());
        }
        lines.extend(part);
    }
    lines
}

/// The number of models, and the stability of a cluster.
fn size(state: &State, class: usize, card: Option<&Card>, room: usize) -> Line<'static> {
    let theme = &state.theme;
    let all = state.model_set.models.len();
    let known = state.map.coloring.classes.get(class).map_or(0, |class| class.count);
    let size = card.map_or(known, |card| card.size);
    let mut spans = vec![
        Span::styled(size.to_string(), theme.bold(Ink::Text)),
        Span::styled(format!(" of {} models", thousands(all as u64)), theme.ink(Ink::Muted)),
    ];
    if let Some(cluster) = state.cluster(class) {
        let full = (5.0 * cluster.stability).round().clamp(0.0, 5.0) as usize;
        let ink = if cluster.stability < TRUSTED { Ink::Warn } else { Ink::Good };
        // Behind the size, a gap, the five dots and the percents.
        let left = room.saturating_sub(spans.iter().map(Span::width).sum::<usize>() + 5 + 5 + 5);
        let word = match cluster.stability {
            s if s < TRUSTED => " stable: weak",
            s if s < HIGH => " stable: fair",
            _ => " stable: good",
        };
        let word = if width(word) <= left { word } else { "" };
        spans.extend([
            Span::styled("  ·  ", theme.ink(Ink::Muted)),
            Span::styled("●".repeat(full), theme.ink(ink)),
            Span::styled("○".repeat(5 - full), theme.ink(Ink::Muted)),
            Span::styled(format!(" {:.0}%", 100.0 * cluster.stability), theme.bold(Ink::Text)),
            Span::styled(word, theme.ink(Ink::Muted)),
        ]);
    }
    Line::from(spans)
}

fn prototypes(state: &State, open: &CardState, card: &Card, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let answers: Vec<String> = card
        .prototypes
        .iter()
        .map(|near| format!("{} answers", thousands(state.model_set.answers(near.at).into())))
        .collect();
    let cosines: Vec<String> =
        card.prototypes.iter().map(|near| format!("{:.2}", near.cosine)).collect();
    let (beside, last) = (widest(&cosines), widest(&answers));
    let names = room.saturating_sub(beside + last + 3);
    let each = card.prototypes.iter().zip(cosines.iter().zip(answers)).enumerate();
    each.map(|(i, (near, (cosine, answers)))| {
        let line = Line::from(vec![
            Span::styled(pad(state.name(near.at), names), theme.ink(Ink::Text)),
            Span::styled(format!(" {cosine:>beside$}"), theme.bold(Ink::Text)),
            Span::styled(format!("  {answers:>last$}"), theme.ink(Ink::Muted)),
        ]);
        if i == open.at { under_cursor(theme, line) } else { line }
    })
    .collect()
}

/// The benchmarks with the largest lead and the largest deficit, in at most so many lines.
fn lifts(state: &State, card: &Card, room: usize, most: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let n = card.lifts.len();
    // A line between them says how many are left out.
    let shown = if n > most { most.saturating_sub(1) } else { n };
    let behind = if n > shown { shown / 2 } else { 0 };
    let ahead = shown - behind;
    let shown: Vec<&Lift> = card.lifts[..ahead].iter().chain(&card.lifts[n - behind..]).collect();
    let title = |lift: &Lift| {
        state.model_set.benchmarks.get(lift.benchmark).map_or("", |b| b.name.as_str())
    };
    // Both means, if there is space for them.
    let means = if room + 4 >= NARROW.into() { 14 } else { 0 };
    // The bars give way to the names.
    let names = widest(shown.iter().map(|lift| title(lift)));
    let names = names.min(room.saturating_sub(1 + 5 + means));
    let half = room.saturating_sub(names + 1 + 1 + 5 + means) / 2;
    let (half, axis) = if half < LEAST { (0, "") } else { (half, "│") };
    let largest = shown.iter().map(|lift| lift.difference().abs()).fold(0.1, f64::max);
    let left_out = n - shown.len();
    let mut lines: Vec<Line> = shown
        .into_iter()
        .map(|lift| {
            let difference = lift.difference();
            // In half cells; whatever is a point has a bar.
            let halves = (difference.abs() / largest * half as f64 * 2.0).round() as usize;
            let halves = halves.max(usize::from(difference.abs() >= 0.005));
            let (left, right) = both_ways(halves, difference < 0.0, half);
            let ink = if difference < 0.0 { Ink::Bad } else { Ink::Good };
            let mut spans = vec![
                Span::styled(
                    format!("{} ", pad(&fit_category(title(lift), names), names)),
                    theme.ink(Ink::Text),
                ),
                Span::styled(left, theme.ink(ink)),
                Span::styled(axis, theme.ink(Ink::Border)),
                Span::styled(right, theme.ink(ink)),
                Span::styled(format!(" {:>4}", points(difference)), theme.bold(Ink::Text)),
            ];
            if means > 0 {
                let percent = |share: f64, predicted: bool| {
                    format!("{}{:.0}%", if predicted { "~" } else { "" }, 100.0 * share)
                };
                let inside = percent(lift.inside, lift.inside_predicted);
                let rest = percent(lift.rest, lift.rest_predicted);
                let text = format!(" {inside:>5} / {rest:>5}");
                spans.push(Span::styled(text, theme.ink(Ink::Muted)));
            }
            Line::from(spans)
        })
        .collect();
    if left_out > 0 {
        let text = fit(&format!("⋮ {left_out} between"), room);
        lines.insert(ahead, Line::styled(text, theme.ink(Ink::Muted)));
    }
    lines
}

/// A difference of proportions in whole points.
fn points(difference: f64) -> String {
    let points = (100.0 * difference).round();
    if points == 0.0 { "0".into() } else { format!("{points:+.0}").replace('-', "−") }
}

/// More frequent attributes: a bar with the share elsewhere as a mark, and the width of the bars.
fn attributes(state: &State, card: &Card, room: usize) -> (usize, Vec<Line<'static>>) {
    let theme = &state.theme;
    let what = |feature: &Feature| {
        let named = feature.what.contains(feature.name.as_str());
        if named { feature.what.clone() } else { format!("{} {}", feature.name, feature.what) }
    };
    let counted = |feature: &Feature| {
        let elsewhere = 100.0 * feature.elsewhere;
        format!("{} of {}, {elsewhere:.0}% elsewhere", feature.with, feature.of)
    };
    let counts = widest(card.attributes.iter().map(counted));
    let names = widest(card.attributes.iter().map(what)).min(room.saturating_sub(counts + 3));
    let left = room.saturating_sub(names + counts + 3);
    let bar = if left < BAR { 0 } else { left };
    let rows = card
        .attributes
        .iter()
        .map(|feature| {
            let share = feature.with as f64 / feature.of.max(1) as f64;
            let full = (share * bar as f64).round() as usize;
            let mark = (feature.elsewhere * bar as f64) as usize;
            let mut spans = vec![Span::styled(
                format!("{} ", pad(&what(feature), names)),
                theme.ink(Ink::Text),
            )];
            spans.extend((0..bar).map(|x| {
                if x == mark {
                    Span::styled("┃", theme.bold(Ink::BarMark))
                } else if x < full {
                    Span::styled("━", theme.ink(Ink::BarFill))
                } else {
                    Span::styled("─", theme.ink(Ink::BarTrack))
                }
            }));
            let text = format!("  {:>counts$}", counted(feature));
            spans.push(Span::styled(text, theme.ink(Ink::Muted)));
            Line::from(spans)
        })
        .collect();
    (bar, rows)
}

/// The nearest group, and how much coverage explains; if there is space, what its stability means.
fn around(
    state: &State,
    class: usize,
    card: &Card,
    room: usize,
    explained: bool,
) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = vec![heading(theme, room, "Place", "among the other groups")];
    if let Some(near) = card.nearest {
        let cluster = state.cluster(near.at).map(|cluster| cluster.brief.clone());
        let named = cluster.unwrap_or_else(|| name(state, near.at));
        let end = format!(" (cosine {:.2})", near.cosine);
        let start = "Nearest group: ";
        let left = room.saturating_sub(width(start) + width(&end));
        let text = format!("{start}{}{end}", fit(&named, left));
        lines.push(Line::styled(fit(&text, room), theme.ink(Ink::Text)));
    }
    // The models of a cluster are, by definition.
    if card.own < card.size && state.cluster(class).is_none() {
        let text = format!(
            "{} of its {} are nearer to its center than to that of another group",
            card.own, card.size
        );
        lines.extend(paragraph(&text, room, theme.ink(Ink::Text)));
    }
    if let Some(cluster) = state.cluster(class).filter(|_| explained) {
        let stable = 100.0 * cluster.stability;
        let text = format!("Stable: {stable:.0}% the same without a fifth of all models");
        lines.push(Line::styled(fit(&text, room), theme.ink(Ink::Text)));
    }
    let coverage = &card.coverage;
    let share = 100.0 * coverage.recall;
    let (text, ink) = if coverage.mostly {
        (format!("Mostly where evaluated: that alone finds {share:.0}% of it"), Ink::Warn)
    } else {
        let much = if coverage.recall < LITTLE { "Hardly" } else { "Partly" };
        (format!("{much} where evaluated: that alone finds {share:.0}% of it"), Ink::Text)
    };
    lines.push(Line::styled(fit(&text, room), theme.ink(ink)));
    lines.extend(coverage.more.iter().map(|run| {
        let elsewhere = 100.0 * run.elsewhere;
        let text = format!(
            "{}: evaluated on {} of {}, {elsewhere:.0}% elsewhere",
            run.name, run.with, card.size
        );
        Line::styled(fit(&text, room), theme.ink(Ink::Muted))
    }));
    lines
}
