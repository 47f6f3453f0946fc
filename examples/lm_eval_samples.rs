//! Writes logs as lm-evaluation-harness writes them, of simulated models on simulated tasks, to measure
//! an import by: `cargo run --release --example lm_eval_samples -- FOLDER [MODELS TASKS SAMPLES]`.
//!
//! Without numbers it writes 500 models × 20 tasks × 100 samples of 2 kB each: 2 GB. Then
//! `time llmap import lm-eval FOLDER -o DATA`. The seed is fixed.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const SEED: u64 = 20_261_126;
/// The date that all files have in their names.
const DATE: &str = "2026-01-02T03-04-05.678901";
const WORDS: [&str; 16] = [
    "river", "stone", "heron", "otter", "bridge", "lantern", "sum", "fraction", "vector", "atom",
    "planet", "treaty", "verb", "melody", "contract", "umbrella",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().ok_or("name a folder to write to")?);
    let numbers: Vec<usize> = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, usual: usize| numbers.get(at).copied().unwrap_or(usual);
    let (models, tasks, samples) = (number(0, 500), number(1, 20), number(2, 100));
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut text = |words: usize| -> String {
        let words: Vec<&str> =
            (0..words).map(|_| WORDS[rng.random_range(0..WORDS.len())]).collect();
        words.join(" ")
    };
    let questions: Vec<Vec<[String; 3]>> =
        (0..tasks).map(|_| (0..samples).map(|_| [text(30), text(6), text(6)]).collect()).collect();
    let shots = text(60);
    let answer = text(90);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED + 1);
    let mut bytes = 0;
    for model in 0..models {
        let folder = root.join(format!("simulated__model-{model:03}"));
        fs::create_dir_all(&folder)?;
        let results = json!({ "model_name": format!("simulated/model-{model:03}"),
            "config": { "model_args": format!("pretrained=simulated/model-{model:03}"), "model_num_parameters": 1e9 } });
        fs::write(folder.join(format!("results_{DATE}.json")), results.to_string())?;
        for (task, questions) in questions.iter().enumerate() {
            let path = folder.join(format!("samples_task_{task:02}_{DATE}.jsonl"));
            let mut file = BufWriter::new(File::create(&path)?);
            for (id, [question, one, two]) in questions.iter().enumerate() {
                let right = f64::from(u8::from(rng.random_bool(0.6)));
                let prompt = format!("{shots}\n\nQuestion: {question}?\nAnswer:");
                let sample = json!({
                    "doc_id": id,
                    "doc": { "id": format!("{task}-{id}"), "question": format!("{question}?"),
                             "choices": { "text": [one, two], "label": ["A", "B"] }, "answerKey": "A" },
                    "target": 0,
                    "arguments": { "gen_args_0": { "arg_0": prompt, "arg_1": format!(" {one}") },
                                   "gen_args_1": { "arg_0": "", "arg_1": format!(" {two}") } },
                    "resps": [[[-1.25, false]], [[-2.5, false]], [answer]],
                    "filtered_resps": [[-1.25, false], [-2.5, false]],
                    "doc_hash": format!("{:064x}", task * 1_000_003 + id),
                    "prompt_hash": format!("{:064x}", id), "target_hash": format!("{:064x}", 7),
                    "filter": "none", "metrics": ["acc", "acc_norm"], "acc": right, "acc_norm": right,
                });
                let line = sample.to_string();
                bytes += line.len() + 1;
                writeln!(file, "{line}")?;
            }
            file.flush()?;
        }
    }
    println!(
        "{}: {models} models × {tasks} tasks × {samples} samples, {bytes} bytes",
        root.display()
    );
    Ok(())
}
