//! The frame of a pane, with the titles of all panes that share its area.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType};

use super::widgets::{fit, width};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;

/// The frame of a pane: its title, or the titles of all panes that share the area.
pub fn pane_block(
    state: &State,
    layout: &Layout,
    pane: Pane,
    remark: &str,
    room: u16,
) -> Block<'static> {
    let theme = &state.theme;
    let focused = state.focus == pane && layout.tabs.is_none();
    let whole = all_whole(layout, pane, room);
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
            Span::styled(title(shown, shown == pane || whole), style)
        })
        .collect();
    let titles = Line::from(titles);
    let left = (room as usize).saturating_sub(titles.width() + 6);
    let border = if focused { Ink::BorderFocus } else { Ink::Border };
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(border))
        .title(titles);
    // A truncated remark needs a word or two to be understood.
    if !remark.is_empty() && left >= width(remark).min(READABLE) {
        let remark = Line::styled(format!(" {} ", fit(remark, left)), theme.ink(Ink::Muted));
        block = block.title(remark.right_aligned());
    }
    block
}

/// Minimum width of a truncated remark.
const READABLE: usize = 12;

/// True if the full titles of all panes that share the area of `pane` fit.
fn all_whole(layout: &Layout, pane: Pane, room: u16) -> bool {
    let names = layout.shares(pane).into_iter().map(|shown| title(shown, true).len());
    names.sum::<usize>() + 4 <= room.into()
}

/// Shows the number of lines below at the lower border.
pub fn with_more<'a>(state: &State, block: Block<'a>, below: usize) -> Block<'a> {
    if below == 0 {
        return block;
    }
    let text = format!(" ↓ {below} more ");
    block.title_bottom(Line::styled(text, state.theme.ink(Ink::Muted)).right_aligned())
}

fn title(pane: Pane, whole: bool) -> String {
    let name = if whole { pane.title() } else { pane.short_title() };
    format!(" {} {name} ", pane.key())
}

/// The pane whose title is at column `x` of the upper border.
pub fn title_at(layout: &Layout, pane: Pane, area: Rect, x: u16) -> Option<Pane> {
    let mut left = area.x + 1;
    let all = all_whole(layout, pane, area.width);
    layout.shares(pane).into_iter().find(|shown| {
        let whole = *shown == pane || all;
        let here = left..left + title(*shown, whole).len() as u16;
        left = here.end;
        here.contains(&x)
    })
}
