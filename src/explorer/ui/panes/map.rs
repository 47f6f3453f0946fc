//! The Map: every model on two principal components.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::state::map::Tool;
use crate::explorer::state::new_model::NAME as NEW_MODEL;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::labels::{Grid, Wanted};
use crate::explorer::ui::legend::{self, Parts};
use crate::explorer::ui::raster::{self, Raster};
use crate::explorer::ui::regions::regions;
use crate::explorer::ui::roles::{self, Role};
use crate::explorer::ui::widgets::{fit, width};
use crate::explorer::ui::{axes, card, density, scene};

/// Cells of the plot per label at full view.
const CELLS_A_NAME: f64 = 160.0;
/// Warnings about distances on the map.
const TWO: &str = " 2-D projection: use Nearest models for true distances ";
const THREE: &str = " 3-D projection: use Nearest models for true distances ";
/// The label of a new model's ellipse.
const REGION: &str = "80% region";
/// Maximum width of a label.
const LONGEST: usize = 48;
/// Maximum number of models that are tried for a label.
const TRIED: usize = 600;
/// Maximum number of selected, routed and marked models with a label.
const NAMED: usize = 26;
/// Darker models have no label, which would be brighter than the point.
const NAMED_FROM: f32 = 0.5;
/// One in this many labels may cover some points: the best known models are in crowded areas.
const BOLD: usize = 3;
const COVERED: usize = 2;
/// The name of a region may cover points in one of so many of its cells.
const HIDDEN: usize = 2;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let map = &state.map;
    let mut remark =
        map.coloring.title.as_ref().map_or_else(String::new, |title| format!("color: {title}"));
    if state.clusters.problem().is_some() {
        remark = "clustering failed (F5 starts it again)".into();
    }
    if map.glow.is_aimed() {
        // The Route pane explains the probabilities; the header has the coloring.
        remark = "brightness: chance".into();
    }
    if state.asks_for_clusters() {
        remark = state.remark(JobKind::Clusters, "clustering").unwrap_or(remark);
    }
    let doing = map.wanted.title(&state.model_set);
    remark = state.remark(JobKind::Projection, &doing).unwrap_or(remark);
    let mut block = pane_block(state, layout, Pane::Map, &remark, area.width);
    if state.training.is_none() && area.width > 40 {
        let note = if map.space.is_some() { THREE } else { TWO };
        let note = if width(note) + 6 < area.width.into() { note } else { " 2-D projection " };
        let note = ratatui::text::Line::styled(note, state.theme.ink(Ink::Muted));
        block = block.title_bottom(note.right_aligned());
    }
    frame.render_widget(block, area);
    let parts = Parts::of(state, area);
    let buffer = frame.buffer_mut();
    legend::draw(buffer, state, &parts);
    let plot = parts.plot;
    if plot.width < 4 || plot.height < 3 {
        return;
    }
    if map.places.is_empty() {
        let word = "no models";
        buffer.set_stringn(plot.x, plot.y, word, plot.width as usize, state.theme.ink(Ink::Muted));
        return;
    }
    let mut grid = Grid::new(plot.width as usize, plot.height as usize);
    let raster = Raster::of(state, plot);
    raster.reserve(&mut grid);
    let painted = scene::pictured(state, plot);
    if painted {
        // Cells without a ground are left to the picture.
        let ground = Style::new().bg(Color::Reset);
        buffer.set_style(plot, ground);
    } else {
        if state.shows_density() {
            density::draw(buffer, state, plot);
        }
        axes::draw_lines(buffer, state, plot);
        raster::draw_trails(buffer, state, plot);
        raster.draw(buffer, state, plot);
    }
    axes::draw_titles(buffer, state, plot, &mut grid);
    let pen = Pen { plot, painted };
    pen.direction(buffer, state, &mut grid);
    pen.new_model(buffer, state, &mut grid);
    let special = roles::special(state);
    pen.special(buffer, state, &mut grid, &special);
    if map.names {
        pen.regions(buffer, state, &mut grid);
        pen.names(buffer, state, &mut grid, &special);
    }
    draw_drag(buffer, state, plot);
    card::draw(buffer, state, area);
}

