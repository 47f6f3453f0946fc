//! The questions of a data set: answers, predictions and surprise.

mod twins;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ndarray::Array2;

use super::job::{Job, Phase};
use crate::dataset::{Dataset, Split};
use crate::explorer::fuzzy;
use crate::metrics::log_loss;
use crate::one_line;

pub use twins::twins;

/// A question with its answers, by the indices of the explorer.
pub struct Question {
    pub prompt: String,
    pub category: usize,
    pub split: &'static str,
    /// (model, label), by ascending model.
    pub answers: Vec<(usize, f32)>,
}

/// A data set with its models matched by name.
pub struct Answering<'a> {
    data: &'a Dataset,
    of: Vec<Option<usize>>,
}

impl<'a> Answering<'a> {
    pub fn new(data: &'a Dataset, models: &[String]) -> Self {
        let places: HashMap<&str, usize> =
            models.iter().enumerate().map(|(m, name)| (name.as_str(), m)).collect();
        let of = data.models.iter().map(|name| places.get(&*one_line(name)).copied()).collect();
        Self { data, of }
    }

    /// The answers to a question of the data set: (model, label), by ascending model.
    pub fn answers(&self, question: usize) -> Vec<(usize, f32)> {
        let answers = self.data.responses.of(question);
        let mut answers: Vec<(usize, f32)> =
            answers.filter_map(|(m, label)| Some((self.of[m]?, label))).collect();
        answers.sort_by_key(|(model, _)| *model);
        answers
    }
}

/// The questions that the embedder was not trained on, safe to print.
pub struct QuestionSet {
    pub categories: Vec<String>,
    pub questions: Vec<Question>,
    /// The raw prompts, for predictions.
    pub prompts: Vec<String>,
    /// The index of each question in the data set.
    pub of: Vec<usize>,
    /// For each question its first near-duplicate, or itself.
    pub twins: Vec<usize>,
}

impl QuestionSet {
    /// The questions of `data`, whose models are matched by name to `models`. If the embedder was trained on
    /// this data (`learned`), its training questions are left out.
    pub fn new(data: &Dataset, models: &[String], learned: bool) -> Self {
        let answering = Answering::new(data, models);
        let kept = (0..data.questions.len())
            .filter(|q| !learned || data.questions[*q].split != Split::Train);
        let (mut questions, mut prompts, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for q in kept {
            let question = &data.questions[q];
            questions.push(Question {
                prompt: one_line(&question.prompt),
                category: question.category as usize,
                split: question.split.name(),
                answers: answering.answers(q),
            });
            prompts.push(question.prompt.to_string());
            places.push(q);
        }
        let categories = data.categories.iter().map(|c| one_line(c)).collect();
        let twins = twins(questions.iter().map(|q| (q.category, q.prompt.as_str())));
        Self { categories, questions, prompts, of: places, twins }
    }
}

/// The difference between the answers to a question and their predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    /// Mean log loss of the predictions, in nats.
    pub loss: f64,
    /// The share of correct answers, and the predicted share.
    pub right: f64,
    pub expected: f64,
}

#[derive(Default)]
pub struct QuestionsState {
    /// Reading them.
    pub question_set: Job<Arc<QuestionSet>>,
    /// Predicting them, once they are read.
    pub forecasting: Job<()>,
    /// Questions × models, as far as computed.
    pub forecasts: Vec<Vec<f32>>,
    pub surprises: Vec<Surprise>,
    pub filter: String,
    /// Only this category.
    pub category: Option<usize>,
    /// The listed questions, most surprising first: of near-duplicates only the first, unless they are
    /// unfolded.
    pub rows: Vec<usize>,
    pub at: usize,
    /// All questions that pass the filter, in the same order.
    all: Vec<usize>,
    /// The number of further near-duplicates, by the first one (see [`QuestionSet::twins`]).
    folded: BTreeMap<usize, usize>,
    /// The question whose near-duplicates are listed.
    unfolded: Option<usize>,
}

impl QuestionsState {
    /// The status of reading and predicting together.
    pub fn phase(&self) -> Phase {
        if self.question_set.done().is_some() {
            self.forecasting.phase()
        } else {
            self.question_set.phase()
        }
    }

    pub fn cancel(&mut self) {
        self.question_set.cancel();
        self.forecasting.cancel();
    }

    /// Stores an error; true if it is about the predictions, so that the questions are still available.
    pub fn fail(&mut self, problem: &str) -> bool {
        self.question_set.fail(problem);
        self.forecasting.fail(problem)
    }

    /// Stores the questions; their predictions follow.
    pub fn read(&mut self, question_set: Arc<QuestionSet>) {
        let empty = question_set.questions.is_empty();
        if self.question_set.finish(question_set) {
            self.forecasting = if empty { Job::Done(()) } else { Job::Running };
            self.arrange();
        }
    }

    /// Clears the questions, to read them again.
    pub fn restart(&mut self) {
        let (filter, category) = (std::mem::take(&mut self.filter), self.category);
        *self = Self { filter, category, ..Self::default() };
    }

    pub fn take(&mut self, first: usize, forecasts: Vec<Vec<f32>>) {
        let Some(question_set) = self.question_set.done() else { return };
        if first != self.forecasts.len() || !self.forecasting.is_running() {
            return;
        }
        for row in forecasts {
            let Some(question) = question_set.questions.get(self.forecasts.len()) else { break };
            self.surprises.push(surprise(&question.answers, &row));
            self.forecasts.push(row);
        }
        if self.forecasts.len() == question_set.questions.len() {
            self.forecasting = Job::Done(());
        }
        self.arrange();
    }

