//! The map as a file: a picture (SVG, PNG), a searchable page (HTML), or a table (CSV).

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ndarray::ArrayView2;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::analysis::projection::Projection;
use crate::analysis::router;
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::explorer::depth::{self, Depth};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::job::Job;
use crate::explorer::state::map::COMPONENTS;
use crate::explorer::state::map::Projector;
use crate::explorer::state::model_set::ModelSet;
use crate::explorer::theme::{Ink, Theme};
use crate::explorer::ui::axes::axis;
use crate::explorer::ui::labels::{Grid, Wanted};
use crate::explorer::ui::widgets::fit;
use crate::picture::{Anchor, Dot, Picture, Rgb, Text, escaped};

/// The picture, and the plot area in it, in pixels.
const SIZE: (f64, f64) = (1280.0, 900.0);
const PLOT: (f64, f64, f64, f64) = (30.0, 64.0, 1220.0, 740.0);
/// A cell of the grid for placing names.
const CELL: (f64, f64) = (6.8, 15.0);
/// The longest shown name, in cells.
const LONGEST: usize = 32;
/// The font size, in pixels.
const LETTERS: f64 = 11.0;
/// An entry of the legend, in pixels, and the start of its rows.
const ENTRY: (f64, f64) = (200.0, 22.0);
const LEGEND: f64 = 838.0;

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture in which every model is a dot with a tooltip.
    Svg,
    /// The same as pixels, with an embedded font.
    Png,
    /// A page with that picture and a search field.
    Html,
    /// One row per model: name, class and coordinates.
    Csv,
}

/// What the map shows.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// By t-SNE instead of principal components.
    pub tsne: bool,
    /// An attribute, a benchmark, `cluster`, `uncertainty` or `nothing`; else what the explorer
    /// begins with, or the chance on the prompt.
    pub color: Option<String>,
    /// Color by the probability of a correct answer to this prompt.
    pub prompt: Option<String>,
    /// A theme by name, or a theme file; the default is light.
    pub theme: Option<String>,
}

