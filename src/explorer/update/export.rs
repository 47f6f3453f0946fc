//! Exports to the clipboard and to files.

use std::path::Path;

use crate::explorer::command::Exported;
use crate::explorer::effect::Effect;
use crate::explorer::export::{selection, table};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::export::Form;
use crate::spreadsheet;

/// Copies the names of the marked models to the clipboard.
pub fn copy(state: &State, effects: &mut Vec<Effect>) {
    let names: Vec<&str> = state.chosen().into_iter().map(|m| state.name(m)).collect();
    if !names.is_empty() {
        effects.push(Effect::Copy(names.join("\n")));
    }
}

/// What the focused pane exports.
pub fn of_pane(state: &State) -> Exported {
    match state.focus {
        // `llmap onboard` places the model by these answers.
        Pane::NewModel => Exported::Answers,
        pane => Exported::Table(pane),
    }
}

/// Checks that there is something to export.
///
/// # Errors
/// A sentence about what is missing.
pub fn ready(state: &State, exported: Exported) -> Result<(), String> {
    let (there, problem) = match exported {
        Exported::Table(pane) => return table(state, pane).map(|_| ()),
        Exported::Models => (!state.chosen().is_empty(), "There is no model to export"),
        Exported::Answers => {
            (!state.new_model.answers.is_empty(), "The new model has no answers yet")
        }
    };
    there.then_some(()).ok_or_else(|| problem.into())
}

/// The format, by the extension of the file name.
///
/// # Errors
/// The supported extensions.
pub fn form(exported: Exported, name: &str) -> Result<Form, String> {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_lowercase();
    let form = Form::of_ending(&ending).filter(|_| exported.endings().contains(&&*ending));
    form.ok_or_else(|| {
        let endings: Vec<String> = exported.endings().iter().map(|e| format!(".{e}")).collect();
        format!("The name has to end in {}", endings.join(" or "))
    })
}

/// The content for a file of that name.
///
/// # Errors
/// Those of [`ready`] and [`form`].
pub fn bytes(state: &State, exported: Exported, name: &str) -> Result<Vec<u8>, String> {
    let form = form(exported, name)?;
    ready(state, exported)?;
    let written = match exported {
        Exported::Table(pane) => table(state, pane)?.bytes(form),
        Exported::Models => selection(state),
        Exported::Answers => Ok(answers(state)),
    };
    written.map_err(|problem| problem.to_string())
}

/// The answers as `llmap onboard` reads them.
fn answers(state: &State) -> Vec<u8> {
    let rows = state.new_model.answers.iter().map(|answer| {
        [answer.prompt.clone(), answer.label.map_or_else(String::new, |y| y.to_string())]
    });
    spreadsheet::table(&["prompt", "label"], rows)
}
