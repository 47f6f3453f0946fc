//! The plot of the map as a picture: the same content as in cells, but smooth.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::legend::Parts;
use super::raster::FADE;
use super::roles::{self, Role};
use crate::explorer::depth::{self, mix};
use crate::explorer::graphics::cover::Cover;
use crate::explorer::graphics::density::Crowd;
use crate::explorer::graphics::{Canvas, Scene};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::map::Marker;
use crate::explorer::theme::Ink;
use crate::picture::{Dot, Picture, Point, Rgb, Shape, Sign};

/// The height of a cell in units of the picture, independent of its pixels.
const CELL: f64 = 16.0;
/// The radius of a point, relative to the side of a square with the mean area per model.
const RADIUS: f64 = 0.13;
const SMALLEST: f64 = 1.5;
const LARGEST: f64 = 4.6;
/// The exponent of the growth of points with the zoom, and the maximum radius.
const GROWS: f64 = 0.2;
const ZOOMED: f64 = 6.5;
/// Darker points have no edge.
const BRIGHT: f32 = 0.5;
/// The color of contours, as a share of the way from the background to muted text.
const CONTOURS: f64 = 0.9;

/// The plot of the map on a screen of that area, if the map is visible and painted in pixels.
fn plot(state: &State, area: Rect) -> Option<Rect> {
    let pane = Layout::within(state, area)?.pane(Pane::Map).filter(|_| state.paints())?;
    let plot = Parts::of(state, pane).plot;
    (plot.width >= 4 && plot.height >= 3).then_some(plot)
}

/// The plot that a frame leaves to the picture.
pub fn left_out(state: &State, area: Rect) -> Option<Rect> {
    plot(state, area).filter(|plot| pictured(state, *plot))
}

/// True where there is a picture of this plot.
pub fn pictured(state: &State, plot: Rect) -> bool {
    state.paints() && state.map.pixels.plot == Some(plot)
}

/// The scene to paint on a screen of that area, if any. `cover` is that of a frame which left the plot to the
/// picture.
pub fn scene(state: &State, area: Rect, canvas: Canvas, cover: Option<&Cover>) -> Option<Scene> {
    let plot = plot(state, area).filter(|plot| canvas.fits(*plot))?;
    let scale = canvas.cell.1 / CELL;
    let cell = (canvas.cell.0 / scale, CELL);
    let size = (f64::from(plot.width) * cell.0, f64::from(plot.height) * cell.1);
    let painter = Painter::of(state, size)?;
    let ground = painter.ground;
    let texts = cover.and_then(|cover| cover.texts(cell, ground));
    let shows = state.shows_density();
    let crowd = shows.then(|| Crowd { points: painter.crowd(), color: painter.contours });
    Some(Scene {
        plot,
        with_texts: texts.is_some(),
        scale,
        crowd,
        picture: Picture {
            size,
            background: ground,
            shapes: painter.shapes(),
            texts: Vec::new(),
            lines: painter.axes(),
            line: painter.axis,
            dots: painter.dots(),
            names: texts.unwrap_or_default(),
        },
    })
}

/// The map with the colors of its theme.
struct Painter<'a> {
    state: &'a State,
    size: (f64, f64),
    radius: f64,
    ground: Rgb,
    axis: Rgb,
    muted: Rgb,
    dim: Rgb,
    contours: Rgb,
    /// By class.
    hues: Vec<Rgb>,
}

impl<'a> Painter<'a> {
    fn of(state: &'a State, size: (f64, f64)) -> Option<Self> {
        let theme = &state.theme;
        let ink = |ink: Ink| depth::rgb(theme[ink]);
        let (ground, muted) = (ink(Ink::Background)?, ink(Ink::Muted)?);
        let classes = state.map.coloring.classes.iter();
        let n = state.map.places.len();
        let own = (size.0 * size.1 / n.max(1) as f64).sqrt();
        let radius = (RADIUS * own).clamp(SMALLEST, LARGEST);
        Some(Self {
            state,
            size,
            radius: (radius * state.map.zoom.powf(GROWS)).min(ZOOMED),
            ground,
            muted,
            axis: ink(Ink::MapAxis)?,
            dim: ink(Ink::MapDim)?,
            contours: mix(ground, muted, CONTOURS),
            hues: classes.map(|class| depth::rgb(theme.hue(class.hue))).collect::<Option<_>>()?,
        })
    }

