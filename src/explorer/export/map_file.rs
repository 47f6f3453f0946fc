//! The map as a file: a picture (SVG), a page in which models can be found (HTML), or a table (CSV).

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::analysis::projection::Projection;
use crate::analysis::router::Router;
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::explorer::depth::Depth;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::colouring::ColourBy;
use crate::explorer::state::job::Job;
use crate::explorer::state::map::COMPONENTS;
use crate::explorer::state::map::Projector;
use crate::explorer::state::subject::Subject;
use crate::explorer::theme::{Ink, Theme};
use crate::explorer::ui::labels::{Grid, Wanted};
use crate::explorer::ui::panes::map::axis;
use crate::explorer::ui::widgets::fit;

/// The picture, and the part of it that the models have, in pixels.
const SIZE: (f64, f64) = (1280.0, 900.0);
const PLOT: (f64, f64, f64, f64) = (30.0, 64.0, 1220.0, 740.0);
/// A cell of the grid in which names find their places.
const CELL: (f64, f64) = (6.8, 15.0);
/// The longest name that is shown, in cells.
const LONGEST: usize = 32;
/// An entry of the legend, in pixels, and where its rows begin.
const ENTRY: (f64, f64) = (200.0, 22.0);
const LEGEND: f64 = 838.0;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture with every model as a dot that tells its name.
    Svg,
    /// A page with that picture and a field to find models in.
    Html,
    /// A row a model: its name, its class and its coordinates.
    Csv,
}

/// What the map shall show.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// By t-SNE; else by principal components.
    pub tsne: bool,
    /// An attribute, a benchmark, `cluster`, `uncertainty` or `nothing`; else what the explorer
    /// begins with, or the chance on the prompt.
    pub colour: Option<String>,
    /// A prompt by the chance on which models are coloured.
    pub prompt: Option<String>,
    /// A theme by name, or a theme file; the light one if there is none.
    pub theme: Option<String>,
}

/// The map of `embedder` as a file of this kind. The same seed gives the same clusters.
///
/// # Errors
/// [`Error::Usage`] if there is no such colouring or theme, or the theme leaves colours to the
/// terminal; what projecting, clustering and routing fail with.
pub fn picture(
    embedder: &Embedder,
    kind: Kind,
    shown: &Shown,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Vec<u8>> {
    let subject = Arc::new(Subject::from(embedder));
    let projection = Projection::pca(subject.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load(shown.theme.as_deref().unwrap_or("light"), Depth::True)?;
    let area = Rect::new(0, 0, 80, 24);
    let mut state = State::new(Arc::clone(&subject), projection, theme, Pane::Map, area);
    if shown.tsne {
        state.map.take(Projector::Tsne, Projection::tsne(subject.profiles(), cancel)?);
        state.map.use_projector(Projector::Tsne);
        state.map.settle();
    }
    if let Some(prompt) = &shown.prompt {
        let router = Router::new(embedder);
        let chances = router.probabilities(&embedder.encode(&[prompt])?);
        state.forecast = chances.row(0).iter().copied().map(Some).collect();
        state.colour_by(ColourBy::Forecast);
    }
    if let Some(name) = &shown.colour {
        let by = colouring(&subject, name)?;
        if by == ColourBy::Cluster {
            state.clusters = Job::Done(subject.clusters(seed, cancel)?);
        }
        state.colour_by(by);
    }
    match kind {
        Kind::Svg => Ok(svg(&state)?.into_bytes()),
        Kind::Html => Ok(html(&state)?.into_bytes()),
        Kind::Csv => Ok(csv(&state)),
    }
}

/// What a colouring is called.
fn colouring(subject: &Subject, name: &str) -> Result<ColourBy> {
    let all = [
        ("nothing".to_owned(), ColourBy::Nothing),
        ("cluster".to_owned(), ColourBy::Cluster),
        ("uncertainty".to_owned(), ColourBy::Uncertainty),
    ];
    let attributes = subject.attributes.iter().enumerate();
    let benchmarks = subject.benchmarks.iter().enumerate();
    let (names, colours): (Vec<String>, Vec<ColourBy>) = attributes
        .map(|(a, attribute)| (attribute.name.clone(), ColourBy::Attribute(a)))
        .chain(benchmarks.map(|(b, benchmark)| (benchmark.name.clone(), ColourBy::Benchmark(b))))
        .chain(all)
        .unzip();
    let at = crate::names::resolve("attribute or benchmark", name, &names)?;
    Ok(colours[at])
}

fn hex(theme: &Theme, colour: Color) -> Result<String> {
    match colour {
        Color::Rgb(r, g, b) => Ok(format!("#{r:02x}{g:02x}{b:02x}")),
        _ => Err(Error::Usage(format!(
            "the theme `{}` leaves its colours to the terminal: choose another",
            theme.name
        ))),
    }
}

/// A text between tags or in an attribute. The subject's texts hold no control characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub fn svg(state: &State) -> Result<String> {
    let (theme, map, subject) = (&state.theme, &state.map, &state.subject);
    let ink = |ink: Ink| hex(theme, theme[ink]);
    let (background, text, muted, line) =
        (ink(Ink::Background)?, ink(Ink::Text)?, ink(Ink::Muted)?, ink(Ink::MapAxis)?);
    let hues: Vec<String> = map
        .colouring
        .classes
        .iter()
        .map(|c| hex(theme, theme.hue(c.hue)))
        .collect::<Result<_>>()?;
    let (left, top, width, height) = PLOT;
    let at = |place| {
        let (x, y) = map.seen(place);
        (left + x * width, top + y * height)
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"ui-monospace, \
         Menlo, Consolas, monospace\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"{background}\"/>\n",
        SIZE.0, SIZE.1
    );
    let mut write = |x: f64, y: f64, fill: &str, size: f64, anchor: &str, said: &str| {
        let said = escaped(said);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\" font-size=\"{size}\" \
             text-anchor=\"{anchor}\">{said}</text>"
        );
    };
    let note = if subject.simulated { "  simulated data" } else { "" };
    let head = format!("{} · {}{note}", subject.data, crate::count(subject.models.len(), "model"));
    write(left, 30.0, &text, 16.0, "start", &head);
    if let Some(title) = &map.colouring.title {
        write(SIZE.0 - left, 30.0, &muted, 13.0, "end", &format!("coloured by {title}"));
    }
    let (a, b) = map.axes();
    write(left, top - 8.0, &muted, 12.0, "start", &format!("↑ {}", axis(state, b)));
    let bottom = top + height + 14.0;
    write(left + width, bottom, &muted, 12.0, "end", &format!("{} →", axis(state, a)));
    for (i, class) in map.colouring.classes.iter().enumerate() {
        let across = (width / ENTRY.0) as usize;
        let (x, y) =
            (left + ENTRY.0 * (i % across) as f64, LEGEND + 24.0 + ENTRY.1 * (i / across) as f64);
        write(x, y, &hues[i], 15.0, "start", "●");
        write(
            x + 16.0,
            y,
            &text,
            12.0,
            "start",
            &format!("{} {}", fit(&class.name, 20), class.count),
        );
    }
    let (x, y) = at(map.origin);
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {top}V{:.1}M{left} {y:.1}H{:.1}\" stroke=\"{line}\" \
         stroke-dasharray=\"2 5\"/>",
        top + height,
        left + width
    );
    let radius = match subject.models.len() {
        0..=400 => 4.5,
        401..=4000 => 2.8,
        _ => 1.5,
    };
    out += "<g id=\"models\" fill-opacity=\"0.85\">\n";
    for (m, name) in subject.models.iter().enumerate() {
        let (x, y) = at(map.places[m]);
        let class = map.colouring.class_of(m);
        let hue = hues.get(class).map_or(muted.as_str(), String::as_str);
        let kind = map.colouring.classes.get(class).map_or("", |class| &class.name);
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{hue}\"><title>{}\n{}</title>\
             </circle>",
            escaped(name),
            escaped(kind)
        );
    }
    out += "</g>\n";
    names(state, &mut out, &ink(Ink::MapLabel)?, at);
    out += "</svg>\n";
    Ok(out)
}

