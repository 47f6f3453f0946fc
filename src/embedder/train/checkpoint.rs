//! Checkpoints: an interrupted training resumes to the same bytes.
//!
//! Each network has its own file in a folder next to the output, as it has its own thread and random stream.
//! What is fitted before the networks (encoder, memory, factors) is deterministic and is fitted again.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once, OnceLock};
use std::time::{Duration, Instant};

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::atomic;
use crate::dataset::Dataset;
use crate::embedder::network::{HIDDEN, Layer, Weights};
use crate::embedder::settings::Settings;
use crate::encoder::{Sentence, Source};
use crate::error::{Error, Result};
use crate::tensors::{self, Header, Stored, Tensors};

/// The key of the document in a file's metadata.
const KEY: &str = "llmap.checkpoint";
/// Writing checkpoints takes at most one part in this many of the training time.
const SHARE: u32 = 100;
/// Maximum size of a checkpoint in bytes: enough for a million models.
const LARGEST: u64 = 4 << 30;

/// Where checkpoints are kept, and how.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    every: Duration,
    resume: bool,
    /// The first error in writing one.
    problem: Arc<OnceLock<String>>,
    /// Done once the files of another run were removed.
    cleared: Arc<Once>,
}

impl Checkpoints {
    /// In the folder `OUTPUT.checkpoint`, saved after each `every`; with `resume`, training continues from
    /// the one there.
    #[must_use]
    pub fn beside(output: &Path, every: Duration, resume: bool) -> Self {
        let mut name = output.as_os_str().to_owned();
        name.push(".checkpoint");
        let (problem, cleared) = (Arc::default(), Arc::new(Once::new()));
        Self { folder: name.into(), every, resume, problem, cleared }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True if there is a checkpoint of an interrupted training.
    #[must_use]
    pub fn exist(&self) -> bool {
        !self.files().is_empty()
    }

    /// The error if a checkpoint could not be written. Training continues regardless.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.get().map(String::as_str)
    }

    /// Removes them once the training is complete.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be removed.
    pub fn remove(&self) -> Result<()> {
        for file in self.files() {
            fs::remove_file(&file).map_err(|e| Error::io(&file, e))?;
        }
        atomic::sweep(&self.folder);
        match fs::remove_dir(&self.folder) {
            // Files of other programs stay.
            Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                Err(Error::io(&self.folder, e))
            }
            _ => Ok(()),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let own = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("network-") && name.ends_with(".safetensors")
        };
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(own).collect()
    }

    fn file(&self, member: usize) -> PathBuf {
        self.folder.join(format!("network-{member}.safetensors"))
    }
}

/// The parameters of a network at its best epoch.
#[derive(Clone)]
pub(super) struct Best {
    pub(super) epoch: u32,
    pub(super) val_nll: f64,
    pub(super) weights: Weights,
    /// Models × specialities.
    pub(super) specialities: Array2<f32>,
}

/// A network between two batches.
pub(super) struct Saved {
    pub(super) place: Place,
    /// The questions of the epoch, in training order.
    pub(super) order: Vec<u32>,
    pub(super) weights: Weights,
    /// Models × specialities.
    pub(super) specialities: Array2<f32>,
    /// The optimizer's moments, as burn writes them.
    pub(super) optimizer: Vec<u8>,
    pub(super) best: Option<Best>,
}

/// The position of a network in its training.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// From 1.
    pub(super) epoch: u32,
    /// Batches of the epoch that are done.
    pub(super) batch: usize,
    /// Batches of all epochs that are done.
    pub(super) step: u64,
    /// The loss of the epoch so far, as bits, since decimals would round it.
    pub(super) loss: u64,
    /// Position in the random stream.
    pub(super) random: String,
    /// The ids of the parameters in the optimizer's state.
    pub(super) parameters: [u64; 7],
}

#[derive(Serialize, Deserialize)]
struct Document {
    fingerprint: String,
    place: Place,
    /// Epoch and log loss (as bits) of the best.
    best: Option<(u32, u64)>,
}

