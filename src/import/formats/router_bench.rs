//! RouterBench: one row per question; a model has columns for its score, response and cost.

use super::each;
use super::wide;
use crate::import::files::{Tree, holds_records};
use crate::import::value::Record;
use crate::import::{Columns, Job};

/// One job per table.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let columns = Columns::default();
    each(tree.files(holds_records), move |file, skips| wide::read(file, &columns, &is_model, skips))
}

/// True for a row of such a table.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    record.contains_key("prompt") && record.keys().any(|name| is_model(record, name))
}

/// Models have a column of responses or costs next to that of their score.
fn is_model(record: &Record, name: &str) -> bool {
    ["|model_response", "|total_cost"]
        .iter()
        .any(|more| record.contains_key(&format!("{name}{more}")))
}
