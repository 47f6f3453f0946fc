//! The help: the keys of the focused pane, its signs and its words.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::router::Measured;
use crate::explorer::keys::{Context, terms};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::overlays::surface;
use crate::explorer::ui::widgets::{pad, width, wrap};

/// Maximum number of columns.
const COLUMNS: usize = 3;
/// The title of the words, and cells of a meaning.
const WORDS: &str = "Words";
const MEANING: usize = 36;

/// All keys of the focused pane, over the screen.
pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let Help { columns, widths, gap, height } = Help::of(state, area);
    let across = widths.iter().map(|w| w + gap).sum::<usize>() + 4;
    let popup = area.centered(
        Constraint::Length((across as u16).min(area.width)),
        Constraint::Length((height as u16 + 2).min(area.height)),
    );
    let more = height > usize::from(popup.height.saturating_sub(2));
    let closes =
        if more { " ↓ ↑ more · / search · Esc close " } else { " / search · Esc close " };
    let title = Line::styled(" Keys ", theme.bold(Ink::Accent));
    let closes = Line::styled(closes, theme.ink(Ink::Muted)).right_aligned();
    let inside = surface(frame, state, popup, title, closes);
    let mut x = inside.x;
    for (lines, w) in columns.into_iter().zip(widths) {
        let place = Rect { x, width: w as u16, ..inside }.intersection(inside);
        let lines: Vec<Line> = lines.into_iter().skip(state.help_scroll).collect();
        frame.render_widget(Paragraph::new(lines), place);
        x += (w + gap) as u16;
    }
}

/// Lines of the help that do not fit the screen.
pub fn overflow(state: &State) -> usize {
    Help::of(state, state.area)
        .height
        .saturating_sub(usize::from(state.area.height.saturating_sub(2)))
}

/// The keys in columns, or in one column if the screen is narrow.
struct Help {
    columns: Vec<Vec<Line<'static>>>,
    widths: Vec<usize>,
    gap: usize,
    height: usize,
}

impl Help {
    fn of(state: &State, area: Rect) -> Self {
        let groups = help_groups(state);
        let gap = if area.width < 100 { 2 } else { 4 };
        let wide = |lines: &Vec<Line>| lines.iter().map(Line::width).max().unwrap_or_default();
        let all = groups.join(&Line::default());
        let room = usize::from(area.height).saturating_sub(2);
        let needed = all.len().div_ceil(room.max(1)).clamp(1, COLUMNS);
        let tallest =
            |columns: &[Vec<Line>]| columns.iter().map(Vec::len).max().unwrap_or_default();
        let fits = |columns: &Vec<Vec<Line>>| {
            columns.iter().map(|lines| wide(lines) + gap).sum::<usize>() + 4 <= area.width.into()
        };
        // Groups stay whole where that fits, and where nothing does: what holds everywhere then begins at
        // the top. Else as in a newspaper, columns of like height.
        let whole = (1..=needed).rev().map(|n| in_columns(&groups, n)).find(fits);
        let whole = whole.unwrap_or_else(|| vec![all.clone()]);
        let even: Vec<Vec<Line>> =
            all.chunks(all.len().div_ceil(needed).max(1)).map(<[Line]>::to_vec).collect();
        let best = tallest(&whole) > room && tallest(&even) <= room && fits(&even);
        let columns = if best { even } else { whole };
        let widths = columns.iter().map(wide).collect();
        let height = tallest(&columns);
        Self { columns, widths, gap, height }
    }
}

