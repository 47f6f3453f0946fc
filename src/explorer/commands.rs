//! What is picked from lists or typed in a line: themes, colours, columns, selections.

use std::sync::Arc;

use tui_input::Input;

use super::action::{Action, Effect, Pane};
use super::ask::{Ask, Purpose};
use super::colouring::ColourBy;
use super::keys::{Binding, Context};
use super::limits::{self, Limits};
use super::map::Projector;
use super::picker::{Item, Picker};
use super::state::State;
use super::table::{self, Column};
use super::{document, filtering, forecasts, selection};
use crate::dataset::Values;

/// Components that are offered as axes.
const AXES: usize = 6;

/// Takes a command in; gives back what is none.
pub fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    match action {
        Action::Palette => state.picker = Some(palette(state)),
        Action::Themes => state.picker = Some(themes(state)),
        Action::Colours => state.picker = Some(colours(state)),
        Action::Columns => state.picker = Some(columns(state)),
        Action::Projections => state.picker = Some(projections(state)),
        Action::Axes => state.picker = Some(axes(state)),
        Action::Selections => match selections(state) {
            Some(picker) => state.picker = Some(picker),
            None => state.say("no selection is saved: mark some models and press S"),
        },
        Action::Filter => {
            let before = match state.focus {
                Pane::Questions => state.questions.filter.clone(),
                _ => state.table.filter.clone(),
            };
            ask(state, Purpose::Filter, before);
        }
        Action::Select => ask(state, Purpose::Select, String::new()),
        Action::SaveSelection => {
            if state.marked.is_empty() {
                state.say("mark some models first: Space marks the selected one");
            } else {
                ask(state, Purpose::Save, String::new());
            }
        }
        Action::UsePool(name) => filtering::use_pool(state, name.as_deref(), effects),
        Action::UseTheme(name) => effects.push(Effect::UseTheme(name)),
        Action::ColourBy(by) => {
            if by == ColourBy::Forecast && state.forecast.is_empty() {
                state.say("type a prompt first: p");
            }
            state.colour_by(by);
        }
        Action::ToggleColumn(at) => {
            let column = Column::all(&state.subject).get(at).copied();
            if let Some(column) = column {
                let shown = state.table.columns.contains(&column);
                let subject = Arc::clone(&state.subject);
                state.table.show(&subject, column, !shown);
            }
        }
        Action::Recall(name) => {
            let names = state.saved.get(&name).cloned().unwrap_or_default();
            let models = state.subject.models.iter().enumerate();
            let known: Vec<usize> =
                models.filter(|(_, n)| names.contains(n)).map(|(m, _)| m).collect();
            state.say(format!("{}: {} models are marked", name, known.len()));
            state.mark(known);
        }
        Action::Forget(name) => {
            state.saved.remove(&name);
            state.say(format!("{name} is forgotten"));
        }
        Action::Copy => {
            let names: Vec<&str> = state.chosen().into_iter().map(|m| state.name(m)).collect();
            if !names.is_empty() {
                effects.push(Effect::Copy(names.join("\n")));
            }
        }
        Action::Export => {
            let name = "llmap-selection.json";
            match document::selection(state) {
                Ok(bytes) => effects.push(Effect::Write(name.into(), bytes)),
                Err(problem) => state.complain(&problem.to_string()),
            }
        }
        Action::ExportForecasts => forecasts::export(state, effects),
        Action::ZoomToMarked => {
            let places: Vec<_> =
                state.marked.iter().filter_map(|m| state.map.places.get(*m).copied()).collect();
            let over = |f: fn(f64, f64) -> f64, start: f64| {
                places.iter().fold((start, start), |(x, y), p| (f(x, p.0), f(y, p.1)))
            };
            if places.is_empty() {
                state.say("nothing is marked: Space marks the selected model");
            } else {
                state.map.zoom_to(over(f64::min, f64::MAX), over(f64::max, f64::MIN));
            }
        }
        action => return mark(state, action),
    }
    None
}

