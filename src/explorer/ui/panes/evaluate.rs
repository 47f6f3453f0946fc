//! The Evaluate pane: how good the predictions are on held-out questions.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::count;
use crate::embedder::Coverage;
use crate::eval::evaluation::{EMBEDDER, Evaluation};
use crate::eval::untested::Repeat;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::training;
use crate::explorer::ui::widgets::{
    fit, heading, heading_with, pad, paragraph, thousands, whisker, widest,
};
use crate::metrics::{Bin, Metrics};

/// How a prediction is drawn; what was observed is the dot.
const PREDICTED: &str = "┃";
/// Cells of the name of a predictor at most, where there is little room.
const NAME: usize = 14;

/// The figures of a predictor, as [`Metrics::NAMES`] has them: by their titles, and whether more is
/// better.
const COLUMNS: [(&str, bool); Metrics::NAMES.len()] =
    [("acc.", true), ("AUC", true), ("loss", false), ("ECE", false), ("routed", true)];
/// Cells of all figures at most: far from each other they are hard to compare.
const MOST: usize = 70;
/// Rows of the diagram at least.
const LEAST_BINS: usize = 4;

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = if let Some(found) = state.evaluation.found.done() {
        format!("{} split of the data set", found.split)
    } else {
        let remark = state.remark(JobKind::Evaluation, "evaluating");
        remark.unwrap_or_else(|| "val split".into())
    };
    frame.render_widget(pane_block(state, layout, Pane::Evaluate, &remark, area.width), area);
    let inside = Layout::inside(area);
    let (room, height) = (usize::from(inside.width), usize::from(inside.height));
    let lines = match &state.evaluation.found {
        Job::Done(found) => judged(state, found, room, height),
        Job::Failed(problem) => {
            let mut lines =
                paragraph(&format!("Data set: {problem}"), room, state.theme.ink(Ink::Warn));
            lines.extend(learned(state, room, height.saturating_sub(lines.len())));
            lines
        }
        Job::Idle | Job::Running | Job::Cancelled => learned(state, room, height),
    };
    frame.render_widget(Paragraph::new(lines), inside);
}

/// What training measured on its own val split.
fn learned(state: &State, room: usize, height: usize) -> Vec<Line<'static>> {
    let (theme, model_set) = (&state.theme, &state.model_set);
    let bins = &model_set.reliability;
    let answers = bins.iter().map(|bin| bin.count).sum();
    let mut lines = vec![heading(theme, room, "Held-out questions", &count(answers, "answer"))];
    let known = Metrics::NAMES.map(|name| model_set.val.get(name).copied());
    let rows = [(EMBEDDER, Some(known)), ("base rate", base_rate(bins))];
    let rows: Vec<(&str, Figures)> =
        rows.into_iter().filter_map(|(name, figures)| Some((name, figures?))).collect();
    lines.extend(table(state, &rows, room));
    let advice = "--data FOLDER adds more baselines.";
    let advice = if state.with_data {
        Vec::new()
    } else {
        paragraph(advice, room, state.theme.ink(Ink::Muted))
    };
    if let Some(training) = &state.trained {
        lines.push(Line::default());
        lines.extend(training::curves(state, training, room));
    }
    parts(state, lines, (&model_set.coverage, advice, bins), (room, height))
}

/// What measures a prediction of the mean of all answers, whichever is asked; nothing is routed by it.
fn base_rate(bins: &[Bin]) -> Option<Figures> {
    let n: f64 = bins.iter().map(|bin| bin.count as f64).sum();
    let mean = bins.iter().map(|bin| bin.count as f64 * bin.observed).sum::<f64>() / n;
    let loss = -(mean * mean.ln() + (1.0 - mean) * (1.0 - mean).ln());
    loss.is_finite().then(|| [Some(mean.max(1.0 - mean)), Some(0.5), Some(loss), Some(0.0), None])
}

/// What was measured on the data set beside the embedder.
fn judged(state: &State, found: &Evaluation, room: usize, height: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let remark = count(found.responses, "answer");
    let mut lines = vec![heading(theme, room, "Against the baselines", &remark)];
    let mut order: Vec<(&String, &Metrics)> =
        found.predictors.iter().map(|(name, judgement)| (name, &judgement.figures)).collect();
    order.sort_by(|a, b| {
        let first = |name: &str| name != EMBEDDER;
        first(a.0).cmp(&first(b.0)).then(b.1.auc.total_cmp(&a.1.auc))
    });
    let rows = order.into_iter().map(|(name, figures)| (name.as_str(), figures.values().map(Some)));
    lines.extend(table(state, &rows.collect::<Vec<_>>(), room));
    if found.models_skipped > 0 {
        let skipped = format!("unknown: {} of the data", count(found.models_skipped, "model"));
        lines.push(Line::styled(fit(&skipped, room), theme.ink(Ink::Muted)));
    }
    let bounds = found.routing_bounds;
    let between =
        format!("routed accuracy: random {:.3}, oracle {:.3}", bounds.random, bounds.oracle);
    lines.push(Line::styled(fit(&between, room), theme.ink(Ink::Muted)));
    let untested = untested(state, state.evaluation.untested.as_deref(), room);
    parts(state, lines, (&found.coverage, untested, &found.reliability), (room, height))
}

