//! `llmap merge`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Common, output};
use crate::dataset::{Dataset, Form, Merged, guess, join_attributes, merge};
use crate::{Error, Folder, Result, one_line};

/// Maximum number of printed names or conflicts; `--json` has all.
const PRINTED: usize = 20;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap merge mmlu mine -o both                   the first one takes precedence
  llmap merge a b -o c --rename \"gpt4=openai/gpt-4\"
  llmap merge mine -o priced --attributes prices.csv --guess
  llmap merge a b -o c --json                     names to check, and answers that differ

Models are matched by name, ignoring case, separators and a missing organization. Names
that are similar are listed, and kept apart. Questions are matched by text; each is in
one split, test before val before train. docs/importing.md has the rules.")]
pub struct Arguments {
    /// Folders of data sets.
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// The output folder, which must not exist yet.
    #[arg(short, long, value_name = "DATA")]
    output: PathBuf,
    /// A table with `model_name` and attributes: prices (`cost_in`, `cost_out`), `release`, any other.
    #[arg(long, value_name = "FILE")]
    attributes: Vec<PathBuf>,
    /// Add attributes guessed from names: size, family, instruct, quantization, with the prefix guessed_.
    #[arg(long)]
    guess: bool,
    /// Treat a model name as another one.
    #[arg(long, value_name = "NAME=NAME")]
    rename: Vec<String>,
    /// The format of the tables.
    #[arg(long = "format", value_enum, default_value_t = Form::Csv, value_name = "FORM")]
    form: Form,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    Folder::check(&arguments.output)?;
    let renames = arguments.rename.iter().map(|text| {
        let (from, to) = text
            .split_once('=')
            .ok_or_else(|| Error::Usage(format!("--rename: `{text}` is not a pair OLD=NEW")))?;
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
        (report.moved, "texts that were in several splits: test won over val, and val over train"),
        (report.repeated, "identical answers in several data sets"),
        (report.conflicting, "answers that differ: the first data set won"),
        (report.attribute_conflicts, "values of attributes that differ"),
        (report.unused_attributes.len(), "models in attribute tables that are not in the data"),
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
    text.push_str(&pairs(renamed.collect(), "matched as one model"));
    let near = report
        .near_misses
        .iter()
        .map(|near| (near.known.clone(), near.other.clone(), format!(" ({})", near.reason)));
    text.push_str(&pairs(
        near.collect(),
        "similar names, kept apart (--rename OLD=NEW merges them)",
    ));
    let conflicts = report.conflicts.iter().map(|conflict| {
        let labels = format!(": {} kept, {} dropped", conflict.kept, conflict.dropped);
        (conflict.model.clone(), crate::cell(&conflict.prompt, 61), labels)
    });
    text.push_str(&pairs(conflicts.collect(), "answers that differ"));
    text
}
