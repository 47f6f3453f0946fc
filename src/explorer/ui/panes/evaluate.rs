//! The Evaluate pane: how good the predictions are on held-out questions.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::count;
use crate::embedder::Coverage;
use crate::eval::evaluation::{EMBEDDER, Evaluation, Judgement};
use crate::eval::untested::Repeat;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::widgets::{fit, heading, pad, thousands, whisker, wrap};
use crate::metrics::{Bin, Metrics};

/// How a prediction is drawn; what was observed is the dot.
const PREDICTED: &str = "┃";
/// Cells of the name of a predictor.
const NAME: usize = 14;

/// A figure: its title, its value, and whether more is better.
type Column = (&'static str, fn(&Metrics) -> f64, bool);
const COLUMNS: [Column; 5] = [
    ("acc.", |f| f.accuracy, true),
    ("AUC", |f| f.auc, true),
    ("loss", |f| f.nll, false),
    ("ECE", |f| f.ece, false),
    ("routed", |f| f.routing, true),
];

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = if let Some(found) = state.evaluation.found.done() {
        format!("{} split of the data set", found.split)
    } else {
        let remark = state.remark(JobKind::Evaluation, "evaluating");
        remark.unwrap_or_else(|| "val split".into())
    };
    frame.render_widget(pane_block(state, layout, Pane::Evaluate, &remark, area.width), area);
    let inside = Layout::inside(area);
    let room = inside.width.into();
    let lines = match &state.evaluation.found {
        Job::Done(found) => judged(state, found, room),
        Job::Failed(problem) => {
            let mut lines = said(state, &format!("Data set: {problem}"), Ink::Warn, room);
            lines.extend(learned(state, room));
            lines
        }
        Job::Idle | Job::Running | Job::Cancelled => learned(state, room),
    };
    frame.render_widget(Paragraph::new(lines), inside);
}

/// What training measured on its own val split.
fn learned(state: &State, room: usize) -> Vec<Line<'static>> {
    let model_set = &state.model_set;
    let figure = |name: &str| model_set.val.get(name).copied().unwrap_or_default();
    let text = format!(
        "accuracy {:.3}   AUC {:.3}   log loss {:.3}   calibration error {:.3}   routed accuracy {:.3}",
        figure("accuracy"),
        figure("auc"),
        figure("nll"),
        figure("ece"),
        figure("routing")
    );
    let mut lines = said(state, &text, Ink::Text, room);
    lines.extend(held(state, &model_set.coverage, room));
    let advice = "Start with --data FOLDER to compare with baselines.";
    lines.extend(said(state, advice, Ink::Muted, room));
    lines.push(Line::default());
    lines.extend(diagram(state, &model_set.reliability, room));
    lines
}

/// What was measured on the data set beside the embedder.
fn judged(state: &State, found: &Evaluation, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let remark = count(found.responses, "answer");
    let mut lines = vec![heading(theme, room, "Against the baselines", &remark)];
    lines.extend(table(state, &found.predictors, room));
    if found.models_skipped > 0 {
        let skipped = format!("unknown: {} of the data", count(found.models_skipped, "model"));
        lines.push(Line::styled(fit(&skipped, room), theme.ink(Ink::Muted)));
    }
    let bounds = found.routing_bounds;
    let between =
        format!("routed accuracy: random {:.3}, oracle {:.3}", bounds.random, bounds.oracle);
    lines.push(Line::styled(fit(&between, room), theme.ink(Ink::Muted)));
    lines.extend(held(state, &found.coverage, room));
    lines.extend(untested(state, state.evaluation.untested.as_deref(), room));
    lines.extend(diagram(state, &found.reliability, room));
    lines
}

