//! Safetensors files: tensors are read by name and checked for shape and finiteness; files are written with a
//! checksum.

use std::cell::RefCell;
use std::collections::HashMap;

use half::{bf16, f16};
use ndarray::{Array1, Array2, ShapeBuilder};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::quantized::Quantized;

mod read;
mod sealed;
mod writer;

pub use read::Header;
pub use writer::{Stored, in_8_bits, write};

/// The tensors of one file. Every method fails with a message that names the tensor. Tensors that were read
/// sequentially can be taken only once.
pub struct Tensors<'a> {
    tensors: RefCell<HashMap<String, Held<'a>>>,
    /// The largest allowed magnitude.
    largest: f32,
}

/// A tensor before it is used: in the bytes of its file, or owned.
enum Held<'a> {
    Bytes(TensorView<'a>),
    Own(Own),
}

/// A tensor with its entries.
struct Own {
    shape: Vec<usize>,
    data: Data,
    /// The largest magnitude of its floats, if it was determined while reading; NaN if there is one.
    extreme: Option<f32>,
    /// A matrix whose entries are ordered by columns.
    by_columns: bool,
}

/// Entries by type; other types as bytes.
enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I8(Vec<i8>),
    U32(Vec<u32>),
    U16(Vec<u16>),
    Raw(Dtype, Vec<u8>),
}

impl Data {
    fn kind(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
            Self::I8(_) => Dtype::I8,
            Self::U32(_) => Dtype::U32,
            Self::U16(_) => Dtype::U16,
            Self::Raw(kind, _) => *kind,
        }
    }

    fn of(tensor: &TensorView<'_>) -> Self {
        let bytes = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => Self::F32(four(bytes).map(f32::from_le_bytes).collect()),
            Dtype::F16 => Self::F32(pairs(bytes).map(|b| f16::from_le_bytes(b).to_f32()).collect()),
            Dtype::F64 => {
                let (numbers, _) = bytes.as_chunks();
                Self::F64(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
            }
            Dtype::I8 => Self::I8(bytes.iter().map(|byte| i8::from_le_bytes([*byte])).collect()),
            Dtype::U32 => Self::U32(four(bytes).map(u32::from_le_bytes).collect()),
            Dtype::U16 => Self::U16(pairs(bytes).map(u16::from_le_bytes).collect()),
            kind => Self::Raw(kind, bytes.to_vec()),
        }
    }
}

