//! The files below the paths that a user names: found through links and in archives, opened
//! whatever they are packed with.

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
/// Archives that cannot be read here.
const ARCHIVES: [&str; 8] =
    [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".bz2", ".xz", ".7z"];
/// Folders within folders that are looked through.
const DEPTH: usize = 24;
/// The text of a link is at most so long.
const LINK: u64 = 1024;
/// Files of an archive that are looked at.
const MEMBERS: usize = 200_000;

/// A file from outside.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Where it is; a member of an archive lies below the archive.
    pub(super) path: PathBuf,
    place: Place,
}

/// Where its bytes are.
#[derive(Clone, Debug)]
enum Place {
    /// At its path.
    Here,
    /// In another file, whose path it holds in place of a link.
    There(PathBuf),
    /// In an archive.
    Within(Member),
}

/// Where the bytes of a member lie in its archive.
#[derive(Clone, Debug)]
struct Member {
    archive: PathBuf,
    start: u64,
    length: u64,
    /// Otherwise not packed, or with what shows in the first bytes, as Zstandard does.
    deflated: bool,
}

/// What a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Json,
    Csv,
    Parquet,
}

/// All files below the named paths.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<File>,
    index: HashMap<PathBuf, usize>,
    /// Files that the user named.
    named: HashSet<PathBuf>,
    /// Files beside those, which are not to be imported.
    context: HashSet<PathBuf>,
}

/// Endings of files that can hold records.
const ENDINGS: [&str; 4] = [".jsonl", ".json", ".csv", ".parquet"];
/// Endings that mean the same.
const SAME: [(&str, &str); 2] = [(".jsonl", ".ndjson"), (".csv", ".tsv")];

/// True for the name of a file that can hold records.
pub(super) fn holds_records(name: &str) -> bool {
    ENDINGS.iter().any(|ending| stem(name, ending).is_some())
}

/// What stands before `ending`, in whichever case that is written.
fn before<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (start, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(start)
}

/// What stands before `ending` in a file name, be it compressed or not. What is known by two endings
/// has both.
pub(super) fn stem<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let other = SAME.iter().find(|(known, _)| *known == ending).map_or(ending, |(_, other)| other);
    PACKED.iter().find_map(|packed| {
        let name = before(name, packed)?;
        before(name, ending).or_else(|| before(name, other))
    })
}

/// True for an archive of Inspect, whose members are those of one log.
pub(super) fn is_log_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("eval"))
}

/// A file name without its ending and without the number that browsers give to copies.
pub(super) fn bare(name: &str) -> &str {
    let stem = ENDINGS.iter().find_map(|ending| stem(name, ending)).unwrap_or(name);
    let copy = stem.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    copy.filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map_or(stem, |(rest, _)| rest)
}

/// The first bytes of a file, whether they were packed, and all bytes.
type Head = (Vec<u8>, bool, Box<dyn BufRead>);

impl File {
    /// Its name within its folder.
    pub(super) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The names of the folders that it lies in, the innermost first.
    pub(super) fn folders(&self) -> Vec<String> {
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let names = absolute.ancestors().skip(1).filter_map(Path::file_name);
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Where it is, through all links, and where in an archive.
    fn real(&self) -> (PathBuf, u64) {
        let (path, at) = match &self.place {
            Place::Here => (&self.path, 0),
            Place::There(path) => (path, 0),
            Place::Within(member) => (&member.archive, member.start),
        };
        (fs::canonicalize(path).unwrap_or_else(|_| path.clone()), at)
    }

    /// The archive that it lies in.
    pub(super) fn archive(&self) -> Option<&Path> {
        match &self.place {
            Place::Within(member) => Some(&member.archive),
            _ => None,
        }
    }

    /// What it is made of, by its name.
    pub(super) fn shape(&self) -> Shape {
        if stem(self.name(), ".parquet").is_some() {
            Shape::Parquet
        } else if stem(self.name(), ".csv").is_some() {
            Shape::Csv
        } else {
            Shape::Json
        }
    }

    /// The rows of a Parquet file; of its columns those that `keep` wants.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
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
        // Its table of contents stands at the end: it has to lie on the disk.
        let mut file = tempfile::tempfile().map_err(|e| reason(&e))?;
        std::io::copy(&mut reader, &mut file).map_err(|e| reason(&e))?;
        Records::open(file, keep)
    }