/// The box or lasso of the current drag.
fn draw_drag(buffer: &mut Buffer, state: &State, plot: Rect) {
    let Some(drag) = &state.map.drag else { return };
    let (Some(first), Some(last)) = (drag.path.first(), drag.path.last()) else { return };
    let style =
        state.theme.bold(if drag.tool == Tool::Zoom { Ink::MapRouted } else { Ink::Accent });
    let mut put = |x: u16, y: u16, symbol: &str| {
        if plot.contains((x, y).into()) {
            buffer.set_string(x, y, symbol, style);
        }
    };
    if drag.tool == Tool::Lasso {
        drag.path.iter().for_each(|at| put(at.x, at.y, "∙"));
        return;
    }
    let (left, right) = (first.x.min(last.x), first.x.max(last.x));
    let (top, bottom) = (first.y.min(last.y), first.y.max(last.y));
    for x in left..=right {
        put(x, top, "─");
        put(x, bottom, "─");
    }
    for y in top..=bottom {
        put(left, y, "│");
        put(right, y, "│");
    }
    for (x, y, corner) in
        [(left, top, "╭"), (right, top, "╮"), (left, bottom, "╰"), (right, bottom, "╯")]
    {
        put(x, y, corner);
    }
}

/// What writes over the points. Where they are painted, their signs are too, and only words are written.
struct Pen {
    plot: Rect,
    painted: bool,
}

impl Pen {
    fn cell(&self, (x, y): (f64, f64)) -> Option<(usize, usize)> {
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        let at = |v: f64, size: u16| (v * f64::from(size)) as usize;
        inside.then(|| (at(x, self.plot.width), at(y, self.plot.height)))
    }

    fn words(&self, buffer: &mut Buffer, (x, y): (usize, usize), words: &str, mut style: Style) {
        if self.painted {
            // The words move with the picture, unlike what lies over it: `Cover` gives them their background.
            style.underline_color = style.bg.take();
        }
        buffer.set_string(self.plot.x + x as u16, self.plot.y + y as u16, words, style);
    }

    fn sign(&self, buffer: &mut Buffer, at: (usize, usize), sign: &str, style: Style) {
        if !self.painted {
            self.words(buffer, at, sign, style);
        }
    }

    /// While the probes have the focus: where on the map the score of the chosen one grows.
    fn direction(&self, buffer: &mut Buffer, state: &State, grid: &mut Grid) {
        let Some(arrow) = roles::arrow(state) else { return };
        let style = state.theme.bold(Ink::Accent);
        let mut end = None;
        let (w, h) = (usize::from(self.plot.width), usize::from(self.plot.height));
        let [start, tip] = [0.0, 1.0].map(|part| {
            let (x, y) = arrow.seen(state, part);
            ((x * w as f64).floor() as i32, (y * h as f64).floor() as i32)
        });
        // It ends below the title of an axis.
        let line: Vec<((usize, usize), &str)> = line(start, tip)
            .filter_map(|((x, y), symbol)| Some(((x.try_into().ok()?, y.try_into().ok()?), symbol)))
            .filter(|((x, y), _)| *x < w && *y < h && !grid.is_reserved(*x, *y))
            .collect();
        for ((x, y), symbol) in line {
            self.sign(buffer, (x, y), symbol, style);
            grid.reserve(x, y, 1);
            end = Some((x, y));
        }
        let Some((x, y)) = end else { return };
        // Cells are twice as high as wide, and y points upwards on the map.
        let (dx, dy) = arrow.direction;
        let (right, up) = (dx * f64::from(self.plot.width), 2.0 * dy * f64::from(self.plot.height));
        let eighth = (up.atan2(right) / std::f64::consts::FRAC_PI_4).round() as i32;
        let head = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"][eighth.rem_euclid(8) as usize];
        self.sign(buffer, (x, y), head, style);
        let text = fit(arrow.attribute, LONGEST);
        if let Some(at) = grid.place(&Wanted { x, y, text: &text, covers: usize::MAX }) {
            self.words(buffer, at, &text, style);
        }
    }

