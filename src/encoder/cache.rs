//! Caches vectors in the user's cache folder, by encoder and text.
//!
//! A shard is one safetensors file with the hashes of some texts, their vectors, and a checksum. Shards are
//! written atomically under unique names and never changed, so that processes do not interfere; the oldest
//! are removed when the cache grows too large.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use ndarray::{Array2, ArrayView2};
use xxhash_rust::xxh3::xxh3_128;

use crate::atomic;
use crate::error::Error;
use crate::tensors::{self, Stored, Tensors};

/// Maximum size of the cache in bytes.
const CAPACITY: u64 = 512 << 20;

/// Why vectors could not be cached, the first time: a warning, since the vectors are still usable.
static UNKEPT: OnceLock<String> = OnceLock::new();

/// Why vectors of texts could not be cached, if so.
#[must_use]
pub fn unkept() -> Option<&'static str> {
    UNKEPT.get().map(String::as_str)
}

/// A text's hash.
pub(super) type Key = u128;

/// The key of a text.
pub(super) fn key(text: &str) -> Key {
    xxh3_128(text.as_bytes())
}

/// The vectors of one encoder.
pub(super) struct Cache {
    /// The folder of all encoders.
    root: PathBuf,
    /// The folder of this one.
    folder: PathBuf,
    dim: usize,
    capacity: u64,
}

impl Cache {
    /// The cache of the encoder with this hash, whose vectors have dimension `dim`.
    pub(super) fn new(root: &Path, hash: &str, dim: usize) -> Self {
        Self { root: root.to_owned(), folder: root.join(hash), dim, capacity: CAPACITY }
    }

    /// All cached vectors; unreadable shards are ignored.
    pub(super) fn read(&self) -> HashMap<Key, Vec<f32>> {
        let mut found = HashMap::new();
        for (path, ..) in shards(&self.folder) {
            let Some(bytes) = crate::unpack::own(&path, CAPACITY) else { continue };
            let Some((keys, vectors)) = self.shard(&bytes) else { continue };
            found.extend(keys.into_iter().zip(vectors));
        }
        found
    }

    fn shard(&self, bytes: &[u8]) -> Option<(Vec<Key>, Vec<Vec<f32>>)> {
        let file = Tensors::sealed(bytes).ok()?;
        let keys = file.u128("texts").ok()?;
        let vectors = file.matrix("vectors", Some(keys.len()), Some(self.dim)).ok()?;
        Some((keys, vectors.rows().into_iter().map(|row| row.to_vec()).collect()))
    }

    /// Adds a shard. Errors are not fatal, since the vectors are still usable.
    pub(super) fn write(&self, keys: &[Key], vectors: ArrayView2<'_, f32>) {
        let keys_bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let name = format!("{:032x}.safetensors", xxh3_128(&keys_bytes));
        let tensors = [("texts", Stored::u128(keys)), ("vectors", Stored::f32(vectors))];
        let Ok(bytes) = tensors::write(&tensors, None) else { return };
        let folder = fs::create_dir_all(&self.folder).map_err(|e| Error::io(&self.folder, e));
        match folder.and_then(|()| atomic::write_own(&self.folder.join(name), &bytes)) {
            Ok(()) => self.shrink(),
            Err(error) => drop(UNKEPT.set(error.to_string())),
        }
    }

    /// Removes leftovers of killed runs, and the oldest shards of all encoders, until the rest fits.
    fn shrink(&self) {
        let Ok(folders) = fs::read_dir(&self.root) else { return };
        let folders: Vec<PathBuf> = folders.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let (mut all, mut total) = (Vec::new(), 0);
        for folder in &folders {
            atomic::sweep(folder);
            // Files being written count, but must not be removed.
            total += files(folder, atomic::is_leftover).iter().map(size).sum::<u64>();
            all.extend(shards(folder));
        }
        total += all.iter().map(size).sum::<u64>();
        all.sort_by_key(|(.., age)| *age);
        for (path, size, _) in all {
            if total <= self.capacity {
                break;
            }
            // Another process may have removed it first.
            let _ = fs::remove_file(path);
            total -= size;
        }
    }
}

