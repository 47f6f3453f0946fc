//! The weights of the paper in the files of its code: `saved_model.pth` (the state of `TextMF`),
//! `model_embeddings.pth` (its model vectors only) and `question_embeddings.pth`, with the orders of models
//! and questions. They are converted to a file of llmap: exact, and read without pickle.
//!
//! The vector of a question in the question order is known; any other text is encoded with the paper's
//! encoder (all-mpnet-base-v2, `llmap fetch mpnet`).

mod import;

use std::collections::HashMap;
use std::path::Path;

use ndarray::{Array2, Axis};
use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};

use super::reference::Reference;
use crate::atomic::Output;
use crate::encoder::{Encoder, Part, Sentence, Source, sources};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::tensors::{self, Stored, Tensors};
use crate::unpack;

/// The key of the document in the file's metadata.
const KEY: &str = "llmap-paper";
const VERSION: u32 = 1;
/// The question encoder of the paper.
const ENCODER: &str = "mpnet";

/// The paper's weights.
#[derive(Debug)]
pub struct Paper {
    /// The models' names, in the order of the vectors.
    pub models: Vec<String>,
    /// Models × dimensions.
    pub vectors: Array2<f32>,
    /// The prediction weights, if there are more than vectors.
    predictor: Option<Reference>,
    questions: Option<Questions>,
}

/// Questions with known vectors.
#[derive(Debug)]
struct Questions {
    texts: Vec<String>,
    /// Questions × dimensions.
    vectors: Array2<f32>,
}

/// The document.
#[derive(Serialize, Deserialize)]
struct Card {
    version: u32,
    models: Vec<String>,
    questions: Vec<String>,
}

/// True for the metadata of such a file.
pub(super) fn is_paper(metadata: &HashMap<String, String>) -> bool {
    metadata.contains_key(KEY)
}

impl Paper {
    /// Reads a file that [`Paper::save_to`] wrote; `None` for any other safetensors file.
    ///
    /// # Errors
    /// [`Error::Input`] if it is corrupt, newer or inconsistent.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let wrong = |problem: String| {
            Error::input(path, problem, "write it again with `llmap import paper`")
        };
        let bytes = unpack::bytes(path, unpack::PAPER)?;
        let Ok((_, metadata)) = SafeTensors::read_metadata(&bytes) else { return Ok(None) };
        let Some(card) = metadata.metadata().as_ref().and_then(|m| m.get(KEY)) else {
            return Ok(None);
        };
        let card: Card =
            serde_json::from_str(card).map_err(|e| wrong(format!("its document: {e}")))?;
        if card.version > VERSION {
            let problem = format!("written by a newer llmap (format {})", card.version);
            return Err(Error::input(path, problem, "update llmap"));
        }
        let read = Tensors::sealed(&bytes).map_err(wrong)?;
        let has = |name: &str| read.has(name);
        let vectors = read.matrix("models", Some(card.models.len()), None).map_err(wrong)?;
        let predictor = if has("projection") {
            Some(Reference::from_tensors(vectors.clone(), &read).map_err(wrong)?)
        } else {
            None
        };
        let questions = if let (true, Some(predictor)) = (has("questions"), &predictor) {
            let (n, width) = (card.questions.len(), predictor.inputs());
            let vectors = read.matrix("questions", Some(n), Some(width)).map_err(wrong)?;
            Some(Questions { texts: card.questions, vectors })
        } else {
            None
        };
        Ok(Some(Self { models: card.models, vectors, predictor, questions }))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn save_to(&self, output: Output) -> Result<()> {
        let failed = |e: &dyn std::fmt::Display| {
            Error::Failed(format!("the weights cannot be written: {e}"))
        };
        let card = Card {
            version: VERSION,
            models: self.models.clone(),
            questions: self.questions.as_ref().map_or_else(Vec::new, |q| q.texts.clone()),
        };
        let card = serde_json::to_string(&card).map_err(|e| failed(&e))?;
        let mut tensors = vec![("models", Stored::f32(&self.vectors))];
        if let Some(predictor) = &self.predictor {
            tensors.extend(predictor.tensors());
        }
        if let Some(questions) = &self.questions {
            tensors.push(("questions", Stored::f32(&questions.vectors)));
        }
        output.write(&tensors::write(&tensors, Some((KEY, card))).map_err(|e| failed(&e))?)
    }

    /// The number of questions with a vector in the file.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions.as_ref().map_or(0, |questions| questions.texts.len())
    }

    /// True if answers can be predicted, and not only models compared.
    #[must_use]
    pub fn forecasts(&self) -> bool {
        self.predictor.is_some()
    }

    /// Dimension of a question's vector; 0 if answers cannot be predicted.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.predictor.as_ref().map_or(0, Reference::inputs)
    }

    /// Probabilities of correct answers: texts × models.
    ///
    /// # Errors
    /// [`Error::Lines`] if answers cannot be predicted, or if a text is not among the known questions and the
    /// paper's encoder is not on this machine; errors of the encoder.
    pub fn predict(
        &self,
        texts: &[&str],
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        let Some(predictor) = &self.predictor else {
            return Err(Error::usage(
                "these are only the model vectors of the paper, which cannot predict answers",
                "import saved_model.pth too",
            ));
        };
        let mut rows = Array2::zeros((texts.len(), predictor.inputs()));
        let mut unknown = Vec::new();
        let known = self.questions.as_ref();
        let place: HashMap<&str, usize> = known
            .iter()
            .flat_map(|questions| questions.texts.iter().enumerate())
            .map(|(row, text)| (text.as_str(), row))
            .collect();
        for (at, text) in texts.iter().enumerate() {
            match (place.get(text), known) {
                (Some(row), Some(known)) => rows.row_mut(at).assign(&known.vectors.row(*row)),
                _ => unknown.push(at),
            }
        }
        if !unknown.is_empty() {
            let encoder = encoder(unknown.len(), texts.len(), predictor.inputs())?;
            let new: Vec<&str> = unknown.iter().map(|at| texts[*at]).collect();
            let encoded = encoder.encode(&new, progress)?;
            for (at, row) in unknown.into_iter().zip(encoded.axis_iter(Axis(0))) {
                rows.row_mut(at).assign(&row);
            }
        }
        Ok(predictor.predict(&rows))
    }
}

/// The encoder of the paper, for texts without a vector in the file.
fn encoder(unknown: usize, of: usize, inputs: usize) -> Result<Encoder> {
    let found = sources(ENCODER).ok().and_then(|sources| match sources.into_iter().next() {
        Some(Source::Folder(folder)) => Some(folder),
        _ => None,
    });
    let Some(folder) = found else {
        let problem = format!(
            "{unknown} of {of} questions have no vector in these weights, and the paper's encoder \
             (all-mpnet-base-v2) is not on this machine"
        );
        return Err(Error::usage(problem, format!("run `llmap fetch {ENCODER}`")));
    };
    let sentence = Sentence::read(&folder)?;
    if sentence.identity().dim != inputs {
        return Err(Error::Usage(format!(
            "these weights need question vectors of dimension {inputs}, and all-mpnet-base-v2 has {}: they \
             were trained with another encoder",
            sentence.identity().dim
        )));
    }
    Ok(Encoder::new(vec![Part::Sentence(std::sync::Arc::new(sentence))]))
}
