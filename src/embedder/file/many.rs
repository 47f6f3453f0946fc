//! Stores very many models: names and attributes as a separate document and scores as columns, all in
//! tensors, since the metadata of a safetensors file is limited to a hundred megabytes.

use serde::{Deserialize, Serialize};

use super::Card;
use crate::dataset::Attribute;
use crate::embedder::{Benchmark, Scores};
use crate::tensors::{Stored, Tensors};

/// Used above this number of models.
pub(super) const FROM: usize = 10_000;

/// The tensor of the names and attributes.
const DOCUMENT: &str = "models.document";

#[derive(Serialize)]
struct Written<'a> {
    models: &'a [String],
    attributes: &'a [Attribute],
}

#[derive(Deserialize)]
struct Read {
    models: Vec<String>,
    attributes: Vec<Attribute>,
}

/// The tensors of a benchmark's scores: accuracies, and responses, which are 0 if a model was not evaluated.
fn names(benchmark: usize) -> [String; 2] {
    ["accuracy", "responses"].map(|column| format!("scores.{benchmark}.{column}"))
}

/// The benchmarks in the document that goes with these tensors.
pub(super) fn without_scores(benchmarks: &[Benchmark]) -> Vec<Benchmark> {
    let bare = |b: &Benchmark| Benchmark {
        name: b.name.clone(),
        kind: b.kind,
        description: b.description.clone(),
        questions: b.questions,
        scores: Scores::default(),
    };
    benchmarks.iter().map(bare).collect()
}

/// The tensors.
pub(super) fn apart(
    models: &[String],
    attributes: &[Attribute],
    benchmarks: &[Benchmark],
) -> serde_json::Result<Vec<(String, Stored)>> {
    let document = serde_json::to_vec(&Written { models, attributes })?;
    let mut tensors = vec![(DOCUMENT.to_owned(), Stored::bytes(document))];
    for (b, benchmark) in benchmarks.iter().enumerate() {
        let ([accuracy, responses], (right, counts)) = (names(b), benchmark.scores.columns());
        tensors.extend([(accuracy, Stored::f64(right)), (responses, Stored::u32(counts))]);
    }
    Ok(tensors)
}

/// The document with the names and attributes, as bytes.
pub(super) fn document(read: &Tensors) -> Result<Vec<u8>, String> {
    read.bytes(DOCUMENT)
}

/// Names and attributes from the bytes of their document.
pub(super) fn parse(document: &[u8]) -> Result<(Vec<String>, Vec<Attribute>), String> {
    let read: Read = serde_json::from_slice(document).map_err(|e| format!("{DOCUMENT}: {e}"))?;
    Ok((read.models, read.attributes))
}

/// Restores the scores from the tensors.
pub(super) fn restore_scores(card: &mut Card, models: usize, read: &Tensors) -> Result<(), String> {
    for (b, benchmark) in card.benchmarks.iter_mut().enumerate() {
        let [accuracy, responses] = names(b);
        let columns = (read.doubles(&accuracy, models)?, read.integers(&responses, models)?);
        // Both have one entry per model.
        benchmark.scores = Scores::from_columns(columns.0, columns.1).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedder::Embedder;

    #[test]
    fn a_file_of_many_models_gives_all_of_them_back() {
        let embedder = Embedder::shipped().unwrap().simulated(FROM + 7, 3);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("many.safetensors");
        embedder.save(&path).unwrap();
        let again = Embedder::load(&path).unwrap();
        assert_eq!(again.models(), embedder.models());
        assert_eq!(again.attributes(), embedder.attributes());
        assert_eq!(again.benchmarks(), embedder.benchmarks());
        assert_eq!(again.vectors(), embedder.vectors());
        let features = again.encode(&["What is 2 + 2?"]).unwrap();
        assert_eq!(again.predict(&features), embedder.predict(&features));
        // A bit of the scores flips.
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let error = Embedder::load(&path).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("corrupt"), "{error}");
    }
}
