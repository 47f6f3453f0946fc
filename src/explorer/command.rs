//! What the user can do: all that a keymap and the list of commands can name.

use serde::{Deserialize, Serialize};

use super::direction::Direction;
use super::pane::Pane;
use super::state::coloring::ColorBy;
use super::state::map::Projector;

/// A command. Its serde form is what a keymap file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    Quit,
    Suspend,
    /// The tour of the first visit.
    Tour,
    TourNext,
    TourBack,
    Help,
    NextTheme,
    /// Closes what is on top: help, a notice, typing, an isolated class.
    Dismiss,
    /// Stops what the focused pane waits for.
    Stop,
    /// Begins again what was stopped or failed.
    Again,
    Focus(Pane),
    NextPane,
    PreviousPane,

    Step(Direction),
    Pan(Direction),
    ZoomIn,
    ZoomOut,
    Fit,
    /// The map as it was at the start.
    Reset,
    #[serde(alias = "next-colour")]
    NextColor,
    #[serde(alias = "previous-colour")]
    PreviousColor,
    /// Isolates the next class of the legend, and after the last none.
    Isolate,
    /// The card of the isolated class, or of the selected model's.
    Card,
    NextAxes,
    /// The other projections, to pick from.
    Projections,
    UseProjector(Projector),
    /// Which components are the axes, to pick from with a preview.
    Axes,
    UseAxes(usize, usize),
    /// In three dimensions, or flat.
    Space,
    /// Turns what is seen in three dimensions.
    Turn(Direction),
    /// Turns by itself.
    Spin,
    /// The next of the views that the focused pane has: markers of the map, list or plot of the router.
    #[serde(alias = "markers")]
    NextView,
    Density,
    /// The map in pixels, or in cells.
    Pixels,
    Names,
    Mark,
    /// What dragging the mouse over the map does.
    Tool,
    /// Zooms to the marked models.
    ZoomToMarked,

    Undo,
    Redo,
    Copy,
    /// Leaves the mouse to the terminal, for its own selection of text, or takes it back.
    Mouse,

    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Enter: what it opens depends on the pane.
    Open,

    /// The section of an attribute that stands first.
    NextSection,
    PreviousSection,
    /// Only the questions of the next benchmark.
    NextCategory,
    /// Names the marked models as an attribute of their own.
    NameGroup,

    /// The models, to pick from with a preview.
    Search,
    /// Selects the model of this name.
    Look(String),
    /// Gives the focused pane the whole window, or its place back.
    Maximize,
    Prompt,
    /// All commands, to pick from.
    Palette,
    /// The themes, to pick from with a preview.
    Themes,
    /// What the map can be colored by, to pick from with a preview.
    #[serde(alias = "colours")]
    Colors,
    /// The columns of the table, as switches.
    Columns,
    /// Sorts by the column under the cursor; a second time the other way round.
    Sort,
    /// Types which models are looked at; in the Questions pane, which questions.
    Filter,
    /// Looks at all models again.
    ClearFilter,
    /// Takes the first completion of the expression that is typed.
    Complete,
    /// Types an expression: what it means is marked.
    Select,
    /// Marks all models that the table shows, or none of them if all were.
    MarkShown,
    /// Marks the nearest models of the selected one.
    #[serde(alias = "mark-neighbours")]
    MarkNeighbors,
    /// Marks the cluster of the selected model.
    MarkCluster,
    /// Marks what was not marked.
    Invert,
    /// Gives the marked models a name, which is remembered.
    SaveSelection,
    /// The saved selections, to pick from.
    Selections,
    /// Types the name of a file for what the focused pane shows.
    Export,
    /// The same for this.
    ExportTo(Exported),
    /// Routes among the models of a saved pool, or among all.
    UsePool(Option<String>),
    UseTheme(String),
    #[serde(alias = "colour-by")]
    ColorBy(ColorBy),
    ToggleColumn(usize),
    Recall(String),
    Forget(String),
    /// Ends typing and keeps its result.
    Accept,

    StopTraining,

    /// What is done with the new model.
    #[serde(alias = "newcomer")]
    NewModel(NewModelCommand),
    /// What the Route pane does.
    Route(RouteCommand),
}

/// What can be written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exported {
    /// The marked models (or the selected one) with all that is known of them, as JSON.
    Models,
    /// The shown models on all benchmarks, as CSV.
    Forecasts,
    /// The answers of the new model, as CSV.
    Answers,
}

impl Exported {
    /// The name that is offered for the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Models => "llmap-selection.json",
            Self::Forecasts => "llmap-forecast.csv",
            Self::Answers => "llmap-answers.csv",
        }
    }
}

/// What the keys of the Route pane do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteCommand {
    /// Let cost count more.
    Cheaper,
    /// Let cost count less.
    Better,
    /// Ask for a higher chance of being right: the cheapest that has it comes first.
    #[serde(alias = "surer")]
    RaiseFloor,
    /// Ask for a lower one.
    #[serde(alias = "less-sure")]
    LowerFloor,
    /// Take the cheapest of those statistically tied with the best, or the best.
    CheapestTie,
    /// Rank cautiously, by the lower end of the interval, or by the probability.
    Cautious,
    /// Type what a model may cost.
    HighestCost,
    /// The saved pools, to pick from.
    Pools,
    /// Keep the filter under a name.
    SavePool,
    /// A line break in the prompt.
    Newline,
    /// The prompt before.
    Older,
    /// The prompt after.
    Newer,
    /// Keep the prompt for comparison, or no longer.
    Pin,
    /// Color the map by this prompt, or as before.
    Heat,
    CopyJson,
    /// The list of commands, for the number of tokens that an answer is assumed to have.
    AnswerTokens,
    /// Assume so many.
    AssumeTokens(u32),
}

/// What can be done with a new model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewModelCommand {
    /// It answered the question under the cursor right, or wrong.
    Right,
    Wrong,
    /// Removes the answer to the question under the cursor.
    Open,
    /// To the question that tells most.
    Next,
    /// Reads its answers from a file, whose path is typed.
    Read,
    Forget,
}
