//! `llmap` and `llmap explore`

use std::path::{Path, PathBuf};

use super::{Common, output};
use crate::explorer::{self, Options};
use crate::{Error, Output, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap
  llmap explore my.safetensors --theme light
  llmap explore my.safetensors --data mydata       browse its questions, the most surprising first
  llmap explore --plain --prompt \"2+2=?\" | less    the content of the screen as text
  llmap explore --json | jq '.models[0]'

Keys, themes and switches: see docs/explorer.md.")]
pub struct Arguments {
    /// The embedder; by default, the one that llmap ships with.
    embedder: Option<PathBuf>,
    /// A theme by name (see `llmap themes`), or a theme file.
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// A data set for the Questions pane.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Neither restore the last session nor save this one.
    #[arg(long)]
    fresh: bool,
    /// Append a log to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Print the content of the screen as text, and exit.
    #[arg(long)]
    plain: bool,
    /// With --plain or --json: also rank the models for this prompt.
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
}

impl Arguments {
    /// True if it prints instead of opening the explorer: on request, or if the terminal can only print.
    pub fn prints(&self, common: &Common) -> bool {
        self.plain || common.json || is_terminal() && unfit().is_some()
    }

    /// The options of the explorer.
    fn options(&self) -> Options {
        Options {
            theme: self.theme.clone(),
            data: self.data.clone(),
            fresh: self.fresh,
            log: self.log.clone(),
            ..Options::default()
        }
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(theme) = &arguments.theme {
        explorer::check_theme(theme)?;
    }
    if let Some(log) = &arguments.log {
        check_log(log, arguments)?;
    }
    let embedder = super::embedder(arguments.embedder.as_deref(), common)?;
    if arguments.prints(common) {
        if let Some(named) = unfit().filter(|_| !arguments.plain && !common.json) {
            output::message(format!("note: {named}, so this is `--plain`; {OTHERWISE}"));
        }
        let data = arguments.data.as_deref().map(super::data).transpose()?;
        let prompt = arguments.prompt.as_deref();
        let document = explorer::document(&embedder, prompt, data.as_ref(), common.seed)?;
        return if common.json {
            output::json(&document)
        } else {
            output::text(&explorer::plain(&document))
        };
    }
    if arguments.prompt.is_some() {
        return Err(Error::Usage(
            "--prompt goes with --plain or --json; in the explorer, press p and type".into(),
        ));
    }
    if let Some(data) = arguments.data.as_ref().filter(|data| !data.is_dir()) {
        return Err(Error::input(data, "is not a folder", "pass the folder of a data set"));
    }
    terminal()?;
    if let Some(problem) = explorer::run(embedder, &arguments.options())? {
        output::message(format!("note: the session was not saved: {problem}"));
    }
    Ok(())
}

/// Checks that the log can be written: to a file or device that needs no reader.
fn check_log(log: &Path, arguments: &Arguments) -> Result<()> {
    let mut inputs: Vec<PathBuf> = arguments.embedder.clone().into_iter().collect();
    inputs.extend(arguments.data.as_deref().map(crate::dataset::table_files).unwrap_or_default());
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if log.metadata().is_ok_and(|there| there.file_type().is_fifo()) {
            return Err(Error::input(log, "a pipe, not a file", "name a file"));
        }
    }
    Output::open(log, &inputs).map(drop)
}

/// What opens the explorer where the terminal seems unfit for it.
const OTHERWISE: &str = "for the explorer set TERM, as in TERM=xterm-256color";

/// The explorer needs an interactive terminal.
pub fn terminal() -> Result<()> {
    if !is_terminal() {
        return Err(Error::Usage(
            "the explorer needs a terminal; in scripts use `llmap explore` with --plain or --json"
                .into(),
        ));
    }
    match unfit() {
        Some(named) => Err(Error::Usage(format!("{named}; {OTHERWISE}"))),
        None => Ok(()),
    }
}

fn is_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Why the terminal cannot show the explorer, judging by the name of its type.
fn unfit() -> Option<String> {
    let name = std::env::var_os("TERM").map(|name| name.to_string_lossy().into_owned());
    if !cfg!(unix) || can_draw(name.as_deref()) {
        return None;
    }
    let name = name.filter(|name| !name.is_empty());
    let named = name.map_or("TERM is not set".into(), |name| format!("TERM is `{name}`"));
    Some(format!("{named}, a terminal that cannot move the cursor"))
}

/// Whether a terminal of this type can move its cursor, judging by its name.
fn can_draw(name: Option<&str>) -> bool {
    const CANNOT: &[&str] = &["", "dumb", "unknown", "emacs", "network", "dialup", "lpr", "tty"];
    let name = name.unwrap_or_default().trim().to_ascii_lowercase();
    !CANNOT.contains(&&*name) && !name.starts_with("dumb-")
}

#[cfg(test)]
mod tests {
    use super::can_draw;

    #[test]
    fn terminals_that_cannot_move_the_cursor_get_no_screen() {
        for name in [None, Some(""), Some("dumb"), Some("DUMB"), Some("dumb-emacs-ansi")] {
            assert!(!can_draw(name), "{name:?}");
        }
        for name in ["xterm", "xterm-256color", "linux", "vt100", "tmux-256color", "eterm-color"] {
            assert!(can_draw(Some(name)), "{name}");
        }
    }
}
