//! Places a model that training never saw by twenty of its answers, and compares the accuracies that
//! this predicts with the observed ones.
//!
//! `cargo run --release --example onboard`

use std::path::Path;
use std::sync::atomic::AtomicBool;

use llmap::Progress;
use llmap::Result;
use llmap::analysis::onboarding::{Catalogue, NewModel};
use llmap::dataset::{self, Answer};
use llmap::embedder::{Settings, train};

fn main() -> Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let data = dataset::load(&sample)?;
    let new = data.models.len() - 1;
    let others = data.with_models(&(0..new).collect::<Vec<_>>());
    let never = AtomicBool::new(false);
    let embedder = train(&others, &Settings::default(), &mut Progress::until(&never))?;

    let label = |q: usize| data.responses.of(q).find(|(model, _)| *model == new).map(|(_, y)| y);
    let answered = (0..data.questions.len()).filter(|q| label(*q).is_some());
    let answers: Vec<Answer> = answered
        .step_by(12)
        .take(20)
        .map(|q| {
            let prompt = data.questions[q].prompt.to_string();
            Answer { prompt, question: Some(q), label: label(q) }
        })
        .collect();
    let catalogue = Catalogue::new(&embedder, &others, &never)?;
    let placed = NewModel::place(&embedder, Some(&catalogue), &answers)?;

    println!("{} after {} answers:", data.models[new], answers.len());
    for (benchmark, known, predicted) in placed.benchmarks() {
        let of = |q: &usize| data.categories[data.questions[*q].category as usize] == benchmark;
        let all: Vec<f32> = (0..data.questions.len()).filter(of).filter_map(label).collect();
        let observed = match all.len() {
            0 => "never run".to_owned(),
            n => format!("observed {:.2}", all.iter().sum::<f32>() / n as f32),
        };
        let (mean, low, high) = (predicted.mean, predicted.low, predicted.high);
        println!(
            "{benchmark:<12} {known} answers, predicted {mean:.2} ({low:.2} to {high:.2}), {observed}"
        );
    }
    for neighbor in placed.neighbors(3) {
        println!("near {} (cosine {:.2})", embedder.models()[neighbor.model], neighbor.cosine);
    }
    Ok(())
}
