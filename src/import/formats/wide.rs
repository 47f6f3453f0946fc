//! A matrix: one row per question, one column per model.

use std::collections::{BTreeMap, HashSet};

use super::each;
use super::long::{About, ID, QUESTION, filled, pass_over, place};
use crate::import::files::{File, Tree, holds_records};
use crate::import::metric::{any, judges, words};
use crate::import::report::Skips;
use crate::import::run::{Run, Runs, clean};
use crate::import::value::{Record, is_blank, score, user_text};
use crate::import::{Columns, Job, Options, json};

/// Words of column names about the question, besides those with a role, if the name has no other words.
const OTHERS: &[&str] = &[
    "answer",
    "answers",
    "target",
    "gold",
    "label",
    "correct",
    "truth",
    "ground",
    "reference",
    "expected",
    "ideal",
    "metric",
    "source",
    "index",
    "idx",
    "id",
    "level",
    "unnamed",
    "row",
    "num",
    "number",
    "count",
    "choice",
    "choices",
    "option",
    "options",
    "question",
    "prompt",
    "difficulty",
    "oracle",
    "model",
    "models",
    "to",
    "route",
    "length",
    "len",
    "token",
    "tokens",
    "input",
    "output",
    "total",
    "cost",
    "price",
    "latency",
    "time",
    "mean",
    "average",
    "avg",
    "std",
];

/// One job per table.
pub(super) fn jobs(tree: &Tree, options: &Options) -> Vec<Job> {
    let columns = options.columns.clone();
    each(tree.files(holds_records), move |file, skips| read(file, &columns, &|_, _| true, skips))
}

/// True for the name of a column about the question, such as `num_choices`, or about the row, such as the
/// index that pandas writes.
fn is_other(name: &str) -> bool {
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    words(name).all(|word| any(word, OTHERS) || number(word))
        && (any(name, OTHERS) || name.is_empty())
}

/// The model columns of the rows.
struct Places<'a> {
    columns: &'a Columns,
    question: Option<String>,
    about: About,
    model: &'a dyn Fn(&Record, &str) -> bool,
    models: BTreeMap<String, Column>,
}

impl<'a> Places<'a> {
    fn new(columns: &'a Columns, model: &'a dyn Fn(&Record, &str) -> bool) -> Self {
        let (question, about) = (None, About::new(columns));
        Self { columns, question, about, model, models: BTreeMap::new() }
    }

    /// Checks the columns of the next row.
    ///
    /// # Errors
    /// A description of what is missing.
    fn meet(&mut self, record: &Record) -> Result<(), String> {
        let there = || record.keys().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
        if !self.about.meet(record) && !self.models.is_empty() {
            return Ok(());
        }
        if self.question.is_none() {
            let question = place(record, self.columns, "question", QUESTION);
            self.question = question.filter(|name| record.contains_key(name));
        }
        let question = self.question.as_ref().ok_or_else(|| {
            format!(
                "no column for the question: choose it with --columns question=NAME (there are: {})",
                there()
            )
        })?;
        let named: Vec<&str> = self.columns.all("model").collect();
        let ignored: Vec<&str> = self.columns.all("ignore").collect();
        let is_model = |name: &&String| {
            if !named.is_empty() {
                return named.contains(&name.as_str());
            }
            !is_other(name)
                && !ID.iter().any(|id| id.eq_ignore_ascii_case(name))
                && *name != question
                && !self.about.has(name)
                && !ignored.contains(&name.as_str())
                && !name.contains('|')
                && (self.model)(record, name)
        };
        for name in record.keys().filter(is_model) {
            if !self.models.contains_key(name) {
                self.models.insert(name.clone(), Column::default());
            }
        }
        if self.models.is_empty() {
            return Err(format!("no column is a model (there are: {})", there()));
        }
        Ok(())
    }
}

/// True for a row of a matrix: with two or more columns of scores besides the question.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    let scored = |record: &Record, name: &str| {
        record.get(name).is_some_and(|value| (0.0..=1.0).contains(&score(value)))
    };
    let columns = Columns::default();
    let mut places = Places::new(&columns, &scored);
    places.meet(record).is_ok() && places.models.len() > 1
}

/// The content of a column of a matrix.
#[derive(Default)]
struct Column {
    /// Its numbers.
    values: Vec<f32>,
    /// The lines of texts before its first number.
    words: Vec<u64>,
    /// The number of texts after it.
    later: usize,
}

impl Column {
    /// Why it cannot be labels, if so.
    fn problem(&self) -> Option<String> {
        // Row numbers, each one more than the last.
        let steps = || self.values.windows(2).all(|pair| (pair[1] - pair[0] - 1.0).abs() < 1e-6);
        if self.words.len() + self.later > self.values.len() {
            return Some("has more texts than numbers".into());
        }
        let counts = self.values.len() > 2 && steps();
        (counts || !judges("score", &self.values)).then(|| {
            let least = self.values.iter().copied().fold(f32::INFINITY, f32::min);
            let most = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            format!("has numbers from {least} to {most}")
        })
    }
}

/// Reads a matrix whose columns are models if `model` is true. Columns of texts, or of numbers that cannot be
/// labels, are not models; one of scores may contain some texts by mistake.
pub(super) fn read(
    file: &File,
    columns: &Columns,
    model: &dyn Fn(&Record, &str) -> bool,
    skips: &mut Skips,
) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    let mut places = Places::new(columns, model);
    let mut early = None;
    json::records(file, None, skips, |line, record: Record, skips| {
        if let Err(problem) = places.meet(&record) {
            let (_, n, _) = early.get_or_insert((line, 0, problem));
            *n += 1;
            return;
        }
        let place = places.question.as_deref().unwrap_or_default();
        let question = filled(&record, place).and_then(user_text);
        let Some(question) = question.map(|text| unlisted(&text)) else {
            return skips.row(&file.path, line, "no question", &format!("`{place}`"));
        };
        let task = places.about.task(&record, file);
        let document = places.about.document(&record, &question, &mut runs);
        for (name, value) in &record {
            let Some(column) = places.models.get_mut(name).filter(|_| !is_blank(value)) else {
                continue;
            };
            let label = score(value);
            if label.is_nan() && column.values.is_empty() {
                column.words.push(line);
                continue;
            }
            if label.is_nan() {
                column.later += 1;
            } else {
                column.values.push(label);
            }
            runs.run(&task, name).scored(line, document.clone(), value);
        }
    });
    pass_over(file, early, !places.models.is_empty(), skips);
    let mut none: HashSet<String> = HashSet::new();
    let chosen = columns.all("model").next().is_some();
    for (name, column) in places.models.into_iter().filter(|(_, column)| !column.values.is_empty())
    {
        if let Some(problem) = column.problem().filter(|_| !chosen) {
            let advice = "is not treated as a model: choose the models with --columns model=NAME";
            let problem = format!("column `{name}` {problem} and {advice}");
            skips.column(&file.path, column.values.len(), problem);
            none.insert(clean(&name));
            continue;
        }
        for line in column.words {
            skips.row(&file.path, line, "no score", &format!("`{name}` is not a number"));
        }
    }
    let mut runs = runs.finish();
    runs.retain(|run| !none.contains(&run.model.name));
    runs
}

/// The texts of a prompt that is written as a Python list.
fn unlisted(text: &str) -> String {
    match crate::import::value::python(text) {
        Some(texts) if !texts.is_empty() => texts.join("\n"),
        _ => text.to_owned(),
    }
}