/// The map of `embedder` as a file of this kind. The same seed gives the same clusters.
///
/// # Errors
/// [`Error::Usage`] if there is no such coloring or theme, or the theme leaves colors to the
/// terminal; what projecting, clustering and routing fail with.
pub fn picture(
    embedder: &Embedder,
    kind: Kind,
    shown: &Shown,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Vec<u8>> {
    let chances = match &shown.prompt {
        Some(prompt) => {
            let chances = router::probabilities(embedder, &embedder.encode(&[prompt])?);
            Some(chances.row(0).iter().copied().map(Some).collect())
        }
        None => None,
    };
    file(ModelSet::from(embedder), chances, kind, shown, seed, cancel)
}

/// The same for models with vectors only: `shown` must not refer to attributes or a prompt.
///
/// # Errors
/// As [`picture`].
pub fn picture_of_vectors(
    title: &str,
    models: &[String],
    vectors: ArrayView2<'_, f32>,
    kind: Kind,
    shown: &Shown,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Vec<u8>> {
    let model_set = ModelSet::of_vectors(title, models, vectors);
    file(model_set, None, kind, shown, seed, cancel)
}

fn file(
    model_set: ModelSet,
    chances: Option<Vec<Option<f32>>>,
    kind: Kind,
    shown: &Shown,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Vec<u8>> {
    let model_set = Arc::new(model_set);
    let projection = model_set.map(model_set.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load(shown.theme.as_deref().unwrap_or("light"), Depth::True)?;
    let area = Rect::new(0, 0, 80, 24);
    let mut state = State::new(Arc::clone(&model_set), projection, theme, Pane::Map, area);
    if shown.tsne {
        state.map.take(Projector::Tsne, Projection::tsne(model_set.profiles(), cancel)?);
        state.map.use_projector(Projector::Tsne);
        state.map.settle();
    }
    if let Some(chances) = chances {
        state.forecast = chances;
        state.color_by(ColorBy::Forecast);
    }
    if let Some(name) = &shown.color {
        let by = coloring(&model_set, name)?;
        if by == ColorBy::Cluster {
            state.clusters = Job::Done(model_set.clusters(seed, cancel)?);
        }
        state.color_by(by);
    }
    match kind {
        Kind::Svg => Ok(svg(&state)?.into_bytes()),
        Kind::Png => png(&state),
        Kind::Html => Ok(html(&state)?.into_bytes()),
        Kind::Csv => Ok(csv(&state)),
    }
}

/// The coloring with this name.
fn coloring(model_set: &ModelSet, name: &str) -> Result<ColorBy> {
    let all = [
        ("nothing".to_owned(), ColorBy::Nothing),
        ("cluster".to_owned(), ColorBy::Cluster),
        ("uncertainty".to_owned(), ColorBy::Uncertainty),
    ];
    let attributes = model_set.attributes.iter().enumerate();
    let benchmarks = model_set.benchmarks.iter().enumerate();
    let (names, colors): (Vec<String>, Vec<ColorBy>) = attributes
        .map(|(a, attribute)| (attribute.name.clone(), ColorBy::Attribute(a)))
        .chain(benchmarks.map(|(b, benchmark)| (benchmark.name.clone(), ColorBy::Benchmark(b))))
        .chain(all)
        .unzip();
    let at = crate::names::resolve("attribute or benchmark", name, &names)?;
    Ok(colors[at])
}

fn rgb(theme: &Theme, color: Color) -> Result<Rgb> {
    depth::rgb(color).ok_or_else(|| {
        Error::Usage(format!(
            "the theme `{}` leaves its colors to the terminal: choose another",
            theme.name
        ))
    })
}

fn hex(theme: &Theme, ink: Ink) -> Result<String> {
    rgb(theme, theme[ink]).map(|(r, g, b)| format!("#{r:02x}{g:02x}{b:02x}"))
}

pub fn svg(state: &State) -> Result<String> {
    drawing(state).map(|drawing| drawing.svg())
}

fn png(state: &State) -> Result<Vec<u8>> {
    let failed = |problem| Error::Failed(format!("the map cannot be drawn: {problem}"));
    drawing(state)?.png().map_err(failed)
}

/// The shapes of the map. The texts of the model set contain no control characters.
fn drawing(state: &State) -> Result<Picture> {
    let (theme, map, model_set) = (&state.theme, &state.map, &state.model_set);
    let ink = |ink: Ink| rgb(theme, theme[ink]);
    let (text, muted) = (ink(Ink::Text)?, ink(Ink::Muted)?);
    let hues: Vec<Rgb> =
        map.coloring.classes.iter().map(|c| rgb(theme, theme.hue(c.hue))).collect::<Result<_>>()?;
    let (left, top, width, height) = PLOT;
    let at = |place| {
        let (x, y) = map.seen(place);
        (left + x * width, top + y * height)
    };
    let mut texts = Vec::new();
    let mut write = |x: f64, y: f64, fill: Rgb, size: f64, end: Anchor, words: &str| {
        let words = words.to_owned();
        texts.push(Text { at: (x, y), end, size, fill, halo: None, words });
    };
    let note = if model_set.simulated { "  simulated data" } else { "" };
    let head =
        format!("{} · {}{note}", model_set.data, crate::count(model_set.models.len(), "model"));
    write(left, 30.0, text, 16.0, Anchor::Start, &head);
    if let Some(title) = &map.coloring.title {
        let title = format!("color: {title}");
        write(SIZE.0 - left, 30.0, muted, 13.0, Anchor::End, &title);
    }
    let (a, b) = map.axes();
    write(left, top - 8.0, muted, 12.0, Anchor::Start, &format!("↑ {}", axis(state, b)));
    let bottom = top + height + 14.0;
    write(left + width, bottom, muted, 12.0, Anchor::End, &format!("{} →", axis(state, a)));
    for (i, class) in map.coloring.classes.iter().enumerate() {
        let across = (width / ENTRY.0) as usize;
        let (x, y) =
            (left + ENTRY.0 * (i % across) as f64, LEGEND + 24.0 + ENTRY.1 * (i / across) as f64);
        write(x, y, hues[i], 15.0, Anchor::Start, "●");
        let entry = format!("{} {}", fit(&class.name, 20), class.count);
        write(x + 16.0, y, text, 12.0, Anchor::Start, &entry);
    }
    let (x, y) = at(map.origin);
    let radius = match model_set.models.len() {
        0..=400 => 4.5,
        401..=4000 => 2.8,
        _ => 1.5,
    };
    let dots = model_set.models.iter().enumerate().map(|(m, name)| {
        let class = map.coloring.class_of(m);
        let kind = map.coloring.classes.get(class).map_or("", |class| &class.name);
        let fill = hues.get(class).copied().unwrap_or(muted);
        let title = format!("{name}\n{kind}");
        Dot { title, ..Dot::disc(at(map.places[m]), radius, fill) }
    });
    Ok(Picture {
        size: SIZE,
        background: ink(Ink::Background)?,
        shapes: Vec::new(),
        dots: dots.collect(),
        names: names(state, ink(Ink::MapLabel)?, at),
        lines: vec![((x, top), (x, top + height)), ((left, y), (left + width, y))],
        line: ink(Ink::MapAxis)?,
        texts,
    })
}

/// Names next to as many dots as have space, those with the most answers first.
fn names(state: &State, fill: Rgb, at: impl Fn((f64, f64)) -> (f64, f64)) -> Vec<Text> {
    let (left, top, width, height) = PLOT;
    let cell = |place| {
        let (x, y) = at(place);
        (((x - left) / CELL.0).max(0.0) as usize, ((y - top) / CELL.1).max(0.0) as usize)
    };
    let mut grid = Grid::new((width / CELL.0) as usize, (height / CELL.1) as usize);
    for place in &state.map.places {
        let (x, y) = cell(*place);
        grid.add_point(x, y);
    }
    let mut names = Vec::new();
    for m in &state.map.ranked {
        let text = fit(state.name(*m), LONGEST);
        let (x, y) = cell(state.map.places[*m]);
        let Some((x, y)) = grid.place(&Wanted { x, y, text: &text, covers: 0 }) else {
            continue;
        };
        let at = (left + x as f64 * CELL.0, top + (y as f64 + 0.8) * CELL.1);
        let end = Anchor::Start;
        names.push(Text { at, end, size: LETTERS, fill, halo: None, words: text });
    }
    names
}

pub fn html(state: &State) -> Result<String> {
    let theme = &state.theme;
    let (background, text) = (hex(theme, Ink::Background)?, hex(theme, Ink::Text)?);
    let surface = hex(theme, Ink::Surface)?;
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>llmap: {title}</title>\n\
         <style>\nbody {{ margin: 0; background: {background}; color: {text}; font: 14px ui-monospace, \
         monospace }}\ninput {{ position: fixed; top: 12px; left: 50%; translate: -50%; padding: 6px 12px; \
         border: 1px solid currentColor; border-radius: 6px; background: {surface}; color: inherit; font: \
         inherit }}\nsvg {{ display: block; width: 100vw; height: 100vh }}\ncircle:hover {{ stroke: {text}; \
         stroke-width: 2 }}\n.away {{ opacity: .08 }}\n</style></head><body>\n\
         <input id=\"find\" type=\"search\" placeholder=\"find a model\" aria-label=\"find a model\">\n\
         {svg}<script>\nconst dots = [...document.querySelectorAll('#models circle')];\n\
         const names = [...document.querySelectorAll('#names text')];\n\
         document.getElementById('find').addEventListener('input', event => {{\n  \
         const wanted = event.target.value.toLowerCase();\n  \
         for (const one of [...dots, ...names])\n    \
         one.classList.toggle('away', !one.textContent.toLowerCase().includes(wanted));\n\
         }});\n</script></body></html>\n",
        title = escaped(&state.model_set.data),
        svg = svg(state)?,
    ))
}

/// The points as a table, safe for spreadsheets.
pub fn csv(state: &State) -> Vec<u8> {
    let map = &state.map;
    let axis = if map.projector == Projector::Tsne { "tsne" } else { "pc" };
    let title = map.coloring.title.as_deref().unwrap_or("class");
    let head = ["model_name".to_owned(), title.to_owned()].into_iter();
    let axes = (1..=map.components()).map(|c| format!("{axis}{c}"));
    let header: Vec<String> = head.chain(axes).collect();
    let rows = state.model_set.models.iter().enumerate().map(|(m, name)| {
        let class = map.coloring.classes.get(map.coloring.class_of(m));
        let class = class.map_or("", |class| &class.name);
        let head = [name.clone(), class.to_owned()].into_iter();
        let row = map.projection.coordinates.row(m);
        head.chain(row.iter().map(|x| format!("{x:.5}"))).collect::<Vec<_>>()
    });
    crate::spreadsheet::table(&header, rows)
}
