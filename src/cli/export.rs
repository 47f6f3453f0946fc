//! `llmap export`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use ndarray::ArrayView2;
use serde_json::json;

use super::{Common, output, signals};
use crate::analysis::projection::Projection;
use crate::dataset::Dataset;
use crate::embedder::{Embedder, Paper};
use crate::explorer::{Kind, Shown, picture, picture_of_vectors};
use crate::export::{Form, Layout, Matrix, Request, Sheet, Table, atlas, table};
use crate::{Error, Output, Result, one_line};

/// Number of principal components.
const AXES: usize = 6;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
#[command(after_help = "Examples:
  llmap export --map map.svg
  llmap export my.safetensors --map map.png --projection t-sne --color cluster --theme dark
  llmap export --map map.svg --prompt \"Write a sorting algorithm in Rust.\"
  llmap export --vectors vectors.npy
  llmap export --vectors vectors.tsv                   with vectors.metadata.tsv, for TensorBoard
  llmap export --coordinates map.parquet --projection t-sne
  llmap export paper.safetensors --map paper.html      the vectors of `llmap import paper`
  llmap export --atlas models.parquet                  then: embedding-atlas models.parquet
                                                         --text model_name --x projection_x
                                                         --y projection_y --neighbors neighbors
  llmap export --pane models -o models.csv
  llmap export --pane route --prompt \"2+2=?\" --format markdown
  llmap export my.safetensors --pane questions --data mydata -o questions.parquet
  llmap export --pane compare --model gpt-4o-2024-05-13 --model gpt-4o-mini-2024-07-18

The ending of a file name determines its format. docs/exporting.md has the columns.")]
pub struct Arguments {
    /// The embedder, or `shipped`; except for --pane, also the paper's weights (`llmap import paper`).
    #[arg(default_value = super::SHIPPED)]
    embedder: PathBuf,
    /// The map: .svg, .png, .html (searchable) or .csv.
    #[arg(long, value_name = "FILE", group = "what")]
    map: Option<PathBuf>,
    /// The models' vectors: .csv, .parquet, .npy or .tsv (`TensorBoard`'s pair).
    #[arg(long, value_name = "FILE", group = "what")]
    vectors: Option<PathBuf>,
    /// The models' map coordinates: .csv, .parquet, .npy or .tsv.
    #[arg(long, value_name = "FILE", group = "what")]
    coordinates: Option<PathBuf>,
    /// Models, coordinates, vectors and neighbors for Embedding Atlas: .parquet.
    #[arg(long, value_name = "FILE", group = "what")]
    atlas: Option<PathBuf>,
    /// The table of a pane of the explorer.
    #[arg(long, value_enum, value_name = "PANE", group = "what")]
    pane: Option<Table>,
    /// The file for the table: .csv, .json, .md or .parquet; standard output by default.
    #[arg(long, short, value_name = "FILE", requires = "pane")]
    output: Option<PathBuf>,
    /// The format of the table; by default that of the file's ending, or CSV.
    #[arg(long, value_enum, value_name = "FORM", requires = "pane")]
    format: Option<Form>,
    /// The projection of the vectors.
    #[arg(long, value_enum, default_value_t = Projected::Pca)]
    projection: Projected,
    /// An attribute, a benchmark, `cluster`, `uncertainty` or `nothing`.
    #[arg(long, alias = "colour", value_name = "NAME", requires = "map")]
    color: Option<String>,
    /// Color the models by the probability that they answer this prompt correctly; rank them by it.
    #[arg(long, value_name = "TEXT", conflicts_with = "color")]
    prompt: Option<String>,
    /// A theme by name (see `llmap themes`), or a theme file.
    #[arg(long, default_value = "light", value_name = "THEME")]
    theme: String,
    /// The data set of the panes `questions`, `evaluate` and `new`.
    #[arg(long, value_name = "DATA", requires = "pane")]
    data: Option<PathBuf>,
    /// A model for the panes `model` and `compare`; may be repeated for `compare`.
    #[arg(long, value_name = "NAME", requires = "pane")]
    model: Vec<String>,
    /// The answers for the pane `new`, in the format of `llmap onboard`.
    #[arg(long, value_name = "FILE", requires = "pane")]
    answers: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Projected {
    /// Principal components.
    Pca,
    /// t-SNE, which preserves neighbors but not distances.
    #[value(alias = "tsne")]
    TSne,
}

impl Projected {
    fn place(self, source: &Source) -> Result<Projection> {
        match (self, source) {
            (Self::Pca, Source::Embedder(embedder)) => Projection::of(embedder, AXES),
            (Self::Pca, Source::Paper(paper)) => Projection::pca(paper.vectors.view(), AXES),
            (Self::TSne, _) => Projection::tsne(source.profiles(), &signals::flag()),
        }
    }

