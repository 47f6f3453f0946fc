//! The legend of the map, and the layout of the pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::raster::SHAPES;
use super::widgets::{fit, width};
use crate::analysis::clusters::Cluster;
use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::job::JobKind;
use crate::explorer::state::map::Marker;
use crate::explorer::state::over::Pointed;
use crate::explorer::theme::Ink;

/// The least width of the entry of a cluster.
const NARROW: u16 = 28;
/// Maximum width of a class name.
const LONGEST: usize = 48;

/// The parts of the pane.
pub struct Parts {
    pub plot: Rect,
    legend: Vec<(usize, Rect)>,
    /// Rows of the legend.
    rows: u16,
    /// By class, the number of models that pass the filter.
    left: Vec<usize>,
    /// Classes without a place.
    hidden: usize,
}

impl Parts {
    pub fn of(state: &State, area: Rect) -> Self {
        let inside = Layout::inside(area);
        let mut legend = Vec::new();
        let (mut x, mut row) = (0, 0);
        let left = left(state);
        for (i, left) in left.iter().enumerate() {
            let w = (entry(state, i, *left, inside.width).0 + 2) as u16;
            if x > 0 && x + w > inside.width {
                (x, row) = (0, row + 1);
            }
            legend
                .push((i, Rect { x: inside.x + x, y: row, width: w.min(inside.width), height: 1 }));
            x += w + 2;
        }
        let rows = (row + 1).min(inside.height / 3);
        let all = legend.len();
        legend.retain(|(_, place)| place.y < rows);
        // The number of the hidden ones has the end of the last row, instead of an entry.
        while let Some((_, last)) = legend.last().filter(|(_, last)| last.y + 1 == rows) {
            let note = width(&more(all - legend.len())) as u16;
            if legend.len() == all || last.right() + note <= inside.right() {
                break;
            }
            // The name of a cluster can be shortened.
            let left = inside.right().saturating_sub(note + last.x);
            match legend.last_mut() {
                Some((class, place)) if left >= NARROW && state.cluster(*class).is_some() => {
                    place.width = left;
                }
                _ => drop(legend.pop()),
            }
        }
        let hidden = all - legend.len();
        let plot = Rect { height: inside.height.saturating_sub(rows), ..inside };
        legend.iter_mut().for_each(|(_, place)| place.y += plot.bottom());
        Self { plot, legend, rows, left, hidden }
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

/// What stands for classes without a place.
fn more(hidden: usize) -> String {
    format!(" +{hidden} more ")
}

/// A legend entry without its marker: its width and its parts. The name of a cluster may take the whole line.
fn entry(state: &State, at: usize, left: usize, room: u16) -> (usize, String, String) {
    let class = &state.map.coloring.classes[at];
    let count = format!(" {}", counted(state, at, left));
    let room = usize::from(room).saturating_sub(width(&count) + 2);
    let name = match state.cluster(at) {
        Some(cluster) => with_stability(cluster, room),
        None => fit(&class.name, LONGEST),
    };
    (width(&name) + width(&count), name, count)
}

/// The name of a cluster, in brief if there is no room for all of it, and its stability.
fn with_stability(cluster: &Cluster, room: usize) -> String {
    let end = format!(" · {:.0}% stable ·", 100.0 * cluster.stability);
    let left = room.saturating_sub(width(&end)).max(8);
    let name = if width(&cluster.name) <= left { &cluster.name } else { &cluster.brief };
    fit(name, left) + &end
}

/// The number of models of a class that pass the filter, and how many of several marked ones are in it.
fn counted(state: &State, at: usize, left: usize) -> String {
    if state.marked.len() < 2 {
        return left.to_string();
    }
    let own = |m: &&usize| state.map.coloring.class_of(**m) == at;
    format!("{}/{left}", state.marked.iter().filter(own).count())
}

/// By class, the number of models that pass the filter.
fn left(state: &State) -> Vec<usize> {
    let coloring = &state.map.coloring;
    let mut left: Vec<usize> = coloring.classes.iter().map(|class| class.count).collect();
    if state.filter.is_on() {
        left.fill(0);
        for model in (0..state.model_set.models.len()).filter(|m| state.filter.has(*m)) {
            if let Some(count) = left.get_mut(coloring.class_of(model)) {
                *count += 1;
            }
        }
    }
    left
}

/// Draws the legend.
pub fn draw(buffer: &mut Buffer, state: &State, parts: &Parts) {
    let theme = &state.theme;
    if state.map.coloring.by == ColorBy::Cluster
        && let Some(word) = state.remark(JobKind::Clusters, "clustering …")
    {
        let y = parts.plot.bottom();
        let (x, room) = (parts.plot.x, usize::from(parts.plot.width));
        buffer.set_stringn(x, y, word, room, theme.ink(Ink::Accent));
        return;
    }
    let only = match state.pointed {
        Some(Pointed::Class(class)) => Some(class),
        _ => state.map.isolated,
    };
    for &(i, place) in &parts.legend {
        let class = &state.map.coloring.classes[i];
        let lit = only.is_none_or(|only| only == i) && parts.left[i] > 0;
        // The sign stands back as its points do; the name must still be read.
        let (marker, text) = if lit {
            (Style::new().fg(theme.hue(class.hue)), theme.ink(Ink::Text))
        } else {
            (theme.ink(Ink::MapDim), theme.ink(Ink::Muted))
        };
        let (_, name, count) = entry(state, i, parts.left[i], place.width);
        let shape =
            if state.marker() == Marker::Shapes { SHAPES[i.min(SHAPES.len() - 1)] } else { "●" };
        let end = place.right();
        let mut x = place.x;
        let quiet = theme.ink(Ink::Muted);
        for (part, style) in
            [(shape, marker), (" ", text), (name.as_str(), text), (count.as_str(), quiet)]
        {
            (x, _) = buffer.set_stringn(x, place.y, part, end.saturating_sub(x).into(), style);
        }
    }
    if parts.hidden > 0 && parts.rows > 0 {
        let text = more(parts.hidden);
        let w = width(&text).min(parts.plot.width.into());
        let (x, y) = (parts.plot.right() - w as u16, parts.plot.bottom() + parts.rows - 1);
        buffer.set_stringn(x, y, &text, w, theme.ink(Ink::Muted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_cluster_its_name_and_how_far_it_holds_are_kept() {
        let cluster = Cluster {
            name: "like heron-2 · reasoning ×3.3, 69 of 115".into(),
            brief: "like heron-2 · reasoning ×3.3".into(),
            title: "heron-2".into(),
            size: 115,
            stability: 0.35,
            prototype: "heron-2".into(),
            features: Vec::new(),
            coverage: 0.1,
        };
        let at = |room| with_stability(&cluster, room);
        assert_eq!(at(80), "like heron-2 · reasoning ×3.3, 69 of 115 · 35% stable ·");
        assert_eq!(at(50), "like heron-2 · reasoning ×3.3 · 35% stable ·");
        assert_eq!(at(30), "like heron-2 ·… · 35% stable ·");
    }
}
