//! The layout: a pure function of size and state, so that drawing and mouse agree.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::line::LineInput;
use crate::explorer::text::wrap;

/// Minimum size; below it only a message is shown.
pub const LEAST: (u16, u16) = (60, 18);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    /// Only one pane is shown at a time.
    pub tabs: Option<Rect>,
    pub panes: Vec<(Pane, Rect)>,
    /// The area of the training pane, which replaces the panes next to the map.
    pub training: Option<Rect>,
    pub hints: Rect,
}

impl Layout {
    /// The layout for the last known screen size; `None` if it is too small.
    pub fn of(state: &State) -> Option<Self> {
        Self::within(state, state.area)
    }

    /// The layout for the size of `area`: a frame has the current window size, which the state learns only
    /// afterwards.
    pub fn within(state: &State, area: Rect) -> Option<Self> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        // A notice replaces the hints, and takes more lines if it is long, so that it covers nothing.
        let below = notice_lines(state, area);
        let [header, body, hints] =
            Split::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(below)])
                .areas(area);
        let mut layout = Self { header, tabs: None, panes: Vec::new(), training: None, hints };
        if state.training.is_some() {
            layout.place_training(body);
        } else if Self::has_room(area) && !state.maximized {
            layout.place_beside(body, state.wide, state.side);
        } else {
            let [tabs, pane] =
                Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(body);
            layout.tabs = Some(tabs);
            layout.panes.push((state.focus, pane));
        }
        Some(layout)
    }

    /// True if panes fit side by side.
    pub fn has_room(area: Rect) -> bool {
        area.width >= 120
    }

    /// The wide pane, and as many others next to it as fit.
    fn place_beside(&mut self, body: Rect, wide: Pane, side: Pane) {
        let columns = |widths: &[Constraint]| Split::horizontal(widths).split(body);
        let rows = |area: Rect, heights: [Constraint; 2]| Split::vertical(heights).areas(area);
        if body.width >= 180 && body.height >= 38 {
            let at = columns(&[Constraint::Min(0), Constraint::Length(50), Constraint::Length(54)]);
            let [probe, route] = rows(at[2], [Constraint::Fill(1), Constraint::Fill(1)]);
            let beside = if matches!(side, Pane::Probe | Pane::Route) { Pane::Model } else { side };
            self.panes =
                vec![(wide, at[0]), (beside, at[1]), (Pane::Probe, probe), (Pane::Route, route)];
            return;
        }
        let side_width = (body.width * 2 / 5).clamp(54, 64);
        let at = columns(&[Constraint::Min(0), Constraint::Length(side_width)]);
        self.panes.push((wide, at[0]));
        if body.height >= 38 {
            let upper = if side == Pane::Route { Pane::Model } else { side };
            let [top, bottom] = rows(at[1], [Constraint::Fill(11), Constraint::Fill(9)]);
            self.panes.extend([(upper, top), (Pane::Route, bottom)]);
        } else {
            self.panes.push((side, at[1]));
        }
    }

    fn place_training(&mut self, body: Rect) {
        let (map, training) = if body.width >= 100 {
            let split = Split::horizontal([Constraint::Min(0), Constraint::Length(44)]);
            let [map, training] = split.areas(body);
            (map, training)
        } else {
            let split = Split::vertical([Constraint::Min(0), Constraint::Length(8)]);
            let [map, training] = split.areas(body);
            (map, training)
        };
        self.panes.push((Pane::Map, map));
        self.training = Some(training);
    }

    pub fn pane(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(p, _)| *p == pane).map(|(_, area)| *area)
    }

    /// The pane under a cell.
    pub fn at(&self, x: u16, y: u16) -> Option<(Pane, Rect)> {
        self.panes.iter().find(|(_, area)| area.contains((x, y).into())).copied()
    }

    /// The panes that share the area of `pane`, for its title.
    pub fn shares(&self, pane: Pane) -> Vec<Pane> {
        if self.tabs.is_some() || self.training.is_some() {
            return vec![pane];
        }
        if pane.is_wide() {
            return Pane::ALL.iter().copied().filter(|p| p.is_wide()).collect();
        }
        // Of the side panes, the first one shares its area with those that are not shown.
        let turns = self.panes.iter().find(|(p, _)| !p.is_wide()).map(|(p, _)| *p);
        if turns == Some(pane) {
            let hidden = |p: &Pane| !p.is_wide() && self.pane(*p).is_none();
            Pane::ALL.iter().copied().filter(|p| hidden(p) || *p == pane).collect()
        } else {
            vec![pane]
        }
    }

    /// The inside of a pane: without border and side margins.
    pub fn inside(area: Rect) -> Rect {
        let border = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        };
        Rect { x: border.x + 1, width: border.width.saturating_sub(2), ..border }
    }
}

/// Maximum number of lines of a notice.
const NOTICE: usize = 3;

/// The lines below the panes: one for the hints, or as many as a notice and an input line need.
fn notice_lines(state: &State, area: Rect) -> u16 {
    let notice = state.notice.as_ref().map_or(0, |notice| {
        wrap(&notice.text, usize::from(area.width).saturating_sub(4)).len().clamp(1, NOTICE)
    });
    // An input line keeps its own lines.
    let typed = state.modes.line().map_or(0, LineInput::lines);
    (notice as u16 + typed).max(1)
}

/// The tabs of the tab bar, with their names and areas: full names, or short ones if those do not fit, or as
/// many panes as fit, the focused one first.
pub fn tabs(area: Rect, focus: Pane) -> Vec<(Pane, &'static str, Rect)> {
    // ` 1 Map `, where the last blank is the first of the next tab.
    let wide = |name: &str| name.len() as u16 + 2 + u16::from(!name.is_empty());
    let room = area.width.saturating_sub(1);
    let all = |name: fn(Pane) -> &'static str| -> Vec<&'static str> {
        Pane::ALL.iter().map(|pane| name(*pane)).collect()
    };
    let taken = |names: &[&str]| names.iter().map(|name| wide(name)).sum::<u16>();
    let mut names = all(Pane::title);
    if taken(&names) > room {
        names = all(Pane::short_title);
    }
    if taken(&names) > room {
        names = vec![""; Pane::ALL.len()];
        let order = std::iter::once(focus).chain(Pane::ALL.iter().copied());
        for pane in order {
            let before = std::mem::replace(&mut names[pane as usize], pane.title());
            if taken(&names) > room {
                names[pane as usize] = before;
            }
        }
    }
    let mut x = area.x;
    let place = |(&pane, name): (&Pane, &'static str)| {
        let width = wide(name);
        let place = Rect { x, width: width + 1, ..area };
        x += width;
        (pane, name, place.intersection(area))
    };
    Pane::ALL.iter().zip(names).map(place).collect()
}
