//! The Map: every model on two principal components.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::JobKind;
use crate::explorer::state::map::Tool;
use crate::explorer::state::new_model::NAME as NEW_MODEL;
use crate::explorer::state::over::Pointed;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::geometry::{direction, ellipse};
use crate::explorer::ui::labels::{Grid, Wanted};
use crate::explorer::ui::legend::{self, Parts};
use crate::explorer::ui::raster::Raster;
use crate::explorer::ui::widgets::{fit, width};
use crate::explorer::ui::{axes, card, density};

/// Cells of the plot per label at full view.
const CELLS_A_NAME: f64 = 160.0;
/// Warnings about distances on the map.
const TWO: &str = " 2-D projection: use Nearest models for true distances ";
const THREE: &str = " 3-D projection: use Nearest models for true distances ";
/// Length of a probe's arrow, relative to the extent of the map.
const ARROW: f64 = 0.4;
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
    remark = state.remark(JobKind::Clusters, "clustering").unwrap_or(remark);
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
    if map.density {
        density::draw(buffer, state, plot);
    }
    axes::draw_lines(buffer, state, plot);
    Raster::of(state, plot).draw(buffer, state, plot, &mut grid);
    axes::draw_titles(buffer, state, plot, &mut grid);
    draw_direction(buffer, state, plot, &mut grid);
    draw_new_model(buffer, state, plot, &mut grid);
    draw_special(buffer, state, plot, &mut grid);
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

/// While the Probe pane is focused: the direction in which the score of the chosen probe increases.
fn draw_direction(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let chosen = Some(state).filter(|s| s.focus == Pane::Probe).and_then(|s| s.probe.chosen());
    let report = chosen.and_then(|chosen| state.probe.report(chosen));
    let Some(report) = report.filter(|r| r.classes.len() == 2) else { return };
    let scores: Vec<f64> = report.predictions.iter().map(|p| p.score).collect();
    let Some((dx, dy)) = direction(&state.map.places, &scores) else { return };
    let style = state.theme.bold(Ink::Accent);
    let at = |share: f64| {
        let origin = state.map.origin;
        let (x, y) = state.map.seen((origin.0 + dx * share, origin.1 + dy * share));
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        let cell = |v: f64, size: u16| (v * f64::from(size)) as usize;
        inside.then(|| (cell(x, plot.width), cell(y, plot.height)))
    };
    let mut end = None;
    let cells = (0..=60).filter_map(|step| at(ARROW * f64::from(step) / 60.0));
    // It ends below the title of an axis.
    let cells: Vec<(usize, usize)> = cells.filter(|(x, y)| !grid.is_reserved(*x, *y)).collect();
    for (x, y) in cells {
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, "∙", style);
        grid.reserve(x, y, 1);
        end = Some((x, y));
    }
    let Some((x, y)) = end else { return };
    // Cells are twice as high as wide, and y points upwards on the map.
    let (right, up) = (dx * f64::from(plot.width), 2.0 * dy * f64::from(plot.height));
    let eighth = (up.atan2(right) / std::f64::consts::FRAC_PI_4).round() as i32;
    let head = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"][eighth.rem_euclid(8) as usize];
    buffer.set_string(plot.x + x as u16, plot.y + y as u16, head, style);
    let text = fit(&report.attribute, LONGEST);
    if let Some((x, y)) = grid.place(&Wanted { x, y, text: &text, covers: usize::MAX }) {
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, &text, style);
    }
}