    /// The bytes, unpacked and as UTF-8 where a mark says that they are UTF-16.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub(super) fn open(&self) -> Result<Box<dyn BufRead>, String> {
        let (head, packed, reader) = self.unpacked()?;
        if let Some(problem) = foreign(&head, packed) {
            return Err(problem);
        }
        encoding::utf8(&head, reader)
    }

    /// The first bytes, whether they were packed, and all bytes.
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
        // What a file is packed with shows in its first bytes: names can be wrong.
        if start.starts_with(&[0x1f, 0x8b]) {
            let counted = Packed::new(reader);
            let count = counted.count();
            let decoder = Unpacked::new(flate2::read::MultiGzDecoder::new(counted), count);
            (start, reader) = peeked(Box::new(decoder))
                .map_err(|e| format!("not a whole gzip file ({})", reason(&e)))?;
            packed = true;
        } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let counted = Packed::new(reader);
            let count = counted.count();
            let decoder = ruzstd::decoding::StreamingDecoder::new(counted)
                .map_err(|e| format!("not a whole Zstandard file ({e})"))?;
            (start, reader) = peeked(Box::new(Unpacked::new(decoder, count)))
                .map_err(|e| format!("not a whole Zstandard file ({})", reason(&e)))?;
            packed = true;
        }
        Ok((start, packed, reader))
    }
}

/// A file that ends.
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

/// What a file is that cannot hold records, by its first bytes.
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
        "a zip archive by another name: call it .zip"
    } else if head.starts_with(b"PAR1") {
        "a Parquet file by another name: call it .parquet"
    } else if head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ") {
        "packed with bzip2 or xz: unpack it first"
    } else if head.get(257..262) == Some(b"ustar") {
        "a tar archive: unpack it first"
    } else if head.starts_with(&[0x80])
        && head.get(1).is_some_and(|version| (2..6).contains(version))
    {
        "a pickle of Python, which can run programs: write it with pandas.read_pickle(FILE).to_parquet(\"table.parquet\")"
    } else if head.iter().all(|byte| *byte == 0) {
        "nothing but zero bytes, as after a crash: copy it again"
    } else if packed && head.starts_with(&[0x1f, 0x8b]) {
        "packed twice: unpack it first"
    } else {
        return None;
    };
    Some(problem.into())
}

impl Tree {
    /// All files below `paths`, in the order of their paths; links are followed, archives looked into.
    ///
    /// # Errors
    /// [`Error::Input`] if one of `paths` is not there.
    pub(super) fn find(paths: &[PathBuf], skips: &mut Skips) -> Result<Self> {
        Self::find_some(paths, usize::MAX, skips)
    }

    /// As [`Self::find`], but so many files at most.
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
                    // A loop of links leads to what is seen anyway.
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

    /// What lies beside a file that is named directly is not imported, but it may tell of the file.
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
            skips.file(&path, "an archive that llmap does not read: unpack it first");
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

    /// The members of a zip archive, in the order of their names.
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
                    "a zip archive packed in a way that llmap does not read ({}): unpack it first",
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

    /// The files to import whose name is `wanted`, and those that the user named. The same file by two
    /// paths counts once.
    pub(super) fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<File> {
        let mut seen = HashSet::new();
        let files = self.files.iter().filter(|file| !self.context.contains(&file.path));
        let files = files.filter(|file| wanted(file.name()) || self.named.contains(&file.path));
        files.filter(|file| seen.insert(file.real())).cloned().collect()
    }

    /// True if the user named this very file.
    pub(super) fn is_named(&self, file: &File) -> bool {
        self.named.contains(&file.path)
    }

    /// All files, neighbors of named ones too.
    pub(super) fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The file of this name beside another, compressed or not.
    pub(super) fn beside(&self, file: &File, name: &str) -> Option<&File> {
        PACKED.iter().find_map(|packed| {
            let path = file.path.with_file_name(format!("{name}{packed}"));
            self.index.get(&path).map(|&at| &self.files[at])
        })
    }

    /// How many files there are, by ending: `12 files (8 .csv, 4 .md)`.
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

/// True for an archive that cannot be read, by its name.
fn is_foreign(path: &Path) -> bool {
    let name = path.to_string_lossy();
    ARCHIVES.iter().any(|ending| before(&name, ending).is_some())
}

/// True for an archive, by its name.
fn is_packed(path: &Path) -> bool {
    let zip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    zip || is_log_archive(path) || is_foreign(path)
}

/// Where a file leads that holds the path of another in place of a link: so Git writes links on disks
/// that know none.
fn linked(path: &Path) -> Option<PathBuf> {
    let about = path.metadata().ok().filter(|about| (1..=LINK).contains(&about.len()));
    let text = about.and_then(|_| fs::read_to_string(path).ok())?;
    let other = Path::new(text.trim_end());
    let plain = text.contains('/') && !text.trim_end().contains(['\n', '{', '[', '"']);
    let target = path.with_file_name("").join(other);
    (plain && other.is_relative() && target.is_file()).then_some(target)
}