/// Below `lines`, how far the intervals hold, a remark and the reliability diagram: in full where there
/// is room for it.
fn parts(
    state: &State,
    mut lines: Vec<Line<'static>>,
    (coverage, remark, bins): (&[Coverage], Vec<Line<'static>>, &[Bin]),
    (room, height): (usize, usize),
) -> Vec<Line<'static>> {
    let bins: Vec<Bin> = bins.iter().copied().filter(|bin| bin.count > 0).collect();
    let left = height.saturating_sub(lines.len() + remark.len() + 1 + bins.len());
    let long = intervals(state, coverage, room);
    // Each part has a blank line before it.
    let roomy = left >= long.len() + 3;
    let middle = if roomy { long } else { held(state, coverage, room) };
    let below = lines.len() + remark.len() + middle.len() + 1;
    let bins = fewer(&bins, height.saturating_sub(below));
    let spaced = height >= below + bins.len() + 3;
    for part in [remark, middle, diagram(state, &bins, room)] {
        if spaced && !part.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(part);
    }
    lines
}

/// At most so many bins: neighbors together where there are more.
fn fewer(bins: &[Bin], most: usize) -> Vec<Bin> {
    let together = bins.len().div_ceil(most.max(LEAST_BINS));
    let merged = bins.chunks(together.max(1)).map(|bins| {
        let n: usize = bins.iter().map(|bin| bin.count).sum();
        let mean = |value: fn(&Bin) -> f64| {
            bins.iter().map(|bin| bin.count as f64 * value(bin)).sum::<f64>() / n.max(1) as f64
        };
        Bin { count: n, predicted: mean(|bin| bin.predicted), observed: mean(|bin| bin.observed) }
    });
    merged.collect()
}

/// How good forecasts are of models on benchmarks that they were not run on.
fn untested(state: &State, found: Option<&Repeat>, room: usize) -> Vec<Line<'static>> {
    let known = found.and_then(|found| Some((found, found.predictors.get(EMBEDDER)?)));
    let Some((found, figures)) = known else {
        let how = fit("Untested pairs: run llmap evaluate --untested", room);
        return vec![Line::styled(how, state.theme.ink(Ink::Muted))];
    };
    let cells = count(found.hidden_cells, "hidden cell");
    let remarks = [format!("{cells}, {}", count(found.hidden_models, "model")), cells];
    let text = format!(
        "AUC {:.3}   log loss {:.3}   error of a cell's accuracy {:.3}",
        figures.auc, figures.nll, figures.cell_error
    );
    let mut lines = vec![heading_with(&state.theme, room, "Untested pairs", &remarks)];
    lines.extend(paragraph(&text, room, state.theme.ink(Ink::Text)));
    lines
}

/// The figures of a predictor, in the order of [`COLUMNS`].
type Figures = [Option<f64>; COLUMNS.len()];