/// What changes the marks.
fn mark(state: &mut State, action: Action) -> Option<Action> {
    let all = 0..state.subject.models.len();
    match action {
        Action::Mark => {
            let model = state.selected;
            if all.contains(&model) {
                let marked = Arc::make_mut(&mut state.marked);
                if !marked.remove(&model) {
                    marked.insert(model);
                }
            }
        }
        Action::MarkShown => {
            let rows = &state.table.rows;
            if rows.iter().all(|model| state.marked.contains(model)) {
                state.mark([]);
            } else {
                state.mark(rows.clone());
            }
        }
        Action::MarkNeighbours => {
            let near: Vec<usize> = state.neighbours.iter().map(|near| near.model).collect();
            state.mark(near.into_iter().chain([state.selected]));
        }
        Action::MarkCluster => {
            // Colouring by cluster has them found, if they are not known yet.
            let Some(clusters) = state.clusters.done().cloned() else {
                state.colour_by(ColourBy::Cluster);
                state.say("clusters are being found: try again in a moment");
                return None;
            };
            let own = clusters.of.get(state.selected);
            state.mark(all.filter(|m| clusters.of.get(*m) == own));
            if let Some(cluster) = own.and_then(|own| clusters.clusters.get(*own)) {
                state.say(format!(
                    "{}: {} models, stability {:.2}",
                    cluster.name, cluster.size, cluster.stability
                ));
            }
        }
        Action::Invert => {
            let marked = Arc::clone(&state.marked);
            state.mark(all.filter(|m| !marked.contains(m)));
        }
        action => return Some(action),
    }
    None
}

/// Asks what a model may cost.
pub fn ask_for_cost(state: &mut State) {
    let most = state.route.limits.most.map_or_else(String::new, |most| most.to_string());
    ask(state, Purpose::Cost, most);
}

/// Asks for a name for the filter of the Route pane.
pub fn ask_for_pool(state: &mut State) {
    if state.route.filter.pool.is_none() {
        state.say("filter the models first: f");
    } else {
        ask(state, Purpose::Pool, String::new());
    }
}

/// Asks for the path of a new model's answers.
pub fn ask_for_answers(state: &mut State) {
    ask(state, Purpose::Answers, String::new());
}

fn ask(state: &mut State, purpose: Purpose, before: String) {
    let input = Input::new(before.clone());
    state.ask = Some(Ask { purpose, input, before, problem: None, found: 0 });
    typed(state);
}

/// What was typed holds at once, where it can be taken back.
pub fn typed(state: &mut State) {
    let Some(ask) = &state.ask else { return };
    let (purpose, text) = (ask.purpose, ask.input.value().to_owned());
    let (found, problem) = match purpose {
        Purpose::Filter if state.focus == Pane::Questions => {
            state.questions.filter = text;
            state.questions.arrange();
            (state.questions.rows.len(), None)
        }
        Purpose::Filter => {
            state.table.filter = text;
            table::arrange(state);
            (state.table.rows.len(), state.table.problem.clone())
        }
        Purpose::Select if text.trim().is_empty() => (0, None),
        Purpose::Select => {
            let (models, problem) = selection::matching(state, &text);
            (models.len(), problem)
        }
        Purpose::Save => (state.marked.len(), None),
        Purpose::Answers | Purpose::Pool => (0, None),
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => {
                let limits = Limits { most, ..state.route.limits.clone() };
                let preferences = limits.preferences(state.route.filter.pool.clone());
                (preferences.candidates(&limits::costs(state)).count(), None)
            }
            Err(problem) => (0, Some(problem)),
        },
    };
    if let Some(ask) = &mut state.ask {
        (ask.found, ask.problem) = (found, problem);
    }
}

/// The line is left as if it had not been typed.
pub fn take_back(state: &mut State, ask: &Ask) {
    if ask.purpose != Purpose::Filter {
        return;
    }
    if state.focus == Pane::Questions {
        state.questions.filter.clone_from(&ask.before);
        state.questions.arrange();
    } else {
        state.table.filter.clone_from(&ask.before);
        table::arrange(state);
    }
}

pub fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(ask) = state.ask.take() else { return };
    let text = ask.input.value().trim().to_owned();
    match ask.purpose {
        Purpose::Filter => {}
        Purpose::Answers => {
            if !text.is_empty() {
                effects.push(Effect::ReadAnswers(text));
            }
        }
        Purpose::Select => {
            if !text.is_empty() && ask.problem.is_none() {
                let (models, _) = selection::matching(state, &text);
                state.say(format!("{} models are marked", models.len()));
                state.mark(models);
            } else if let Some(problem) = ask.problem {
                state.complain(&problem);
            }
        }
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => limits::cap(state, most, effects),
            Err(problem) => state.complain(&problem),
        },
        Purpose::Pool => {
            if !text.is_empty() {
                filtering::save_pool(state, &text, effects);
            }
        }
        Purpose::Save => {
            if !text.is_empty() {
                let names = state.marked.iter().map(|m| state.name(*m).to_owned()).collect();
                state.say(format!("saved as {text}: \" finds it again"));
                state.saved.insert(crate::one_line(&text), names);
            }
        }
    }
}

