//! What is remembered from one visit to the next: one file for each set of models.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::dirs;
use crate::error::Result;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::column::Column;
use crate::explorer::state::map::{Marker, ViewState};
use crate::explorer::state::mode::Mode;
use crate::explorer::state::model_set::ModelSet;
use crate::explorer::update::filter;

/// Models and columns stand by their names: an embedder that was trained again still fits.
#[derive(Serialize, Deserialize)]
pub struct Session {
    theme: String,
    focus: Pane,
    wide: Pane,
    side: Pane,
    look: ViewState,
    /// The title of what colors, against attributes that have moved.
    #[serde(alias = "colour")]
    color: String,
    marker: Marker,
    density: Option<bool>,
    #[serde(default = "on")]
    pixels: bool,
    names: bool,
    selected: String,
    marked: Vec<String>,
    saved: BTreeMap<String, Vec<String>>,
    columns: Vec<String>,
    sort: String,
    descending: bool,
    /// What the filter was, as it was typed.
    #[serde(default)]
    filter: String,
}

/// What a session of an older version does not say.
fn on() -> bool {
    true
}

/// How the name of such a file begins.
pub const PREFIX: &str = "session-";

/// Where the session of these models is kept.
pub fn file(model_set: &ModelSet) -> Option<PathBuf> {
    let key = xxh3_64(format!("{}\n{}", model_set.data, model_set.models.join("\n")).as_bytes());
    Some(dirs::state()?.join(format!("{PREFIX}{key:016x}.json")))
}

impl Session {
    pub fn of(state: &State) -> Self {
        let name = |model: &usize| state.name(*model).to_owned();
        let title = |column: &Column| column.title(&state.model_set).to_owned();
        Self {
            theme: state.theme.name.clone(),
            focus: state.focus,
            wide: state.wide,
            side: state.side,
            look: state.map.look(),
            color: state.map.coloring.by.title(&state.model_set),
            marker: state.map.marker,
            density: state.map.density,
            pixels: state.map.pixels.on,
            names: state.map.names,
            selected: name(&state.selected),
            marked: state.marked.iter().map(name).collect(),
            saved: state.saved.clone(),
            columns: state.table.columns.iter().map(title).collect(),
            sort: title(&state.table.sort),
            descending: state.table.descending,
            filter: state.filter.text.clone(),
        }
    }

    /// Reads the last session of these models. One that cannot be read is as if there were none.
    pub fn load(model_set: &ModelSet) -> Option<Self> {
        let text = crate::unpack::settings(&file(model_set)?).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub fn save(state: &State) -> Result<()> {
        let Some(path) = file(&state.model_set) else { return Ok(()) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| crate::Error::io(folder, e))?;
        }
        let mut bytes = Vec::new();
        crate::write_json(&mut bytes, &Self::of(state), true)
            .map_err(|e| crate::Error::io(&path, e))?;
        crate::atomic::write_own(&path, &bytes)
    }

    pub fn theme(&self) -> &str {
        &self.theme
    }

    /// Brings it back. What it names that is no longer there is passed over.
    pub fn restore(self, state: &mut State) {
        let find = |name: &String| state.model_set.models.iter().position(|known| known == name);
        let (selected, marked) = (find(&self.selected), self.marked.iter().filter_map(find));
        let marked: Vec<usize> = marked.collect();
        let columns = Column::all(&state.model_set);
        let column =
            |title: &String| columns.iter().copied().find(|c| c.title(&state.model_set) == title);
        let mut shown: Vec<Column> = self.columns.iter().filter_map(column).collect();
        let sort = column(&self.sort);
        shown.retain(|column| *column != Column::Name);
        shown.insert(0, Column::Name);
        state.table.columns = shown;
        state.table.descending = self.descending;
        if let Some(sort) = sort {
            state.table.sort = sort;
        }
        state.saved =
            self.saved.into_iter().map(|(name, models)| (crate::one_line(&name), models)).collect();
        state.mark(marked);
        state.map.marker = self.marker;
        state.map.density = self.density;
        // What the configuration turns off stays off.
        state.map.pixels.on &= self.pixels;
        state.map.names = self.names;
        let all = ColorBy::all(&state.model_set);
        let color = all.into_iter().find(|by| by.title(&state.model_set) == self.color);
        // A prompt is not remembered, and so not what it would color.
        let color = color.filter(|by| *by != ColorBy::Forecast);
        state.color_by(color.unwrap_or(state.map.coloring.by));
        let classes = state.map.coloring.classes.len();
        state.map.isolated = self.look.isolated.filter(|class| *class < classes && color.is_some());
        // Other projections would have to be computed before the first frame.
        if self.look.projector == state.map.projector {
            state.map.look_as(&self.look);
            state.map.settle();
        }
        if let Some(model) = selected {
            state.select(model);
        }
        for pane in [self.wide, self.side, self.focus] {
            // Without its data set, that pane has nothing to show but a remark.
            let empty = pane == Pane::Questions && !state.with_data;
            state.focus_on(if empty { Pane::Map } else { pane });
        }
        state.modes.set_base(Mode::Normal);
        state.arrange_table();
        // Without a prompt there is nothing to route again.
        filter::restore(state, &self.filter, &mut Vec::new());
    }
}
