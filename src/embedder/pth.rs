//! Reads PyTorch weights. A `.pth` is a pickle, which is a program: `pytorch-reader`, the reader of
//! burn-store, interprets the few operations that build tensors and executes nothing. A file with anything
//! else, such as a call of another function, is rejected.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use ndarray::{Array1, Array2};
use pytorch_reader::{DType, PickleValue, PytorchReader, Tensor};
use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::error::{Error, Result};
use crate::unpack;

/// The name for a tensor that was saved on its own.
pub(super) const ALONE: &str = "tensor";

/// The globals that the pickle of weights may refer to.
const ALLOWED: [&str; 4] =
    ["torch.Tensor", "torch.nn.parameter.Parameter", "torch.Size", "torch.device"];

/// Maximum size of the pickle of a tensor that was saved on its own.
const PICKLE: u64 = 1 << 16;

/// The tensors of a file, without their values.
pub(super) struct Weights {
    path: PathBuf,
    /// The size of the file: no tensor can be longer.
    length: u64,
    tensors: HashMap<String, Tensor>,
    /// A copy in which a tensor that was saved on its own has a name; it lives as long as the reader.
    _copy: Option<NamedTempFile>,
}

impl Weights {
    /// Reads the table of tensors of a file.
    ///
    /// # Errors
    /// [`Error::Input`] if it is not a weights file, or contains anything but weights.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = unpack::seekable(path)?;
        let length = file.metadata().map_err(|e| Error::io(path, e))?.len();
        if length > unpack::PAPER {
            let problem = format!("longer than {} MiB", unpack::PAPER >> 20);
            return Err(Error::input(path, problem, "is it the right file?"));
        }
        let value = PytorchReader::read_pickle_data(path, None).map_err(|e| unread(path, &e))?;
        if let Some(foreign) = foreign(&value) {
            let problem = format!(
                "contains `{foreign}`, which is code and not weights; llmap does not run it"
            );
            let fix =
                "save only the `state_dict()` of the model, and do not load this file in Python";
            return Err(Error::input(path, problem, fix));
        }
        let copy = match value {
            PickleValue::Unsupported(_) => Some(named(path, file)?),
            _ => None,
        };
        let from = copy.as_ref().map_or(path, NamedTempFile::path);
        let reader = PytorchReader::new(from).map_err(|e| unread(path, &e))?;
        Ok(Self { path: path.into(), length, tensors: reader.into_tensors(), _copy: copy })
    }

    /// True if there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The names of the tensors.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// A matrix.
    ///
    /// # Errors
    /// [`Error::Input`] if it does not exist, or has numbers that are not finite.
    pub(super) fn matrix(&self, name: &str) -> Result<Array2<f32>> {
        let (shape, numbers) = self.numbers(name)?;
        let [rows, columns] = shape[..] else { return Err(self.misshapen(name, &shape)) };
        Array2::from_shape_vec((rows, columns), numbers).map_err(|_| self.misshapen(name, &shape))
    }

    /// A vector.
    ///
    /// # Errors
    /// As [`Weights::matrix`].
    pub(super) fn vector(&self, name: &str) -> Result<Array1<f32>> {
        let (shape, numbers) = self.numbers(name)?;
        if shape.len() == 1 { Ok(numbers.into()) } else { Err(self.misshapen(name, &shape)) }
    }

    fn misshapen(&self, name: &str, shape: &[usize]) -> Error {
        let problem = format!("the tensor `{name}` has the shape {shape:?}");
        Error::input(&self.path, problem, "save the weights of EmbedLLM's TextMF")
    }

    fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let wrong = |problem: String| {
            let fix = "save the weights of EmbedLLM's TextMF again, with a current PyTorch";
            Error::input(&self.path, problem, fix)
        };
        let tensor = self.tensors.get(name).ok_or_else(|| {
            let there = self.names().join(", ");
            wrong(format!("no tensor `{name}` (there are: {there})"))
        })?;
        let elements = tensor
            .shape()
            .iter()
            .try_fold(1_u64, |n, side| n.checked_mul(u64::try_from(*side).ok()?));
        let bytes = elements.and_then(|n| n.checked_mul(tensor.dtype().size() as u64));
        if bytes.is_none_or(|bytes| bytes > self.length) {
            return Err(wrong(format!("the tensor `{name}` claims to be longer than the file")));
        }
        let bytes = tensor.read().map_err(|e| wrong(format!("cannot be read: {e}")))?;
        let numbers: Vec<f32> = match tensor.dtype() {
            DType::F64 => each(&bytes).map(|b| f64::from_ne_bytes(b) as f32).collect(),
            DType::F32 => each(&bytes).map(f32::from_ne_bytes).collect(),
            DType::F16 => each(&bytes).map(|b| f16::from_ne_bytes(b).to_f32()).collect(),
            DType::BF16 => each(&bytes).map(|b| bf16::from_ne_bytes(b).to_f32()).collect(),
            other => {
                return Err(wrong(format!(
                    "the tensor `{name}` has type {other:?} instead of floats"
                )));
            }
        };
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(wrong(format!("the tensor `{name}` has a number that is not finite")));
        }
        Ok((tensor.shape().to_vec(), numbers))
    }
}

