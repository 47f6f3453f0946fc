//! `llmap fetch`

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, output};
use crate::Result;
use crate::hub::{ITEMS, Item};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap fetch minilm
  llmap fetch embedllm --json
  llmap train \"$(llmap fetch embedllm)\" -o paper.safetensors --encoder builtin+minilm

Files go to the cache of the Hugging Face tools and are checked by size and hash; a download that broke
goes on where it stopped. HF_ENDPOINT names a mirror, HF_HOME or HF_HUB_CACHE the cache, HF_TOKEN a token;
with HF_HUB_OFFLINE=1 only the cache is used.")]
pub struct Arguments {
    /// What to download.
    #[arg(value_parser = ITEMS.map(|item| item.name))]
    name: String,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let Some(item) = Item::named(&arguments.name) else { return Ok(()) };
    let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    let template = "{msg:.dim} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let folder = item.fetch(&mut |file, done, size| {
        bar.set_length(size);
        bar.set_message(crate::one_line(file));
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let folder = folder?;
    if common.json {
        let about = json!({
            "name": item.name, "repository": item.repository, "folder": folder.display().to_string(),
        });
        output::json(&about)
    } else {
        output::text(&crate::one_line(&folder.display().to_string()))
    }
}
