//! Commands: everything that a keymap or the command palette can refer to.

use serde::{Deserialize, Serialize};

use super::direction::Direction;
use super::pane::Pane;
use super::state::coloring::ColorBy;
use super::state::map::Projector;

/// A command. Its serde form is used in keymap files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    Quit,
    Suspend,
    /// Starts the tour.
    Tour,
    TourNext,
    TourBack,
    Help,
    NextTheme,
    /// Closes what is on top: help, a notice, an input line, a focused group.
    Dismiss,
    /// Stops the work that the focused pane waits for.
    Stop,
    /// Restarts work that was stopped or failed.
    Again,
    Focus(Pane),
    NextPane,
    PreviousPane,

    Step(Direction),
    Pan(Direction),
    ZoomIn,
    ZoomOut,
    Fit,
    /// Resets the map.
    Reset,
    #[serde(alias = "next-colour")]
    NextColor,
    #[serde(alias = "previous-colour")]
    PreviousColor,
    /// Focuses the next group of the legend, and after the last none.
    Isolate,
    /// Describes the focused group, or that of the selected model.
    Card,
    NextAxes,
    /// Turns coverage out of the map, or back in.
    TurnCoverage,
    /// Lists the projections.
    Projections,
    UseProjector(Projector),
    /// Lists pairs of components as axes, with a preview.
    Axes,
    UseAxes(usize, usize),
    /// Toggles 3-D.
    Space,
    /// Rotates the 3-D map.
    Turn(Direction),
    /// Toggles auto-rotation.
    Spin,
    /// The next view of the focused pane: markers of the map, list or plot of the router.
    #[serde(alias = "markers")]
    NextView,
    Density,
    /// The map in pixels, or in cells.
    Pixels,
    Names,
    Mark,
    /// Switches what dragging the mouse over the map does.
    Tool,
    /// Zooms to the marked models.
    ZoomToMarked,

    Undo,
    Redo,
    Copy,
    /// Toggles mouse capture, so that the terminal can select text.
    Mouse,

    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Enter: its effect depends on the pane.
    Open,

    /// The details that are shown first for an attribute.
    NextSection,
    PreviousSection,
    /// Only the questions of the next benchmark.
    NextCategory,
    /// Labels the marked models as an attribute.
    NameGroup,

    /// Lists the models, with a preview.
    Search,
    /// Selects the model of this name.
    ViewState(String),
    /// Maximizes the focused pane, or restores it.
    Maximize,
    Prompt,
    /// Lists all commands.
    Palette,
    /// Lists the themes, with a preview.
    Themes,
    /// Lists the colorings of the map, with a preview.
    #[serde(alias = "colours")]
    Colors,
    /// Lists the columns of the table, as switches.
    Columns,
    /// Sorts by the column under the cursor; a second time in reverse.
    Sort,
    /// Filters the models; in the Questions pane, the questions.
    Filter,
    /// Clears the filter.
    ClearFilter,
    /// Inserts the first completion of the typed expression.
    Complete,
    /// Marks the models that a typed expression selects.
    Select,
    /// Marks all models in the table, or none of them if all are marked.
    MarkShown,
    /// Marks the nearest models of the selected one.
    #[serde(alias = "mark-neighbours")]
    MarkNeighbors,
    /// Marks the cluster of the selected model.
    MarkCluster,
    /// Marks the models that the chosen probe predicts wrong.
    MarkErrors,
    /// Inverts the marks.
    Invert,
    /// Saves the marked models under a name.
    SaveSelection,
    /// Lists the saved selections.
    Selections,
    /// Exports the focused pane to a file whose name is typed.
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
    /// Accepts the typed text.
    Accept,

    StopTraining,

    /// Commands for the new model.
    #[serde(alias = "newcomer")]
    NewModel(NewModelCommand),
    /// Commands of the Route pane.
    Route(RouteCommand),
}

/// What can be exported to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exported {
    /// The table of a pane as it is shown, in the form that the name of the file asks for.
    Table(Pane),
    /// The marked models (or the selected one) with all their data, as JSON.
    Models,
    /// The answers of the new model, as CSV.
    Answers,
}

impl Exported {
    /// The default name of the file.
    pub fn file(self) -> String {
        match self {
            Self::Table(pane) => format!("llmap-{}.csv", pane.title().to_lowercase()),
            Self::Models => "llmap-selection.json".into(),
            Self::Answers => "llmap-answers.csv".into(),
        }
    }

    /// How the name of the file may end.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Table(_) => &["csv", "json", "md", "parquet"],
            Self::Models => &["json"],
            Self::Answers => &["csv"],
        }
    }
}

/// Commands of the Route pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteCommand {
    /// Shows accuracy against cost.
    Plot,
    /// Increases the cost weight.
    Cheaper,
    /// Decreases the cost weight.
    Better,
    /// Raises the quality floor: the cheapest model above it comes first.
    #[serde(alias = "surer")]
    RaiseFloor,
    /// Lowers the quality floor.
    #[serde(alias = "less-sure")]
    LowerFloor,
    /// Toggles taking the cheapest of those statistically tied with the best.
    CheapestTie,
    /// Takes the cheapest of those within 2, 5 or 10 points of the best, or the best.
    CheapestWithin,
    /// Ranks by the lower end of the interval, or by the probability.
    Cautious,
    /// Sets the maximum cost, which is typed.
    HighestCost,
    /// Lists the saved pools.
    Pools,
    /// Saves the filter under a name.
    SavePool,
    /// Inserts a line break in the prompt.
    Newline,
    /// The previous prompt.
    Older,
    /// The next prompt.
    Newer,
    /// Pins the prompt for comparison, or unpins it.
    Pin,
    /// Colors the map by this prompt, or as before.
    Heat,
    CopyJson,
    /// Lists the commands, for setting the assumed length of an answer.
    AnswerTokens,
    /// Sets the assumed length of an answer.
    AssumeTokens(u32),
}

/// Commands for a new model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewModelCommand {
    /// Records a correct or incorrect answer to the question under the cursor.
    Right,
    Wrong,
    /// Removes the answer to the question under the cursor.
    Open,
    /// Goes to the most informative question.
    Next,
    /// Loads its answers from a file, whose path is typed.
    Read,
    Forget,
}
