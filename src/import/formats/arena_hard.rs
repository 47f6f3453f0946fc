//! Arena-Hard: two games per question against a baseline, one for each order of the answers.

use std::sync::Arc;

use serde_json::Value;

use super::asked::{Texts, find, is_questions, texts};
use super::each;
use crate::dataset::Kind;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, clean, hash};
use crate::import::value::{Record, plain, text};
use crate::import::{Job, json};

/// The weight of a clear win.
const CLEAR: f32 = 3.0;

/// One job per file of judgments.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let known = texts(tree, &["uid", "question_id"], &["prompt", "turns"], is_questions, skips);
    let known = Arc::new(known);
    let files = tree.files(holds_records).into_iter();
    let judged = files.filter(|file| tree.is_named(file) || json::begins_with(file, is_judgment));
    each(judged, move |file, skips| read(file, &known, skips))
}

/// True for a judgment.
pub(in crate::import) fn is_judgment(record: &Record) -> bool {
    record.contains_key("games") && record.contains_key("model")
}

fn read(file: &File, known: &Texts, skips: &mut Skips) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    let folders = file.folders();
    // data/BENCHMARK/model_judgment/JUDGE/MODEL.jsonl
    let at = folders.iter().position(|name| name == "model_judgment");
    let bench = at.and_then(|at| folders.get(at + 1)).map(|name| clean(name));
    let bench =
        bench.filter(|name| name.starts_with("arena")).unwrap_or_else(|| "arena-hard".into());
    json::records(file, None, skips, |line, record: Record, skips| {
        let Some(id) = find(&record, &["uid", "question_id"]).and_then(plain) else {
            return skips.row(&file.path, line, "no question", "neither `uid` nor `question_id`");
        };
        let model = text(&record, "model").unwrap_or_else(|| bare(file.name()));
        let judge = text(&record, "judge").map(clean);
        let judge =
            judge.or_else(|| at.and_then(|at| at.checked_sub(1)).map(|at| folders[at].clone()));
        let games = record.get("games").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let Some(asked) = known.get(&id).cloned().or_else(|| games.iter().find_map(quoted)) else {
            let problem = "put question.jsonl beside model_judgment";
            return skips.row(&file.path, line, "no text of the question", problem);
        };
        let mut task = bench.clone();
        for part in [text(&record, "category").map(clean), judge].into_iter().flatten() {
            // Version 0.1 has another name for a category.
            if part != bench && !bench.starts_with(&part) {
                task = format!("{task}/{part}");
            }
        }
        let document =
            Document { id: Some(hash(&id)), asked: runs.text(&asked, &[]), ..Document::default() };
        let won = won(games).unwrap_or(f32::NAN);
        let run = runs.run(&task, model);
        run.kind = Kind::Preference;
        run.answer(line, document, "", &[("preference".into(), won)]);
    });
    runs.finish()
}

/// The share of games that the model won. In the first one the baseline is A, in the second one the model; a
/// clear win counts threefold, as in the tables of Arena-Hard.
fn won(games: &[Value]) -> Option<f32> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (nth, game) in games.iter().take(2).enumerate() {
        let (first, w) = match game["score"].as_str()?.trim() {
            "A>B" | "B<A" => (1.0, 1.0),
            "A>>B" | "B<<A" => (1.0, CLEAR),
            "A=B" | "B=A" => (0.5, 1.0),
            "B>A" | "A<B" => (0.0, 1.0),
            "B>>A" | "A<<B" => (0.0, CLEAR),
            _ => return None,
        };
        sum += w * if nth == 0 { 1.0 - first } else { first };
        weight += w;
    }
    (weight > 0.0).then_some(sum / weight)
}

/// The question within the judge's prompt.
fn quoted(game: &Value) -> Option<String> {
    let prompt = game["user_prompt"].as_str()?;
    let (_, rest) = prompt.split_once("<|User Prompt|>")?;
    let (question, _) = rest.split_once("<|The Start of Assistant A")?;
    Some(question.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn games_in_both_orders() {
        let games = |one: Value, two: Value| {
            let games = [json!({"score": one}), json!({"score": two})];
            won(&games)
        };
        assert_eq!(games(json!("B>A"), json!("A>B")), Some(1.0));
        assert_eq!(games(json!("A>>B"), json!("A=B")), Some(0.125), "0 threefold, and a half");
        assert_eq!(games(json!("A=B"), json!("A=B")), Some(0.5));
        assert_eq!(games(json!("A=B"), Value::Null), None);
    }
}
