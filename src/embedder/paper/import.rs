//! Converts the files of the paper's code.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis, concatenate};

use super::{Paper, Questions};
use crate::embedder::pth::{ALONE, Weights};
use crate::embedder::reference::Reference;
use crate::error::{Error, Result};
use crate::table::{self, Table};

/// The file names of the paper's code.
const WEIGHTS: [&str; 3] = ["saved_model.pth", "model_embeddings.pth", "question_embeddings.pth"];
const ORDERS: [&str; 2] = ["model_order", "question_order"];

/// The parts found so far.
#[derive(Default)]
struct Found {
    models: Option<(PathBuf, Array2<f32>)>,
    predictor: Option<(PathBuf, Array2<f32>, Vec<f32>)>,
    questions: Option<(PathBuf, Array2<f32>)>,
    /// Ids and names.
    model_order: Option<(PathBuf, Vec<(String, String)>)>,
    /// Ids and texts.
    question_order: Option<(PathBuf, Vec<(String, String)>)>,
}

impl Paper {
    /// Reads the given files, and in folders those with the names of the paper's code.
    ///
    /// # Errors
    /// [`Error::Input`] if a file is invalid or inconsistent with the others; [`Error::Lines`] if the vectors
    /// or the names of the models are missing.
    pub fn import(paths: &[PathBuf]) -> Result<Self> {
        let mut found = Found::default();
        for path in files(paths)? {
            let ending = path.extension().and_then(|ending| ending.to_str());
            match ending {
                Some("pth" | "pt" | "bin") => found.weights(&path)?,
                _ => found.order(&path)?,
            }
        }
        found.paper()
    }
}

/// The files, including those in folders.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        files.extend(WEIGHTS.iter().map(|name| path.join(name)).filter(|path| path.is_file()));
        for order in ORDERS {
            files.extend(table::find(path, order)?);
        }
        if files.len() == before {
            let problem = format!("contains none of {}", WEIGHTS.join(", "));
            return Err(Error::input(path, problem, "pass the files themselves"));
        }
    }
    Ok(files)
}

