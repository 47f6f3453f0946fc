//! The panes, and a table that describes them.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    /// All models on the principal axes.
    #[default]
    Map,
    /// The selected model.
    Model,
    /// Which attributes can be decoded from the vectors.
    Probe,
    /// The ranking of the models for a prompt.
    Route,
    /// The evaluation on held-out questions.
    Evaluate,
    /// All models as a table.
    Models,
    /// A few models side by side.
    Compare,
    /// The questions of a data set with their answers.
    Questions,
    /// Models on benchmarks, measured or predicted.
    Forecast,
    /// A new model that is being placed.
    #[serde(rename = "new", alias = "newcomer")]
    NewModel,
}

/// The properties of a pane.
pub(super) struct Description {
    pub(super) title: &'static str,
    /// The title if there is little space.
    pub(super) short: &'static str,
    /// It needs the wide area; the others are next to it.
    pub(super) is_wide: bool,
    /// The keys that focus it; the first one is shown in its title.
    pub(super) keys: &'static str,
    /// Its description in the help, and in the hint bar if it is shown there.
    pub(super) about: &'static str,
    pub(super) hint: &'static str,
}

impl Pane {
    /// All panes, in the order of their tabs.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    pub(super) fn description(self) -> Description {
        let pane = |title, short, is_wide, keys, about, hint| Description {
            title,
            short,
            is_wide,
            keys,
            about,
            hint,
        };
        match self {
            Self::Map => pane("Map", "Map", true, "1", "Go to the map", ""),
            Self::Model => pane("Model", "Model", false, "2", "Go to the model", ""),
            Self::Probe => pane("Probe", "Probe", false, "3", "Go to the probes", ""),
            Self::Route => pane("Route", "Route", false, "4", "Go to the router", ""),
            Self::Evaluate => pane("Evaluate", "Eval", false, "5", "Go to the evaluation", ""),
            Self::Models => pane("Models", "Models", true, "6", "Go to the table of models", ""),
            Self::Compare => {
                pane("Compare", "Comp.", true, "7 v", "Compare the marked models", "compare")
            }
            Self::Questions => pane("Questions", "Quest.", true, "8", "Go to the questions", ""),
            Self::Forecast => {
                pane("Forecast", "Forec.", true, "9", "Go to the predictions by benchmark", "")
            }
            Self::NewModel => pane("New", "New", false, "0", "Go to the new model", ""),
        }
    }

    /// Words by which the command list finds it, and its description there.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Map => ("scatter plot points overview", "Every model as a point."),
            Self::Model => (
                "details neighbors similar nearest benchmarks accuracy",
                "The selected model, its nearest models and its accuracies.",
            ),
            Self::Probe => (
                "attribute decode decodable coder is classifier linear significance",
                "Which attributes can be decoded from the vectors.",
            ),
            Self::Route => ("prompt router rank best cost", "Ranks the models for a prompt."),
            Self::Evaluate => (
                "quality calibration reliability auc accuracy baseline loss",
                "How good the predictions are on held-out questions.",
            ),
            Self::Models => ("table list sort all", "Every model in a table."),
            Self::Compare => ("diff side by side agreement", "Two to six models side by side."),
            Self::Questions => ("data surprise answers prompts", "The most surprising answers."),
            Self::Forecast => (
                "predict predictions benchmarks heat heatmap scores",
                "Every model on every benchmark.",
            ),
            Self::NewModel => ("onboard place new", "A new model, placed by a few answers."),
        }
    }

    pub(super) fn title(self) -> &'static str {
        self.description().title
    }

    pub(super) fn short_title(self) -> &'static str {
        self.description().short
    }

    pub(super) fn is_wide(self) -> bool {
        self.description().is_wide
    }

    /// The key in its title.
    pub(super) fn key(self) -> &'static str {
        self.description().keys.split(' ').next().unwrap_or_default()
    }

    /// The pane this many positions ahead, cyclically.
    pub(super) fn ahead(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_panes_are_single_and_different() {
        let keys: std::collections::BTreeSet<&str> = Pane::ALL.iter().map(|p| p.key()).collect();
        assert!(keys.len() == Pane::ALL.len() && keys.iter().all(|key| key.len() == 1));
    }
}
