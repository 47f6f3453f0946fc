//! `llmap import`

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::sql::Sql;
use super::{Common, output, signals};
use crate::dataset::{Form, Kind};
use crate::embedder::Paper;
use crate::import::{
    Choice, Columns, Format, Imported, Options, Report, Resembles, Task, import, resemble_all,
};
use crate::progress::Progress;
use crate::{Error, Folder, Output, Result, one_line};

/// Maximum number of printed tasks, models or faults; `--json` has all.
const PRINTED: usize = 40;
/// Number of answers in the preview.
const PREVIEW: usize = 8;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap import lm-eval results/ -o mydata         lm_eval … --log_samples --output_path results
  llmap import lm-eval results/ --dry-run         a preview, writing nothing
  llmap import lm-eval results/ -o mydata --filter gsm8k=flexible-extract --metric arc_easy=acc_norm
  llmap import inspect logs/ -o mydata            .eval and .json
  llmap import wide scores.csv --dry-run          one row per question, one column per model
  llmap import long runs.parquet -o mydata --columns question=text,model=llm,label=ok
  llmap import auto downloads/ --dry-run          detects the format
  llmap import paper embedllm/ -o paper.safetensors   the paper's own weights: saved_model.pth or
                                                  model_embeddings.pth, model_order.csv and, if it is
                                                  there, question_order.csv
  llmap train mydata -o my.safetensors            then train on it

One metric counts for a task. Without --metric it is the first that all its files have of: acc,
exact_match, pass@1, prompt_level_strict_acc, math_verify, acc_norm; another one called correct or
wrong that is 0 or 1; any that is 0 or 1; a share from 0 to 1; a percentage. HELM's scenarios have
their own (docs/importing.md). The filter is the first that all files of a task have. Invalid data is
skipped, counted and listed.

Folders of data sets as EmbedLLM publishes them need no import: llmap reads them. `llmap merge` makes
one data set of several.")]
pub struct Arguments {
    /// The format of the files.
    #[arg(value_enum)]
    format: Wanted,
    /// Files, archives or folders.
    #[arg(required_unless_present = "sql", conflicts_with = "sql")]
    path: Vec<PathBuf>,
    /// The output folder, which must not exist yet; a file for `paper`.
    #[arg(short, long, value_name = "DATA", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// The metric of correctness, for one task or for all that have it.
    #[arg(long, value_name = "[TASK=]NAME")]
    metric: Vec<String>,
    /// The filter whose answers are used, for one task or for all that have it (lm-eval).
    #[arg(long, value_name = "[TASK=]NAME")]
    filter: Vec<String>,
    /// The field of a document that contains the question, instead of those in the prompt template (lm-eval).
    #[arg(long, value_name = "FIELD")]
    text: Option<String>,
    /// The roles of columns: question, model, label, category, split, id, choices, ignore (long, wide).
    #[arg(long, value_name = "ROLE=NAME,…")]
    columns: Vec<String>,
    /// The format of the tables.
    #[arg(long = "format", value_enum, default_value_t = Form::Csv, value_name = "FORM")]
    form: Form,
    /// Fail on invalid tasks, rows and files instead of skipping them.
    #[arg(long)]
    strict: bool,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    sql: Sql,
}

/// A format, or automatic detection.
#[derive(Clone, Copy)]
enum Wanted {
    Format(Format),
    /// The paper's weights, which do not become a data set.
    Paper,
    Auto,
}

