//! What so little data cannot say, in sentences.

use super::Embedder;

/// With so many models a map begins to show groups.
const FEW_MODELS: usize = 10;
/// With so many questions the share of right answers of a model is known to about seven points.
const FEW_QUESTIONS: u32 = 200;

impl Embedder {
    /// What this embedder cannot say because it has learned from little; empty where that is no matter.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        match self.models.len() {
            1 => limits.push(
                "one model: there is nothing to compare it with or to route between; its map is one \
                 point, and a forecast says how often it is right on questions like the prompt"
                    .into(),
            ),
            n if n < FEW_MODELS => limits.push(format!(
                "{n} models: the map shows hardly more than which are better; groups and probes need \
                 more"
            )),
            _ => {}
        }
        let questions = self.provenance.questions;
        if questions < FEW_QUESTIONS {
            let known = 98.0 / f64::from(questions.max(1)).sqrt();
            limits.push(format!(
                "{}: how often a model is right is known to about {known:.0} \
                 points up or down, and smaller differences are chance",
                crate::count(questions as usize, "training question")
            ));
        }
        limits
    }
}