/// The sizes of a network.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) questions: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) models: usize,
    pub(super) specialities: usize,
}

/// The checkpoints of one run.
pub(super) struct Keeper<'a> {
    checkpoints: &'a Checkpoints,
    fingerprint: String,
}

/// When a network was last saved, and how long that took.
pub(super) struct Clock {
    last: Instant,
    took: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { last: Instant::now(), took: Duration::ZERO }
    }
}

impl<'a> Keeper<'a> {
    /// Checks whether there is a checkpoint to resume, if requested.
    ///
    /// # Errors
    /// [`Error::Input`] if the checkpoint is from other data or settings, or corrupt.
    pub(super) fn open(
        checkpoints: &'a Checkpoints,
        data: &Dataset,
        settings: &Settings,
    ) -> Result<Self> {
        let keeper = Self { checkpoints, fingerprint: fingerprint(data, settings)? };
        if checkpoints.resume {
            for file in checkpoints.files() {
                keeper.opened(&file)?;
            }
            checkpoints.cleared.call_once(|| ());
        }
        Ok(keeper)
    }

    /// True if it is time to save.
    pub(super) fn due(&self, clock: &Clock) -> bool {
        clock.last.elapsed() >= self.checkpoints.every.max(clock.took * SHARE)
    }

    /// Saves a network; an error does not stop the training.
    pub(super) fn save(&self, member: usize, saved: &Saved, clock: &mut Clock) {
        let start = Instant::now();
        if let Err(error) = self.write(member, saved) {
            let _ = self.checkpoints.problem.set(error.to_string());
        }
        clock.last = Instant::now();
        clock.took = start.elapsed();
    }

    fn write(&self, member: usize, saved: &Saved) -> Result<()> {
        let folder = &self.checkpoints.folder;
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        // Files of another training must not be mistaken for networks of this one.
        self.checkpoints.cleared.call_once(|| {
            for file in self.checkpoints.files() {
                let _ = fs::remove_file(file);
            }
        });
        let document = Document {
            fingerprint: self.fingerprint.clone(),
            place: saved.place.clone(),
            best: saved.best.as_ref().map(|best| (best.epoch, best.val_nll.to_bits())),
        };
        let document = serde_json::to_string(&document)
            .map_err(|e| Error::Failed(format!("the checkpoint cannot be written: {e}")))?;
        let mut all = stored("now", &saved.weights, &saved.specialities);
        if let Some(best) = &saved.best {
            all.extend(stored("best", &best.weights, &best.specialities));
        }
        all.push(("order".into(), Stored::u32(&saved.order)));
        all.push(("optimizer".into(), Stored::bytes(saved.optimizer.clone())));
        let bytes = tensors::write(&all, Some((KEY, document)))
            .map_err(|e| Error::Failed(format!("the checkpoint cannot be written: {e}")))?;
        atomic::write_own(&self.checkpoints.file(member), &bytes)
    }

    /// The saved state of a network, if there is one to resume.
    ///
    /// # Errors
    /// [`Error::Input`] if the checkpoint is from other data or settings, or corrupt.
    pub(super) fn read(&self, member: usize, sizes: Sizes) -> Result<Option<Saved>> {
        let file = self.checkpoints.file(member);
        if !self.checkpoints.resume || !file.exists() {
            return Ok(None);
        }
        let (document, tensors) = self.opened(&file)?;
        let read = || -> Result<Saved, String> {
            let (weights, specialities) = loaded(&tensors, "now", sizes)?;
            let best = match document.best {
                None => None,
                Some((epoch, val_nll)) => {
                    let (weights, specialities) = loaded(&tensors, "best", sizes)?;
                    let val_nll = f64::from_bits(val_nll);
                    Some(Best { epoch, val_nll, weights, specialities })
                }
            };
            let order = tensors.integers("order", sizes.questions)?;
            if order.iter().any(|&row| row as usize >= sizes.questions) {
                return Err("it refers to unknown questions".into());
            }
            let optimizer = tensors.bytes("optimizer")?;
            Ok(Saved { place: document.place, order, weights, specialities, optimizer, best })
        };
        read().map(Some).map_err(|problem| Self::damaged(&file, problem))
    }

