//! The Probe pane: which attributes can be read off the vectors, and what that says of the models.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::analysis::probe::{Prediction, Report, Run, Scheme};
use crate::estimate::Figure;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::probe::SECTIONS;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{
    around, bar, fit, heading, pad, under_cursor, whisker, width, wrap,
};

type Section = fn(&State, &Report, usize) -> Vec<Line<'static>>;
/// Lines above the list.
const ABOVE: usize = 1;
/// Lines that the list leaves to the details of one attribute.
const BELOW: usize = 11;
/// How a mark is drawn.
const CHANCE: &str = "┃";
const POOL: &str = "╎";
const SHUFFLED: &str = "×";
/// Cells for the measure with its value, and for the mark of the verdict.
const FIGURE: usize = 9;
const MARK: usize = 3;
/// Cells for a verdict in short and in a sentence; for a whisker at least, and beside a sentence.
const SHORT: usize = 14;
const SENTENCE: usize = 56;
const LEAST_WHISKER: usize = 4;
const WHISKER: usize = 30;
/// The text for an attribute that cannot be probed.
const TOO_FEW: &str = "needs ≥ 5 models in two classes";
/// Cells for the kind of a probe.
const KINDS: usize = 18;
/// Rows of a list of models, of the confusion matrix, and of benchmarks on either side.
const MODELS: usize = 6;
const CLASSES: usize = 6;
const BENCHMARKS: usize = 4;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = state.remark(JobKind::Probes, "running").unwrap_or_else(|| "held out".into());
    frame.render_widget(pane_block(state, layout, Pane::Probe, &remark, area.width), area);
    let inside = Layout::inside(area);
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
        return wrap(hint, room).into_iter().map(|line| Line::styled(line, muted)).collect();
    }
    let names = state.model_set.attributes.iter().map(|a| width(&a.name)).max().unwrap_or_default();
    let name_room = names.clamp(8, 14);
    let long = format!(
        "● balanced accuracy (ρ: Spearman)  {CHANCE} chance  {SHUFFLED} shuffled labels (95th pct)  \
         {POOL} ability + coverage baseline"
    );
    let short = format!("● score  {CHANCE} chance  {SHUFFLED} shuffled  {POOL} baseline");
    let key = if width(&long) <= room { long } else { short };
    let mut lines = vec![Line::styled(fit(&key, room), muted)];
    let order = state.probe.order();
    for place in listed(state, height) {
        let line = row(state, order[place], room, name_room);
        let here = state.focus == Pane::Probe && place == state.probe.cursor;
        lines.push(if here { under_cursor(theme, line) } else { line });
    }
    lines.push(Line::default());
    lines.extend(details(state, room, height.saturating_sub(lines.len())));
    lines
}

/// An attribute of the list: its figure as a bar against its controls, and the verdict.
fn row(state: &State, attribute: usize, room: usize, name_room: usize) -> Line<'static> {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    let name = &state.model_set.attributes[attribute].name;
    let mut spans = vec![Span::styled(format!("{} ", pad(name, name_room)), theme.ink(Ink::Text))];
    let rest = room.saturating_sub(name_room + 1);
    match &state.probe.reports[attribute] {
        Job::Done(r) => {
            let verdict = Verdict::of(r);
            let scheme = r.main();
            let figure = scheme.linear.figures.main();
            let mut marks = vec![(scheme.pool.figures.main().value, POOL), (chance(r), CHANCE)];
            marks.extend(scheme.linear.shuffled_high.map(|high| (high, SHUFFLED)));
            let parts = (figure.interval.low, figure.value, figure.interval.high);
            // The measure and its value, and the verdict in a sentence where there is room for it.
            let fixed = FIGURE + MARK;
            let wide = rest >= fixed + SENTENCE + WHISKER;
            let text = if wide { verdict.sentence } else { verdict.short };
            let text_room = if wide { SENTENCE } else { SHORT };
            let bar = rest.saturating_sub(fixed + text_room);
            if bar >= LEAST_WHISKER {
                spans.extend(whisker(theme, bar, parts, verdict.ink, &marks));
            }
            let measure = if r.kind == "number" { "  ρ" } else { "acc" };
            spans.push(Span::styled(format!(" {measure} "), muted));
            spans.push(Span::styled(decimals(figure.value), theme.bold(verdict.ink)));
            spans.push(Span::styled(format!(" {} ", verdict.mark), theme.bold(verdict.ink)));
            spans.push(Span::styled(fit(text, text_room), theme.ink(verdict.ink)));
        }
        Job::Running => spans.push(Span::styled(pad("running …", rest), muted)),
        Job::Idle | Job::Cancelled => spans.push(Span::styled(pad("–", rest), muted)),
        Job::Failed(problem) => {
            let few = problem.contains("cannot be probed");
            spans.push(Span::styled(pad(if few { TOO_FEW } else { "failed" }, rest), muted));
        }
    }
    Line::from(spans)
}