    fn axis(self) -> &'static str {
        if self == Self::Pca { "pc" } else { "tsne" }
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(pane) = arguments.pane {
        return run_table(arguments, pane, common);
    }
    if let Some(path) = &arguments.map {
        return run_map(arguments, path, common);
    }
    let (matrix, path) = match (&arguments.vectors, &arguments.coordinates, &arguments.atlas) {
        (Some(path), ..) => (true, path),
        (_, Some(path), _) => (false, path),
        (_, _, Some(path)) => return run_atlas(arguments, path, common),
        // The argument group prevents this.
        _ => return Err(Error::Usage("choose what to export".into())),
    };
    let layout = by_ending(path, Layout::of_ending, ".csv, .parquet, .npy or .tsv")?;
    let file = open(path, arguments)?;
    let beside = (layout == Layout::Tsv).then(|| path.with_extension("metadata.tsv"));
    let second = beside.as_deref().map(|path| open(path, arguments)).transpose()?;
    let source = Source::read(&arguments.embedder, common)?;
    let models = source.models();
    let matrix = if matrix {
        Matrix::vectors(models, source.vectors())
    } else {
        let places = arguments.projection.place(&source)?.coordinates;
        Matrix::coordinates(models, arguments.projection.axis(), places.view())
    };
    let bytes = matrix.bytes(layout)?;
    file.write(&bytes)?;
    if let Some(second) = second {
        second.write(&Matrix::metadata(&source.known(common)?))?;
    }
    done(path, beside.as_deref(), models.len(), bytes.len(), common)
}

fn open(path: &Path, arguments: &Arguments) -> Result<Output> {
    let mut inputs = vec![arguments.embedder.clone()];
    inputs.extend(arguments.answers.clone());
    let tables = arguments.data.as_deref().map(crate::dataset::table_files);
    inputs.extend(tables.unwrap_or_default());
    Output::open(path, &inputs)
}

/// The format of a file's ending.
fn by_ending<T>(path: &Path, of: impl Fn(&str) -> Option<T>, endings: &str) -> Result<T> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let file = path.display();
    of(ending).ok_or_else(|| Error::Usage(format!("{file}: the file name must end in {endings}")))
}

/// Where the models come from.
enum Source {
    Embedder(Arc<Embedder>),
    Paper(Box<Paper>),
}

impl Source {
    fn read(path: &Path, common: &Common) -> Result<Self> {
        match super::paper_at(path) {
            Some(paper) => paper.map(Box::new).map(Self::Paper),
            None => super::embedder(Some(path), common).map(Self::Embedder),
        }
    }

    fn models(&self) -> &[String] {
        match self {
            Self::Embedder(embedder) => embedder.models(),
            Self::Paper(paper) => &paper.models,
        }
    }

    fn vectors(&self) -> ArrayView2<'_, f32> {
        match self {
            Self::Embedder(embedder) => embedder.vectors().view(),
            Self::Paper(paper) => paper.vectors.view(),
        }
    }

    /// The vectors for map and neighbors.
    fn profiles(&self) -> ArrayView2<'_, f32> {
        match self {
            Self::Embedder(embedder) => embedder.profiles(),
            Self::Paper(paper) => paper.vectors.view(),
        }
    }

    /// The models with all their attributes and scores.
    fn known(&self, common: &Common) -> Result<Sheet> {
        match self {
            Self::Embedder(embedder) => {
                let asked = Request {
                    prompt: None,
                    data: None,
                    models: &[],
                    answers: None,
                    seed: common.seed,
                };
                table(embedder, Table::Models, &asked, &signals::flag())
            }
            Self::Paper(paper) => {
                let mut sheet = Sheet::new(["model_name"]);
                paper.models.iter().for_each(|name| sheet.push(vec![name.as_str().into()]));
                Ok(sheet)
            }
        }
    }
}

