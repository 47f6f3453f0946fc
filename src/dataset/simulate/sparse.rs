//! Simulates any number of records, question by question, into Parquet shards.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{WORDS, normal};
use crate::dataset::Form;
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::table::{Cells, Writer};

/// Words in any category; each makes questions harder or easier.
const COMMON: usize = 2000;
/// Number of common words in a question, and of words of its category.
const LENGTH: (usize, usize) = (24, 6);
/// The syllables of words.
const SYLLABLES: [&str; 20] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va",
    "we", "xi", "yo", "zu",
];

/// Sparse records: random models answer each question.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// How many models.
    pub models: usize,
    /// How many questions.
    pub questions: usize,
    /// How many models answer a question, on average.
    pub answers: usize,
    /// How many categories.
    pub categories: usize,
    /// Responses per shard.
    pub shard: usize,
    /// The random seed.
    pub seed: u64,
}

impl Sparse {
    /// Writes the tables to `folder`, which must exist: `questions.parquet`, `models.parquet`, and
    /// `responses.parquet` as a folder of shards. Returns the number of responses.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn write(&self, folder: &Path) -> Result<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let words: Vec<(String, f64)> =
            (0..COMMON).map(|w| (word(w), 2.0 * normal(&mut rng))).collect();
        let models: Vec<(f64, Vec<f64>)> = (0..self.models)
            .map(|_| {
                let skills = (0..self.categories).map(|_| 0.7 * normal(&mut rng)).collect();
                (normal(&mut rng), skills)
            })
            .collect();
        self.write_models(folder)?;
        let columns = [
            ("prompt_id", Cells::Text),
            ("category", Cells::Text),
            ("split", Cells::Text),
            ("prompt", Cells::Text),
        ];
        let mut questions = Writer::create(folder, "questions", Form::Parquet, &columns)?;
        let shards = folder.join("responses.parquet");
        std::fs::create_dir(&shards).map_err(|e| Error::io(&shards, e))?;
        let (mut out, mut number, mut responses) = (None, 0, 0);
        let ids: Vec<String> = (0..self.models).map(|m| m.to_string()).collect();
        let chance = (self.answers as f64 / self.models.max(1) as f64).clamp(1e-6, 1.0 - 1e-9);
        for q in 0..self.questions {
            let category = q % self.categories;
            let (prompt, hard) = prompt(&mut rng, &words, category);
            let split = match q / self.categories % 10 {
                7 => "val",
                8 => "test",
                _ => "train",
            };
            let id = format!("q{q}");
            questions.row(&[&id, &format!("category-{category}"), split, &prompt])?;
            let difficulty = hard + 0.5 * normal(&mut rng);
            let mut m = 0;
            loop {
                // The number of models that are skipped until one answers has a geometric distribution.
                let u: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
                m += (u.ln() / (1.0 - chance).ln()) as usize;
                let Some((ability, skills)) = models.get(m) else { break };
                let right = rng.random_bool(sigmoid(ability + skills[category] - difficulty));
                let out = match &mut out {
                    Some(out) => out,
                    none => none.insert(begin(&shards, number)?),
                };
                out.row(&[&id, &ids[m], if right { "1" } else { "0" }])?;
                responses += 1;
                m += 1;
            }
            if responses / self.shard > number {
                out.take().map_or(Ok(()), Writer::finish)?;
                number = responses / self.shard;
            }
        }
        out.map_or(Ok(()), Writer::finish)?;
        questions.finish()?;
        Ok(responses)
    }

    fn write_models(&self, folder: &Path) -> Result<()> {
        let columns =
            [("model_id", Cells::Text), ("model_name", Cells::Text), ("simulated", Cells::Number)];
        let mut out = Writer::create(folder, "models", Form::Parquet, &columns)?;
        for m in 0..self.models {
            out.row(&[&m.to_string(), &format!("simulated-{m}"), "1"])?;
        }
        out.finish()
    }
}

fn begin(shards: &Path, number: usize) -> Result<Writer> {
    let columns = [("prompt_id", Cells::Text), ("model_id", Cells::Text), ("label", Cells::Label)];
    Writer::create(shards, &format!("part-{number:05}"), Form::Parquet, &columns)
}

fn word(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[number % SYLLABLES.len()]);
        number /= SYLLABLES.len();
    }
    word
}

/// A text, and its difficulty by its words.
fn prompt(rng: &mut ChaCha8Rng, words: &[(String, f64)], category: usize) -> (String, f64) {
    let own = &WORDS[category % WORDS.len()];
    let (mut text, mut hard) = (format!("Task {category}:"), 0.0);
    for _ in 0..LENGTH.1 {
        text.push(' ');
        text.push_str(own[rng.random_range(0..own.len())]);
    }
    for _ in 0..LENGTH.0 {
        let (word, weight) = &words[rng.random_range(0..words.len())];
        text.push(' ');
        text.push_str(word);
        hard += weight;
    }
    (text, hard / (LENGTH.0 as f64).sqrt())
}