/// What was found, in plain words.
struct Verdict {
    mark: &'static str,
    short: &'static str,
    sentence: &'static str,
    ink: Ink,
}

impl Verdict {
    fn of(r: &Report) -> Self {
        let verdict = |mark, short, sentence, ink| Self { mark, short, sentence, ink };
        if r.beats_controls {
            let sentence = "decodable: beats chance, shuffles, ability + coverage";
            verdict("✓", "decodable", sentence, Ink::Good)
        } else if r.beats_chance() {
            let sentence = "above chance, but not above ability + coverage alone";
            verdict("~", "not > baseline", sentence, Ink::Warn)
        } else {
            let sentence = "not decodable: no better than chance or shuffled labels";
            verdict("✗", "not > chance", sentence, Ink::Muted)
        }
    }
}

/// What blind guessing gets in the main figure.
fn chance(report: &Report) -> f64 {
    if report.kind == "number" { 0.0 } else { 1.0 / report.classes.len().max(1) as f64 }
}

/// A share without its zero, in four cells.
fn decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{:>4}", text.strip_prefix('0').map_or_else(|| text.replacen("-0", "-", 1), Into::into))
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
        let said = wrap(text, room).into_iter().map(|line| Line::styled(line, muted));
        return std::iter::once(heading(theme, room, name, "")).chain(said).collect();
    };
    let sections: [Section; SECTIONS] = [summary, strip, errors, unknown, benchmarks];
    let mut lines: Vec<Line> = Vec::new();
    for i in 0..SECTIONS {
        let section = sections[(state.probe.section + i) % SECTIONS](state, report, room);
        // A section that follows is shown whole or not at all.
        if section.is_empty() || i > 0 && lines.len() + section.len() + 1 > height {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(section);
    }
    lines
}

fn said(text: &str, room: usize, style: Style) -> Vec<Line<'static>> {
    wrap(text, room).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// The verdict, the figures of both ways to deal folds, and the selected model.
fn summary(state: &State, r: &Report, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut classes: Vec<String> = r.classes.iter().map(|(c, n)| format!("{c} {n}")).collect();
    if classes.len() > 4 {
        classes = vec![format!("{} classes", classes.len())];
    }
    let remark = format!("{} models: {}", r.models, classes.join(", "));
    let mut lines = vec![heading(theme, room, &r.attribute, &remark)];
    let (text, ink) = conclusion(r);
    lines.extend(said(&text, room, theme.ink(ink)));
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
            run.p_value.map_or_else(String::new, |p| format!("{p:.3}")),
        ]);
        Line::styled(fit(&format!("{}{text}", pad(name, KINDS)), room), theme.ink(ink))
    };
    let mut scheme = |of: &str, s: &Scheme| {
        lines.push(row(of, &s.linear, Ink::Text));
        lines.push(row(" k-NN", &s.nearest, Ink::Muted));
        lines.push(row(" ability+coverage", &s.pool, Ink::Muted));
    };
    if let Some(grouped) = &r.grouped {
        scheme("by family", grouped);
    }
    scheme("random", &r.random);
    if let Some(p) = r.predictions.get(state.selected) {
        let (truth, ink) = match &p.truth {
            Some(truth) if *truth == p.said => (format!("true: {truth}"), Ink::Good),
            Some(truth) => (format!("true: {truth}"), if number { Ink::Text } else { Ink::Bad }),
            None => ("true value unknown".into(), Ink::Muted),
        };
        let sure = p.probability.map_or_else(String::new, |p| format!(" ({:.0}%)", 100.0 * p));
        let what = format!(": predicted {}{sure}, ", p.said);
        let name =
            fit(state.short(state.selected), room.saturating_sub(width(&what) + width(&truth)));
        lines.push(Line::from(vec![
            Span::styled(name, theme.bold(Ink::MapSelected)),
            Span::styled(what, theme.ink(Ink::Text)),
            Span::styled(truth, theme.bold(ink)),
        ]));
    }
    lines
}

