//! A matrix: a row a question, a column a model.

use std::collections::HashSet;

use super::each;
use super::long::{About, ID, QUESTION, filled, place};
use crate::import::files::{File, Tree, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Run, Runs};
use crate::import::value::{Record, is_blank, said, score};
use crate::import::{Columns, Job, Options, json};

/// Columns that are about the question, beside those with a role.
const OTHERS: &[&str] = &[
    "answer",
    "target",
    "gold",
    "ground_truth",
    "reference",
    "expected",
    "ideal",
    "metric",
    "source",
    "index",
    "difficulty",
    "oracle_model_to_route_to",
    "length",
    "tokens",
    "cost",
    "price",
    "latency",
    "time",
    "",
];

/// What to read: a job for each table.
pub(super) fn jobs(tree: &Tree, options: &Options) -> Vec<Job> {
    let columns = options.columns.clone();
    each(tree.files(holds_records), move |file, skips| read(file, &columns, &|_, _| true, skips))
}

/// Which columns are what.
struct Places {
    question: String,
    about: About,
    models: HashSet<String>,
}

impl Places {
    fn of(
        record: &Record,
        columns: &Columns,
        model: &dyn Fn(&Record, &str) -> bool,
    ) -> Result<Self, String> {
        let about = About::of(record, columns);
        let there: Vec<&str> = record.keys().take(20).map(String::as_str).collect();
        let question = place(record, columns, "question", QUESTION);
        let question = question.filter(|name| record.contains_key(name));
        let question = question.ok_or_else(|| {
            format!(
                "no column for the question: name it with --columns question=NAME (there are: {})",
                there.join(", ")
            )
        })?;
        let named: Vec<&str> = columns.all("model").collect();
        let ignored: Vec<&str> = columns.all("ignore").collect();
        let is_model = |name: &&String| {
            if !named.is_empty() {
                return named.contains(&name.as_str());
            }
            let other = OTHERS.iter().chain(ID).any(|other| other.eq_ignore_ascii_case(name));
            !other
                && **name != question
                && !about.has(name)
                && !ignored.contains(&name.as_str())
                && !name.contains('|')
                && model(record, name)
        };
        let models: HashSet<String> = record.keys().filter(is_model).cloned().collect();
        if models.is_empty() {
            return Err(format!("no column is a model (there are: {})", there.join(", ")));
        }
        Ok(Self { question, about, models })
    }
}

/// True for a row of a matrix: beside the question two columns or more that are scores.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    let scored = |record: &Record, name: &str| {
        record.get(name).is_some_and(|value| (0.0..=1.0).contains(&score(value)))
    };
    let places = Places::of(record, &Columns::default(), &scored);
    places.is_ok_and(|places| places.models.len() > 1)
}

/// Reads a matrix whose columns are models where `model` says so.
pub(super) fn read(
    file: &File,
    columns: &Columns,
    model: &dyn Fn(&Record, &str) -> bool,
    skips: &mut Skips,
) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    let mut places: Option<Result<Places, String>> = None;
    // Columns of words are no models, but one of scores may hold a word by mistake.
    let mut scored: HashSet<String> = HashSet::new();
    json::records(file, None, skips, |line, record: Record, skips| {
        let places = places.get_or_insert_with(|| Places::of(&record, columns, model));
        let Ok(places) = places else { return };
        let question = filled(&record, &places.question).and_then(said);
        let Some(question) = question.map(|text| unlisted(&text)) else {
            return skips.row(&file.path, line, "no question", &format!("`{}`", places.question));
        };
        let task = places.about.task(&record, file);
        let document = places.about.document(&record, &question, &mut runs);
        for (name, value) in &record {
            if !places.models.contains(name) || is_blank(value) {
                continue;
            }
            let label = score(value);
            if label.is_nan() && !scored.contains(name) {
                continue;
            }
            if !scored.contains(name) {
                scored.insert(name.clone());
            }
            let run = runs.run(&task, name);
            run.answer(line, document.clone(), "", &[("score".into(), label)]);
        }
    });
    if let Some(Err(problem)) = places {
        skips.file(&file.path, problem);
    }
    runs.finish()
}

/// The texts of a prompt that is written as a list of Python.
fn unlisted(text: &str) -> String {
    match crate::import::value::python(text) {
        Some(texts) if !texts.is_empty() => texts.join("\n"),
        _ => text.to_owned(),
    }
}
