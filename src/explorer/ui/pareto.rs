//! Accuracy against cost: the candidates of a prompt, and the Pareto front.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::analysis::router::{Candidate, Route, Unit};
use crate::embedder::Scope;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{fit, heading, width};

/// Cells left of the plot for its scale.
const SCALE: u16 = 5;
/// Maximum distance from a click to a point, in cells.
const REACH: u16 = 3;

/// A plot from the cheapest candidate to the most expensive one (logarithmic), down to where the front and
/// the better half reach.
struct Plot {
    area: Rect,
    costs: (f64, f64),
    range: (f64, f64),
}

impl Plot {
    fn of(area: Rect, candidates: &[&Candidate]) -> Self {
        let costs = candidates.iter().filter_map(|c| c.cost).map(|cost| cost.max(1e-3));
        let costs = costs.fold((f64::MAX, f64::MIN_POSITIVE), |(a, b), c| (a.min(c), b.max(c)));
        let mut p: Vec<f64> = candidates.iter().map(|c| f64::from(c.p)).collect();
        p.sort_by(f64::total_cmp);
        let front = candidates.iter().filter(|c| c.front).map(|c| f64::from(c.p));
        let low = front.fold(p.get(p.len() / 2).copied().unwrap_or_default(), f64::min);
        let high = p.last().copied().unwrap_or(1.0);
        // Full tenths, so that the scale is readable.
        let range = ((10.0 * low).floor() / 10.0, (10.0 * high).ceil() / 10.0);
        let range = if range.1 > range.0 { range } else { (range.0 - 0.1, range.1 + 0.1) };
        Self { area, costs, range }
    }

    /// True if a candidate is in the range of the plot.
    fn shows(&self, c: &Candidate) -> bool {
        f64::from(c.p) >= self.range.0
    }

    fn cell(&self, p: f64, cost: f64) -> (u16, u16) {
        let (from, to) = (self.costs.0.ln(), self.costs.1.ln());
        let x = if to > from { (cost.max(1e-3).ln() - from) / (to - from) } else { 0.5 };
        let y = (self.range.1 - p) / (self.range.1 - self.range.0);
        let place = |share: f64, cells: u16| (share * f64::from(cells.saturating_sub(1))).round();
        (
            self.area.x + place(x.clamp(0.0, 1.0), self.area.width) as u16,
            self.area.y + place(y.clamp(0.0, 1.0), self.area.height) as u16,
        )
    }
}

pub fn draw(frame: &mut Frame, state: &State, route: &Route, area: Rect) {
    let theme = &state.theme;
    let costs = state.model_set.costs();
    let priced: Vec<&Candidate> = route.candidates.iter().filter(|c| c.cost.is_some()).collect();
    let out = route.scope == Scope::Out;
    let title = if out { "Overall strength vs cost" } else { "Accuracy vs cost" };
    let title = heading(theme, area.width.into(), title, "· ▲ Pareto front");
    frame.render_widget(title, Rect { height: area.height.min(1), ..area });
    let (Some(unit), false) = (costs.unit(), priced.is_empty()) else {
        let text = "No costs known: add cost_in and cost_out, or params_b, to models.csv";
        let place = Rect { y: area.y + 1, height: area.height.saturating_sub(1).min(1), ..area };
        let text = fit(text, area.width.into());
        return frame
            .render_widget(ratatui::text::Span::styled(text, theme.ink(Ink::Muted)), place);
    };
    if is_small(area) {
        return;
    }
    let unknown = route.candidates.len() - priced.len();
    let plot = Plot::of(inner(area), &priced);
    let buffer = frame.buffer_mut();
    draw_scales(buffer, state, &plot, (unit, !out));
    draw_front(buffer, state, &plot, &priced);
    draw_points(buffer, state, &plot, route);
    if unknown > 0 {
        let text = format!(
            "{unknown} models hidden: unknown {}",
            if unit == Unit::Dollars { "price" } else { "size" }
        );
        let text = fit(&text, area.width.into());
        buffer.set_string(area.x, area.bottom() - 1, text, theme.ink(Ink::Muted));
    }
}

/// The area of the points.
fn inner(area: Rect) -> Rect {
    Rect { x: area.x + SCALE, y: area.y + 1, width: area.width - SCALE, height: area.height - 3 }
}

/// The index of the candidate whose point is nearest to a cell, within a limit.
pub fn candidate_at(state: &State, route: &Route, area: Rect, at: Position) -> Option<usize> {
    let priced: Vec<&Candidate> = route.candidates.iter().filter(|c| c.cost.is_some()).collect();
    if state.model_set.costs().unit().is_none() || priced.is_empty() || is_small(area) {
        return None;
    }
    let plot = Plot::of(inner(area), &priced);
    // A cell is twice as high as wide.
    let far = |(x, y): (u16, u16)| x.abs_diff(at.x) + 2 * y.abs_diff(at.y);
    let points = route.candidates.iter().enumerate().filter(|(_, c)| plot.shows(c));
    let points = points.filter_map(|(i, c)| Some((i, far(plot.cell(c.p.into(), c.cost?)))));
    points.min_by_key(|(_, far)| *far).filter(|(_, far)| *far <= REACH).map(|(i, _)| i)
}

fn is_small(area: Rect) -> bool {
    area.height < 7 || area.width < 24
}

