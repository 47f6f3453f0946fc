//! The ranking of candidates, under a gauge of the prompt's familiarity.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::analysis::router::{Candidate, Measured, Route, Tokens, Unit, price_text};
use crate::dataset::Kind;
use crate::embedder::Scope;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{fit, pad, thousands, under_cursor, whisker, width};

/// Width of a probability's bar: names have precedence, and without that width there is none.
const BAR: std::ops::RangeInclusive<usize> = 4..=48;
/// Maximum width of a cost.
const COST: usize = 10;
/// Minimum width of a row with the cost of the prompt.
const PRICED: usize = 58;
/// Cells before a name: rank, tie, badge.
const BEFORE: usize = 6;
/// Width of an interval in numbers, and of a bar next to it at least.
const RANGE: usize = 7;
const BESIDE_RANGE: usize = 8;
/// Cells of each zone of the gauge.
const ZONE: usize = 4;

/// The name of a scope, its meaning, and its color.
fn scope(route: &Route) -> (&'static str, [&'static str; 3], Ink) {
    match route.scope {
        Scope::In => ("in", ["like the training questions", "familiar", ""], Ink::Good),
        Scope::Near => (
            "near",
            [
                "unlike most training questions: ranked partly by overall ability",
                "partly by overall ability",
                "by ability too",
            ],
            Ink::Warn,
        ),
        Scope::Out => {
            ("out", ["the percentages of other questions do not apply", "unfamiliar", ""], Ink::Bad)
        }
    }
}

/// A gauge of the prompt's familiarity: a zone for each scope, the one of the prompt highlighted.
pub fn gauge(state: &State, route: &Route, room: usize) -> Line<'static> {
    let theme = &state.theme;
    let (name, meanings, ink) = scope(route);
    let mut spans = vec![Span::styled("Scope ", theme.ink(Ink::Muted))];
    if let Some(familiarity) = route.familiarity {
        // The first zone ends at a half, the second at 1.
        let at = ((familiarity * 2.0 * ZONE as f64) as usize).min(3 * ZONE - 1);
        for (zone, title) in ["out", "near", "in"].into_iter().enumerate() {
            let here = title == name;
            let style = if here { theme.bold(ink) } else { theme.ink(Ink::Muted) };
            spans.push(Span::styled(format!("{title} "), style));
            spans.extend((zone * ZONE..(zone + 1) * ZONE).map(|x| match here {
                true if x == at => Span::styled("●", theme.bold(ink)),
                true => Span::styled("━", theme.ink(ink)),
                false => Span::styled("─", theme.ink(Ink::BarTrack)),
            }));
            spans.push(Span::raw(" "));
        }
    } else {
        spans.push(Span::styled(name, theme.bold(ink)));
    }
    let left = room.saturating_sub(spans.iter().map(Span::width).sum::<usize>() + 1);
    let fits = |meaning: &&&str| !meaning.is_empty() && width(meaning) <= left;
    if let Some(meaning) = meanings.iter().find(fits) {
        spans.push(Span::styled(format!(" {meaning}"), theme.ink(Ink::Muted)));
    }
    Line::from(spans)
}

/// The color of a badge.
fn badge_ink(measured: Measured) -> Ink {
    match measured {
        Measured::Here => Ink::Good,
        Measured::Elsewhere => Ink::Muted,
        Measured::Hardly => Ink::Warn,
    }
}

/// The widths of a list's columns.
struct Columns {
    name: usize,
    bar: usize,
    /// No percentages, since they do not apply.
    percent: bool,
    /// The intervals in numbers.
    range: bool,
    cost: Option<(Unit, usize)>,
    prompt: Option<usize>,
}

impl Columns {
    fn of(state: &State, route: &Route, listed: &[Candidate], room: usize) -> Self {
        let costs = state.model_set.costs();
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| width(&text)).max().unwrap_or_default()
        };
        let cost = costs.unit().map(|unit| {
            let texts = &mut listed.iter().filter_map(|c| Some(unit.text(c.cost?)));
            (unit, widest(texts).clamp(width(per(unit)), COST))
        });
        let texts = &mut listed.iter().filter_map(|c| priced(state, c));
        let prompt = Some(widest(texts)).filter(|wide| *wide > 0 && room >= PRICED);
        let prompt = prompt.map(|wide| wide.clamp(width(PROMPT), COST));
        let percent = route.scope != Scope::Out;
        let mut columns = Self { name: 0, bar: 0, percent, range: false, cost, prompt };
        let mut left = room.saturating_sub(BEFORE + 1 + columns.figures());
        let longest = widest(&mut listed.iter().map(|c| state.short(c.model).to_owned()));
        columns.name = longest.min(left);
        // Numbers tell more than a bar that is too short to be read.
        columns.range = percent && left - columns.name >= RANGE;
        left -= RANGE * usize::from(columns.range);
        let least = if columns.range { BESIDE_RANGE } else { *BAR.start() };
        columns.bar = Some((left - columns.name).min(*BAR.end()))
            .filter(|bar| *bar >= least)
            .unwrap_or_default();
        // The rest is between the names and the bars.
        columns.name = left - columns.bar;
        columns
    }

    /// Width of what is right of the bar.
    fn figures(&self) -> usize {
        5 * usize::from(self.percent)
            + RANGE * usize::from(self.range)
            + self.cost.map_or(0, |(_, wide)| wide + 3)
            + self.prompt.map_or(0, |wide| wide + 2)
    }
}

