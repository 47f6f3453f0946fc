//! Warnings about embedders trained on little data.

use super::Embedder;

/// Below this number of models, a map shows no groups.
const FEW_MODELS: usize = 10;
/// With this number of questions, the accuracy of a model is known to about seven points.
const FEW_QUESTIONS: u32 = 200;

impl Embedder {
    /// What this embedder cannot show because of too little data; empty if there is enough.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        match self.models.len() {
            1 => limits.push(
                "one model: nothing to compare or to route between; the map is one \
                 point, and a prediction is its accuracy on questions like the prompt"
                    .into(),
            ),
            n if n < FEW_MODELS => limits.push(format!(
                "{n} models: the map shows little more than which ones are better; groups and probes need \
                 more"
            )),
            _ => {}
        }
        let questions = self.provenance.questions;
        if questions < FEW_QUESTIONS {
            let known = 98.0 / f64::from(questions.max(1)).sqrt();
            limits.push(format!(
                "{}: accuracies are known to about {known:.0} \
                 points up or down; smaller differences may be chance",
                crate::count(questions as usize, "training question")
            ));
        }
        limits
    }
}