/// Names beside as many dots as have room, those with the most answers first.
fn names(state: &State, out: &mut String, fill: &str, at: impl Fn((f64, f64)) -> (f64, f64)) {
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
    *out += "<g id=\"names\" pointer-events=\"none\">\n";
    for m in &state.map.ranked {
        let text = fit(state.name(*m), LONGEST);
        let (x, y) = cell(state.map.places[*m]);
        let Some((x, y)) = grid.place(&Wanted { x, y, text: &text, forced: false }) else {
            continue;
        };
        let (x, y) = (left + x as f64 * CELL.0, top + (y as f64 + 0.8) * CELL.1);
        let text = escaped(&text);
        let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\">{text}</text>");
    }
    *out += "</g>\n";
}

pub fn html(state: &State) -> Result<String> {
    let theme = &state.theme;
    let (background, text) = (hex(theme, theme[Ink::Background])?, hex(theme, theme[Ink::Text])?);
    let surface = hex(theme, theme[Ink::Surface])?;
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
        title = escaped(&state.subject.data),
        svg = svg(state)?,
    ))
}

/// The points as a table, safe for spreadsheets.
pub fn csv(state: &State) -> Vec<u8> {
    let map = &state.map;
    let axis = if map.projector == Projector::Tsne { "tsne" } else { "pc" };
    let title = map.colouring.title.as_deref().unwrap_or("class");
    let head = ["model_name".to_owned(), title.to_owned()].into_iter();
    let axes = (1..=map.components()).map(|c| format!("{axis}{c}"));
    let header: Vec<String> = head.chain(axes).collect();
    let rows = state.subject.models.iter().enumerate().map(|(m, name)| {
        let class = map.colouring.classes.get(map.colouring.class_of(m));
        let class = class.map_or("", |class| &class.name);
        let head = [name.clone(), class.to_owned()].into_iter();
        let row = map.projection.coordinates.row(m);
        head.chain(row.iter().map(|x| format!("{x:.5}"))).collect::<Vec<_>>()
    });
    crate::spreadsheet::table(&header, rows)
}
