//! `llmap evaluate`

mod untested;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::json;

use super::sql::Sql;
use super::train::{bar, show};
use super::{Common, output, signals};
use crate::Result;
use crate::dataset::{Dataset, Split};
use crate::embedder::{self, Embedder, Event};
use crate::eval::deferral::Deferral;
use crate::eval::evaluation::{EMBEDDER, Evaluation, Known, Part, Settings, Step, evaluate};
use crate::eval::{leave_out, unseen};
use crate::metrics::Metrics;
use crate::progress::Progress;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap evaluate shipped openevals
  llmap evaluate my.safetensors mydata --split test --json
  llmap evaluate shipped openevals --where 'open and params_b <= 15'
  llmap evaluate shipped openevals --routing-curve         accuracy against cost
  llmap evaluate my.safetensors mydata --leave-out all     retrains without each benchmark
  llmap evaluate shipped openevals --models unseen         retrains without each family of models
  llmap evaluate shipped openevals --untested --repeats 3  hides benchmarks of each model, and trains
  llmap evaluate my.safetensors embedllm --weights paper.safetensors   beside the paper's own weights

How to read --untested: most pairs of model and benchmark were never evaluated, but a prompt ranks all
models. 30% of the benchmarks of each model that was evaluated on two or more are hidden, an embedder like
the given one is trained without them, and its predictions are compared with the hidden answers in val.
`cell error` is the difference of a model's mean prediction and accuracy on a benchmark, `bias`
the same with its sign (positive: prediction too high), `cells in 80%` should be near 80%, `routing` is
with all candidates, hidden or not. factor-analysis knows each question's category but no texts.

reference-mf is the paper's own model. It takes minutes to train once, and is cached next to the embedder.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The folder of the data set (with --sql, that of its questions and models); models that the embedder
    /// lacks are ignored and counted.
    #[arg(required_unless_present = "sql")]
    data: Option<PathBuf>,
    /// The split to evaluate on.
    #[arg(long, value_enum, default_value_t = Chosen::Val)]
    split: Chosen,
    /// Train without a benchmark and evaluate on it; `all` for each in turn.
    #[arg(long, value_name = "CATEGORY")]
    leave_out: Option<String>,
    /// Evaluate only the responses of models that match an expression, as in `llmap route`.
    #[arg(long = "where", visible_alias = "filter", value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Add deferral curves: the accuracy of each router as a function of cost.
    #[arg(long, conflicts_with = "leave_out")]
    routing_curve: bool,
    /// `unseen` holds whole families of models out of training, and evaluates how well a few of their
    /// responses place them.
    #[arg(long, value_enum, default_value_t = Which::Seen, conflicts_with_all = ["leave_out", "routing_curve"])]
    models: Which,
    /// Hide some benchmarks of each model, train without them, and evaluate the predictions of the hidden
    /// answers in val.
    #[arg(long, conflicts_with_all = ["leave_out", "routing_curve", "models", "filter", "split"])]
    untested: bool,
    /// The number of seeds, starting from --seed.
    #[arg(long, default_value_t = 1, requires = "untested", value_name = "R",
        value_parser = clap::value_parser!(u64).range(1..=1000))]
    repeats: u64,
    /// Also evaluate the paper's weights, as written by `llmap import paper`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["leave_out", "models", "untested"])]
    weights: Option<PathBuf>,
    /// Do not train and evaluate reference-mf.
    #[arg(long)]
    no_reference: bool,
    /// Bootstrap resamples of the questions for the intervals; 0 for none.
    #[arg(long, default_value_t = 1000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=100_000))]
    resamples: u32,
    #[command(flatten)]
    sql: Sql,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Which {
    Seen,
    Unseen,
}