    /// The new model, and its 80% ellipse if the map is flat and linear; else it is shown next to its nearest
    /// model.
    fn new_model(&self, buffer: &mut Buffer, state: &State, grid: &mut Grid) {
        let Some(located) = roles::located(state) else { return };
        let quiet = state.theme.ink(Ink::Muted);
        let ring: Vec<(usize, usize)> =
            located.region.iter().filter_map(|place| self.cell(*place)).collect();
        for at in &ring {
            self.sign(buffer, *at, "∙", quiet);
        }
        if let Some(&(x, y)) = ring.iter().min_by_key(|(_, y)| *y)
            && let Some(at) = grid.place(&Wanted { x, y, text: REGION, covers: 0 })
        {
            self.words(buffer, at, REGION, quiet);
        }
        let Some((mut x, y)) = self.cell(located.place) else { return };
        if located.beside && !self.painted {
            // Next to it, so that both are visible.
            x = if x + 1 < usize::from(self.plot.width) { x + 1 } else { x - 1 };
        }
        let style = state.theme.bold(Ink::MapRouted);
        grid.reserve(x, y, 1);
        if let Some(at) = grid.place(&Wanted { x, y, text: NEW_MODEL, covers: usize::MAX }) {
            self.words(buffer, at, NEW_MODEL, style);
        }
        self.sign(buffer, (x, y), "✚", style);
    }

    /// On top of all the marked, the routed and the selected model.
    fn special(
        &self,
        buffer: &mut Buffer,
        state: &State,
        grid: &mut Grid,
        special: &[(usize, Role)],
    ) {
        let map = &state.map;
        let cell = |model: usize| self.cell(map.seen(*map.places.get(model)?));
        for &(model, _) in special {
            if let Some((x, y)) = cell(model) {
                grid.reserve(x, y, 1);
            }
        }
        for (i, &(model, role)) in special.iter().enumerate() {
            let Some((x, y)) = cell(model) else { continue };
            let (sign, point, name) = signed(state, model, role);
            let text = fit(state.short(model), LONGEST);
            if i < NAMED
                && let Some(at) = grid.place(&Wanted { x, y, text: &text, covers: usize::MAX })
            {
                self.words(buffer, at, &text, name);
            }
            self.sign(buffer, (x, y), sign, point);
        }
    }

    /// The names of the clusters, near their centers.
    fn regions(&self, buffer: &mut Buffer, state: &State, grid: &mut Grid) {
        let style = state.theme.ink(Ink::Muted);
        for region in regions(state) {
            let Some((x, y)) = self.cell(region.center) else { continue };
            let cells = |share: f64, all: u16| (share * f64::from(all)).ceil() as usize;
            let (across, down) = region.spread;
            let reach = (cells(across, self.plot.width), cells(down, self.plot.height));
            let text = &region.text;
            let covers = width(text) / HIDDEN;
            if let Some(at) = grid.place_near(&Wanted { x, y, text, covers }, reach) {
                self.words(buffer, at, text, style);
            }
        }
    }

