//! A matrix with one row per model, for notebooks and embedding viewers.

use ndarray::{Array2, ArrayView2};

use super::sheet::{Cell, Form, Sheet};
use crate::error::Result;
use crate::one_line;

/// The format of a [`Matrix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As a table with the names of the models.
    Table(Form),
    /// Only the numbers, in the format of `NumPy`.
    Npy,
    /// Only the numbers, separated by tabs, for `TensorBoard`'s projector; the metadata of the models is in a
    /// second file, see [`Matrix::metadata`].
    Tsv,
}

impl Layout {
    /// The format of a file ending.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "npy" => Some(Self::Npy),
            "tsv" => Some(Self::Tsv),
            "csv" | "parquet" => Form::of_ending(ending).map(Self::Table),
            _ => None,
        }
    }
}

/// A matrix of numbers per model.
pub struct Matrix {
    names: Vec<String>,
    columns: Vec<String>,
    /// Models × columns.
    numbers: Array2<f32>,
}

impl Matrix {
    /// The vectors of models, whose columns are called `v1`, `v2` and so on.
    #[must_use]
    pub fn vectors(names: &[String], vectors: ArrayView2<'_, f32>) -> Self {
        Self::new(names, "v", vectors.to_owned())
    }

    /// Map coordinates, whose columns are called after `axis`: `pc1`, `pc2` and so on.
    #[must_use]
    pub fn coordinates(names: &[String], axis: &str, places: ArrayView2<'_, f64>) -> Self {
        Self::new(names, axis, places.mapv(|x| x as f32))
    }

    fn new(names: &[String], axis: &str, numbers: Array2<f32>) -> Self {
        let columns = (1..=numbers.ncols()).map(|c| format!("{axis}{c}")).collect();
        Self { names: names.to_vec(), columns, numbers }
    }

    /// The matrix in a layout.
    ///
    /// # Errors
    /// As [`Sheet::bytes`].
    pub fn bytes(&self, layout: Layout) -> Result<Vec<u8>> {
        match layout {
            Layout::Table(form) => self.sheet().bytes(form),
            Layout::Npy => Ok(npy(self.numbers.view())),
            Layout::Tsv => {
                let line = |row: ndarray::ArrayView1<'_, f32>| {
                    let cells: Vec<String> = row.iter().map(f32::to_string).collect();
                    cells.join("\t") + "\n"
                };
                let rows = self.numbers.rows().into_iter();
                Ok(rows.map(line).collect::<String>().into_bytes())
            }
        }
    }

    fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(std::iter::once(&"model_name".to_owned()).chain(&self.columns));
        for (name, row) in self.names.iter().zip(self.numbers.rows()) {
            let cells = row.iter().map(|x| Cell::from(*x));
            sheet.push(std::iter::once(Cell::from(name.as_str())).chain(cells).collect());
        }
        sheet
    }

    /// The second file of [`Layout::Tsv`]: the metadata of the models, one per line, with a header if there
    /// is more than one column, as `TensorBoard` expects.
    #[must_use]
    pub fn metadata(known: &Sheet) -> Vec<u8> {
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.map(|cell| one_line(cell).replace('\t', " ")).collect();
            cells.join("\t") + "\n"
        };
        let mut out = String::new();
        if known.header().len() > 1 {
            out += &line(&mut known.header().iter().map(String::as_str));
        }
        for row in known.plain() {
            out += &line(&mut row.iter().map(String::as_str));
        }
        out.into_bytes()
    }
}

/// A matrix in the format of `numpy.save`: version 1.0, little-endian, row by row.
fn npy(matrix: ArrayView2<'_, f32>) -> Vec<u8> {
    /// The data starts at a multiple of this.
    const ALIGNED: usize = 64;
    let (rows, columns) = matrix.dim();
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // The magic, the version and the length of the header take ten bytes.
    while !(10 + header.len() + 1).is_multiple_of(ALIGNED) {
        header.push(' ');
    }
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend(matrix.iter().flat_map(|x| x.to_le_bytes()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn matrix() -> Matrix {
        let names = ["a".to_owned(), "b\tc".to_owned()];
        Matrix::vectors(&names, array![[0.1, -2.0, 3.0], [4.0, 5.5, 6e-9]].view())
    }

    #[test]
    fn npy_is_read_back() {
        let bytes = matrix().bytes(Layout::Npy).unwrap();
        assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
        assert!(header.contains("'shape': (2, 3)") && header.ends_with('\n'), "{header}");
        let numbers = bytes[10 + length..].chunks_exact(4);
        let numbers: Vec<f32> =
            numbers.map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(numbers, [0.1, -2.0, 3.0, 4.0, 5.5, 6e-9]);
    }

    #[test]
    fn the_pair_of_tensorboard_has_a_line_a_model() {
        let vectors = String::from_utf8(matrix().bytes(Layout::Tsv).unwrap()).unwrap();
        assert_eq!(vectors, "0.1\t-2\t3\n4\t5.5\t0.000000006\n");
        let mut known = Sheet::new(["model", "size"]);
        known.push(vec!["a".into(), 7.0.into()]);
        known.push(vec!["b\tc".into()]);
        let metadata = String::from_utf8(Matrix::metadata(&known)).unwrap();
        assert_eq!(metadata.lines().count(), 3, "a header, since there are two columns");
        assert!(metadata.lines().all(|line| line.matches('\t').count() == 1), "{metadata}");
        let mut names = Sheet::new(["model"]);
        names.push(vec!["a".into()]);
        assert_eq!(Matrix::metadata(&names), b"a\n", "one column has no header");
    }

    #[test]
    fn a_table_has_the_names() {
        let text = matrix().bytes(Layout::Table(Form::Csv)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("model_name,v1,v2,v3\na,0.1,-2,3\n"), "{text}");
    }
}
