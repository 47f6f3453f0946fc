//! The data set that an import makes, and its tables.

use std::collections::HashMap;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::questions::Questions;
use super::report::Report;
use crate::atomic::Folder;
use crate::dataset::{self, Kind};
use crate::error::{Error, Result};

/// Which model answered which question how, and how that came about.
#[derive(Debug, Default)]
pub struct Imported {
    categories: Vec<String>,
    /// Category and text.
    questions: Vec<(u32, String)>,
    ids: Vec<String>,
    /// Name, and parameters in billions.
    models: Vec<(String, Option<f64>)>,
    /// Question, model and label, by question and model.
    labels: Vec<(u32, u32, f32)>,
    report: Report,
}

/// An answer, to be looked at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row<'a> {
    /// The task.
    pub task: &'a str,
    /// The model.
    pub model: &'a str,
    /// The question.
    pub prompt: &'a str,
    /// 1 for right, 0 for wrong, or a share between.
    pub label: f32,
}

impl Imported {
    /// What has an answer, in the order in which it came; the tasks of the report are counted.
    pub(super) fn new(
        tasks: &[String],
        questions: Questions,
        models: &[(String, Option<f64>)],
        labels: Vec<(u32, u32, f32)>,
        report: Report,
    ) -> Self {
        let mut made = Self { report, ..Self::default() };
        let mut new_model: HashMap<u32, u32> = HashMap::new();
        let mut answering: Vec<u32> = labels.iter().map(|(_, model, _)| *model).collect();
        answering.sort_unstable();
        answering.dedup();
        for model in answering {
            new_model.insert(model, made.models.len() as u32);
            made.models.push(models[model as usize].clone());
        }
        let mut new_task: HashMap<u32, u32> = HashMap::new();
        let mut texts = questions.all;
        let (mut last, mut same): (Option<u32>, HashMap<u64, usize>) = (None, HashMap::new());
        for (question, model, label) in labels {
            if last != Some(question) {
                last = Some(question);
                let (task, text) = std::mem::take(&mut texts[question as usize]);
                let next = made.categories.len() as u32;
                let category = *new_task.entry(task).or_insert(next);
                if category == next {
                    made.categories.push(tasks[task as usize].clone());
                }
                let id =
                    xxh3_64(format!("{}\0{text}", made.categories[category as usize]).as_bytes());
                let nth = same.entry(id).or_default();
                *nth += 1;
                made.ids.push(if *nth == 1 {
                    format!("{id:016x}")
                } else {
                    format!("{id:016x}-{nth}")
                });
                made.questions.push((category, text));
            }
            let question = made.questions.len() as u32 - 1;
            let model = new_model.get(&model).copied().unwrap_or_default();
            made.labels.push((question, model, label));
        }
        made.report.split = same.values().filter(|n| **n > 1).sum();
        made.count();
        made
    }

    /// Counts what the report says of tasks.
    fn count(&mut self) {
        let mut seen: Vec<Vec<bool>> = vec![vec![false; self.models.len()]; self.categories.len()];
        let mut sums = vec![(0_usize, 0_usize, 0.0_f64, [0_usize; 3]); self.categories.len()];
        for (category, _) in &self.questions {
            sums[*category as usize].0 += 1;
        }
        for (question, model, label) in &self.labels {
            let category = self.questions[*question as usize].0 as usize;
            seen[category][*model as usize] = true;
            let sum = &mut sums[category];
            sum.1 += 1;
            sum.2 += f64::from(*label);
            sum.3[if *label <= 0.0 { 0 } else { 1 + usize::from(*label >= 1.0) }] += 1;
        }
        for task in &mut self.report.tasks {
            let Some(at) = self.categories.iter().position(|name| *name == task.task) else {
                continue;
            };
            let (questions, responses, sum, labels) = sums[at];
            task.models = seen[at].iter().filter(|seen| **seen).count();
            (task.questions, task.responses, task.labels) = (questions, responses, labels);
            task.mean = sum / responses.max(1) as f64;
        }
        self.report.tasks.retain(|task| task.responses > 0);
    }

