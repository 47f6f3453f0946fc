//! A matrix: a row a question, a column a model.

use std::collections::HashSet;
use std::sync::Arc;

use super::long::{CATEGORY, CHOICES, ID, QUESTION, SPLIT, place};
use crate::dataset::Split;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, hash};
use crate::import::value::{Record, is_blank, plain, said, score, texts};
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
    let files = tree.files(holds_records).into_iter();
    let job = |file: File| -> Job {
        let columns = options.columns.clone();
        Arc::new(move |skips: &mut Skips| read(&file, &columns, &|_, _| true, skips))
    };
    files.map(job).collect()
}

/// Which columns are what.
struct Places {
    question: String,
    category: Option<String>,
    id: Option<String>,
    split: Option<String>,
    choices: Option<String>,
    models: HashSet<String>,
}

impl Places {
    fn of(
        record: &Record,
        columns: &Columns,
        model: &dyn Fn(&Record, &str) -> bool,
    ) -> Result<Self, String> {
        let other = |role: &str, names: &[&str]| place(record, columns, role, names);
        let (category, id) = (other("category", CATEGORY), other("id", ID));
        let (split, choices) = (other("split", SPLIT), other("choices", CHOICES));
        let there: Vec<&str> = record.keys().take(20).map(String::as_str).collect();
        let question = other("question", QUESTION).filter(|name| record.contains_key(name));
        let question = question.ok_or_else(|| {
            format!(
                "no column for the question: name it with --columns question=NAME (there are: {})",
                there.join(", ")
            )
        })?;
        let roles =
            [Some(&question), category.as_ref(), id.as_ref(), split.as_ref(), choices.as_ref()];
        let named: Vec<&str> = columns.all("model").collect();
        let ignored: Vec<&str> = columns.all("ignore").collect();
        let is_model = |name: &&String| {
            if !named.is_empty() {
                return named.contains(&name.as_str());
            }
            let about = OTHERS.iter().chain(ID).any(|other| other.eq_ignore_ascii_case(name));
            !about
                && !roles.contains(&Some(*name))
                && !ignored.contains(&name.as_str())
                && !name.contains('|')
                && model(record, name)
        };
        let models: HashSet<String> = record.keys().filter(is_model).cloned().collect();
        if models.is_empty() {
            return Err(format!("no column is a model (there are: {})", there.join(", ")));
        }
        Ok(Self { question, category, id, split, choices, models })
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
        let field = |name: &str| record.get(name).filter(|value| !is_blank(value));
        let question = field(&places.question).and_then(said);
        let Some(question) = question.map(|text| unlisted(&text)) else {
            return skips.row(&file.path, line, "no question", &format!("`{}`", places.question));
        };
        let task = places.category.as_deref().and_then(field).and_then(plain);
        let task = task.unwrap_or_else(|| bare(file.name()).to_owned());
        let choices = places.choices.as_deref().and_then(field).map(texts).unwrap_or_default();
        let split = places.split.as_deref().and_then(field).and_then(plain);
        let id = places.id.as_deref().and_then(field).and_then(plain);
        let document = Document {
            id: id.map(|id| hash(&id)),
            asked: runs.text(&question, &choices),
            split: split.and_then(|name| Split::from_name(&name)),
            ..Document::default()
        };
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
