//! Vectors of questions computed by other processes: Parquet files, one for each encoder and shard.
//!
//! A file is called `vectors-HASH-00003-of-00016.parquet` after the encoder and the shard. Its columns are
//! `prompt_id`, `text` (the XXH3-128 hash of the encoded text), `encoder` (the hash of the encoder) and
//! `vector` (a list of 32-bit floats).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ndarray::{Array2, aview1};
use parquet::record::{Field, Row};

use super::cache::{Key, key};
use super::sentence::{Identity, Sentence};
use crate::atomic;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::table::{Cells, Groups, List, Records, shard_of};

/// Texts per batch, each of which becomes a row group.
const GROUP: usize = 4096;
/// Digits of an encoder's hash in file names.
const DIGITS: usize = 8;
/// Maximum number of shards.
const MOST: usize = 99_999;

/// One of several equal parts of the questions: every `of`-th, starting with the `number`-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 1.
    number: usize,
    /// The number of shards.
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shard = text.split_once('/').and_then(|(number, of)| {
            Some(Self { number: number.parse().ok()?, of: of.parse().ok()? })
        });
        let valid = |shard: &Self| (1..=shard.of).contains(&shard.number) && shard.of <= MOST;
        shard.filter(valid).ok_or_else(|| {
            format!("expected a shard such as 3/16, the third of sixteen (at most {MOST})")
        })
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Selects the questions of this shard.
    pub fn select<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.number - 1).step_by(self.of)
    }

    /// The shard in a file name, and the prefix of the encoder's hash.
    fn of_file(path: &Path) -> Option<(&str, Self)> {
        let name = path.file_name()?.to_str()?;
        let (stem, number, of) = shard_of(name).filter(|_| name.ends_with(".parquet"))?;
        Some((stem.strip_prefix("vectors-")?, Self { number, of }))
    }
}

/// Encodes the questions of a shard (ids and texts) into a file in `folder`, which is created if needed, and
/// returns its path. `progress` receives the number done.
///
/// # Errors
/// [`Error::Io`] if it cannot be written; [`Error::Cancelled`].
pub fn encode_shard(
    folder: &Path,
    sentence: &Sentence,
    shard: Shard,
    questions: &[(&str, &str)],
    progress: &mut Progress<'_, usize>,
) -> Result<PathBuf> {
    const COLUMNS: [(&str, Cells); 3] =
        [("prompt_id", Cells::Text), ("text", Cells::Text), ("encoder", Cells::Text)];
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let hash = &sentence.identity().hash;
    let start = hash.get(..DIGITS).unwrap_or(hash);
    let Shard { number, of } = shard;
    let path = folder.join(format!("vectors-{start}-{number:05}-of-{of:05}.parquet"));
    atomic::write_with(&path, |file| {
        let mut out = Groups::new(file, &COLUMNS, &[List::Floats("vector", Vec::new())])?;
        let mut done = 0;
        for group in questions.chunks(GROUP) {
            let texts: Vec<&str> = group.iter().map(|(_, text)| *text).collect();
            let vectors = progress.part(|n| done + n, |part| sentence.encode(&texts, part))?;
            let row = |(id, text): &(&str, &str)| {
                vec![(*id).to_owned(), format!("{:032x}", key(text)), hash.clone()]
            };
            let rows: Vec<Vec<String>> = group.iter().map(row).collect();
            let lists = vectors.rows().into_iter().map(|row| row.to_vec()).collect();
            out.add(&rows, &[List::Floats("vector", lists)])?;
            done += group.len();
        }
        out.finish().map(drop)
    })?;
    Ok(path)
}

/// The vectors of one encoder, by text.
pub(super) struct Vectors {
    folder: PathBuf,
    places: HashMap<Key, u32>,
    numbers: Vec<f32>,
    dim: usize,
}

impl Vectors {
    /// Reads the shards of the encoder in `folder`.
    ///
    /// # Errors
    /// [`Error::Input`] if a shard is missing, from another encoder, or invalid; if a text has two vectors.
    pub(super) fn read(folder: &Path, encoder: &Identity) -> Result<Self> {
        let mut this = Self {
            folder: folder.to_owned(),
            places: HashMap::new(),
            numbers: Vec::new(),
            dim: encoder.dim,
        };
        for file in files(folder, encoder)? {
            this.add(&file, encoder)?;
        }
        Ok(this)
    }

