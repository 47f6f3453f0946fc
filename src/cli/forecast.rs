//! `llmap forecast`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::prompts::{Format, Prompts};
use super::train::{bar, show};
use super::{Common, output, signals};
use crate::analysis::forecast::{self, Forecast, Pair};
use crate::dataset::{Kind, load_scores};
use crate::embedder::{self, Embedder, Event, Score};
use crate::estimate::Interval;
use crate::eval::forecast_check::{Check, check};
use crate::progress::Progress;
use crate::{Error, Result};

/// Maximum number of questions of a new benchmark.
const MOST: usize = 1 << 17;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap forecast                                           the best models of each benchmark
  llmap forecast shipped --benchmark gsm8k                 all models on one, best first
  llmap forecast shipped --model gpt-4o-2024-05-13         one model on all
  llmap forecast shipped --where 'open' --csv > grid.csv   every pair, for a spreadsheet
  llmap forecast shipped --new < questions.txt             a benchmark with questions only
  llmap forecast shipped --new --scores some.csv < questions.txt
  llmap forecast shipped --check openevals                 the error: retrains without each benchmark

Accuracies with a count of responses are measured, the others predicted from the model's overall ability and
the scores of the evaluated models; those of a new benchmark also from its texts and the models'
vectors. Intervals are 80%.")]
pub struct Arguments {
    /// The embedder; by default the shipped one.
    embedder: Option<PathBuf>,
    /// A benchmark: all models on it, best first.
    #[arg(long, conflicts_with_all = ["model", "new"])]
    benchmark: Vec<String>,
    /// A model: its accuracies on all benchmarks.
    #[arg(long, conflicts_with_all = ["new", "filter", "top"])]
    model: Option<String>,
    /// Predict a new benchmark: its questions come from standard input.
    #[arg(long)]
    new: bool,
    /// How questions on standard input are separated.
    #[arg(long, value_enum, default_value_t, requires = "new")]
    input: Format,
    /// Known accuracies on the new benchmark: a table with `model_name`, `accuracy` and optionally
    /// `responses`.
    #[arg(long, value_name = "TABLE", requires = "new")]
    scores: Option<PathBuf>,
    /// Only models that match an expression, as in `llmap route`.
    #[arg(long = "where", visible_alias = "filter", value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Only this many models, best first.
    #[arg(long, value_name = "K", value_parser = super::count)]
    top: Option<usize>,
    /// Print a CSV table to standard output, one row per pair.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Leave each benchmark of a data set out of training in turn, and compare predictions with it.
    #[arg(long, value_name = "DATA", conflicts_with_all = ["new", "model", "filter", "top", "csv"])]
    check: Option<PathBuf>,
}

/// Models on one benchmark.
struct Column {
    benchmark: String,
    kind: Kind,
    forecasts: Vec<Forecast>,
}

impl Column {
    /// The benchmark's name, with its kind unless that is correctness.
    fn title(&self) -> String {
        self.kind.marked(&self.benchmark)
    }

