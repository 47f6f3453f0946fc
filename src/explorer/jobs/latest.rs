//! A slot for the latest request, which replaces older ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long typing must pause before a prompt is routed.
pub const DEBOUNCE: Duration = Duration::from_millis(60);

/// The latest request, with its version.
pub struct Latest<T> {
    wanted: Mutex<Option<(u64, T)>>,
    changed: Condvar,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { wanted: Mutex::new(None), changed: Condvar::new() }
    }
}

impl<T> Latest<T> {
    pub fn put(&self, version: u64, wanted: T) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, wanted));
        self.changed.notify_one();
    }

    /// Wakes the worker, so that it checks for cancellation.
    pub fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for a request that is not replaced within [`DEBOUNCE`]; `None` once cancelled.
    pub fn next(&self, cancel: &AtomicBool) -> Option<(u64, T)> {
        let mut prompt = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let Some((version, ..)) = *prompt else {
                prompt = self.changed.wait(prompt).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.changed.wait_timeout(prompt, DEBOUNCE);
            prompt = waited.unwrap_or_else(PoisonError::into_inner).0;
            if prompt.as_ref().is_some_and(|(newest, ..)| *newest == version) {
                return prompt.take();
            }
        }
    }
}
