//! The tour: a few steps, each of which highlights a part of the screen and names the keys to try there.

use crate::explorer::command::{Command, RouteCommand};
use crate::explorer::direction::Direction;
use crate::explorer::pane::Pane;

/// The target of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Pane(Pane),
    /// The status line: what is selected, colored, filtered and marked.
    Header,
    /// The hints, or the whole screen.
    Hints,
}

pub struct Step {
    pub target: Target,
    pub title: &'static str,
    pub text: &'static str,
    /// Commands to try, each with a description; the keymap has the keys.
    pub tries: &'static [(Command, &'static str)],
}

/// The steps, in order.
pub const STEPS: &[Step] = &[
    Step {
        target: Target::Pane(Pane::Map),
        title: "Every model is a point",
        text: "Models that are good at the same things lie close together, as far as two of many \
               dimensions can show it. The colors are those of the legend below.",
        tries: &[
            (Command::Step(Direction::Right), "walk from model to model"),
            (Command::Search, "search a model by name"),
            (Command::Colors, "color by maker, accuracy, clusters …"),
        ],
    },
    Step {
        target: Target::Pane(Pane::Model),
        title: "The selected model",
        text: "Its attributes, the most similar models by shared answers, and its accuracies.",
        tries: &[
            (Command::Mark, "mark it; the marked ones can be compared"),
            (Command::Focus(Pane::Compare), "compare the marked models"),
        ],
    },
    Step {
        target: Target::Pane(Pane::Route),
        title: "Which model answers a prompt best?",
        text: "Type a prompt: the models are ranked by their chance of a correct answer as you type.",
        tries: &[
            (Command::Prompt, "type a prompt"),
            (Command::Route(RouteCommand::Cheaper), "weigh cost more"),
        ],
    },
    Step {
        target: Target::Header,
        title: "One filter for everything",
        text: "A filter holds for the map, the tables and the router: family=qwen size<10 reasoning=yes. \
               This line says how many models are left.",
        tries: &[(Command::Filter, "filter"), (Command::Dismiss, "clear it (later)")],
    },
    Step {
        target: Target::Pane(Pane::Map),
        title: "Groups have cards",
        text: "What the models of a cluster or a class have in common, typical models, and how they \
               compare with the rest.",
        tries: &[
            (Command::Card, "describe the group of the model"),
            (Command::Isolate, "focus one group"),
        ],
    },
    Step {
        target: Target::Pane(Pane::Probe),
        title: "What the vectors know",
        text: "Which attributes can be decoded from the vectors of held-out models, compared with strong \
               baselines.",
        tries: &[(Command::Focus(Pane::Probe), "go there"), (Command::Open, "color the map by it")],
    },
    Step {
        target: Target::Hints,
        title: "Everything has a name",
        text: "Every command is found by its name or by other words for it, and every pane shows its keys.",
        tries: &[
            (Command::Palette, "find a command"),
            (Command::Help, "show the keys"),
            (Command::Themes, "choose a theme"),
        ],
    },
];

pub struct Tour {
    pub at: usize,
    /// The focused pane, side pane and wide pane before the tour.
    pub before: (Pane, Pane, Pane),
}

impl Tour {
    pub fn step(&self) -> &'static Step {
        &STEPS[self.at.min(STEPS.len() - 1)]
    }
}