#[derive(Clone, Copy, ValueEnum)]
enum Chosen {
    Train,
    Val,
    Test,
    All,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let data = arguments.sql.data(arguments.data.as_deref())?;
    let split = match arguments.split {
        Chosen::Train => Some(Split::Train),
        Chosen::Val => Some(Split::Val),
        Chosen::Test => Some(Split::Test),
        Chosen::All => None,
    };
    let pool = arguments.filter.as_ref().map(|expression| embedder.select(expression));
    let mut settings = Settings {
        split,
        resamples: arguments.resamples as usize,
        reference: None,
        paper: arguments.weights.as_deref().map(super::paper).transpose()?.map(Arc::new),
        seed: common.seed,
        pool: pool.transpose()?,
        routing_curve: arguments.routing_curve,
    };
    if arguments.untested {
        return untested::run(&embedder, &data, arguments.repeats, common);
    }
    if arguments.models == Which::Unseen {
        return unseen(&data, common);
    }
    if let Some(benchmark) = &arguments.leave_out {
        return leave_out(&data, benchmark, &settings, common);
    }
    if !arguments.no_reference {
        let known = Known::of(&embedder, &data)?.data;
        settings.reference = Some(cache(&arguments.embedder, &embedder, &known, common.seed));
    }
    let cancel = signals::flag();
    let bar = bar(common, 0);
    let mut not_kept = None;
    let mut progress = |step: Step| match step {
        Step::Encoding(done) => bar.set_message(format!("encoding questions: {done}")),
        Step::Reference(epoch, of) => {
            bar.set_length(of.into());
            bar.set_position(epoch.into());
            bar.set_message("training reference-mf, once");
        }
        Step::NotKept(problem) => not_kept = Some(problem),
    };
    let evaluation =
        evaluate(&embedder, &data, &settings, &mut Progress::new(&mut progress, &cancel))?;
    bar.finish_and_clear();
    if let Some(problem) = not_kept.filter(|_| !common.quiet) {
        let problem = format!("reference-mf could not be cached: {problem}");
        output::message(format!("note: {problem}"));
    }
    if common.json { output::json(&evaluation) } else { output::text(&screen(&evaluation)) }
}

/// The cached reference model for this data, encoder and seed: next to the embedder, or in the user's cache
/// for the shipped one.
fn cache(path: &Path, embedder: &Embedder, data: &Dataset, seed: u64) -> PathBuf {
    let fingerprint = format!("{}-{}-{seed}", data.fingerprint(), embedder.encoder().fingerprint());
    if path.as_os_str() != super::SHIPPED {
        return path.with_extension(format!("reference-mf-{fingerprint}.safetensors"));
    }
    let folder = crate::dirs::cache().unwrap_or_else(|| std::env::temp_dir().join("llmap"));
    folder.join(format!("reference-mf-{fingerprint}.safetensors"))
}

/// Families are held out together if the data has them.
pub fn left_out(data: &Dataset, common: &Common) -> unseen::Settings {
    let named = data.attributes.iter().any(|a| a.name == "family");
    let defaults = unseen::Settings::default();
    unseen::Settings {
        family: defaults.family.clone().filter(|_| named),
        train: embedder::Settings { seed: common.seed, ..embedder::Settings::default() },
        ..defaults
    }
}

/// Whole families held out of training, then placed by a few responses.
fn unseen(data: &Dataset, common: &Common) -> Result<()> {
    let cancel = signals::flag();
    let settings = left_out(data, common);
    let bar = bar(common, settings.train.epochs);
    let mut progress = |(number, of, event): (usize, usize, Event)| {
        show(&bar, &event);
        bar.set_message(format!("training {} of {of}", number + 1));
    };
    let found = unseen::unseen(data, &settings, &mut Progress::new(&mut progress, &cancel))?;
    bar.finish_and_clear();
    if common.json {
        return output::json(&found);
    }
    let rows = found.rows.iter().map(|row| {
        let order = match row.order {
            unseen::Order::Random => "random",
            unseen::Order::Ask => "asked",
        };
        vec![
            row.predictor.into(),
            order.into(),
            row.responses.to_string(),
            format!("{:.4} ± {:.4}", row.error, row.standard_error),
            format!("{:.4}", row.benchmark_error),
            row.covered.map_or_else(String::new, |c| format!("{:.0}%", 100.0 * c)),
            format!("{:.4}", row.auc),
            format!("{:.4}", row.nll),
        ]
    });
    let header = [
        "predictor",
        "order",
        "responses",
        "accuracy error",
        "of benchmarks",
        "in 80%",
        "AUC",
        "log loss",
    ];
    let times: Vec<String> =
        found.milliseconds.iter().map(|(n, ms)| format!("{n} in {ms:.1} ms")).collect();
    output::text(&format!(
        "{} of {}, each held out once; responses folded in: {}\n\n{}",
        crate::count(found.models, "model"),
        if found.families == 1 {
            "1 family".into()
        } else {
            format!("{} families", found.families)
        },
        times.join(", "),
        output::table(&header, rows, 2)
    ))
}