/// The predictors with their figures, the best of each column in bold; all but llmap are baselines.
fn table(state: &State, rows: &[(&str, Figures)], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let names = (widest(rows.iter().map(|(name, _)| name)) + 2).min((room / 3).max(NAME));
    let cell = room.saturating_sub(names).min(MOST) / COLUMNS.len();
    let mut header = vec![Span::raw(pad("", names))];
    header.extend(COLUMNS.map(|(title, _)| {
        Span::styled(format!("{:>cell$}", fit(title, cell)), theme.ink(Ink::Muted))
    }));
    let best: Vec<f64> = COLUMNS
        .iter()
        .enumerate()
        .map(|(at, (_, more))| {
            let values = rows.iter().filter_map(|(_, figures)| figures[at]);
            if *more { values.fold(f64::MIN, f64::max) } else { values.fold(f64::MAX, f64::min) }
        })
        .collect();
    let row = |(name, figures): &(&str, Figures)| {
        let own = *name == EMBEDDER;
        let ink = if own { theme.bold(Ink::Accent) } else { theme.ink(Ink::Text) };
        let name = if own { (*name).to_owned() } else { format!(" {name}") };
        let mut spans = vec![Span::styled(pad(&name, names), ink)];
        spans.extend(figures.iter().zip(&best).map(|(value, best)| {
            let near = value.is_some_and(|value| (value - best).abs() < 5e-4);
            let style = if near { theme.bold(Ink::Good) } else { theme.ink(Ink::Text) };
            let text = value.map_or_else(|| "–".into(), |value| format!("{value:.3}"));
            Span::styled(format!("{:>cell$}", fit(&text, cell)), style)
        }));
        Line::from(spans)
    };
    let (own, others): (Vec<_>, Vec<_>) = rows.iter().partition(|(name, _)| *name == EMBEDDER);
    let mut lines = vec![Line::from(header)];
    lines.extend(own.into_iter().map(row));
    if !others.is_empty() {
        let title = if others.len() == 1 { "baseline" } else { "baselines" };
        lines.push(Line::styled(fit(title, room), theme.ink(Ink::Muted)));
    }
    lines.extend(others.into_iter().map(row));
    lines
}

/// How many of the 80% intervals held the observed accuracy, a row for each fifth of the predictions.
fn intervals(state: &State, coverage: &[Coverage], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let bins: Vec<&Coverage> = coverage.iter().filter(|bin| bin.groups > 0).collect();
    if bins.is_empty() {
        return Vec::new();
    }
    let key = format!("{PREDICTED} 80%  ● held");
    let keys = [format!("{key}  · n"), key];
    let mut lines = vec![heading_with(theme, room, "80% intervals by predicted P", &keys)];
    let bars = room.saturating_sub(8 + 6 + 8);
    lines.extend(bins.into_iter().map(|bin| {
        let range = format!("{:>2.0}–{:.0}%", 100.0 * bin.from, 100.0 * bin.to);
        let ink = honest(bin.covered);
        let mut spans = vec![Span::styled(pad(&range, 8), text)];
        let held = (bin.covered, bin.covered, bin.covered);
        spans.extend(whisker(theme, bars, held, ink, &[(0.8, PREDICTED)]));
        spans.push(Span::styled(format!(" {:>3.0}% ", 100.0 * bin.covered), theme.bold(ink)));
        spans.push(Span::styled(format!("{:>7} ", thousands(bin.groups as u64)), muted));
        Line::from(spans)
    }));
    lines
}

/// The ink of a share of intervals that should be 80%.
fn honest(held: f64) -> Ink {
    if (0.75..=0.85).contains(&held) { Ink::Good } else { Ink::Warn }
}

/// How many of the 80% intervals held the observed accuracy, by the chance that was predicted.
fn held(state: &State, coverage: &[Coverage], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut held = Vec::new();
    held.extend(coverage.iter().filter(|bin| bin.groups > 0).map(|bin| {
        let share = format!("{:.0}% ", 100.0 * bin.covered);
        Span::styled(share, theme.bold(honest(bin.covered)))
    }));
    if held.is_empty() {
        return Vec::new();
    }
    held.push(Span::styled("(should be 80%)", theme.ink(Ink::Muted)));
    let mut lines = paragraph(
        "80% interval coverage by predicted quintile:",
        room,
        state.theme.ink(Ink::Muted),
    );
    lines.push(Line::from(held));
    lines
}

/// The reliability diagram: what was forecast beside what was observed.
fn diagram(state: &State, reliability: &[Bin], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let key = format!("{PREDICTED} predicted  ● observed");
    let keys = [format!("{key}  · n"), key];
    let mut lines = vec![heading_with(theme, room, "Reliability", &keys)];
    let bars = room.saturating_sub(5 + 6 + 8);
    for bin in reliability {
        // Twice the standard error of the observed share.
        let error = 2.0 * (bin.observed * (1.0 - bin.observed) / bin.count as f64).sqrt();
        let interval = (bin.observed - error, bin.observed, bin.observed + error);
        let near = (bin.observed - bin.predicted).abs() <= error.max(0.02);
        let ink = if near { Ink::Good } else { Ink::Warn };
        let mut spans = vec![Span::styled(format!("{:>3.0}% ", 100.0 * bin.predicted), text)];
        spans.extend(whisker(theme, bars, interval, ink, &[(bin.predicted, PREDICTED)]));
        spans.push(Span::styled(format!(" {:>3.0}% ", 100.0 * bin.observed), theme.bold(ink)));
        spans.push(Span::styled(format!("{:>7} ", thousands(bin.count as u64)), muted));
        lines.push(Line::from(spans));
    }
    lines
}
