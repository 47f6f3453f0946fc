//! The default keymap.

use std::sync::LazyLock;

use super::{Binding, Context};
use crate::explorer::command::{Command, NewModelCommand as N, RouteCommand as C};
use crate::explorer::direction::Direction;
use crate::explorer::pane::Pane;

fn bind(
    context: impl Into<Context>,
    keys: &str,
    command: Command,
    about: &'static str,
    hint: &'static str,
) -> Binding {
    Binding { keys: keys.into(), context: context.into(), command, about, hint }
}

/// All bindings.
///
/// The description of a binding starts with a verb. A main key means the same in every pane (see the table in
/// docs/explorer.md, which a test checks); the others mean one thing, or nothing.
pub static KEYMAP: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    let mut map = of_the_map();
    map.extend(of_lists());
    map.extend(of_the_router());
    map.extend(of_other_panes());
    map.extend(while_typing());
    map.extend(general());
    map
});

fn of_the_map() -> Vec<Binding> {
    use Command as A;
    use Context::{Stopped, Training, Working};
    use Direction::{Down, Left, Right, Up};
    use Pane::Map;
    vec![
        bind(Working, "esc", A::Stop, "Stop what is being computed", "stop"),
        bind(Stopped, "f5", A::Again, "Start it again", "start again"),
        bind(Training, "s", A::StopTraining, "Stop and keep the best epoch", "stop and keep best"),
        bind(Map, "enter", A::Open, "Show the model, or describe the group", "model"),
        bind(Map, "+ =", A::ZoomIn, "Zoom in", "zoom in"),
        bind(Map, "-", A::ZoomOut, "Zoom out", ""),
        bind(Map, "F", A::Fit, "Fit the whole map", "fit"),
        bind(Map, "I", A::Isolate, "Focus the next group of the legend", "group"),
        bind(Map, "o", A::Projections, "Choose a projection …", "projection"),
        bind(Map, "a", A::NextAxes, "Show the next pair of components", ""),
        bind(Map, "V", A::TurnCoverage, "Turn coverage out of the map, or in", ""),
        bind(Map, "r", A::Space, "Toggle 3-D", "3-D"),
        bind(Map, "'", A::Names, "Toggle labels", "labels"),
        bind(Map, "A", A::Axes, "Choose the axes …", ""),
        bind(Map, "Z", A::ZoomToMarked, "Zoom to the marked models", ""),
        bind(Map, "home g", A::Reset, "Reset the view", ""),
        bind(Map, "d", A::Density, "Toggle density (contours or shading)", ""),
        bind(Map, "", A::Pixels, "Toggle pixels", ""),
        bind(Map, "B", A::Tool, "Switch dragging: box, lasso, zoom", ""),
        bind(Map, "", A::NextColor, "Color by the next attribute", ""),
        bind(Map, "", A::PreviousColor, "Color by the previous attribute", ""),
        bind(Map, "R", A::Spin, "Toggle auto-rotation", ""),
        bind(Map, "[", A::Turn(Left), "Rotate left", ""),
        bind(Map, "]", A::Turn(Right), "Rotate right", ""),
        bind(Map, "{", A::Turn(Up), "Tilt up", ""),
        bind(Map, "}", A::Turn(Down), "Tilt down", ""),
        bind(Map, "left h", A::Step(Left), "Select the model to the left", ""),
        bind(Map, "down j", A::Step(Down), "Select the model below", ""),
        bind(Map, "up k", A::Step(Up), "Select the model above", ""),
        bind(Map, "right l", A::Step(Right), "Select the model to the right", ""),
        bind(Map, "shift-left H", A::Pan(Left), "Pan left", ""),
        bind(Map, "shift-down J", A::Pan(Down), "Pan down", ""),
        bind(Map, "shift-up K", A::Pan(Up), "Pan up", ""),
        bind(Map, "shift-right L", A::Pan(Right), "Pan right", ""),
    ]
}

