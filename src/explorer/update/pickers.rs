//! Lists to pick from: commands, themes, colors, columns, projections, selections.

use crate::dataset::Values;
use crate::explorer::command::Command;
use crate::explorer::keys::{Binding, Context};
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::column::Column;
use crate::explorer::state::map::Projector;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::picker::{Item, Picker};

/// Components that are offered as axes.
const AXES: usize = 6;

/// What the item under the cursor stands for. The list closes, unless it is one of switches.
pub fn pick(state: &mut State) -> Vec<Command> {
    let Mode::Picker(picker) = state.modes.top_mut() else { return Vec::new() };
    let commands = under_cursor(picker);
    if !picker.stays {
        state.modes.close_picker();
    } else if let Some(&at) = picker.hits.get(picker.at) {
        picker.items[at].chosen = !picker.items[at].chosen;
    }
    commands
}

/// What shows what the item under the cursor would do, where the list has a preview.
pub fn preview(state: &State) -> Vec<Command> {
    let picker = state.modes.picker().filter(|picker| picker.preview.is_some());
    picker.map(under_cursor).unwrap_or_default()
}

fn under_cursor(picker: &Picker) -> Vec<Command> {
    picker.under_cursor().map(|item| item.commands.clone()).unwrap_or_default()
}

/// Every command: those of the focused pane first.
pub fn palette(state: &State) -> Picker {
    let own = state.contexts();
    let mut bindings: Vec<&Binding> = state
        .keymap
        .iter()
        .filter(|b| !b.context.is_typing() && b.context != Context::Training)
        .filter(|b| !matches!(b.command, Command::Palette | Command::Dismiss))
        .collect();
    bindings.sort_by_key(|b| {
        let place = own.iter().position(|c| *c == b.context).unwrap_or(own.len());
        // What the hint bar would show is wanted more often than a step to the left.
        (place, b.hint.is_empty())
    });
    let item = |b: &Binding| {
        let mut commands = vec![b.command.clone()];
        let mut label = b.about.to_owned();
        if let Context::Pane(pane) = b.context
            && pane != state.focus
        {
            commands.insert(0, Command::Focus(pane));
            label = format!("{}: {label}", pane.title());
        }
        Item { label, remark: b.label(), commands, chosen: false }
    };
    Picker::new("Commands", bindings.into_iter().map(item).collect())
}

pub fn themes(state: &State) -> Picker {
    let names = state.themes.iter();
    let items = names.map(|name| {
        let chosen = *name == state.theme.name;
        Item { chosen, ..Item::new(name, "", Command::UseTheme(name.clone())) }
    });
    Picker::new("Themes", items.collect()).with_preview(Command::UseTheme(state.theme.name.clone()))
}

pub fn colors(state: &State) -> Picker {
    let items = ColorBy::all(&state.subject).into_iter().map(|by| {
        let remark = match by {
            ColorBy::Attribute(a) => {
                state.subject.attributes.get(a).map_or("", |a| a.values.kind())
            }
            ColorBy::Benchmark(_) => "benchmark",
            ColorBy::Forecast => "of the Route pane",
            ColorBy::Uncertainty => "few answers, much unknown",
            ColorBy::Cluster => "k-means",
            ColorBy::Nothing => "",
        };
        let chosen = by == state.map.coloring.by;
        Item { chosen, ..Item::new(by.title(&state.subject), remark, Command::ColorBy(by)) }
    });
    let back = Command::ColorBy(state.map.coloring.by);
    Picker::new("Color by", items.collect()).with_preview(back)
}

pub fn columns(state: &State) -> Picker {
    let all = Column::all(&state.subject);
    let items = all.iter().enumerate().filter(|(_, column)| **column != Column::Name);
    let items = items.map(|(i, column)| {
        let chosen = state.table.columns.contains(column);
        let kind = match column {
            Column::Attribute(_) => "attribute",
            Column::Benchmark(_) => "benchmark",
            Column::Forecast => "chance on the prompt",
            Column::Ability => "how good beyond the average, in logits",
            _ => "",
        };
        Item { chosen, ..Item::new(column.title(&state.subject), kind, Command::ToggleColumn(i)) }
    });
    Picker::new("Columns", items.collect()).staying()
}

pub fn projections(state: &State) -> Picker {
    let subject = &state.subject;
    let mut all =
        vec![(Projector::Pca, "linear, distances shrink"), (Projector::Tsne, "keeps neighbours")];
    let attributes = subject.attributes.iter().enumerate();
    let useful = attributes.filter(|(_, a)| {
        let values = (0..a.values.len()).filter_map(|m| a.values.text(m));
        let mut values: Vec<String> = values.collect();
        values.sort();
        values.dedup();
        values.len() > 1
    });
    all.extend(useful.map(|(i, a)| {
        let remark = match a.values {
            Values::Class(_) => "most frequent class, or the isolated one",
            _ => "fitted on the models shown",
        };
        (Projector::Attribute(i), remark)
    }));
    let items = all.into_iter().map(|(projector, remark)| {
        let chosen = projector == state.map.projector;
        let label = projector.title(subject);
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
            Item::new(name, format!("{} models", models.len()), Command::Recall(name.clone()))
        })
        .collect();
    items.extend(
        each.map(|(name, _)| {
            Item::new(format!("forget {name}"), "", Command::Forget(name.clone()))
        }),
    );
    Some(Picker::new("Saved selections", items))
}
