//! Queries the capabilities of the terminal at the start, without waiting. The replies arrive between keys,
//! and the last one ends the survey.

use super::canvas::{Canvas, Protocol};
use super::reply::{IMAGE, Reply};

/// The maximum number of colors of a sixel picture.
const COLORS: usize = 256;
/// With fewer registers, the colors of a picture would differ from those of the cells around it.
const FEWEST: usize = 64;

/// Whether to query a terminal, by its environment variables. A multiplexer may share the terminal with other
/// clients, and some consoles print unknown sequences.
pub fn may_ask(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let term = variable("TERM").unwrap_or_default();
    let shared = ["screen", "tmux", "eterm", "linux", "dumb", "cygwin", "vt", "ansi"];
    !(term.is_empty()
        || shared.iter().any(|name| term.starts_with(name))
        || ["NO_COLOR", "TMUX", "STY", "INSIDE_EMACS"].iter().any(|name| set(name))
        || variable("TERM_PROGRAM").is_some_and(|name| name == "Apple_Terminal"))
}

/// All queries in one string. Every terminal replies to the last one, and in order.
pub fn questions() -> String {
    // Kitty graphics by a temporary image of one pixel; name; size of a cell and of the window; number of
    // color registers and maximum size of a sixel picture; attributes.
    format!(
        "\x1b_Gi={IMAGE},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>0q\x1b[16t\x1b[14t\
         \x1b[?1;1;0S\x1b[?2;1;0S\x1b[c"
    )
}

/// The queries for what changes with the size of the window and of the font.
pub const SIZE_QUESTIONS: &str = "\x1b[16t\x1b[14t";

/// The replies so far.
#[derive(Debug, Default)]
pub struct Survey {
    kitty: bool,
    sixel: bool,
    name: String,
    cell: Option<(u16, u16)>,
    window: Option<(u16, u16)>,
    colors: Option<usize>,
    largest: Option<(u32, u32)>,
    over: bool,
}

