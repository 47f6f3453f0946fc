//! A picture as SVG.

use std::fmt::Write;

use super::{Anchor, DASH, Dot, EDGE, HALO, OPACITY, Picture, Point, Rgb, Shape, Sign, Text};

/// A text for an element or attribute. It must contain no control characters.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl Picture {
    /// The picture as SVG. Its texts must contain no control characters.
    pub(crate) fn svg(&self) -> String {
        let (width, height) = self.size;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            hex(self.background)
        );
        self.shapes.iter().for_each(|one| shape(&mut out, one));
        self.texts.iter().for_each(|one| text(&mut out, one));
        // Writing to a string cannot fail.
        for ((x, y), (x2, y2)) in &self.lines {
            let _ = writeln!(
                out,
                "<path d=\"M{x:.1} {y:.1}L{x2:.1} {y2:.1}\" stroke=\"{}\" \
                 stroke-dasharray=\"{} {}\"/>",
                hex(self.line),
                DASH.0,
                DASH.1
            );
        }
        let _ = writeln!(out, "<g id=\"models\" fill-opacity=\"{OPACITY}\">");
        self.dots.iter().for_each(|one| dot(&mut out, one));
        out += "</g>\n<g id=\"names\" pointer-events=\"none\">\n";
        self.names.iter().for_each(|one| text(&mut out, one));
        out += "</g>\n</svg>\n";
        out
    }
}

/// The commands of a path, to stand in `d`.
fn commands(path: &[Point], closed: bool) -> String {
    let mut out = String::new();
    for (i, (x, y)) in path.iter().enumerate() {
        let _ = write!(out, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    if closed {
        out.push('Z');
    }
    out
}

fn shape(out: &mut String, one: &Shape) {
    let paths: String = one.paths.iter().map(|path| commands(path, one.closed)).collect();
    let color = hex(one.color);
    let (width, opacity) = one.line;
    let _ = writeln!(
        out,
        "<path d=\"{paths}\" fill=\"{color}\" fill-opacity=\"{}\" fill-rule=\"evenodd\" \
         stroke=\"{color}\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\"/>",
        if one.closed { one.fill } else { 0.0 }
    );
}

fn dot(out: &mut String, one: &Dot) {
    let color = hex(one.fill);
    let ink = match (one.line, one.edge) {
        (Some(width), _) => {
            format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"")
        }
        (None, Some(edge)) => {
            format!("fill=\"{color}\" stroke=\"{}\" stroke-width=\"{EDGE}\"", hex(edge))
        }
        (None, None) => format!("fill=\"{color}\""),
    };
    let title = escaped(&one.title);
    let _ = if one.sign == Sign::Disc {
        let ((x, y), radius) = (one.at, one.radius);
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" {ink}><title>{title}</title></circle>"
        )
    } else {
        let path = commands(&one.sign.corners(one.at, one.radius), true);
        writeln!(out, "<path d=\"{path}\" {ink}><title>{title}</title></path>")
    };
}

fn text(out: &mut String, one: &Text) {
    let anchor = if one.end == Anchor::Start { "start" } else { "end" };
    let halo = one.halo.map_or_else(String::new, |halo| {
        format!(" stroke=\"{}\" stroke-width=\"{HALO}\" paint-order=\"stroke\"", hex(halo))
    });
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\"{halo}>{}</text>",
        one.at.0,
        one.at.1,
        hex(one.fill),
        one.size,
        escaped(&one.words)
    );
}
