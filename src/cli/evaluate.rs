//! `llmap evaluate`

use std::path::PathBuf;

use clap::ValueEnum;
use llmap::Result;
use llmap::analysis::evaluation::{EMBEDDER, Evaluation, evaluate};
use llmap::dataset::{self, Split};

use super::{Common, output};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap evaluate shipped openevals
  llmap evaluate my.safetensors mydata --split test --json")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The folder of the data set.
    data: PathBuf,
    /// The questions to judge on.
    #[arg(long, value_enum, default_value_t = Part::Val)]
    split: Part,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    Train,
    Val,
    Test,
    All,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let embedder = super::embedder(Some(&arguments.embedder))?;
    let data = dataset::load(&arguments.data)?;
    let split = match arguments.split {
        Part::Train => Some(Split::Train),
        Part::Val => Some(Split::Val),
        Part::Test => Some(Split::Test),
        Part::All => None,
    };
    let evaluation = evaluate(&embedder, &data, split)?;
    if common.json { output::json(&evaluation) } else { output::text(&screen(&evaluation)) }
}

fn screen(evaluation: &Evaluation) -> String {
    let mut order: Vec<_> = evaluation.predictors.iter().collect();
    order.sort_by(|a, b| {
        (*a.0 != EMBEDDER, a.1.nll)
            .partial_cmp(&(*b.0 != EMBEDDER, b.1.nll))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let rows = order.iter().map(|(name, f)| {
        let figures = [f.accuracy, f.auc, f.nll, f.ece, f.routing];
        let figures = figures.iter().map(|x| format!("{x:.4}"));
        std::iter::once((*name).clone()).chain(figures).collect()
    });
    let header = ["predictor", "accuracy", "auc", "nll", "ece", "routing"];
    let overall = output::table(&header, rows, 1);
    let bounds = &evaluation.routing_bounds;
    let by_category = evaluation.by_category.iter().map(|(category, by)| {
        let figure = |name: &str, of: fn(&llmap::analysis::evaluation::CategoryFigures) -> f64| {
            by.get(name).map_or_else(String::new, |f| format!("{:.3}", of(f)))
        };
        vec![
            category.clone(),
            figure(EMBEDDER, |f| f.accuracy),
            figure(EMBEDDER, |f| f.auc),
            figure("knn", |f| f.auc),
            figure("ability", |f| f.auc),
            figure(EMBEDDER, |f| f.routing),
            figure("knn", |f| f.routing),
            figure("ability", |f| f.routing),
        ]
    });
    let header = ["category", "accuracy", "auc", "knn", "ability", "routing", "knn", "ability"];
    format!(
        "{} split: {} questions, {} models, {} responses\n\n{overall}\n\
         routing lies between {:.4} (a random model) and {:.4} (one that always knows)\n\n{}\n\
         {:.1} s\n",
        evaluation.split,
        evaluation.questions,
        evaluation.models,
        evaluation.responses,
        bounds.random,
        bounds.oracle,
        output::table(&header, by_category, 1),
        evaluation.seconds,
    )
}
