//! Files given by dropped or typed paths.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::thread;

use super::run::run;
use crate::explorer::event::{JobResult, Message};
use crate::explorer::state::job::JobKind;
use crate::explorer::state::route::LONGEST;

/// Checks whether a pasted text is the path of a file, as terminals paste it for dropped files, and if so
/// reads the prompt from it.
pub fn drop_in(text: String, out: Sender<Message>) {
    thread::spawn(move || {
        run(JobKind::PromptFile, &AtomicBool::new(false), &out, || {
            let prompt = match dropped(&text) {
                None => text,
                Some(path) => read(&path)?,
            };
            Ok(JobResult::Dropped(prompt))
        });
    });
}

/// The file of a pasted path: in quotes, with escaped spaces, or as a URL.
pub fn dropped(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned);
    let plain = inside('\'').or_else(|| inside('"')).unwrap_or_else(|| text.replace("\\ ", " "));
    let plain =
        plain.strip_prefix("file://").map_or(plain.clone(), |path| path.replace("%20", " "));
    let path = match plain.strip_prefix("~/") {
        Some(below) => crate::dirs::home()?.join(below),
        None => PathBuf::from(plain),
    };
    // Only regular files: reading anything else could block forever.
    path.metadata().is_ok_and(|file| file.is_file()).then_some(path)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = bytes.map_err(|e| format!("{}: {e}", path.display()))?;
    if bytes.len() > LONGEST {
        let most = LONGEST / 1024;
        return Err(format!("{}: a prompt is limited to {most} KiB", path.display()));
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| format!("{}: not UTF-8 text", path.display()))?;
    Ok(crate::unpack::without_mark(text))
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
        assert_eq!(dropped(&folder.path().display().to_string()), None, "a folder is not a prompt");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read(&path).unwrap_err().contains("not UTF-8"));
    }
}
