//! The user's folders.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// Where the configuration and the themes are.
pub fn config() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("llmap"))
}

/// Where sessions are remembered.
pub fn state() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("llmap"))
}