/// The figure and what it means, in a sentence.
fn conclusion(r: &Report) -> (String, Ink) {
    let value = decimals(r.main().linear.figures.main().value).trim().to_owned();
    let figure = if r.kind == "number" {
        format!("Spearman correlation {value}")
    } else {
        let chance = decimals(chance(r)).trim().to_owned();
        format!("Balanced accuracy {value} (chance {chance})")
    };
    if r.beats_controls {
        (format!("✓ Decodable: {figure} beats every baseline."), Ink::Good)
    } else if r.beats_chance() {
        let text = format!(
            "~ {figure} is above chance, but not better than a baseline that knows only ability and \
             which benchmarks were evaluated."
        );
        (text, Ink::Warn)
    } else {
        (format!("✗ Not decodable: {figure} is no better than chance."), Ink::Muted)
    }
}

fn between(figure: Figure) -> String {
    format!("{}–{}", decimals(figure.interval.low).trim(), decimals(figure.interval.high).trim())
}

/// Every model along the probe, a row for each class.
fn strip(state: &State, r: &Report, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if r.classes.len() != 2 {
        return Vec::new();
    }
    let scores: Vec<f64> = r.predictions.iter().map(|p| p.score).collect();
    let (low, high) =
        scores.iter().fold((f64::MAX, f64::MIN), |(low, high), s| (low.min(*s), high.max(*s)));
    let mut rows: Vec<String> = r.classes.keys().cloned().collect();
    if r.kind == "number" {
        // BTreeMap sorts `>` before `≤`.
        rows.reverse();
    }
    let sides: Vec<Option<usize>> = r.predictions.iter().map(|p| side(r, &rows, p)).collect();
    let names = rows.iter().map(|row| width(row)).max().unwrap_or_default().clamp(7, 12);
    let across = room.saturating_sub(names + 1).max(2);
    let cell = |s: f64| {
        let share = if high > low { (s - low) / (high - low) } else { 0.5 };
        ((share * across as f64) as usize).min(across - 1)
    };
    let left = if r.log { "predicted, logarithmic" } else { "no → yes" };
    let remark = if r.kind == "flag" || r.log { left } else { "low → high" };
    let mut lines = vec![heading(theme, room, "Models by probe score", remark)];
    let middle = (r.kind != "number" && low < 0.0 && high > 0.0).then(|| cell(0.0));
    rows.push("unknown".into());
    for (row, name) in rows.iter().enumerate() {
        let wanted = (row < rows.len() - 1).then_some(row);
        let mut counts = vec![0_usize; across];
        let mut chosen = None;
        for (m, score) in scores.iter().enumerate().filter(|(m, _)| sides[*m] == wanted) {
            counts[cell(*score)] += 1;
            if m == state.selected {
                chosen = Some(cell(*score));
            }
        }
        if counts.iter().all(|n| *n == 0) {
            continue;
        }
        let mut spans = vec![Span::styled(format!("{} ", pad(name, names)), theme.ink(Ink::Muted))];
        let ink = [Ink::BarFill, Ink::Good, Ink::Muted][row.min(2)];
        spans.extend((0..across).map(|x| match counts[x] {
            _ if chosen == Some(x) => Span::styled("◉", theme.bold(Ink::MapSelected)),
            0 if middle == Some(x) => Span::styled("┊", theme.ink(Ink::BarMark)),
            0 => Span::styled("·", theme.ink(Ink::BarTrack)),
            1 => Span::styled("∙", theme.ink(ink)),
            2..=3 => Span::styled("•", theme.ink(ink)),
            _ => Span::styled("●", theme.bold(ink)),
        }));
        lines.push(Line::from(spans));
    }
    lines
}

/// The row of a strip plot that a model belongs to; none if its value is not known.
fn side(r: &Report, rows: &[String], prediction: &Prediction) -> Option<usize> {
    let truth = prediction.truth.as_ref()?;
    if r.kind != "number" {
        return rows.iter().position(|row| row == truth);
    }
    let median: f64 = rows.first()?.trim_start_matches(['≤', ' ']).parse().ok()?;
    Some(usize::from(truth.parse::<f64>().ok()? > median))
}