    fn ink(&self, ink: Ink) -> Rgb {
        depth::rgb(self.state.theme[ink]).unwrap_or(self.muted)
    }

    /// Converts a position in the view to the picture.
    fn at(&self, (x, y): (f64, f64)) -> Point {
        (x * self.size.0, y * self.size.1)
    }

    fn model(&self, model: usize) -> Option<Point> {
        let place = self.state.map.places.get(model)?;
        Some(self.at(self.state.map.seen(*place)))
    }

    /// Whether a sign at a point can be visible.
    fn in_sight(&self, (x, y): Point) -> bool {
        let around = 3.0 * ZOOMED;
        (-around..self.size.0 + around).contains(&x) && (-around..self.size.1 + around).contains(&y)
    }

    fn hue(&self, model: usize) -> Rgb {
        let class = self.state.map.coloring.class_of(model);
        self.hues.get(class).copied().unwrap_or(self.dim)
    }

    /// The models whose density is shown, including those outside of the plot.
    fn crowd(&self) -> Vec<Point> {
        let models = 0..self.state.map.places.len();
        models.filter(|m| self.state.is_at_hand(*m)).filter_map(|m| self.model(m)).collect()
    }

    /// The brightness of a model: by nearness in 3-D, and by probability while a prompt is typed.
    fn strength(&self, model: usize) -> f32 {
        let map = &self.state.map;
        let near = map.nearness.get(model).map_or(1.0, |near| 1.0 - FADE * (1.0 - near));
        near * map.glow.of(model)
    }

    /// Dashed lines through the means.
    fn axes(&self) -> Vec<(Point, Point)> {
        let map = &self.state.map;
        if map.space.is_some() {
            return Vec::new();
        }
        let (x, y) = self.at(map.seen(map.origin));
        let (right, bottom) = self.size;
        vec![((x, 0.0), (x, bottom)), ((0.0, y), (right, y))]
    }

    /// The axes of three dimensions, the region of a new model, the arrow of a probe.
    fn shapes(&self) -> Vec<Shape> {
        let (state, map) = (self.state, &self.state.map);
        let line = |path: Vec<Point>, color: Rgb, width: f64, opacity: f64| Shape {
            paths: vec![path],
            closed: false,
            color,
            fill: 0.0,
            line: (width, opacity),
        };
        let mut shapes = Vec::new();
        for end in map.ends().into_iter().flatten() {
            let path = [map.origin, end].map(|place| self.at(map.seen(place)));
            shapes.push(line(path.into(), self.muted, 1.2, 0.8));
        }
        let stations: Vec<_> = map.trails.iter().chain([&map.places]).collect();
        let followed = if map.trails.is_empty() { 0 } else { map.places.len() };
        for model in 0..followed {
            let path = stations.iter().filter_map(|places| places.get(model));
            let path = path.map(|place| self.at(map.seen(*place))).collect();
            shapes.push(line(path, self.hue(model), 0.8, 0.3));
        }
        if let Some(located) = roles::located(state).filter(|located| !located.region.is_empty()) {
            let path = located.region.iter().map(|place| self.at(*place)).collect();
            let color = self.ink(Ink::MapRouted);
            shapes.push(Shape { closed: true, fill: 0.07, ..line(path, color, 1.3, 0.7) });
        }
        if let Some(arrow) = roles::arrow(state) {
            let [start, end] = [0.0, 1.0].map(|part| self.at(arrow.seen(state, part)));
            let color = self.ink(Ink::Accent);
            let angle = (end.1 - start.1).atan2(end.0 - start.0);
            let wing = |turn: f64| {
                let (s, c) = (angle + turn).sin_cos();
                (end.0 - 11.0 * c, end.1 - 11.0 * s)
            };
            shapes.push(line(vec![start, end], color, 2.0, 0.9));
            shapes.push(line(vec![wing(0.45), end, wing(-0.45)], color, 2.0, 0.9));
        }
        shapes
    }

