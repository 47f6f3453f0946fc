//! Themes: colors by purpose. Built in, and customizable in the configuration folder.

use std::ops::Index;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde_json::{Map, Value};
use strum::VariantNames;

use super::depth::{Depth, mix, reduced, rgb};
use super::user_file;
use crate::dirs;
use crate::error::{Error, Result};
use crate::unpack;

/// Number of colors for named classes; rarer ones share a color.
pub const HUES: usize = 8;
/// The color of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// One of the theme's class colors.
    Class(usize),
    /// This bin of the theme's ramp with this many bins.
    Ramp(usize, usize),
    /// The plain color of a point.
    Plain,
    /// The color of unknown values.
    Unknown,
}

/// The built-in themes.
const BUNDLED: [(&str, &str); 9] = [
    ("dark", include_str!("../../themes/dark.json")),
    ("light", include_str!("../../themes/light.json")),
    ("contrast", include_str!("../../themes/contrast.json")),
    ("deuteranopia", include_str!("../../themes/deuteranopia.json")),
    ("terminal", include_str!("../../themes/terminal.json")),
    ("ember", include_str!("../../themes/ember.json")),
    ("fjord", include_str!("../../themes/fjord.json")),
    ("paper", include_str!("../../themes/paper.json")),
    ("mono", include_str!("../../themes/mono.json")),
];

/// The purpose of a color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Ink {
    Background,
    Surface,
    Text,
    #[strum(serialize = "text.muted")]
    Muted,
    Accent,
    Border,
    #[strum(serialize = "border.focus")]
    BorderFocus,
    Cursor,
    #[strum(serialize = "map.point")]
    MapPoint,
    #[strum(serialize = "map.selected")]
    MapSelected,
    #[strum(serialize = "map.routed")]
    MapRouted,
    #[strum(serialize = "map.dim")]
    MapDim,
    #[strum(serialize = "map.label")]
    MapLabel,
    #[strum(serialize = "map.axis")]
    MapAxis,
    #[strum(serialize = "bar.fill")]
    BarFill,
    #[strum(serialize = "bar.track")]
    BarTrack,
    #[strum(serialize = "bar.mark")]
    BarMark,
    Good,
    Warn,
    Bad,
}

/// The keys of a theme file, one per color.
const KEYS: &[&str] = <Ink as VariantNames>::VARIANTS;

#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: String,
    /// The files that it was read from, without built-in themes.
    pub files: Vec<PathBuf>,
    colors: [Color; KEYS.len()],
    classes: Vec<Color>,
    ramp: Vec<Color>,
    pub depth: Depth,
}

impl Index<Ink> for Theme {
    type Output = Color;

    fn index(&self, ink: Ink) -> &Color {
        &self.colors[ink as usize]
    }
}

impl Theme {
    /// Reads the theme `name`: a path, a file in the user's folder, or a built-in one. Invalid entries cause
    /// warnings; the inherited color is used instead.
    ///
    /// # Errors
    /// If there is no such theme or its file cannot be read.
    pub fn load(name: &str, depth: Depth) -> Result<(Self, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut theme = Self::base();
        let mut chain = Vec::new();
        let mut next = Some(name.to_owned());
        // From the theme to its root first, then applied from the root up.
        while let Some(name) = next.take() {
            let (origin, text) = find(&name)?;
            let problem =
                |e| Error::input(&origin, e, "a theme maps names to colors, as TOML or JSON");
            let keys = user_file::parse(&origin, &text).map_err(problem)?;
            next = keys.get("inherits").and_then(Value::as_str).map(str::to_owned);
            chain.push((name, origin.display().to_string(), keys));
            if let Some(parent) = &next
                && chain.iter().any(|(name, ..)| name == parent)
            {
                let (_, origin, _) = &chain[0];
                warnings.push(format!("{origin}: inherits: a cycle through `{parent}`"));
                next = None;
            }
        }
        for (_, origin, keys) in chain.iter().rev() {
            theme.paint(origin, keys, &mut warnings);
        }
        theme.name = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into();
        theme.depth = depth;
        let files = chain.iter().map(|(_, origin, _)| PathBuf::from(origin));
        theme.files = files.filter(|path| path.is_file()).collect();
        if depth != Depth::True {
            let all = theme.colors.iter_mut().chain(&mut theme.classes).chain(&mut theme.ramp);
            all.for_each(|color| *color = reduced(*color, depth));
        }
        Ok((theme, warnings))
    }

