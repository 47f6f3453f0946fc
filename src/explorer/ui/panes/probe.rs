//! The Probe pane: which attributes can be read off the vectors, and what that says of the models.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::probe::{Prediction, Report, Run, Scheme};
use crate::estimate::{Figure, Interval};
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::probe::{SECTIONS, sections};
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::strip::Strip;
use crate::explorer::ui::widgets::{
    around, fit, fit_category, heading, heading_with, pad, paragraph, under_cursor, whisker, whole,
    widest, width,
};

type Section = fn(&State, &Report, usize) -> Part;

/// What is known of an attribute under one heading.
#[derive(Default)]
struct Part {
    /// Its index.
    section: usize,
    lines: Vec<Line<'static>>,
    /// The models of its last lines, one each.
    models: Vec<usize>,
    /// Its models stand along a strip.
    is_strip: bool,
    /// Its first line names the attribute.
    named: bool,
}

impl From<Vec<Line<'static>>> for Part {
    fn from(lines: Vec<Line<'static>>) -> Self {
        Self { lines, ..Self::default() }
    }
}

/// Lines above the list.
const ABOVE: usize = 1;
/// Lines that the list leaves to the details of one attribute.
const BELOW: usize = 11;
/// Marks the attributes that are probed in random folds only.
const RANDOM: &str = "*";
/// The baseline does as well if it is at most this much better.
const SAME: f64 = 0.02;
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
/// Cells for the kind of a probe.
const KINDS: usize = 18;
/// Cells of a column of the confusion matrix, and of the name of a class there, if they have to be cut.
const CELL: usize = 6;
const CLASS: usize = 10;
/// Rows of a list of models, of the confusion matrix, and of benchmarks on either side.
const MODELS: usize = 6;
const CLASSES: usize = 6;
/// Cells of a row of such a list at most.
const ROW: usize = 76;
const BENCHMARKS: usize = 4;

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
    around(state.probe.cursor, height.saturating_sub(ABOVE + BELOW).max(1), all)
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
        let better = pool.value > own.value + SAME;
        let (pool, chance) = (short(pool.value), short(chance(r)));
        let (mark, brief, sentence, ink) = if r.beats_controls {
            let sentence =
                format!("decodable: above ability + coverage alone ({pool}) and chance ({chance})");
            ("✓", "decodable".into(), sentence, Ink::Good)
        } else if r.beats_chance() {
            let (brief, than) = if better {
                ("baseline better", "below")
            } else {
                ("baseline as good", "not above")
            };
            let sentence =
                format!("above chance ({chance}), but {than} ability + coverage alone ({pool})");
            ("~", brief.into(), sentence, Ink::Warn)
        } else if r.nearest_beats_chance() {
            let nearest = short(r.main().nearest.figures.main().value);
            let sentence = format!(
                "not linearly: the k-NN probe has {nearest}, ability + coverage alone {pool}"
            );
            ("~", format!("only by k-NN: {nearest}"), sentence, Ink::Warn)
        } else {
            let sentence =
                format!("not decodable: no better than chance ({chance}) or shuffled labels");
            ("✗", "not above chance".into(), sentence, Ink::Muted)
        };
        Self { mark, brief, sentence, ink }
    }
}

/// What blind guessing gets in the main figure.
fn chance(report: &Report) -> f64 {
    if report.kind == "number" { 0.0 } else { 1.0 / report.classes.len().max(1) as f64 }
}

