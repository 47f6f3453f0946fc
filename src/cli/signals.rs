//! Ctrl-C and other termination signals, handled by every command.
//!
//! Long work checks a flag. Work that does not stop soon is terminated: files are written atomically, so
//! nothing is corrupted. Only work with a result worth keeping ([`be_patient`]) may take its time, until a
//! second signal.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::{Error, Result};

/// The grace period of cancelled work.
const SOON: Duration = Duration::from_millis(500);

/// Set by the first signal.
static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
/// The first signal; 0 before.
static CAME: AtomicI32 = AtomicI32::new(0);
/// True while the work decides itself when to stop.
static PATIENT: AtomicBool = AtomicBool::new(false);

/// Installs the handlers.
///
/// # Errors
/// [`Error::Failed`] if the system does not allow it.
pub fn listen() -> Result<()> {
    let hangup = (!ignored(SIGHUP)).then_some(SIGHUP);
    let wanted = [SIGINT, SIGTERM].into_iter().chain(hangup);
    let mut signals = Signals::new(wanted)
        .map_err(|e| Error::Failed(format!("signals cannot be handled: {e}")))?;
    thread::spawn(move || {
        for signal in &mut signals {
            if CAME.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                std::process::exit(128 + signal);
            }
            STOP.store(true, Ordering::Relaxed);
            thread::spawn(move || {
                let mut patient = false;
                loop {
                    thread::sleep(SOON);
                    let was = std::mem::replace(&mut patient, PATIENT.load(Ordering::Relaxed));
                    // Work that is no longer patient gets the grace period too.
                    if !patient && !was {
                        std::process::exit(128 + signal);
                    }
                }
            });
        }
    });
    Ok(())
}

/// The flag that the first signal sets.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&STOP)
}

/// From now on, one signal does not terminate the program: the work stops by itself and keeps its result.
pub fn be_patient() {
    PATIENT.store(true, Ordering::Relaxed);
}

/// From now on, a signal terminates the program after the grace period again: the result is saved, or the
/// program waits for a reader that may never come.
pub fn hurry() {
    PATIENT.store(false, Ordering::Relaxed);
}

/// The first signal.
pub fn came() -> Option<i32> {
    Some(CAME.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
}

/// The name of a handled signal.
pub fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        SIGTERM => "SIGTERM",
        _ => "SIGHUP",
    }
}

/// True if the parent process ignores a signal, as `nohup` does.
fn ignored(signal: i32) -> bool {
    let mask = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    };
    mask().is_some_and(|mask| (mask >> (signal - 1)) & 1 == 1)
}