    /// The names of the models.
    pub fn models(&self) -> impl ExactSizeIterator<Item = &str> {
        self.models.iter().map(|(name, _)| &**name)
    }

    /// How many questions.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions.len()
    }

    /// How many answers.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.labels.len()
    }

    /// The categories, in the order in which they came.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// What the labels of a category say.
    #[must_use]
    pub fn kind(&self, category: &str) -> Kind {
        let task = self.report.tasks.iter().find(|task| task.task == category);
        task.map_or_else(Kind::default, |task| task.kind)
    }

    /// How it came about.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The first `n` answers, of as many tasks as can be.
    #[must_use]
    pub fn first(&self, n: usize) -> Vec<Row<'_>> {
        let each = n.div_ceil(self.categories.len().max(1));
        let mut taken = vec![0; self.categories.len()];
        let rows = self.labels.iter().filter_map(|(question, model, label)| {
            let (category, prompt) = &self.questions[*question as usize];
            let category = *category as usize;
            taken[category] += 1;
            (taken[category] <= each).then(|| Row {
                task: &self.categories[category],
                model: &self.models[*model as usize].0,
                prompt,
                label: *label,
            })
        });
        rows.take(n).collect()
    }

    /// Writes the tables to `folder`, which must not be there yet, or be empty: all of them or none,
    /// and none that could not be read again. The id of a question depends on its category and text
    /// alone.
    ///
    /// # Errors
    /// [`Error::Usage`] if something is there already; [`Error::Io`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let made = Folder::begin(folder)?;
        let mut tables = vec![
            ("questions", self.questions_csv()),
            ("models", self.models_csv()),
            ("responses", self.responses_csv()),
        ];
        if self.categories.iter().any(|category| !self.kind(category).is_correctness()) {
            tables.push(("categories", self.categories_csv()));
        }
        for (name, table) in tables {
            let path = made.within().join(format!("{name}.csv"));
            crate::atomic::write(&path, &table.map_err(|e| Error::io(folder, e.into()))?)?;
        }
        dataset::load(made.within()).map_err(|problem| {
            Error::Failed(format!(
                "the data set could not be read again, so it is not written: {problem}"
            ))
        })?;
        made.finish()
    }

    fn questions_csv(&self) -> csv::Result<Vec<u8>> {
        let rows = self.ids.iter().zip(&self.questions);
        let row = |(id, (category, prompt)): (&String, &(u32, String))| {
            [id.clone(), self.categories[*category as usize].clone(), prompt.clone()]
        };
        table(&["prompt_id", "category", "prompt"], rows.map(row))
    }

    fn categories_csv(&self) -> csv::Result<Vec<u8>> {
        let row = |category: &String| [category.clone(), self.kind(category).name().to_owned()];
        table(&["category", "kind"], self.categories.iter().map(row))
    }

    fn models_csv(&self) -> csv::Result<Vec<u8>> {
        let size = |size: &Option<f64>| size.map_or_else(String::new, |b| format!("{b:.3}"));
        let models = self.models.iter().enumerate();
        if self.models.iter().all(|(_, size)| size.is_none()) {
            let row = |(m, (name, _)): (usize, &(String, _))| [m.to_string(), name.clone()];
            return table(&["model_id", "model_name"], models.map(row));
        }
        let row = |(m, (name, b)): (usize, &(String, _))| [m.to_string(), name.clone(), size(b)];
        table(&["model_id", "model_name", "params_b"], models.map(row))
    }

    fn responses_csv(&self) -> csv::Result<Vec<u8>> {
        let row = |(q, m, label): &(u32, u32, f32)| {
            [self.ids[*q as usize].clone(), m.to_string(), label.to_string()]
        };
        table(&["prompt_id", "model_id", "label"], self.labels.iter().map(row))
    }
}

fn table<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}
