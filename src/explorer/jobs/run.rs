//! Runs work on a thread and sends its result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::panic::attempt;
use crate::explorer::event::{JobResult, Message};
use crate::explorer::state::job::JobKind;

/// Sends the result of a job. Returns false if the explorer has ended.
pub fn send(out: &Sender<Message>, result: JobResult) -> bool {
    out.send(result.into()).is_ok()
}

/// Runs work and sends its result, unless it was cancelled. An error or panic is the result of this job only.
pub fn run(
    kind: JobKind,
    cancel: &AtomicBool,
    out: &Sender<Message>,
    work: impl FnOnce() -> Result<JobResult, String>,
) {
    let result = attempt(work).unwrap_or_else(|problem| JobResult::Failed(kind, problem));
    if !cancel.load(Ordering::Relaxed) {
        send(out, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explorer::event::Event;

    fn failures(out: &std::sync::mpsc::Receiver<Message>) -> Vec<(JobKind, String)> {
        let failed = |message| match message {
            Message::Event(Event::Job(JobResult::Failed(kind, problem))) => Some((kind, problem)),
            _ => None,
        };
        out.try_iter().filter_map(failed).collect()
    }

    #[test]
    fn a_panic_is_the_failure_of_its_job() {
        let (out, found) = std::sync::mpsc::channel();
        for &kind in JobKind::ALL {
            run(kind, &AtomicBool::new(false), &out, || panic!("no such axis"));
            let failures = failures(&found);
            assert!(matches!(&failures[..], [(k, p)] if *k == kind && p.contains("no such axis")));
        }
        run(JobKind::Clusters, &AtomicBool::new(true), &out, || Err("late".into()));
        assert!(found.try_recv().is_err(), "a stopped job sends nothing");
    }
}
