//! Whether this is the first visit, which a tour opens.

use std::path::Path;

use super::session::PREFIX;
use crate::dirs;
use crate::error::Error;

/// What is left in the folder of the sessions by the first visit.
const SEEN: &str = "tour-seen.json";

/// True the first time that it is asked, and never where that cannot be remembered: a tour that comes
/// again and again is worse than none.
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
        // Who has a session has been here before there was a tour.
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("session-1.json"), "{}").unwrap();
        assert!(!first(other.path()));
        // A file in the place of the folder: it cannot be remembered.
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(!first(&file));
    }
}
