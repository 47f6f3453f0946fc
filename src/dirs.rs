//! The user's folders; `None` where the system does not say.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// Where the configuration, the themes and the pools are.
pub fn config() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("llmap"))
}

/// What can be made again.
pub fn cache() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("llmap"))
}

/// Where sessions are remembered.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "only the explorer has sessions"))]
pub fn state() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("llmap"))
}

/// Where `~` is.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "only the explorer takes such paths"))]
pub fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}