    /// All models: dimmed ones first, those with a role last.
    fn dots(&self) -> Vec<Dot> {
        let state = self.state;
        let special = roles::special(state);
        let known: BTreeSet<usize> = special.iter().map(|(model, _)| *model).collect();
        let (mut traces, mut back) = (Vec::new(), Vec::new());
        let mut front: Vec<(f32, Dot)> = Vec::new();
        for model in 0..state.map.places.len() {
            let Some(at) = self.model(model).filter(|at| self.in_sight(*at)) else { continue };
            if !state.filter.has(model) {
                // A trace of models that the filter excludes.
                traces.push(Dot { opacity: 1.0, ..Dot::disc(at, 1.3, self.axis) });
            } else if !state.is_lit(model) {
                back.push(Dot { opacity: 1.0, ..Dot::disc(at, 0.8 * self.radius, self.dim) });
            } else if !known.contains(&model) {
                front.push((self.strength(model), self.point(model, at)));
            }
        }
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut dots = traces;
        dots.extend(back);
        dots.extend(front.into_iter().map(|(_, dot)| dot));
        dots.extend(special.iter().rev().flat_map(|(model, role)| self.role(*model, *role)));
        if let Some(located) = roles::located(state) {
            let (x, y) = self.at(located.place);
            let aside = if located.beside { 2.2 * self.radius } else { 0.0 };
            let plus = Dot::disc((x + aside, y), 6.0, self.ink(Ink::MapRouted));
            dots.push(Dot { sign: Sign::Plus, opacity: 1.0, edge: Some(self.ground), ..plus });
        }
        dots
    }

    /// A model without a role.
    fn point(&self, model: usize, at: Point) -> Dot {
        let strength = self.strength(model);
        let near = self.state.map.nearness.get(model).copied().unwrap_or(1.0);
        let class = self.state.map.coloring.class_of(model);
        let (sign, open) = self.shape(class);
        let radius = self.radius * f64::from(0.7 + 0.3 * near) * if open { 0.85 } else { 1.0 };
        Dot {
            sign,
            // A translucent one of the dim color could hardly be seen.
            opacity: 1.0,
            line: open.then_some(1.5),
            edge: (strength >= BRIGHT && !open).then_some(self.ground),
            ..Dot::disc(at, radius, mix(self.ground, self.hue(model), strength.into()))
        }
    }

    /// The shape of a class and whether it is open, as for shapes in cells.
    fn shape(&self, class: usize) -> (Sign, bool) {
        let signs = [Sign::Disc, Sign::Up, Sign::Square, Sign::Down];
        if self.state.marker() == Marker::Shapes && class < 2 * signs.len() {
            (signs[class % signs.len()], class >= signs.len())
        } else {
            (Sign::Disc, false)
        }
    }

    /// The sign of a model with a role.
    fn role(&self, model: usize, role: Role) -> Vec<Dot> {
        let Some(at) = self.model(model).filter(|at| self.in_sight(*at)) else {
            return Vec::new();
        };
        let edge = Some(self.ground);
        let sized = |sign: Sign, radius: f64, fill: Rgb| Dot {
            sign,
            opacity: 1.0,
            edge,
            ..Dot::disc(at, radius, fill)
        };
        let ring = |radius: f64, ink: Ink| Dot {
            line: Some(1.6),
            ..sized(Sign::Disc, radius, self.ink(ink))
        };
        // Its label starts in the next cell and would cut a wider sign.
        let disc = sized(Sign::Disc, self.radius.clamp(3.2, 4.4), self.hue(model));
        let around = disc.radius + 3.0;
        let star = sized(Sign::Star, 6.2, self.ink(Ink::MapRouted));
        match role {
            Role::Selected => vec![ring(around, Ink::MapSelected), disc],
            Role::SelectedRouted => vec![ring(11.5, Ink::MapSelected), star],
            Role::Routed => vec![star],
            Role::Pointed => {
                vec![ring(around + 3.2, Ink::MapSelected), ring(around, Ink::MapSelected), disc]
            }
            Role::Marked => {
                let diamond = sized(Sign::Diamond, self.radius.max(3.2) + 1.2, self.hue(model));
                vec![Dot { edge: Some(self.ink(Ink::Text)), ..diamond }]
            }
        }
    }
}
