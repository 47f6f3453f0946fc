//! How well an embedder predicts responses it was not trained on, beside the baselines.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::baselines;
use super::metrics::{Bin, Figures, Judged, RoutingBounds, reliability};
use crate::dataset::{Dataset, Split};
use crate::embedder::{Embedder, observed};
use crate::error::{Error, Result};

/// The name of the embedder among the predictors.
pub const EMBEDDER: &str = "llmap";

/// Figures of every predictor on the same responses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// `train`, `val`, `test` or `all`.
    pub split: String,
    /// Questions with a response.
    pub questions: usize,
    /// Models of the data set that the embedder knows.
    pub models: usize,
    /// Responses.
    pub responses: usize,
    /// Predictor → figures.
    pub predictors: BTreeMap<String, Figures>,
    /// What routing is bounded by.
    pub routing_bounds: RoutingBounds,
    /// Category → predictor → figures.
    pub by_category: BTreeMap<String, BTreeMap<String, CategoryFigures>>,
    /// The embedder's reliability diagram.
    pub reliability: Vec<Bin>,
    /// How long it took.
    pub seconds: f64,
}

/// Figures within one category.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CategoryFigures {
    /// See [`Figures::accuracy`].
    pub accuracy: f64,
    /// See [`Figures::auc`].
    pub auc: f64,
    /// See [`Figures::routing`].
    pub routing: f64,
}

/// Evaluates `embedder` on one split of `data` (all splits for `None`). The baselines are fitted on
/// the train split of `data`.
///
/// # Errors
/// [`Error::Usage`] if `data` has models that the embedder does not know, lacks a train split, or
/// has no responses in the split.
pub fn evaluate(embedder: &Embedder, data: &Dataset, split: Option<Split>) -> Result<Evaluation> {
    let start = Instant::now();
    let column: Vec<usize> = data
        .models
        .iter()
        .map(|name| crate::names::resolve("model of the embedder", name, &embedder.models))
        .collect::<Result<_>>()?;
    let questions = match split {
        Some(split) => data.split(split),
        None => (0..data.questions.len()).collect(),
    };
    let questions: Vec<usize> =
        questions.into_iter().filter(|&q| data.responses.of(q).len() > 0).collect();
    let name = split.map_or("all", Split::name);
    if questions.is_empty() {
        return Err(Error::Usage(format!("{}: no responses in the split `{name}`", data.name)));
    }
    if data.split(Split::Train).is_empty() {
        return Err(Error::Usage(format!(
            "{}: no train split, on which the baselines are fitted",
            data.name
        )));
    }
    let prompts: Vec<&str> = questions.iter().map(|&q| &*data.questions[q].prompt).collect();
    let predicted = embedder.predict(&embedder.encode(&prompts));
    // From the embedder's order of models to the data set's.
    let predicted = predicted.select(ndarray::Axis(1), &column);
    let judged = Judged::new(data, questions);
    let mut predictions: BTreeMap<&str, Vec<f32>> =
        baselines::all(data, &judged.questions, embedder)
            .into_iter()
            .map(|(name, p)| (name, observed(&p, &judged)))
            .collect();
    let p = observed(&predicted, &judged);
    let reliability = reliability(&p, &judged.labels).to_vec();
    predictions.insert(EMBEDDER, p);

    let figures = |p: &Vec<f32>| Figures::of(&judged, p);
    let predictors = predictions.iter().map(|(name, p)| ((*name).into(), figures(p))).collect();
    let by_category = data
        .categories
        .iter()
        .enumerate()
        .filter_map(|(c, category)| {
            let inside = |i: usize| data.questions[judged.questions[i]].category as usize == c;
            let of = |(name, p): (&&str, &Vec<f32>)| {
                let (part, p) = judged.part(p, inside);
                let Figures { accuracy, auc, routing, .. } = Figures::of(&part, &p);
                ((*name).to_owned(), CategoryFigures { accuracy, auc, routing })
            };
            let any = (0..judged.questions.len()).any(inside);
            any.then(|| (category.clone(), predictions.iter().map(of).collect()))
        })
        .collect();
    Ok(Evaluation {
        split: name.into(),
        questions: judged.questions.len(),
        models: data.models.len(),
        responses: judged.labels.len(),
        predictors,
        routing_bounds: RoutingBounds::of(&judged),
        by_category,
        reliability,
        seconds: start.elapsed().as_secs_f64(),
    })
}