impl Survey {
    /// A new survey. Environment variables, which SSH may forward, also identify iTerm2.
    pub fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        let known = |name: &str, value: &str| variable(name).is_some_and(|found| found == value);
        let iterm = known("TERM_PROGRAM", "iTerm.app") || known("LC_TERMINAL", "iTerm2");
        Self { name: if iterm { "iTerm2".into() } else { String::new() }, ..Self::default() }
    }

    pub fn hear(&mut self, reply: Reply) {
        match reply {
            Reply::Kitty(knows) => self.kitty = knows,
            Reply::Name(name) => self.name = name,
            Reply::Cell(width, height) => self.cell = Some((width, height)),
            Reply::Window(width, height) => self.window = Some((width, height)),
            Reply::Colors(colors) => self.colors = Some(colors),
            Reply::Largest(width, height) => self.largest = Some((width, height)),
            Reply::Attributes { sixel } => (self.sixel, self.over) = (sixel, true),
            Reply::Ready => {}
        }
    }

    /// True once the last reply has arrived.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// True if the terminal itself reports sizes in pixels.
    pub fn measures(&self) -> bool {
        self.cell.is_some() || self.window.is_some()
    }

    /// The capabilities of the terminal. `cells` and `pixels` are its size as reported by the system; the pixels
    /// may be 0.
    pub fn canvas(&self, cells: (u16, u16), pixels: (u16, u16)) -> Option<Canvas> {
        let protocol = self.protocol()?;
        let cell = self.cell_size(cells, pixels);
        let colors = self.colors.unwrap_or(COLORS).min(COLORS);
        match (protocol, cell) {
            (Protocol::Sixel, None) => None,
            (Protocol::Sixel, _) if colors < FEWEST => None,
            // The other protocols take the size of a picture in cells.
            (_, cell) => Some(Canvas {
                protocol,
                cell: cell.unwrap_or((10.0, 20.0)),
                colors,
                largest: self.largest.filter(|_| protocol == Protocol::Sixel),
            }),
        }
    }

    /// The size of a cell, as exact as it is known.
    fn cell_size(&self, cells: (u16, u16), pixels: (u16, u16)) -> Option<(f64, f64)> {
        let each = |(width, height): (u16, u16)| {
            let part = |length: u16, n: u16| f64::from(length) / f64::from(n.max(1));
            let cell = (part(width, cells.0), part(height, cells.1));
            (cell.0 > 1.0 && cell.1 > 1.0).then_some(cell)
        };
        let window = self.window.and_then(each);
        let cell = self.cell.map(|(width, height)| (f64::from(width), f64::from(height)));
        let Some((width, height)) = cell else {
            // What the system reports may include margins: less than a pixel for each cell.
            return window.or_else(|| each(pixels).map(|cell| (cell.0.floor(), cell.1.floor())));
        };
        // The terminal rounds the size of a cell. The window is of no use if its reply came before the last
        // change of its size.
        let rounded =
            |cell: &(f64, f64)| (cell.0 - width).abs() < 1.0 && (cell.1 - height).abs() < 1.0;
        window.filter(rounded).or(Some((width, height)))
    }

    fn protocol(&self) -> Option<Protocol> {
        let name = self.name.to_ascii_lowercase();
        let is = |known: &str| name.starts_with(known);
        // Their support of kitty graphics is incomplete.
        if is("iterm2") || is("wezterm") {
            return Some(Protocol::Iterm);
        }
        if self.kitty && !is("konsole") {
            return Some(Protocol::Kitty);
        }
        self.sixel.then_some(Protocol::Sixel)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    const CELLS: (u16, u16) = (100, 40);

    fn found(replies: &[Reply]) -> Option<Canvas> {
        let mut survey = Survey::new(|_| None);
        replies.iter().cloned().for_each(|reply| survey.hear(reply));
        assert!(survey.is_over());
        survey.canvas(CELLS, (0, 0))
    }

    #[test]
    fn the_best_protocol_is_taken_with_the_size_that_is_known() {
        use Reply::{Attributes, Cell, Colors, Kitty, Largest, Name, Window};
        let sixel = Attributes { sixel: true };
        let plain = Attributes { sixel: false };
        let protocol = |replies: &[Reply]| found(replies).map(|canvas| canvas.protocol);
        assert_eq!(protocol(std::slice::from_ref(&plain)), None);
        assert_eq!(protocol(std::slice::from_ref(&sixel)), None, "of no known size");
        assert_eq!(protocol(&[Cell(9, 18), sixel.clone()]), Some(Protocol::Sixel));
        assert_eq!(protocol(&[Cell(9, 18), Colors(16), sixel.clone()]), None);
        let kitty = found(&[Kitty(true), Window(900, 720), plain.clone()]).unwrap();
        assert_eq!(
            (kitty.protocol, kitty.cell, kitty.largest),
            (Protocol::Kitty, (9.0, 18.0), None)
        );
        let named = |name: &str| Name(name.to_owned());
        assert_eq!(
            protocol(&[Kitty(true), named("WezTerm 2024"), sixel.clone()]),
            Some(Protocol::Iterm)
        );
        let konsole = [Kitty(true), named("Konsole 24"), Cell(9, 18), sixel.clone()];
        assert_eq!(protocol(&konsole), Some(Protocol::Sixel));
        let limited = found(&[Cell(10, 20), Largest(1000, 1000), Colors(256), sixel]).unwrap();
        assert_eq!(limited.tiles(Rect::new(0, 0, 90, 40)).len(), 1);
        assert_eq!(limited.tiles(Rect::new(0, 0, 101, 40)).len(), 2);
        let claimed = found(&[Kitty(true), Cell(65_535, 65_535), plain.clone()]).unwrap();
        assert!(!claimed.fits(Rect::new(0, 0, 100, 50)), "no allocation by what is claimed");
        let mut iterm = Survey::new(|name| (name == "LC_TERMINAL").then(|| "iTerm2".into()));
        iterm.hear(plain);
        let canvas = iterm.canvas(CELLS, (1400, 1120)).unwrap();
        assert_eq!((canvas.protocol, canvas.cell), (Protocol::Iterm, (14.0, 28.0)));
    }

    #[test]
    fn the_size_of_a_cell_is_the_most_exact_that_is_reported() {
        let size = |replies: &[Reply], pixels: (u16, u16)| {
            let mut survey = Survey::new(|_| None);
            replies.iter().cloned().for_each(|reply| survey.hear(reply));
            survey.hear(Reply::Attributes { sixel: true });
            survey.canvas(CELLS, pixels).map(|canvas| canvas.cell)
        };
        let (cell, window) = (Reply::Cell(8, 17), Reply::Window(843, 690));
        // xterm: the system includes the border; a browser: a fraction of a pixel.
        assert_eq!(size(&[], (904, 721)), Some((9.0, 18.0)));
        assert_eq!(size(&[cell.clone(), window.clone()], (0, 0)), Some((8.43, 17.25)));
        // Konsole: the system includes the margins.
        let konsole = [cell.clone(), Reply::Window(800, 680)];
        assert_eq!(size(&konsole, (990, 800)), Some((8.0, 17.0)));
        // The reply is older than the size in cells.
        assert_eq!(size(&[cell.clone(), Reply::Window(1700, 690)], (0, 0)), Some((8.0, 17.0)));
        assert_eq!(size(&[cell], (900, 720)), Some((8.0, 17.0)));
        assert_eq!(size(&[window], (0, 0)), Some((8.43, 17.25)));
        assert_eq!(size(&[], (0, 0)), None);
    }

    #[test]
    fn multiplexers_and_consoles_are_not_asked() {
        let asked = |set: &[(&str, &str)]| {
            may_ask(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(asked(&[("TERM", "xterm-kitty")]) && asked(&[("TERM", "foot"), ("TMUX", "")]));
        for set in [
            &[][..],
            &[("TERM", "linux")],
            &[("TERM", "dumb")],
            &[("TERM", "screen-256color")],
            &[("TERM", "xterm"), ("TMUX", "/tmp/tmux-0")],
            &[("TERM", "xterm"), ("STY", "1.pts")],
            &[("TERM", "xterm"), ("NO_COLOR", "1")],
            &[("TERM", "xterm"), ("TERM_PROGRAM", "Apple_Terminal")],
        ] {
            assert!(!asked(set), "{set:?}");
        }
    }
}
