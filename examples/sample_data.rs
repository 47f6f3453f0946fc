//! Writes `data/sample/models.csv` and `data/sample/responses.csv`: simulated answers of twelve
//! simulated models to the 300 questions of `data/sample/questions.csv`.
//!
//! Run it in the repository: `cargo run --release --example sample_data`. The seed is fixed, so it
//! writes the same files every time. A label is a coin flip with probability
//! σ(ability + skill in the category − difficulty); see `llmap::dataset::simulate`.

use std::error::Error;
use std::path::Path;

use llmap::dataset::simulate::{Model, respond};
use llmap::dataset::{Question, Split};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 20_261_124;

/// Name, family, parameters (billions), price in and out per million tokens, ability, and what the
/// model is good at. None of them exists.
type Row = (&'static str, &'static str, f64, f64, f64, f64, &'static str);

const MODELS: [Row; 12] = [
    ("simulated-heron-70b", "heron", 70.0, 2.0, 6.0, 1.6, ""),
    ("simulated-heron-13b", "heron", 13.0, 0.4, 1.2, 0.6, ""),
    ("simulated-heron-7b", "heron", 7.0, 0.2, 0.6, -0.1, ""),
    ("simulated-heron-7b-coder", "heron", 7.0, 0.2, 0.6, -0.3, "coding"),
    ("simulated-otter-34b", "otter", 34.0, 0.9, 2.7, 1.1, ""),
    ("simulated-otter-34b-coder", "otter", 34.0, 0.9, 2.7, 0.7, "coding"),
    ("simulated-otter-8b", "otter", 8.0, 0.2, 0.6, 0.2, ""),
    ("simulated-otter-8b-math", "otter", 8.0, 0.2, 0.6, 0.0, "arithmetic"),
    ("simulated-lynx-3b", "lynx", 3.0, 0.1, 0.2, -0.8, ""),
    ("simulated-lynx-3b-coder", "lynx", 3.0, 0.1, 0.2, -0.9, "coding"),
    ("simulated-lynx-14b-math", "lynx", 14.0, 0.4, 1.2, 0.5, "arithmetic"),
    ("simulated-lynx-14b-polyglot", "lynx", 14.0, 0.4, 1.2, 0.4, "language"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let (mut questions, mut categories) = (Vec::new(), Vec::<String>::new());
    for record in csv::Reader::from_path(folder.join("questions.csv"))?.records() {
        let record = record?;
        let known = categories.iter().position(|name| *name == record[1]);
        let category = known.unwrap_or(categories.len()) as u32;
        if known.is_none() {
            categories.push(record[1].to_owned());
        }
        let split = Split::from_name(&record[2]).ok_or("a split is train, val or test")?;
        questions.push(Question {
            id: record[0].into(),
            category,
            split,
            prompt: record[3].into(),
        });
    }
    let models: Vec<Model> = MODELS
        .iter()
        .enumerate()
        .map(|(m, (name, _, _, _, _, ability, strength))| Model {
            name: (*name).into(),
            ability: *ability,
            skills: categories.iter().map(|c| if c == strength { 2.2 } else { 0.0 }).collect(),
            // As real records are: some models were never run on some benchmarks.
            run_on: (0..categories.len()).map(|c| (m + 2 * c) % 11 != 0).collect(),
        })
        .collect();
    let responses = respond(&questions, &models, &mut ChaCha8Rng::seed_from_u64(SEED));

    let mut table = csv::Writer::from_path(folder.join("models.csv"))?;
    table.write_record([
        "model_id",
        "model_name",
        "family",
        "params_b",
        "cost_in",
        "cost_out",
        "coder",
        "simulated",
    ])?;
    for (m, (name, family, params, cost_in, cost_out, _, strength)) in MODELS.iter().enumerate() {
        let coder = u8::from(*strength == "coding").to_string();
        let [params, cost_in, cost_out] = [params, cost_in, cost_out].map(ToString::to_string);
        table.write_record([
            &m.to_string(),
            *name,
            *family,
            &params,
            &cost_in,
            &cost_out,
            &coder,
            "1",
        ])?;
    }
    table.flush()?;
    let mut table = csv::Writer::from_path(folder.join("responses.csv"))?;
    table.write_record(["prompt_id", "model_id", "label"])?;
    for (q, question) in questions.iter().enumerate() {
        for (m, y) in responses.of(q) {
            table.write_record([&*question.id, &m.to_string(), &y.to_string()])?;
        }
    }
    table.flush()?;
    Ok(())
}