/// The confusion matrix, and the models that the probe gets most wrong.
fn errors(state: &State, r: &Report, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let muted = theme.ink(Ink::Muted);
    let mut lines = Vec::new();
    let classes: Vec<&String> = r.classes.keys().collect();
    let names = classes.iter().map(|c| width(c)).max().unwrap_or_default().clamp(5, 10);
    if classes.len() <= CLASSES && names + 6 + 7 * classes.len() <= room {
        lines.push(heading(theme, room, "Confusion matrix", "(balanced classes)"));
        let named = classes.iter().map(|c| Span::raw(format!("{:>7}", fit(c, 6))));
        let header = std::iter::once(Span::raw(pad("true", names + 1))).chain(named);
        lines.push(Line::from(header.collect::<Vec<_>>()).style(muted));
        for (i, (class, row)) in classes.iter().zip(&r.confusion).enumerate() {
            let mut spans = vec![Span::styled(pad(class, names + 1), muted)];
            spans.extend(row.iter().enumerate().map(|(j, n)| {
                let ink = match (i == j, n) {
                    (true, _) => Ink::Good,
                    (false, 0) => Ink::Muted,
                    _ => Ink::Bad,
                };
                Span::styled(format!("{n:>7}"), theme.ink(ink))
            }));
            lines.push(Line::from(spans));
        }
    }
    lines.push(heading(theme, room, "Most confident errors", "(or label errors)"));
    let wrong: Vec<usize> = r.most_wrong().into_iter().filter(|m| is_error(r, *m)).collect();
    if wrong.is_empty() {
        lines.push(Line::styled("no errors", muted));
    }
    lines.extend(wrong.into_iter().take(MODELS).map(|m| model(state, r, m, room)));
    lines
}

/// True if the probe names another class than the true one; a number is never met exactly.
fn is_error(r: &Report, m: usize) -> bool {
    r.kind == "number" || r.predictions[m].truth.as_ref() != Some(&r.predictions[m].said)
}

/// A model with what is predicted of it and what it is.
fn model(state: &State, r: &Report, m: usize, room: usize) -> Line<'static> {
    let theme = &state.theme;
    let p = &r.predictions[m];
    let sure = p.probability.map_or_else(String::new, |p| format!(" {:.0}%", 100.0 * p));
    let truth = p.truth.as_ref().map_or_else(String::new, |t| format!("  true {}", fit(t, 8)));
    let what = format!("{:>16}{truth:<14}", format!("{}{sure}", fit(&p.said, 10)));
    let ink = if m == state.selected { Ink::MapSelected } else { Ink::Text };
    Line::from(vec![
        Span::styled(pad(state.short(m), room.saturating_sub(width(&what))), theme.ink(ink)),
        Span::styled(what, theme.ink(Ink::Muted)),
    ])
}

/// The predictions for models without a label.
fn unknown(state: &State, r: &Report, room: usize) -> Vec<Line<'static>> {
    let mut unknown = r.unknown();
    if unknown.is_empty() {
        return Vec::new();
    }
    let sure = |m: &usize| r.predictions[*m].probability.unwrap_or_default();
    unknown.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    let remark = match unknown.len() {
        1 => "predicted for 1 model".into(),
        n => format!("predicted for {n} models"),
    };
    let mut lines = vec![heading(&state.theme, room, "True value unknown", &remark)];
    lines.extend(unknown.into_iter().take(MODELS).map(|m| model(state, r, m, room)));
    lines
}

/// The benchmarks that go with the attribute and against it.
fn benchmarks(state: &State, r: &Report, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    if r.pulls.is_empty() {
        return Vec::new();
    }
    let n = r.pulls.len();
    let shown = (0..n).filter(|i| *i < BENCHMARKS || *i + BENCHMARKS >= n);
    let mut lines =
        vec![heading(theme, room, "Benchmarks by correlation", "with the score, ability removed")];
    let names = (room / 2).clamp(10, 28);
    lines.extend(shown.map(|i| {
        let pull = &r.pulls[i];
        let ink = if pull.correlation >= 0.0 { Ink::Good } else { Ink::Bad };
        let mut spans =
            vec![Span::styled(format!("{} ", pad(&pull.benchmark, names)), theme.ink(Ink::Text))];
        let room = room.saturating_sub(names + 8);
        spans.extend(bar(theme, room, pull.correlation.abs(), theme.ink(ink)));
        spans.push(Span::styled(format!(" {:>+5.2}", pull.correlation), theme.bold(ink)));
        Line::from(spans)
    }));
    lines
}