/// How good forecasts are of models on benchmarks that they were not run on.
fn untested(state: &State, found: Option<&Repeat>, room: usize) -> Vec<Line<'static>> {
    let known = found.and_then(|found| Some((found, found.predictors.get(EMBEDDER)?)));
    let Some((found, figures)) = known else {
        let how = fit("Untested pairs: run llmap evaluate --untested", room);
        return vec![Line::styled(how, state.theme.ink(Ink::Muted))];
    };
    let remark = format!(
        "{}, {}",
        count(found.hidden_cells, "hidden cell"),
        count(found.hidden_models, "model"),
    );
    let text = format!(
        "AUC {:.3}   log loss {:.3}   error of a cell's accuracy {:.3}",
        figures.auc, figures.nll, figures.cell_error
    );
    let mut lines = vec![heading(&state.theme, room, "Untested pairs", &remark)];
    lines.extend(said(state, &text, Ink::Text, room));
    lines
}

fn said(state: &State, text: &str, ink: Ink, room: usize) -> Vec<Line<'static>> {
    wrap(text, room).into_iter().map(|line| Line::styled(line, state.theme.ink(ink))).collect()
}

/// The predictors, the embedder first, the best figure of each column in bold.
fn table(
    state: &State,
    predictors: &BTreeMap<String, Judgement>,
    room: usize,
) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut order: Vec<(&String, &Metrics)> =
        predictors.iter().map(|(name, judgement)| (name, &judgement.figures)).collect();
    order.sort_by(|a, b| {
        let first = |name: &str| name != EMBEDDER;
        first(a.0).cmp(&first(b.0)).then(b.1.auc.total_cmp(&a.1.auc))
    });
    let cell = room.saturating_sub(NAME) / COLUMNS.len();
    let mut header = vec![Span::raw(pad("", NAME))];
    header.extend(COLUMNS.map(|(title, ..)| {
        Span::styled(format!("{:>cell$}", fit(title, cell)), theme.ink(Ink::Muted))
    }));
    let best = COLUMNS.map(|(_, value, more)| {
        let values = order.iter().map(|(_, figures)| value(figures));
        if more { values.fold(f64::MIN, f64::max) } else { values.fold(f64::MAX, f64::min) }
    });
    let row = |(name, figures): &(&String, &Metrics)| {
        let own = *name == EMBEDDER;
        let ink = if own { theme.bold(Ink::Accent) } else { theme.ink(Ink::Text) };
        let mut spans = vec![Span::styled(pad(name, NAME), ink)];
        spans.extend(COLUMNS.iter().zip(best).map(|((_, value, _), best)| {
            let value = value(figures);
            let near = (value - best).abs() < 5e-4;
            let style = if near { theme.bold(Ink::Good) } else { theme.ink(Ink::Text) };
            Span::styled(format!("{:>cell$}", fit(&format!("{value:.3}"), cell)), style)
        }));
        Line::from(spans)
    };
    std::iter::once(Line::from(header)).chain(order.iter().map(row)).collect()
}

/// How many of the 80% intervals held the observed accuracy, by the chance that was predicted.
fn held(state: &State, coverage: &[Coverage], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let honest = |held: f64| if (0.75..=0.85).contains(&held) { Ink::Good } else { Ink::Warn };
    let mut held = Vec::new();
    held.extend(coverage.iter().filter(|bin| bin.groups > 0).map(|bin| {
        let share = format!("{:.0}% ", 100.0 * bin.covered);
        Span::styled(share, theme.bold(honest(bin.covered)))
    }));
    if held.is_empty() {
        return Vec::new();
    }
    held.push(Span::styled("(should be 80%)", theme.ink(Ink::Muted)));
    let mut lines = said(state, "80% interval coverage by predicted quintile:", Ink::Muted, room);
    lines.push(Line::from(held));
    lines
}

/// The reliability diagram: what was forecast beside what was observed.
fn diagram(state: &State, reliability: &[Bin], room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let key = format!("{PREDICTED} predicted  ● observed  · n");
    let mut lines = vec![heading(theme, room, "Reliability", &key)];
    let bars = room.saturating_sub(5 + 6 + 8);
    for bin in reliability.iter().filter(|bin| bin.count > 0) {
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