    /// The names of the built-in themes.
    #[cfg(test)]
    pub fn bundled() -> impl Iterator<Item = &'static str> {
        BUNDLED.iter().map(|(name, _)| *name)
    }

    /// The names of all themes: bundled, then the user's.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = BUNDLED.iter().map(|(name, _)| (*name).into()).collect();
        let files = user_folder().and_then(|folder| std::fs::read_dir(folder).ok());
        let mut own: Vec<String> = files
            .into_iter()
            .flatten()
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(|path| user_file::is_one(path))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| !names.contains(name))
            .collect();
        own.sort();
        own.dedup();
        names.extend(own);
        names
    }

    fn base() -> Self {
        Self {
            name: String::new(),
            files: Vec::new(),
            colors: [Color::Reset; KEYS.len()],
            classes: vec![Color::Reset; HUES],
            ramp: vec![Color::Reset; 2],
            depth: Depth::True,
        }
    }

    fn paint(&mut self, origin: &str, keys: &Map<String, Value>, warnings: &mut Vec<String>) {
        for (key, value) in &flat(keys) {
            let result = if let Some(at) = KEYS.iter().position(|known| known == key) {
                color(value).map(|color| self.colors[at] = color)
            } else {
                match key.as_str() {
                    "inherits" => Ok(()),
                    "classes" => colors(value, HUES).map(|colors| self.classes = colors),
                    "ramp" => colors(value, 2).map(|colors| self.ramp = colors),
                    _ => Err("unknown key".into()),
                }
            };
            if let Err(problem) = result {
                warnings.push(format!("{origin}: {key}: {problem}"));
            }
        }
    }

    pub fn hue(&self, hue: Hue) -> Color {
        match hue {
            Hue::Class(i) => self.classes[i % self.classes.len()],
            Hue::Ramp(i, of) => {
                let last = self.ramp.len() - 1;
                self.ramp[if of > 1 { (i * last).div_ceil(of - 1).min(last) } else { last }]
            }
            Hue::Plain => self[Ink::MapPoint],
            Hue::Unknown => self[Ink::MapDim],
        }
    }

    /// True if all of its colors are the same in every terminal.
    pub fn is_exact(&self) -> bool {
        let mut all = self.colors.iter().chain(&self.classes).chain(&self.ramp);
        all.all(|color| rgb(*color).is_some())
    }

    /// True if its classes are grays, which only shapes distinguish.
    pub fn is_gray(&self) -> bool {
        let gray = |c: &Color| matches!(c, Color::Rgb(r, g, b) if r == g && g == b);
        self.depth == Depth::True && self.classes.iter().all(gray)
    }

    /// Mixes `a` and `b` by `share`; `a` if the terminal cannot mix them.
    pub fn blend(a: Color, b: Color, share: f64) -> Color {
        let (Color::Rgb(r, g, b1), Color::Rgb(r2, g2, b2)) = (a, b) else { return a };
        let (r, g, b) = mix((r, g, b1), (r2, g2, b2), share);
        Color::Rgb(r, g, b)
    }

    /// Text in a color; without colors, muted text is dim.
    pub fn ink(&self, ink: Ink) -> Style {
        let style = Style::new().fg(self[ink]);
        let quiet = matches!(ink, Ink::Muted | Ink::MapDim | Ink::BarTrack | Ink::MapAxis);
        if self.depth == Depth::None && quiet {
            style.add_modifier(Modifier::DIM)
        } else {
            // Text over a muted background is not muted.
            style.remove_modifier(Modifier::DIM)
        }
    }

    pub fn bold(&self, ink: Ink) -> Style {
        self.ink(ink).add_modifier(Modifier::BOLD)
    }

    /// The style of the row under the cursor of a list.
    pub fn cursor(&self) -> Style {
        // A theme with terminal colors has no background color for it either.
        if self.depth == Depth::None || self[Ink::Cursor] == Color::Reset {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().bg(self[Ink::Cursor])
        }
    }

    /// Text on a filled background.
    pub fn badge(&self, ink: Ink) -> Style {
        if self.depth == Depth::None {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        } else {
            Style::new().bg(self[ink]).fg(self[Ink::Background]).add_modifier(Modifier::BOLD)
        }
    }
}

fn user_folder() -> Option<PathBuf> {
    Some(dirs::config()?.join("themes"))
}

/// The path and content of the theme `name`.
fn find(name: &str) -> Result<(PathBuf, String)> {
    let path = Path::new(name);
    if path.extension().is_some() || name.contains(std::path::MAIN_SEPARATOR) {
        return Ok((path.into(), unpack::settings(path)?));
    }
    for path in user_folder().iter().flat_map(|folder| user_file::places(folder, name)) {
        if path.exists() {
            let text = unpack::settings(&path)?;
            return Ok((path, text));
        }
    }
    match BUNDLED.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => Ok((format!("{name}.json").into(), (*text).into())),
        None => Err(Error::Usage(format!(
            "no theme is called `{name}`; there are: {}",
            Theme::names().join(", ")
        ))),
    }
}

