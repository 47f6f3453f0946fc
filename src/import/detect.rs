//! Detects the format of files, so that errors can say how to import them.

use std::path::{Path, PathBuf};

use super::files::{File, Tree, bare, holds_records, is_log_archive, stem};
use super::formats::{self, Format};
use super::json;
use super::report::Skips;
use super::value::Record;
use crate::error::Result;

/// Maximum number of file names to check: a folder may be given by mistake.
const NAMED: usize = 10_000;
/// Maximum number of files to open.
const LOOKED: usize = 64;

/// A detected format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resembles {
    /// The format; `None` if no import is needed or possible.
    pub format: Option<Format>,
    /// The file that it was detected from.
    pub file: PathBuf,
    /// What to do instead, if no format can import it.
    other: Option<&'static str>,
}

impl Resembles {
    fn to(file: &Path, format: Format) -> Self {
        Self { format: Some(format), file: file.into(), other: None }
    }

    /// The format and what to do, in a sentence.
    #[must_use]
    pub fn advice(&self, paths: &[PathBuf]) -> String {
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let shown = shown.join(" ");
        let file = self.file.display();
        match (self.format, self.other) {
            (Some(format), _) => format!(
                "{file} resembles {}: llmap import {} {shown} -o DATA",
                format.about(),
                format.name()
            ),
            (None, other) => format!("{file} {}", other.unwrap_or_default()),
        }
    }
}

/// The format of the files below `paths`, if one is detected.
///
/// # Errors
/// [`crate::Error::Input`] if one of `paths` does not exist.
pub fn resembles(paths: &[PathBuf]) -> Result<Option<Resembles>> {
    Ok(of(&Tree::find_some(paths, NAMED, &mut Skips::default())?))
}

/// All formats of the files below `paths`, in the order of preference of [`resembles`].
///
/// # Errors
/// [`crate::Error::Input`] if one of `paths` does not exist.
pub fn resemble_all(paths: &[PathBuf]) -> Result<Vec<Resembles>> {
    let tree = Tree::find_some(paths, NAMED, &mut Skips::default())?;
    let files: Vec<_> = tree.files(|_| true);
    let mut all: Vec<Resembles> = of(&tree).into_iter().collect();
    let mut looked = 0;
    for file in &files {
        let (mut format, mut path) = (by_name(file.name(), file.archive()), &*file.path);
        if format.is_some() {
            path = file.archive().unwrap_or(path);
        } else if holds_records(file.name()) && looked < LOOKED {
            looked += 1;
            format = first_record(file);
        }
        let new = format.filter(|format| all.iter().all(|known| known.format != Some(*format)));
        all.extend(new.map(|format| Resembles::to(path, format)));
    }
    Ok(all)
}

/// The format of the files of a tree: by names first, since they are more reliable, then by the first
/// records.
pub(super) fn of(tree: &Tree) -> Option<Resembles> {
    let files: Vec<_> = tree.files(|_| true);
    let found = |file: &Path, format: Format| Some(Resembles::to(file, format));
    for file in &files {
        if let Some(format) = by_name(file.name(), file.archive()) {
            return found(file.archive().unwrap_or(&file.path), format);
        }
    }
    let table = files.iter().find(|file| bare(file.name()) == "responses");
    if let Some(file) = table.filter(|file| holds_records(file.name())) {
        let other = Some(
            "is a table of a data set, which needs no import: use llmap train with its folder",
        );
        return Some(Resembles { format: None, file: file.path.clone(), other });
    }
    for file in files.iter().filter(|file| holds_records(file.name())).take(LOOKED) {
        if let Some(format) = first_record(file) {
            return found(&file.path, format);
        }
    }
    let pickle = files.iter().find(|file| {
        let ending = file.path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        matches!(ending.as_deref(), Some("pkl" | "pickle"))
    });
    pickle.map(|file| Resembles {
        format: None,
        file: file.path.clone(),
        other: Some(
            "is a Python pickle, which can execute code: convert it with \
             pandas.read_pickle(FILE).to_parquet(\"table.parquet\"), then import that",
        ),
    })
}

/// The format of the first records of a file.
fn first_record(file: &File) -> Option<Format> {
    let mut format = None;
    json::first(file, &mut |record| {
        format = by_record(&record);
        format.is_none()
    });
    format
}

/// The format of files with this name.
fn by_name(name: &str, archive: Option<&Path>) -> Option<Format> {
    let bare = bare(name);
    let json = [".json", ".jsonl"].iter().any(|ending| stem(name, ending).is_some());
    if archive.is_some_and(is_log_archive) {
        Some(Format::Inspect)
    } else if !holds_records(name) {
        None
    } else if bare.starts_with("samples_")
        || bare.ends_with("_write_out_info")
        || bare.starts_with("details_")
    {
        Some(Format::LmEval)
    } else if json && bare == "run_spec" {
        Some(Format::Helm)
    } else if json && bare == "annotations" {
        Some(Format::AlpacaEval)
    } else if json && bare.starts_with("model_outputs_") {
        Some(Format::MmluPro)
    } else if json && bare.starts_with("BFCL_") {
        Some(Format::Bfcl)
    } else {
        None
    }
}

/// The format of a file with this first record.
fn by_record(record: &Record) -> Option<Format> {
    let has = |name: &str| record.contains_key(name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if has("doc_id") && any(&["doc", "arguments", "resps", "filtered_resps"]) {
        Some(Format::LmEval)
    } else if formats::is_inspect(record) {
        Some(Format::Inspect)
    } else if formats::is_openai_evals(record) {
        Some(Format::OpenaiEvals)
    } else if has("instruction") && has("generator_2") && has("preference") {
        Some(Format::AlpacaEval)
    } else if formats::is_arena_hard(record) {
        Some(Format::ArenaHard)
    } else if formats::is_live_bench(record) {
        Some(Format::LiveBench)
    } else if formats::is_swe_bench(record) {
        Some(Format::SweBench)
    } else if formats::is_llm_router(record) {
        Some(Format::LlmRouter)
    } else if formats::is_router_bench(record) {
        Some(Format::RouterBench)
    } else if formats::is_embedllm(record) {
        Some(Format::EmbedLlm)
    } else if has("question") && has("pred") && any(&["answer", "answer_index"]) {
        Some(Format::MmluPro)
    } else if formats::is_long(record) {
        Some(Format::Long)
    } else if formats::is_wide(record) {
        Some(Format::Wide)
    } else {
        None
    }
}
