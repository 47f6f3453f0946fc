//! The imported data set, and its tables.

use std::collections::HashMap;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::questions::Questions;
use super::report::Report;
use crate::dataset::{Attribute, Dataset, Kind, Question, Responses, Split, Values, split_by_text};
use crate::error::Result;
use crate::names::spaced;
use crate::table::Form;

/// The imported responses, and the report.
#[derive(Debug)]
pub struct Imported {
    data: Dataset,
    /// The files have splits.
    splits: bool,
    report: Report,
}

/// An answer, for a preview.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row<'a> {
    /// The task.
    pub task: &'a str,
    /// The model.
    pub model: &'a str,
    /// The question.
    pub prompt: &'a str,
    /// 1 for correct, 0 for incorrect, or a fraction.
    pub label: f32,
}

impl Imported {
    /// Keeps models and questions with answers, in order of appearance; counts per task.
    pub(super) fn new(
        tasks: &[String],
        questions: Questions,
        models: &[(String, Option<f64>)],
        labels: Vec<(u32, u32, f32)>,
        report: Report,
    ) -> Self {
        let mut answering: Vec<u32> = labels.iter().map(|(_, model, _)| *model).collect();
        answering.sort_unstable();
        answering.dedup();
        let own: Vec<&(String, Option<f64>)> =
            answering.iter().map(|model| &models[*model as usize]).collect();
        let new_model: HashMap<u32, u32> = answering.iter().copied().zip(0..).collect();
        let mut new_task: HashMap<u32, u32> = HashMap::new();
        let mut texts = questions.all;
        let splits = questions.splits.iter().any(Option::is_some);
        let mut held_out: HashMap<String, Split> = HashMap::new();
        let (mut last, mut same): (Option<u32>, HashMap<u64, usize>) = (None, HashMap::new());
        let (mut categories, mut all, mut kept) = (Vec::new(), Vec::new(), labels);
        for (question, model, _) in &mut kept {
            if last != Some(*question) {
                last = Some(*question);
                let at = *question as usize;
                let (task, text) = std::mem::take(&mut texts[at]);
                let next = categories.len() as u32;
                let category = *new_task.entry(task).or_insert(next);
                if category == next {
                    categories.push(tasks[task as usize].clone());
                }
                let id = xxh3_64(format!("{}\0{text}", categories[category as usize]).as_bytes());
                let nth = same.entry(id).or_default();
                *nth += 1;
                let id = if *nth == 1 { format!("{id:016x}") } else { format!("{id:016x}-{nth}") };
                let split = questions.splits[at].unwrap_or_else(|| split_by_text(&text));
                if splits {
                    // A text is in one split, test before val before train.
                    let known = held_out.entry(spaced(&text)).or_insert(split);
                    *known = (*known).max(split);
                }
                let (id, prompt) = (id.into(), text.into());
                all.push(Question { id, category, split, prompt });
            }
            *question = all.len() as u32 - 1;
            *model = new_model.get(model).copied().unwrap_or_default();
        }
        if splits {
            for question in &mut all {
                if let Some(split) = held_out.get(&spaced(&question.prompt)) {
                    question.split = *split;
                }
            }
        }
        let mut report = report;
        report.split = same.values().filter(|n| **n > 1).sum();
        let kind = |category: &String| {
            let task = report.tasks.iter().find(|task| task.task == *category);
            task.map_or_else(Kind::default, |task| task.kind)
        };
        let data = Dataset {
            remarks: Vec::new(),
            name: String::new(),
            kinds: categories.iter().map(kind).collect(),
            descriptions: vec![String::new(); categories.len()],
            models: own.iter().map(|(name, _)| name.clone()).collect(),
            model_ids: (0..own.len()).map(|m| m.to_string().into()).collect(),
            attributes: sizes(&own),
            responses: Responses::from_sorted(all.len(), kept.into_iter()),
            questions: all,
            categories,
        };
        let mut made = Self { data, splits, report };
        made.count();
        made
    }

    /// Computes the counts of the tasks.
    fn count(&mut self) {
        let data = &self.data;
        let mut seen: Vec<Vec<bool>> = vec![vec![false; data.models.len()]; data.categories.len()];
        let mut sums = vec![(0_usize, 0_usize, 0.0_f64, [0_usize; 3]); data.categories.len()];
        for (q, question) in data.questions.iter().enumerate() {
            let category = question.category as usize;
            let sum = &mut sums[category];
            sum.0 += 1;
            for (model, label) in data.responses.of(q) {
                seen[category][model] = true;
                sum.1 += 1;
                sum.2 += f64::from(label);
                sum.3[if label <= 0.0 { 0 } else { 1 + usize::from(label >= 1.0) }] += 1;
            }
        }
        for task in &mut self.report.tasks {
            let Some(at) = data.categories.iter().position(|name| *name == task.task) else {
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
        self.data.models.iter().map(String::as_str)
    }

    /// The number of questions.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.data.questions.len()
    }

    /// The number of answers.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.data.responses.len()
    }

    /// The categories, in order of appearance.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.data.categories
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The first `n` answers, from as many tasks as possible.
    #[must_use]
    pub fn first(&self, n: usize) -> Vec<Row<'_>> {
        let data = &self.data;
        let each = n.div_ceil(data.categories.len().max(1));
        let mut taken = vec![0; data.categories.len()];
        let mut rows = Vec::new();
        for (q, question) in data.questions.iter().enumerate() {
            let category = question.category as usize;
            let left = each - taken[category];
            for (model, label) in data.responses.of(q).take(left.min(n - rows.len())) {
                taken[category] += 1;
                let (task, model) = (&*data.categories[category], &*data.models[model]);
                rows.push(Row { task, model, prompt: &question.prompt, label });
            }
            if rows.len() == n {
                break;
            }
        }
        rows
    }

    /// Writes the tables to `folder`, which must not exist or be empty: all of them or none, and none that
    /// could not be read again. The id of a question depends on its category and text only.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if something exists already; [`crate::Error::Io`] if it cannot be written.
    pub fn write(&self, folder: &Path, form: Form) -> Result<()> {
        self.data.write(folder, form, self.splits)
    }

    /// The same for a temporary folder, which is read at once anyway.
    #[cfg(feature = "sql")]
    pub(crate) fn write_unchecked(&self, folder: &Path, form: Form) -> Result<()> {
        self.data.write_tables(folder, form, self.splits)
    }
}

/// The sizes of the models, if any is known.
fn sizes(models: &[&(String, Option<f64>)]) -> Vec<Attribute> {
    if models.iter().all(|(_, size)| size.is_none()) {
        return Vec::new();
    }
    let rounded = |size: f64| (size * 1000.0).round() / 1000.0;
    let values = Values::Number(models.iter().map(|(_, size)| size.map(rounded)).collect());
    vec![Attribute { name: "params_b".into(), values }]
}
