//! Adds models without training.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use ndarray::Axis;

use super::addition::{Addition, rows};
use super::knowledge::Placement;
use super::{Embedder, Score};
use crate::error::{Error, Result};
use crate::quantized::halved;

impl Addition {
    /// A model with this name, placement and scores on the benchmarks of `embedder`, one entry per benchmark.
    #[must_use]
    pub fn new(
        embedder: &Embedder,
        name: &str,
        placement: &Placement,
        scores: &[Option<Score>],
    ) -> Self {
        // Shared questions are counted for small embedders only.
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
    /// Checks that a new model can have the name `name`.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is empty or taken.
    pub fn check_name(&self, name: &str) -> Result<()> {
        self.check_names([name])
    }

    /// Checks the names of new models.
    ///
    /// # Errors
    /// [`Error::Usage`] if a name is empty, taken or duplicate.
    pub fn check_names<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut taken: HashSet<&str> = self.models.iter().map(String::as_str).collect();
        for name in names {
            if name.trim().is_empty() {
                return Err(Error::Usage("the name of the new model is empty".into()));
            }
            if !taken.insert(name) {
                return Err(Error::Usage(format!(
                    "`{name}` cannot be the name of a new model: the embedder has a model of that name"
                )));
            }
        }
        Ok(())
    }

    /// The same embedder with one more model: its name, placement and scores on the benchmarks, one entry per
    /// benchmark. No other model moves.
    ///
    /// # Errors
    /// [`Error::Usage`] if the name is taken or empty; [`Error::Failed`] if the placement is from another
    /// embedder.
    pub fn with_model(
        self,
        name: &str,
        placement: &Placement,
        scores: &[Option<Score>],
    ) -> Result<Self> {
        let addition = Addition::new(&self, name, placement, scores);
        self.with_models(&[addition])
    }

    /// The same with several new models. Questions shared with old models are counted, those shared between
    /// new models are not.
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
        self.mean_strength = OnceLock::new();
        Ok(self)
    }
}