    /// Filters by text and category; sorts by surprise, with those without predictions last.
    pub fn arrange(&mut self) {
        let Some(question_set) = self.question_set.done() else { return };
        let kept = self.rows.get(self.at).copied();
        let mut rows: Vec<usize> = if self.filter.trim().is_empty() {
            (0..question_set.questions.len()).collect()
        } else {
            // Long texts contain any short word as scattered letters: words must match as a whole.
            let words: Vec<String> =
                self.filter.split_whitespace().map(|word| format!("'{word}")).collect();
            let texts = question_set.questions.iter().map(|q| q.prompt.as_str());
            fuzzy::matching(&words.join(" "), texts)
        };
        rows.retain(|q| self.category.is_none_or(|c| question_set.questions[*q].category == c));
        let loss = |q: usize| self.surprises.get(q).map_or(-1.0, |s| s.loss);
        rows.sort_by(|a, b| loss(*b).total_cmp(&loss(*a)).then(a.cmp(b)));
        self.all = rows;
        let question_set = Arc::clone(question_set);
        self.fold(&question_set);
        let alike =
            |q: &usize| kept.is_some_and(|kept| question_set.twins[*q] == question_set.twins[kept]);
        let same = self.rows.iter().position(|q| Some(*q) == kept);
        let place = same.or_else(|| self.rows.iter().position(alike));
        self.at = place.filter(|_| self.at > 0).unwrap_or_default();
    }

    /// Lists the most surprising of near-duplicates, or all of them below it.
    fn fold(&mut self, question_set: &QuestionSet) {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &q in &self.all {
            groups.entry(question_set.twins[q]).or_default().push(q);
        }
        self.rows.clear();
        for &q in &self.all {
            let group = &groups[&question_set.twins[q]];
            if group[0] == q {
                let unfolded = self.unfolded == Some(question_set.twins[q]);
                self.rows.extend(&group[..if unfolded { group.len() } else { 1 }]);
            }
        }
        self.folded = groups.into_iter().map(|(first, group)| (first, group.len() - 1)).collect();
    }

    /// All questions that pass the filter, including folded ones.
    pub fn found(&self) -> &[usize] {
        &self.all
    }

    /// The number of further near-duplicates of a row's question, if it is the first one, and whether they are
    /// folded.
    pub fn alike(&self, row: usize) -> Option<(usize, bool)> {
        let (question_set, q) = (self.question_set.done()?, *self.rows.get(row)?);
        let group = question_set.twins[q];
        let before = row.checked_sub(1).map(|row| question_set.twins[self.rows[row]]);
        let more = self.folded.get(&group).copied().filter(|more| *more > 0)?;
        (before != Some(group)).then_some((more, self.unfolded != Some(group)))
    }

    /// True for a row below one of its near-duplicates.
    pub fn is_below_its_like(&self, row: usize) -> bool {
        let group = |row: usize| self.question_set.done().map(|set| set.twins[self.rows[row]]);
        row > 0 && group(row) == group(row - 1)
    }

    /// Unfolds or folds the near-duplicates of the question under the cursor.
    pub fn unfold(&mut self, unfold: bool) {
        let Some(question_set) = self.question_set.done().cloned() else { return };
        let Some(&q) = self.rows.get(self.at) else { return };
        let group = question_set.twins[q];
        if unfold {
            self.unfolded = Some(group);
        } else if self.unfolded == Some(group) {
            self.unfolded = None;
        }
        self.fold(&question_set);
        let first = self.rows.iter().position(|other| question_set.twins[*other] == group);
        self.at = first.unwrap_or_default();
    }

    /// Switches to the next category, and after the last one to all.
    pub fn next_category(&mut self) {
        let n = self.question_set.done().map_or(0, |question_set| question_set.categories.len());
        let next = self.category.map_or(0, |c| c + 1);
        self.category = (next < n).then_some(next);
        self.at = 0;
        self.arrange();
    }

    /// The row of a question of the data set; unfolds its near-duplicates if needed.
    pub fn reveal(&mut self, question: usize) -> Option<usize> {
        let question_set = self.question_set.done().cloned()?;
        let q = question_set.of.iter().position(|of| *of == question)?;
        if !self.rows.contains(&q) && self.all.contains(&q) {
            self.unfolded = Some(question_set.twins[q]);
            self.fold(&question_set);
        }
        self.rows.iter().position(|row| *row == q)
    }

    pub fn under_cursor(&self) -> Option<(usize, &Question)> {
        let q = *self.rows.get(self.at)?;
        Some((q, self.question_set.done()?.questions.get(q)?))
    }
}

/// Compares answers with the predictions for all models.
pub fn surprise(answers: &[(usize, f32)], forecasts: &[f32]) -> Surprise {
    let known =
        answers.iter().filter_map(|(m, y)| Some((f64::from(*forecasts.get(*m)?), f64::from(*y))));
    let (mut loss, mut right, mut expected, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (p, y) in known {
        loss += log_loss(p, y);
        right += y;
        expected += p;
        n += 1.0;
    }
    let n: f64 = f64::max(n, 1.0);
    Surprise { loss: loss / n, right: right / n, expected: expected / n }
}

/// Rows of a matrix of probabilities.
pub fn rows(matrix: &Array2<f32>) -> Vec<Vec<f32>> {
    matrix.rows().into_iter().map(|row| row.to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_is_the_log_loss_of_what_was_forecast() {
        let s = surprise(&[(0, 1.0), (2, 0.0)], &[0.5, 0.9, 0.5]);
        assert!((s.loss - 2.0_f64.ln()).abs() < 1e-6);
        assert!((s.right - 0.5).abs() < 1e-9 && (s.expected - 0.5).abs() < 1e-6);
        assert_eq!(surprise(&[], &[0.5]), Surprise::default());
        assert_eq!(surprise(&[(9, 1.0)], &[0.5]), Surprise::default(), "it is not known");
    }
}
