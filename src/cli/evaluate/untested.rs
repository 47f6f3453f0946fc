//! `llmap evaluate --untested`

use std::collections::BTreeMap;

use crate::cli::train::{bar, show};
use crate::cli::{Common, output, signals};
use crate::dataset::Dataset;
use crate::embedder::{Embedder, Event};
use crate::eval::evaluation::EMBEDDER;
use crate::eval::untested::{self, Cache, Figures, Repeat, Report};
use crate::progress::Progress;
use crate::{Error, Result};

/// Hides cells, trains without them and evaluates the predictions, once for each of `repeats` seeds.
pub fn run(embedder: &Embedder, data: &Dataset, repeats: u64, common: &Common) -> Result<()> {
    let cancel = signals::flag();
    let cache = Cache::of_user();
    let mut found = Vec::new();
    for i in 0..repeats {
        let seed = common.seed.checked_add(i).ok_or_else(|| {
            Error::Usage("--seed and --repeats go beyond the largest seed".into())
        })?;
        let settings = untested::settings(embedder, seed)?;
        if let Some(known) = cache.as_ref().and_then(|cache| cache.read(data, &settings)) {
            found.push(known);
            continue;
        }
        let bar = bar(common, settings.epochs);
        let mut progress = |event: Event| {
            show(&bar, &event);
            if matches!(event, Event::Epoch(_)) {
                bar.set_message(format!("training {} of {repeats} without hidden cells", i + 1));
            }
        };
        let new = untested::repeat(data, &settings, &mut Progress::new(&mut progress, &cancel))?;
        bar.finish_and_clear();
        if let Some(Err(problem)) = cache.as_ref().map(|c| c.write(data, &settings, &new))
            && !common.quiet
        {
            output::message(format!("note: the results could not be cached: {problem}"));
        }
        found.push(new);
    }
    let report = Report::new(data, found);
    if common.json { output::json(&report) } else { output::text(&screen(&report)) }
}

const HEADER: [&str; 11] = [
    "predictor",
    "accuracy",
    "auc",
    "nll",
    "ece",
    "mean p",
    "cell error",
    "bias",
    "cells in 80%",
    "answers in 80%",
    "routing",
];

fn screen(report: &Report) -> String {
    let mut out = format!(
        "{}: predictions for models that were not evaluated on the benchmark; a cell is a \
         model and a benchmark\n\n",
        crate::one_line(&report.data)
    );
    for repeat in &report.repeats {
        out += &title(repeat);
        out += &table(&repeat.predictors, &cells);
        out += "\n";
    }
    if report.repeats.len() > 1 {
        out += &format!("mean of {} seeds ± standard deviation\n\n", report.repeats.len());
        let with_spread = |name: &str, figures: &Figures| {
            let spread = report.spread.get(name).map(|spread| cells(name, spread));
            let mut row = cells(name, figures);
            for (cell, spread) in row.iter_mut().zip(spread.unwrap_or_default()).skip(1) {
                if !cell.is_empty() {
                    *cell += &format!(" ± {}", spread.trim_start_matches('+'));
                }
            }
            row
        };
        out += &table(&report.mean, &with_spread);
        out += "\n";
    }
    let seconds: f64 = report.repeats.iter().map(|repeat| repeat.seconds).sum();
    out + &format!("{seconds:.1} s\n")
}

fn title(repeat: &Repeat) -> String {
    format!(
        "seed {}: {} of {} hidden, {} of val in {} judged, {:.1}% of them correct\n\n",
        repeat.seed,
        crate::count(repeat.hidden_cells, "cell"),
        crate::count(repeat.hidden_models, "model"),
        crate::count(repeat.hidden_responses, "answer"),
        crate::count(repeat.judged_cells, "cell"),
        100.0 * repeat.mean_label,
    )
}

/// One row per predictor: the embedder first, then by log loss.
fn table(
    predictors: &BTreeMap<String, Figures>,
    row: &dyn Fn(&str, &Figures) -> Vec<String>,
) -> String {
    let mut order: Vec<_> = predictors.iter().collect();
    order.sort_by(|a, b| {
        (*a.0 != EMBEDDER).cmp(&(*b.0 != EMBEDDER)).then(a.1.nll.total_cmp(&b.1.nll))
    });
    output::table(&HEADER, order.into_iter().map(|(name, figures)| row(name, figures)), 1)
}

fn cells(name: &str, figures: &Figures) -> Vec<String> {
    let number = |x: f64| format!("{x:.4}");
    let share = |x: Option<f64>| x.map_or_else(String::new, |x| format!("{:.1}%", 100.0 * x));
    vec![
        name.to_owned(),
        number(figures.accuracy),
        number(figures.auc),
        number(figures.nll),
        number(figures.ece),
        number(figures.mean_p),
        number(figures.cell_error),
        format!("{:+.4}", figures.cell_bias),
        share(figures.cells_covered),
        share(figures.answers_covered),
        number(figures.routing),
    ]
}
