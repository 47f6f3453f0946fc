//! `llmap probe`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use llmap::analysis::probe::{Report, Settings, probe};
use llmap::dataset::load_attributes;
use llmap::{Error, Result};

use super::{Common, output};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap probe                                  all attributes of the embedder that llmap ships with
  llmap probe shipped coder --json
  llmap probe my.safetensors --attributes tags.csv")]
pub struct Arguments {
    /// The embedder; without one, the one that llmap ships with.
    embedder: Option<PathBuf>,
    /// The attribute; without one, all that can be probed.
    attribute: Option<String>,
    /// Further attributes: a CSV with a `model_name` column, joined by name.
    #[arg(long, value_name = "CSV")]
    attributes: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let embedder = super::embedder(arguments.embedder.as_deref())?;
    let mut attributes = embedder.attributes.clone();
    if let Some(path) = &arguments.attributes {
        let added = load_attributes(path, &embedder.models)?;
        attributes.retain(|old| added.iter().all(|new| new.name != old.name));
        attributes.extend(added);
    }
    if let Some(name) = &arguments.attribute {
        let names: Vec<String> = attributes.iter().map(|a| a.name.clone()).collect();
        let wanted = llmap::resolve("attribute", name, &names)?;
        attributes = vec![attributes.swap_remove(wanted)];
    }
    let settings = Settings { seed: common.seed, ..Settings::default() };
    let mut reports = Vec::new();
    for attribute in &attributes {
        match probe(embedder.vectors.view(), attribute, &settings, &AtomicBool::new(false)) {
            Ok(report) => reports.push(report),
            // Asked for all, one that cannot be probed is passed over; asked for by name, it is an error.
            Err(error @ Error::Usage(_)) if arguments.attribute.is_none() => {
                if !common.quiet {
                    eprintln!("llmap: {error}");
                }
            }
            Err(error) => return Err(error),
        }
    }
    if common.json { output::json(&reports) } else { output::text(&screen(&reports)) }
}

fn screen(reports: &[Report]) -> String {
    let mut reports: Vec<&Report> = reports.iter().collect();
    reports.sort_by(|a, b| b.balanced_accuracy.total_cmp(&a.balanced_accuracy));
    let percent = |x: f64| format!("{:.1}", 100.0 * x);
    let rows = reports.iter().map(|r| {
        vec![
            r.attribute.clone(),
            r.models.to_string(),
            r.classes.len().to_string(),
            percent(r.accuracy),
            format!("{}–{}", percent(r.low), percent(r.high)),
            percent(r.majority),
            percent(r.shuffled),
            percent(r.balanced_accuracy),
            format!("{:.3}", r.auc),
            format!("{:.3}", r.p_value),
        ]
    });
    let header = [
        "attribute",
        "models",
        "classes",
        "accuracy %",
        "95%",
        "majority",
        "shuffled",
        "balanced",
        "auc",
        "p",
    ];
    output::table(&header, rows, 1)
}
