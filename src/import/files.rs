//! Finds the files below the given paths, through links and in archives, and opens them with any compression.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File as Open};
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::report::{Skips, reason};
use super::{archive, encoding};
use crate::error::{Error, Result};
use crate::names::natural;
use crate::table::Records;
use crate::unpack::{self, POINTER_FIX, Packed, Unpacked, is_lfs_pointer};

/// Endings of compressed files.
const PACKED: [&str; 3] = ["", ".gz", ".zst"];
/// Unsupported archives.
const ARCHIVES: [&str; 8] =
    [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".bz2", ".xz", ".7z"];
/// Maximum depth of folders.
const DEPTH: usize = 24;
/// Maximum length of a link's text.
const LINK: u64 = 1024;
/// Maximum number of members of an archive.
const MEMBERS: usize = 200_000;

/// An input file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its path; a member of an archive is below the archive.
    pub(super) path: PathBuf,
    place: Place,
}

/// The location of its bytes.
#[derive(Clone, Debug)]
enum Place {
    /// At its path.
    Here,
    /// In another file, whose path it contains in place of a link.
    There(PathBuf),
    /// In an archive.
    Within(Member),
}

/// The location of a member in its archive.
#[derive(Clone, Debug)]
struct Member {
    archive: PathBuf,
    start: u64,
    length: u64,
    /// Stored, or compressed in a format that its first bytes show, such as Zstandard.
    deflated: bool,
}

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Json,
    Csv,
    Parquet,
}

/// All files below the given paths.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<File>,
    index: HashMap<PathBuf, usize>,
    /// Files given directly.
    named: HashSet<PathBuf>,
    /// Files next to those, which are not imported.
    context: HashSet<PathBuf>,
}

/// Endings of files that may contain records.
const ENDINGS: [&str; 4] = [".jsonl", ".json", ".csv", ".parquet"];
/// Endings that mean the same.
const SAME: [(&str, &str); 2] = [(".jsonl", ".ndjson"), (".csv", ".tsv")];

/// True for the name of a file that may contain records.
pub(super) fn holds_records(name: &str) -> bool {
    ENDINGS.iter().any(|ending| stem(name, ending).is_some())
}

/// The part before `ending`, ignoring case.
fn before<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (start, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(start)
}

/// The part of a file name before `ending`, compressed or not.
pub(super) fn stem<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let other = SAME.iter().find(|(known, _)| *known == ending).map_or(ending, |(_, other)| other);
    PACKED.iter().find_map(|packed| {
        let name = before(name, packed)?;
        before(name, ending).or_else(|| before(name, other))
    })
}

/// True for an archive of Inspect, whose members belong to one log.
pub(super) fn is_log_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("eval"))
}

/// A file name without its ending and without the number that browsers add to copies.
pub(super) fn bare(name: &str) -> &str {
    let stem = ENDINGS.iter().find_map(|ending| stem(name, ending)).unwrap_or(name);
    let copy = stem.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    copy.filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map_or(stem, |(rest, _)| rest)
}

/// The first bytes of a file, whether it was compressed, and all bytes.
type Head = (Vec<u8>, bool, Box<dyn BufRead>);

