//! Where everything is. A pure function of size and state, so that the mouse hits what is drawn.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::line::LineInput;
use crate::explorer::text::wrap;

/// Below this there is only a friendly word.
pub const LEAST: (u16, u16) = (60, 18);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    /// Where one pane is shown at a time.
    pub tabs: Option<Rect>,
    pub panes: Vec<(Pane, Rect)>,
    /// What takes the place of the panes beside the map while a training runs.
    pub training: Option<Rect>,
    pub hints: Rect,
}

impl Layout {
    /// The layout of the screen as it was last known; `None` if it is too small.
    pub fn of(state: &State) -> Option<Self> {
        Self::within(state, state.area)
    }

    /// The layout of a screen of the size of `area`. A frame has the size that the window has when it
    /// is drawn, which the state learns of only afterwards.
    pub fn within(state: &State, area: Rect) -> Option<Self> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        // A notice takes the place of the hints, and more lines where it is long: it covers nothing.
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

    /// True where panes can stand side by side.
    pub fn has_room(area: Rect) -> bool {
        area.width >= 120
    }

    /// The wide pane, and beside it as many others as there is room for.
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

    /// Panes that share the place of `pane`, for its title.
    pub fn shares(&self, pane: Pane) -> Vec<Pane> {
        if self.tabs.is_some() || self.training.is_some() {
            return vec![pane];
        }
        if pane.is_wide() {
            return Pane::ALL.iter().copied().filter(|p| p.is_wide()).collect();
        }
        // Of the panes beside the wide one, the first takes turns with those that are not shown.
        let turns = self.panes.iter().find(|(p, _)| !p.is_wide()).map(|(p, _)| *p);
        if turns == Some(pane) {
            let hidden = |p: &Pane| !p.is_wide() && self.pane(*p).is_none();
            Pane::ALL.iter().copied().filter(|p| hidden(p) || *p == pane).collect()
        } else {
            vec![pane]
        }
    }

    /// What is inside a pane's border and its side margins.
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

/// Lines that a notice takes at most.
const NOTICE: usize = 3;

/// The lines below the panes: one for the hints, or as many as a notice and what is typed take.
fn notice_lines(state: &State, area: Rect) -> u16 {
    let notice = state.notice.as_ref().map_or(0, |notice| {
        wrap(&notice.text, usize::from(area.width).saturating_sub(4)).len().clamp(1, NOTICE)
    });
    // What is being typed keeps its own lines.
    let typed = state.modes.line().map_or(0, LineInput::lines);
    (notice as u16 + typed).max(1)
}

/// The tabs of the tab bar, with their names and places: whole names, or short ones where those do
/// not fit, or names for as many panes as there is room for, the focused one first.
pub fn tabs(area: Rect, focus: Pane) -> Vec<(Pane, &'static str, Rect)> {
    // ` 1 Map `, of which the last blank is the first of the next tab.
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