fn leave_out(data: &Dataset, benchmark: &str, settings: &Settings, common: &Common) -> Result<()> {
    let benchmarks = match benchmark {
        "all" => leave_out::benchmarks(data),
        one => vec![one.to_owned()],
    };
    let cancel = signals::flag();
    let training = embedder::Settings { seed: common.seed, ..embedder::Settings::default() };
    let settings = Settings { resamples: 0, ..settings.clone() };
    let bar = bar(common, training.epochs);
    let mut held_out = Vec::new();
    for benchmark in benchmarks {
        let mut progress = |event: Event| {
            show(&bar, &event);
            bar.set_message(format!("without {}", crate::one_line(&benchmark)));
        };
        let found = leave_out::leave_out(
            data,
            &benchmark,
            &training,
            &settings,
            &mut Progress::new(&mut progress, &cancel),
        )?;
        held_out.push((benchmark, found));
    }
    bar.finish_and_clear();
    if common.json {
        let each =
            held_out.iter().map(|(benchmark, e)| json!({ "left_out": benchmark, "evaluation": e }));
        return output::json(&each.collect::<Vec<_>>());
    }
    let rows = held_out.iter().map(|(benchmark, e)| {
        let figure = |name: &str, of: fn(&Metrics) -> f64| {
            e.predictors.get(name).map_or_else(String::new, |j| format!("{:.3}", of(&j.figures)))
        };
        let mut row = vec![benchmark.clone(), e.questions.to_string()];
        for name in [EMBEDDER, "ability", "knn"] {
            row.extend([
                figure(name, |f| f.auc),
                figure(name, |f| f.nll),
                figure(name, |f| f.routing),
            ]);
        }
        row
    });
    let header = [
        "left out",
        "questions",
        "auc",
        "nll",
        "routing",
        "ability auc",
        "nll",
        "routing",
        "knn auc",
        "nll",
        "routing",
    ];
    output::text(&output::table(&header, rows, 1))
}

