//! Renders a document as sentences and lists. Unknown values are left out, and so are headings with nothing
//! below them: it may be read aloud.

use super::document::{Asked, Document, OnData, Probed, Routed};
use super::record::{Near, Record};
use crate::analysis::clusters::Cluster;
use crate::analysis::neighbors::basis;
use crate::embedder::Scope;
use crate::eval::untested::Repeat;
use crate::explorer::state::column::Cell;
use crate::explorer::ui::axes::caption;
use crate::explorer::ui::widgets::fit;
use crate::{count, one_line};

/// Number of models listed for each benchmark.
const BEST: usize = 3;
/// Number of listed candidates and questions.
const NAMED: usize = 10;
/// Maximum width of a question in cells.
const QUESTION: usize = 160;

/// A document as plain text, for screen readers and files.
#[must_use]
pub fn plain(document: &Document) -> String {
    let mut lines = Vec::new();
    let simulated = if document.simulated { " (simulated: they do not exist)" } else { "" };
    let data = match document.data.as_str() {
        "" => String::new(),
        data => format!(" of {}", one_line(data)),
    };
    lines.push(format!("{}{data}{simulated}", count(document.models.len(), "model")));
    if !document.map.shares.is_empty() {
        let by_coverage = document.map.axes_by_coverage.as_ref().map_or(&[][..], |by| &by[..]);
        lines.push(format!("Map: {}", caption(&document.map.shares, by_coverage)));
    }
    lines.extend(document.limits.iter().map(|limit| one_line(limit)));
    let mut section = |heading: String, entries: Vec<String>| {
        if !entries.is_empty() {
            lines.push(format!("\n{heading}"));
            lines.extend(entries);
        }
    };
    section("Clusters".into(), document.clusters.iter().flatten().map(cluster).collect());
    if let Some(routed) = &document.route {
        let title = match routed.scope {
            Scope::Out => "Strongest overall",
            Scope::In | Scope::Near => "P(correct)",
        };
        section(format!("{title}: {}", one_line(&routed.prompt)), route(routed));
    }
    section(
        "Probes: can it be decoded from the vectors?".into(),
        document.probes.iter().map(probe).collect(),
    );
    section("Best predicted models, by benchmark".into(), best_not_run(document));
    evaluated(document, &mut section);
    let asked = document.questions.iter().flatten().take(NAMED);
    section("Most surprising questions".into(), asked.map(question).collect());
    section("Models".into(), document.models.iter().flat_map(model).collect());
    lines.join("\n") + "\n"
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// An entry with its values: `name: a, b` or the name alone.
fn entry(name: &str, parts: impl IntoIterator<Item = Option<String>>) -> String {
    let name = match one_line(name) {
        name if name.is_empty() => "without a name".into(),
        name => name,
    };
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { format!("- {name}") } else { format!("- {name}: {}", parts.join(", ")) }
}

/// A metric after its name, if it is a number.
fn figure(name: &str, value: f64) -> Option<String> {
    value.is_finite().then(|| format!("{name} {value:.3}"))
}

fn cluster(cluster: &Cluster) -> String {
    let coverage = percent(cluster.coverage);
    let parts = [
        Some(count(cluster.size, "model")),
        Some(format!("stability {}", percent(cluster.stability))),
        Some(format!("{coverage} predicted by coverage alone")),
    ];
    entry(&cluster.name, parts)
}

fn route(route: &Routed) -> Vec<String> {
    let remark = route.kind.remark().map(str::to_owned);
    let sentence = Some(one_line(&route.sentence)).filter(|sentence| !sentence.is_empty());
    let candidates = route.candidates.iter().take(NAMED).map(|candidate| {
        let ends = [candidate.low, candidate.high].map(|end| percent(end.into()));
        let [low, high] = ends;
        let p = match route.scope {
            // The percentages do not apply out of scope.
            Scope::Out => format!("{low} to {high}"),
            Scope::In | Scope::Near => {
                format!("{} ({low} to {high})", percent(candidate.p.into()))
            }
        };
        entry(&candidate.model, [Some(p), Some(candidate.measured.meaning().into())])
    });
    remark.into_iter().chain(sentence).chain(candidates).collect()
}

fn probe(probed: &Probed) -> String {
    match probed {
        Probed::Failed { attribute, problem } => {
            format!("- {}: {}", one_line(attribute), one_line(problem))
        }
        Probed::Report(report) => {
            let share = |name: &str, value: f64| {
                value.is_finite().then(|| format!("{name} {}", percent(value)))
            };
            let parts = [
                share("accuracy", report.accuracy),
                share("balanced", report.balanced_accuracy),
                share("the most frequent class", report.majority),
                share("shuffled labels", report.shuffled),
                figure("p", report.p_value),
            ];
            entry(&report.attribute, parts)
        }
    }
}

/// By benchmark, the models without answers that are predicted to be best.
fn best_not_run(document: &Document) -> Vec<String> {
    let models = &document.models;
    let lines = document.forecasts.0.iter().filter_map(|(benchmark, column)| {
        let open = column.iter().enumerate().filter(|(_, forecast)| forecast.responses == 0);
        let mut open: Vec<(usize, f64)> = open.map(|(m, f)| (m, f.accuracy.mean)).collect();
        open.sort_by(|a, b| b.1.total_cmp(&a.1));
        let best = open.iter().take(BEST);
        let best = best.filter_map(|(m, p)| Some((models.get(*m)?, p)));
        let best = best.map(|(m, p)| Some(format!("{} {}", one_line(&m.model), percent(*p))));
        (!open.is_empty()).then(|| entry(benchmark, best))
    });
    lines.collect()
}

/// The evaluation of the training on val, and on a data set.
fn evaluated(document: &Document, section: &mut impl FnMut(String, Vec<String>)) {
    let evaluation = &document.evaluation;
    let val = evaluation.val.0.iter().filter(|(_, value)| value.is_finite());
    let val = val.map(|(name, value)| format!("- {}: {value:.3}", one_line(name)));
    section("Evaluation on val".into(), val.collect());
    match &evaluation.data {
        None => {}
        Some(OnData::Failed { problem }) => {
            let line = format!("- {}", one_line(problem));
            section("The data set cannot be evaluated".into(), vec![line]);
        }
        Some(OnData::Found { evaluation: found, untested }) => {
            let mut lines: Vec<String> = found
                .predictors
                .iter()
                .map(|(name, judgement)| {
                    let of = &judgement.figures;
                    let parts = [
                        figure("accuracy", of.accuracy),
                        figure("auc", of.auc),
                        figure("nll", of.nll),
                        figure("ece", of.ece),
                        figure("routing", of.routing),
                    ];
                    entry(name, parts)
                })
                .collect();
            lines.extend(untested.as_deref().and_then(untested_pairs));
            let split = one_line(&found.split);
            section(format!("On {split} of the data set, with baselines"), lines);
        }
    }
}

fn untested_pairs(repeat: &Repeat) -> Option<String> {
    let figures = repeat.predictors.get("llmap")?;
    let parts = [
        figure("auc", figures.auc),
        figure("nll", figures.nll),
        figure("error of a cell's accuracy", figures.cell_error),
        Some(count(repeat.hidden_cells, "hidden cell")),
        Some(count(repeat.hidden_models, "model")),
    ];
    Some(entry("untested pairs", parts))
}

fn question(question: &Asked) -> String {
    let right = format!("{} of {} correct", percent(question.right), question.answers);
    let expected = format!("{} predicted", percent(question.expected));
    let category = question.category.as_deref().unwrap_or("no category");
    let prompt = fit(&one_line(&question.prompt), QUESTION);
    entry(category, [Some(right), Some(expected)]) + &format!(": {prompt}")
}

/// The value of a cell as text.
fn value(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Unknown => return None,
        Cell::Text(text) => one_line(text),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
        // A given number as it was given.
        Cell::Number(x) => crate::number(*x),
        Cell::Decimal(x) | Cell::Share(x) if x.abs() >= 1e15 => crate::number(*x),
        Cell::Decimal(x) | Cell::Share(x) => format!("{x:.3}"),
    })
}

