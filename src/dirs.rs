//! The user's folders; `None` where the system does not define them.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The folder of the configuration, the themes and the pools.
pub fn config() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("llmap"))
}

/// The folder of files that can be recomputed.
pub fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("llmap"))
}

/// The folder of saved sessions.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "only the explorer has sessions"))]
pub fn state() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("llmap"))
}

/// The home folder, `~`.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "only the explorer takes such paths"))]
pub fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}
