//! The lists: commands, themes, colors, columns, projections, selections.

use crate::dataset::Values;
use crate::explorer::command::{Command, Exported, RouteCommand};
use crate::explorer::keys::{Binding, Context, terms, words};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::column::Column;
use crate::explorer::state::map::Projector;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::picker::{Item, Picker};
use crate::printable::thousands;

/// The prefix of a filter in the command palette.
const FILTER: &str = "filter";
/// Number of components that are offered as axes.
const AXES: usize = 6;

/// The commands of the entry under the cursor. The list closes, unless it is one of switches.
pub fn pick(state: &mut State) -> Vec<Command> {
    let filtered = state.filter.is_on();
    let Mode::Picker(picker) = state.modes.top_mut() else { return Vec::new() };
    // The word alone clears the filter.
    let clears = filtered && picker.of_commands && picker.input.value().trim() == FILTER;
    let commands = if clears { vec![Command::ClearFilter] } else { picker.commands() };
    if !picker.stays {
        state.modes.close_picker();
    } else if let Some(&at) = picker.hits.get(picker.at) {
        picker.items[at].chosen = !picker.items[at].chosen;
    }
    commands
}

/// The commands that preview the entry under the cursor, if the list has a preview; without matches, those
/// that revert it.
pub fn preview(state: &State) -> Vec<Command> {
    let Some(picker) = state.modes.picker() else { return Vec::new() };
    let Some(before) = &picker.preview else { return Vec::new() };
    if picker.hits.is_empty() { before.clone() } else { picker.commands() }
}

/// The command palette: commands of the focused pane first, then the other bindings, colors, projections and
/// exports.
pub fn palette(state: &State) -> Picker {
    let own = state.under_help();
    let mut bindings: Vec<&Binding> = state
        .keymap
        .iter()
        .filter(|b| {
            !b.context.is_typing() && !matches!(b.context, Context::Training | Context::Help)
        })
        .filter(|b| !matches!(b.command, Command::Palette | Command::Dismiss))
        .collect();
    bindings.sort_by_key(|b| {
        let place = own.iter().position(|c| *c == b.context).unwrap_or(own.len());
        // Commands with a hint are used more often than, for example, a step to the left.
        (place, b.hint.is_empty())
    });
    let item = |b: &Binding| {
        let mut commands = vec![b.command.clone()];
        let mut remark = b.label();
        if let Context::Pane(pane) = b.context
            && pane != state.focus
        {
            commands.insert(0, Command::Focus(pane));
            remark = format!("{} {remark}", pane.title());
        }
        let (aliases, about) = words(&b.command);
        let assumes = b.command == Command::Route(RouteCommand::AnswerTokens);
        let with_number: Option<fn(u32) -> Command> =
            assumes.then_some(|number| Command::Route(RouteCommand::AssumeTokens(number)));
        let item = Item::new(b.about, remark, b.command.clone());
        Item { about: about.into(), aliases, commands, with_number, ..item }
    };
    let mut items: Vec<Item> = bindings.into_iter().map(item).collect();
    let model_set = &state.model_set;
    let colors = ColorBy::all(model_set).into_iter();
    items.extend(colors.map(|by| {
        described(format!("Color the map by {}", by.title(model_set)), Command::ColorBy(by))
    }));
    items.extend([Projector::Pca, Projector::Tsne, Projector::WithoutCoverage].map(|projector| {
        let label = format!("Project by {}", projector.title(model_set));
        described(label, Command::UseProjector(projector))
    }));
    items.extend(
        [
            (Exported::Models, "Export the marked models …"),
            (Exported::Table(Pane::Models), "Export the table of models …"),
            (Exported::Table(Pane::Forecast), "Export the predictions …"),
            (Exported::Table(Pane::NewModel), "Export the benchmarks of the new model …"),
            (Exported::Answers, "Export the answers of the new model …"),
        ]
        .map(|(exported, label)| described(label.into(), Command::ExportTo(exported))),
    );
    // The words on the screen can be searched too: choosing one only closes the list.
    for pane in Pane::ALL {
        for (word, about) in terms(*pane) {
            if !items.iter().any(|item| item.label == *word) {
                let item = Item::new(*word, "word", Command::Dismiss);
                items.push(Item { about: (*about).into(), commands: Vec::new(), ..item });
            }
        }
    }
    Picker::new("Commands", items).of_commands()
}

/// The text after `:filter` in the palette.
pub fn filter_in(picker: &Picker) -> Option<String> {
    behind(FILTER, picker)
}

/// What `:export` is followed by, among the commands: the name of a file.
pub fn export_in(picker: &Picker) -> Option<String> {
    behind("export", picker)
}

fn behind(word: &str, picker: &Picker) -> Option<String> {
    let typed = picker.input.value().strip_prefix(word).filter(|_| picker.of_commands)?;
    typed.starts_with(' ').then(|| typed.trim_start().to_owned())
}

/// An entry with the description of its command.
fn described(label: String, command: Command) -> Item {
    let (aliases, about) = words(&command);
    Item { about: about.into(), aliases, ..Item::new(label, "", command) }
}

