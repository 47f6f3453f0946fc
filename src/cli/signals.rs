//! Ctrl-C and the other signals that ask a program to end: heard by every command, the first time.
//!
//! Long work looks at a flag. What does not end soon by itself is ended: nothing that is written
//! depends on it, since files are whole or not there. Only work whose result so far is worth keeping
//! ([`be_patient`]) may take its time, until a second signal.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::{Error, Result};

/// How long work may take to end by itself.
const SOON: Duration = Duration::from_millis(500);

/// Raised by the first signal.
static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
/// The first signal that came; 0 before.
static CAME: AtomicI32 = AtomicI32::new(0);
/// True while the work decides itself when to end.
static PATIENT: AtomicBool = AtomicBool::new(false);

/// Listens from now on.
///
/// # Errors
/// [`Error::Failed`] if the system does not let it.
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
                    // What has only just begun to hurry has its time too.
                    if !patient && !was {
                        std::process::exit(128 + signal);
                    }
                }
            });
        }
    });
    Ok(())
}

/// The flag that the first signal raises.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&STOP)
}

/// From now on, one signal does not end the program: the work does, with something to keep.
pub fn be_patient() {
    PATIENT.store(true, Ordering::Relaxed);
}

/// From now on again, what does not end soon by itself after a signal is ended: what there is to keep is
/// kept, or waits for somebody who may never come.
pub fn hurry() {
    PATIENT.store(false, Ordering::Relaxed);
}

/// The first signal that came.
pub fn came() -> Option<i32> {
    Some(CAME.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
}

/// The name of a signal that is listened to.
pub fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        SIGTERM => "SIGTERM",
        _ => "SIGHUP",
    }
}

/// True if whoever began this program wants it to go on at a signal, as `nohup` does.
fn ignored(signal: i32) -> bool {
    let mask = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    };
    mask().is_some_and(|mask| (mask >> (signal - 1)) & 1 == 1)
}
