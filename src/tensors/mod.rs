//! Safetensors files: read by name, checked for shape and finiteness; written with a checksum.

use half::{bf16, f16};
use ndarray::{Array1, Array2};
use safetensors::tensor::{Dtype, SafeTensors};

use crate::quantized::Quantized;

mod sealed;
mod writer;

pub use writer::{Stored, in_8_bits, write};

/// The tensors of one file. Every method fails with a sentence that names the tensor.
pub struct Tensors<'a> {
    file: SafeTensors<'a>,
    /// The largest magnitude that a number may have.
    largest: f32,
}

impl<'a> Tensors<'a> {
    /// Reads the header; the tensors are read as they are asked for.
    pub fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        Ok(Self { file, largest: f32::MAX })
    }

    /// The same, without numbers beyond `largest`: products and sums of the others stay finite.
    pub fn within(self, largest: f32) -> Self {
        Self { largest, ..self }
    }

    /// A file of our own, whose checksum must fit.
    pub fn sealed(bytes: &'a [u8]) -> Result<Self, String> {
        let read = Self::new(bytes)?;
        sealed::check(&read.file, bytes)?;
        Ok(read)
    }

    /// Rows of 16 bytes, of which there may be any number.
    pub fn u128(&self, name: &str) -> Result<Vec<u128>, String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        match *tensor.shape() {
            [_, 16] if tensor.dtype() == Dtype::U8 => {
                let rows = tensor.data().chunks_exact(16).filter_map(|b| b.try_into().ok());
                Ok(rows.map(u128::from_le_bytes).collect())
            }
            _ => Err(misshapen(name, tensor.shape())),
        }
    }

    /// Bytes of another format.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        match *tensor.shape() {
            [_] if tensor.dtype() == Dtype::U8 => Ok(tensor.data().to_vec()),
            _ => Err(misshapen(name, tensor.shape())),
        }
    }

    /// The names of the tensors.
    pub fn names(&self) -> Vec<&str> {
        self.file.names()
    }

    /// A matrix of 32-, 16- or brain-16-bit numbers with these sizes, where they are given.
    pub fn matrix(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Array2<f32>, String> {
        let (shape, values) = self.numbers(name)?;
        let sizes = sizes(name, &shape, rows, columns)?;
        Array2::from_shape_vec(sizes, values).map_err(|_| misshapen(name, &shape))
    }

    /// A matrix that is stored in 8 bits, with the scales of its rows beside it as `NAME.scale`.
    pub fn quantized(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Array2<f32>, String> {
        self.in_8_bits(name, rows, columns).map(|stored| stored.matrix())
    }

    /// The same as it is stored.
    pub fn in_8_bits(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Quantized, String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        let shape = tensor.shape();
        let sizes = sizes(name, shape, rows, columns)?;
        if tensor.dtype() != Dtype::I8 {
            return Err(untyped(name, tensor.dtype()));
        }
        let integers = tensor.data().iter().map(|byte| i8::from_le_bytes([*byte])).collect();
        let integers =
            Array2::from_shape_vec(sizes, integers).map_err(|_| misshapen(name, shape))?;
        let scales = self.vector(&format!("{name}.scale"), sizes.0)?;
        // The largest entry is an integer of 7 bits by its scale.
        self.check(name, scales.mapv(|scale| scale * 127.0).iter())?;
        Ok(Quantized { integers, scales })
    }

    /// A vector of numbers of this length.
    pub fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, String> {
        let (shape, values) = self.numbers(name)?;
        if shape == [length] { Ok(Array1::from_vec(values)) } else { Err(misshapen(name, &shape)) }
    }

    /// A vector of unsigned integers of this length.
    pub fn integers(&self, name: &str, length: usize) -> Result<Vec<u32>, String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        if tensor.dtype() == Dtype::U32 && tensor.shape() == [length] {
            Ok(four(tensor.data()).map(u32::from_le_bytes).collect())
        } else {
            Err(misshapen(name, tensor.shape()))
        }
    }

    /// A vector of unsigned 16-bit integers of this length.
    pub fn small_integers(&self, name: &str, length: usize) -> Result<Vec<u16>, String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        if tensor.dtype() != Dtype::U16 {
            Err(untyped(name, tensor.dtype()))
        } else if tensor.shape() == [length] {
            Ok(pairs(tensor.data()).map(u16::from_le_bytes).collect())
        } else {
            Err(misshapen(name, tensor.shape()))
        }
    }

    fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
        let tensor = self.file.tensor(name).map_err(|_| missing(name))?;
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => four(tensor.data()).map(f32::from_le_bytes).collect(),
            Dtype::F16 => pairs(tensor.data()).map(|b| f16::from_le_bytes(b).to_f32()).collect(),
            Dtype::BF16 => pairs(tensor.data()).map(|b| bf16::from_le_bytes(b).to_f32()).collect(),
            other => return Err(untyped(name, other)),
        };
        self.check(name, values.iter())?;
        Ok((tensor.shape().to_vec(), values))
    }

    fn check<'n>(
        &self,
        name: &str,
        mut values: impl Iterator<Item = &'n f32>,
    ) -> Result<(), String> {
        match values.find(|x| x.is_nan() || x.abs() > self.largest) {
            Some(x) if x.is_finite() => {
                Err(format!("the tensor {name} holds {x:e}, which is out of range"))
            }
            Some(_) => Err(infinite(name)),
            None => Ok(()),
        }
    }
}

/// The sizes of a matrix, if they are as wanted.
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

/// Says that a tensor does not fit.
pub fn misshapen(name: &str, shape: &[usize]) -> String {
    format!("the tensor {name} has shape {shape:?}, which does not fit the rest")
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    bytes.chunks_exact(2).map(|b| [b[0], b[1]])
}

fn four(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]])
}
