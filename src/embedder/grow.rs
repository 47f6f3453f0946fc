//! A model more, placed without training.

use ndarray::{Array1, Axis, concatenate};

use super::network::Network;
use super::{Embedder, Score};
use crate::error::{Error, Result};

impl Embedder {
    /// The same embedder with a model more: its name, its vector (ability first) with the
    /// deviation of each number, and how it did on the benchmarks it was run on, one entry a benchmark. No other model moves.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is taken or empty; [`Error::Failed`] if the vector does not fit.
    pub fn with_model(
        mut self,
        name: &str,
        vector: &Array1<f32>,
        deviations: &Array1<f32>,
        scores: &[Option<Score>],
    ) -> Result<Self> {
        if name.trim().is_empty() || self.models.iter().any(|model| model == name) {
            return Err(Error::Usage(format!(
                "`{name}` cannot be the name of a new model: it is empty or taken"
            )));
        }
        let fits = [vector, deviations]
            .into_iter()
            .all(|row| row.len() == self.vectors.ncols() && row.iter().all(|x| x.is_finite()));
        if !fits || vector.is_empty() {
            return Err(Error::Failed("the vector of the new model does not fit".into()));
        }
        let (ability, special) = (vector[0], vector.slice(ndarray::s![1..]));
        self.models.push(name.into());
        self.attributes.iter_mut().for_each(|attribute| attribute.values.push_unknown());
        for (b, benchmark) in self.benchmarks.iter_mut().enumerate() {
            benchmark.scores.push(scores.get(b).copied().flatten());
        }
        let failed = |e: ndarray::ShapeError| Error::Failed(e.to_string());
        for (all, row) in [(&mut self.vectors, vector), (&mut self.deviations, deviations)] {
            let row = row.view().insert_axis(Axis(0));
            *all = concatenate(Axis(0), &[all.view(), row]).map_err(failed)?;
        }
        let weights = &mut self.weights;
        let special = special.insert_axis(Axis(0));
        weights.vectors =
            concatenate(Axis(0), &[weights.vectors.view(), special]).map_err(failed)?;
        for terms in [&mut weights.ability, &mut weights.fallback] {
            let all = terms.iter().copied().chain([ability]);
            *terms = all.collect();
        }
        self.network = Network::from_weights(weights, &self.device);
        Ok(self)
    }
}
