//! A new model next to an embedder, with all results about it.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use ndarray::{Array1, Array2, s};

use super::ask::{Asked, Target, ask};
use super::catalogue::Catalogue;
use super::posterior::Posterior;
use super::prior::Prior;
use super::questions::Questions;
use crate::analysis::neighbors::{Neighbor, nearest_to};
use crate::dataset::Answer;
use crate::embedder::{Addition, Embedder, Ground, Placement, Score, Seen};
use crate::error::{Error, Result};
use crate::estimate::Estimate;

/// A new model.
pub struct NewModel<'a> {
    embedder: &'a Embedder,
    catalogue: Option<&'a Catalogue<'a>>,
    answers: &'a [Answer],
    posterior: Posterior,
    placement: Placement,
}

/// Places new models next to an embedder: what they need of the other models is computed once.
pub struct Placer<'a> {
    embedder: &'a Embedder,
    catalogue: Option<&'a Catalogue<'a>>,
    prior: Prior,
    ground: Ground,
    /// By question of the catalogue, its difficulty from the answers of the embedder's models, computed on
    /// demand.
    seen: Vec<OnceLock<Seen>>,
}

impl<'a> Placer<'a> {
    /// For new models of `embedder`. With the catalogue of the data of their answers, the answers of the
    /// embedder's models to the same questions are taken into account.
    #[must_use]
    pub fn new(embedder: &'a Embedder, catalogue: Option<&'a Catalogue<'a>>) -> Self {
        let questions = catalogue.map_or(0, |catalogue| catalogue.questions.len());
        Self {
            embedder,
            catalogue,
            prior: Prior::fit(embedder),
            ground: embedder.ground(),
            seen: (0..questions).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Places a model by its answers; those without a label are ignored.
    ///
    /// # Errors
    /// If the encoder is not on this machine, or the posterior does not exist.
    pub fn place(&self, answers: &'a [Answer]) -> Result<NewModel<'a>> {
        let (posterior, placement) = self.placed(answers)?;
        let (embedder, catalogue) = (self.embedder, self.catalogue);
        Ok(NewModel { embedder, catalogue, answers, posterior, placement })
    }

    /// Places a model of this name by its answers, for adding it to the embedder.
    ///
    /// # Errors
    /// As [`Placer::place`].
    pub fn add(&self, name: &str, answers: &[Answer]) -> Result<Addition> {
        let (_, placement) = self.placed(answers)?;
        let scores = scores(self.embedder, self.catalogue, answers);
        Ok(Addition::new(self.embedder, name, &placement, &scores))
    }

    fn placed(&self, answers: &[Answer]) -> Result<(Posterior, Placement)> {
        let given: Vec<&Answer> = answers.iter().filter(|answer| answer.label.is_some()).collect();
        let labels: Vec<f32> = given.iter().filter_map(|answer| answer.label).collect();
        let posterior = if given.is_empty() {
            Posterior::prior_only(&self.prior)
        } else {
            Posterior::fold_in(&self.prior, &self.questions(&given)?, &labels)?
        };
        let shared: Vec<(f32, &Seen)> = given
            .iter()
            .filter_map(|answer| Some((answer.label?, self.seen(answer.question?)?)))
            .collect();
        let posterior_of = (&posterior.mean, &posterior.covariance);
        let placement = self.embedder.place(&self.ground, posterior_of, &shared);
        Ok((posterior, placement))
    }

    /// The questions that were asked: from the catalogue, or by their texts.
    fn questions(&self, given: &[&Answer]) -> Result<Questions> {
        let known = |answer: &Answer| Some((self.catalogue?, answer.question?));
        let new: Vec<usize> = (0..given.len()).filter(|i| known(given[*i]).is_none()).collect();
        let texts: Vec<&str> = new.iter().map(|i| &*given[*i].prompt).collect();
        let by_text = Questions::new(self.embedder, &self.embedder.encode(&texts)?);
        let mut asked = Questions::empty(given.len(), self.prior.mean.len());
        for (from, row) in new.into_iter().enumerate() {
            asked.copy(row, &by_text, from);
        }
        for (row, answer) in given.iter().enumerate() {
            if let Some((catalogue, question)) = known(answer) {
                asked.copy(row, &catalogue.questions, question);
            }
        }
        Ok(asked)
    }

    fn seen(&self, question: usize) -> Option<&Seen> {
        let catalogue = self.catalogue?;
        let answers = || catalogue.answers(self.embedder, question);
        let seen = self.seen.get(question)?;
        Some(seen.get_or_init(|| self.embedder.seen(&self.ground, &answers())))
    }
}

/// The scores of a model on the benchmarks of the embedder, from the answers to questions of the data.
fn scores(
    embedder: &Embedder,
    catalogue: Option<&Catalogue<'_>>,
    answers: &[Answer],
) -> Vec<Option<Score>> {
    let Some(Catalogue { data, .. }) = catalogue else { return Vec::new() };
    let mut sums: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
    for answer in answers {
        if let (Some(question), Some(label)) = (answer.question, answer.label) {
            let category = data.questions[question].category as usize;
            let sum = sums.entry(&data.categories[category]).or_default();
            *sum = (sum.0 + f64::from(label), sum.1 + 1);
        }
    }
    let score = |name: &str| {
        let (right, responses) = *sums.get(name)?;
        Some(Score { accuracy: right / f64::from(responses), responses })
    };
    embedder.benchmarks().iter().map(|benchmark| score(&benchmark.name)).collect()
}

impl<'a> NewModel<'a> {
    /// Places one model; for several, [`Placer`] is faster.
    ///
    /// # Errors
    /// As [`Placer::place`].
    pub fn place(
        embedder: &'a Embedder,
        catalogue: Option<&'a Catalogue<'a>>,
        answers: &'a [Answer],
    ) -> Result<Self> {
        Placer::new(embedder, catalogue).place(answers)
    }

    /// Its placement.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Its most probable vector; the first number is the ability.
    #[must_use]
    pub fn vector(&self) -> Array1<f32> {
        self.placement.vector.clone()
    }

    /// The standard deviation of each dimension of its vector.
    #[must_use]
    pub fn deviations(&self) -> Array1<f32> {
        self.placement.deviations()
    }

    /// The covariance of its vector.
    #[must_use]
    pub fn covariance(&self) -> &Array2<f64> {
        &self.placement.covariance
    }

    /// The share of the embedder's models with lower ability, with its 80% interval.
    #[must_use]
    pub fn ability(&self) -> Estimate {
        let mean = f64::from(self.placement.vector[0]);
        let deviation = f64::from(self.deviations()[0]);
        let below = |x: f64| {
            let abilities = self.embedder.vectors().column(0);
            let n = abilities.iter().filter(|ability| f64::from(**ability) < x).count();
            n as f64 / abilities.len().max(1) as f64
        };
        let reach = crate::logit::Z80 * deviation;
        Estimate { mean: below(mean), low: below(mean - reach), high: below(mean + reach) }
    }

    /// The `k` models with the most similar vectors.
    #[must_use]
    pub fn neighbors(&self, k: usize) -> Vec<Neighbor> {
        let shared = |m: usize| Some(self.placement.shared_with(m));
        nearest_to(self.embedder.profiles(), self.placement.vector.slice(s![1..]), k, shared)
    }

    /// Its scores on the benchmarks of the embedder, from the answers to questions of the data.
    #[must_use]
    pub fn scores(&self) -> Vec<Option<Score>> {
        scores(self.embedder, self.catalogue, self.answers)
    }

    /// Its predicted accuracy on each category of the data: (name, answers so far, prediction).
    #[must_use]
    pub fn benchmarks(&self) -> Vec<(String, usize, Estimate)> {
        let Some(catalogue) = self.catalogue else { return Vec::new() };
        let Catalogue { data, questions, .. } = catalogue;
        let known: HashSet<usize> = self
            .answers
            .iter()
            .filter(|answer| answer.label.is_some())
            .filter_map(|answer| answer.question)
            .collect();
        catalogue
            .groups()
            .into_iter()
            .map(|(category, group)| {
                let answers = group.iter().filter(|q| known.contains(q)).count();
                let estimate = self.posterior.accuracy(&questions.select(&group));
                (data.categories[category].clone(), answers, estimate)
            })
            .collect()
    }

    /// The next `n` questions of the data to ask, best first, to estimate the accuracies on the categories
    /// `benchmarks` (all if empty); the index of a question is that in the data. Also returns the current
    /// deviation of those accuracies. `seed` seeds the random candidates, and only questions for which
    /// `among` is true are asked.
    ///
    /// # Errors
    /// [`Error::Usage`] if a category is unknown or there is no data.
    pub fn ask(
        &self,
        benchmarks: &[String],
        n: usize,
        seed: u64,
        among: impl Fn(usize) -> bool,
    ) -> Result<(f64, Vec<Asked>)> {
        let Some(catalogue) = self.catalogue else {
            return Err(Error::Usage("asking needs a data set with questions".into()));
        };
        let Catalogue { data, questions, .. } = catalogue;
        let wanted: HashSet<usize> = benchmarks
            .iter()
            .map(|name| crate::names::resolve("benchmark", name, &data.categories))
            .collect::<Result<_>>()?;
        let groups = catalogue.groups().into_iter();
        let groups = groups.filter(|(category, _)| wanted.is_empty() || wanted.contains(category));
        let groups: Vec<Questions> = groups.map(|(_, group)| questions.select(&group)).collect();
        let target = Target::new(&self.posterior, &groups);
        let known: HashSet<usize> =
            self.answers.iter().filter_map(|answer| answer.question).collect();
        let mut texts = HashSet::new();
        let open: Vec<usize> = (0..questions.len())
            .filter(|q| {
                among(*q) && !known.contains(q) && texts.insert(&*data.questions[*q].prompt)
            })
            .collect();
        let asked = ask(&self.posterior, &target, questions, &open, n, seed);
        Ok((target.deviation(&self.posterior), asked))
    }
}
