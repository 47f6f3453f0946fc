//! Marks.

use std::sync::Arc;

use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;

/// The number of marked models, in words.
pub fn counted(n: usize) -> String {
    match n {
        1 => "Marked 1 model".into(),
        n => format!("Marked {n} models"),
    }
}

/// Marks the selected model, or unmarks it.
pub fn toggle(state: &mut State) {
    let model = state.selected;
    if model < state.model_set.models.len() {
        let marked = Arc::make_mut(&mut state.marked);
        if !marked.remove(&model) {
            marked.insert(model);
        }
    }
}

/// Marks all models of the table, or none of them if all are marked.
pub fn shown(state: &mut State) {
    let rows = &state.table.rows;
    if rows.iter().all(|model| state.marked.contains(model)) {
        state.mark([]);
    } else {
        state.mark(rows.clone());
    }
}

pub fn neighbors(state: &mut State) {
    let near: Vec<usize> = state.neighbors.iter().map(|near| near.model).collect();
    state.mark(near.into_iter().chain([state.selected]));
}

pub fn cluster(state: &mut State) {
    // Coloring by cluster computes the clusters, if necessary; this is done afterwards.
    let Some(clusters) = state.clusters.done().cloned() else {
        state.color_by(ColorBy::Cluster);
        state.clusters_wanted = true;
        return state.show_notice("Clustering …");
    };
    let own = clusters.of.get(state.selected);
    let all = 0..state.model_set.models.len();
    state.mark(all.filter(|m| clusters.of.get(*m) == own));
    if let Some(cluster) = own.and_then(|own| clusters.clusters.get(*own)) {
        state.show_notice(format!(
            "{}: {} models, {:.0}% stable",
            cluster.name,
            cluster.size,
            100.0 * cluster.stability
        ));
    }
}

/// Marks the models that the chosen probe predicts wrong.
pub fn errors(state: &mut State) {
    let Some(report) = state.probe.chosen().and_then(|chosen| state.probe.report(chosen)) else {
        return state.show_notice("The probe has no result yet");
    };
    if report.kind == "number" {
        return state
            .show_notice("A number is never predicted exactly: choose an attribute with classes");
    }
    let errors = report.errors();
    let text = format!("{} whose {} is predicted wrong", counted(errors.len()), report.attribute);
    state.mark(errors);
    state.show_notice(text);
}

pub fn invert(state: &mut State) {
    let marked = Arc::clone(&state.marked);
    state.mark((0..state.model_set.models.len()).filter(|m| !marked.contains(m)));
}

/// Marks the models of a saved selection.
pub fn recall(state: &mut State, name: &str) {
    let names = state.saved.get(name).cloned().unwrap_or_default();
    let models = state.model_set.models.iter().enumerate();
    let known: Vec<usize> = models.filter(|(_, n)| names.contains(n)).map(|(m, _)| m).collect();
    state.show_notice(format!("{name}: {}", counted(known.len())));
    state.mark(known);
}

pub fn forget(state: &mut State, name: &str) {
    state.saved.remove(name);
    state.show_notice(format!("Forgot {name}"));
}