fn screen(evaluation: &Evaluation) -> String {
    let mut order: Vec<_> = evaluation.predictors.iter().collect();
    order.sort_by(|a, b| {
        (*a.0 != EMBEDDER)
            .cmp(&(*b.0 != EMBEDDER))
            .then(a.1.figures.nll.total_cmp(&b.1.figures.nll))
    });
    let rows = order.iter().flat_map(|(name, judgement)| {
        let figures = judgement.figures.values();
        let mut rows = vec![
            std::iter::once((*name).clone())
                .chain(figures.map(|x| format!("{x:.4}")))
                .collect::<Vec<_>>(),
        ];
        if let Some(spread) = &judgement.spread {
            let line = |title: &str, of: &dyn Fn(&str) -> String| {
                std::iter::once(title.to_owned())
                    .chain(Metrics::NAMES.iter().map(|n| of(n)))
                    .collect()
            };
            rows.push(line("  95%", &|n| {
                let i = spread.intervals[n];
                format!("{:.3}–{:.3}", i.low, i.high)
            }));
            if *name != EMBEDDER {
                rows.push(line("  llmap ahead by", &|n| {
                    let d = spread.difference[n];
                    format!("{:+.3} to {:+.3}", d.low, d.high)
                }));
            }
        }
        rows
    });
    let overall =
        output::table(&["predictor", "accuracy", "auc", "nll", "ece", "routing"], rows, 1);
    let bounds = &evaluation.routing_bounds;
    let parts = |predictors: &std::collections::BTreeMap<String, Part>| {
        let figure = |name: &str, of: fn(&Part) -> f64| {
            predictors.get(name).map_or_else(String::new, |f| format!("{:.3}", of(f)))
        };
        [
            figure(EMBEDDER, |f| f.accuracy),
            figure(EMBEDDER, |f| f.auc),
            figure("knn", |f| f.auc),
            figure("ability", |f| f.auc),
            figure(EMBEDDER, |f| f.routing),
            figure("knn", |f| f.routing),
            figure("ability", |f| f.routing),
        ]
    };
    let header = ["category", "accuracy", "auc", "knn", "ability", "routing", "knn", "ability"];
    let by_category = evaluation.by_category.iter().map(|(category, predictors)| {
        std::iter::once(category.clone()).chain(parts(predictors)).collect()
    });
    let by_category = output::table(&header, by_category, 1);
    let by_responses = evaluation.by_responses.iter().map(|g| {
        let name = format!("{} with {} to {}", crate::count(g.models, "model"), g.from, g.to);
        std::iter::once(name).chain(parts(&g.predictors)).collect()
    });
    let header =
        ["training responses", "accuracy", "auc", "knn", "ability", "routing", "knn", "ability"];
    let by_responses = output::table(&header, by_responses, 1);
    let covered = evaluation.coverage.iter().map(|c| {
        let name = format!("{:.0}–{:.0}%", 100.0 * c.from, 100.0 * c.to);
        vec![name, c.groups.to_string(), format!("{:.1}%", 100.0 * c.covered)]
    });
    let covered = output::table(&["predicted", "groups", "in 80% interval"], covered, 1);
    let curve = evaluation.routing_curve.as_ref().map(curve_screen).unwrap_or_default();
    let skipped = match evaluation.models_skipped {
        0 => String::new(),
        n => format!(
            "{} of the data set {} not in the embedder: {} skipped\n",
            crate::count(n, "model"),
            if n == 1 { "is" } else { "are" },
            crate::count(evaluation.responses_skipped, "response")
        ),
    };
    format!(
        "{} split: {}, {}, {}\n{skipped}\n{overall}\n\
         routing lies between {:.4} (a random model) and {:.4} (one that always knows)\n\n\
         {by_category}\n{by_responses}\n{covered}\n{curve}{:.1} s\n",
        evaluation.split,
        crate::count(evaluation.questions, "question"),
        crate::count(evaluation.models, "model"),
        crate::count(evaluation.responses, "response"),
        bounds.random,
        bounds.oracle,
        evaluation.seconds,
    )
}

/// The deferral curves as a table.
fn curve_screen(found: &Deferral) -> String {
    let cost = |cost: f64| found.unit.text(cost);
    let mut order: Vec<_> = found.curves.iter().collect();
    order.sort_by(|a, b| b.1.area.total_cmp(&a.1.area));
    let rows = order.into_iter().map(|(name, curve)| {
        // The accuracy at up to a share of the way from the lowest to the highest cost.
        let at = |share: f64| {
            let most = found.costs[0] + share * (found.costs[1] - found.costs[0]);
            let reached = curve.points.iter().take_while(|p| p.cost <= most + 1e-9).last();
            reached.map_or_else(String::new, |point| format!("{:.3}", point.quality))
        };
        let equal = curve.equals_single_at;
        vec![
            name.clone(),
            format!("{:.4}", curve.area),
            at(0.0),
            at(0.1),
            at(0.25),
            at(0.5),
            format!("{:.3}", curve.best),
            equal.map_or_else(|| "never".into(), |share| format!("{:.0}%", 100.0 * share)),
        ]
    });
    let header =
        ["router", "area", "cheapest", "10%", "25%", "50%", "best", "equals the best single at"];
    format!(
        "accuracy against cost: {}, {} of known cost; always the cheapest model: {}; \
         always the most expensive: {}\n\n{}\nalways the best single model: {:.3} correct for {} per question\n\n",
        crate::count(found.questions, "question"),
        crate::count(found.models, "model"),
        cost(found.costs[0]),
        cost(found.costs[1]),
        output::table(&header, rows, 1),
        found.single.quality,
        cost(found.single.cost),
    )
}