/// A file with its size and age.
type Aged = (PathBuf, u64, SystemTime);

fn size((_, size, _): &Aged) -> u64 {
    *size
}

/// The shards in a folder.
fn shards(folder: &Path) -> Vec<Aged> {
    files(folder, |name| {
        let name = name.to_string_lossy();
        name.ends_with(".safetensors") && !name.starts_with('.')
    })
}

/// The files in a folder whose names match.
fn files(folder: &Path, wanted: impl Fn(&OsStr) -> bool) -> Vec<Aged> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let file = |entry: fs::DirEntry| {
        let data = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        wanted(&entry.file_name()).then_some((entry.path(), data.len(), data.modified().ok()?))
    };
    entries.filter_map(|entry| file(entry.ok()?)).collect()
}

/// The cached rows of `texts`, and the indices of the others.
pub(super) fn lookup(
    known: &HashMap<Key, Vec<f32>>,
    keys: &[Key],
    dim: usize,
) -> (Array2<f32>, Vec<usize>) {
    let mut out = Array2::zeros((keys.len(), dim));
    let mut missing = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        match known.get(key) {
            Some(vector) => out.row_mut(i).assign(&ndarray::aview1(vector)),
            None => missing.push(i),
        }
    }
    (out, missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn shards_are_read_back_and_invalid_ones_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), "abc", 2);
        assert!(cache.read().is_empty());
        let keys = ["a", "b"].map(key);
        cache.write(&keys, array![[1.0, 2.0], [3.0, 4.0]].view());
        fs::write(folder.path().join("abc/other.safetensors"), b"rubbish").unwrap();
        let (vectors, missing) = lookup(&cache.read(), &["b", "c", "a"].map(key), 2);
        assert_eq!(missing, [1]);
        assert_eq!(vectors, array![[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]);
        assert!(Cache::new(folder.path(), "abc", 3).read().is_empty(), "another dimension");
        assert!(Cache::new(folder.path(), "def", 2).read().is_empty(), "another encoder");
    }

    #[test]
    fn a_flipped_bit_costs_its_shard_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), "abc", 2);
        cache.write(&[1], array![[1.0, 2.0]].view());
        cache.write(&[2], array![[3.0, 4.0]].view());
        let (path, ..) = shards(&cache.folder).remove(0);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() - 30;
        bytes[at] ^= 0x40;
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.read().len(), 1);
    }

    #[test]
    fn leftovers_are_removed_and_files_in_progress_count() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::new(folder.path(), "abc", 1);
        cache.write(&[0], array![[0.0]].view());
        let other = folder.path().join("def");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(".llmap-killed.tmp"), [0; 900]).unwrap();
        let held = fs::File::create(other.join(".llmap-abcdef.tmp")).unwrap();
        held.lock().unwrap();
        held.set_len(900).unwrap();
        cache.capacity = 1000;
        cache.write(&[1], array![[1.0]].view());
        assert!(
            !other.join(".llmap-killed.tmp").exists() && other.join(".llmap-abcdef.tmp").exists()
        );
        assert!(cache.read().len() < 2, "the one being written takes most of the space");
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::new(folder.path(), "abc", 1);
        cache.capacity = 1000;
        for i in 0..20 {
            cache.write(&[i], array![[0.0]].view());
            let size: u64 = shards(&cache.folder).iter().map(|(_, size, _)| size).sum();
            assert!(size <= 1000);
        }
        assert!(cache.read().contains_key(&19));
    }

    #[test]
    fn writers_do_not_interfere() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4_u128 {
                let cache = Cache::new(folder.path(), "abc", 1);
                scope.spawn(move || {
                    for i in 0..10 {
                        cache.write(&[10 * writer + i], array![[writer as f32]].view());
                        cache.read();
                    }
                });
            }
        });
        assert_eq!(Cache::new(folder.path(), "abc", 1).read().len(), 40);
    }
}