    /// Reads a checkpoint of this run.
    fn opened(&self, file: &Path) -> Result<(Document, Tensors<'static>)> {
        let damaged = |problem: String| Self::damaged(file, problem);
        let (reader, length) = crate::unpack::sized(file, LARGEST)?;
        let header = Header::read(reader, length).map_err(damaged)?;
        let document = header.entries().and_then(|entries| entries.get(KEY)).cloned();
        let tensors = header.tensors(&[]).map_err(damaged)?;
        let document = document.ok_or_else(|| damaged("it is not a checkpoint".into()))?;
        let document: Document =
            serde_json::from_str(&document).map_err(|e| damaged(e.to_string()))?;
        if document.fingerprint == self.fingerprint {
            return Ok((document, tensors));
        }
        let problem = "is a checkpoint from other data, other settings or another version of llmap";
        let fix = format!(
            "train with the same data and options, or start over without --resume (or remove {})",
            self.checkpoints.folder.display()
        );
        Err(Error::input(file, problem, fix))
    }

    /// The error for an unusable checkpoint.
    pub(super) fn damaged(file: &Path, problem: String) -> Error {
        let fix = "start over without --resume: the checkpoint is not usable";
        Error::input(file, problem, fix)
    }

    /// The error for a network whose checkpoint burn rejects.
    pub(super) fn refused(&self, member: usize, problem: String) -> Error {
        Self::damaged(&self.checkpoints.file(member), problem)
    }
}

/// A fingerprint of everything that affects training.
fn fingerprint(data: &Dataset, settings: &Settings) -> Result<String> {
    let mut parts = vec![data.fingerprint(), env!("CARGO_PKG_VERSION").into()];
    if settings.attributes {
        parts.push(serde_json::to_string(&data.attributes).unwrap_or_default());
    }
    for source in &settings.encoder {
        parts.push(match source {
            Source::Builtin(settings) => format!("{settings:?}"),
            // By its identity, not by its location.
            Source::Folder(folder) => Sentence::read(folder)?.identity().hash.clone(),
        });
    }
    let settings = Settings { encoder: Vec::new(), ..settings.clone() };
    parts.push(format!("{settings:?}"));
    Ok(format!("{:032x}", xxh3_128(parts.join("\n").as_bytes())))
}

fn stored(name: &str, weights: &Weights, specialities: &Array2<f32>) -> Vec<(String, Stored)> {
    let layers = [&weights.first, &weights.second, &weights.out];
    let each = layers.into_iter().enumerate().flat_map(|(i, layer)| {
        [
            (format!("{name}.{i}.weight"), Stored::f32(&layer.weight)),
            (format!("{name}.{i}.bias"), Stored::row(&layer.bias)),
        ]
    });
    each.chain([(format!("{name}.specialities"), Stored::f32(specialities))]).collect()
}

fn loaded(
    tensors: &Tensors<'_>,
    name: &str,
    sizes: Sizes,
) -> Result<(Weights, Array2<f32>), String> {
    let layer = |i: usize, inputs: usize, outputs: usize| -> Result<Layer, String> {
        let weight = tensors.matrix(&format!("{name}.{i}.weight"), Some(inputs), Some(outputs))?;
        Ok(Layer { weight, bias: tensors.vector(&format!("{name}.{i}.bias"), outputs)? })
    };
    let weights = Weights {
        first: layer(0, sizes.inputs, HIDDEN)?,
        second: layer(1, HIDDEN, HIDDEN)?,
        out: layer(2, HIDDEN, sizes.outputs)?,
    };
    let specialities = format!("{name}.specialities");
    let specialities =
        tensors.matrix(&specialities, Some(sizes.models), Some(sizes.specialities))?;
    Ok((weights, specialities))
}
