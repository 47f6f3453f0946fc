//! `llmap probe`

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ndarray::{Array2, s};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::{Common, output, signals};
use crate::analysis::communities::{self, OF_THE_PAPER, communities};
use crate::analysis::probe::{Prober, Report, Settings};
use crate::dataset::{Attribute, Columns, load_attributes, load_rules};
use crate::embedder::{Benchmark, Paper};
use crate::estimate::Figure;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap probe                                  all attributes of the embedder that llmap ships with
  llmap probe shipped coder --json             one attribute, with all metrics
  llmap probe my.safetensors --attributes tags.csv
  llmap probe my.safetensors --rules rules.csv
  llmap probe my.safetensors coder --fail-under 0.8
  llmap probe shipped --communities 7B 13B coding '^gpt'
  llmap probe paper.safetensors --communities   the same with the weights of `llmap import paper`

rules.csv defines attributes by name; the first matching rule of an attribute counts:
  regex,attribute,value
  code|starcoder,coder,1
  .,coder,0

A probe predicts held-out models, in folds that keep families of models together (by the
attribute `base` or `family`, else by name) and in random folds. A `*` marks an attribute that beats
chance, shuffled labels and a baseline with only ability and coverage.")]
pub struct Arguments {
    /// The embedder, or the paper's weights; by default, the shipped embedder.
    embedder: Option<PathBuf>,
    /// The attribute; by default, all that can be probed.
    attribute: Option<String>,
    /// More attributes: a table with a `model_name` column, joined by name.
    #[arg(long, value_name = "TABLE")]
    attributes: Option<PathBuf>,
    /// More attributes from names: a table with the columns regex, attribute and value.
    #[arg(long, value_name = "TABLE")]
    rules: Option<PathBuf>,
    /// Repetitions on shuffled labels.
    #[arg(long, default_value_t = 200, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shuffles: u32,
    /// Exit with 1 if an attribute's balanced accuracy (Spearman's correlation for a number) is lower.
    #[arg(long, value_name = "FIGURE", allow_negative_numbers = true, value_parser = super::figure)]
    fail_under: Option<f64>,
    /// Instead of probing: distances within and between groups of models whose names contain a keyword, as in
    /// section 6 of the paper; by default with the keywords of the paper.
    #[arg(long, num_args = 0.., value_name = "KEYWORD", conflicts_with_all = ["attribute", "fail_under"])]
    communities: Option<Vec<String>>,
}

/// The models to probe.
struct Models {
    names: Vec<String>,
    attributes: Vec<Attribute>,
    benchmarks: Vec<Benchmark>,
    /// The ability first, which is constant for the paper's weights.
    vectors: Array2<f32>,
}

