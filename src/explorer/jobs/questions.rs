//! Predicts the questions of a data set block by block.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::run::send;
use crate::explorer::event::{JobResult, Message};

/// Questions per block.
const BLOCK: usize = 64;

/// Predicts questions block by block, and returns the last block.
pub fn forecast_blocks(
    prompts: &[String],
    forecast: impl Fn(&[&str]) -> Result<Vec<Vec<f32>>, String>,
    cancel: &AtomicBool,
    out: &Sender<Message>,
) -> Result<JobResult, String> {
    let mut last = JobResult::QuestionsForecast(0, Vec::new());
    for (i, block) in prompts.chunks(BLOCK).enumerate() {
        if i > 0 && !send(out, last) || cancel.load(Ordering::Relaxed) {
            return Err("no longer needed".into());
        }
        let block: Vec<&str> = block.iter().map(String::as_str).collect();
        last = JobResult::QuestionsForecast(i * BLOCK, forecast(&block)?);
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::super::run::run;
    use super::*;
    use crate::explorer::event::Event;
    use crate::explorer::state::job::JobKind;

    #[test]
    fn a_block_of_questions_that_fails_ends_the_job() {
        let (out, found) = std::sync::mpsc::channel();
        let prompts: Vec<String> = (0..3 * BLOCK).map(|i| i.to_string()).collect();
        let cancel = AtomicBool::new(false);
        let forecast = |prompts: &[&str]| match prompts[0] {
            "64" => Err("out of memory".to_owned()),
            _ => Ok(vec![vec![0.5]; prompts.len()]),
        };
        run(JobKind::Questions, &cancel, &out, || {
            forecast_blocks(&prompts, forecast, &cancel, &out)
        });
        let first = found.try_recv().unwrap();
        let is_first = |m: &Message| {
            matches!(m, Message::Event(Event::Job(JobResult::QuestionsForecast(0, rows)))
                     if rows.len() == BLOCK)
        };
        assert!(is_first(&first));
        let failed = |m: &Message| {
            matches!(m, Message::Event(Event::Job(JobResult::Failed(JobKind::Questions, problem)))
                     if problem == "out of memory")
        };
        assert!(failed(&found.try_recv().unwrap()) && found.try_recv().is_err());
    }
}
