//! Reloads the theme and the configuration when their files change.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::App;
use super::config::{self, Config};
use crate::error::Result;
use crate::explorer::event::{Event, Outside};
use crate::explorer::theme::Theme;

/// How often the files are checked.
const LOOK: Duration = Duration::from_secs(1);

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

impl App {
    /// Watches the files of the theme and the configuration.
    pub(super) fn watch(&mut self) {
        let files = self.state.theme.files.iter().cloned().chain(config::files());
        self.watched = files.map(|path| (path.clone(), changed(&path))).collect();
    }

    /// Reloads what has changed on disk. True if something has.
    pub(super) fn reload(&mut self) -> Result<bool> {
        if self.last_look.elapsed() < LOOK {
            return Ok(false);
        }
        self.last_look = Instant::now();
        if self.watched.iter().all(|(path, before)| changed(path) == *before) {
            return Ok(false);
        }
        let (config, mut warnings) = Config::load();
        self.dispatch(Event::Outside(Outside::Keymap(Arc::new(config.keymap))))?;
        let file = self.state.theme.files.first().map(|path| path.display().to_string());
        let name = file.unwrap_or_else(|| self.state.theme.name.clone());
        match Theme::load(&name, self.depth) {
            Ok((theme, wrong)) => {
                warnings.extend(wrong);
                let message = format!("reloaded {}", theme.name);
                self.dispatch(Event::Outside(Outside::Themed(Box::new(theme), warnings.clone())))?;
                if warnings.is_empty() {
                    self.dispatch(Event::Outside(Outside::Done(message)))?;
                }
            }
            Err(error) => {
                self.dispatch(Event::Outside(Outside::Failed(error.to_string())))?;
            }
        }
        self.watch();
        Ok(true)
    }
}