impl File {
    /// Its name within its folder.
    pub(super) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The names of its parent folders, innermost first.
    pub(super) fn folders(&self) -> Vec<String> {
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let names = absolute.ancestors().skip(1).filter_map(Path::file_name);
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Its real location, with links resolved, and its offset in an archive.
    fn real(&self) -> (PathBuf, u64) {
        let (path, at) = match &self.place {
            Place::Here => (&self.path, 0),
            Place::There(path) => (path, 0),
            Place::Within(member) => (&member.archive, member.start),
        };
        (fs::canonicalize(path).unwrap_or_else(|_| path.clone()), at)
    }

    /// The archive that contains it.
    pub(super) fn archive(&self) -> Option<&Path> {
        match &self.place {
            Place::Within(member) => Some(&member.archive),
            _ => None,
        }
    }

    /// Its type, by its name.
    pub(super) fn shape(&self) -> Shape {
        if stem(self.name(), ".parquet").is_some() {
            Shape::Parquet
        } else if stem(self.name(), ".csv").is_some() {
            Shape::Csv
        } else {
            Shape::Json
        }
    }

    /// The rows of a Parquet file; reads only the columns for which `keep` is true.
    ///
    /// # Errors
    /// A description of the problem.
    pub(super) fn parquet(&self, keep: impl Fn(&str) -> bool) -> Result<Records, String> {
        let path = match &self.place {
            Place::Here => Some(&self.path),
            Place::There(path) => Some(path),
            Place::Within(_) => None,
        };
        let mut head = [0; 4];
        let mut file = path.map(|path| self::plain(path)).transpose()?;
        let whole = file.as_mut().is_some_and(|file| file.read_exact(&mut head).is_ok());
        if let Some(file) = file.filter(|_| whole && &head == b"PAR1") {
            return Records::open(file, keep);
        }
        let (head, packed, mut reader) = self.unpacked()?;
        if let Some(problem) = foreign(&head, packed).filter(|_| !head.starts_with(b"PAR1")) {
            return Err(problem);
        }
        // The metadata is at the end: the file must be on disk.
        let mut file = tempfile::tempfile().map_err(|e| reason(&e))?;
        std::io::copy(&mut reader, &mut file).map_err(|e| reason(&e))?;
        Records::open(file, keep)
    }

    /// The bytes, decompressed and decoded from UTF-16 if necessary.
    ///
    /// # Errors
    /// A description of the problem.
    pub(super) fn open(&self) -> Result<Box<dyn BufRead>, String> {
        let (head, packed, reader) = self.unpacked()?;
        if let Some(problem) = foreign(&head, packed) {
            return Err(problem);
        }
        encoding::utf8(&head, reader)
    }

    /// The first bytes, whether they were compressed, and all bytes.
    fn unpacked(&self) -> Result<Head, String> {
        let raw: Box<dyn Read> = match &self.place {
            Place::Here => Box::new(plain(&self.path)?),
            Place::There(path) => Box::new(plain(path)?),
            Place::Within(member) => {
                let mut file = plain(&member.archive)?;
                file.seek(SeekFrom::Start(member.start)).map_err(|e| reason(&e))?;
                let bytes = file.take(member.length);
                if member.deflated {
                    let packed = Packed::new(BufReader::new(bytes));
                    let count = packed.count();
                    Box::new(Unpacked::new(flate2::read::DeflateDecoder::new(packed), count))
                } else {
                    Box::new(bytes)
                }
            }
        };
        let (head, mut reader) = peeked(raw).map_err(|e| reason(&e))?;
        let (mut start, mut packed) = (head, false);
        // The compression is detected from the first bytes, since names can be wrong.
        if start.starts_with(&[0x1f, 0x8b]) {
            let counted = Packed::new(reader);
            let count = counted.count();
            let decoder = Unpacked::new(flate2::read::MultiGzDecoder::new(counted), count);
            (start, reader) = peeked(Box::new(decoder))
                .map_err(|e| format!("not a complete gzip file ({})", reason(&e)))?;
            packed = true;
        } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let counted = Packed::new(reader);
            let count = counted.count();
            let decoder = ruzstd::decoding::StreamingDecoder::new(counted)
                .map_err(|e| format!("not a complete Zstandard file ({e})"))?;
            (start, reader) = peeked(Box::new(Unpacked::new(decoder, count)))
                .map_err(|e| format!("not a complete Zstandard file ({})", reason(&e)))?;
            packed = true;
        }
        Ok((start, packed, reader))
    }
}

/// A regular file.
fn plain(path: &Path) -> Result<Open, String> {
    path.metadata().map_err(|e| reason(&e))?;
    unpack::file(path).map_err(|error| match error {
        Error::Io { source, .. } => reason(&source),
        Error::Input { problem, .. } => problem,
        other => other.to_string(),
    })
}

/// The first bytes of a reader, and the reader with them before it.
fn peeked(mut reader: Box<dyn Read>) -> std::io::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let mut head = Vec::new();
    reader.by_ref().take(512).read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(reader);
    Ok((head, Box::new(BufReader::with_capacity(1 << 18, whole))))
}

