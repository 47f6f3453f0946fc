//! Tensors to be written to a file.

use ndarray::{Array1, ArrayView2};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};

use super::sealed;
use crate::quantized::Quantized;

/// A tensor as its bytes.
pub struct Stored {
    kind: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    /// A matrix of f32.
    pub fn f32<'a>(array: impl Into<ArrayView2<'a, f32>>) -> Self {
        let array = array.into();
        let bytes = array.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { kind: Dtype::F32, shape: array.shape().to_vec(), bytes }
    }

    /// A matrix of f16.
    pub fn f16<'a>(array: impl Into<ArrayView2<'a, f32>>) -> Self {
        let array = array.into();
        let bytes = array.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect();
        Self { kind: Dtype::F16, shape: array.shape().to_vec(), bytes }
    }

    /// A vector of f32.
    pub fn row(array: &Array1<f32>) -> Self {
        Self::vector(Dtype::F32, array.len(), array.iter().map(|x| x.to_le_bytes()))
    }

    /// A vector of f64.
    pub fn f64(values: &[f64]) -> Self {
        Self::vector(Dtype::F64, values.len(), values.iter().map(|x| x.to_le_bytes()))
    }

    /// A vector of u32.
    pub fn u32(values: &[u32]) -> Self {
        Self::vector(Dtype::U32, values.len(), values.iter().map(|x| x.to_le_bytes()))
    }

    /// A vector of u16.
    pub fn u16(values: &[u16]) -> Self {
        Self::vector(Dtype::U16, values.len(), values.iter().map(|x| x.to_le_bytes()))
    }

    /// Rows of 16 bytes.
    pub fn u128(values: &[u128]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { kind: Dtype::U8, shape: vec![values.len(), 16], bytes }
    }

    /// Bytes in another format.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self { kind: Dtype::U8, shape: vec![bytes.len()], bytes }
    }

    fn vector<const N: usize>(kind: Dtype, n: usize, each: impl Iterator<Item = [u8; N]>) -> Self {
        Self { kind, shape: vec![n], bytes: each.flatten().collect() }
    }
}

/// The integers of a quantized matrix and, as `NAME.scale`, its scales.
pub fn in_8_bits(name: &str, Quantized { integers, scales }: &Quantized) -> [(String, Stored); 2] {
    let bytes = integers.iter().flat_map(|x| x.to_le_bytes()).collect();
    let integers = Stored { kind: Dtype::I8, shape: integers.shape().to_vec(), bytes };
    [(name.to_owned(), integers), (format!("{name}.scale"), Stored::row(scales))]
}

/// The bytes of a file of these tensors, with a checksum and optionally an entry of metadata.
pub fn write<N: AsRef<str>>(
    tensors: &[(N, Stored)],
    metadata: Option<(&str, String)>,
) -> Result<Vec<u8>, SafeTensorError> {
    let views = tensors
        .iter()
        .map(|(name, tensor)| {
            let view = TensorView::new(tensor.kind, tensor.shape.clone(), &tensor.bytes)?;
            Ok((name.as_ref(), view))
        })
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    sealed::seal(views, metadata)
}