    /// The names of other models, the most important first.
    fn names(
        &self,
        buffer: &mut Buffer,
        state: &State,
        grid: &mut Grid,
        special: &[(usize, Role)],
    ) {
        let (map, theme) = (&state.map, &state.theme);
        let cell = |model: usize| self.cell(map.seen(*map.places.get(model)?));
        let cells = f64::from(self.plot.width) * f64::from(self.plot.height);
        let most = (cells / CELLS_A_NAME * map.zoom * map.zoom) as usize;
        let mut placed = 0;
        let lit = map.ranked.iter().copied().filter(|model| state.is_lit(*model));
        let lit = lit.filter(|model| map.glow.of(*model) >= NAMED_FROM);
        let seen = lit.filter_map(|model| Some((model, cell(model)?)));
        for (model, (x, y)) in seen.take(TRIED) {
            let covers = if placed < most.div_ceil(BOLD) { COVERED } else { 0 };
            if placed >= most {
                break;
            }
            if special.iter().any(|(m, _)| *m == model) {
                continue;
            }
            let text = fit(state.short(model), LONGEST);
            if let Some(at) = grid.place(&Wanted { x, y, text: &text, covers }) {
                self.words(buffer, at, &text, theme.ink(Ink::MapLabel));
                placed += 1;
            }
        }
    }
}

/// A straight line between two cells, which may lie outside of the plot: its cells without a gap, each with the
/// symbol that leads to the next.
fn line(from: (i32, i32), to: (i32, i32)) -> impl Iterator<Item = ((i32, i32), &'static str)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let steps = dx.abs().max(dy.abs()).max(1);
    let part = move |length: i32, step: i32| {
        (f64::from(length) * f64::from(step) / f64::from(steps)).round() as i32
    };
    let cell = move |step: i32| (from.0 + part(dx, step), from.1 + part(dy, step));
    (0..=steps).map(move |step| {
        let (here, next) = (cell(step), cell(step + 1));
        let symbol = match (next.0 - here.0, next.1 - here.1) {
            (_, 0) => "─",
            (0, _) => "│",
            (right, down) if right == down => "╲",
            _ => "╱",
        };
        (here, symbol)
    })
}

/// The sign of a role, its style and that of the name.
fn signed(state: &State, model: usize, role: Role) -> (&'static str, Style, Style) {
    let theme = &state.theme;
    let bold = |ink: Ink| theme.bold(ink);
    match role {
        Role::Selected => {
            ("◉", bold(Ink::MapSelected), bold(Ink::MapSelected).patch(theme.cursor()))
        }
        Role::SelectedRouted => {
            ("★", bold(Ink::MapRouted), bold(Ink::MapRouted).patch(theme.cursor()))
        }
        Role::Routed => ("★", bold(Ink::MapRouted), bold(Ink::MapRouted)),
        Role::Pointed => {
            ("◎", bold(Ink::MapSelected), bold(Ink::MapSelected).patch(theme.cursor()))
        }
        // Marked models keep the color of their class.
        Role::Marked => {
            let coloring = &state.map.coloring;
            let class = coloring.classes.get(coloring.class_of(model));
            let hue = class.map_or(theme[Ink::MapPoint], |class| theme.hue(class.hue));
            ("◆", bold(Ink::Text).fg(hue), theme.ink(Ink::Text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_gaps_and_leads_from_cell_to_cell() {
        let symbols = |from, to| -> String { line(from, to).map(|(_, symbol)| symbol).collect() };
        assert_eq!(symbols((3, 5), (7, 5)), "─────");
        assert_eq!(symbols((5, 8), (5, 4)), "│││││");
        assert_eq!(symbols((0, 0), (3, 3)), "╲╲╲╲");
        assert_eq!(symbols((0, 3), (3, 0)), "╱╱╱╱");
        let shallow = symbols((10, 15), (40, 9));
        assert!(shallow.contains("─╱─") && !shallow.contains(['╲', '│']), "{shallow}");
        for to in [(90, 3), (52, 28), (-5, 24), (750, -90), (50, 15)] {
            let cells: Vec<_> = line((50, 15), to).map(|(cell, _)| cell).collect();
            assert!(cells[0] == (50, 15) && cells.last() == Some(&to));
            for pair in cells.windows(2) {
                let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                assert!(dx.abs() <= 1 && dy.abs() <= 1, "{pair:?}");
            }
        }
    }
}
