//! Combines the vectors of a text's tokens into one.

use ndarray::{Array2, Axis, s};

/// The method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The mean of the tokens.
    Mean,
    /// The first token.
    First,
}

impl Pooling {
    /// Pools the rows of each text, whose tokens are consecutive: texts × width.
    pub(super) fn apply(self, tokens: &Array2<f32>, texts: &[&[u32]]) -> Array2<f32> {
        let mut out = Array2::zeros((texts.len(), tokens.ncols()));
        let mut start = 0;
        for (mut row, text) in out.rows_mut().into_iter().zip(texts) {
            let rows = tokens.slice(s![start..start + text.len(), ..]);
            start += text.len();
            match self {
                Self::Mean => row.assign(&(rows.sum_axis(Axis(0)) / text.len().max(1) as f32)),
                Self::First if text.is_empty() => {}
                Self::First => row.assign(&rows.row(0)),
            }
        }
        out
    }
}