/// The panes that are lists, or scrollable text.
fn of_lists() -> Vec<Binding> {
    use Command as A;
    use Pane::{Compare, Forecast, Model, Models, NewModel, Probe, Questions, Route};
    let mut map = Vec::new();
    for (pane, open, hint) in [
        (Model, "Go to the neighbor", "neighbor"),
        (Probe, "Color the map by the attribute", "color map"),
        (Route, "Maximize, show the model, or type a prompt", "model"),
        (Models, "Show the model", "model"),
        (Compare, "Show the model", ""),
        (Questions, "Select the model most likely to answer it", ""),
        (Forecast, "Show the model", "model"),
        (NewModel, "", ""),
    ] {
        if !open.is_empty() {
            map.push(bind(pane, "enter", A::Open, open, hint));
        }
        map.extend([
            bind(pane, "down j", A::Down, "Go one line down", ""),
            bind(pane, "up k", A::Up, "Go one line up", ""),
            bind(pane, "pagedown ctrl-d", A::PageDown, "Go one page down", ""),
            bind(pane, "pageup ctrl-u", A::PageUp, "Go one page up", ""),
            bind(pane, "home g", A::First, "Go to the first line", ""),
            bind(pane, "end G", A::Last, "Go to the last line", ""),
        ]);
    }
    map
}

fn of_the_router() -> Vec<Binding> {
    use Command as A;
    use Pane::Route;
    vec![
        bind(Route, "i", A::Prompt, "Type a prompt", ""),
        bind(Route, "", A::Route(C::Plot), "Plot accuracy against cost", ""),
        bind(Route, ">", A::Route(C::Cheaper), "Weigh cost more", "weigh cost"),
        bind(Route, "<", A::Route(C::Better), "Weigh cost less", ""),
        bind(Route, ".", A::Route(C::RaiseFloor), "Raise the quality floor", "floor"),
        bind(Route, ",", A::Route(C::LowerFloor), "Lower the quality floor", ""),
        bind(Route, "$", A::Route(C::HighestCost), "Cap the cost …", ""),
        bind(
            Route,
            "=",
            A::Route(C::CheapestWithin),
            "Take the cheapest within 2, 5, 10 points",
            "near best",
        ),
        bind(Route, "#", A::Route(C::CheapestTie), "Take the cheapest tied model, or the best", ""),
        bind(
            Route,
            "~",
            A::Route(C::Cautious),
            "Rank by the lower end of the interval",
            "cautious",
        ),
        bind(Route, "@", A::Route(C::Pools), "Choose a saved pool of models …", "pools"),
        bind(Route, "ctrl-s", A::Route(C::SavePool), "Save the filter as a pool", ""),
        bind(Route, "P", A::Route(C::Pin), "Pin the prompt for comparison, or unpin", "pin"),
        bind(Route, "%", A::Route(C::Heat), "Color the map by the prompt, or as before", ""),
        bind(Route, "ctrl-p", A::Route(C::Older), "Go to the previous prompt", ""),
        bind(Route, "ctrl-n", A::Route(C::Newer), "Go to the next prompt", ""),
        bind(Route, "Y", A::Route(C::CopyJson), "Copy the ranking as JSON", ""),
        bind(
            Route,
            "",
            A::Route(C::AnswerTokens),
            "Assume an answer of so many tokens: answer-tokens N",
            "",
        ),
    ]
}

