//! Slow work off the UI thread: the newest request wins, what is running can be cancelled.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Message;
use super::action::Action;
use super::routing;
use super::subject::Subject;
use crate::analysis::probe::{Settings, probe};
use crate::analysis::router::{Preferences, Router};
use crate::embedder::Embedder;

/// How long typing must pause before a prompt is routed.
const DEBOUNCE: Duration = Duration::from_millis(60);

/// The workers of one embedder. Dropping it ends them.
pub struct Jobs {
    /// Its texts are safe to print, and so are those of the probes' reports.
    subject: Arc<Subject>,
    wanted: Arc<Wanted>,
    cancel: Arc<AtomicBool>,
    out: Sender<Message>,
}

/// A prompt with its version and what its route should weigh.
type Question = (u64, String, Preferences);

/// The newest prompt.
#[derive(Default)]
struct Wanted {
    prompt: Mutex<Option<Question>>,
    changed: Condvar,
}

impl Jobs {
    pub fn new(embedder: Arc<Embedder>, subject: Arc<Subject>, out: Sender<Message>) -> Self {
        let jobs = Self { subject, wanted: Arc::default(), cancel: Arc::default(), out };
        let wanted = Arc::clone(&jobs.wanted);
        let (cancel, out) = (Arc::clone(&jobs.cancel), jobs.out.clone());
        thread::spawn(move || {
            let router = Router::new(&embedder);
            while let Some((version, prompt, preferences)) = wanted.next(&cancel) {
                let route = || router.route(&[&prompt], &preferences);
                let routed = match guarded(route).map(|routes| routes.map(|mut r| r.pop())) {
                    Ok(Ok(Some(route))) => Action::Routed(version, route),
                    Ok(Ok(None)) => Action::Failed("nothing was routed".into()),
                    Ok(Err(error)) => Action::Failed(error.to_string()),
                    Err(panic) => Action::Failed(panic),
                };
                if out.send(Message::Action(routed)).is_err() {
                    break;
                }
            }
        });
        jobs
    }

    /// Routes a prompt as soon as no newer one has come for [`DEBOUNCE`].
    pub fn route(&self, version: u64, prompt: String, preferences: Preferences) {
        *self.wanted.prompt.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((version, prompt, preferences));
        self.wanted.changed.notify_one();
    }

    /// Probes every attribute, in order.
    pub fn probe(&self) {
        let (subject, cancel) = (Arc::clone(&self.subject), Arc::clone(&self.cancel));
        let out = self.out.clone();
        thread::spawn(move || {
            for (i, attribute) in subject.attributes.iter().enumerate() {
                let vectors = subject.vectors.view();
                let report = guarded(|| probe(vectors, attribute, &Settings::default(), &cancel));
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                let report = report.and_then(|report| report.map_err(|e| e.to_string()));
                if out.send(Message::Action(Action::Probed(i, report))).is_err() {
                    break;
                }
            }
        });
    }
}

/// Finds out whether a pasted text is the path of a file, as terminals paste what is dropped on them,
/// and if so reads the prompt from it.
pub fn drop_in(text: String, out: Sender<Message>) {
    thread::spawn(move || {
        let prompt = match dropped(&text) {
            None => Ok(text),
            Some(path) => read(&path),
        };
        let _ = out.send(Message::Action(Action::Dropped(prompt)));
    });
}

/// The file that a pasted text means: in quotes, with escaped spaces, or as an address.
fn dropped(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned);
    let plain = inside('\'').or_else(|| inside('"')).unwrap_or_else(|| text.replace("\\ ", " "));
    let plain =
        plain.strip_prefix("file://").map_or(plain.clone(), |path| path.replace("%20", " "));
    let path = match plain.strip_prefix("~/") {
        Some(below) => etcetera::home_dir().ok()?.join(below),
        None => PathBuf::from(plain),
    };
    // Only plain files: reading anything else could wait forever.
    path.metadata().is_ok_and(|file| file.is_file()).then_some(path)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(routing::LONGEST as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = bytes.map_err(|e| format!("{}: {e}", path.display()))?;
    if bytes.len() > routing::LONGEST {
        let most = routing::LONGEST / 1024;
        return Err(format!("{}: a prompt may have {most} KiB", path.display()));
    }
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8 text", path.display()))
}

/// What `work` gives, or what its panic said.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("this is a bug in llmap, please report it: {}", text.unwrap_or("no reason given"))
    })
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.wanted.changed.notify_all();
    }
}

impl Wanted {
    /// Waits for a prompt that stays the newest for [`DEBOUNCE`]; `None` once cancelled.
    fn next(&self, cancel: &AtomicBool) -> Option<Question> {
        let mut prompt = self.prompt.lock().unwrap_or_else(PoisonError::into_inner);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_is_found_however_the_terminal_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a prompt.txt");
        std::fs::write(&path, "one\ntwo").unwrap();
        let name = path.display().to_string();
        let escaped = name.replace(' ', "\\ ");
        let address = format!("file://{}", name.replace(' ', "%20"));
        for text in [name.clone(), format!("'{name}' "), escaped, address] {
            let found = dropped(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read(&found).unwrap(), "one\ntwo");
        }
        assert_eq!(dropped("/no/such/file"), None);
        assert_eq!(dropped(&folder.path().display().to_string()), None, "a folder is no prompt");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read(&path).unwrap_err().contains("not UTF-8"));
    }
}