/// The bytes in chunks of `N`.
fn each<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

fn unread(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let problem = format!("cannot be read as PyTorch weights: {error}");
    Error::input(path, problem, "save the `state_dict()` again with a current PyTorch")
}

/// The first element of a pickle that is not part of weights.
fn foreign(value: &PickleValue) -> Option<&str> {
    match value {
        PickleValue::Unsupported(name) => {
            (!ALLOWED.contains(&name.as_str())).then_some(name.as_str())
        }
        PickleValue::List(items) => items.iter().find_map(foreign),
        PickleValue::Dict(items) => items.values().find_map(foreign),
        _ => None,
    }
}

/// A copy of the file of a tensor that was saved on its own, with the tensor in a dictionary, as the reader
/// requires. Only the start and end of the pickle are changed; everything else is copied.
fn named(path: &Path, file: File) -> Result<NamedTempFile> {
    let wrong = |e: &dyn std::fmt::Display| unread(path, e);
    let mut archive = ZipArchive::new(file).map_err(|e| wrong(&e))?;
    let io = |e| Error::io(&std::env::temp_dir(), e);
    let copy = NamedTempFile::new().map_err(io)?;
    let mut out = ZipWriter::new(copy.reopen().map_err(io)?);
    for at in 0..archive.len() {
        let member = archive.by_index_raw(at).map_err(|e| wrong(&e))?;
        let name = member.name().map_err(|e| wrong(&e))?.into_owned();
        if !name.ends_with("/data.pkl") {
            out.raw_copy_file(member).map_err(|e| wrong(&e))?;
            continue;
        }
        drop(member);
        let mut pickle = Vec::new();
        let member = archive.by_index(at).map_err(|e| wrong(&e))?;
        member.take(PICKLE).read_to_end(&mut pickle).map_err(|e| wrong(&e))?;
        let pickle = within_a_dictionary(&pickle)
            .ok_or_else(|| wrong(&"its pickle has an unexpected structure"))?;
        let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        out.start_file(name, plain).map_err(|e| wrong(&e))?;
        out.write_all(&pickle).map_err(io)?;
    }
    out.finish().map_err(|e| wrong(&e))?;
    Ok(copy)
}

/// A pickle with the value `{ALONE: value}`, made from one with the value `value`.
fn within_a_dictionary(pickle: &[u8]) -> Option<Vec<u8>> {
    /// The first byte of a pickle, before the number of the protocol.
    const PROTO: u8 = 0x80;
    let (head, rest) = pickle.split_at_checked(2).filter(|(head, _)| head[0] == PROTO)?;
    let body = rest.strip_suffix(b".")?;
    let mut out = head.to_vec();
    // An empty dictionary, the name (its length in four bytes), the value, and both set as an item.
    out.extend(b"}X");
    out.extend((ALONE.len() as u32).to_le_bytes());
    out.extend(ALONE.as_bytes());
    out.extend(body);
    out.extend(b"s.");
    Some(out)
}