/// The title over the costs of the prompt.
const PROMPT: &str = "prompt";

/// The title over the costs.
fn per(unit: Unit) -> &'static str {
    match unit {
        Unit::Dollars => "$/M",
        Unit::Parameters => "size",
    }
}

/// The cost of the prompt with a model, if known.
fn priced(state: &State, c: &Candidate) -> Option<String> {
    let tokens = Tokens { prompt: state.route.tokens, answer: state.route.answer_tokens };
    state.model_set.costs().of_prompt(c.model, tokens).map(price_text)
}

/// The title of the list, with the columns.
fn title(state: &State, route: &Route, columns: &Columns, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = Vec::new();
    let (title, ink) = if route.scope == Scope::Out && titles(route, room) > 1 {
        lines.push(Line::styled(fit(UNLIKE, room), theme.bold(Ink::Warn)));
        (STRONGEST.to_owned(), Ink::Warn)
    } else if route.scope == Scope::Out {
        (format!("{UNLIKE} {STRONGEST}"), Ink::Warn)
    } else {
        let chance = match route.kind() {
            Kind::Correctness => "P(correct)",
            Kind::Preference => "P(preferred)",
            Kind::Judge => "P(above the median)",
        };
        let ink = if route.below { Ink::Warn } else { Ink::Accent };
        (state.route.limits.title(chance, route.below), ink)
    };
    let mut right = String::new();
    if columns.percent {
        right += &format!(" {:>4}", "P");
    }
    if columns.range {
        right += &format!("{:>RANGE$}", "lo–hi");
    }
    if let Some((unit, wide)) = columns.cost {
        right += &format!("   {:>wide$}", per(unit));
    }
    if let Some(wide) = columns.prompt {
        right += &format!("  {PROMPT:>wide$}");
    }
    let mut left = room.saturating_sub(width(&title) + 1);
    if width(&right) > left {
        right.clear();
    }
    left -= width(&right);
    let front = if columns.cost.is_some() { " · ▲ Pareto front" } else { "" };
    let [here, elsewhere, hardly] = Measured::ALL.map(Measured::badge);
    let badges = format!("measured {here} here {elsewhere} elsewhere {hardly} hardly");
    let keys = [
        format!("  80% interval · {badges} · ≈ tied{front}"),
        format!("  80% interval · ≈ tied{front}"),
        "  80% interval".into(),
    ];
    let key = keys.iter().find(|key| width(key) < left).cloned().unwrap_or_default();
    let rule = left.saturating_sub(width(&key));
    let muted = theme.ink(Ink::Muted);
    lines.push(Line::from(vec![
        Span::styled(fit(&title, room), theme.bold(ink)),
        Span::styled(key, muted),
        Span::styled(format!(" {}", "─".repeat(rule)), theme.ink(Ink::Border)),
        Span::styled(right, muted),
    ]));
    lines
}

/// The title out of scope.
const UNLIKE: &str = "Unlike any training question:";
const STRONGEST: &str = "strongest overall";

/// Number of lines of the title.
pub fn titles(route: &Route, room: usize) -> usize {
    let whole = UNLIKE.len() + 1 + STRONGEST.len() <= room;
    1 + usize::from(route.scope == Scope::Out && !whole)
}

/// The first visible candidate, such that the cursor is visible.
pub fn first(cursor: usize, shown: usize) -> usize {
    (cursor + 1).saturating_sub(shown.max(1))
}

