//! The words on the screen, for the help and for the search of commands.

use crate::explorer::pane::Pane;

/// A word and its meaning.
pub type Term = (&'static str, &'static str);

/// The words of a pane, in the order in which they appear.
pub fn terms(pane: Pane) -> &'static [Term] {
    match pane {
        Pane::Map => &[
            ("PC1", "Principal component 1: the direction in which vectors vary most."),
            ("overall ability", "Accuracy over all benchmarks with correct answers, in log odds."),
            ("r", "Correlation of an axis with what names it: 1 is perfect, 0 none."),
            ("coverage", "Which benchmarks a model was evaluated on."),
            ("cluster", "Models whose vectors point in similar directions (k-means)."),
            ("stable", "How much of a cluster returns when a fifth of the models is left out."),
            ("×3.3", "An attribute is 3.3 times as frequent here as in the rest."),
        ],
        Pane::Model => &[
            ("overall ability", "Accuracy over all benchmarks with correct answers, in log odds."),
            ("hardly known", "Too few answers to tell the ability from that of most models."),
            ("cosine", "Similarity of two vectors without the ability: 1 is the same direction."),
            ("n shared", "Questions that both models answered."),
        ],
        Pane::Probe => &[
            ("probe", "A regression that predicts an attribute of models it was not fitted to."),
            ("decodable", "The probe beats chance, shuffled labels and the baseline."),
            ("held out", "What is predicted was left out: whole families, or random models (*)."),
            (
                "bal.acc.",
                "Balanced accuracy: the mean over classes of the share predicted correctly.",
            ),
            ("ρ", "Spearman's rank correlation of predicted and true numbers."),
            ("AUC", "How often a model of the class scores above one that is not: .5 is chance."),
            ("p", "How often shuffled labels do as well: below .01 is found."),
            ("baseline", "The same probe on ability and coverage alone."),
            ("coverage", "Which benchmarks a model was evaluated on."),
            ("k-NN probe", "Predicts by the nearest models, not by a line."),
        ],
        Pane::Route => &[
            ("P", "Predicted probability of a correct answer to this prompt."),
            ("lo–hi", "80% interval of a model's accuracy on a few questions like this."),
            ("scope", "How similar the prompt is to the training questions."),
            ("ability", "How strong a model is on any question, in log odds."),
            ("ease", "How easy the prompt is for the mean model, in log odds."),
            ("match", "How well a model and this kind of question go together, in log odds."),
            ("cost weight", "0 ignores cost, 10 takes the cheapest."),
        ],
        Pane::Evaluate => &[
            ("acc.", "Share of answers predicted correctly, at P = 50%. Higher is better."),
            ("AUC", "How often a correct answer has the higher P. Higher is better."),
            ("loss", "Mean log loss of the predictions. Lower is better."),
            ("ECE", "Expected calibration error: how far P is from what happens. Lower is better."),
            ("routed", "Accuracy of the models that prompts are routed to. Higher is better."),
            ("held out", "Questions that the training did not see."),
        ],
        Pane::Models => &[
            ("ability", "Log odds of a correct answer, above the mean model."),
            ("answers", "Answers of the model in the training data."),
            ("prompt", "P(correct) on the prompt of the Route pane."),
        ],
        Pane::Compare => &[("agree", "Share of shared questions where both are right or wrong.")],
        Pane::Questions => &[
            ("surprise", "Mean log loss of the answers: how unexpected they were."),
            ("difficulty", "How hard the question is beyond its benchmark, in log odds."),
        ],
        Pane::Forecast => &[
            ("~", "Predicted: the model was not evaluated on the benchmark."),
            ("80% interval", "Where the accuracy lies in 8 of 10 cases."),
        ],
        Pane::NewModel => &[
            ("informative", "A question whose answer narrows the predictions most."),
            ("stronger than", "The share of models with lower overall ability."),
        ],
    }
}