fn draw_scales(buffer: &mut Buffer, state: &State, plot: &Plot, (unit, percent): (Unit, bool)) {
    let muted = state.theme.ink(Ink::Muted);
    let area = plot.area;
    for y in area.top()..area.bottom() {
        buffer.set_string(area.x - 1, y, "│", state.theme.ink(Ink::Border));
    }
    let tenths = (10.0 * (plot.range.1 - plot.range.0)).round().max(1.0) as usize;
    let step = tenths.div_ceil(usize::from(area.height / 3).max(1)).max(1);
    // Out of scope, only the order is meaningful.
    if !percent {
        buffer.set_string(area.x - SCALE, area.y, "   ↑", muted);
    }
    for tenth in (0..=tenths).step_by(step).filter(|_| percent) {
        let p = plot.range.1 - tenth as f64 / 10.0;
        let (_, y) = plot.cell(p, plot.costs.0);
        buffer.set_string(area.x - SCALE, y, format!("{:>3.0}%", 100.0 * p), muted);
    }
    let below = area.bottom();
    let (cheap, dear) = (unit.text(plot.costs.0), unit.text(plot.costs.1));
    buffer.set_string(area.x, below, &cheap, muted);
    let right = area.right().saturating_sub(width(&dear) as u16);
    buffer.set_string(right, below, &dear, muted);
    let name = match unit {
        Unit::Dollars => "$ per million tokens →",
        Unit::Parameters => "parameters (no price data) →",
    };
    let between = usize::from(area.width).saturating_sub(width(&cheap) + width(&dear) + 2);
    let name = fit(name, between);
    let x = area.x + (usize::from(area.width).saturating_sub(width(&name)) / 2) as u16;
    buffer.set_string(x, below, name, muted);
}

/// The best accuracy within a cost, as a step function.
fn draw_front(buffer: &mut Buffer, state: &State, plot: &Plot, priced: &[&Candidate]) {
    let style = state.theme.ink(Ink::Accent);
    let mut front: Vec<(u16, u16)> = priced
        .iter()
        .filter(|c| c.front)
        .filter_map(|c| Some(plot.cell(c.p.into(), c.cost?)))
        .collect();
    front.sort_unstable();
    for pair in front.windows(2) {
        let ((x, y), (next, above)) = (pair[0], pair[1]);
        (x..next).for_each(|x| {
            buffer.set_string(x, y, "┄", style);
        });
        (above..y).for_each(|y| {
            buffer.set_string(next, y, "┊", style);
        });
        buffer.set_string(next, y, "╯", style);
    }
    if let Some(&(x, y)) = front.last() {
        (x..plot.area.right()).for_each(|x| {
            buffer.set_string(x, y, "┄", style);
        });
    }
}

/// The candidates, the best last so that they are on top, with labels where there is space.
fn draw_points(buffer: &mut Buffer, state: &State, plot: &Plot, route: &Route) {
    let theme = &state.theme;
    let mut named: Vec<(u16, u16, usize)> = Vec::new();
    let cursor = state.route.under_cursor();
    for (i, c) in route.candidates.iter().enumerate().rev() {
        let Some(cost) = c.cost.filter(|_| plot.shows(c)) else { continue };
        let (x, y) = plot.cell(c.p.into(), cost);
        let routed = i == 0;
        let (mark, style) = match (routed, c.front) {
            (true, _) => ("★", theme.bold(Ink::MapRouted)),
            _ if cursor == Some(c.model) => ("●", theme.bold(Ink::MapSelected)),
            (_, true) => ("▲", theme.bold(Ink::Accent)),
            _ => ("·", theme.ink(Ink::MapPoint)),
        };
        buffer.set_string(x, y, mark, style);
        if routed || c.front || cursor == Some(c.model) {
            named.push((x, y, c.model));
        }
    }
    let mut taken: Vec<(u16, u16, u16)> = named.iter().map(|(x, y, _)| (*x, x + 1, *y)).collect();
    // The routed one has the first choice.
    for &(x, y, model) in named.iter().rev() {
        let name = fit(state.short(model), 26);
        let w = width(&name) as u16;
        let right = (x + 2, x + 2 + w);
        let left = (x.saturating_sub(w + 1), x.saturating_sub(1));
        let free = |(from, to): (u16, u16), y: u16| {
            from >= plot.area.x
                && to <= plot.area.right()
                && !taken.iter().any(|(a, b, row)| *row == y && from < *b && *a < to)
        };
        let above = y.saturating_sub(1).max(plot.area.y);
        let below = (y + 1).min(plot.area.bottom().saturating_sub(1));
        let mut place = vec![
            (right, y),
            (left, y),
            (left, above),
            (right, above),
            (left, below),
            (right, below),
        ];
        place.extend([above, below].map(|y| (middle(plot.area, x, w), y)));
        if let Some(&((from, to), y)) = place.iter().find(|(span, y)| free(*span, *y)) {
            taken.push((from, to, y));
            buffer.set_string(from, y, name, theme.ink(Ink::MapLabel));
        }
    }
}

/// Cells around a column, within the plot.
fn middle(area: Rect, x: u16, wide: u16) -> (u16, u16) {
    let from = x.saturating_sub(wide / 2).min(area.right().saturating_sub(wide)).max(area.x);
    (from, from + wide)
}