impl clap::ValueEnum for Wanted {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: std::sync::LazyLock<Vec<Wanted>> = std::sync::LazyLock::new(|| {
            let formats = Format::ALL.into_iter().map(Wanted::Format);
            formats.chain([Wanted::Paper, Wanted::Auto]).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let (name, about) = match self {
            Self::Format(format) => (format.name(), format.about()),
            Self::Paper => {
                ("paper", "the weights of EmbedLLM's code (.pth), which become one file")
            }
            Self::Auto => ("auto", "detects the format"),
        };
        Some(clap::builder::PossibleValue::new(name).help(about))
    }
}

/// The format that files resemble, and how to read those of other formats.
fn resembling(paths: &[PathBuf]) -> Result<(Format, Vec<String>)> {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let mut all = resemble_all(paths)?.into_iter();
    match all.next() {
        Some(Resembles { format: Some(format), .. }) => {
            Ok((format, all.map(|other| other.advice(paths)).collect()))
        }
        Some(other) => Err(Error::Usage(other.advice(paths))),
        None => Err(Error::Usage(format!(
            "{}: no known format detected; import a table with one row per answer \
             with `llmap import long … --columns question=NAME,model=NAME,label=NAME`",
            shown.join(" ")
        ))),
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let (format, others) = match arguments.format {
        Wanted::Format(format @ (Format::Long | Format::Wide)) => (format, Vec::new()),
        _ if arguments.sql.sql.is_some() => {
            let problem = "a query returns a table";
            return Err(Error::usage(problem, "llmap import long --sql …, or wide"));
        }
        Wanted::Format(format) => (format, Vec::new()),
        Wanted::Paper => return run_paper(arguments, common),
        Wanted::Auto => resembling(&arguments.path)?,
    };
    let choices = |all: &[String]| all.iter().map(|text| Choice::parse(text)).collect();
    let options = Options {
        metric: choices(&arguments.metric),
        filter: choices(&arguments.filter),
        text: arguments.text.clone(),
        columns: Columns::parse(&arguments.columns)?,
        strict: arguments.strict,
    };
    let output = arguments.output.as_deref().filter(|_| !arguments.dry_run);
    if let Some(output) = output {
        Folder::check(output)?;
    }
    let cancel = signals::flag();
    let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    let mut progress = |(done, of): (usize, usize)| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let found = arguments.sql.table(&arguments.path, |paths| {
        import(format, paths, &options, &mut Progress::new(&mut progress, &cancel))
    });
    bar.finish_and_clear();
    let found = found?;
    if let Some(output) = output {
        found.write(output, arguments.form)?;
    }
    if common.json {
        let mut about = document(&found, output);
        about["other_formats"] = json!(others);
        output::json(&about)?;
    } else {
        output::text(&summary(&found, output, common.quiet))?;
    }
    if !common.quiet {
        eprint!("{}", passed_over(found.report()));
        for other in others {
            eprintln!("skipped, since it has another format: {}", one_line(&other));
        }
    }
    Ok(())
}

/// The paper's weights: a file instead of a data set.
fn run_paper(arguments: &Arguments, common: &Common) -> Result<()> {
    let path = arguments.output.as_deref().filter(|_| !arguments.dry_run);
    let output = path.map(|path| Output::open(path, &arguments.path)).transpose()?;
    let paper = Paper::import(&arguments.path)?;
    if let Some(output) = output {
        paper.save_to(output)?;
    }
    let mut about = of_paper(&paper);
    about["file"] = json!(path.map(|path| path.display().to_string()));
    if common.json {
        return output::json(&about);
    }
    let place = path.map_or_else(
        || "dry run, nothing is written".to_owned(),
        |path| one_line(&path.display().to_string()),
    );
    let (models, width) = paper.vectors.dim();
    let mut text = format!("{place}: {} of {width} numbers", count(models, "model", "models"));
    if common.quiet {
        return output::text(&text);
    }
    text += &if paper.forecasts() {
        format!(
            "; predictions from question vectors of dimension {}, with {} included",
            paper.inputs(),
            count(paper.questions(), "question", "questions"),
        )
    } else {
        "; vectors only, which cannot predict answers (saved_model.pth can)".into()
    };
    if paper.forecasts() && paper.questions() == 0 {
        text += "\nwithout question_order.csv, every text is encoded with all-mpnet-base-v2 \
                 (`llmap fetch mpnet`)";
    }
    if let Some(path) = path {
        let file = one_line(&path.display().to_string());
        text += &format!(
            "\nnext: llmap export {file} --map map.html, or llmap probe {file} --communities"
        );
    }
    output::text(&text)
}

/// A summary of the paper's weights.
pub fn of_paper(paper: &Paper) -> Value {
    json!({
        "kind": "paper-weights",
        "models": paper.models,
        "dimensions": paper.vectors.ncols(),
        "forecasts": paper.forecasts(),
        "question_numbers": paper.inputs(),
        "questions": paper.questions(),
    })
}

/// What `--json` prints.
fn document(found: &Imported, output: Option<&Path>) -> Value {
    let report = found.report();
    let mut about = json!({
        "data": output.map(|output| output.display().to_string()),
        "models": found.models().len(),
        "model_names": found.models().collect::<Vec<_>>(),
        "questions": found.questions(),
        "responses": found.responses(),
        "categories": found.categories(),
        "tasks": report.tasks,
        "repeated": report.repeated,
        "conflicting": report.conflicting,
        "unjudged": report.skips.rows,
        "older_runs": report.reruns.len(),
        "reruns": report.reruns,
        "clashes": report.clashes,
        "merged_texts": report.merged_texts,
        "merged_documents": report.merged_documents,
        "split": report.split,
        "notes": report.notes,
        "skipped": report.skips.list(),
        "skipped_rows": report.skips.rows,
        "skipped_files": report.skips.files,
        "skipped_tasks": report.skips.tasks,
    });
    if output.is_none() {
        about["first_rows"] = json!(found.first(PREVIEW));
    }
    about
}

/// What is printed on standard output.
fn summary(found: &Imported, output: Option<&Path>, quiet: bool) -> String {
    let report = found.report();
    let place = output.map_or_else(
        || "dry run, nothing is written".to_owned(),
        |output| one_line(&output.display().to_string()),
    );
    let mut text = format!(
        "{place}: {}, {} in {}, {}",
        count(found.models().len(), "model", "models"),
        count(found.questions(), "question", "questions"),
        count(found.categories().len(), "category", "categories"),
        count(found.responses(), "response", "responses"),
    );
    if quiet {
        return text;
    }
    text.push_str("\n\n");
    text.push_str(&tasks(&report.tasks));
    if output.is_none() {
        text.push_str("\nmodels:\n");
        text.push_str(&listed(found.models().map(one_line)));
        text.push_str("\nfirst rows:\n");
        let rows = found.first(PREVIEW).into_iter().map(|row| {
            vec![
                row.task.to_owned(),
                row.model.to_owned(),
                row.label.to_string(),
                crate::cell(row.prompt, 91),
            ]
        });
        text.push_str(&output::table(&["task", "model", "label", "question"], rows, 4));
    }
    text.push_str(&remarks(report));
    if output.is_some() {
        text.push_str("\nnext: llmap train DATA -o EMBEDDER, or llmap inspect DATA");
    }
    text
}

/// A number and its unit.
fn count(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

/// The tasks, with the chosen metric and filter.
fn tasks(tasks: &[Task]) -> String {
    let others = |taken: String, others: &[String]| {
        if others.is_empty() { taken } else { format!("{taken} (not: {})", others.join(", ")) }
    };
    let rows = tasks.iter().take(PRINTED).map(|task| {
        let metric =
            if task.percent { format!("{} / 100", task.metric) } else { task.metric.clone() };
        let filter = task.filter.clone().unwrap_or_else(|| "–".into());
        let others_of = |names: &[String]| names.iter().take(6).cloned().collect::<Vec<_>>();
        vec![
            task.kind.marked(&task.task),
            others(metric, &others_of(&task.other_metrics)),
            others(filter, &others_of(&task.other_filters)),
            task.models.to_string(),
            task.questions.to_string(),
            format!("{}/{}/{}", task.labels[0], task.labels[1], task.labels[2]),
            format!("{:.3}", task.mean),
        ]
    });
    let header = ["task", "metric", "filter", "models", "questions", "0/between/1", "mean"];
    let mut text = output::table(&header, rows, 3);
    if tasks.len() > PRINTED {
        text.push_str(&format!("and {} more tasks: --json has them\n", tasks.len() - PRINTED));
    }
    text
}

/// Notes about names, texts and dates.
fn remarks(report: &Report) -> String {
    let older: usize = report.reruns.iter().map(|rerun| rerun.responses).sum();
    let counts = [
        (
            report.repeated,
            "duplicate answers: the first one in a file counts, the last one of files without a date",
        ),
        (report.conflicting, "duplicate answers that differ from the one that counts"),
        (
            report.merged_texts,
            "documents with another text than their question, known by hash or number",
        ),
        (
            report.merged_documents,
            "documents with another hash than their question, known by their text",
        ),
        (report.split, "questions that share their text with another one of the task, kept apart"),
        (report.reruns.len(), "older runs were skipped in favor of the newest"),
        (older, "answers in them"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let mut lines: Vec<String> = counts.map(|(n, what)| format!("{what}: {n}")).collect();
    for clash in report.clashes.iter().take(PRINTED) {
        lines.push(format!("{} names several models: {}", clash.name, clash.models.join("; ")));
    }
    for task in &report.tasks {
        lines.extend(task.exceptions.iter().map(|exception| format!("{}: {exception}", task.task)));
    }
    for kind in Kind::ALL {
        let named = report.tasks.iter().filter(|task| task.kind == kind).map(|task| &*task.task);
        let named: Vec<&str> = named.collect();
        if let (Some(meaning), false) = (kind.meaning(), named.is_empty()) {
            lines.push(format!("{} is about {meaning}", few(&named)));
        }
    }
    lines.extend(report.notes.iter().cloned());
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n{}", listed(lines.iter().map(|line| one_line(line))))
    }
}

/// What was skipped, for standard error.
fn passed_over(report: &Report) -> String {
    let skips = &report.skips;
    if skips.is_empty() {
        return String::new();
    }
    let counts = [
        (skips.tasks, "task", "tasks"),
        (skips.files, "file", "files"),
        (skips.rows, "row", "rows"),
    ];
    let counts = counts.into_iter().filter(|(n, ..)| *n > 0);
    let counts: Vec<String> = counts.map(|(n, one, more)| count(n, one, more)).collect();
    let lines = skips.list().iter().map(|skip| {
        let line = skip.line.map_or_else(String::new, |line| format!(":{line}"));
        let rows = if skip.rows > 1 { format!(" ({} rows)", skip.rows) } else { String::new() };
        one_line(&format!("{}{line}: {}{rows}", skip.file.display(), skip.reason))
    });
    format!("skipped {} (--strict fails on them):\n{}", counts.join(", "), listed(lines))
}

/// Some names in one line.
fn few(names: &[&str]) -> String {
    const FEW: usize = 6;
    let more = names.len().saturating_sub(FEW);
    let first = names[..names.len() - more].join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// Some lines, indented.
fn listed(lines: impl ExactSizeIterator<Item = String>) -> String {
    let n = lines.len();
    let mut text = lines.take(PRINTED).fold(String::new(), |text, line| text + "  " + &line + "\n");
    if n > PRINTED {
        text.push_str(&format!("  and {} more\n", n - PRINTED));
    }
    text
}
