//! The questions of a data set that are most similar to a prompt.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use ndarray::Array2;

use crate::dataset::{Dataset, Split};
use crate::embedder::Embedder;
use crate::error::Result;
use crate::progress::Progress;

/// The training questions of a data set, or all if there are none, for search by prompts.
pub struct SimilarQuestions<'a> {
    embedder: &'a Embedder,
    data: &'a Dataset,
    /// Their indices in the data.
    questions: Vec<usize>,
    /// One unit vector per row.
    keys: Array2<f32>,
}

impl<'a> SimilarQuestions<'a> {
    /// Encodes the questions with the encoder of `embedder`, which takes some time.
    ///
    /// # Errors
    /// As [`crate::encoder::Encoder::encode`].
    pub fn new(embedder: &'a Embedder, data: &'a Dataset, cancel: &AtomicBool) -> Result<Self> {
        let mut questions = data.split(Split::Train);
        if questions.is_empty() {
            questions = (0..data.questions.len()).collect();
        }
        let texts: Vec<&str> = questions.iter().map(|&q| &*data.questions[q].prompt).collect();
        let encoded = embedder.encoder().encode(&texts, &mut Progress::until(cancel))?;
        let keys = embedder.encoder().keys(&encoded);
        Ok(Self { embedder, data, questions, keys })
    }

    /// The `k` questions nearest to a prompt, nearest first: their indices in the data and their cosines. Of
    /// duplicate texts there is one.
    ///
    /// # Errors
    /// As [`crate::encoder::Encoder::encode`].
    pub fn nearest(&self, prompt: &str, k: usize) -> Result<Vec<(usize, f64)>> {
        let encoder = self.embedder.encoder();
        let prompt = encoder.keys(&encoder.encode(&[prompt], &mut Progress::silent())?);
        let cosines = self.keys.dot(&prompt.row(0));
        let mut order: Vec<usize> = (0..cosines.len()).collect();
        order.sort_by(|a, b| cosines[*b].total_cmp(&cosines[*a]).then(a.cmp(b)));
        let mut texts = HashSet::new();
        let of = |&at: &usize| (self.questions[at], f64::from(cosines[at].clamp(-1.0, 1.0)));
        let found = order.iter().map(of);
        Ok(found.filter(|(q, _)| texts.insert(&*self.data.questions[*q].prompt)).take(k).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dataset;

    #[test]
    fn a_training_question_finds_itself_and_no_twin() {
        let embedder = Embedder::shipped().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
        let data = dataset::load(&sample).unwrap();
        let similar = SimilarQuestions::new(&embedder, &data, &AtomicBool::new(false)).unwrap();
        let train = data.split(Split::Train);
        for &q in train.iter().step_by(40) {
            let found = similar.nearest(&data.questions[q].prompt, 5).unwrap();
            assert_eq!(data.questions[found[0].0].prompt, data.questions[q].prompt);
            assert!(found.windows(2).all(|w| w[0].1 >= w[1].1) && found[0].1 > 0.999);
            let texts: HashSet<&str> =
                found.iter().map(|(q, _)| &*data.questions[*q].prompt).collect();
            assert_eq!(texts.len(), found.len());
            assert!(found.iter().all(|(q, _)| data.questions[*q].split == Split::Train));
        }
    }
}