/// `map.dim` may be written as the `dim` of a table `map`, as TOML requires without quotes.
fn flat(keys: &Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for (key, value) in keys {
        match value {
            Value::Object(below) => {
                let below = below.iter();
                all.extend(below.map(|(name, value)| (format!("{key}.{name}"), value.clone())));
            }
            _ => drop(all.insert(key.clone(), value.clone())),
        }
    }
    all
}

fn color(value: &Value) -> Result<Color, String> {
    let text = value.as_str().ok_or("a color is a string, such as \"#7fb4ff\"")?;
    Color::from_str(text).map_err(|_| format!("`{text}` is not a color"))
}

fn colors(value: &Value, least: usize) -> Result<Vec<Color>, String> {
    let list = value.as_array().filter(|list| list.len() >= least);
    let list = list.ok_or_else(|| format!("expected a list of at least {least} colors"))?;
    list.iter().map(color).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explorer::depth;

    /// The themes with colors of their own: those of `terminal` are the sixteen of the user's terminal, which
    /// llmap does not know.
    fn own_colors() -> impl Iterator<Item = Theme> {
        let named = Theme::bundled().filter(|name| *name != "terminal");
        named.map(|name| Theme::load(name, Depth::True).unwrap().0)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        depth::contrast(rgb(a).unwrap(), rgb(b).unwrap())
    }

    /// How different two colors look: their distance in CIELAB (CIE 1976).
    fn apart(a: Color, b: Color) -> f64 {
        let lab = |color: Color| {
            let [r, g, b] = depth::linear(rgb(color).unwrap());
            let x = (0.412_46 * r + 0.357_58 * g + 0.180_44 * b) / 0.950_47;
            let y = 0.212_67 * r + 0.715_15 * g + 0.072_18 * b;
            let z = (0.019_33 * r + 0.119_19 * g + 0.950_30 * b) / 1.088_83;
            let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            let [x, y, z] = [x, y, z].map(root);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        let (a, b) = (lab(a), lab(b));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn bundled_themes_are_whole() {
        for (name, text) in BUNDLED {
            let keys: Map<String, Value> = serde_json::from_str(text).unwrap();
            let (theme, warnings) = Theme::load(name, Depth::True).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            assert_eq!(theme.name, name);
            let own = KEYS.iter().chain(&["classes", "ramp"]).all(|key| keys.contains_key(*key));
            assert!(own || keys.contains_key("inherits"), "{name} lacks a key");
            // The terminal theme has neither background nor text color.
            assert!(name == "terminal" || theme.colors.iter().all(|c| *c != Color::Reset));
        }
    }

    #[test]
    fn every_color_can_be_seen() {
        use Ink::{
            Accent, Background, Bad, BarFill, BarMark, BarTrack, Border, BorderFocus, Cursor, Good,
            MapAxis, MapDim, MapLabel, MapPoint, MapRouted, MapSelected, Muted, Surface, Text,
            Warn,
        };
        const GROUNDS: [Ink; 3] = [Background, Surface, Cursor];
        let roles: [(f64, &[Ink], &[Ink]); 4] = [
            // Text, wherever it may stand.
            (
                4.5,
                &[Text, Muted, Accent, MapLabel, MapSelected, MapRouted, Good, Warn, Bad],
                &GROUNDS,
            ),
            (3.0, &[BarFill, BarMark], &GROUNDS),
            // In the row of the cursor the fill is enough, and tracks stand back.
            (3.0, &[BarTrack, Border, BorderFocus], &[Background, Surface]),
            (3.0, &[MapPoint, MapDim, MapAxis], &[Background]),
        ];
        let checked: usize = roles.iter().map(|(_, inks, _)| inks.len()).sum();
        assert_eq!(checked + GROUNDS.len(), KEYS.len(), "every color has a role");
        for theme in own_colors() {
            let check = |what: &str, color: Color, least: f64, grounds: &[Ink]| {
                for on in grounds {
                    let ratio = contrast(color, theme[*on]);
                    assert!(ratio >= least, "{}: {what} on {on:?} has {ratio:.2}", theme.name);
                }
            };
            for (least, inks, grounds) in roles {
                for ink in inks {
                    check(&format!("{ink:?}"), theme[*ink], least, grounds);
                }
            }
            for class in 0..HUES {
                check(&format!("class {class}"), theme.hue(Hue::Class(class)), 3.0, &[Background]);
            }
            for (step, color) in theme.ramp.iter().enumerate() {
                check(&format!("step {step} of the ramp"), *color, 3.0, &[Background, Cursor]);
            }
            // Badges have the background color on the accent or the warning color.
            check("a badge", theme[Background], 4.5, &[Accent, Warn]);
        }
    }

    #[test]
    fn classes_look_different_from_each_other_and_from_the_accent() {
        for theme in own_colors().filter(|theme| !theme.is_gray()) {
            // What is shown together: the named classes, all others as one, and the direction of a probe.
            let classes = (0..HUES).map(Hue::Class).chain([Hue::Plain]);
            let mut shown: Vec<(String, Color)> =
                classes.map(|hue| (format!("{hue:?}"), theme.hue(hue))).collect();
            shown.push(("the accent".into(), theme[Ink::Accent]));
            for (i, (a, color)) in shown.iter().enumerate() {
                for (b, other) in &shown[..i] {
                    let apart = apart(*color, *other);
                    assert!(apart >= 20.0, "{}: {a} and {b} are {apart:.1} apart", theme.name);
                }
            }
        }
    }

    /// Simulated color vision without green cones (Viénot, Brettel and Mollon 1999), in linear light.
    fn deuteranope(color: Color) -> [f64; 3] {
        let Color::Rgb(r, g, b) = color else { panic!("{color} is not RGB") };
        let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
        let (r, g, b) = (linear(r), linear(g), linear(b));
        let red = 0.292_75 * r + 0.707_25 * g;
        [red, red, -0.022_34 * r + 0.022_34 * g + b].map(|c| c.max(0.0).powf(1.0 / 2.2))
    }

    #[test]
    fn good_and_bad_and_classes_differ_without_green_cones() {
        let (theme, _) = Theme::load("deuteranopia", Depth::True).unwrap();
        let far = |a: Color, b: Color| -> f64 {
            let (a, b) = (deuteranope(a), deuteranope(b));
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        assert!(far(theme[Ink::Good], theme[Ink::Bad]) > 0.35);
        for a in 0..HUES {
            for b in 0..a {
                let apart = far(theme.hue(Hue::Class(a)), theme.hue(Hue::Class(b)));
                assert!(apart > 0.12, "classes {a} and {b} are {apart:.2} apart");
            }
        }
    }

    #[test]
    fn a_bad_theme_is_a_warning_that_names_file_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.json");
        let text = r##"{"inherits": "light", "text": "no color", "txet": "#fff", "ramp": [],
                        "accent": "#123456"}"##;
        std::fs::write(&path, text).unwrap();
        let (theme, warnings) = Theme::load(path.to_str().unwrap(), Depth::True).unwrap();
        assert_eq!(theme[Ink::Accent], Color::Rgb(0x12, 0x34, 0x56));
        let (light, _) = Theme::load("light", Depth::True).unwrap();
        assert_eq!(theme[Ink::Text], light[Ink::Text]);
        assert_eq!(warnings.len(), 3);
        for key in ["text", "txet", "ramp"] {
            assert!(warnings.iter().any(|w| w.contains(&format!("mine.json: {key}: "))));
        }
        let circle = format!(r#"{{"inherits": {:?}}}"#, path.to_str().unwrap());
        std::fs::write(&path, circle).unwrap();
        let (_, warnings) = Theme::load(path.to_str().unwrap(), Depth::True).unwrap();
        assert!(warnings[0].contains("cycle"));
        assert!(Theme::load("nightly", Depth::True).is_err());
    }

    #[test]
    fn a_theme_can_be_toml() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let text = "inherits = 'light' # with a remark\n'text.muted' = '#123456'\n\
                    map.dim = '#654321'\n[bar]\nfill = '#abcdef'\n";
        std::fs::write(&path, text).unwrap();
        let (theme, warnings) = Theme::load(path.to_str().unwrap(), Depth::True).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(theme[Ink::Muted], Color::Rgb(0x12, 0x34, 0x56));
        assert_eq!(theme[Ink::MapDim], Color::Rgb(0x65, 0x43, 0x21));
        assert_eq!(theme[Ink::BarFill], Color::Rgb(0xab, 0xcd, 0xef));
        std::fs::write(&path, "accent = ").unwrap();
        let error = Theme::load(path.to_str().unwrap(), Depth::True).unwrap_err().to_string();
        assert!(error.contains("mine.toml") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn without_colors_a_theme_has_none() {
        let (theme, _) = Theme::load("dark", Depth::None).unwrap();
        assert_eq!(theme[Ink::Text], Color::Reset);
    }
}
