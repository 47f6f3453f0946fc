//! The sections about one attribute in the Probe pane: its figures, the strip, the errors, the predictions for
//! unknown values, the benchmarks that go with it.

use ratatui::text::{Line, Span};

use crate::analysis::probe::{Prediction, Report, Run, Scheme};
use crate::estimate::Figure;
use crate::explorer::state::State;
use crate::explorer::state::probe::SECTIONS;
use crate::explorer::theme::Ink;
use crate::explorer::ui::panes::strip::Strip;
use crate::explorer::ui::widgets::{
    both_ways, fit, fit_category, heading, heading_with, pad, paragraph, whole, widest, width,
};

type Section = fn(&State, &Report, usize) -> Part;

/// All sections, in order.
pub const ALL: [Section; SECTIONS] = [summary, strip, errors, unknown, benchmarks];

/// What is known of an attribute under one heading.
#[derive(Default)]
pub struct Part {
    /// Its index.
    pub section: usize,
    pub lines: Vec<Line<'static>>,
    /// The models of its last lines, one each.
    pub models: Vec<usize>,
    /// Its models stand along a strip.
    pub is_strip: bool,
    /// Its first line names the attribute.
    pub named: bool,
}

impl From<Vec<Line<'static>>> for Part {
    fn from(lines: Vec<Line<'static>>) -> Self {
        Self { lines, ..Self::default() }
    }
}

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

/// A baseline does as well if it is at most this much better.
pub const SAME: f64 = 0.02;

/// What blind guessing gets in the main figure.
pub fn chance(report: &Report) -> f64 {
    if report.kind == "number" { 0.0 } else { 1.0 / report.classes.len().max(1) as f64 }
}

/// A share without its zero, in four cells.
pub fn decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{:>4}", text.strip_prefix('0').map_or_else(|| text.replacen("-0", "−", 1), Into::into))
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
    let short = |run: &Run| decimals(run.figures.main().value).trim().to_owned();
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
        let (nearest, pool) = (&r.main().nearest, &r.main().pool);
        let ahead = nearest.figures.main().value > pool.figures.main().value + SAME;
        let nearest = if r.nearest_beats_chance() && ahead {
            format!(
                " But the k-NN probe has {}, and that baseline {}.",
                short(nearest),
                short(pool)
            )
        } else {
            String::new()
        };
        let text = format!(
            "~ Above chance only: {figure} is not better than a baseline that knows only ability and \
             which benchmarks were evaluated.{nearest}"
        );
        (text, Ink::Warn)
    } else if r.nearest_beats_chance() {
        let held_out = if r.grouped.is_some() { " when whole families are held out" } else { "" };
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
        let full = (pull.correlation.abs() * half as f64).round() as usize;
        let (left, right) = both_ways(2 * full, pull.correlation < 0.0, half);
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
