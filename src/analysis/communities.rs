//! Tests whether models of one community are nearer to each other than to the rest.
//!
//! The test of section 6 of `EmbedLLM` (arXiv 2410.02223, version 2): the mean L2 distance between models
//! whose names contain a keyword, compared with that between them and all others; and how often the same
//! number of random models differs as much.

use ndarray::{Array2, ArrayView2};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::dataset::pattern;
use crate::error::{Error, Result};

/// The communities of the paper, as patterns on names.
pub const OF_THE_PAPER: [(&str, &str); 6] = [
    ("7B", r"(^|[^0-9.])7b"),
    ("13B", r"(^|[^0-9.])13b"),
    ("70B", r"(^|[^0-9.])70b"),
    ("coding", r"code|coding"),
    ("bio/med", r"bio|med(?:ical|i?tron|llama|alpaca|qa|-)"),
    ("physics", r"physic"),
];

/// Minimum size of a community.
const SMALLEST: usize = 2;

/// The result for one community.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Community {
    /// Its keyword.
    pub keyword: String,
    /// How many models it has.
    pub models: usize,
    /// Mean distance between two of them; none if there are fewer than two.
    pub within: Option<f64>,
    /// Mean distance from one of them to one of the others.
    pub between: Option<f64>,
    /// The share of random communities of its size with a difference at least as large.
    pub p_value: Option<f64>,
}

/// Compares each keyword's community with the rest of the models, by `vectors` (models × dimensions). A
/// keyword of the paper is replaced by its pattern; any other is a regular expression.
///
/// # Errors
/// [`Error::Usage`] if a keyword is not a regular expression.
pub fn communities(
    vectors: ArrayView2<'_, f32>,
    names: &[String],
    keywords: &[String],
    shuffles: usize,
    seed: u64,
) -> Result<Vec<Community>> {
    let distances = distances(vectors);
    keywords
        .iter()
        .map(|keyword| {
            let paper = OF_THE_PAPER.iter().find(|(word, _)| word.eq_ignore_ascii_case(keyword));
            let pattern = pattern(paper.map_or(keyword, |(_, pattern)| pattern)).map_err(|e| {
                Error::Usage(format!(
                    "the keyword `{keyword}` is not a valid regular expression: {e}"
                ))
            })?;
            let member: Vec<bool> = names.iter().map(|name| pattern.is_match(name)).collect();
            Ok(community(keyword, &distances, member, shuffles, seed))
        })
        .collect()
}

fn community(
    keyword: &str,
    distances: &Array2<f64>,
    mut member: Vec<bool>,
    shuffles: usize,
    seed: u64,
) -> Community {
    let models = member.iter().filter(|m| **m).count();
    let keyword = keyword.to_owned();
    if models < SMALLEST || models == member.len() {
        return Community { keyword, models, within: None, between: None, p_value: None };
    }
    let (within, between) = means(distances, &member);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let as_near = (0..shuffles)
        .filter(|_| {
            member.shuffle(&mut rng);
            let (w, b) = means(distances, &member);
            w - b <= within - between
        })
        .count();
    let p_value = (as_near + 1) as f64 / (shuffles + 1) as f64;
    Community {
        keyword,
        models,
        within: Some(within),
        between: Some(between),
        p_value: Some(p_value),
    }
}

fn distances(vectors: ArrayView2<'_, f32>) -> Array2<f64> {
    let n = vectors.nrows();
    let far = |(a, b): (usize, usize)| {
        let pairs = vectors.row(a).into_iter().zip(vectors.row(b));
        pairs.map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>().sqrt()
    };
    Array2::from_shape_fn((n, n), far)
}

/// The mean distance between two members, and between a member and another model.
fn means(distances: &Array2<f64>, member: &[bool]) -> (f64, f64) {
    let (mut within, mut between, mut pairs, mut others) = (0.0, 0.0, 0_usize, 0_usize);
    for (a, row) in distances.rows().into_iter().enumerate().filter(|(a, _)| member[*a]) {
        for (b, far) in row.iter().enumerate().filter(|(b, _)| *b != a) {
            if member[b] {
                within += far;
                pairs += 1;
            } else {
                between += far;
                others += 1;
            }
        }
    }
    (within / pairs.max(1) as f64, between / others.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_is_near_itself_and_chance_is_not() {
        let names: Vec<String> = (0..40)
            .map(|m| format!("{}-{}b", if m % 4 == 0 { "coder" } else { "m" }, [7, 13, 17][m % 3]))
            .collect();
        let x = Array2::from_shape_fn((40, 3), |(m, k)| {
            ((m * (7 + 3 * k)) as f32).sin() + if m % 4 == 0 && k == 1 { 3.0 } else { 0.0 }
        });
        let keywords = ["coding", "7B", "physics", "^m"].map(str::to_owned);
        let found = communities(x.view(), &names, &keywords, 299, 1).unwrap();
        assert_eq!(found.iter().map(|c| c.models).collect::<Vec<_>>(), [10, 14, 0, 30]);
        assert!(found[0].within < found[0].between && found[0].p_value < Some(0.01));
        assert!(found[1].p_value > Some(0.05), "{found:?}");
        assert_eq!((found[2].within, found[2].p_value), (None, None));
        assert!(communities(x.view(), &names, &["a(".into()], 9, 1).is_err());
    }

    #[test]
    fn distances_by_hand() {
        let x = ndarray::array![[0.0_f32, 0.0], [3.0, 4.0], [0.0, 1.0]];
        let (within, between) = means(&distances(x.view()), &[true, true, false]);
        assert!((within - 5.0).abs() < 1e-6);
        assert!((between - f64::midpoint(1.0, 18_f64.sqrt())).abs() < 1e-6);
    }
}
