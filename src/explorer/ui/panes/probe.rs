//! The Probe pane: which attributes can be read off the vectors, and what that says of the models.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::probe::Report;
use crate::estimate::Interval;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::probe::{SECTIONS, sections};
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::sections::{ALL, Part, SAME, chance, decimals};
use crate::explorer::ui::panes::strip::Strip;
use crate::explorer::ui::widgets::{
    around, fit, heading, pad, paragraph, under_cursor, whisker, widest, width,
};

/// Lines above the list.
const ABOVE: usize = 1;
/// Lines that the list leaves to the details of one attribute.
const BELOW: usize = 11;
/// The same for one without a report.
const UNKNOWN: usize = 4;
/// Marks the attributes that are probed in random folds only.
const RANDOM: &str = "*";
/// How a mark is drawn.
const CHANCE: &str = "┃";
const POOL: &str = "╎";
const SHUFFLED: &str = "×";
/// Cells for the measure with its value: by its name, and in brief where else there is no room for a whisker.
const MEASURE: usize = 14;
const SYMBOL: usize = 9;
/// Cells for the mark of the verdict.
const MARK: usize = 4;
/// Cells for a verdict in few words and in a sentence with numbers; for a whisker at least and at most.
const BRIEF: usize = 17;
const SENTENCE: usize = 68;
const WHISKER: std::ops::RangeInclusive<usize> = 8..=48;
/// The text for an attribute that cannot be probed.
const TOO_FEW: &str = "needs ≥ 5 models in two classes";
pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let doing = format!("{} of {}", state.probe.ended(), state.probe.reports.len());
    let remark = state.remark(JobKind::Probes, &doing).unwrap_or_else(|| "held out".into());
    let block = pane_block(state, layout, Pane::Probe, &remark, area.width);
    let inside = Layout::inside(area);
    let all = state.probe.reports.len();
    let below = all - listed(state, inside.height.into()).end.min(all);
    let more = format!(" {below} more attributes ↓ ");
    let more = Line::styled(more, state.theme.ink(Ink::Muted)).right_aligned();
    frame.render_widget(if below > 0 { block.title_bottom(more) } else { block }, area);
    let lines = lines(state, inside.width.into(), inside.height.into());
    frame.render_widget(Paragraph::new(lines), inside);
}

/// The places of the list that are shown in a pane of this height: the cursor stays in sight.
fn listed(state: &State, height: usize) -> Range<usize> {
    let all = state.probe.reports.len();
    let known = state.probe.chosen().and_then(|chosen| state.probe.report(chosen)).is_some();
    let below = if known { BELOW } else { UNKNOWN };
    around(state.probe.cursor, height.saturating_sub(ABOVE + below).max(1), all)
}

/// The place of the list that is drawn at a row of the pane.
pub fn attribute_at(state: &State, height: usize, row: usize) -> Option<usize> {
    let listed = listed(state, height);
    let place = listed.start + row.checked_sub(ABOVE)?;
    listed.contains(&place).then_some(place)
}

fn lines(state: &State, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    if state.model_set.attributes.is_empty() {
        let hint = "No attributes: add columns to models.csv.";
        return paragraph(hint, room, muted);
    }
    let names = widest(state.model_set.attributes.iter().map(|a| &a.name));
    let name_room = names.clamp(8, (room / 3).max(8));
    let columns = Columns::of(room.saturating_sub(name_room + 1));
    let long = format!(
        "● measured, 95% interval  {CHANCE} chance  {SHUFFLED} shuffled labels (95th pct)  \
         {POOL} ability + coverage alone  {RANDOM} random folds, without whole families held out"
    );
    let middle = format!(
        "● measured  {CHANCE} chance  {SHUFFLED} shuffled  {POOL} baseline  {RANDOM} random folds"
    );
    let short =
        format!("● measured {CHANCE} chance {SHUFFLED} shuffled {POOL} baseline {RANDOM} random");
    let key = if columns.whisker == 0 {
        format!("✓ decodable ~ above chance ✗ not {RANDOM} random folds")
    } else {
        let fitting = [long, middle].into_iter().find(|key| width(key) <= room);
        fitting.unwrap_or(short)
    };
    let mut lines = vec![Line::styled(fit(&key, room), muted)];
    let order = state.probe.order();
    for place in listed(state, height) {
        let line = row(state, order[place], name_room, &columns);
        let here = state.focus == Pane::Probe && place == state.probe.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    lines.push(Line::default());
    lines.extend(details(state, room, height.saturating_sub(lines.len())));
    lines
}

/// How wide the columns of the list are, behind the names.
struct Columns {
    whisker: usize,
    /// The measure by its name.
    named: bool,
    verdict: usize,
    all: usize,
}

impl Columns {
    fn of(all: usize) -> Self {
        let has_whisker = |measure: usize| all >= MARK + measure + BRIEF + *WHISKER.start();
        let named = has_whisker(MEASURE) || !has_whisker(SYMBOL);
        let left = all.saturating_sub(MARK + if named { MEASURE } else { SYMBOL });
        let (least, most) = (*WHISKER.start(), *WHISKER.end());
        let (whisker, verdict) = if left >= SENTENCE + least {
            ((left - SENTENCE).min(most), SENTENCE)
        } else if left >= BRIEF + least {
            ((left - BRIEF).min(most), BRIEF)
        } else {
            (0, left)
        };
        Self { whisker, named, verdict, all }
    }
}

/// What the figure of an attribute is called.
fn measure(report: &Report, named: bool) -> &'static str {
    match (report.kind == "number", named) {
        (true, true) => "Spearman",
        (false, true) => "bal.acc.",
        (true, false) => "  ρ",
        (false, false) => "bal",
    }
}

