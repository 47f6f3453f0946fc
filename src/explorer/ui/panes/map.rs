//! The Map: every model on two principal components.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::{Class, ColorBy};
use crate::explorer::state::job::JobKind;
use crate::explorer::state::map::{Marker, Projector, Tool};
use crate::explorer::state::newcomer::NAME as NEWCOMER;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::geometry::{direction, ellipse};
use crate::explorer::ui::labels::{Grid, Wanted};
use crate::explorer::ui::raster::{Raster, SHAPES};
use crate::explorer::ui::widgets::{fit, width};

/// Cells of the plot for one name at full view.
const CELLS_A_NAME: f64 = 160.0;
/// How long the arrow of a probe is, of the extent of the map.
const ARROW: f64 = 0.4;
/// The longest name beside a point.
const LONGEST: usize = 30;
/// Models that are tried for a name at most: where it is crowded the rest would find no place.
const TRIED: usize = 600;
/// Marked models that get a name of their own at most.
const NAMED_MARKS: usize = 24;

/// The parts of the pane.
pub struct Parts {
    pub plot: Rect,
    legend: Vec<(usize, Rect)>,
}

impl Parts {
    pub fn of(state: &State, area: Rect) -> Self {
        let inside = Layout::inside(area);
        let mut legend = Vec::new();
        let (mut x, mut row) = (0, 0);
        for (i, class) in state.map.coloring.classes.iter().enumerate() {
            let w = (entry(state, class, inside.width).0 + 2) as u16;
            if x > 0 && x + w > inside.width {
                (x, row) = (0, row + 1);
            }
            legend
                .push((i, Rect { x: inside.x + x, y: row, width: w.min(inside.width), height: 1 }));
            x += w + 2;
        }
        let rows = (row + 1).min(inside.height / 3);
        legend.retain(|(_, place)| place.y < rows);
        let plot = Rect { height: inside.height.saturating_sub(rows), ..inside };
        legend.iter_mut().for_each(|(_, place)| place.y += plot.bottom());
        Self { plot, legend }
    }

    /// The class of the legend at a cell.
    pub fn class_at(&self, x: u16, y: u16) -> Option<usize> {
        self.legend.iter().find(|(_, area)| area.contains((x, y).into())).map(|(class, _)| *class)
    }

    /// A cell of the plot as a point of the view.
    pub fn point(&self, x: u16, y: u16) -> Option<(f64, f64)> {
        let plot = self.plot;
        plot.contains((x, y).into()).then(|| {
            (
                (f64::from(x - plot.x) + 0.5) / f64::from(plot.width),
                (f64::from(y - plot.y) + 0.5) / f64::from(plot.height),
            )
        })
    }
}

/// A legend entry without its marker: its width and its parts. The name of a cluster says how far it
/// holds at its end, and may take the whole line.
fn entry(state: &State, class: &Class, room: u16) -> (usize, String, String) {
    let count = format!(" {}", class.count);
    let room = usize::from(room).saturating_sub(width(&count) + 2);
    let longest = if state.map.coloring.by == ColorBy::Cluster { room } else { LONGEST };
    let name = fit(&class.name, longest);
    (width(&name) + width(&count), name, count)
}

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let map = &state.map;
    let mut remark =
        map.coloring.title.as_ref().map_or_else(String::new, |title| format!("colored by {title}"));
    if state.clusters.problem().is_some() {
        remark = "clustering failed".into();
    }
    remark = state.remark(JobKind::Clusters, "finding clusters").unwrap_or(remark);
    let doing = map.wanted.title(&state.subject);
    remark = state.remark(JobKind::Projection, &doing).unwrap_or(remark);
    let mut block = pane_block(state, layout, Pane::Map, &remark, area.width);
    if state.training.is_none() && area.width > 40 {
        let note = " distances here mislead: nearest models are found in all dimensions ";
        let note = if note.len() + 6 < area.width as usize { note } else { " distances mislead " };
        let note = ratatui::text::Line::styled(note, state.theme.ink(Ink::Muted));
        block = block.title_bottom(note.right_aligned());
    }
    frame.render_widget(block, area);
    let parts = Parts::of(state, area);
    let buffer = frame.buffer_mut();
    draw_legend(buffer, state, &parts);
    let plot = parts.plot;
    if plot.width < 4 || plot.height < 3 {
        return;
    }
    if map.places.is_empty() {
        let word = "no model is known";
        buffer.set_stringn(plot.x, plot.y, word, plot.width as usize, state.theme.ink(Ink::Muted));
        return;
    }
    let mut grid = Grid::new(plot.width as usize, plot.height as usize);
    draw_axes(buffer, state, plot);
    Raster::of(state, plot).draw(buffer, state, plot, &mut grid);
    draw_titles(buffer, state, plot, &mut grid);
    draw_direction(buffer, state, plot, &mut grid);
    draw_newcomer(buffer, state, plot, &mut grid);
    draw_special(buffer, state, plot, &mut grid);
    draw_drag(buffer, state, plot);
}