/// Why a file cannot contain records, by its first bytes.
fn foreign(head: &[u8], packed: bool) -> Option<String> {
    let text = String::from_utf8_lossy(head).trim_start().to_lowercase();
    let problem = if head.is_empty() {
        "the file is empty"
    } else if is_lfs_pointer(head) {
        return Some(format!("a Git LFS pointer instead of the file: {POINTER_FIX}"));
    } else if text.starts_with("<!doctype")
        || text.starts_with("<html")
        || text.starts_with("<?xml")
    {
        "a web page instead of the file: download it again"
    } else if head.starts_with(b"PK\x03\x04") {
        "a zip archive with another ending: rename it to .zip"
    } else if head.starts_with(b"PAR1") {
        "a Parquet file with another ending: rename it to .parquet"
    } else if head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ") {
        "compressed with bzip2 or xz: decompress it first"
    } else if head.get(257..262) == Some(b"ustar") {
        "a tar archive: unpack it first"
    } else if head.starts_with(&[0x80])
        && head.get(1).is_some_and(|version| (2..6).contains(version))
    {
        "a Python pickle, which can execute code: convert it with pandas.read_pickle(FILE).to_parquet(\"table.parquet\")"
    } else if head.iter().all(|byte| *byte == 0) {
        "only zero bytes, as after a crash: copy it again"
    } else if packed && head.starts_with(&[0x1f, 0x8b]) {
        "compressed twice: decompress it first"
    } else {
        return None;
    };
    Some(problem.into())
}

impl Tree {
    /// All files below `paths`, sorted by path; links are followed, archives are searched.
    ///
    /// # Errors
    /// [`Error::Input`] if one of `paths` does not exist.
    pub(super) fn find(paths: &[PathBuf], skips: &mut Skips) -> Result<Self> {
        Self::find_some(paths, usize::MAX, skips)
    }

    /// As [`Self::find`], but at most this many files.
    pub(super) fn find_some(paths: &[PathBuf], most: usize, skips: &mut Skips) -> Result<Self> {
        let mut tree = Self::default();
        for path in paths {
            let about = path.metadata().map_err(|e| Error::io(path, e))?;
            if about.is_file() {
                tree.named.insert(path.clone());
                tree.add(path.clone(), skips);
                continue;
            }
            let key = |entry: &walkdir::DirEntry| natural(&entry.file_name().to_string_lossy());
            let walk = WalkDir::new(path).max_depth(DEPTH).follow_links(true).sort_by_key(key);
            let hidden = |entry: &walkdir::DirEntry| {
                entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
            };
            for entry in walk.into_iter().filter_entry(|entry| !hidden(entry)) {
                if tree.files.len() >= most {
                    break;
                }
                match entry {
                    Ok(entry) if entry.file_type().is_file() => tree.add(entry.into_path(), skips),
                    Ok(_) => {}
                    // A loop of links leads to files that are found anyway.
                    Err(e) if e.loop_ancestor().is_some() => {}
                    Err(e) => {
                        let reason = e.io_error().map_or_else(|| "cannot be read".into(), reason);
                        skips.file(e.path().unwrap_or(path), reason);
                    }
                }
            }
        }
        for path in tree.named.clone() {
            tree.neighbors(&path);
        }
        Ok(tree)
    }

