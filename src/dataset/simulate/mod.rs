//! Simulated responses with known parameters, for the sample data, tests and benchmarks.
//!
//! Each model has a general ability and a skill in each category; each question has a difficulty. A label is
//! a Bernoulli variable with probability σ(ability + skill − difficulty), so the best possible prediction is
//! known. No real model is involved.

mod sparse;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Attribute, Dataset, Kind, Question, Responses, Split, Values};
use crate::logit::sigmoid;

pub use sparse::Sparse;

/// A simulated model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its general ability, in logits.
    pub ability: f64,
    /// Its extra skill in each category, in logits.
    pub skills: Vec<f64>,
    /// The categories it was evaluated on.
    pub run_on: Vec<bool>,
}

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// How many models.
    pub models: usize,
    /// How many questions.
    pub questions: usize,
    /// How many categories.
    pub categories: usize,
    /// The spread of a model's skills over categories, in logits.
    pub skill_spread: f64,
    /// The probability that a model was evaluated on a category.
    pub density: f64,
    /// The random seed.
    pub seed: u64,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { models: 24, questions: 600, categories: 4, skill_spread: 1.0, density: 0.8, seed: 1 }
    }
}

/// Words that only questions of one category use, by category modulo eight.
const WORDS: [[&str; 6]; 8] = [
    ["sum", "product", "divide", "fraction", "integer", "percent"],
    ["function", "compile", "loop", "pointer", "string", "recursion"],
    ["atom", "energy", "enzyme", "planet", "reaction", "voltage"],
    ["treaty", "empire", "river", "capital", "dynasty", "border"],
    ["verb", "idiom", "synonym", "translate", "clause", "accent"],
    ["kettle", "umbrella", "queue", "neighbour", "grocery", "sofa"],
    ["melody", "canvas", "sculpture", "rhythm", "novel", "stage"],
    ["contract", "verdict", "clause", "appeal", "statute", "witness"],
];

impl Simulation {
    /// Creates the data set: an attribute `specialist` marks the models with an additional skill in the first
    /// category (every third one), `family` groups three models each, `params_b` follows ability.
    #[must_use]
    pub fn run(&self) -> Dataset {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let categories: Vec<String> =
            (0..self.categories).map(|c| format!("category-{c}")).collect();
        let questions: Vec<Question> = (0..self.questions)
            .map(|q| {
                let category = q % self.categories;
                let words = &WORDS[category % WORDS.len()];
                let mut pick = || words[rng.random_range(0..words.len())];
                let prompt = format!("Simulated question {q}: {} {} {}?", pick(), pick(), pick());
                let split = match q / self.categories % 10 {
                    7 => Split::Val,
                    8 => Split::Test,
                    _ => Split::Train,
                };
                let id = q.to_string().into();
                Question { id, category: category as u32, split, prompt: prompt.into() }
            })
            .collect();
        let mut specialist = Vec::new();
        let models: Vec<Model> = (0..self.models)
            .map(|m| {
                let mut skills: Vec<f64> =
                    (0..self.categories).map(|_| self.skill_spread * normal(&mut rng)).collect();
                specialist.push(Some(m % 3 == 0));
                if m % 3 == 0 {
                    skills[0] += 2.0;
                }
                let mut run_on: Vec<bool> =
                    (0..self.categories).map(|_| rng.random_bool(self.density)).collect();
                run_on[m % self.categories] = true;
                let name = format!("simulated-{m:02}");
                Model { name, ability: normal(&mut rng), skills, run_on }
            })
            .collect();
        let size =
            |m: &Model| Some((7.0 * (m.ability + 0.2 * normal(&mut rng)).exp()).round().max(1.0));
        let params = models.iter().map(size).collect();
        let attributes = vec![
            Attribute { name: "specialist".into(), values: Values::Flag(specialist) },
            Attribute {
                name: "family".into(),
                values: Values::Class(
                    (0..self.models).map(|m| Some(format!("f{}", m / 3))).collect(),
                ),
            },
            Attribute { name: "params_b".into(), values: Values::Number(params) },
            Attribute {
                name: "simulated".into(),
                values: Values::Flag(vec![Some(true); self.models]),
            },
        ];
        let responses = respond(&questions, &models, &mut rng);
        let names = models.into_iter().map(|model| model.name).collect();
        let name = "simulated".into();
        let model_ids = (0..self.models).map(|m| m.to_string().into()).collect();
        let kinds = vec![Kind::Correctness; self.categories];
        Dataset {
            remarks: Vec::new(),
            name,
            questions,
            categories,
            kinds,
            descriptions: vec![String::new(); self.categories],
            models: names,
            model_ids,
            attributes,
            responses,
        }
    }
}

/// Samples the responses of `models` to `questions`.
#[must_use]
pub fn respond(questions: &[Question], models: &[Model], rng: &mut impl Rng) -> Responses {
    let mut triples = Vec::new();
    for (q, question) in questions.iter().enumerate() {
        let difficulty = normal(rng);
        for (m, model) in models.iter().enumerate() {
            let logit = model.ability + model.skills[question.category as usize] - difficulty;
            let right = rng.random_bool(sigmoid(logit));
            if model.run_on[question.category as usize] {
                triples.push((q as u32, m as u32, f32::from(u8::from(right))));
            }
        }
    }
    Responses::from_sorted(questions.len(), triples.into_iter())
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