/// The new model, and its 80% ellipse if the map is flat and linear; else it is shown next to its nearest
/// model.
fn draw_new_model(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let Some(placed) = &state.new_model.placed else { return };
    let map = &state.map;
    let cell = |place: (f64, f64)| {
        let (x, y) = map.seen(place);
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        let at = |v: f64, size: u16| (v * f64::from(size)) as usize;
        inside.then(|| (at(x, plot.width), at(y, plot.height)))
    };
    let put = |buffer: &mut Buffer, (x, y): (usize, usize), symbol: &str, style: Style| {
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, symbol, style);
    };
    let linear = map
        .projection
        .linear
        .as_ref()
        .filter(|linear| map.space.is_none() && linear.mean.len() == placed.special.len());
    let center = if let Some(linear) = linear {
        let (place, spread) = linear.place(placed.special.view(), placed.covariance.view());
        let (a, b) = map.axes();
        let ring = ellipse(spread[[a, a]], spread[[a, b]], spread[[b, b]]);
        let around = ring.map(|(dx, dy)| {
            let mut point = place.to_vec();
            point[a] += dx;
            point[b] += dy;
            point
        });
        let points: Vec<Vec<f64>> = std::iter::once(place.to_vec()).chain(around).collect();
        let places = map.locate(&points);
        let quiet = state.theme.ink(Ink::Muted);
        let ring: Vec<(usize, usize)> =
            places[1..].iter().filter_map(|place| cell(*place)).collect();
        // Of an ellipse that is mostly outside, a few arcs would mean nothing.
        let whole = 2 * ring.len() >= places.len() - 1;
        if whole && matches!(state.focus, Pane::NewModel | Pane::Questions) {
            for at in &ring {
                put(buffer, *at, "∙", quiet);
            }
            if let Some(&(x, y)) = ring.iter().min_by_key(|(_, y)| *y)
                && let Some((x, y)) = grid.place(&Wanted { x, y, text: REGION, covers: 0 })
            {
                put(buffer, (x, y), REGION, quiet);
            }
        }
        cell(places[0])
    } else {
        let nearest = placed.neighbors.first().and_then(|near| map.places.get(near.model));
        let Some(nearest) = nearest else { return };
        // Next to it, so that both are visible.
        cell(*nearest)
            .map(|(x, y)| (if x + 1 < usize::from(plot.width) { x + 1 } else { x - 1 }, y))
    };
    let Some((x, y)) = center else { return };
    let style = state.theme.bold(Ink::MapRouted);
    grid.reserve(x, y, 1);
    if let Some((x, y)) = grid.place(&Wanted { x, y, text: NEW_MODEL, covers: usize::MAX }) {
        put(buffer, (x, y), NEW_MODEL, style);
    }
    put(buffer, (x, y), "✚", style);
}

/// Labels, and on top the marked, routed and selected models.
fn draw_special(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let (map, theme) = (&state.map, &state.theme);
    let (w, h) = (f64::from(plot.width), f64::from(plot.height));
    let cell = |model: usize| {
        let (x, y) = map.seen(*map.places.get(model)?);
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        inside.then_some(((x * w) as usize, (y * h) as usize))
    };
    let routed = state.routed();
    let marked =
        state.marked.iter().copied().filter(|m| *m != state.selected && Some(*m) != routed);
    let mut special: Vec<(usize, &str, Style, Style)> = Vec::new();
    // The selected model comes first: its label gets the best position.
    let is_routed = routed == Some(state.selected);
    let ink = if is_routed { Ink::MapRouted } else { Ink::MapSelected };
    let symbol = if is_routed { "★" } else { "◉" };
    let name = theme.bold(ink).patch(theme.cursor());
    special.push((state.selected, symbol, theme.bold(ink), name));
    if let Some(model) = routed.filter(|_| !is_routed) {
        special.push((model, "★", theme.bold(Ink::MapRouted), theme.bold(Ink::MapRouted)));
    }
    if let Some(Pointed::Model(model)) = state.pointed
        && special.iter().all(|(known, ..)| *known != model)
    {
        let name = theme.bold(Ink::MapSelected).patch(theme.cursor());
        special.push((model, "◎", theme.bold(Ink::MapSelected), name));
    }
    // Marked models keep the color of their class.
    special.extend(marked.map(|m| {
        let class = map.coloring.classes.get(map.coloring.class_of(m));
        let hue = class.map_or(theme[Ink::MapPoint], |class| theme.hue(class.hue));
        (m, "◆", theme.bold(Ink::Text).fg(hue), theme.ink(Ink::Text))
    }));

    for &(model, ..) in &special {
        if let Some((x, y)) = cell(model) {
            grid.reserve(x, y, 1);
        }
    }
    for (i, &(model, symbol, point, name)) in special.iter().enumerate() {
        let Some((x, y)) = cell(model) else { continue };
        let text = fit(state.short(model), LONGEST);
        if i < NAMED
            && let Some((nx, ny)) = grid.place(&Wanted { x, y, text: &text, covers: usize::MAX })
        {
            buffer.set_string(plot.x + nx as u16, plot.y + ny as u16, &text, name);
        }
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, symbol, point);
    }
    if !map.names {
        return;
    }
    let most = (w * h / CELLS_A_NAME * map.zoom * map.zoom) as usize;
    let mut placed = 0;
    let lit = map.ranked.iter().copied().filter(|model| state.is_lit(*model));
    let lit = lit.filter(|model| map.glow.of(*model) >= NAMED_FROM);
    let seen = lit.filter_map(|model| Some((model, cell(model)?)));
    for (model, (x, y)) in seen.take(TRIED) {
        let covers = if placed < most.div_ceil(BOLD) { COVERED } else { 0 };
        if placed >= most {
            break;
        }
        if special.iter().any(|(m, ..)| *m == model) {
            continue;
        }
        let text = fit(state.short(model), LONGEST);
        if let Some((nx, ny)) = grid.place(&Wanted { x, y, text: &text, covers }) {
            let style = theme.ink(Ink::MapLabel);
            buffer.set_string(plot.x + nx as u16, plot.y + ny as u16, &text, style);
            placed += 1;
        }
    }
}
