//! `llmap merge`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Common, output};
use crate::dataset::{Dataset, Form, Merged, guess, join_attributes, merge};
use crate::{Error, Folder, Result, one_line};

/// So many names or conflicts are printed; `--json` has more.
const PRINTED: usize = 20;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap merge mmlu mine -o both                   the one named first goes before the others
  llmap merge a b -o c --rename \"gpt4=openai/gpt-4\"
  llmap merge mine -o priced --attributes prices.csv --guess
  llmap merge a b -o c --json                     names to look at, and answers that differ

A model is the same one by its name, or by its name without case, separators and organization. Names
that are nearly the same are listed, and kept apart. A question is the same one by its text; it is in
one split, test before val before train. docs/importing.md has the rules.")]
pub struct Arguments {
    /// Folders of data sets.
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// The folder to write the data set to; it must not be there yet.
    #[arg(short, long, value_name = "DATA")]
    output: PathBuf,
    /// A table with `model_name` and attributes: prices (`cost_in`, `cost_out`), `release`, any other.
    #[arg(long, value_name = "FILE")]
    attributes: Vec<PathBuf>,
    /// Add what names suggest: size, family, instruct, quantization, as columns that begin with guessed_.
    #[arg(long)]
    guess: bool,
    /// A name of a model that means another one.
    #[arg(long, value_name = "NAME=NAME")]
    rename: Vec<String>,
    /// How the tables are written.
    #[arg(long = "format", value_enum, default_value_t = Form::Csv, value_name = "FORM")]
    form: Form,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    Folder::check(&arguments.output)?;
    let renames = arguments.rename.iter().map(|text| {
        let (from, to) = text
            .split_once('=')
            .ok_or_else(|| Error::Usage(format!("--rename: `{text}` is no pair: write OLD=NEW")))?;
        Ok((from.trim().to_owned(), to.trim().to_owned()))
    });
    let renames = renames.collect::<Result<Vec<_>>>()?;
    let mut sets = Vec::new();
    for folder in &arguments.data {
        sets.push(super::data(folder)?);
    }
    let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
    let (mut data, mut report) = merge(sets, &renames)?;
    for path in &arguments.attributes {
        join_attributes(&mut data, path, &mut report)?;
    }
    if arguments.guess {
        let guessed = guess(&data.models);
        data.attributes.retain(|known| guessed.iter().all(|one| one.name != known.name));
        data.attributes.extend(guessed);
    }
    data.write(&arguments.output, arguments.form, true)?;
    if !common.quiet {
        report
            .remarks
            .iter()
            .for_each(|remark| output::message(format!("note: {}", one_line(remark))));
    }
    if common.json {
        return output::json(&json!({
            "data": arguments.output.display().to_string(),
            "merged": names,
            "models": data.models.len(),
            "questions": data.questions.len(),
            "responses": data.responses.len(),
            "categories": data.categories,
            "attributes": data.attributes.iter().map(|one| &one.name).collect::<Vec<_>>(),
            "report": report,
        }));
    }
    output::text(&summary(&data, &report, &arguments.output, common.quiet))
}

fn summary(data: &Dataset, report: &Merged, output: &Path, quiet: bool) -> String {
    let mut text = format!(
        "{}: models: {}, questions: {}, categories: {}, responses: {}",
        one_line(&output.display().to_string()),
        data.models.len(),
        data.questions.len(),
        data.categories.len(),
        data.responses.len(),
    );
    if quiet {
        return text;
    }
    let counts = [
        (report.shared_questions, "questions that several data sets have"),
        (report.moved, "texts that were in several splits: the one that is held out furthest won"),
        (report.repeated, "answers that several data sets have alike"),
        (report.conflicting, "answers that differ: the data set named first won"),
        (report.attribute_conflicts, "values of attributes that differ"),
        (
            report.unused_attributes.len(),
            "models of the tables of attributes that the data do not have",
        ),
    ];
    for (n, what) in counts.into_iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!("\n  {what}: {n}"));
    }
    let pairs = |pairs: Vec<(String, String, String)>, title: &str| {
        let more = pairs.len().saturating_sub(PRINTED);
        let mut text = String::new();
        if !pairs.is_empty() {
            text.push_str(&format!("\n{title}:"));
        }
        for (one, two, why) in pairs.into_iter().take(PRINTED) {
            text.push_str(&format!(
                "\n  {} — {}{}",
                one_line(&one),
                one_line(&two),
                one_line(&why)
            ));
        }
        if more > 0 {
            text.push_str(&format!("\n  and {more} more: --json has them"));
        }
        text
    };
    let renamed =
        report.renamed.iter().map(|(kept, other)| (kept.clone(), other.clone(), String::new()));
    text.push_str(&pairs(renamed.collect(), "taken for one model"));
    let near = report
        .near_misses
        .iter()
        .map(|near| (near.known.clone(), near.other.clone(), format!(" ({})", near.reason)));
    text.push_str(&pairs(
        near.collect(),
        "to look at, kept apart (--rename OLD=NEW makes them one)",
    ));
    let conflicts = report.conflicts.iter().map(|conflict| {
        let labels = format!(": {} kept, {} dropped", conflict.kept, conflict.dropped);
        (conflict.model.clone(), crate::cell(&conflict.prompt, 61), labels)
    });
    text.push_str(&pairs(conflicts.collect(), "answers that differ"));
    text
}