fn of_other_panes() -> Vec<Binding> {
    use Command as A;
    use Direction::{Left, Right};
    use Pane::{Forecast, Models, NewModel, Probe, Questions};
    vec![
        bind(Models, "s", A::Sort, "Sort by the column, and reverse", "sort"),
        bind(Models, "C", A::Columns, "Choose the columns …", "columns"),
        bind(Models, "*", A::MarkShown, "Mark all shown, or none", "mark all"),
        bind(Models, "left h", A::Step(Left), "Go to the column on the left", ""),
        bind(Models, "right l", A::Step(Right), "Go to the column on the right", ""),
        bind(
            Questions,
            "right l",
            A::Step(Right),
            "Show questions that are nearly the same",
            "similar",
        ),
        bind(Questions, "left h", A::Step(Left), "Fold questions that are nearly the same", ""),
        bind(Questions, "b", A::NextCategory, "Show the next benchmark only", "benchmark"),
        bind(
            Questions,
            "+ =",
            A::NewModel(N::Right),
            "Record a correct answer of the new model",
            "correct",
        ),
        bind(
            Questions,
            "-",
            A::NewModel(N::Wrong),
            "Record an incorrect answer of the new model",
            "incorrect",
        ),
        bind(Questions, "x", A::NewModel(N::Open), "Remove the recorded answer", ""),
        bind(
            Questions,
            "n",
            A::NewModel(N::Next),
            "Go to the most informative question",
            "next question",
        ),
        bind(
            NewModel,
            "n",
            A::NewModel(N::Next),
            "Go to the most informative question",
            "next question",
        ),
        bind(NewModel, "O", A::NewModel(N::Read), "Load answers from a file …", "load answers"),
        bind(NewModel, "x", A::NewModel(N::Forget), "Discard the new model", "discard"),
        bind(Forecast, "left h", A::Step(Left), "Sort by the benchmark on the left", "benchmark"),
        bind(Forecast, "right l", A::Step(Right), "Sort by the benchmark on the right", ""),
        bind(Probe, "right l", A::NextSection, "Show the next details", "details"),
        bind(Probe, "left h", A::PreviousSection, "Show the previous details", ""),
        bind(Probe, "e", A::MarkErrors, "Mark the models it predicts wrong", "mark errors"),
        bind(Probe, "&", A::NameGroup, "Label the marked models and probe the label", "label"),
    ]
}

fn while_typing() -> Vec<Binding> {
    use Command as A;
    use Context::{Card, Filter, Help, Line, Naming, Picker, Prompt, Tour};
    use Direction::{Left, Right};
    vec![
        bind(Prompt, "alt-enter ctrl-j", A::Route(C::Newline), "Insert a line break", "line break"),
        bind(Prompt, "enter", A::Accept, "Go to the list of models", "to the list"),
        bind(Prompt, "esc", A::Dismiss, "Stop typing", "stop typing"),
        bind(Prompt, "ctrl-p", A::Route(C::Older), "Go to the previous prompt", "previous"),
        bind(Prompt, "ctrl-n", A::Route(C::Newer), "Go to the next prompt", ""),
        bind(Prompt, "down", A::Down, "Go to the next model", ""),
        bind(Prompt, "up", A::Up, "Go to the previous model", ""),
        bind(Filter, "tab", A::Complete, "Complete the word", "complete"),
        bind(Filter, "enter", A::Accept, "Apply", "apply"),
        bind(Filter, "esc", A::Dismiss, "Cancel", "cancel"),
        bind(Line, "enter", A::Accept, "Apply", "apply"),
        bind(Line, "esc", A::Dismiss, "Cancel", "cancel"),
        bind(Naming, "enter", A::Accept, "Apply", "apply"),
        bind(Naming, "esc", A::Dismiss, "Cancel", "cancel"),
        bind(Picker, "enter", A::Accept, "Select", "select"),
        bind(Picker, "esc", A::Dismiss, "Cancel", "cancel"),
        bind(Picker, "down ctrl-n", A::Down, "Go to the next", "next"),
        bind(Picker, "up ctrl-p", A::Up, "Go to the previous", "previous"),
        bind(Picker, "pagedown", A::PageDown, "Go one page down", ""),
        bind(Picker, "pageup", A::PageUp, "Go one page up", ""),
        bind(Help, "down j", A::Down, "Go one line down", "scroll"),
        bind(Help, "up k", A::Up, "Go one line up", ""),
        bind(Help, "pagedown ctrl-d", A::PageDown, "Go one page down", ""),
        bind(Help, "pageup ctrl-u", A::PageUp, "Go one page up", ""),
        bind(Help, "home g", A::First, "Go to the top", ""),
        bind(Help, "end G", A::Last, "Go to the end", ""),
        bind(Help, "/", A::Palette, "Search keys and commands", "search"),
        bind(Help, "esc ? q", A::Dismiss, "Close the help", "close"),
        bind(Tour, "enter", A::TourNext, "Continue the tour", "next"),
        bind(Tour, "backspace", A::TourBack, "Go back", "back"),
        bind(Tour, "esc", A::Dismiss, "End the tour", "skip the tour"),
        bind(Card, "down j", A::Down, "Go to the next prototype", "prototype"),
        bind(Card, "up k", A::Up, "Go to the previous prototype", ""),
        bind(Card, "right l", A::Step(Right), "Describe the next group", "next group"),
        bind(Card, "left h", A::Step(Left), "Describe the previous group", ""),
        bind(Card, "space", A::Mark, "Mark all its models", "mark all"),
        bind(Card, "enter", A::Open, "Show the prototype", "model"),
        bind(Card, "esc", A::Dismiss, "Close the card", "close"),
    ]
}

