//! A picture as SVG.

use std::fmt::Write;

use super::{Anchor, DASH, OPACITY, Picture, Rgb, Text};

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
        for dot in &self.dots {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\" fill=\"{}\"><title>{}</title></circle>",
                dot.at.0,
                dot.at.1,
                dot.radius,
                hex(dot.fill),
                escaped(&dot.title)
            );
        }
        out += "</g>\n<g id=\"names\" pointer-events=\"none\">\n";
        self.names.iter().for_each(|one| text(&mut out, one));
        out += "</g>\n</svg>\n";
        out
    }
}

fn text(out: &mut String, one: &Text) {
    let anchor = if one.end == Anchor::Start { "start" } else { "end" };
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\">{}</text>",
        one.at.0,
        one.at.1,
        hex(one.fill),
        one.size,
        escaped(&one.words)
    );
}
