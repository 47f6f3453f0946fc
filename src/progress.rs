//! What long work is given: where to report its steps, and whether to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Where long work reports its steps, and what cancels it. Work that is cancelled ends soon with
/// [`Error::Cancelled`], except where it has something worth keeping ([`crate::embedder::train`]).
pub struct Progress<'a, T> {
    report: Option<&'a mut dyn FnMut(T)>,
    cancel: &'a AtomicBool,
}

impl<'a, T> Progress<'a, T> {
    /// Reports to `report`, and ends when `cancel` becomes true.
    pub fn new(report: &'a mut dyn FnMut(T), cancel: &'a AtomicBool) -> Self {
        Self { report: Some(report), cancel }
    }

    /// Reports to nobody, and ends when `cancel` becomes true.
    pub fn until(cancel: &'a AtomicBool) -> Self {
        Self { report: None, cancel }
    }

    /// Reports to nobody and is never cancelled.
    #[must_use]
    pub fn silent() -> Self {
        Self { report: None, cancel: &NEVER }
    }

    /// Reports a step.
    pub fn report(&mut self, step: T) {
        if let Some(report) = &mut self.report {
            report(step);
        }
    }

    /// What cancels the work.
    #[must_use]
    pub fn cancel(&self) -> &'a AtomicBool {
        self.cancel
    }

    /// True once the work should end.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Does a part of the work, whose steps are steps of the whole by way of `step`.
    pub fn part<U, R>(
        &mut self,
        mut step: impl FnMut(U) -> T,
        work: impl FnOnce(&mut Progress<'_, U>) -> R,
    ) -> R {
        let cancel = self.cancel;
        let mut report = |part| self.report(step(part));
        work(&mut Progress { report: Some(&mut report), cancel })
    }
}

/// [`Error::Cancelled`] once `cancel` is true; `what` names the work.
///
/// # Errors
/// That one.
pub(crate) fn proceed(cancel: &AtomicBool, what: &'static str) -> Result<()> {
    if cancel.load(Ordering::Relaxed) { Err(Error::Cancelled(what)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_part_are_steps_of_the_whole_and_cancelling_reaches_it() {
        let (mut seen, cancel) = (Vec::new(), AtomicBool::new(false));
        let mut report = |step: usize| seen.push(step);
        let mut progress = Progress::new(&mut report, &cancel);
        progress.report(1);
        let ended = progress.part(
            |part: usize| 10 * part,
            |part| {
                part.report(2);
                cancel.store(true, Ordering::Relaxed);
                part.cancelled()
            },
        );
        assert!(ended && progress.cancelled());
        let error = proceed(progress.cancel(), "the test").unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.exit_code()),
            ("the test was cancelled: nothing is kept", 1)
        );
        assert_eq!(seen, [1, 20]);
        let mut silent = Progress::silent();
        silent.report(1);
        assert!(!silent.cancelled());
    }
}
