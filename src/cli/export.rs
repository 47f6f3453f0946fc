//! `llmap export`

use std::path::PathBuf;

use serde_json::json;

use super::{Common, output, signals};
use crate::explorer::{Kind, Shown, picture};
use crate::{Error, Output, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap export --map map.svg
  llmap export my.safetensors --map map.html --projection t-sne --colour cluster --theme dark
  llmap export --map map.svg --prompt \"Write a sorting algorithm in Rust.\"
  llmap export --map map.csv --colour gsm8k")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    #[arg(default_value = super::SHIPPED)]
    embedder: PathBuf,
    /// The file to write: .svg, .html (with a field to find models in) or .csv.
    #[arg(long, value_name = "FILE")]
    map: PathBuf,
    /// How the vectors are shown in the plane.
    #[arg(long, value_enum, default_value_t = Projection::Pca)]
    projection: Projection,
    /// An attribute, a benchmark, `cluster`, `uncertainty` or `nothing`.
    #[arg(long, visible_alias = "color", value_name = "NAME")]
    colour: Option<String>,
    /// Colour the models by the chance that they answer this prompt right.
    #[arg(long, value_name = "TEXT", conflicts_with = "colour")]
    prompt: Option<String>,
    /// A theme by name (see `llmap themes`), or a theme file.
    #[arg(long, default_value = "light", value_name = "THEME")]
    theme: String,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Projection {
    /// Principal components.
    Pca,
    /// t-SNE, which keeps neighbours and no distances.
    #[value(alias = "tsne")]
    TSne,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let ending = arguments.map.extension().and_then(|ending| ending.to_str());
    let kind = match ending {
        Some("svg") => Kind::Svg,
        Some("html" | "htm") => Kind::Html,
        Some("csv") => Kind::Csv,
        _ => {
            let file = arguments.map.display();
            return Err(Error::Usage(format!(
                "{file}: name a file that ends in .svg, .html or .csv"
            )));
        }
    };
    let map = Output::open(&arguments.map, std::slice::from_ref(&arguments.embedder))?;
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let shown = Shown {
        tsne: arguments.projection == Projection::TSne,
        colour: arguments.colour.clone(),
        prompt: arguments.prompt.clone(),
        theme: Some(arguments.theme.clone()),
    };
    let bytes = picture(&embedder, kind, &shown, common.seed, &signals::flag())?;
    map.write(&bytes)?;
    let file = arguments.map.display().to_string();
    if common.json {
        output::json(
            &json!({ "map": file, "models": embedder.models().len(), "bytes": bytes.len() }),
        )
    } else {
        output::text(&format!(
            "{}: {}",
            crate::one_line(&file),
            crate::count(embedder.models().len(), "model")
        ))
    }
}
