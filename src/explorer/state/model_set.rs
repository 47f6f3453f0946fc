//! The data of the explorer: everything about the models of an embedder, safe to print.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::analysis::clusters::{Clusters, Known, clusters};
use crate::analysis::neighbors::{Neighbor, nearest};
use crate::analysis::projection::Projection;
use crate::analysis::router::Costs;
use crate::dataset::{Attribute, Dataset, Values};
use crate::embedder::{Benchmark, Coverage, Embedder, SharedCounts};
use crate::error::Result;
use crate::estimate::Estimate;
use crate::logit::Z80;
use crate::metrics::{Bin, Metrics};
use crate::one_line;
use crate::printable::is_one_line;

/// Number of neighbors in the Model pane.
const NEIGHBORS: usize = 8;

/// The explored models and their data.
///
/// Its texts have passed [`one_line`], so that panes need not sanitize them.
#[derive(Clone, Default)]
pub struct ModelSet {
    pub data: String,
    pub simulated: bool,
    pub models: Arc<Vec<String>>,
    /// Short names, if they differ.
    pub short: Arc<Vec<String>>,
    pub attributes: Arc<Vec<Attribute>>,
    pub benchmarks: Vec<Benchmark>,
    pub vectors: Arc<Array2<f32>>,
    /// By model: the standard deviation, in logits, of its uncertainty on the mean training question; empty
    /// before training.
    pub uncertainty: Vec<f32>,
    /// By model: the standard deviation of its ability; empty before training.
    pub ability_deviation: Vec<f32>,
    pub val: BTreeMap<String, f64>,
    pub reliability: Vec<Bin>,
    pub coverage: Vec<Coverage>,
    /// The share of the first two axes of the map that coverage explains, if known.
    pub axes_by_coverage: Option<[f64; 2]>,
    /// The number of questions that each pair of models shares, if known.
    pub shared: Option<SharedCounts>,
    /// Why prompts cannot be encoded, if the encoder is not on this machine.
    pub unread: Option<String>,
    /// The costs of the models, computed on first use, since frames need them often.
    pub costs: OnceLock<Costs>,
    /// The models by their number of answers, sorted on first use.
    pub by_answers: OnceLock<Arc<Vec<usize>>>,
    /// The abilities of at most [`COMPARED`] models, sorted on first use.
    pub sorted_abilities: OnceLock<Vec<f32>>,
}

/// With more models, an evenly spaced sample of so many is what one is stronger than.
const COMPARED: usize = 5_000;
/// The ability of a model is known if its 80% interval covers less than this share of the models.
const KNOWN: f64 = 0.8;

/// The share of the models with lower ability than one, with its 80% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing(pub Estimate);

impl Standing {
    /// False if nearly every ability would fit the model's answers.
    pub fn is_known(&self) -> bool {
        self.0.high - self.0.low < KNOWN
    }

    /// In words, in brief or with the interval.
    pub fn text(&self, with_interval: bool) -> String {
        let Estimate { mean, low, high } = self.0;
        let percent = |share: f64| 100.0 * share;
        match (self.is_known(), with_interval) {
            (false, _) => "overall ability hardly known".into(),
            (true, false) => format!("stronger than {:.0}% of the models", percent(mean)),
            (true, true) => format!(
                "stronger than {:.0}% of the models ({:.0}–{:.0}%)",
                percent(mean),
                percent(low),
                percent(high)
            ),
        }
    }
}

impl ModelSet {
    /// The models of a data set before training; for [`crate::explorer::run_live`].
    #[must_use]
    pub fn untrained(data: &Dataset) -> Self {
        let models = printable_names(&Arc::new(data.models.clone()));
        Self {
            data: one_line(&data.name),
            simulated: data.simulated(),
            short: short_names(&models),
            models,
            attributes: printable_attributes(&Arc::new(data.attributes.clone())),
            vectors: Arc::new(Array2::zeros((data.models.len(), 0))),
            ..Self::default()
        }
    }

    /// Models with vectors only, such as those of the paper.
    #[must_use]
    pub fn of_vectors(title: &str, models: &[String], vectors: ArrayView2<'_, f32>) -> Self {
        let models = printable_names(&Arc::new(models.to_vec()));
        // The ability is unknown: it is the same for all.
        let mut own = Array2::zeros((vectors.nrows(), vectors.ncols() + 1));
        own.slice_mut(s![.., 1..]).assign(&vectors);
        Self {
            data: one_line(title),
            short: short_names(&models),
            models,
            vectors: Arc::new(own),
            ..Self::default()
        }
    }

