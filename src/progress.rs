//! Progress reports and cancellation of long work.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Receives the steps of long work, and can cancel it. Cancelled work ends soon with [`Error::Cancelled`],
/// unless it has a result worth keeping ([`crate::embedder::train`]).
pub struct Progress<'a, T> {
    report: Option<&'a mut dyn FnMut(T)>,
    cancel: &'a AtomicBool,
}

impl<'a, T> Progress<'a, T> {
    /// Reports to `report`, and stops when `cancel` becomes true.
    pub fn new(report: &'a mut dyn FnMut(T), cancel: &'a AtomicBool) -> Self {
        Self { report: Some(report), cancel }
    }

    /// Reports nothing, and stops when `cancel` becomes true.
    pub fn until(cancel: &'a AtomicBool) -> Self {
        Self { report: None, cancel }
    }

    /// Reports nothing and is never cancelled.
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

    /// The flag that cancels the work.
    #[must_use]
    pub fn cancel(&self) -> &'a AtomicBool {
        self.cancel
    }

    /// True once the work should stop.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Runs a part of the work, converting its steps to those of the whole with `step`.
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

/// Fails with [`Error::Cancelled`] once `cancel` is true; `what` names the work.
///
/// # Errors
/// [`Error::Cancelled`].
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
            ("the test was cancelled; nothing was saved", 1)
        );
        assert_eq!(seen, [1, 20]);
        let mut silent = Progress::silent();
        silent.report(1);
        assert!(!silent.cancelled());
    }
}
