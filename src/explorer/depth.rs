//! The number of colors of the terminal, and conversion to the nearest supported color.

use ratatui::style::Color;

/// The number of colors of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    True,
    Indexed,
    /// The sixteen ANSI colors.
    Sixteen,
    None,
}

impl Depth {
    /// From the environment: `NO_COLOR` (any value but an empty one), then `COLORTERM`, then `TERM`.
    pub fn of_terminal() -> Self {
        let set = |name: &str| std::env::var(name).unwrap_or_default();
        Self::from_variables(&set("NO_COLOR"), &set("COLORTERM"), &set("TERM"))
    }

    fn from_variables(no_color: &str, colorterm: &str, term: &str) -> Self {
        if !no_color.is_empty() || term == "dumb" {
            Self::None
        } else if matches!(colorterm, "truecolor" | "24bit") {
            Self::True
        } else if matches!(term, "linux" | "ansi" | "cygwin") || term.ends_with("-16color") {
            Self::Sixteen
        } else if term.starts_with("vt") {
            Self::None
        } else {
            Self::Indexed
        }
    }
}

/// The nearest supported color.
pub fn reduced(color: Color, depth: Depth) -> Color {
    match (color, depth) {
        (_, Depth::None) => Color::Reset,
        (Color::Rgb(r, g, b), Depth::Indexed) => Color::Indexed(indexed([r, g, b])),
        (Color::Rgb(r, g, b), Depth::Sixteen) => Color::Indexed(sixteenth([r, g, b])),
        _ => color,
    }
}

/// Mixes `a` and `b` by `share`.
pub fn mix(a: (u8, u8, u8), b: (u8, u8, u8), share: f64) -> (u8, u8, u8) {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share) as u8;
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Red, green and blue of a color that is the same in every terminal; none of the sixteen is.
pub fn rgb(color: Color) -> Option<(u8, u8, u8)> {
    match color {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(i @ 16..=231) => {
            let i = i - 16;
            Some((level(i / 36), level(i / 6 % 6), level(i % 6)))
        }
        Color::Indexed(i @ 232..) => {
            let gray = 8 + 10 * (i - 232);
            Some((gray, gray, gray))
        }
        _ => None,
    }
}

/// A channel of the 6×6×6 cube.
fn level(i: u8) -> u8 {
    if i == 0 { 0 } else { 55 + 40 * i }
}

/// The contrast of two colors, from 1 to 21 (WCAG 2).
#[cfg(test)]
pub fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let luminance = |(r, g, b)| {
        let [r, g, b] = linear((r, g, b));
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Red, green and blue as amounts of light.
#[cfg(test)]
pub fn linear((r, g, b): (u8, u8, u8)) -> [f64; 3] {
    [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

fn far(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The nearest of the sixteen colors of the Linux console.
fn sixteenth(rgb: [u8; 3]) -> u8 {
    let level = |i: u8, bit: u8| match (i & bit > 0, i >= 8) {
        (true, true) => 255,
        (true, false) => 170,
        (false, true) => 85,
        (false, false) => 0,
    };
    let all = (0..16_u8).map(|i| (i, [level(i, 1), level(i, 2), level(i, 4)]));
    all.min_by_key(|(_, candidate)| far(rgb, *candidate)).map_or(7, |(i, _)| i)
}

/// The nearest of the 6×6×6 cube and the 24 grays of a 256-color terminal.
fn indexed(rgb: [u8; 3]) -> u8 {
    let cube = (0..216_u8).map(|i| (16 + i, [level(i / 36), level(i / 6 % 6), level(i % 6)]));
    let grays = (0..24_u8).map(|i| (232 + i, [8 + 10 * i; 3]));
    cube.chain(grays).min_by_key(|(_, candidate)| far(rgb, *candidate)).map_or(16, |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_shrink_to_what_the_terminal_has() {
        assert_eq!(indexed([255, 0, 0]), 196);
        assert_eq!(indexed([8, 8, 8]), 232);
        for color in [16, 59, 196, 231, 232, 255] {
            let (r, g, b) = rgb(Color::Indexed(color)).unwrap();
            assert_eq!(rgb(Color::Indexed(indexed([r, g, b]))), Some((r, g, b)));
        }
        assert_eq!((rgb(Color::Indexed(9)), rgb(Color::Reset)), (None, None));
        assert_eq!((sixteenth([250, 10, 10]), sixteenth([17, 20, 26])), (1, 0));
        assert_eq!(sixteenth([240, 240, 250]), 15);
        assert_eq!(Depth::from_variables("", "", "linux"), Depth::Sixteen);
        assert_eq!(Depth::from_variables("", "truecolor", "xterm"), Depth::True);
        assert_eq!(Depth::from_variables("1", "truecolor", "xterm"), Depth::None);
        assert_eq!(Depth::from_variables("0", "", "xterm"), Depth::None);
        assert_eq!(Depth::from_variables("", "", "vt100"), Depth::None);
        // As over ssh, which does not forward COLORTERM.
        for term in ["xterm-256color", "foot", "alacritty"] {
            assert_eq!(Depth::from_variables("", "", term), Depth::Indexed);
        }
    }
}
