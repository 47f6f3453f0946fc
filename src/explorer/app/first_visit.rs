//! Detects the first visit, which starts the tour.

use std::path::Path;

use super::session::PREFIX;
use crate::dirs;
use crate::error::Error;

/// The marker that the first visit leaves in the folder of the sessions.
const SEEN: &str = "tour-seen.json";

/// True on the first call, and false if that cannot be recorded: a tour that returns every time would be
/// worse than none.
pub fn begins() -> bool {
    dirs::state().is_some_and(|folder| first(&folder))
}

fn first(folder: &Path) -> bool {
    let been_here = std::fs::read_dir(folder).is_ok_and(|files| {
        let names = files.flatten().map(|file| file.file_name());
        names.into_iter().any(|name| {
            let name = name.to_string_lossy();
            name == SEEN || name.starts_with(PREFIX)
        })
    });
    !been_here && remember(folder).is_ok()
}

fn remember(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    crate::atomic::write_own(&folder.join(SEEN), b"{\"tour\": \"seen\"}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_visit_is_the_first() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("llmap");
        assert!(first(&folder) && !first(&folder));
        // A user with a session was here before there was a tour.
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("session-1.json"), "{}").unwrap();
        assert!(!first(other.path()));
        // A file in place of the folder: nothing can be recorded.
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(!first(&file));
    }
}