fn run_map(arguments: &Arguments, path: &Path, common: &Common) -> Result<()> {
    let kind = |ending: &str| match ending {
        "svg" => Some(Kind::Svg),
        "png" => Some(Kind::Png),
        "html" | "htm" => Some(Kind::Html),
        "csv" => Some(Kind::Csv),
        _ => None,
    };
    let kind = by_ending(path, kind, ".svg, .png, .html or .csv")?;
    let map = open(path, arguments)?;
    let source = Source::read(&arguments.embedder, common)?;
    let shown = Shown {
        tsne: arguments.projection == Projected::TSne,
        color: arguments.color.clone(),
        prompt: arguments.prompt.clone(),
        theme: Some(arguments.theme.clone()),
    };
    let cancel = signals::flag();
    let bytes = match &source {
        Source::Embedder(embedder) => picture(embedder, kind, &shown, common.seed, &cancel)?,
        Source::Paper(_) if shown.prompt.is_some() => {
            let problem = "the map of the paper's weights is not colored by a prompt";
            return Err(Error::usage(problem, "leave --prompt out"));
        }
        Source::Paper(paper) => {
            let title = arguments.embedder.file_stem().unwrap_or_default().to_string_lossy();
            let (models, vectors) = (&paper.models, paper.vectors.view());
            picture_of_vectors(&title, models, vectors, kind, &shown, common.seed, &cancel)?
        }
    };
    map.write(&bytes)?;
    let file = path.display().to_string();
    let models = source.models().len();
    if common.json {
        output::json(&json!({ "map": file, "models": models, "bytes": bytes.len() }))
    } else {
        output::text(&format!("{}: {}", one_line(&file), crate::count(models, "model")))
    }
}

fn run_atlas(arguments: &Arguments, path: &Path, common: &Common) -> Result<()> {
    by_ending(path, |ending| (ending == "parquet").then_some(()), ".parquet")?;
    let file = open(path, arguments)?;
    let source = Source::read(&arguments.embedder, common)?;
    let places = arguments.projection.place(&source)?.coordinates;
    let bytes = atlas(&source.known(common)?, source.profiles(), places.view())?;
    file.write(&bytes)?;
    done(path, None, source.models().len(), bytes.len(), common)
}

/// Reports what was written.
fn done(
    path: &Path,
    beside: Option<&Path>,
    models: usize,
    bytes: usize,
    common: &Common,
) -> Result<()> {
    let file = path.display().to_string();
    let beside = beside.map(|path| path.display().to_string());
    if common.json {
        return output::json(
            &json!({ "file": file, "metadata": beside, "models": models, "bytes": bytes }),
        );
    }
    let and = beside.map_or_else(String::new, |path| format!(" and {}", one_line(&path)));
    output::text(&format!("{}{and}: {}", one_line(&file), crate::count(models, "model")))
}

fn run_table(arguments: &Arguments, pane: Table, common: &Common) -> Result<()> {
    let endings = ".csv, .json, .md or .parquet";
    let form = match (arguments.format, &arguments.output) {
        (Some(format), _) => format,
        (None, Some(path)) => by_ending(path, Form::of_ending, endings)?,
        (None, None) if common.json => Form::Json,
        (None, None) => Form::Csv,
    };
    let file = arguments.output.as_deref().map(|path| open(path, arguments)).transpose()?;
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let data: Option<Dataset> = arguments.data.as_deref().map(super::data).transpose()?;
    let named = arguments.model.iter();
    let named = named.map(|name| crate::resolve("model", name, embedder.models()));
    let models = named.collect::<Result<Vec<usize>>>()?;
    let asked = Request {
        prompt: arguments.prompt.as_deref(),
        data: data.as_ref(),
        models: &models,
        answers: arguments.answers.as_deref(),
        seed: common.seed,
    };
    let sheet = table(&embedder, pane, &asked, &signals::flag())?;
    let bytes = sheet.bytes(form)?;
    let Some(file) = file else { return printed(form, &bytes) };
    file.write(&bytes)?;
    let path = arguments.output.as_deref().unwrap_or(Path::new("")).display().to_string();
    let (rows, columns) = (sheet.rows().len(), sheet.header().len());
    if common.json {
        output::json(&json!({ "file": path, "rows": rows, "columns": columns }))
    } else {
        output::text(&format!("{}: {rows} rows, {columns} columns", one_line(&path)))
    }
}

/// A table on standard output.
fn printed(form: Form, bytes: &[u8]) -> Result<()> {
    match form {
        Form::Csv => output::csv(bytes),
        Form::Json | Form::Markdown => output::text(&String::from_utf8_lossy(bytes)),
        Form::Parquet => {
            use std::io::IsTerminal;
            let mut out = std::io::stdout().lock();
            if out.is_terminal() {
                let problem = "Parquet cannot be printed on a terminal";
                return Err(Error::usage(problem, "write it to a file with -o"));
            }
            let written = out.write_all(bytes).and_then(|()| out.flush());
            written.map_err(|e| Error::io(Path::new("standard output"), e))
        }
    }
}