/// Groups of lines in so many columns at most, in their order, the tallest as low as can be.
fn in_columns(groups: &[Vec<Line<'static>>], columns: usize) -> Vec<Vec<Line<'static>>> {
    let whole = vec![groups.join(&Line::default())];
    if columns < 2 {
        return whole;
    }
    let split = |at: usize| -> Vec<Vec<Line<'static>>> {
        let rest = in_columns(&groups[at..], columns - 1);
        std::iter::once(groups[..at].join(&Line::default())).chain(rest).collect()
    };
    let tallest = |columns: &Vec<Vec<Line>>| columns.iter().map(Vec::len).max();
    (1..groups.len()).map(split).min_by_key(tallest).unwrap_or(whole)
}

/// What is explained, and how.
type Rows = Vec<(String, Cow<'static, str>)>;

fn help_groups(state: &State) -> Vec<Vec<Line<'static>>> {
    let theme = &state.theme;
    let mut groups: Vec<(&str, Rows)> = Vec::new();
    // The keys of the focused pane first; those for typing belong to the router.
    let mut contexts = state.under_help();
    if state.focus == Pane::Route {
        contexts.splice(0..1, [Context::Pane(Pane::Route), Context::Prompt]);
        contexts.push(Context::Everywhere);
    }
    contexts.dedup();
    for context in contexts {
        for binding in state.keymap.iter().filter(|b| b.context == context && !b.keys.is_empty()) {
            let title = context.title();
            let row = (binding.label(), Cow::from(binding.about));
            match groups.iter_mut().find(|(known, _)| *known == title) {
                Some((_, rows)) => {
                    if !rows.contains(&row) {
                        rows.push(row);
                    }
                }
                None => groups.push((title, vec![row])),
            }
        }
    }
    if state.focus == Pane::Route {
        let badges = Measured::ALL.map(|m| (m.badge(), m.meaning()));
        groups.insert(1, ("In the ranking", rows(&[&badges[..], &RANKING].concat())));
    } else {
        groups.insert(1, ("Signs", rows(&SIGNS)));
    }
    groups.insert(2, (WORDS, words(state.focus)));
    groups.push(("Mouse", rows(&MOUSE)));
    // Words are longer than keys, which stand in line.
    let widest = |rows: &Rows| rows.iter().map(|(key, _)| width(key)).max().unwrap_or_default();
    let keys =
        groups.iter().filter(|(title, _)| *title != WORDS).map(|(_, rows)| widest(rows)).max();
    let keys = keys.unwrap_or_default();
    let column = |(title, rows): &(&str, Rows)| -> Vec<Line<'static>> {
        let heading = Line::styled((*title).to_owned(), theme.bold(Ink::Accent));
        let keys = if *title == WORDS { widest(rows) } else { keys };
        let row = |(key, about): &(String, Cow<'static, str>)| {
            Line::from(vec![
                Span::styled(pad(key, keys + 1), theme.bold(Ink::Text)),
                Span::styled(about.clone().into_owned(), theme.ink(Ink::Muted)),
            ])
        };
        std::iter::once(heading).chain(rows.iter().map(row)).collect()
    };
    groups.iter().map(column).collect()
}

fn rows(texts: &[(&'static str, &'static str)]) -> Rows {
    texts.iter().map(|(sign, about)| ((*sign).to_owned(), Cow::from(*about))).collect()
}

/// The words of a pane, wrapped.
fn words(pane: Pane) -> Rows {
    let each = terms(pane).iter().flat_map(|(word, meaning)| {
        let lines = wrap(meaning, MEANING).into_iter().enumerate();
        lines
            .map(|(i, line)| (if i == 0 { (*word).to_owned() } else { String::new() }, line.into()))
    });
    each.collect()
}

/// The other symbols of the ranking.
const RANKING: [(&str, &str); 7] = [
    ("★", "Routed to"),
    ("≈", "Tied with the most accurate: both measured on"),
    ("", "such questions, the gap within its 80% interval"),
    ("▲", "Pareto front: none is better for less"),
    ("~", "Predicted, not measured"),
    ("$/M", "$ per million tokens, mean of in and out"),
    ("prompt", "Cost of this prompt; :answer-tokens sets the answer"),
];

/// The signs on the map and before numbers.
const SIGNS: [(&str, &str); 5] = [
    ("~", "Predicted, not measured"),
    ("◉", "The selected model"),
    ("◆", "Marked models"),
    ("★", "The model that the prompt is routed to"),
    ("✚", "The new model"),
];

/// The mouse actions, which are not in the keymap.
const MOUSE: [(&str, &str); 6] = [
    ("click", "Select; groups, titles, tabs and hints too"),
    ("drag", "Box, lasso or zoom (B switches)"),
    ("right", "Zoom to a box"),
    ("middle", "Rotate in 3-D"),
    ("wheel", "Zoom or scroll"),
    ("hover", "Show a point, a group, the model of a row"),
];
