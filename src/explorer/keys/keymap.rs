//! The keymap as it is without the user's changes.

use std::sync::LazyLock;

use super::{Binding, Context};
use crate::explorer::command::{Command, NewcomerCommand as N, RouteCommand as C};
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
pub static KEYMAP: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    use Command as A;
    use Context::{
        Always, Everywhere, Filter, Line, Naming, Picker, Prompt, Search, Stopped, Training,
        Working,
    };
    use Direction::{Down, Left, Right, Up};
    use Pane::{Compare, Forecast, Map, Model, Models, Newcomer, Probe, Questions, Route};
    let mut map = vec![
        bind(Working, "esc", A::Stop, "stop what is computed", "stop"),
        bind(Stopped, "f5", A::Again, "begin it again", "begin again"),
        bind(Training, "s", A::StopTraining, "stop, keep the best epoch", "stop and keep"),
        bind(Map, "left h", A::Step(Left), "model to the left", ""),
        bind(Map, "down j", A::Step(Down), "model below", ""),
        bind(Map, "up k", A::Step(Up), "model above", ""),
        bind(Map, "right l", A::Step(Right), "model to the right", ""),
        bind(Map, "+ =", A::ZoomIn, "zoom in (or the wheel)", "zoom in"),
        bind(Map, "-", A::ZoomOut, "zoom out", "out"),
        bind(Map, "shift-left H", A::Pan(Left), "pan left", ""),
        bind(Map, "shift-down J", A::Pan(Down), "pan down", ""),
        bind(Map, "shift-up K", A::Pan(Up), "pan up", ""),
        bind(Map, "shift-right L", A::Pan(Right), "pan right", ""),
        bind(Map, "f", A::Fit, "see the whole map", "fit"),
        bind(Map, "F", A::Reset, "the map as at the start", ""),
        bind(Map, "c", A::Colors, "color by …", "color"),
        bind(Map, ")", A::NextColor, "color by the next", ""),
        bind(Map, "(", A::PreviousColor, "color by the previous", ""),
        bind(Map, "i", A::Isolate, "isolate the next class", "isolate"),
        bind(Map, "o", A::Projections, "t-SNE, an attribute, …", "projection"),
        bind(Map, "a", A::NextAxes, "other components as axes", "axes"),
        bind(Map, "A", A::Axes, "choose the axes …", ""),
        bind(Map, "r", A::Space, "three dimensions or flat", "3-D"),
        bind(Map, "[", A::Turn(Left), "turn left", ""),
        bind(Map, "]", A::Turn(Right), "turn right", ""),
        bind(Map, "{", A::Turn(Up), "tilt up", ""),
        bind(Map, "}", A::Turn(Down), "tilt down", ""),
        bind(Map, "R", A::Spin, "turn by itself", ""),
        bind(Map, "m", A::Markers, "Braille, shapes, blocks, …", "markers"),
        bind(Map, "d", A::Density, "shade where it is crowded", ""),
        bind(Map, "n", A::Names, "names on or off", "names"),
        bind(Map, "b", A::Tool, "drag: box, loop or zoom", ""),
        bind(Map, "z", A::ZoomToMarked, "zoom to the marked", ""),
        bind(Map, "space", A::Mark, "mark the model", "mark"),
        bind(Map, "enter", A::Open, "look at the model", "model"),
    ];
    for (pane, open, hint) in [
        (Model, "go to the neighbour", "go to neighbour"),
        (Probe, "color the map by it", "color the map"),
        (Route, "look at the model", "model"),
        (Models, "look at the model", "model"),
        (Compare, "look at the model", ""),
        (Questions, "select its best model", ""),
        (Forecast, "look at the model", "model"),
    ] {
        map.extend([
            bind(pane, "down j", A::Down, "next line", ""),
            bind(pane, "up k", A::Up, "previous line", ""),
            bind(pane, "pagedown ctrl-d", A::PageDown, "a page down", ""),
            bind(pane, "pageup ctrl-u", A::PageUp, "a page up", ""),
            bind(pane, "home g", A::First, "first line", ""),
            bind(pane, "end G", A::Last, "last line", ""),
            bind(pane, "enter", A::Open, open, hint),
        ]);
    }
    map.extend([
        bind(Route, "f", A::Route(C::Filter), "which models, as an expression", "filter"),
        bind(Route, "m", A::Route(C::NextView), "list, plot, pinned, history", "view"),
        bind(Route, "+", A::Route(C::Cheaper), "cost counts more", "cheaper"),
        bind(Route, "-", A::Route(C::Better), "cost counts less", ""),
        bind(Route, ".", A::Route(C::RaiseFloor), "raise the quality floor", "floor"),
        bind(Route, ",", A::Route(C::LowerFloor), "lower the quality floor", ""),
        bind(Route, "$", A::Route(C::HighestCost), "the highest cost …", ""),
        bind(Route, "=", A::Route(C::CheapestTie), "the cheapest of the ties", ""),
        bind(
            Route,
            "~",
            A::Route(C::Cautious),
            "rank by the lower end of the interval",
            "cautious",
        ),
        bind(Route, "o", A::Route(C::Pools), "saved pools of models …", "pools"),
        bind(Route, "s", A::Route(C::SavePool), "save the filter as a pool", ""),
        bind(Route, "x", A::Route(C::Pin), "pin the prompt, or unpin", ""),
        bind(Route, "h", A::Route(C::Heat), "color the map by it", ""),
        bind(Route, "[", A::Route(C::Older), "the prompt before", ""),
        bind(Route, "]", A::Route(C::Newer), "the prompt after", ""),
        bind(Route, "c", A::Route(C::CopyName), "copy the model's name", ""),
        bind(Route, "C", A::Route(C::CopyJson), "copy the route as JSON", ""),
        bind(Prompt, "alt-enter ctrl-j", A::Route(C::Newline), "a line break", "line break"),
        bind(Prompt, "ctrl-p", A::Route(C::Older), "the prompt before", ""),
        bind(Prompt, "ctrl-n", A::Route(C::Newer), "the prompt after", ""),
        bind(Filter, "tab", A::Route(C::Complete), "complete the word", "complete"),
        bind(Filter, "enter", A::Accept, "keep it", "keep"),
        bind(Filter, "esc", A::Dismiss, "as before", "as before"),
        bind(Models, "left h", A::Step(Left), "column to the left", ""),
        bind(Models, "right l", A::Step(Right), "column to the right", ""),
        bind(Models, "s", A::Sort, "sort by it, and reverse", "sort"),
        bind(Models, "f", A::Filter, "filter: words or expression", "filter"),
        bind(Models, "c", A::Columns, "choose columns …", "columns"),
        bind(Models, "space", A::Mark, "mark the model", "mark"),
        bind(Models, "a", A::MarkShown, "mark all shown, or none", "mark all"),
        bind(Questions, "f", A::Filter, "filter by words", "filter"),
        bind(Questions, "c", A::NextColor, "only the next category", "category"),
        bind(Questions, "r", A::Prompt, "route this question", "route it"),
        bind(Questions, "+ =", A::Newcomer(N::Right), "a new model answered it right", "right"),
        bind(Questions, "-", A::Newcomer(N::Wrong), "a new model answered it wrong", "wrong"),
        bind(Questions, "x", A::Newcomer(N::Open), "take that back", ""),
        bind(Questions, "n", A::Newcomer(N::Next), "the question that tells most", "ask next"),
        bind(Newcomer, "down j", A::Down, "next line", ""),
        bind(Newcomer, "up k", A::Up, "previous line", ""),
        bind(Newcomer, "pagedown ctrl-d", A::PageDown, "a page down", ""),
        bind(Newcomer, "pageup ctrl-u", A::PageUp, "a page up", ""),
        bind(Newcomer, "n", A::Newcomer(N::Next), "the question that tells most", "ask me"),
        bind(Newcomer, "o", A::Newcomer(N::Read), "its answers from a file …", "from a file"),
        bind(Newcomer, "e", A::Newcomer(N::Write), "write its answers to a file", "export"),
        bind(Newcomer, "x", A::Newcomer(N::Forget), "forget it", "forget"),
        bind(Forecast, "left h", A::Step(Left), "benchmark to the left", "benchmark"),
        bind(Forecast, "right l", A::Step(Right), "benchmark to the right", ""),
        bind(Forecast, "f", A::Filter, "filter: words or expression", "filter"),
        bind(Forecast, "space", A::Mark, "mark the model", "mark"),
        bind(Forecast, "e", A::ExportForecasts, "write the forecasts to a file", "export"),
        bind(Line, "enter", A::Accept, "keep it", "keep"),
        bind(Line, "esc", A::Dismiss, "go back", "go back"),
        bind(Picker, "enter", A::Accept, "pick it", "pick"),
        bind(Picker, "down ctrl-n", A::Down, "next", "next"),
        bind(Picker, "up ctrl-p", A::Up, "previous", "previous"),
        bind(Picker, "pagedown", A::PageDown, "a page down", ""),
        bind(Picker, "pageup", A::PageUp, "a page up", ""),
        bind(Picker, "esc", A::Dismiss, "go back", "go back"),
        bind(Probe, "right l", A::NextSection, "what else is known of it", "more"),
        bind(Probe, "left h", A::PreviousSection, "back", ""),
        bind(Probe, "n", A::NameGroup, "name the marked models, probe", "name the marked"),
        bind(Naming, "enter", A::Accept, "probe the group", "probe it"),
        bind(Naming, "esc", A::Dismiss, "no group", "no group"),
        bind(Prompt, "enter", A::Accept, "to the list of models", "to the list"),
        bind(Prompt, "down", A::Down, "next model", ""),
        bind(Prompt, "up", A::Up, "previous model", ""),
        bind(Prompt, "esc", A::Dismiss, "stop typing", "stop typing"),
        bind(Search, "enter", A::Accept, "stay at the model", "stay"),
        bind(Search, "down ctrl-n", A::Down, "next hit", "next"),
        bind(Search, "up ctrl-p", A::Up, "previous hit", "previous"),
        bind(Search, "esc", A::Dismiss, "go back", "go back"),
        bind(Everywhere, "p", A::Prompt, "type a prompt, route it", "prompt"),
        bind(Everywhere, "/", A::Search, "search a model by name", "search"),
    ]);
    map.extend(Pane::ALL.iter().map(|&pane| {
        let described = pane.description();
        bind(Everywhere, described.keys, A::Focus(pane), described.about, described.hint)
    }));
    map.extend([
        bind(Everywhere, ":", A::Palette, "all commands …", "commands"),
        bind(Everywhere, "w", A::Select, "mark by an expression", ""),
        bind(Everywhere, "N", A::MarkNeighbours, "mark the nearest models", ""),
        bind(Everywhere, "X", A::MarkCluster, "mark the model's cluster", ""),
        bind(Everywhere, "!", A::Invert, "mark all others instead", ""),
        bind(Everywhere, "S", A::SaveSelection, "save the marked by a name", ""),
        bind(Everywhere, "\"", A::Selections, "saved selections …", ""),
        bind(Everywhere, "E", A::Export, "write the marked to a file", ""),
        bind(Everywhere, "y", A::Copy, "copy the marked names", ""),
        bind(Everywhere, "u", A::Undo, "undo marks and view", ""),
        bind(Everywhere, "U ctrl-r", A::Redo, "redo", ""),
        bind(Everywhere, "T", A::Themes, "choose a theme …", ""),
        bind(Always, "f2", A::Mouse, "release or catch the mouse", ""),
        bind(Always, "tab", A::NextPane, "next pane", "pane"),
        bind(Always, "backtab", A::PreviousPane, "previous pane", ""),
        bind(Everywhere, "t", A::NextTheme, "next theme", "theme"),
        bind(Everywhere, "esc", A::Dismiss, "close, show all classes", ""),
        bind(Always, "f1", A::Help, "these keys, even typing", ""),
        bind(Always, "ctrl-z", A::Suspend, "suspend (fg comes back)", ""),
        bind(Always, "ctrl-c", A::Quit, "quit, even while typing", ""),
        bind(Everywhere, "?", A::Help, "these keys", "help"),
        bind(Everywhere, "q", A::Quit, "quit", "quit"),
    ]);
    map
});