impl Models {
    /// Those of an embedder, or of the paper's weights.
    fn read(path: Option<&Path>, common: &Common) -> Result<Self> {
        if let Some(paper) = path.and_then(super::paper_at) {
            let Paper { models, vectors, .. } = paper?;
            let mut own = Array2::zeros((vectors.nrows(), vectors.ncols() + 1));
            own.slice_mut(s![.., 1..]).assign(&vectors);
            let (attributes, benchmarks) = (Vec::new(), Vec::new());
            return Ok(Self { names: models, attributes, benchmarks, vectors: own });
        }
        let embedder = super::embedder(path, common)?;
        Ok(Self {
            names: embedder.models().to_vec(),
            attributes: embedder.attributes().to_vec(),
            benchmarks: embedder.benchmarks().to_vec(),
            vectors: embedder.vectors().clone(),
        })
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let models = Models::read(arguments.embedder.as_deref(), common)?;
    if let Some(keywords) = &arguments.communities {
        return run_communities(&models, keywords, arguments.shuffles as usize, common);
    }
    let attributes = attributes(arguments, &models, common)?;
    let prober = Prober::new(models.vectors.view(), &models.names, &attributes, &models.benchmarks);
    prober.check(if arguments.attribute.is_some() { 1 } else { attributes.len() })?;
    let mut wanted = attributes;
    if let Some(name) = &arguments.attribute {
        let names: Vec<String> = wanted.iter().map(|a| a.name.clone()).collect();
        let at = crate::resolve("attribute", name, &names)?;
        wanted = vec![wanted.swap_remove(at)];
    }
    let tried = wanted.len();
    let settings = Settings {
        seed: common.seed,
        shuffles: arguments.shuffles as usize,
        ..Settings::default()
    };
    let stop = signals::flag();
    let probed: Vec<Result<Report>> =
        wanted.par_iter().map(|attribute| prober.probe(attribute, &settings, &stop)).collect();
    let mut reports = Vec::new();
    for probed in probed {
        match probed {
            Ok(report) => reports.push(report),
            // Without a name, attributes that cannot be probed are skipped; with a name, that is an error.
            Err(error @ Error::Usage(_)) if arguments.attribute.is_none() => {
                if !common.quiet {
                    output::message(&error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    if reports.is_empty() && !common.quiet && arguments.fail_under.is_none() {
        output::message(nothing(&models, tried));
    }
    if common.json {
        let documents: Vec<Value> = reports.iter().map(|r| document(r, &models.names)).collect();
        output::json(&documents)?;
    } else if !reports.is_empty() {
        let by = prober.families_by.as_deref();
        output::text(&screen(&reports, &models.names, by, arguments.attribute.is_some()))?;
    }
    arguments.fail_under.map_or(Ok(()), |least| judge(&reports, least))
}

/// Why there are no results, and how to get some.
fn nothing(models: &Models, tried: usize) -> String {
    let problem = match (tried, models.attributes.is_empty()) {
        (0, true) => "its models have no attributes",
        (0, false) => "there are no attributes",
        _ => "no attribute could be probed",
    };
    format!(
        "nothing to probe: {problem}; add some with --attributes TABLE or --rules TABLE, or train with \
         further columns in models.csv"
    )
}

/// The attributes of the embedder and of files; a file's attribute replaces one of the same name.
fn attributes(arguments: &Arguments, models: &Models, common: &Common) -> Result<Vec<Attribute>> {
    let mut attributes = models.attributes.clone();
    let mut add = |Columns { attributes: added, remarks }: Columns| {
        if !common.quiet {
            remarks
                .iter()
                .for_each(|one| output::message(format!("note: {}", crate::one_line(one))));
        }
        let new: HashSet<&str> = added.iter().map(|new| &*new.name).collect();
        attributes.retain(|old| !new.contains(&*old.name));
        attributes.extend(added);
    };
    if let Some(path) = &arguments.attributes {
        add(load_attributes(path, &models.names)?);
    }
    if let Some(path) = &arguments.rules {
        add(load_rules(path, &models.names)?);
    }
    Ok(attributes)
}

fn judge(reports: &[Report], least: f64) -> Result<()> {
    // An attribute that could not be probed did not pass.
    if reports.is_empty() {
        return Err(Error::Failed(
            "no attribute could be probed; add some with --attributes TABLE or --rules TABLE"
                .into(),
        ));
    }
    let low: Vec<String> = reports
        .iter()
        .map(|r| (r, r.main().linear.figures.main().value))
        .filter(|(_, value)| value.is_nan() || *value < least)
        .map(|(r, value)| format!("{} {value:.3}", r.attribute))
        .collect();
    if low.is_empty() {
        return Ok(());
    }
    Err(Error::Failed(format!("less than {least}: {}", low.join(", "))))
}

/// A report with the names of notable models.
fn document(report: &Report, names: &[String]) -> Value {
    let named = |m: usize| {
        let p = &report.predictions[m];
        json!({
            "model": names[m], "predicted": p.predicted, "probability": p.probability,
            "truth": p.truth, "score": p.score,
            // The name of `predicted` in the first version.
            "said": p.predicted,
        })
    };
    let mut document = json!(report);
    document["predictions"] = report.unknown().into_iter().map(named).collect();
    document["most_wrong"] = report.most_wrong().into_iter().take(10).map(named).collect();
    document
}

fn interval(figure: Figure) -> String {
    format!("{:.2} ({:.2}–{:.2})", figure.value, figure.interval.low, figure.interval.high)
}

fn screen(reports: &[Report], names: &[String], by: Option<&str>, detailed: bool) -> String {
    let mut reports: Vec<&Report> = reports.iter().collect();
    let main = |r: &Report| r.main().linear.figures.main().value;
    reports
        .sort_by(|a, b| b.beats_controls.cmp(&a.beats_controls).then(main(b).total_cmp(&main(a))));
    let rows = reports.iter().flat_map(|r| {
        let schemes = [("families", r.grouped), ("random", Some(r.random))];
        let kept = schemes.into_iter().filter_map(|(dealt, scheme)| Some((dealt, scheme?)));
        kept.enumerate().map(|(i, (dealt, scheme))| {
            let first = |text: String| if i == 0 { text } else { String::new() };
            let mark = if r.beats_controls { "*" } else { " " };
            let linear = scheme.linear.figures;
            vec![
                first(format!("{mark} {}", crate::one_line(&r.attribute))),
                first(r.models.to_string()),
                first(match r.kind {
                    "number" => "number".into(),
                    _ => r.classes.len().to_string(),
                }),
                format!("{dealt} {}", scheme.folds),
                interval(linear.main()),
                interval(linear.deciding()),
                format!("{:.2}", linear.accuracy.value),
                format!("{:.2}", r.majority),
                format!("{:.2}", scheme.linear.shuffled.unwrap_or_default()),
                format!("{:.3}", scheme.linear.p_value.unwrap_or(1.0)),
                format!("{:.2}", scheme.pool.figures.deciding().value),
                format!("{:.2}", scheme.nearest.figures.deciding().value),
            ]
        })
    });
    let header = [
        "attribute",
        "models",
        "classes",
        "folds",
        "balanced",
        "AUC",
        "accuracy",
        "majority",
        "shuffled",
        "p",
        "pool",
        "kNN",
    ];
    let mut text = output::table(&header, rows, 1);
    let source = by.map_or_else(|| "names".into(), |by| format!("`{by}`"));
    text += &format!(
        "\n* beats chance, shuffled labels (p ≤ 0.01) and the baseline: only ability and coverage\n\
         Families by {source}. Of a number, balanced, AUC, pool and kNN are Spearman's correlation, \
         and accuracy is about its median.\n"
    );
    for report in reports.iter().filter(|_| detailed) {
        text += &details(report, names);
    }
    text
}

/// The details of one attribute beyond its metrics.
fn details(report: &Report, names: &[String]) -> String {
    let mut text = String::new();
    if !report.unbeaten.is_empty() {
        text += &format!("\nnot better than: {}\n", report.unbeaten.join(", "));
    }
    let classes: Vec<&str> = report.classes.keys().map(String::as_str).collect();
    let header: Vec<&str> =
        std::iter::once("true \\ predicted").chain(classes.iter().copied()).collect();
    let rows = classes.iter().zip(&report.confusion).map(|(class, row)| {
        std::iter::once((*class).to_owned()).chain(row.iter().map(usize::to_string)).collect()
    });
    text += &format!("\n{}", output::table(&header, rows, 1));
    let short = crate::short_names(names);
    let row = |m: usize| {
        let p = &report.predictions[m];
        let truth = p.truth.clone().unwrap_or_default();
        let probability = p.probability.map_or_else(String::new, |p| format!("{p:.2}"));
        vec![short[m].clone(), p.predicted.clone(), probability, truth]
    };
    let wrong = report.most_wrong().into_iter().take(8).map(row);
    text += &format!(
        "\n{}",
        output::table(&["most confident errors", "predicted", "p", "true"], wrong, 1)
    );
    let unknown = report.unknown();
    if !unknown.is_empty() {
        let rows = unknown.into_iter().map(row);
        text += &format!("\n{}", output::table(&["unlabeled", "predicted", "p", ""], rows, 1));
    }
    let pulls = report
        .pulls
        .iter()
        .map(|p| vec![p.benchmark.clone(), format!("{:+.2}", p.correlation), p.models.to_string()]);
    if !report.pulls.is_empty() {
        let header = ["correlation, controlling for ability", "correlation", "models"];
        text += &format!("\n{}", output::table(&header, pulls, 1));
    }
    text
}

fn run_communities(
    models: &Models,
    keywords: &[String],
    shuffles: usize,
    common: &Common,
) -> Result<()> {
    let keywords: Vec<String> = if keywords.is_empty() {
        OF_THE_PAPER.iter().map(|(word, _)| (*word).to_owned()).collect()
    } else {
        keywords.to_vec()
    };
    let found =
        communities(models.vectors.view(), &models.names, &keywords, shuffles, common.seed)?;
    if common.json {
        return output::json(&found);
    }
    let rows = found.iter().map(|c: &communities::Community| {
        let cell = |v: Option<f64>| v.map_or_else(|| "–".into(), |v| format!("{v:.3}"));
        vec![
            c.keyword.clone(),
            c.models.to_string(),
            cell(c.within),
            cell(c.between),
            cell(c.p_value),
        ]
    });
    output::text(&output::table(&["community", "models", "within", "between", "p"], rows, 1))
}