impl Found {
    fn weights(&mut self, path: &Path) -> Result<()> {
        let weights = Weights::open(path)?;
        if weights.has("P.weight") {
            self.models = Some((path.into(), weights.matrix("P.weight")?));
            if weights.has("Q.weight") {
                self.questions = Some((path.into(), weights.matrix("Q.weight")?));
            }
            self.predictor = Some(predictor(path, &weights)?);
        } else if weights.has(ALONE) {
            let of_questions = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().to_lowercase().contains("question"));
            let place = if of_questions { &mut self.questions } else { &mut self.models };
            // Those of the whole model take precedence.
            if place.is_none() {
                *place = Some((path.into(), weights.matrix(ALONE)?));
            }
        } else {
            let problem = format!("has other tensors: {}", weights.names().join(", "));
            let fix = "pass saved_model.pth or model_embeddings.pth of EmbedLLM's code";
            return Err(Error::input(path, problem, fix));
        }
        Ok(())
    }

    /// A table of models or of questions.
    fn order(&mut self, path: &Path) -> Result<()> {
        let mut table = Table::open(path)?;
        let (place, id, value) = match (table.optional("model_name"), table.optional("prompt")) {
            (Some(name), None) => (&mut self.model_order, "model_id", name),
            (None, Some(prompt)) => (&mut self.question_order, "prompt_id", prompt),
            _ => {
                let problem = "is neither an order of models nor one of questions";
                let fix = "pass a table with model_id and model_name, or with prompt_id and prompt";
                return Err(Error::input(path, problem, fix));
            }
        };
        let id = table.column(id)?;
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            rows.push((row.filled(id)?.trim().to_owned(), row.filled(value)?.to_owned()));
        }
        *place = Some((path.into(), rows));
        Ok(())
    }

    fn paper(self) -> Result<Paper> {
        let Some((path, vectors)) = self.models else {
            return Err(Error::usage(
                "the vectors of the models are missing",
                "pass saved_model.pth or model_embeddings.pth, or its folder",
            ));
        };
        let Some((order, rows)) = self.model_order else {
            return Err(Error::usage(
                "the names of the models are missing: the weights do not contain them",
                "pass model_order.csv too (`llmap fetch embedllm` has it)",
            ));
        };
        let models = by_id(rows);
        if models.len() != vectors.nrows() {
            let problem = format!(
                "lists {} models where {} has {}",
                models.len(),
                path.display(),
                vectors.nrows()
            );
            return Err(Error::input(
                &order,
                problem,
                "pass the order that belongs to these weights",
            ));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = models.iter().find(|name| !seen.insert(name.as_str())) {
            let problem = format!("has a duplicate model `{twice}`");
            return Err(Error::input(&order, problem, "keep one row per model"));
        }
        let predictor = match self.predictor {
            Some((path, projection, classifier)) => {
                if projection.ncols() != vectors.ncols() {
                    let problem = "its vectors and its projection do not fit together";
                    return Err(Error::input(
                        &path,
                        problem,
                        "pass the files of a single training run",
                    ));
                }
                Some(Reference::new(vectors.clone(), projection, classifier))
            }
            None => None,
        };
        let questions = match (self.questions, self.question_order, &predictor) {
            (Some((path, vectors)), Some((order, rows)), Some(predictor)) => {
                let texts = by_id(rows);
                if texts.len() != vectors.nrows() {
                    let problem = format!(
                        "lists {} questions where {} has {}",
                        texts.len(),
                        path.display(),
                        vectors.nrows()
                    );
                    let fix = "pass the order that belongs to these weights";
                    return Err(Error::input(&order, problem, fix));
                }
                if vectors.ncols() != predictor.inputs() {
                    let problem = format!(
                        "has vectors of dimension {}, but the model needs {}",
                        vectors.ncols(),
                        predictor.inputs()
                    );
                    return Err(Error::input(
                        &path,
                        problem,
                        "pass the files of a single training run",
                    ));
                }
                Some(Questions { texts, vectors })
            }
            // Without their texts, or without the projection, vectors of questions are useless.
            _ => None,
        };
        Ok(Paper { models, vectors, predictor, questions })
    }
}

/// Combines the projection and classifier into a predictor: the projection with its bias, and the difference
/// of the two classes.
fn predictor(path: &Path, weights: &Weights) -> Result<(PathBuf, Array2<f32>, Vec<f32>)> {
    let wrong = |problem: &str| {
        Error::input(path, problem, "save the weights of EmbedLLM's TextMF, with two classes")
    };
    let (weight, bias) = (weights.matrix("text_proj.weight")?, weights.vector("text_proj.bias")?);
    let (classes, lean) =
        (weights.matrix("classifier.weight")?, weights.vector("classifier.bias")?);
    if weight.nrows() != bias.len() || classes.ncols() != bias.len() {
        return Err(wrong("its projection and its classifier do not fit together"));
    }
    if classes.nrows() != 2 || lean.len() != 2 {
        return Err(wrong("its classifier does not have two classes"));
    }
    let projection = concatenate(Axis(0), &[weight.t(), bias.view().insert_axis(Axis(0))])
        .map_err(|_| wrong("its projection does not fit together"))?;
    let mut classifier: Vec<f32> = (&classes.row(1) - &classes.row(0)).to_vec();
    classifier.push(lean[1] - lean[0]);
    Ok((path.into(), projection.as_standard_layout().into_owned(), classifier))
}

/// The values in the order of their ids, as the paper's code numbers them; in the order of the rows if the
/// ids are not numbers. Duplicate ids count once.
fn by_id(rows: Vec<(String, String)>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut rows: Vec<(Option<u64>, String)> = rows
        .into_iter()
        .filter(|(id, _)| seen.insert(id.clone()))
        .map(|(id, value)| (id.parse().ok(), value))
        .collect();
    if rows.iter().all(|(id, _)| id.is_some()) {
        rows.sort_by_key(|(id, _)| *id);
    }
    rows.into_iter().map(|(_, value)| value).collect()
}