/// A share without its zero, in four cells.
fn decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{:>4}", text.strip_prefix('0').map_or_else(|| text.replacen("-0", "−", 1), Into::into))
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
            Job::Idle | Job::Cancelled | Job::Done(_) => "not run yet",
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
    let sections: [Section; SECTIONS] = [summary, strip, errors, unknown, benchmarks];
    let (mut parts, mut taken): (Vec<Part>, usize) = (Vec::new(), 0);
    for i in 0..SECTIONS {
        let section = (state.probe.section + i) % SECTIONS;
        let mut part = Part { section, ..sections[section](state, report, room) };
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

/// The verdict, the figures of both ways to deal folds, and the selected model.
fn summary(state: &State, r: &Report, room: usize) -> Part {
    let theme = &state.theme;
    let classes: Vec<String> = r.classes.iter().map(|(c, n)| format!("{c} {n}")).collect();
    let models = format!("{} models", r.models);
    let counted = format!("{models}: {} classes", classes.len());
    let all = format!("{models}: {}", classes.join(", "));
    let remarks = if classes.len() > 4 { vec![counted] } else { vec![all, counted] };
    let mut lines = vec![heading_with(theme, room, &r.attribute, &remarks)];
    let (text, ink) = conclusion(r);
    lines.extend(paragraph(&text, room, theme.ink(ink)));
    let number = r.kind == "number";
    let columns =
        if number { ["Spearman", "95%", "R²", "p"] } else { ["bal.acc.", "95%", "AUC", "p"] };
    let cells = |cells: [String; 4]| {
        format!("{:>8} {:>8} {:>4} {:>5}", cells[0], cells[1], cells[2], cells[3])
    };
    let title = format!("{}{}", pad("held out", KINDS), cells(columns.map(str::to_owned)));
    lines.push(Line::styled(fit(&title, room), theme.ink(Ink::Muted)));
    let row = |name: &str, run: &Run, ink: Ink| {
        let figure = run.figures.main();
        let second =
            if number { run.figures.r2.map_or(0.0, |f| f.value) } else { run.figures.auc.value };
        let text = cells([
            decimals(figure.value),
            between(figure),
            decimals(second),
            run.p_value.map_or_else(String::new, |p| format!("{p:.3}").replacen("0.", ".", 1)),
        ]);
        Line::styled(fit(&format!("{}{text}", pad(name, KINDS)), room), theme.ink(ink))
    };
    let mut scheme = |of: &str, s: &Scheme| {
        lines.push(row(&format!("{of}: linear"), &s.linear, Ink::Text));
        lines.push(row("  k-NN probe", &s.nearest, Ink::Muted));
        lines.push(row("  baseline", &s.pool, Ink::Muted));
    };
    if let Some(grouped) = &r.grouped {
        scheme("families", grouped);
    }
    scheme("random", &r.random);
    if let Some(p) = r.predictions.get(state.selected) {
        let (truth, ink) = match &p.truth {
            Some(truth) if *truth == p.predicted => (format!("true: {truth}"), Ink::Good),
            Some(truth) => (format!("true: {truth}"), if number { Ink::Text } else { Ink::Bad }),
            None => ("true value unknown".into(), Ink::Muted),
        };
        let sure = sure(r, p).map_or_else(String::new, |p| format!(" ({:.0}%)", 100.0 * p));
        let whats = [
            format!(": predicted {}{sure}, ", p.predicted),
            format!(": predicted {}, ", p.predicted),
        ];
        let name = fit(state.short(state.selected), room);
        let left = room.saturating_sub(width(&name) + width(&truth));
        let mut line = vec![Span::styled(name, theme.bold(Ink::MapSelected))];
        let mut what = whole(&whats, left);
        if what.is_empty() {
            // A long name has a line of its own.
            lines.push(Line::from(std::mem::take(&mut line)));
            what = whats[0].trim_start_matches(": ");
        }
        line.push(Span::styled(what.to_owned(), theme.ink(Ink::Text)));
        line.push(Span::styled(truth, theme.bold(ink)));
        lines.push(Line::from(line));
    }
    lines.into()
}

/// The figure and what it means, in a sentence.
fn conclusion(r: &Report) -> (String, Ink) {
    let value = decimals(r.main().linear.figures.main().value).trim().to_owned();
    let figure = if r.kind == "number" {
        format!("Spearman correlation {value}")
    } else {
        let chance = decimals(chance(r)).trim().to_owned();
        format!("balanced accuracy {value} (chance {chance})")
    };
    if r.beats_controls {
        let text = format!("✓ Decodable: {figure} beats the ability+coverage baseline.");
        (text, Ink::Good)
    } else if r.beats_chance() {
        let text = format!(
            "~ Above chance only: {figure} is not better than a baseline that knows only ability and \
             which benchmarks were evaluated."
        );
        (text, Ink::Warn)
    } else if r.nearest_beats_chance() {
        let held_out = if r.grouped.is_some() { " when whole families are held out" } else { "" };
        let short = |run: &Run| decimals(run.figures.main().value).trim().to_owned();
        let text = format!(
            "~ Not linearly decodable: {figure} is no better than chance{held_out}. But the k-NN probe has \
             {}, where ability and coverage alone have {}.",
            short(&r.main().nearest),
            short(&r.main().pool)
        );
        (text, Ink::Warn)
    } else {
        let held_out = if r.grouped.is_some() { " when whole families are held out" } else { "" };
        (format!("✗ Not decodable: {figure} is no better than chance{held_out}."), Ink::Muted)
    }
}

fn between(figure: Figure) -> String {
    format!("{}–{}", decimals(figure.interval.low).trim(), decimals(figure.interval.high).trim())
}

/// Every model along the probe, a row for each class.
fn strip(state: &State, r: &Report, room: usize) -> Part {
    let lines = Strip::of(r, room).map_or_else(Vec::new, |strip| strip.lines(state, room));
    Part { lines, is_strip: true, ..Part::default() }
}

/// The confusion matrix, and the models that the probe gets most wrong.
fn errors(state: &State, r: &Report, room: usize) -> Part {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    let mut lines = Vec::new();
    let classes: Vec<&String> = r.classes.keys().collect();
    // Names of classes are whole if they fit over all columns.
    let mut names = widest(&classes).max("true".len());
    let mut cells: Vec<usize> = classes.iter().map(|c| width(c).max(CELL) + 1).collect();
    if names + 1 + cells.iter().sum::<usize>() > room {
        names = names.min(CLASS);
        cells.fill(CELL + 1);
    }
    if classes.len() <= CLASSES && names + 1 + cells.iter().sum::<usize>() <= room {
        let remarks = ["(trained with classes weighted equally)", "(classes weighted equally)"];
        lines.push(heading_with(theme, room, "Confusion matrix", &remarks));
        let named = classes.iter().zip(&cells);
        let named = named.map(|(c, cell)| Span::raw(format!("{:>cell$}", fit(c, cell - 1))));
        let header = std::iter::once(Span::raw(pad("true", names + 1))).chain(named);
        lines.push(Line::from(header.collect::<Vec<_>>()).style(muted));
        for (i, (class, row)) in classes.iter().zip(&r.confusion).enumerate() {
            let mut spans = vec![Span::styled(pad(class, names + 1), muted)];
            spans.extend(row.iter().zip(&cells).enumerate().map(|(j, (n, cell))| {
                let ink = match (i == j, n) {
                    (true, _) => Ink::Good,
                    (false, 0) => Ink::Muted,
                    _ => Ink::Bad,
                };
                Span::styled(format!("{n:>cell$}"), theme.ink(ink))
            }));
            lines.push(Line::from(spans));
        }
    }
    let number = r.kind == "number";
    let title = if number { "Largest errors" } else { "Most confident errors" };
    let mut wrong = r.errors();
    let remark = match wrong.len() {
        0 => String::new(),
        all if number => format!("{} of {all}", MODELS.min(all)),
        all => format!("{} of {all} · e marks all", MODELS.min(all)),
    };
    wrong.truncate(MODELS);
    lines.push(heading(theme, room, title, &remark));
    if wrong.is_empty() {
        lines.push(Line::styled("no errors", muted));
    }
    lines.extend(models(state, r, &wrong, room));
    Part { lines, models: wrong, ..Part::default() }
}

/// How sure a prediction is; a probe that is no better than chance is not.
fn sure(r: &Report, p: &Prediction) -> Option<f64> {
    p.probability.filter(|_| r.beats_chance())
}

/// Models with what is predicted of them and what they are; how sure that is only where names stay whole.
fn models(state: &State, r: &Report, models: &[usize], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    // A value far from the name is hard to match with it.
    let room = room.min(ROW);
    let names = widest(models.iter().map(|m| state.short(*m)));
    let column = |text: &dyn Fn(usize) -> String| -> Vec<String> {
        models.iter().map(|m| text(*m)).collect()
    };
    let predicted = |m: usize| fit(&r.predictions[m].predicted, room / 4);
    let with_percent = |m: usize| {
        let sure = sure(r, &r.predictions[m]);
        predicted(m) + &sure.map_or_else(String::new, |p| format!(" {:.0}%", 100.0 * p))
    };
    let truths = column(&|m| {
        let truth = r.predictions[m].truth.as_ref();
        truth.map_or_else(String::new, |truth| format!("true {}", fit(truth, room / 4)))
    });
    let last = widest(&truths);
    let mut guesses = column(&with_percent);
    if names + 1 + widest(&guesses) + 2 + last > room {
        guesses = column(&predicted);
    }
    let beside = widest(&guesses);
    let gap = if names + 1 + beside + 2 + last > room { 1 } else { 2 };
    let name_room = room.saturating_sub(1 + beside + gap + last);
    let rows = models.iter().zip(guesses.iter().zip(&truths));
    let rows = rows.map(|(&m, (guess, truth))| {
        let ink = if m == state.selected { Ink::MapSelected } else { Ink::Text };
        let before = " ".repeat(1 + beside - width(guess));
        let what = format!("{before}{guess}{}{}", " ".repeat(gap), pad(truth, last));
        Line::from(vec![
            Span::styled(pad(state.short(m), name_room), theme.ink(ink)),
            Span::styled(what, theme.ink(Ink::Muted)),
        ])
    });
    rows.collect()
}

/// The predictions for models without a label.
fn unknown(state: &State, r: &Report, room: usize) -> Part {
    let mut unknown = r.unknown();
    if unknown.is_empty() {
        return Part::default();
    }
    let sure = |m: &usize| r.predictions[*m].probability.unwrap_or_default();
    unknown.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    let remark = match unknown.len() {
        1 => "predicted for 1 model".into(),
        n => format!("predicted for {n} models"),
    };
    let mut lines = vec![heading(&state.theme, room, "True value unknown", &remark)];
    unknown.truncate(MODELS);
    lines.extend(models(state, r, &unknown, room));
    Part { lines, models: unknown, ..Part::default() }
}

/// The benchmarks that go with the attribute and against it.
fn benchmarks(state: &State, r: &Report, room: usize) -> Part {
    let theme = &state.theme;
    if r.pulls.is_empty() {
        return Part::default();
    }
    let n = r.pulls.len();
    let shown = (0..n).filter(|i| *i < BENCHMARKS || *i + BENCHMARKS >= n);
    let remarks = ["with the score, ability removed", "ability removed"];
    let mut lines = vec![heading_with(theme, room, "Benchmarks by correlation", &remarks)];
    // The bar gives way to the names.
    let names = widest(shown.clone().map(|i| &r.pulls[i].benchmark)).min(room.saturating_sub(8));
    lines.extend(shown.map(|i| {
        let pull = &r.pulls[i];
        let ink = if pull.correlation >= 0.0 { Ink::Good } else { Ink::Bad };
        let mut spans = vec![Span::styled(
            format!("{} ", pad(&fit_category(&pull.benchmark, names), names)),
            theme.ink(Ink::Text),
        )];
        // From −1 at the left to 1 at the right.
        let half = room.saturating_sub(names + 9) / 2;
        let full = ((pull.correlation.abs() * half as f64).round() as usize).min(half);
        let (bar, blank) = ("━".repeat(full), " ".repeat(half));
        let (left, right) = if pull.correlation < 0.0 {
            (format!("{bar:>half$}"), blank)
        } else {
            (blank, format!("{bar:<half$}"))
        };
        spans.extend([
            Span::styled(left, theme.ink(ink)),
            Span::styled("│", theme.ink(Ink::Border)),
            Span::styled(right, theme.ink(ink)),
        ]);
        let value = format!("{:+.2}", pull.correlation).replace("0.", ".").replace('-', "−");
        spans.push(Span::styled(format!(" {value:>5}"), theme.bold(ink)));
        Line::from(spans)
    }));
    lines.into()
}