    /// The profiles of the models: the vectors without the ability.
    pub fn profiles(&self) -> ArrayView2<'_, f32> {
        self.vectors.slice(s![.., self.vectors.ncols().min(1)..])
    }

    /// The ability of each model; the same for all if it is unknown.
    pub fn abilities(&self) -> ArrayView1<'_, f32> {
        self.vectors.column(0)
    }

    /// The map of some vectors of the models: their first principal components, which rise with ability.
    ///
    /// # Errors
    /// As [`Projection::pca`].
    pub fn map(&self, vectors: ArrayView2<'_, f32>, components: usize) -> Result<Projection> {
        Ok(Projection::pca(vectors, components)?.rising_with(self.abilities()))
    }

    /// How many questions two models share, if known.
    pub fn shared(&self, a: usize, b: usize) -> Option<u32> {
        self.shared.as_ref()?.get(a, b)
    }

    /// The models most similar to one.
    pub fn neighbors(&self, model: usize) -> Vec<Neighbor> {
        let vectors = self.profiles();
        if model >= vectors.nrows() || vectors.ncols() == 0 {
            return Vec::new();
        }
        nearest(vectors, model, NEIGHBORS, |other| self.shared(model, other))
    }

    /// The data for describing groups.
    pub fn known(&self) -> Known<'_> {
        Known {
            models: &self.models,
            vectors: self.profiles(),
            attributes: &self.attributes,
            benchmarks: &self.benchmarks,
            axes_by_coverage: self.axes_by_coverage,
        }
    }

    /// A clustering of the models.
    ///
    /// # Errors
    /// As [`clusters`].
    pub fn clusters(&self, seed: u64, cancel: &AtomicBool) -> Result<Clusters> {
        clusters(&self.known(), seed, cancel)
    }

    /// How a model compares in ability; `None` before training.
    pub fn standing(&self, model: usize) -> Option<Standing> {
        let mean = f64::from(*self.vectors.get((model, 0))?);
        let reach = Z80 * f64::from(*self.ability_deviation.get(model)?);
        let sorted = self.sorted_abilities.get_or_init(|| {
            let step = self.vectors.nrows().div_ceil(COMPARED).max(1);
            let mut sorted = self.abilities().slice(s![..;step]).to_vec();
            sorted.sort_unstable_by(f32::total_cmp);
            sorted
        });
        let below = |x: f64| {
            sorted.partition_point(|ability| f64::from(*ability) < x) as f64 / sorted.len() as f64
        };
        let (low, high) = (below(mean - reach), below(mean + reach));
        Some(Standing(Estimate { mean: below(mean), low, high }))
    }

    /// The costs of the models.
    pub fn costs(&self) -> &Costs {
        self.costs.get_or_init(|| Costs::of(self.models.len(), &self.attributes))
    }

    /// The [answers](Self::answers) of all models.
    pub fn all_answers(&self) -> Vec<u32> {
        (0..self.models.len()).into_par_iter().map(|m| self.answers(m)).collect()
    }

    /// The models with the most answers first (ties: lowest model id).
    pub fn by_answers(&self) -> &[usize] {
        self.by_answers.get_or_init(|| {
            // As one integer, which is the fastest to sort.
            let key = |(model, answers): (usize, u32)| u64::from(!answers) << 32 | model as u64;
            let mut keys: Vec<u64> =
                self.all_answers().into_par_iter().enumerate().map(key).collect();
            keys.par_sort_unstable();
            Arc::new(keys.into_par_iter().map(|key| key as u32 as usize).collect())
        })
    }

    /// The number of answers of a model over all benchmarks.
    pub fn answers(&self, model: usize) -> u32 {
        self.benchmarks.iter().filter_map(|b| b.scores.get(model)).map(|s| s.responses).sum()
    }
}

impl From<&Embedder> for ModelSet {
    fn from(embedder: &Embedder) -> Self {
        let benchmark = |b: &Benchmark| Benchmark {
            name: one_line(&b.name),
            description: one_line(&b.description),
            ..b.clone()
        };
        let values = embedder.provenance().val.values();
        let figures = Metrics::NAMES.into_iter().zip(values);
        let models = printable_names(&embedder.shared_models());
        Self {
            data: one_line(&embedder.provenance().data),
            simulated: embedder.provenance().simulated,
            short: short_names(&models),
            models,
            attributes: printable_attributes(&embedder.shared_attributes()),
            benchmarks: embedder.benchmarks().iter().map(benchmark).collect(),
            vectors: embedder.shared_vectors(),
            uncertainty: embedder
                .deviations()
                .axis_iter(Axis(0))
                .into_par_iter()
                .map(|d| d.dot(&d).sqrt())
                .collect(),
            ability_deviation: embedder.deviations().column(0).to_vec(),
            val: figures.map(|(name, figure)| (name.to_owned(), figure)).collect(),
            reliability: embedder.provenance().reliability.clone(),
            coverage: embedder.provenance().coverage.clone(),
            axes_by_coverage: Some(embedder.provenance().axes_by_coverage),
            shared: embedder.shared_counts().cloned(),
            unread: embedder.encoder().available().err().map(|e| one_line(&e.to_string())),
            costs: OnceLock::new(),
            by_answers: OnceLock::new(),
            sorted_abilities: OnceLock::new(),
        }
    }
}

/// The printable names: the same list if nothing changes.
fn printable_names(names: &Arc<Vec<String>>) -> Arc<Vec<String>> {
    if names.par_iter().all(|name| is_one_line(name)) {
        return Arc::clone(names);
    }
    Arc::new(names.iter().map(|name| one_line(name)).collect())
}

/// The short names: the same list if none can be shortened.
fn short_names(names: &Arc<Vec<String>>) -> Arc<Vec<String>> {
    if crate::names::any_longer(names) {
        return Arc::new(crate::short_names(names));
    }
    Arc::clone(names)
}

/// The printable attributes: the same list if nothing changes.
fn printable_attributes(attributes: &Arc<Vec<Attribute>>) -> Arc<Vec<Attribute>> {
    let plain = |attribute: &Attribute| {
        let values = match &attribute.values {
            Values::Class(values) => values.par_iter().flatten_iter().all(|v| is_one_line(v)),
            Values::Flag(_) | Values::Number(_) => true,
        };
        values && is_one_line(&attribute.name)
    };
    if attributes.iter().all(plain) {
        return Arc::clone(attributes);
    }
    Arc::new(attributes.iter().map(printable).collect())
}

fn printable(attribute: &Attribute) -> Attribute {
    let values = match &attribute.values {
        Values::Class(values) => {
            Values::Class(values.iter().map(|v| v.as_deref().map(one_line)).collect())
        }
        other => other.clone(),
    };
    Attribute { name: one_line(&attribute.name), values }
}
