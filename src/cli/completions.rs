//! `llmap completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Example:
  llmap completions fish > ~/.config/fish/completions/llmap.fish")]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Cli::command(), "llmap", &mut script);
    super::output::text(&String::from_utf8_lossy(&script))
}
