//! `llmap` and `llmap explore`

use std::path::PathBuf;

use llmap::explorer::{self, Options};
use llmap::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap
  llmap explore my.safetensors --theme light")]
pub struct Arguments {
    /// The embedder; without one, the one that llmap ships with.
    embedder: Option<PathBuf>,
    /// A theme by name (see `llmap themes`), or a theme file.
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
}

impl Arguments {
    /// How the explorer shall look.
    fn options(&self) -> Options {
        Options { theme: self.theme.clone(), ..Options::default() }
    }
}

pub fn run(arguments: &Arguments) -> Result<()> {
    terminal()?;
    explorer::run(super::embedder(arguments.embedder.as_deref())?, &arguments.options())
}

/// The explorer needs a person at a terminal.
pub fn terminal() -> Result<()> {
    use std::io::IsTerminal;
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Error::Usage(
        "the explorer needs a terminal; in scripts use `llmap route`, `probe` or `inspect` with --json"
            .into(),
    ))
}
