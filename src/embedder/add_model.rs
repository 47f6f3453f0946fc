//! A model more, placed without training.

use ndarray::Axis;

use super::knowledge::Placement;
use super::{Embedder, Score};
use crate::error::{Error, Result};
use crate::quantized::halved;

impl Embedder {
    /// Whether a new model can be called `name`.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is empty or taken.
    pub fn check_name(&self, name: &str) -> Result<()> {
        if name.trim().is_empty() {
            return Err(Error::Usage("the name of the new model is empty".into()));
        }
        if self.models.iter().any(|model| model == name) {
            return Err(Error::Usage(format!(
                "`{name}` cannot be the name of a new model: a model of the embedder has it"
            )));
        }
        Ok(())
    }

    /// The same embedder with a model more: its name, where it is placed, and how it did on the
    /// benchmarks it was run on, one entry a benchmark. No other model moves.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is taken or empty; [`Error::Failed`] if the placement is not of
    /// this embedder.
    pub fn with_model(
        mut self,
        name: &str,
        placement: &Placement,
        scores: &[Option<Score>],
    ) -> Result<Self> {
        self.check_name(name)?;
        let vector = &placement.vector;
        let deviations = placement.deviations();
        let fits = vector.len() == self.vectors.ncols()
            && vector.iter().chain(&deviations).all(|x| x.is_finite());
        if !fits || vector.is_empty() {
            return Err(Error::Failed("the vector of the new model does not fit".into()));
        }
        self.models.push(name.into());
        self.attributes.iter_mut().for_each(|attribute| attribute.values.push_unknown());
        let mut answers = Vec::new();
        for (b, benchmark) in self.benchmarks.iter_mut().enumerate() {
            let score = scores.get(b).copied().flatten();
            answers.push(score.map_or(0, |score| score.responses));
            benchmark.scores.push(score);
        }
        let failed = |e: ndarray::ShapeError| Error::Failed(e.to_string());
        self.vectors.append(Axis(0), vector.view().insert_axis(Axis(0))).map_err(failed)?;
        let deviations = halved(&deviations.insert_axis(Axis(0)));
        self.deviations.append(Axis(0), deviations.view()).map_err(failed)?;
        self.knowledge.push(placement, &answers)?;
        Ok(self)
    }
}