/// An attribute of the list: its figure against its controls, and the verdict.
fn row(state: &State, attribute: usize, name_room: usize, columns: &Columns) -> Line<'static> {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    let name = &state.model_set.attributes[attribute].name;
    let mut spans = vec![Span::styled(format!("{} ", pad(name, name_room)), theme.ink(Ink::Text))];
    match &state.probe.reports[attribute] {
        Job::Done(r) => {
            let verdict = Verdict::of(r);
            let scheme = r.main();
            let figure = scheme.linear.figures.main();
            let mut marks = vec![(scheme.pool.figures.main().value, POOL), (chance(r), CHANCE)];
            marks.extend(scheme.linear.shuffled_high.map(|high| (high, SHUFFLED)));
            // A correlation goes from −1 to 1.
            let scaled = |v: f64| if r.kind == "number" { f64::midpoint(v, 1.0) } else { v };
            let Interval { low, high, .. } = figure.interval;
            let parts = (scaled(low), scaled(figure.value), scaled(high));
            marks.iter_mut().for_each(|(at, _)| *at = scaled(*at));
            spans.extend(whisker(theme, columns.whisker, parts, verdict.ink, &marks));
            let measure = measure(r, columns.named);
            spans.push(Span::styled(format!(" {measure} "), muted));
            spans.push(Span::styled(decimals(figure.value), theme.bold(verdict.ink)));
            let random = if r.grouped.is_some() { " " } else { RANDOM };
            spans
                .push(Span::styled(format!(" {}{random} ", verdict.mark), theme.bold(verdict.ink)));
            let whole = columns.verdict >= SENTENCE;
            let text = if whole { &verdict.sentence } else { &verdict.brief };
            spans.push(Span::styled(pad(text, columns.verdict), theme.ink(verdict.ink)));
        }
        Job::Running => spans.push(Span::styled(pad("running …", columns.all), muted)),
        Job::Idle | Job::Cancelled => spans.push(Span::styled(pad("–", columns.all), muted)),
        Job::Failed(problem) => {
            let few = problem.contains("cannot be probed");
            let text = if few { TOO_FEW } else { "failed" };
            spans.push(Span::styled(pad(text, columns.all), muted));
        }
    }
    Line::from(spans)
}

/// What was found, in plain words.
struct Verdict {
    mark: &'static str,
    brief: String,
    /// With the numbers that decide.
    sentence: String,
    ink: Ink,
}

impl Verdict {
    fn of(r: &Report) -> Self {
        let short = |value: f64| decimals(value).trim().to_owned();
        let (pool, own) = (r.main().pool.figures.main(), r.main().linear.figures.main());
        let nearest = r.main().nearest.figures.main().value;
        // The better of the two probes is compared with the baseline.
        let by_nearest =
            r.nearest_beats_chance() && (nearest > own.value + SAME || !r.beats_chance());
        let best = if by_nearest { nearest } else { own.value };
        let (better, ahead) = (pool.value > best + SAME, best > pool.value + SAME);
        let (pool, chance) = (short(pool.value), short(chance(r)));
        let (mark, brief, sentence, ink) = if r.beats_controls {
            let sentence =
                format!("decodable: above ability + coverage alone ({pool}) and chance ({chance})");
            ("✓", "decodable".into(), sentence, Ink::Good)
        } else if by_nearest && ahead {
            let nearest = short(nearest);
            let sentence = format!(
                "not linearly: the k-NN probe has {nearest}, ability + coverage alone {pool}"
            );
            ("~", format!("only by k-NN: {nearest}"), sentence, Ink::Warn)
        } else if r.beats_chance() || by_nearest {
            let (brief, than) = if better {
                ("baseline better", "below")
            } else {
                ("baseline as good", "not above")
            };
            let sentence =
                format!("above chance ({chance}), but {than} ability + coverage alone ({pool})");
            ("~", brief.into(), sentence, Ink::Warn)
        } else {
            let sentence =
                format!("not decodable: no better than chance ({chance}) or shuffled labels");
            ("✗", "not above chance".into(), sentence, Ink::Muted)
        };
        Self { mark, brief, sentence, ink }
    }
}

