//! One function per parser of untrusted bytes, for the fuzzers in `fuzz/` and the tests that replay their
//! corpora. Each must return for any input; its result is ignored.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::analysis::router::{Preferences, Router};
use crate::dataset::{self, Attribute, Values, filter};
use crate::embedder::{Embedder, Paper};
#[cfg(feature = "tui")]
use crate::explorer;
use crate::import::{self, Format};
use crate::progress::Progress;

/// Separates the files within one input.
const BREAK: &[u8] = b"%%\n";

/// Parses an input; the folder is for temporary files.
pub type Reader = fn(&Path, &[u8]);

/// A target: its name, and the function that parses its inputs.
pub const TARGETS: &[(&str, Reader)] = &[
    ("embedder", |_, bytes| embedder(bytes)),
    ("tables", tables),
    ("imports", imports),
    ("weights", weights),
    ("expressions", |_, bytes| expression(bytes)),
    #[cfg(feature = "tui")]
    ("themes", theme),
    #[cfg(feature = "tui")]
    ("config", |_, bytes| config(bytes)),
];

/// An embedder file; an accepted one must also route and print.
pub fn embedder(bytes: &[u8]) {
    let Some(embedder) = Embedder::parse(bytes) else { return };
    let routes = Router::new(&embedder).route(&["What is 2 + 2?"], &Preferences::default());
    for route in routes.into_iter().flatten() {
        assert!(route.candidates.len() <= embedder.models().len());
    }
}

/// PyTorch weights, and the same bytes as the file that llmap converts them to.
pub fn weights(folder: &Path, bytes: &[u8]) {
    let [from, order] = ["saved_model.pth", "model_order.csv"].map(|name| folder.join(name));
    let rows: Vec<String> = (0..12).map(|m| format!("{m},model {m}\n")).collect();
    let names = format!("model_id,model_name\n{}", rows.concat());
    if fs::write(&from, bytes).is_err() || fs::write(&order, names).is_err() {
        return;
    }
    let _ = Paper::load(&from);
    if let Ok(paper) = Paper::import(&[from, order]) {
        assert!(paper.models.len() == paper.vectors.nrows());
    }
}

/// The tables of a data set, in this order: questions, models, responses; the last two are also read as
/// attributes, rules, answers and scores.
pub fn tables(folder: &Path, bytes: &[u8]) {
    let parts = split(bytes);
    let path = |name: &str| folder.join(name);
    for (name, part) in ["questions.csv", "models.csv", "responses.csv"].iter().zip(&parts) {
        if fs::write(path(name), part).is_err() {
            return;
        }
    }
    let data = dataset::load(folder);
    let models = ["alpha".to_owned(), "beta".to_owned()];
    let _ = dataset::load_attributes(&path("models.csv"), &models);
    let _ = dataset::load_rules(&path("models.csv"), &models);
    let _ = dataset::load_answers(&path("responses.csv"), data.as_ref().ok());
    let _ = dataset::load_answers(&path("questions.csv"), None);
    let _ = dataset::load_scores(&path("responses.csv"), &models, 10);
    if let Ok(data) = data {
        let _ = (data.problems(), data.fingerprint());
    }
}

/// Output of evaluation tools: the same parts under the file names of each format.
pub fn imports(folder: &Path, bytes: &[u8]) {
    let parts = split(bytes);
    let run = folder.join("run");
    if fs::create_dir_all(&run).is_err() {
        return;
    }
    for (format, names) in [
        (Format::LmEval, ["samples_task_2026-01-01.jsonl", "results_2026-01-01.json", "x.json"]),
        (Format::Helm, ["run_spec.json", "scenario_state.json", "per_instance_stats.json"]),
        (Format::AlpacaEval, ["annotations.json", "model_outputs.json", "y.json"]),
        (Format::MmluPro, ["model_outputs_alpha_5shots.json", "z.json", "w.json"]),
        (Format::Inspect, ["a.json", "b.json", "c.json"]),
        (
            Format::ArenaHard,
            ["question.jsonl", "model_judgment/j/m.jsonl", "model_judgment/n.jsonl"],
        ),
        (
            Format::Bfcl,
            ["BFCL_v3_simple_score.json", "BFCL_v3_simple_result.json", "BFCL_v3_simple.json"],
        ),
        (Format::SweBench, ["tasks.csv", "results.json", "m.run.json"]),
        (Format::LiveBench, ["question.jsonl", "ground_truth_judgment.jsonl", "x.jsonl"]),
        (Format::RouterBench, ["a.csv", "b.jsonl", "c.json"]),
        (Format::LlmRouter, ["a.jsonl", "b.csv", "c.json"]),
        (Format::EmbedLlm, ["train.csv", "val.jsonl", "test.csv"]),
        (Format::Wide, ["a.csv", "b.jsonl", "c.json"]),
        (Format::Long, ["a.csv", "b.jsonl", "c.json"]),
        (Format::OpenaiEvals, ["a.jsonl", "b.json", "c.csv"]),
    ] {
        for (name, part) in names.iter().zip(&parts) {
            let path = run.join(name);
            let _ = path.parent().map(fs::create_dir_all);
            let _ = fs::write(path, part);
        }
        let _ = import::resembles(&[folder.into()]);
        let options = import::Options::default();
        let never = AtomicBool::new(false);
        let found =
            import::import(format, &[folder.into()], &options, &mut Progress::until(&never));
        if let Ok(found) = found {
            assert!(found.first(3).len() <= 3);
        }
        for name in names {
            let _ = fs::remove_file(run.join(name));
        }
    }
}

/// A filter expression over attributes of every kind.
pub fn expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let models = ["alpha-7b", "beta", "gamma"].map(str::to_owned);
    let attribute = |name: &str, values| Attribute { name: name.into(), values };
    let attributes = [
        attribute("open", Values::Flag(vec![Some(true), Some(false), None])),
        attribute("params_b", Values::Number(vec![Some(7.0), None, Some(70.0)])),
        attribute("base model", Values::Class(vec![Some("llama".into()), None, None])),
    ];
    match filter::select(&text, &models, &attributes) {
        Ok(chosen) => assert_eq!(chosen.len(), models.len()),
        Err(problem) => drop(problem.into_usage(&text).to_string()),
    }
    let completion = filter::complete(&text, &models, &attributes);
    assert!(text.is_char_boundary(completion.from));
}

/// A theme file.
#[cfg(feature = "tui")]
pub fn theme(folder: &Path, bytes: &[u8]) {
    let path = folder.join("theme.json");
    if fs::write(&path, bytes).is_ok() {
        explorer::read_theme(&path);
    }
}

/// The settings of the explorer.
#[cfg(feature = "tui")]
pub fn config(bytes: &[u8]) {
    explorer::read_config(&String::from_utf8_lossy(bytes));
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BREAK.len()).position(|window| window == BREAK) {
        parts.push(&rest[..at]);
        rest = &rest[at + BREAK.len()..];
    }
    parts.push(rest);
    parts.resize(3.max(parts.len()), &[]);
    parts
}
