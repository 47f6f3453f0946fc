//! Tables with next to nothing in them: training gives sense, or one clear refusal, and never a file
//! that cannot be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use llmap::Progress;
use llmap::dataset;
use llmap::embedder::{self, Embedder, Given, train};
use llmap::eval::evaluation::{Settings, evaluate};
use proptest::prelude::*;

/// A small data set: the texts of its questions, and who answered which of them how.
struct Tables {
    train: Vec<String>,
    val: Vec<String>,
    models: usize,
    label: Box<dyn Fn(usize, usize) -> Option<f32>>,
}

impl Tables {
    /// Twenty questions to train on, six of val and four models, by a rule.
    fn of(label: impl Fn(usize, usize) -> Option<f32> + 'static) -> Self {
        let text =
            |q: usize| format!("Question {q}, about {}?", ["pears", "trains", "code"][q % 3]);
        let train = (0..20).map(text).collect();
        Self { train, val: (20..26).map(text).collect(), models: 4, label: Box::new(label) }
    }

    fn write(&self, folder: &Path) {
        let questions = self.train.iter().map(|text| ("train", text));
        let questions: Vec<_> =
            questions.chain(self.val.iter().map(|text| ("val", text))).collect();
        let mut tables = [
            "model_id,model_name\n".to_owned(),
            "prompt_id,split,prompt\n".to_owned(),
            "prompt_id,model_id,label\n".to_owned(),
        ];
        for m in 0..self.models {
            tables[0] += &format!("{m},model {m}\n");
        }
        for (q, (split, text)) in questions.iter().enumerate() {
            tables[1] += &format!("{q},{split},\"{text}\"\n");
            for m in 0..self.models {
                let label = (self.label)(q, m);
                tables[2] += &label.map_or_else(String::new, |y| format!("{q},{m},{y}\n"));
            }
        }
        for (name, table) in ["models", "questions", "responses"].iter().zip(tables) {
            fs::write(folder.join(format!("{name}.csv")), table).unwrap();
        }
    }

    /// Trains, saves, loads and uses an embedder; gives back the refusal if there is one.
    fn all(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        let data = dataset::load(folder.path()).map_err(|e| e.to_string())?;
        let mut settings = embedder::Settings::default();
        (settings.dim, settings.epochs) = (8, 2);
        let cancel = AtomicBool::new(false);
        let trained =
            train(&data, &settings, &mut Progress::until(&cancel)).map_err(|e| e.to_string())?;
        let path = folder.path().join("e.safetensors");
        trained.save(&path).unwrap();
        let loaded = Embedder::load(&path).unwrap();
        let asked = loaded.encode(&["Question 3, about pears?", "", "something else"]).unwrap();
        for given in [Given::Nothing, Given::Recorded] {
            let p = loaded.forecast(&asked, given).p;
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p}");
        }
        let mut judged = Settings::plain(&data);
        judged.resamples = 5;
        let found = evaluate(&loaded, &data, &judged, &mut Progress::until(&cancel)).unwrap();
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("null"), "{text}");
        Ok(())
    }
}

/// As the other ways to answer, none of which answers every question.
#[allow(clippy::unnecessary_wraps)]
fn mixed(q: usize, m: usize) -> Option<f32> {
    Some(f32::from(u8::from((q * 7 + m * 3) % 5 < 2)))
}

#[test]
fn equal_labels_make_sense() {
    for label in [0.0, 0.5, 1.0] {
        Tables::of(move |_, _| Some(label)).all().unwrap();
    }
    Tables::of(|q, m| Some(if (q, m) == (3, 1) { 0.0 } else { 1.0 })).all().unwrap();
}

#[test]
fn few_models_and_few_answers_make_sense() {
    Tables { models: 1, ..Tables::of(mixed) }.all().unwrap();
    Tables { models: 2, ..Tables::of(mixed) }.all().unwrap();
    Tables::of(|q, m| mixed(q, m).filter(|_| m > 0)).all().unwrap();
    // Three answers of val, then a single one.
    Tables::of(|q, m| mixed(q, m).filter(|_| q < 20 || q - 20 == m && m < 3)).all().unwrap();
    Tables::of(|q, m| mixed(q, m).filter(|_| q < 20 || (q, m) == (20, 0))).all().unwrap();
    let two = vec!["one".into(), "two".into()];
    Tables { train: two, ..Tables::of(mixed) }.all().unwrap();
    let blank = (1..21).map(|n| ".".repeat(n)).collect();
    Tables { train: blank, ..Tables::of(mixed) }.all().unwrap();
}

#[test]
fn a_single_text_is_too_little() {
    for n in [1, 20] {
        let same = vec!["the same".to_owned(); n];
        let refusal = Tables { train: same, ..Tables::of(mixed) }.all().unwrap_err();
        assert!(refusal.contains("too few questions: at least 2"), "{refusal}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn tiny_tables_are_used_or_refused(
        (questions, val, models) in (1_usize..6, 1_usize..4, 1_usize..6),
        labels in prop::collection::vec(prop_oneof![Just(None), Just(Some(0.0)), Just(Some(1.0))], 60),
    ) {
        let all = Tables::of(mixed);
        let tables = Tables {
            train: all.train[..questions].to_vec(),
            val: all.val[..val].to_vec(),
            models,
            label: Box::new(move |q, m| labels[(q * models + m) % 60]),
        };
        if let Err(refusal) = tables.all() {
            let known = ["too few questions", "has no responses", "no responses"];
            prop_assert!(known.iter().any(|part| refusal.contains(part)), "{refusal}");
        }
    }
}