fn details(state: &State, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let Some(at) = state.probe.chosen() else { return Vec::new() };
    let muted = theme.ink(Ink::Muted);
    let name = &state.model_set.attributes[at].name;
    let Some(report) = state.probe.report(at) else {
        let text = match &state.probe.reports[at] {
            Job::Failed(problem) => problem.as_str(),
            Job::Running => "running …",
            Job::Cancelled => "stopped: F5 starts it again",
            Job::Idle | Job::Done(_) => "not run yet",
        };
        let heading = heading(theme, room, name, "");
        return std::iter::once(heading).chain(paragraph(text, room, muted)).collect();
    };
    let mut lines: Vec<Line> = Vec::new();
    let parts = parts(state, report, room, height);
    let seen: Vec<usize> = parts.iter().map(|part| part.section).collect();
    for part in parts {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(part.lines);
    }
    if let Some(heading) = lines.first_mut() {
        add_pages(state, heading, report, &seen);
    }
    lines
}

/// At the end of a heading, a dot for each section of an attribute: full where it is seen.
fn add_pages(state: &State, heading: &mut Line<'static>, report: &Report, seen: &[usize]) {
    let there = (0..SECTIONS).filter(|section| sections(report)[*section]);
    let dots: String =
        there.map(|section| if seen.contains(&section) { '●' } else { '○' }).collect();
    if !dots.contains('○') {
        return;
    }
    // They stand in the place of the end of the rule.
    let dots = format!(" {dots} →");
    let Some(rule) = heading.spans.last_mut() else { return };
    let kept = width(&rule.content).saturating_sub(width(&dots));
    if kept > 0 {
        rule.content = rule.content.chars().take(kept).collect::<String>().into();
        heading.push_span(Span::styled(dots, state.theme.ink(Ink::Muted)));
    }
}

/// The parts that are shown of an attribute, from the one that stands first.
fn parts(state: &State, report: &Report, room: usize, height: usize) -> Vec<Part> {
    let (mut parts, mut taken): (Vec<Part>, usize) = (Vec::new(), 0);
    for i in 0..SECTIONS {
        let section = (state.probe.section + i) % SECTIONS;
        let mut part = Part { section, ..ALL[section](state, report, room) };
        // The attribute is named whichever section stands first.
        if i == 0 && section > 0 && !part.lines.is_empty() {
            part.lines.insert(0, heading(&state.theme, room, &report.attribute, ""));
            part.named = true;
        }
        // A part that follows is shown whole or not at all.
        if part.lines.is_empty() || i > 0 && taken + part.lines.len() + 1 > height {
            continue;
        }
        taken += part.lines.len() + usize::from(!parts.is_empty());
        parts.push(part);
    }
    parts
}

/// The model that is drawn at a cell, in a list of models or along a strip.
pub fn model_at(state: &State, inside: Rect, at: Position) -> Option<usize> {
    let (room, height) = (usize::from(inside.width), usize::from(inside.height));
    let report = state.probe.report(state.probe.chosen()?)?;
    let row = usize::from(at.y.checked_sub(inside.y)?);
    let x = usize::from(at.x.checked_sub(inside.x)?);
    let above = ABOVE + listed(state, height).len() + 1;
    let mut line = row.checked_sub(above).filter(|_| row < height)?;
    for part in parts(state, report, room, height.saturating_sub(above)) {
        let lines = part.lines.len();
        if line < lines {
            return if part.is_strip {
                let line = line.checked_sub(usize::from(part.named))?;
                Strip::of(report, room)?.model_at(line, x, state.selected)
            } else {
                part.models.get(line.checked_sub(lines - part.models.len())?).copied()
            };
        }
        line = line.checked_sub(lines + 1)?;
    }
    None
}