    /// Files next to a directly given one are not imported, but may have information about it.
    fn neighbors(&mut self, path: &Path) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let Ok(entries) = fs::read_dir(parent.unwrap_or(Path::new("."))) else { return };
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        for name in names {
            let beside = path.with_file_name(name);
            if beside.file_name().and_then(|name| name.to_str()).is_some_and(holds_records)
                && !self.index.contains_key(&beside)
                && beside.is_file()
            {
                self.context.insert(beside.clone());
                self.push(File { path: beside, place: Place::Here });
            }
        }
    }

    fn push(&mut self, file: File) {
        self.index.insert(file.path.clone(), self.files.len());
        self.files.push(file);
    }

    fn add(&mut self, path: PathBuf, skips: &mut Skips) {
        if is_foreign(&path) {
            skips.file(&path, "an unsupported archive: unpack it first");
        } else if is_packed(&path) {
            let before = self.files.len();
            match self.members(&path, skips) {
                Ok(()) if self.files.len() == before => skips.file(&path, "an empty archive"),
                Ok(()) => {}
                Err(reason) => skips.file(&path, reason),
            }
        } else {
            let place = linked(&path).map_or(Place::Here, Place::There);
            self.push(File { path, place });
        }
    }

    /// The members of a zip archive, sorted by name.
    fn members(&mut self, path: &Path, skips: &mut Skips) -> Result<(), String> {
        let mut file = plain(path)?;
        let mut head = Vec::new();
        file.by_ref().take(512).read_to_end(&mut head).map_err(|e| reason(&e))?;
        if let Some(problem) = foreign(&head, false).filter(|_| !head.starts_with(b"PK")) {
            return Err(problem);
        }
        let mut found = BTreeMap::new();
        let (mut locked, mut nested) = (false, Vec::new());
        for member in archive::members(&mut file)?.into_iter().take(MEMBERS) {
            let parts =
                member.name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "..");
            if parts.clone().any(|part| part.starts_with('.') || part == "__MACOSX") {
                continue;
            }
            if !matches!(member.method, 0 | 8 | 93) {
                return Err(format!(
                    "a zip archive with an unsupported compression ({}): unpack it first",
                    member.method
                ));
            }
            locked |= member.locked;
            if !member.locked {
                let inside = path.join(parts.collect::<PathBuf>());
                if is_packed(&inside) {
                    nested.push(inside);
                    continue;
                }
                let (start, length, deflated) = (member.start, member.length, member.method == 8);
                found.insert(inside, Member { archive: path.into(), start, length, deflated });
            }
        }
        if locked && found.is_empty() {
            return Err("a zip archive with a password: unpack it first".into());
        }
        if found.is_empty() && !nested.is_empty() {
            return Err("archives within an archive: unpack it first".into());
        }
        for inside in nested {
            skips.file(&inside, "an archive within an archive: unpack the outer one first");
        }
        let mut found: Vec<(PathBuf, Member)> = found.into_iter().collect();
        found.sort_by_cached_key(|(inside, _)| natural(&inside.to_string_lossy()));
        for (inside, member) in found {
            self.push(File { path: inside, place: Place::Within(member) });
        }
        Ok(())
    }

    /// The files to import whose name is `wanted`, and those given directly. A file with two paths counts
    /// once.
    pub(super) fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<File> {
        let mut seen = HashSet::new();
        let files = self.files.iter().filter(|file| !self.context.contains(&file.path));
        let files = files.filter(|file| wanted(file.name()) || self.named.contains(&file.path));
        files.filter(|file| seen.insert(file.real())).cloned().collect()
    }

    /// True if the file was given directly.
    pub(super) fn is_named(&self, file: &File) -> bool {
        self.named.contains(&file.path)
    }

    /// All files, including neighbors of directly given ones.
    pub(super) fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The file of this name next to another, compressed or not.
    pub(super) fn beside(&self, file: &File, name: &str) -> Option<&File> {
        PACKED.iter().find_map(|packed| {
            let path = file.path.with_file_name(format!("{name}{packed}"));
            self.index.get(&path).map(|&at| &self.files[at])
        })
    }

    /// The number of files, by ending: `12 files (8 .csv, 4 .md)`.
    pub(super) fn describe(&self) -> String {
        let mut endings: BTreeMap<String, usize> = BTreeMap::new();
        let files = self.files.iter().filter(|file| !self.context.contains(&file.path));
        let files: Vec<&File> = files.collect();
        for file in &files {
            let ending = file.path.extension().map(|ending| ending.to_string_lossy());
            let ending =
                ending.map_or_else(|| "without ending".into(), |ending| format!(".{ending}"));
            *endings.entry(ending).or_default() += 1;
        }
        let mut endings: Vec<(String, usize)> = endings.into_iter().collect();
        endings.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let listed: Vec<String> =
            endings.iter().take(4).map(|(ending, n)| format!("{n} {ending}")).collect();
        match files.len() {
            0 => "no file".into(),
            1 => "1 file".into(),
            n => format!("{n} files ({})", listed.join(", ")),
        }
    }
}

/// True for an unsupported archive, by its name.
fn is_foreign(path: &Path) -> bool {
    let name = path.to_string_lossy();
    ARCHIVES.iter().any(|ending| before(&name, ending).is_some())
}

/// True for an archive, by its name.
fn is_packed(path: &Path) -> bool {
    let zip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    zip || is_log_archive(path) || is_foreign(path)
}

/// The target of a file that contains the path of another in place of a link: Git writes links in this way on
/// file systems without links.
fn linked(path: &Path) -> Option<PathBuf> {
    let about = path.metadata().ok().filter(|about| (1..=LINK).contains(&about.len()));
    let text = about.and_then(|_| fs::read_to_string(path).ok())?;
    let other = Path::new(text.trim_end());
    let plain = text.contains('/') && !text.trim_end().contains(['\n', '{', '[', '"']);
    let target = path.with_file_name("").join(other);
    (plain && other.is_relative() && target.is_file()).then_some(target)
}