    fn pair<'a>(&'a self, name: &'a str, model: usize) -> Pair<'a> {
        let forecast = self.forecasts[model];
        Pair { model: name, benchmark: &self.benchmark, kind: self.kind, forecast }
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(data) = &arguments.check {
        return checked(data, &arguments.benchmark, common);
    }
    let embedder = super::embedder(arguments.embedder.as_deref(), common)?;
    let chosen = match &arguments.filter {
        Some(expression) => embedder.select(expression)?,
        None => vec![true; embedder.models().len()],
    };
    let pool: Vec<usize> = (0..chosen.len()).filter(|m| chosen[*m]).collect();
    if pool.is_empty() {
        return Err(Error::Usage("--where leaves no model".into()));
    }
    let columns =
        if arguments.new { vec![new(arguments, &embedder)?] } else { grid(arguments, &embedder)? };
    if let Some(name) = &arguments.model {
        let model = crate::resolve("model", name, embedder.models())?;
        return one_model(&embedder, model, &columns, arguments.csv, common);
    }
    // For each benchmark, the models of the pool, best first.
    let ordered: Vec<(&Column, Vec<usize>)> = columns
        .iter()
        .map(|column| {
            let mut order = pool.clone();
            let mean = |m: usize| column.forecasts[m].accuracy.mean;
            order.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
            order.truncate(arguments.top.unwrap_or(usize::MAX));
            (column, order)
        })
        .collect();
    if common.json {
        let each = ordered.iter().map(|(column, order)| {
            let models =
                order.iter().map(|m| document(&embedder.models()[*m], column.forecasts[*m]));
            json!({
                "benchmark": column.benchmark,
                "kind": column.kind,
                "models": models.collect::<Vec<_>>(),
            })
        });
        return output::json(&each.collect::<Vec<_>>());
    }
    if arguments.csv {
        let pairs = ordered.iter().flat_map(|(column, order)| {
            order.iter().map(|m| column.pair(&embedder.models()[*m], *m))
        });
        return table_of_pairs(pairs);
    }
    if arguments.benchmark.is_empty() && !arguments.new {
        return overview(&embedder, &ordered);
    }
    let short = crate::short_names(embedder.models());
    let tables = ordered.iter().map(|(column, order)| {
        let rows = order.iter().map(|m| {
            let mut row = vec![short[*m].clone()];
            row.extend(cells(column.forecasts[*m]));
            row
        });
        let measured = column.forecasts.iter().filter(|f| f.responses > 0).count();
        format!(
            "{}: {} measured, {} forecast\n{}",
            crate::cell(&column.title(), 80),
            crate::count(measured, "model"),
            column.forecasts.len() - measured,
            output::table(&["model", "accuracy", "80% interval", "responses"], rows, 1)
        )
    });
    output::text(&tables.collect::<Vec<_>>().join("\n"))
}

fn grid(arguments: &Arguments, embedder: &Embedder) -> Result<Vec<Column>> {
    let names: Vec<String> = embedder.benchmarks().iter().map(|b| b.name.clone()).collect();
    let wanted: Vec<usize> = if arguments.benchmark.is_empty() {
        (0..names.len()).collect()
    } else {
        let each = arguments.benchmark.iter();
        each.map(|name| crate::resolve("benchmark", name, &names)).collect::<Result<_>>()?
    };
    let column = |b: usize| {
        let forecasts = forecast::benchmark(embedder, b)?;
        let kind = embedder.benchmarks()[b].kind;
        Ok(Column { benchmark: names[b].clone(), kind, forecasts })
    };
    wanted.into_iter().map(column).collect()
}

fn new(arguments: &Arguments, embedder: &Embedder) -> Result<Column> {
    let mut prompts = Prompts::standard(arguments.input);
    let mut questions = Vec::new();
    loop {
        let batch = prompts.batch()?;
        if batch.is_empty() {
            break;
        }
        questions.extend(batch);
        if questions.len() > MOST {
            let problem = format!("more than {MOST} questions");
            return Err(Error::input(Path::new("standard input"), problem, "send a sample"));
        }
    }
    if questions.is_empty() {
        let source = Path::new("standard input");
        return Err(Error::input(source, "no questions", "send at least one line"));
    }
    let scores = match &arguments.scores {
        Some(path) => load_scores(path, embedder.models(), questions.len() as u32)?,
        None => Vec::new(),
    };
    let score = |(accuracy, responses)| Score { accuracy, responses };
    let scores: Vec<Option<Score>> = scores.into_iter().map(|s| s.map(score)).collect();
    let texts: Vec<&str> = questions.iter().map(String::as_str).collect();
    let forecasts = forecast::unseen(embedder, &embedder.encode(&texts)?, &scores)?;
    Ok(Column { benchmark: "new".into(), kind: Kind::Correctness, forecasts })
}

fn document(model: &str, forecast: Forecast) -> Value {
    json!({
        "model": model,
        "accuracy": forecast.accuracy.mean,
        "low": forecast.accuracy.low,
        "high": forecast.accuracy.high,
        "responses": forecast.responses,
    })
}

fn percent(p: f64) -> String {
    format!("{:.1}%", 100.0 * p)
}

/// Accuracy, interval and responses.
fn cells(forecast: Forecast) -> [String; 3] {
    let interval =
        format!("{} – {}", percent(forecast.accuracy.low), percent(forecast.accuracy.high));
    let responses = match forecast.responses {
        0 => "forecast".into(),
        n => n.to_string(),
    };
    [percent(forecast.accuracy.mean), interval, responses]
}

fn table_of_pairs<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Result<()> {
    output::csv(&forecast::csv(pairs))
}

fn one_model(
    embedder: &Embedder,
    model: usize,
    columns: &[Column],
    csv: bool,
    common: &Common,
) -> Result<()> {
    let name = &embedder.models()[model];
    if common.json {
        let each = columns.iter().map(|column| {
            let mut value = document(name, column.forecasts[model]);
            value["benchmark"] = column.benchmark.clone().into();
            value["kind"] = column.kind.name().into();
            value
        });
        return output::json(&each.collect::<Vec<_>>());
    }
    if csv {
        return table_of_pairs(columns.iter().map(|column| column.pair(name, model)));
    }
    let rows = columns.iter().map(|column| {
        let mut row = vec![column.title()];
        row.extend(cells(column.forecasts[model]));
        row
    });
    let header = ["benchmark", "accuracy", "80% interval", "responses"];
    output::text(&format!("{}\n{}", crate::cell(name, 80), output::table(&header, rows, 1)))
}

/// For each benchmark, the best measured and the best predicted model.
fn overview(embedder: &Embedder, ordered: &[(&Column, Vec<usize>)]) -> Result<()> {
    let short = crate::short_names(embedder.models());
    let rows = ordered.iter().map(|(column, order)| {
        let measured = |m: &&usize| column.forecasts[**m].responses > 0;
        let best = |m: Option<&usize>| {
            m.map_or_else(String::new, |m| {
                let p = percent(column.forecasts[*m].accuracy.mean);
                format!("{} {p}", short[*m])
            })
        };
        let run = order.iter().filter(measured).count();
        vec![
            column.title(),
            best(order.iter().find(measured)),
            best(order.iter().find(|m| !measured(m))),
            run.to_string(),
            (order.len() - run).to_string(),
        ]
    });
    let header = ["benchmark", "best measured", "best forecast", "measured", "forecast"];
    output::text(&format!(
        "{}\n--benchmark NAME, --model NAME or --csv shows every pair with its interval\n",
        output::table(&header, rows, 3)
    ))
}

fn checked(data: &Path, benchmarks: &[String], common: &Common) -> Result<()> {
    let data = super::data(data)?;
    let cancel = signals::flag();
    let settings = embedder::Settings { seed: common.seed, ..embedder::Settings::default() };
    let bar = bar(common, settings.epochs);
    let mut progress = |(name, event): (String, Event)| {
        show(&bar, &event);
        bar.set_message(format!("without {}", crate::one_line(&name)));
    };
    let found = check(&data, benchmarks, &settings, &mut Progress::new(&mut progress, &cancel))?;
    bar.finish_and_clear();
    if common.json { output::json(&found) } else { output::text(&check_screen(&found)) }
}

fn check_screen(found: &Check) -> String {
    let names = ["llmap", "texts", "ability", "linear"];
    let rows = found.benchmarks.iter().flat_map(|row| {
        let line = |title: String, of: &dyn Fn(&str) -> [String; 2]| {
            let cells = names.iter().flat_map(|name| of(name));
            std::iter::once(title).chain(cells).collect::<Vec<_>>()
        };
        let title = format!("{} ({})", row.kind.marked(&row.benchmark), row.models);
        [
            line(title, &|name| {
                let outcome = &row.predictors[name];
                [format!("{:+.2}", outcome.tau.value), format!("{:.3}", outcome.error.value)]
            }),
            line("  95%".into(), &|name| {
                let outcome = &row.predictors[name];
                let range = |of: Interval, digits: usize| {
                    format!("{:.digits$}–{:.digits$}", of.low, of.high)
                };
                [range(outcome.tau.interval, 2), range(outcome.error.interval, 3)]
            }),
        ]
    });
    let header = [
        "left out (models)",
        "llmap tau",
        "error",
        "texts tau",
        "error",
        "ability tau",
        "error",
        "linear tau",
        "error",
    ];
    let n = found.benchmarks.len().max(1) as f64;
    let mean = |name: &str| {
        let each = found.benchmarks.iter().map(|row| &row.predictors[name]);
        let (tau, error) =
            each.fold((0.0, 0.0), |(t, e), o| (t + o.tau.value / n, e + o.error.value / n));
        let covered = found.benchmarks.iter().filter_map(|row| row.predictors[name].covered);
        let covered: Vec<f64> = covered.collect();
        let held = if covered.is_empty() {
            String::new()
        } else {
            percent(covered.iter().sum::<f64>() / covered.len() as f64)
        };
        vec![name.to_owned(), format!("{tau:+.3}"), format!("{error:.4}"), held]
    };
    let means = output::table(
        &["mean", "Kendall tau", "accuracy error", "in 80%"],
        names.iter().map(|name| mean(name)),
        1,
    );
    let worse = if found.worse.is_empty() {
        "on none".into()
    } else {
        format!("on {}", crate::one_line(&found.worse.join(", ")))
    };
    format!(
        "{}\n{means}\nllmap ranks the models better than overall ability on {} of {} benchmarks, as well \
         on {}, worse {worse}\n\
         llmap: texts, and the scores of four fifths of the models; texts: no scores; ability: a straight \
         line in overall ability; linear: linear regression on vectors\n{:.0} s\n",
        output::table(&header, rows, 1),
        found.better,
        found.benchmarks.len(),
        found.equal,
        found.seconds,
    )
}