/// The title and this many candidates.
pub fn list(state: &State, route: &Route, room: usize, shown: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let from = first(state.route.cursor, shown).min(route.candidates.len());
    let listed = &route.candidates[from..(from + shown).min(route.candidates.len())];
    let columns = Columns::of(state, route, listed, room);
    let mut lines = title(state, route, &columns, room);
    for (i, c) in listed.iter().enumerate().map(|(i, c)| (from + i, c)) {
        let line = row(state, route, &columns, (i, c));
        let here = state.focus == Pane::Route && i == state.route.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    lines
}

fn row(
    state: &State,
    route: &Route,
    columns: &Columns,
    (i, c): (usize, &Candidate),
) -> Line<'static> {
    let (theme, best) = (&state.theme, i == 0);
    let muted = theme.ink(Ink::Muted);
    let name = if best { theme.bold(Ink::MapRouted) } else { theme.ink(Ink::Text) };
    let rank = if best { " ★".into() } else { format!("{:>2}", (i + 1).min(99)) };
    let tie = if route.is_tie(c) { "≈ " } else { "  " };
    let mut spans = vec![
        Span::styled(rank, if best { name } else { muted }),
        Span::styled(tie, muted),
        Span::styled(format!("{} ", c.measured.badge()), theme.ink(badge_ink(c.measured))),
        Span::styled(format!("{} ", pad(state.short(c.model), columns.name)), name),
    ];
    let bar = columns.bar;
    if columns.percent {
        let ink = if best { Ink::MapRouted } else { Ink::BarFill };
        let interval = (c.low.into(), c.p.into(), c.high.into());
        spans.extend(whisker(theme, bar, interval, ink, &[]));
        spans.push(Span::styled(format!(" {:>3.0}%", 100.0 * c.p), name));
        if columns.range {
            let range = format!("{:.0}–{:.0}", 100.0 * c.low, 100.0 * c.high);
            spans.push(Span::styled(format!("{range:>RANGE$}"), muted));
        }
    } else {
        spans.extend(range(state, bar, (c.low.into(), c.high.into()), muted));
    }
    if let Some((unit, wide)) = columns.cost {
        let text = c.cost.map_or_else(|| "–".into(), |cost| unit.text(cost));
        let (front, ink) = if c.front { ("▲", Ink::Accent) } else { (" ", Ink::Muted) };
        let text = fit(&text, wide);
        spans.push(Span::styled(format!(" {front} {text:>wide$}"), theme.ink(ink)));
    }
    if let Some(wide) = columns.prompt {
        let text = fit(&priced(state, c).unwrap_or_else(|| "–".into()), wide);
        spans.push(Span::styled(format!("  {text:>wide$}"), muted));
    }
    Line::from(spans)
}

/// An interval without its center.
fn range(state: &State, room: usize, (low, high): (f64, f64), style: Style) -> Vec<Span<'static>> {
    let cell = |v: f64| ((v.clamp(0.0, 1.0) * room as f64) as usize).min(room.saturating_sub(1));
    let (low, high) = (cell(low), cell(high));
    let track = state.theme.ink(Ink::BarTrack);
    let part = |x: usize| if (low..=high).contains(&x) { ("━", style) } else { ("─", track) };
    (0..room).map(part).map(|(sign, style)| Span::styled(sign, style)).collect()
}

/// What stands below the list: the meaning of the badges unless the title has it, and that of the costs.
pub fn notes(state: &State, route: &Route, room: usize, badges: bool) -> Vec<Line<'static>> {
    let badges = badges.then(|| legend(state, route, room));
    badges.into_iter().chain(prices(state, room)).collect()
}

/// The meaning of the signs before the names, as far as it fits.
fn legend(state: &State, route: &Route, room: usize) -> Line<'static> {
    const BRIEF: [&str; 3] = ["measured here", "elsewhere", "hardly known"];
    const SHORT: [&str; 3] = ["measured here", "elsewhere", "hardly"];
    let theme = &state.theme;
    let line = |words: [&'static str; 3], gap: &str, tied: &'static str| {
        let each = Measured::ALL.into_iter().zip(words).enumerate();
        let mut spans: Vec<Span> = Vec::new();
        for (i, (measured, words)) in each {
            let gap = if i == 0 { "" } else { gap };
            let badge = format!("{gap}{} ", measured.badge());
            spans.push(Span::styled(badge, theme.ink(badge_ink(measured))));
            spans.push(Span::styled(words, theme.ink(Ink::Muted)));
        }
        if route.candidates.iter().any(|c| route.is_tie(c)) {
            spans.push(Span::styled(format!("{gap}≈ {tied}"), theme.ink(Ink::Muted)));
        }
        Line::from(spans)
    };
    let long = line(Measured::ALL.map(Measured::meaning), "   ", "tied with the most accurate");
    let brief = line(BRIEF, "   ", "tied");
    let fitting = [long, brief].into_iter().find(|line| line.width() <= room);
    fitting.unwrap_or_else(|| line(SHORT, "  ", "tied"))
}

/// The meaning of the prices, as far as it fits; none for sizes, which have their unit.
fn prices(state: &State, room: usize) -> Option<Line<'static>> {
    if state.model_set.costs().unit() != Some(Unit::Dollars) {
        return None;
    }
    let answer = thousands(state.route.answer_tokens.into());
    let prompt = thousands(state.route.tokens as u64);
    let texts = [
        format!(
            "$/M: $ per million tokens, mean of in and out · prompt: {prompt} tokens in, {answer} out \
             (:answer-tokens)"
        ),
        format!("$/M: mean of in and out · prompt: {prompt} in, {answer} out (:answer-tokens)"),
        "$/M: mean of in and out  ▲ none better for less".into(),
        "$/M: $ per million tokens, mean of in and out".into(),
    ];
    let priced = room >= PRICED;
    let fitting = texts.into_iter().skip(if priced { 0 } else { 2 });
    let text = fitting.into_iter().find(|text| width(text) <= room)?;
    Some(Line::styled(text, state.theme.ink(Ink::Muted)))
}
