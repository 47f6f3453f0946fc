//! The *EmbedLLM* layout: one row per response, with the text of the question in every row.
//!
//! As published with the paper (hub data set RZ412/EmbedLLM): `train`, `val` and `test` with
//! `prompt_id`, `model_id`, `model_name`, `category`, `label`, `prompt`; `model_order` and
//! `question_order`, if there, fix the order of models and questions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::builder::Builder;
use super::cells::Columns;
use super::{Dataset, Question, Split};
use crate::error::{Error, Result};
use crate::table::{self, Table};

pub(super) fn load(folder: &Path) -> Result<Dataset> {
    let mut parts: Vec<(Split, Vec<PathBuf>)> = Vec::new();
    for split in Split::ALL {
        parts.push((split, table::shards(folder, split.name())?));
    }
    let mut builder = Builder::default();
    let mut models = Models::default();
    if let Some(order) = table::find(folder, "model_order")? {
        let mut table = Table::open(&order)?;
        let (id, name) = (table.column("model_id")?, table.column("model_name")?);
        while let Some(row) = table.next()? {
            let (id, name) = (row.filled(id)?, row.filled(name)?);
            models
                .index(id, name)
                .map_err(|problem| row.error(problem, "give each a unique name"))?;
        }
    }
    'parts: for (split, shards) in &parts {
        // A prompt_id identifies a question within a split: the published splits share no question.
        let mut question_index: HashMap<Box<str>, u32> = HashMap::new();
        for path in shards {
            let mut table = Table::open(path)?;
            let [id, model_id, model_name, category, label, prompt] =
                ["prompt_id", "model_id", "model_name", "category", "label", "prompt"]
                    .map(|name| table.column(name));
            let (id, model_id, model_name) = (id?, model_id?, model_name?);
            let (category, label, prompt) = (category?, label?, prompt?);
            while let Some(row) = table.next()? {
                let (id, text) = (row.filled(id)?, row.filled(prompt)?);
                let category = row.filled(category)?;
                let question = match question_index.get(id) {
                    None => {
                        let question = builder.question(id, category, *split, text);
                        question_index.insert(id.into(), question);
                        question
                    }
                    Some(&known) => {
                        let (question, known_category) = builder.get(known);
                        if *question.prompt != *text || known_category != category {
                            let problem =
                                format!("another prompt or category for prompt_id `{id}`");
                            return Err(row.error(problem, "give each question a unique prompt_id"));
                        }
                        known
                    }
                };
                let model = models
                    .index(row.filled(model_id)?, row.filled(model_name)?)
                    .map_err(|problem| row.error(problem, "give each model one id and one name"))?;
                let label = row.label(label)?;
                if !builder.response((question, model), label, models.names.len()) {
                    break 'parts;
                }
            }
        }
    }
    let files = |question: &Question| {
        let own = parts.iter().find(|(split, _)| *split == question.split);
        own.map(|(_, shards)| shards.clone()).unwrap_or_default()
    };
    if let Some(order) = table::find(folder, "question_order")? {
        check_order(&order, &builder)?;
    }
    builder.finish(folder, files, (models.names, models.ids), Columns::default())
}

/// Models by id, and a check that ids and names match one to one.
#[derive(Default)]
struct Models {
    names: Vec<String>,
    ids: Vec<Box<str>>,
    by_id: HashMap<String, u32>,
    by_name: HashMap<String, u32>,
}

impl Models {
    fn index(&mut self, id: &str, name: &str) -> Result<u32, String> {
        match (self.by_id.get(id), self.by_name.get(name)) {
            (Some(a), Some(b)) if a == b => Ok(*a),
            (None, None) => {
                let index = self.names.len() as u32;
                self.names.push(name.to_owned());
                self.ids.push(id.into());
                self.by_id.insert(id.to_owned(), index);
                self.by_name.insert(name.to_owned(), index);
                Ok(index)
            }
            (Some(&a), _) => Err(format!(
                "model_id `{id}` is `{}` above and `{name}` here",
                self.names[a as usize]
            )),
            (None, Some(_)) => Err(format!("the model `{name}` has another model_id above")),
        }
    }
}

/// The order file lists every question. It is checked, but the order of the splits is used.
fn check_order(path: &Path, builder: &Builder) -> Result<()> {
    let mut table = Table::open(path)?;
    let id = table.column("prompt_id")?;
    let mut listed = std::collections::HashSet::new();
    while let Some(row) = table.next()? {
        listed.insert(row.filled(id)?.to_owned());
    }
    match builder.ids().find(|id| !listed.contains(*id)) {
        None => Ok(()),
        Some(id) => {
            let problem = format!("the question `{id}` is not listed");
            Err(Error::input(path, problem, "list every question, or remove the file"))
        }
    }
}
