//! Downloads from the Hugging Face hub, into the cache of its own tools.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::error::{Error, Result};

/// Something that can be downloaded.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Its name in llmap.
    pub name: &'static str,
    /// Its description.
    pub about: &'static str,
    /// The repository on the hub.
    pub repository: &'static str,
    data: bool,
    files: &'static [&'static str],
}

const ENCODER: &[&str] = &[
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    "tokenizer.json",
    "model.safetensors",
];

/// Everything that can be downloaded.
pub const ITEMS: [Item; 3] = [
    Item {
        name: "minilm",
        about: "a sentence encoder: 384 numbers, 91 MB",
        repository: "sentence-transformers/all-MiniLM-L6-v2",
        data: false,
        files: ENCODER,
    },
    Item {
        name: "mpnet",
        about: "the sentence encoder of the paper: 768 numbers, 438 MB",
        repository: "sentence-transformers/all-mpnet-base-v2",
        data: false,
        files: ENCODER,
    },
    Item {
        name: "embedllm",
        about: "the data set of the paper",
        repository: "RZ412/EmbedLLM",
        data: true,
        files: &["model_order.csv", "question_order.csv", "val.csv", "test.csv", "train.csv"],
    },
];

impl Item {
    /// The item called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ITEMS.into_iter().find(|item| item.name == name)
    }

    /// True if it is a sentence encoder.
    #[must_use]
    pub fn encoder(&self) -> bool {
        !self.data
    }

    fn repo(&self) -> Repo {
        let kind = if self.data { RepoType::Dataset } else { RepoType::Model };
        Repo::new(self.repository.into(), kind)
    }

    /// Its folder, if it was downloaded completely.
    #[must_use]
    pub fn cached(&self) -> Option<PathBuf> {
        let cache = cache().repo(self.repo());
        let found: Option<Vec<PathBuf>> = self.files.iter().map(|file| cache.get(file)).collect();
        found?.pop().as_deref().and_then(Path::parent).map(Path::to_owned)
    }

    /// Downloads missing files, resuming interrupted downloads, and checks the size and hash of every file.
    /// `progress` receives the name of a file, the bytes done and the total. Returns the folder. Honors
    /// `HF_ENDPOINT`, `HF_HOME`, `HF_HUB_CACHE`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// [`Error::Failed`] if the hub cannot be reached or refuses, if a file is corrupt, or if something is
    /// missing in offline mode.
    pub fn fetch(&self, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<PathBuf> {
        if let Some(variable) = offline() {
            return self.cached().ok_or_else(|| {
                let cache = cache();
                let place = cache.path().display();
                Error::failed(
                    format!(
                        "{variable} is set, but {} is not in the cache {place}",
                        self.repository
                    ),
                    format!("unset {variable}, or copy the cache from another machine"),
                )
            });
        }
        let mut builder = ApiBuilder::from_env().with_progress(false).with_retries(3);
        builder = builder.with_cache_dir(cache().path().clone());
        if let Some(token) = std::env::var("HF_TOKEN").ok().filter(|token| !token.is_empty()) {
            builder = builder.with_token(Some(token));
        }
        let api = builder.build().map_err(|e| self.failed("the hub's client", &e))?;
        let mut last = None;
        for file in self.files {
            last = Some(self.file(&api, file, progress)?);
        }
        let folder = last.as_deref().and_then(Path::parent).map(Path::to_owned);
        folder.ok_or_else(|| Error::Failed(format!("{} has no files", self.name)))
    }

    fn file(
        &self,
        api: &Api,
        file: &str,
        progress: &mut dyn FnMut(&str, u64, u64),
    ) -> Result<PathBuf> {
        let repo = api.repo(self.repo());
        let metadata = api.metadata(&repo.url(file)).map_err(|e| self.failed(file, &e))?;
        let size = metadata.size() as u64;
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain(metadata.etag()) || !plain(metadata.commit_hash()) {
            // Both are used as file names.
            let problem = format!("{file} of {} has no valid hash there", self.repository);
            return Err(Error::failed(problem, "set another HF_ENDPOINT"));
        }
        let cache = cache().repo(self.repo());
        let blob = cache.blob_path(metadata.etag());
        let mut pointer = cache.pointer_path(metadata.commit_hash());
        pointer.push(file);
        if pointer.exists() && is_intact(&pointer, size, metadata.etag())? {
            progress(file, size, size);
            return Ok(pointer);
        }
        let part = blob.with_extension("sync.part");
        if fs::metadata(&part).is_ok_and(|part| part.len() >= size) {
            // Longer than the file, or complete but never checked: do not resume from it.
            fs::remove_file(&part).map_err(|e| Error::io(&part, e))?;
        }
        let reporter = Reporter { file: file.into(), done: 0, size, progress };
        let path =
            repo.download_with_progress(file, reporter).map_err(|e| self.failed(file, &e))?;
        if is_intact(&path, size, metadata.etag())? {
            return Ok(path);
        }
        for broken in [&path, &blob] {
            // Other tools would use a file that is left behind.
            let _ = fs::remove_file(broken);
        }
        let problem =
            format!("{file} of {} had the wrong size or hash and was removed", self.repository);
        Err(Error::failed(problem, "run `llmap fetch` again"))
    }

    fn failed(&self, file: &str, error: &ApiError) -> Error {
        let endpoint =
            std::env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".into());
        Error::failed(
            format!(
                "{file} of {} could not be downloaded from {endpoint}: {error}",
                self.repository
            ),
            "check the network (HF_ENDPOINT sets a mirror, HF_TOKEN a token), then run the same \
             again: it resumes where it stopped",
        )
    }
}