fn general() -> Vec<Binding> {
    use Command as A;
    use Context::{Always, Everywhere};
    let mut map = vec![
        bind(Everywhere, "p", A::Prompt, "Type a prompt and route it", "prompt"),
        bind(Everywhere, "/", A::Search, "Search models by name", "search"),
        bind(Everywhere, "f", A::Filter, "Filter map, tables and router …", "filter"),
        bind(Everywhere, "", A::ClearFilter, "Clear the filter", ""),
        bind(Everywhere, "c", A::Colors, "Color the map by …", "color"),
        bind(Everywhere, "m", A::NextView, "Switch the view: markers, list or plot", "view"),
        bind(Everywhere, "space", A::Mark, "Mark the model, or unmark it", "mark"),
        bind(Everywhere, "z", A::Maximize, "Maximize the pane, or restore it", "maximize"),
    ];
    map.extend(Pane::ALL.iter().map(|&pane| {
        let described = pane.description();
        bind(Everywhere, described.keys, A::Focus(pane), described.about, described.hint)
    }));
    map.extend([
        bind(Everywhere, ":", A::Palette, "Find a command …", "commands"),
        bind(Everywhere, "w", A::Select, "Mark models by an expression", ""),
        bind(Everywhere, "D", A::Card, "Describe the group …", "describe"),
        bind(Everywhere, "N", A::MarkNeighbors, "Mark the nearest models", ""),
        bind(Everywhere, "X", A::MarkCluster, "Mark the cluster of the model", ""),
        bind(Everywhere, "!", A::Invert, "Invert the marks", ""),
        bind(Everywhere, "S", A::SaveSelection, "Save the marked models as …", ""),
        bind(Everywhere, "\"", A::Selections, "Recall saved models …", ""),
        bind(Everywhere, "E", A::Export, "Export to a file …", ""),
        bind(Everywhere, "y", A::Copy, "Copy the names of the marked models", ""),
        bind(Everywhere, "u", A::Undo, "Undo marks and view", ""),
        bind(Everywhere, "U ctrl-r", A::Redo, "Redo", ""),
        bind(Everywhere, "T", A::Themes, "Choose a theme …", ""),
        bind(Everywhere, "t", A::NextTheme, "Use the next theme", ""),
        bind(
            Everywhere,
            "esc",
            A::Dismiss,
            "Clear limit (Route), filter, focused group, marks",
            "",
        ),
        bind(Always, "tab", A::NextPane, "Go to the next pane", "pane"),
        bind(Always, "backtab", A::PreviousPane, "Go to the previous pane", ""),
        bind(Always, "f2", A::Mouse, "Toggle mouse capture", ""),
        bind(Always, "f1", A::Help, "Show the keys (also while typing)", ""),
        bind(Always, "ctrl-z", A::Suspend, "Suspend (fg resumes)", ""),
        bind(Always, "ctrl-c", A::Quit, "Quit (also while typing)", ""),
        bind(Everywhere, "?", A::Help, "Show the keys", "help"),
        bind(Everywhere, "", A::Tour, "Take the tour of 60 seconds", ""),
        bind(Everywhere, "q", A::Quit, "Quit", "quit"),
    ]);
    map
}
