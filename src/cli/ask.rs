//! `llmap ask`

use std::path::PathBuf;

use serde_json::json;

use super::train::{bar, show};
use super::{Common, output, signals};
use crate::analysis::onboarding::{Catalogue, NewModel};
use crate::dataset::{Dataset, load_answers};
use crate::embedder::{Embedder, Event};
use crate::eval::unseen::coresets;
use crate::progress::Progress;
use crate::{Result, spreadsheet};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap ask shipped --data openevals -n 32 > new.csv
  llmap ask shipped --data openevals --answers new.csv -n 16 > more.csv     given those answers
  llmap ask shipped --data openevals --benchmark gsm8k --benchmark mbpp -n 20

  llmap ask shipped --data openevals --benchmark gsm8k -n 50 --coreset      50 that stand for all of it
  llmap ask shipped --data openevals --benchmark gsm8k -n 50 --check        how well they predict the score

Prints a table to fill in: prompt_id, prompt, label. Rows of --answers with an empty label are pending, and
are not asked again.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The data set to choose questions from.
    #[arg(long)]
    data: PathBuf,
    /// The model's answers so far, and pending questions: a table as for `llmap onboard`.
    #[arg(long, value_name = "RESPONSES")]
    answers: Option<PathBuf>,
    /// How many questions to choose.
    #[arg(short, long = "questions", default_value_t = 32, value_name = "N",
        value_parser = super::count)]
    number: usize,
    /// The budget: total number of questions, including those of --answers.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    budget: Option<u32>,
    /// A benchmark to measure; all of them by default.
    #[arg(long)]
    benchmark: Vec<String>,
    /// Stop when the accuracies have this standard deviation.
    #[arg(long, default_value_t = 0.03, value_name = "D", value_parser = super::share)]
    enough: f64,
    /// Choose this many representative questions of each benchmark, the same for every model.
    #[arg(long, conflicts_with_all = ["answers", "enough", "budget"])]
    coreset: bool,
    /// Measure how well this many questions of each benchmark, chosen once for all models, predict the scores
    /// of models held out of training.
    #[arg(long, conflicts_with_all = ["answers", "enough", "budget", "coreset"])]
    check: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let data = super::data(&arguments.data)?;
    if arguments.check {
        return check(arguments, &data, common);
    }
    let answers = match &arguments.answers {
        Some(path) => load_answers(path, Some(&data))?,
        None => Vec::new(),
    };
    let catalogue = Catalogue::new(&embedder, &data, &signals::flag())?;
    if arguments.coreset {
        return coreset(arguments, &embedder, &catalogue, common);
    }
    let new_model = NewModel::place(&embedder, Some(&catalogue), &answers)?;
    let left = arguments.budget.map(|budget| (budget as usize).saturating_sub(answers.len()));
    let number = arguments.number.min(left.unwrap_or(usize::MAX));
    let (now, asked) = new_model.ask(&arguments.benchmark, number, common.seed, |_| true)?;
    let after = asked.last().map_or(now, |asked| asked.deviation);
    let enough = asked.iter().position(|asked| asked.deviation <= arguments.enough);
    let word = match enough {
        _ if now <= arguments.enough => "this is precise enough".into(),
        _ if number == 0 => "the budget is used up".into(),
        Some(at) => format!("this is precise enough after {} of them", at + 1),
        None => "more questions are worthwhile".into(),
    };
    if common.json {
        return output::json(&json!({
            "deviation": now,
            "deviation_after": after,
            "enough_after": enough.map(|at| at + 1),
            "budget_left": left.map(|left| left - asked.len()),
            "questions": asked.iter().map(|asked| {
                let question = &data.questions[asked.question];
                json!({
                    "prompt_id": question.id,
                    "category": data.categories[question.category as usize],
                    "prompt": question.prompt,
                    "deviation": asked.deviation,
                })
            }).collect::<Vec<_>>(),
        }));
    }
    if !common.quiet {
        output::message(format!(
            "the accuracies are known to ±{now:.3}, after these answers to ±{after:.3}: {word}"
        ));
    }
    table(&data, asked.iter().map(|asked| asked.question))
}

/// The table to fill in.
fn table(data: &Dataset, questions: impl Iterator<Item = usize>) -> Result<()> {
    let rows = questions.map(|question| {
        let question = &data.questions[question];
        [&*question.id, &*question.prompt, ""]
    });
    output::csv(&spreadsheet::table(&["prompt_id", "prompt", "label"], rows))
}

/// Questions that represent benchmarks.
fn coreset(
    arguments: &Arguments,
    embedder: &Embedder,
    catalogue: &Catalogue,
    common: &Common,
) -> Result<()> {
    let data = catalogue.data();
    let wanted = arguments.benchmark.iter();
    let wanted: Vec<usize> = wanted
        .map(|name| crate::resolve("benchmark", name, &data.categories))
        .collect::<Result<_>>()?;
    let all = (0..data.categories.len()).filter(|c| wanted.is_empty() || wanted.contains(c));
    let mut sets = Vec::new();
    for category in all {
        let n = arguments.number;
        sets.push((category, catalogue.coreset(embedder, category, n, common.seed)?));
    }
    if common.json {
        let each = sets.iter().map(|(category, set)| {
            let ids: Vec<&str> = set.iter().map(|q| &*data.questions[*q].id).collect();
            json!({ "benchmark": data.categories[*category], "prompt_ids": ids })
        });
        return output::json(&each.collect::<Vec<_>>());
    }
    table(data, sets.into_iter().flat_map(|(_, set)| set))
}

/// Evaluates core sets on held-out models.
fn check(arguments: &Arguments, data: &Dataset, common: &Common) -> Result<()> {
    let cancel = signals::flag();
    let settings = super::evaluate::left_out(data, common);
    let bar = bar(common, settings.train.epochs);
    let mut progress = |(number, of, event): (usize, usize, Event)| {
        show(&bar, &event);
        bar.set_message(format!("training {} of {of}", number + 1));
    };
    let n = arguments.number;
    let found = coresets(
        data,
        &arguments.benchmark,
        n,
        &settings,
        &mut Progress::new(&mut progress, &cancel),
    )?;
    bar.finish_and_clear();
    if common.json {
        return output::json(&found);
    }
    let error = |x: f64| format!("{x:.4}");
    let rows = found.iter().map(|c| {
        let counts = [c.questions.to_string(), c.models.to_string()];
        let errors = [c.chosen, c.random, c.chosen_mean, c.random_mean].map(error);
        std::iter::once(c.benchmark.clone()).chain(counts).chain(errors).collect()
    });
    let header = [
        "benchmark",
        "questions",
        "models",
        "chosen",
        "random",
        "share correct, chosen",
        "share correct, random",
    ];
    output::text(&format!(
        "mean error of the whole score, predicted from {n} questions; every model was held out of training once\n\n{}",
        output::table(&header, rows, 1)
    ))
}