/// Every command: those of the focused pane first.
fn palette(state: &State) -> Picker {
    let own = Context::of(state);
    let panes = [
        (Context::Map, Pane::Map),
        (Context::Model, Pane::Model),
        (Context::Probe, Pane::Probe),
        (Context::Route, Pane::Route),
        (Context::Models, Pane::Models),
        (Context::Compare, Pane::Compare),
        (Context::Questions, Pane::Questions),
        (Context::Forecast, Pane::Forecast),
        (Context::Newcomer, Pane::Newcomer),
    ];
    let mut bindings: Vec<&Binding> = state
        .keymap
        .iter()
        .filter(|b| !b.context.is_typing() && b.context != Context::Training)
        .filter(|b| !matches!(b.action, Action::Palette | Action::Dismiss))
        .collect();
    bindings.sort_by_key(|b| {
        let place = own.iter().position(|c| *c == b.context).unwrap_or(own.len());
        // What the hint bar would show is wanted more often than a step to the left.
        (place, b.hint.is_empty())
    });
    let item = |b: &Binding| {
        let there =
            panes.iter().find(|(context, pane)| *context == b.context && *pane != state.focus);
        let mut actions = vec![b.action.clone()];
        let mut label = b.about.to_owned();
        if let Some((context, pane)) = there {
            actions.insert(0, Action::Focus(*pane));
            label = format!("{}: {label}", context.title());
        }
        Item { label, remark: b.label(), actions, chosen: false }
    };
    Picker::new("Commands", bindings.into_iter().map(item).collect())
}

fn themes(state: &State) -> Picker {
    let names = state.themes.iter();
    let items = names.map(|name| {
        let chosen = *name == state.theme.name;
        Item { chosen, ..Item::new(name, "", Action::UseTheme(name.clone())) }
    });
    Picker::new("Themes", items.collect()).with_preview(Action::UseTheme(state.theme.name.clone()))
}

fn colours(state: &State) -> Picker {
    let items = ColourBy::all(&state.subject).into_iter().map(|by| {
        let remark = match by {
            ColourBy::Attribute(a) => {
                state.subject.attributes.get(a).map_or("", |a| a.values.kind())
            }
            ColourBy::Benchmark(_) => "benchmark",
            ColourBy::Forecast => "of the Route pane",
            ColourBy::Uncertainty => "few answers, much unknown",
            ColourBy::Cluster => "k-means",
            ColourBy::Nothing => "",
        };
        let chosen = by == state.map.colouring.by;
        Item { chosen, ..Item::new(by.title(&state.subject), remark, Action::ColourBy(by)) }
    });
    let back = Action::ColourBy(state.map.colouring.by);
    Picker::new("Colour by", items.collect()).with_preview(back)
}

fn columns(state: &State) -> Picker {
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
        Item { chosen, ..Item::new(column.title(&state.subject), kind, Action::ToggleColumn(i)) }
    });
    Picker::new("Columns", items.collect()).staying()
}

fn projections(state: &State) -> Picker {
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
        Item { chosen, ..Item::new(label, remark, Action::UseProjector(projector)) }
    });
    Picker::new("Projection", items.collect())
}

fn axes(state: &State) -> Picker {
    let n = state.map.components().min(AXES);
    let shares = &state.map.projection.shares;
    let share = |c: usize| shares.get(c).copied().unwrap_or_default();
    let pairs = (0..n).flat_map(|x| (x + 1..n).map(move |y| (x, y)));
    let items = pairs.map(|(x, y)| {
        let chosen = state.map.axes() == (x, y);
        let remark = format!("{:.0}% of variance", 100.0 * (share(x) + share(y)));
        let label = format!("{} → and {} ↑", x + 1, y + 1);
        Item { chosen, ..Item::new(label, remark, Action::UseAxes(x, y)) }
    });
    let (x, y) = state.map.axes();
    Picker::new("Axes", items.collect()).with_preview(Action::UseAxes(x, y))
}

fn selections(state: &State) -> Option<Picker> {
    if state.saved.is_empty() {
        return None;
    }
    let each = state.saved.iter();
    let mut items: Vec<Item> = each
        .clone()
        .map(|(name, models)| {
            Item::new(name, format!("{} models", models.len()), Action::Recall(name.clone()))
        })
        .collect();
    items.extend(
        each.map(|(name, _)| Item::new(format!("forget {name}"), "", Action::Forget(name.clone()))),
    );
    Some(Picker::new("Saved selections", items))
}
