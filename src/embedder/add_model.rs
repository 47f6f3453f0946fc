//! More models, placed without training.

use std::collections::HashSet;
use std::sync::Arc;

use ndarray::Axis;

use super::addition::{Addition, rows};
use super::knowledge::Placement;
use super::{Embedder, Score};
use crate::error::{Error, Result};
use crate::quantized::halved;

impl Addition {
    /// A model of this name that was placed so, with how it did on the benchmarks it was run on, one entry a
    /// benchmark; of `embedder`.
    #[must_use]
    pub fn new(
        embedder: &Embedder,
        name: &str,
        placement: &Placement,
        scores: &[Option<Score>],
    ) -> Self {
        // Counts are kept of few models alone.
        let counted = embedder.shared_counts().map_or(0, |_| embedder.models.len());
        Self {
            name: name.into(),
            vector: placement.vector.clone(),
            deviations: placement.deviations(),
            levels: placement.levels.clone(),
            level_deviations: placement.level_deviations.clone(),
            specialities: placement.specialities.clone(),
            rasch: placement.rasch,
            shared: (0..counted).map(|m| placement.shared_with(m)).collect(),
            scores: scores.to_vec(),
        }
    }
}

impl Embedder {
    /// Whether a new model can be called `name`.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is empty or taken.
    pub fn check_name(&self, name: &str) -> Result<()> {
        self.check_names([name])
    }

    /// Whether new models can be called so.
    ///
    /// # Errors
    /// [`Error::Usage`] if a name is empty, taken, or there twice.
    pub fn check_names<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut taken: HashSet<&str> = self.models.iter().map(String::as_str).collect();
        for name in names {
            if name.trim().is_empty() {
                return Err(Error::Usage("the name of the new model is empty".into()));
            }
            if !taken.insert(name) {
                return Err(Error::Usage(format!(
                    "`{name}` cannot be the name of a new model: a model of the embedder has it"
                )));
            }
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
        self,
        name: &str,
        placement: &Placement,
        scores: &[Option<Score>],
    ) -> Result<Self> {
        let addition = Addition::new(&self, name, placement, scores);
        self.with_models(&[addition])
    }

    /// The same with as many models more as there are. A new model knows how many questions it shares with
    /// the old ones, and none of the other new ones.
    ///
    /// # Errors
    /// As [`Embedder::with_model`].
    pub fn with_models(mut self, new: &[Addition]) -> Result<Self> {
        self.check_names(new.iter().map(|new| new.name.as_str()))?;
        let width = self.vectors.ncols();
        let fits = |new: &Addition| {
            let all = new.vector.iter().chain(&new.deviations);
            new.vector.len() == width && width > 0 && all.copied().all(f32::is_finite)
        };
        if !new.iter().all(fits) {
            return Err(Error::Failed("the vector of the new model does not fit".into()));
        }
        Arc::make_mut(&mut self.models).extend(new.iter().map(|new| new.name.clone()));
        for attribute in Arc::make_mut(&mut self.attributes) {
            new.iter().for_each(|_| attribute.values.push_unknown());
        }
        let mut answers = Vec::new();
        for (b, benchmark) in self.benchmarks.iter_mut().enumerate() {
            let scores = new.iter().map(|new| new.scores.get(b).copied().flatten());
            answers.push(scores.clone().map(|s| s.map_or(0, |score| score.responses)).collect());
            scores.for_each(|score| benchmark.scores.push(score));
        }
        let failed = |e: ndarray::ShapeError| Error::Failed(e.to_string());
        let vectors = rows(width, new.iter().map(|new| new.vector.view()));
        Arc::make_mut(&mut self.vectors).append(Axis(0), vectors.view()).map_err(failed)?;
        let deviations = halved(&rows(width, new.iter().map(|new| new.deviations.view())));
        self.deviations.append(Axis(0), deviations.view()).map_err(failed)?;
        self.knowledge.push(new, &answers)?;
        Ok(self)
    }
}