fn draw_legend(buffer: &mut Buffer, state: &State, parts: &Parts) {
    let theme = &state.theme;
    for &(i, place) in &parts.legend {
        let class = &state.map.coloring.classes[i];
        let lit = state.map.isolated.is_none_or(|isolated| isolated == i);
        let (marker, text) = if lit {
            (Style::new().fg(theme.hue(class.hue)), theme.ink(Ink::Text))
        } else {
            (theme.ink(Ink::MapDim), theme.ink(Ink::MapDim))
        };
        let (_, name, count) = entry(state, class, parts.plot.width);
        let shape = if state.map.marker == Marker::Shapes {
            SHAPES[i.min(SHAPES.len() - 1)]
        } else {
            "●"
        };
        let end = place.right();
        let mut x = place.x;
        let quiet = if lit { theme.ink(Ink::Muted) } else { text };
        for (part, style) in
            [(shape, marker), (" ", text), (name.as_str(), text), (count.as_str(), quiet)]
        {
            (x, _) = buffer.set_stringn(x, place.y, part, end.saturating_sub(x).into(), style);
        }
    }
}

/// Faint lines through the means.
fn draw_axes(buffer: &mut Buffer, state: &State, plot: Rect) {
    let map = &state.map;
    let style = state.theme.ink(Ink::MapAxis);
    let (x, y) = map.seen(map.origin);
    let column = (0.0..1.0).contains(&x).then(|| plot.x + (x * f64::from(plot.width)) as u16);
    let row = (0.0..1.0).contains(&y).then(|| plot.y + (y * f64::from(plot.height)) as u16);
    if let Some(column) = column {
        (plot.top()..plot.bottom()).for_each(|y| {
            buffer.set_string(column, y, "┊", style);
        });
    }
    if let Some(row) = row {
        (plot.left()..plot.right()).for_each(|x| {
            buffer.set_string(x, row, if Some(x) == column { "┼" } else { "┈" }, style);
        });
    }
}

/// The titles of the axes, over points: they must be read.
fn draw_titles(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let map = &state.map;
    let (a, b) = map.axes();
    let (vertical, horizontal) = if let Some(turned) = map.space {
        let share: f64 = map.projection.shares.iter().take(3).sum();
        let explained = by_coverage(state, 0)
            .zip(by_coverage(state, 1))
            .map_or_else(String::new, |(first, second)| {
                format!(" · coverage explains {first:.0}%, {second:.0}%")
            });
        let degrees = |radians: f64| radians.to_degrees().round();
        (
            format!("three dimensions · {:.0}% of variance{explained}", 100.0 * share),
            format!("turned {}°, tilted {}°", degrees(turned.yaw), degrees(turned.pitch)),
        )
    } else {
        let axis = |component| {
            let long = axis(state, component);
            let fits = width(&long) + 4 < usize::from(plot.width);
            if fits { long } else { short_axis(state, component) }
        };
        (format!("↑ {}", axis(b)), format!("{} →", axis(a)))
    };
    let muted = state.theme.ink(Ink::Muted);
    let w = width(&horizontal).min(plot.width as usize);
    let (left, bottom) = (plot.width as usize - w, plot.height as usize - 1);
    buffer.set_stringn(plot.x, plot.y, &vertical, plot.width.into(), muted);
    buffer.set_stringn(plot.x + left as u16, plot.y + bottom as u16, &horizontal, w, muted);
    grid.reserve(0, 0, width(&vertical) + 1);
    grid.reserve(left.saturating_sub(1), bottom, w + 1);
}

/// What an axis shows, and how much of the whole that is.
pub fn axis(state: &State, component: usize) -> String {
    let map = &state.map;
    let share = map.projection.shares.get(component).copied().unwrap_or_default() * 100.0;
    match map.projector {
        Projector::Pca => {
            let axis = short_axis(state, component);
            let explained = by_coverage(state, component);
            explained.map_or(axis.clone(), |x| format!("{axis} · coverage explains {x:.0}%"))
        }
        Projector::Tsne => format!("t-SNE {} · distances mean little", component + 1),
        Projector::Attribute(_) if component == 0 => {
            format!("{} · {share:.0}% of variance", map.projector.title(&state.subject))
        }
        Projector::Attribute(_) => format!("PC{component} of the rest · {share:.0}% of variance"),
    }
}

/// The same of a principal component in fewer cells.
fn short_axis(state: &State, component: usize) -> String {
    let map = &state.map;
    if map.projector != Projector::Pca {
        return axis(state, component);
    }
    let share = map.projection.shares.get(component).copied().unwrap_or_default();
    format!("PC{} · {:.0}% of variance", component + 1, 100.0 * share)
}

/// How much of a principal component coverage explains, in percent.
fn by_coverage(state: &State, component: usize) -> Option<f64> {
    let explained =
        state.subject.axes_by_coverage.filter(|_| state.map.projector == Projector::Pca)?;
    explained.get(component).map(|share| 100.0 * share)
}