fn model(model: &Record) -> Vec<String> {
    let attributes = model.attributes.0.iter();
    let attributes =
        attributes.filter_map(|(name, cell)| Some(format!("{} {}", one_line(name), value(cell)?)));
    let benchmarks = model.benchmarks.0.iter();
    let benchmarks =
        benchmarks.map(|(name, share)| format!("{} {}", one_line(name), percent(*share)));
    let near = |near: &Near| {
        let by = near.shared.map_or_else(String::new, |n| format!(", {}", basis(n)));
        format!("{} (cosine {:.2}{by})", one_line(&near.model), near.cosine)
    };
    let near: Vec<String> = model.neighbors.iter().map(near).collect();
    let near = if near.is_empty() { String::new() } else { format!("like {}", near.join(", ")) };
    let cluster = model.cluster.as_deref().map(|name| format!("cluster {}", one_line(name)));
    let answers = count(model.answers as usize, "answer");
    let own: Vec<String> = cluster.into_iter().chain([answers]).collect();
    let lines = [
        attributes.collect::<Vec<_>>().join(", "),
        own.join(", "),
        near,
        benchmarks.collect::<Vec<_>>().join(", "),
    ];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let name = match one_line(&model.model) {
        name if name.is_empty() => "without a name".into(),
        name => name,
    };
    std::iter::once(name).chain(lines.map(|line| format!("  {line}"))).collect()
}