    fn add(&mut self, file: &Path, encoder: &Identity) -> Result<()> {
        let mut line = 0;
        let wrong = |line: u64, problem: String| Error::Input {
            file: file.to_owned(),
            line: Some(line).filter(|line| *line > 0),
            problem,
            fix: "run `llmap encode` for this shard again".into(),
        };
        let known = ["text", "encoder", "vector"];
        let opened = crate::unpack::seekable(file)?;
        let mut records = Records::open(opened, |name| known.contains(&name))
            .map_err(|problem| wrong(0, problem))?;
        if records.names().len() < known.len() {
            return Err(wrong(0, format!("lacks some of the columns {}", known.join(", "))));
        }
        while let Some(row) = records.next().map_err(|problem| wrong(line + 1, problem))? {
            line += 1;
            let column = |name: &str| field(&row, name);
            let text = |name: &str| match column(name) {
                Some(Field::Str(text)) => Some(text.as_str()),
                _ => None,
            };
            if text("encoder") != Some(encoder.hash.as_str()) {
                let problem = format!("has vectors of another encoder than {}", encoder.name);
                return Err(wrong(line, problem));
            }
            let key = text("text").and_then(|text| Key::from_str_radix(text, 16).ok());
            let key = key.ok_or_else(|| wrong(line, "`text` is not a hash".into()))?;
            let Some(Field::ListInternal(list)) = column("vector") else {
                return Err(wrong(line, "`vector` is not a list".into()));
            };
            if list.len() != self.dim {
                let (found, dim) = (crate::count(list.len(), "number"), self.dim);
                let problem = format!("a vector of {found}, where {} has {dim}", encoder.name);
                return Err(wrong(line, problem));
            }
            let start = self.numbers.len();
            for element in list.elements() {
                match element {
                    Field::Float(x) if x.is_finite() => self.numbers.push(*x),
                    _ => {
                        return Err(wrong(
                            line,
                            "`vector` contains a value that is not a number".into(),
                        ));
                    }
                }
            }
            let place = (start / self.dim.max(1)) as u32;
            if let Some(first) = self.places.insert(key, place) {
                let first = first as usize * self.dim;
                let same = self.numbers[start..] == self.numbers[first..first + self.dim];
                if !same {
                    return Err(wrong(line, "a second, different vector for the same text".into()));
                }
            }
        }
        Ok(())
    }

    /// The vectors of some texts, one row each.
    ///
    /// # Errors
    /// [`Error::Input`] if one is missing.
    pub(super) fn of(&self, texts: &[&str]) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((texts.len(), self.dim));
        let mut missing = Vec::new();
        for (mut row, text) in out.rows_mut().into_iter().zip(texts) {
            match self.places.get(&key(text)) {
                Some(place) => {
                    let start = *place as usize * self.dim;
                    row.assign(&aview1(&self.numbers[start..start + self.dim]));
                }
                None => missing.push(*text),
            }
        }
        let Some(first) = missing.first() else { return Ok(out) };
        let problem = format!(
            "has no vector for {} of {}; the first is `{}`",
            missing.len(),
            crate::count(texts.len(), "question"),
            crate::start(first, 60),
        );
        let fix = "run `llmap encode` on this data set, for all shards";
        Err(Error::input(&self.folder, problem, fix))
    }
}

fn field<'a>(row: &'a Row, name: &str) -> Option<&'a Field> {
    row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field)
}

/// The files of all shards of an encoder.
fn files(folder: &Path, encoder: &Identity) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
    let mut found: Vec<(PathBuf, String, Shard)> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io(folder, e))?.path();
        let Some((hash, shard)) = Shard::of_file(&path) else { continue };
        let hash = hash.to_owned();
        found.push((path, hash, shard));
    }
    let others = found.len();
    found.retain(|(_, hash, _)| !hash.is_empty() && encoder.hash.starts_with(hash.as_str()));
    found.sort_by_key(|(.., shard)| (shard.of, shard.number));
    let run = |shard: &str| format!("run `llmap encode` with this encoder and --shard {shard}");
    let Some((_, _, Shard { of, .. })) = found.first() else {
        let what = if others > 0 { "vectors of another encoder, none" } else { "no vectors" };
        let problem = format!("holds {what} of {} (hash {})", encoder.name, encoder.hash);
        return Err(Error::input(folder, problem, run("1/1")));
    };
    let of = *of;
    if let Some((path, _, shard)) = found.iter().find(|(.., shard)| shard.of != of) {
        let problem = format!("is one of {} shards, others are of {of}", shard.of);
        return Err(Error::input(path, problem, "keep the shards of one run only"));
    }
    let missing = (1..=of).find(|number| !found.iter().any(|(.., s)| s.number == *number));
    if let Some(number) = missing {
        let problem = format!("the shard {number} of {of} is missing");
        return Err(Error::input(folder, problem, run(&format!("{number}/{of}"))));
    }
    Ok(found.into_iter().map(|(path, ..)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_disjoint_and_all_together() {
        let mut all: Vec<usize> = (1..=3)
            .flat_map(|number| Shard { number, of: 3 }.select(0..10).collect::<Vec<_>>())
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert_eq!("3/16".parse(), Ok(Shard { number: 3, of: 16 }));
        for wrong in ["0/4", "5/4", "4", "a/b", "1/0", "-1/3", "1/100000"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_name_has_its_shard() {
        let path = Path::new("x/vectors-0123abcd-00003-of-00016.parquet");
        assert_eq!(Shard::of_file(path), Some(("0123abcd", Shard { number: 3, of: 16 })));
        assert_eq!(Shard::of_file(Path::new("vectors-1.parquet")), None);
    }
}
