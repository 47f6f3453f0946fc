//! Questions in separate files, by id.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::json;
use crate::import::report::Skips;
use crate::import::value::{Record, plain, user_text};

/// Texts of questions by id.
pub(super) type Texts = HashMap<String, String>;

/// The texts in the files of questions: records with an `id` and a question. Invalid ones are skipped and
/// counted.
pub(super) fn texts(
    tree: &Tree,
    ids: &[&str],
    asked: &[&str],
    wanted: impl Fn(&File) -> bool,
    skips: &mut Skips,
) -> Texts {
    let mut all = Texts::new();
    let files = tree.all().filter(|file| holds_records(file.name()) && wanted(file));
    for file in files {
        let holds = |record: &Record| find(record, ids).is_some() && find(record, asked).is_some();
        if !json::begins_with(file, holds) {
            continue;
        }
        json::records(file, None, skips, |_, record: Record, _| {
            let id = find(&record, ids).and_then(plain);
            if let (Some(id), Some(text)) = (id, find(&record, asked).and_then(user_text)) {
                all.entry(id).or_insert(text);
            }
        });
    }
    all
}

/// The first of some fields that a record has.
pub(super) fn find<'a>(record: &'a Record, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| record.get(*name).filter(|value| !value.is_null()))
}

/// True for a file of questions in the format of FastChat.
pub(super) fn is_questions(file: &File) -> bool {
    let name = bare(file.name()).to_lowercase();
    let hub = file.shape() == crate::import::files::Shape::Parquet;
    name.starts_with("question") || hub
}