/// The list of models, with a preview: the one under the cursor is selected.
pub fn models(state: &State) -> Picker {
    let families = KINDS.iter().find_map(|name| {
        state.model_set.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    });
    let item = |(m, name): (usize, &String)| {
        let family = families.and_then(|a| a.values.text(m)).unwrap_or_default();
        let answers = thousands(state.model_set.answers(m).into());
        let remark = format!("{family}  {answers:>6}");
        let chosen = m == state.selected;
        Item { chosen, ..Item::new(name, remark, Command::ViewState(name.clone())) }
    };
    let items = state.model_set.models.iter().enumerate().map(item).collect();
    let back = Command::ViewState(state.name(state.selected).to_owned());
    Picker::new("Models", items).with_preview(back).of_models()
}

/// Attributes that describe a model best, in order of preference.
const KINDS: [&str; 3] = ["family", "maker", "provider"];

pub fn themes(state: &State) -> Picker {
    let names = state.themes.iter();
    let items = names.map(|name| {
        let chosen = *name == state.theme.name;
        Item { chosen, ..Item::new(name, "", Command::UseTheme(name.clone())) }
    });
    Picker::new("Themes", items.collect()).with_preview(Command::UseTheme(state.theme.name.clone()))
}

pub fn colors(state: &State) -> Picker {
    let items = ColorBy::all(&state.model_set).into_iter().map(|by| {
        let remark = match by {
            ColorBy::Attribute(a) => {
                state.model_set.attributes.get(a).map_or("", |a| a.values.kind())
            }
            ColorBy::Benchmark(_) => "benchmark",
            ColorBy::Forecast => "from Route",
            ColorBy::Uncertainty => "high: few answers",
            ColorBy::Cluster => "k-means",
            ColorBy::Nothing => "",
        };
        let about = match by {
            ColorBy::Benchmark(b) => described_benchmark(state, b),
            _ => String::new(),
        };
        let chosen = by == state.map.coloring.by;
        let item = Item::new(by.title(&state.model_set), remark, Command::ColorBy(by));
        Item { chosen, about: about.into(), ..item }
    });
    let back = Command::ColorBy(state.map.coloring.by);
    Picker::new("Color by", items.collect()).with_preview(back)
}

/// What a benchmark asks; empty if that is not known.
fn described_benchmark(state: &State, at: usize) -> String {
    state.model_set.benchmarks.get(at).map_or_else(String::new, |b| b.description.clone())
}

pub fn columns(state: &State) -> Picker {
    let all = Column::all(&state.model_set);
    let items = all.iter().enumerate().filter(|(_, column)| **column != Column::Name);
    let items = items.map(|(i, column)| {
        let chosen = state.table.columns.contains(column);
        let kind = match column {
            Column::Attribute(_) => "attribute",
            Column::Benchmark(_) => "benchmark",
            Column::Forecast => "P(correct) on the prompt",
            Column::Ability => "log odds of a correct answer, above average",
            _ => "",
        };
        let about = match *column {
            Column::Benchmark(b) => described_benchmark(state, b),
            _ => String::new(),
        };
        let item = Item::new(column.title(&state.model_set), kind, Command::ToggleColumn(i));
        Item { chosen, about: about.into(), ..item }
    });
    Picker::new("Columns", items.collect()).staying()
}

pub fn projections(state: &State) -> Picker {
    let model_set = &state.model_set;
    let mut all = vec![
        (Projector::Pca, "linear"),
        (Projector::Tsne, "keeps neighborhoods"),
        (Projector::WithoutCoverage, "linear"),
    ];
    let attributes = model_set.attributes.iter().enumerate();
    let useful = attributes.filter(|(_, a)| {
        let values = (0..a.values.len()).filter_map(|m| a.values.text(m));
        let mut values: Vec<String> = values.collect();
        values.sort();
        values.dedup();
        values.len() > 1
    });
    all.extend(useful.map(|(i, a)| {
        let remark = match a.values {
            Values::Class(_) => "most frequent class, or the focused one",
            _ => "probe direction (in-sample)",
        };
        (Projector::Attribute(i), remark)
    }));
    let items = all.into_iter().map(|(projector, remark)| {
        let chosen = projector == state.map.projector;
        let label = projector.title(model_set);
        Item { chosen, ..Item::new(label, remark, Command::UseProjector(projector)) }
    });
    Picker::new("Projection", items.collect())
}

pub fn axes(state: &State) -> Picker {
    let n = state.map.components().min(AXES);
    let shares = &state.map.projection.shares;
    let share = |c: usize| shares.get(c).copied().unwrap_or_default();
    let pairs = (0..n).flat_map(|x| (x + 1..n).map(move |y| (x, y)));
    let items = pairs.map(|(x, y)| {
        let chosen = state.map.axes() == (x, y);
        let remark = format!("{:.0}% of variance", 100.0 * (share(x) + share(y)));
        let label = format!("{} → and {} ↑", x + 1, y + 1);
        Item { chosen, ..Item::new(label, remark, Command::UseAxes(x, y)) }
    });
    let (x, y) = state.map.axes();
    Picker::new("Axes", items.collect()).with_preview(Command::UseAxes(x, y))
}

pub fn selections(state: &State) -> Option<Picker> {
    if state.saved.is_empty() {
        return None;
    }
    let each = state.saved.iter();
    let mut items: Vec<Item> = each
        .clone()
        .map(|(name, models)| {
            Item::new(name, crate::count(models.len(), "model"), Command::Recall(name.clone()))
        })
        .collect();
    items.extend(
        each.map(|(name, _)| {
            Item::new(format!("Forget {name}"), "", Command::Forget(name.clone()))
        }),
    );
    Some(Picker::new("Saved selections", items))
}
