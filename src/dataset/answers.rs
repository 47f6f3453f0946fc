//! The answers of one model, in a separate file.

use std::collections::HashMap;
use std::path::Path;

use super::Dataset;
use super::cells::is_missing;
use crate::error::Result;
use crate::spreadsheet;
use crate::table::Table;

/// A question that a model was asked, or is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its text.
    pub prompt: String,
    /// Its index in the data set, if it is from one.
    pub question: Option<usize>,
    /// 1 for correct, 0 for incorrect, or a fraction; `None` if it is not answered yet.
    pub label: Option<f32>,
}

/// Reads a table with `label` (empty if unanswered) and either `prompt_id`, of a question of `data`, or
/// `prompt`, its text.
///
/// # Errors
/// An error in the file: a missing column, a label out of range, an id that `data` does not have, a duplicate
/// question.
pub fn load_answers(path: &Path, data: Option<&Dataset>) -> Result<Vec<Answer>> {
    let mut table = Table::open(path)?;
    let label = table.column("label")?;
    let id = data.and_then(|_| table.optional("prompt_id"));
    let prompt = if id.is_some() { None } else { Some(table.column("prompt")?) };
    let questions = data.map(|data| &data.questions[..]).unwrap_or_default();
    let by_id: HashMap<&str, usize> =
        questions.iter().enumerate().map(|(i, question)| (&*question.id, i)).collect();
    let by_text: HashMap<&str, usize> =
        questions.iter().enumerate().map(|(i, question)| (&*question.prompt, i)).collect();
    let mut answers = Vec::new();
    let mut lines = HashMap::new();
    while let Some(row) = table.next()? {
        let (prompt, question) = match (id, prompt) {
            (Some(id), _) => {
                let id = row.filled(id)?;
                let found = by_id.get(id).or_else(|| by_id.get(spreadsheet::read(id)));
                let Some(&question) = found else {
                    let problem = format!("the data has no question with the prompt_id `{id}`");
                    return Err(
                        row.error(problem, "remove the row, or pass the data set that has it")
                    );
                };
                (questions[question].prompt.to_string(), Some(question))
            }
            (None, Some(prompt)) => {
                // Unchanged, or as `ask` wrote it.
                let cell = row.filled(prompt)?;
                let prompt =
                    if by_text.contains_key(cell) { cell } else { spreadsheet::read(cell) };
                (prompt.to_owned(), by_text.get(prompt).copied())
            }
            (None, None) => continue,
        };
        if let Some(first) = lines.insert(prompt.clone(), row.line()) {
            let problem = format!("duplicate question (first on line {first})");
            return Err(
                row.error(problem, "keep one row per question, for example with the mean label")
            );
        }
        let open = is_missing(row.text(label)?);
        let label = if open { None } else { Some(row.label(label)?) };
        answers.push(Answer { prompt, question, label });
    }
    Ok(answers)
}
