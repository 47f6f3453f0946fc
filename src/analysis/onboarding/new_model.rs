//! A new model beside an embedder, with everything that can be said of it.

use std::collections::{BTreeMap, HashSet};

use ndarray::{Array1, Array2, Axis, concatenate, s};

use super::ask::{Asked, Target, ask};
use super::catalogue::Catalogue;
use super::posterior::Posterior;
use super::prior::Prior;
use super::questions::Questions;
use crate::analysis::neighbors::{Neighbor, nearest};
use crate::dataset::Answer;
use crate::embedder::{Embedder, Placement, Score};
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

impl<'a> NewModel<'a> {
    /// Places a model by its answers; those without a label are left out. With the catalogue of the
    /// data that they are of, the answers of the embedder's models to the same questions are taken
    /// into account.
    ///
    /// # Errors
    /// If the encoder is not on this machine, or the posterior does not exist.
    pub fn place(
        embedder: &'a Embedder,
        catalogue: Option<&'a Catalogue<'a>>,
        answers: &'a [Answer],
    ) -> Result<Self> {
        let prior = Prior::fit(embedder);
        let given: Vec<&Answer> = answers.iter().filter(|answer| answer.label.is_some()).collect();
        let labels: Vec<f32> = given.iter().filter_map(|answer| answer.label).collect();
        let posterior = if given.is_empty() {
            Posterior::prior_only(&prior)
        } else {
            let texts: Vec<&str> = given.iter().map(|answer| &*answer.prompt).collect();
            let mut asked = Questions::new(embedder, &embedder.encode(&texts)?);
            if let Some(Catalogue { questions, .. }) = catalogue {
                for (i, answer) in given.iter().enumerate() {
                    if let Some(question) = answer.question {
                        asked.copy(i, questions, question);
                    }
                }
            }
            Posterior::fold_in(&prior, &asked, &labels)?
        };
        let shared: Vec<(f32, Vec<(usize, f32)>)> = catalogue
            .map(|catalogue| {
                let others = |answer: &&Answer| {
                    let others = catalogue.answers(embedder, answer.question?);
                    Some((answer.label?, others))
                };
                given.iter().filter_map(others).collect()
            })
            .unwrap_or_default();
        let placement = embedder.place((&posterior.mean, &posterior.covariance), &shared);
        Ok(Self { embedder, catalogue, answers, posterior, placement })
    }

    /// Where it is placed.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Its most probable vector, ability first.
    #[must_use]
    pub fn vector(&self) -> Array1<f32> {
        self.placement.vector.clone()
    }

    /// The standard deviation of each number of its vector.
    #[must_use]
    pub fn deviations(&self) -> Array1<f32> {
        self.placement.deviations()
    }

    /// The covariance of the numbers of its vector.
    #[must_use]
    pub fn covariance(&self) -> &Array2<f64> {
        &self.placement.covariance
    }

    /// The share of the embedder's models that are less able, with its 80% interval.
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

    /// The `k` models whose vectors are most like its own.
    #[must_use]
    pub fn neighbors(&self, k: usize) -> Vec<Neighbor> {
        let own = self.vector();
        let own = own.slice(s![1..]).insert_axis(Axis(0));
        concatenate(Axis(0), &[self.embedder.profiles(), own])
            .map(|all| {
                let shared = |m: usize| self.placement.shared.get(m).copied();
                nearest(all.view(), all.nrows() - 1, k, shared)
            })
            .unwrap_or_default()
    }

    /// How it did on each benchmark of the embedder, by the answers whose question is in the data.
    #[must_use]
    pub fn scores(&self) -> Vec<Option<Score>> {
        let Some(Catalogue { data, .. }) = self.catalogue else { return Vec::new() };
        let mut sums: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
        for answer in self.answers {
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
        self.embedder.benchmarks().iter().map(|benchmark| score(&benchmark.name)).collect()
    }

    /// Its forecast accuracy on each category of the data: (name, answers so far, forecast).
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

    /// The next `n` questions of the data to ask, best first, so that the accuracies on the
    /// categories `benchmarks` (all if there are none) become known; each question's index is that
    /// in the data. Also the deviation of those accuracies now. `seed` decides the dice,
    /// and only the questions are asked that `among` wants.
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