/// The folder that [`Item::fetch`] downloaded under this name.
#[must_use]
pub fn cached(name: &str) -> Option<PathBuf> {
    Item::named(name)?.cached()
}

/// The cache of the hub's tools: `HF_HUB_CACHE`, else below `HF_HOME`.
fn cache() -> Cache {
    let named = |name: &&str| std::env::var_os(name).filter(|path| !path.is_empty());
    let own = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].iter().find_map(named);
    own.map_or_else(Cache::from_env, |path| Cache::new(path.into()))
}

/// The variable that forbids network access.
fn offline() -> Option<&'static str> {
    let set = |name: &&str| {
        let value = std::env::var(name).unwrap_or_default().to_lowercase();
        matches!(&*value, "1" | "on" | "yes" | "true")
    };
    ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].into_iter().find(set)
}

/// Reports the progress of a download.
struct Reporter<'a> {
    file: String,
    done: u64,
    size: u64,
    progress: &'a mut dyn FnMut(&str, u64, u64),
}

impl Progress for Reporter<'_> {
    fn init(&mut self, size: usize, _: &str) {
        (self.done, self.size) = (0, size as u64);
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        (self.progress)(&self.file, self.done, self.size);
    }

    fn finish(&mut self) {}
}

/// True if a file has this size and the hash in its name: SHA-256 for large files, git's SHA-1 for small
/// ones. Other names cannot be checked.
fn is_intact(path: &Path, size: u64, name: &str) -> Result<bool> {
    let io = |e| Error::io(path, e);
    let mut file = fs::File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() != size {
        return Ok(false);
    }
    let hash = match name.len() {
        64 => digest(Sha256::new(), &mut file).map_err(io)?,
        40 => digest(Sha1::new_with_prefix(format!("blob {size}\0")), &mut file).map_err(io)?,
        _ => return Ok(true),
    };
    Ok(hash.eq_ignore_ascii_case(name))
}

fn digest(mut hash: impl Digest, file: &mut fs::File) -> std::io::Result<String> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
            return Ok(hash.finalize().iter().fold(String::new(), hex));
        }
        hash.update(&buffer[..n]);
    }
}