impl<'a> Tensors<'a> {
    /// Reads the header; tensors are read on demand.
    pub fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        Ok(Self::of(&file))
    }

    fn of(file: &SafeTensors<'a>) -> Self {
        let tensors = file.tensors().into_iter();
        Self::held(tensors.map(|(name, tensor)| (name, Held::Bytes(tensor))).collect())
    }

    fn held(tensors: HashMap<String, Held<'a>>) -> Self {
        Self { tensors: RefCell::new(tensors), largest: f32::MAX }
    }

    /// The same, but rejects numbers beyond `largest`, so that products and sums stay finite.
    pub fn within(self, largest: f32) -> Self {
        Self { largest, ..self }
    }

    /// A file with a checksum, which must match.
    pub fn sealed(bytes: &'a [u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        sealed::check(&file, bytes)?;
        Ok(Self::of(&file))
    }

    fn take(&self, name: &str) -> Result<(Vec<usize>, Data), String> {
        self.own(name).map(|own| (own.shape, own.data))
    }

    fn own(&self, name: &str) -> Result<Own, String> {
        let mut tensors = self.tensors.borrow_mut();
        if let Some(Held::Bytes(tensor)) = tensors.get(name) {
            let (shape, data) = (tensor.shape().to_vec(), Data::of(tensor));
            return Ok(Own { shape, data, extreme: None, by_columns: false });
        }
        match tensors.remove(name) {
            Some(Held::Own(own)) => Ok(own),
            _ => Err(missing(name)),
        }
    }

    /// The number of rows of a tensor, or of entries of a vector.
    pub fn rows(&self, name: &str) -> Result<usize, String> {
        let tensors = self.tensors.borrow();
        let shape = match tensors.get(name).ok_or_else(|| missing(name))? {
            Held::Bytes(tensor) => tensor.shape(),
            Held::Own(own) => &own.shape,
        };
        Ok(shape.first().copied().unwrap_or_default())
    }

    /// Rows of 16 bytes.
    pub fn u128(&self, name: &str) -> Result<Vec<u128>, String> {
        match self.take(name)? {
            (shape, Data::Raw(Dtype::U8, bytes)) if shape.len() == 2 && shape[1] == 16 => {
                let rows = bytes.chunks_exact(16).filter_map(|b| b.try_into().ok());
                Ok(rows.map(u128::from_le_bytes).collect())
            }
            (shape, _) => Err(misshapen(name, &shape)),
        }
    }

    /// Bytes in another format.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        match self.take(name)? {
            (shape, Data::Raw(Dtype::U8, bytes)) if shape.len() == 1 => Ok(bytes),
            (shape, _) => Err(misshapen(name, &shape)),
        }
    }

    /// True if there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.borrow().contains_key(name)
    }

    /// The names of the tensors.
    pub fn names(&self) -> Vec<String> {
        self.tensors.borrow().keys().cloned().collect()
    }

    /// A matrix of f32, f16 or bf16 numbers with these sizes, where they are given.
    pub fn matrix(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Array2<f32>, String> {
        let (shape, values, by_columns) = self.numbers(name)?;
        let sizes = sizes(name, &shape, rows, columns)?;
        Array2::from_shape_vec(sizes.set_f(by_columns), values).map_err(|_| misshapen(name, &shape))
    }

    /// A quantized matrix, with the scales of its rows as `NAME.scale`.
    pub fn quantized(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Array2<f32>, String> {
        self.in_8_bits(name, rows, columns).map(|stored| stored.matrix())
    }

    /// The same, without dequantizing.
    pub fn in_8_bits(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Quantized, String> {
        let (shape, data) = self.take(name)?;
        let sizes = sizes(name, &shape, rows, columns)?;
        let Data::I8(integers) = data else { return Err(untyped(name, data.kind())) };
        let integers =
            Array2::from_shape_vec(sizes, integers).map_err(|_| misshapen(name, &shape))?;
        let scales = self.vector(&format!("{name}.scale"), sizes.0)?;
        // The largest entry is a 7-bit integer times its scale.
        self.check(name, &scales.mapv(|scale| scale * 127.0).to_vec())?;
        Ok(Quantized { integers, scales })
    }

    /// A vector of this length.
    pub fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, String> {
        let (shape, values, _) = self.numbers(name)?;
        if shape == [length] { Ok(Array1::from_vec(values)) } else { Err(misshapen(name, &shape)) }
    }

    /// A vector of doubles of this length.
    pub fn doubles(&self, name: &str, length: usize) -> Result<Vec<f64>, String> {
        match self.take(name)? {
            (shape, Data::F64(values)) if shape == [length] => {
                let finite = values.iter().all(|x| x.is_finite());
                if finite { Ok(values) } else { Err(infinite(name)) }
            }
            (shape, _) => Err(misshapen(name, &shape)),
        }
    }

    /// A vector of unsigned integers of this length.
    pub fn integers(&self, name: &str, length: usize) -> Result<Vec<u32>, String> {
        match self.take(name)? {
            (shape, Data::U32(values)) if shape == [length] => Ok(values),
            (shape, _) => Err(misshapen(name, &shape)),
        }
    }

    /// A vector of unsigned 16-bit integers of this length.
    pub fn small_integers(&self, name: &str, length: usize) -> Result<Vec<u16>, String> {
        match self.take(name)? {
            (shape, Data::U16(values)) if shape == [length] => Ok(values),
            (shape, Data::U16(_)) => Err(misshapen(name, &shape)),
            (_, other) => Err(untyped(name, other.kind())),
        }
    }

    /// Its shape, its entries, and whether these are ordered by columns.
    fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>, bool), String> {
        let own = self.own(name)?;
        let values = match own.data {
            Data::F32(values) => values,
            Data::Raw(Dtype::BF16, bytes) => {
                pairs(&bytes).map(|b| bf16::from_le_bytes(b).to_f32()).collect()
            }
            other => return Err(untyped(name, other.kind())),
        };
        if own.extreme.is_none_or(|x| x.is_nan() || x > self.largest) {
            self.check(name, &values)?;
        }
        Ok((own.shape, values, own.by_columns))
    }

    fn check(&self, name: &str, values: &[f32]) -> Result<(), String> {
        let largest = self.largest;
        // NaN fails this comparison too.
        let fits = |x: &f32| x.abs() <= largest;
        let pieces = values.par_chunks(PIECE);
        match pieces.find_map_first(|piece| piece.iter().find(|x| !fits(x))) {
            Some(x) if x.is_finite() => {
                Err(format!("the tensor {name} holds {x:e}, which is out of range"))
            }
            Some(_) => Err(infinite(name)),
            None => Ok(()),
        }
    }
}

/// Minimum number of values per thread.
const PIECE: usize = 1 << 16;

/// The sizes of a matrix, if they match.
fn sizes(
    name: &str,
    shape: &[usize],
    rows: Option<usize>,
    columns: Option<usize>,
) -> Result<(usize, usize), String> {
    match *shape {
        [r, c] if rows.is_none_or(|n| n == r) && columns.is_none_or(|n| n == c) => Ok((r, c)),
        _ => Err(misshapen(name, shape)),
    }
}

fn untyped(name: &str, kind: Dtype) -> String {
    format!("the tensor {name} is of type {kind:?}")
}

fn infinite(name: &str) -> String {
    format!("the tensor {name} holds a number that is not finite")
}

fn missing(name: &str) -> String {
    format!("the tensor {name} is missing")
}

/// The message for a tensor with the wrong shape.
pub fn misshapen(name: &str, shape: &[usize]) -> String {
    format!("the tensor {name} has shape {shape:?}, which does not fit the rest")
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    bytes.chunks_exact(2).map(|b| [b[0], b[1]])
}

fn four(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]])
}