/// How much of the whole the principal components show, and how much of the first ones coverage
/// explains.
pub fn caption(shares: &[f64], by_coverage: &[f64]) -> String {
    let percent = |share: &f64| format!("{:.0}%", 100.0 * share);
    let axis = |(i, share)| format!("PC{} {}", i + 1, percent(share));
    let axes: Vec<String> = shares.iter().enumerate().map(axis).collect();
    let explained: Vec<String> = by_coverage.iter().map(percent).collect();
    let explained = if explained.is_empty() {
        String::new()
    } else {
        format!(" · coverage explains {}", explained.join(" and "))
    };
    format!("{} of variance{explained}", axes.join(", "))
}

/// The box or loop that is being dragged.
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

/// While the probes have the focus: where on the map the score of the chosen one grows.
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
    for (x, y) in (0..=60).filter_map(|step| at(ARROW * f64::from(step) / 60.0)) {
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, "∙", style);
        grid.reserve(x, y, 1);
        end = Some((x, y));
    }
    let Some((x, y)) = end else { return };
    // Cells are twice as high as wide, and on the map y points upwards.
    let (right, up) = (dx * f64::from(plot.width), 2.0 * dy * f64::from(plot.height));
    let eighth = (up.atan2(right) / std::f64::consts::FRAC_PI_4).round() as i32;
    let head = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"][eighth.rem_euclid(8) as usize];
    buffer.set_string(plot.x + x as u16, plot.y + y as u16, head, style);
    let text = fit(&report.attribute, LONGEST);
    if let Some((x, y)) = grid.place(&Wanted { x, y, text: &text, forced: true }) {
        buffer.set_string(plot.x + x as u16, plot.y + y as u16, &text, style);
    }
}

/// The new model, and the ellipse in which it lies with a chance of 80%, where the map is flat and
/// linear; else it stands beside its nearest model.
fn draw_newcomer(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let Some(placed) = &state.newcomer.placed else { return };
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
    let centre = if let Some(linear) = linear {
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
        let quiet = state.theme.ink(Ink::MapRouted);
        for at in places[1..].iter().filter_map(|place| cell(*place)) {
            put(buffer, at, "∙", quiet);
        }
        cell(places[0])
    } else {
        let nearest = placed.neighbours.first().and_then(|near| map.places.get(near.model));
        let Some(nearest) = nearest else { return };
        // Beside it: both are to be seen.
        cell(*nearest)
            .map(|(x, y)| (if x + 1 < usize::from(plot.width) { x + 1 } else { x - 1 }, y))
    };
    let Some((x, y)) = centre else { return };
    let style = state.theme.bold(Ink::MapRouted);
    grid.reserve(x, y, 1);
    if let Some((x, y)) = grid.place(&Wanted { x, y, text: NEWCOMER, forced: true }) {
        put(buffer, (x, y), NEWCOMER, style);
    }
    put(buffer, (x, y), "✚", style);
}

/// Names, and on top of all the marked, the routed and the selected model.
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
    // The selected model comes first: its name gets the best place.
    let is_routed = routed == Some(state.selected);
    let ink = if is_routed { Ink::MapRouted } else { Ink::MapSelected };
    let symbol = if is_routed { "★" } else { "◉" };
    let name = theme.bold(ink).patch(theme.cursor());
    special.push((state.selected, symbol, theme.bold(ink), name));
    if let Some(model) = routed.filter(|_| !is_routed) {
        special.push((model, "★", theme.bold(Ink::MapRouted), theme.bold(Ink::MapRouted)));
    }
    let marked = marked.take(NAMED_MARKS);
    special.extend(marked.map(|m| (m, "◆", theme.bold(Ink::Accent), theme.ink(Ink::Accent))));

    for &(model, ..) in &special {
        if let Some((x, y)) = cell(model) {
            grid.reserve(x, y, 1);
        }
    }
    for &(model, symbol, point, name) in &special {
        let Some((x, y)) = cell(model) else { continue };
        let text = fit(state.short(model), LONGEST);
        if let Some((nx, ny)) = grid.place(&Wanted { x, y, text: &text, forced: true }) {
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
    let seen = lit.filter_map(|model| Some((model, cell(model)?)));
    for (model, (x, y)) in seen.take(TRIED) {
        if placed >= most {
            break;
        }
        if special.iter().any(|(m, ..)| *m == model) {
            continue;
        }
        let text = fit(state.short(model), LONGEST);
        if let Some((nx, ny)) = grid.place(&Wanted { x, y, text: &text, forced: false }) {
            let style = theme.ink(Ink::MapLabel);
            buffer.set_string(plot.x + nx as u16, plot.y + ny as u16, &text, style);
            placed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caption_says_how_much_coverage_explains_in_one_line() {
        let said = caption(&[0.181, 0.064, 0.05], &[0.18, 0.054]);
        assert_eq!(said, "PC1 18%, PC2 6%, PC3 5% of variance · coverage explains 18% and 5%");
        assert!(width(&said) < 80);
        assert_eq!(caption(&[0.5, 0.2], &[]), "PC1 50%, PC2 20% of variance");
    }
}
