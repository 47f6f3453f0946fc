//! Training, saving and loading, on simulated data whose truth is known.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use llmap::Progress;
use llmap::dataset::simulate::Simulation;
use llmap::dataset::{Dataset, Kind, Split};
use llmap::embedder::{Backend, Embedder, Event, Given, Settings, train};
use llmap::encoder::{self, Source};
use llmap::eval::evaluation::{self, evaluate};
use safetensors::SafeTensors;

fn settings(seed: u64) -> Settings {
    let hashing = encoder::Hashing { buckets: 1 << 10, hash_seed: 0 };
    let mut settings = Settings::default();
    settings.dim = 16;
    settings.epochs = 12;
    settings.encoder = vec![Source::Builtin(encoder::Settings { hashing, dim: 16 })];
    settings.seed = seed;
    settings
}

fn trained(data: &Dataset, settings: &Settings) -> Embedder {
    train(data, settings, &mut Progress::silent()).unwrap()
}

fn data() -> Dataset {
    Simulation { questions: 2000, ..Simulation::default() }.run()
}

#[test]
fn a_planted_skill_is_learned() {
    let data = data();
    let embedder = trained(&data, &settings(1));
    let mut judged = evaluation::Settings::plain(&data);
    judged.split = Some(Split::Val);
    judged.resamples = 50;
    judged.routing_curve = true;
    let evaluation = evaluate(&embedder, &data, &judged, &mut Progress::silent()).unwrap();
    let [llmap, ability] = ["llmap", "ability"].map(|name| evaluation.predictors[name].figures);
    assert!(llmap.auc > ability.auc + 0.02, "{llmap:?} {ability:?}");
    assert!(llmap.nll < ability.nll && llmap.ece < 0.1);
    assert!(embedder.provenance().simulated);
    let bounds = evaluation.routing_bounds;
    assert!(bounds.random < llmap.routing && llmap.routing < bounds.oracle);
}

#[test]
fn a_seed_decides_everything() {
    let data = data();
    let [a, b, c] = [1, 1, 2].map(|seed| trained(&data, &settings(seed)));
    assert_eq!(a.vectors(), b.vectors());
    assert_ne!(a.vectors(), c.vectors());
}

/// The backends of a GPU take part only where there is one.
#[test]
fn the_backends_agree_up_to_rounding() {
    let data = data();
    let plain = trained(&data, &settings(1)).vectors().to_owned();
    for &backend in &Backend::ALL[1..] {
        let mut other = settings(1);
        other.backend = backend;
        let found = match train(&data, &other, &mut Progress::silent()) {
            Err(error) if error.to_string().contains("finds no device") => {
                println!("skipped: {error}");
                continue;
            }
            found => found.unwrap().vectors().to_owned(),
        };
        let difference = (&plain - &found).mapv(f32::abs).sum() / plain.mapv(f32::abs).sum();
        assert!(difference < 0.2, "{backend}: {difference}");
    }
}

#[test]
fn a_saved_embedder_predicts_the_same() {
    let mut data = data();
    data.kinds[1] = Kind::Judge;
    let embedder = trained(&data, &settings(3));
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("e.safetensors");
    embedder.save(&path).unwrap();
    let loaded = Embedder::load(&path).unwrap();
    let prompts = ["Simulated question: atom energy planet?", "", "verb\u{1b}[31m 中文"];
    let predict = |e: &Embedder| e.predict(&e.encode(&prompts).unwrap());
    assert_eq!(predict(&embedder), predict(&loaded));
    let again = path.with_file_name("again.safetensors");
    loaded.save(&again).unwrap();
    let projection = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = ["memory.keys", "words.weights", "encoder.projection"];
        tensors.map(|name| file.tensor(name).unwrap().data().to_vec())
    };
    assert_eq!(projection(&path), projection(&again), "rounding twice is rounding once");
    // Numbers are written in their shortest form and may come back one step away.
    let [a, b] = [&embedder, &loaded].map(Embedder::provenance);
    assert_eq!((&a.fingerprint, a.seed, a.epoch), (&b.fingerprint, b.seed, b.epoch));
    assert_eq!(a.val, b.val);
    assert_eq!(a.reliability.len(), b.reliability.len());
    assert_eq!(embedder.attributes(), loaded.attributes());
    assert_eq!(embedder.shared_counts(), loaded.shared_counts());
    assert!(loaded.shared(0, 1).unwrap() > 0 && loaded.shared(0, 0).is_none());
    let kinds: Vec<Kind> = loaded.benchmarks().iter().map(|b| b.kind).collect();
    assert_eq!(kinds, data.kinds, "what labels say goes with them");
    assert!(predict(&loaded).iter().all(|p| (0.0..=1.0).contains(p)));
    let features = loaded.encode(&["What is two and two?"]).unwrap();
    let forecast = loaded.forecast(&features, Given::Nothing);
    for m in 0..loaded.models().len() {
        let (low, high) = forecast.interval(0, m, loaded.calibration().spread);
        let p = forecast.p[[0, m]];
        assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
    }
}

#[test]
fn cancelling_keeps_the_best_epoch() {
    let data = data();
    let cancel = AtomicBool::new(false);
    let mut epochs = 0;
    let mut long = settings(1);
    (long.epochs, long.patience) = (5000, 5000);
    let mut progress = |event: Event| {
        if let Event::Epoch(epoch) = event {
            epochs = epoch.number;
            cancel.fetch_or(epoch.number == 2, Ordering::Relaxed);
        }
    };
    let embedder = train(&data, &long, &mut Progress::new(&mut progress, &cancel)).unwrap();
    assert!((2..5000).contains(&epochs), "{epochs}");
    // The other network may be an epoch ahead or behind: each runs in its own time.
    assert!((1..5000).contains(&embedder.provenance().epoch));
    let error =
        train(&data, &settings(1), &mut Progress::until(&AtomicBool::new(true))).err().unwrap();
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn nonsense_settings_and_empty_splits_are_told() {
    let mut data = data();
    let nonsense: [fn(&mut Settings); 4] =
        [|s| s.dim = 1, |s| s.dim = 129, |s| s.epochs = 0, |s| s.learning_rate = f64::NAN];
    for spoil in nonsense {
        let mut bad = settings(1);
        spoil(&mut bad);
        let error = train(&data, &bad, &mut Progress::silent()).err().unwrap();
        assert_eq!(error.exit_code(), 2);
    }
    data.questions.iter_mut().for_each(|question| question.split = Split::Train);
    let error = train(&data, &settings(1), &mut Progress::silent()).err().unwrap();
    assert!(error.to_string().contains("the val split has no responses"), "{error}");
}

#[test]
fn the_shipped_embedder_loads() {
    let embedder = Embedder::shipped().unwrap();
    assert_eq!(embedder.models().len(), 557);
    assert!(!embedder.provenance().simulated);
}

/// Rewrites an embedder file with one tensor or the document changed.
fn tampered(
    bytes: &[u8],
    tensor: impl Fn(&str, &mut Vec<usize>, &mut Vec<u8>),
    card: impl Fn(&str) -> String,
) -> Vec<u8> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, view)| {
            (name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec())
        })
        .collect();
    for (name, _, shape, data) in &mut tensors {
        tensor(name, shape, data);
    }
    let views = tensors.iter().map(|(name, kind, shape, data)| {
        (name.clone(), safetensors::tensor::TensorView::new(*kind, shape.clone(), data).unwrap())
    });
    let document = card(&metadata.metadata().as_ref().unwrap()["llmap"]);
    let metadata = HashMap::from([("llmap".to_owned(), document)]);
    sealed(safetensors::serialize(views, Some(metadata)).unwrap())
}

/// Gives a file the checksum that fits it: its last bytes.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 16;
    bytes[end..].fill(0);
    let sum = xxhash_rust::xxh3::xxh3_128(&bytes);
    bytes[end..].copy_from_slice(&sum.to_be_bytes());
    bytes
}

#[test]
fn a_damaged_file_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    trained(&data(), &settings(1)).save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let keep = |_: &str, _: &mut Vec<usize>, _: &mut Vec<u8>| {};
    let same = str::to_owned;
    let nan = |name: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
        if name == "models.vectors" {
            data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
    };
    let reshaped = |name: &str, shape: &mut Vec<usize>, _: &mut Vec<u8>| {
        if name == "inputs.mean" {
            shape.insert(0, 1);
        }
    };
    let beyond = |name: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
        if name == "memory.benchmarks" {
            data[..4].copy_from_slice(&99_u32.to_le_bytes());
        }
    };
    let unscaled = |name: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
        if name == "memory.keys.scale" {
            data[..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
        }
    };
    let fewer = |name: &str, shape: &mut Vec<usize>, data: &mut Vec<u8>| {
        if name == "models.shared" {
            shape[0] -= 1;
            data.truncate(2 * shape[0]);
        }
    };
    let cases = [
        (good[..good.len() / 2].to_vec(), "not a valid embedder"),
        (Vec::new(), "not a valid embedder"),
        (b"not a safetensors file at all".to_vec(), "not a valid embedder"),
        (vec![0xff; 64], "not a valid embedder"),
        (tampered(&good, nan, same), "models.vectors holds a number that is not finite"),
        (tampered(&good, unscaled, same), "memory.keys.scale holds a number that is not finite"),
        (tampered(&good, reshaped, same), "inputs.mean has shape [1, 62]"),
        (tampered(&good, beyond, same), "refers to benchmark 99 of 4"),
        (tampered(&good, fewer, same), "models.shared has shape"),
        (
            tampered(&good, keep, |card| card.replacen("\"version\":6", "\"version\":8", 1)),
            "written by a newer llmap",
        ),
        (
            tampered(&good, keep, |card| card.replacen("\"version\":6", "\"version\":5", 1)),
            "written by an older llmap",
        ),
        (
            tampered(&good, keep, |card| card.replacen("simulated-00", "\",\"", 1)),
            "an attribute does not cover the models",
        ),
        (tampered(&good, keep, |card| card[..card.len() / 2].to_owned()), "its document"),
        (
            tampered(&good, keep, |card| {
                card.replacen("\"buckets\":1024", "\"buckets\":4294967295", 1)
            }),
            "does not fit the rest",
        ),
    ];
    for (bytes, problem) in cases {
        fs::write(&path, bytes).unwrap();
        let error = Embedder::load(&path).err().unwrap();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains(problem) && text.contains("e.safetensors"), "{problem}: {text}");
    }
}

/// The document with a number in the place of the first one after `field`.
fn with_number(field: &str, number: &str) -> impl Fn(&str) -> String {
    let field = format!("\"{field}\":");
    move |card| {
        let start = card.find(&field).unwrap() + field.len();
        let end = start + card[start..].find([',', '}', ']']).unwrap();
        format!("{}{number}{}", &card[..start], &card[end..])
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    trained(&data(), &settings(1)).save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let keep = |_: &str, _: &mut Vec<usize>, _: &mut Vec<u8>| {};
    for (field, number) in [
        ("accuracy", "5"),
        ("accuracy", "-1"),
        ("accuracy", "1e308"),
        ("accuracy", "null"),
        ("temperature", "5e-324"),
        ("temperature", "-1"),
        ("temperature", "1e300"),
        ("spread", "1e308"),
        ("nll", "1e300"),
        ("scope", "1e300"),
        ("predicted", "7"),
        ("covered", "-3"),
    ] {
        fs::write(&path, tampered(&good, keep, with_number(field, number))).unwrap();
        assert!(Embedder::load(&path).is_err(), "{field} {number}");
    }
    let file = SafeTensors::deserialize(&good).unwrap();
    for (name, view) in file.iter().filter(|(_, view)| view.dtype() == safetensors::Dtype::F32) {
        let large = |wanted: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
            if wanted == name && !view.data().is_empty() {
                data[..4].copy_from_slice(&3e38_f32.to_le_bytes());
            }
        };
        fs::write(&path, tampered(&good, large, str::to_owned)).unwrap();
        let problem = Embedder::load(&path).err().map(|e| e.to_string()).unwrap_or_default();
        let name = name.trim_end_matches(".scale");
        assert!(problem.contains(name) && problem.contains("holds"), "{name}: {problem}");
    }
}

#[test]
fn a_flipped_bit_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    trained(&data(), &settings(1)).save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    for (i, at) in (0..good.len()).step_by(good.len() / 300).enumerate() {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (i % 8);
        fs::write(&path, flipped).unwrap();
        assert_eq!(Embedder::load(&path).err().map(|e| e.exit_code()), Some(2), "byte {at}");
    }
}

#[test]
fn a_failed_save_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    fs::create_dir(&path).unwrap();
    let embedder = Embedder::shipped().unwrap();
    assert!(embedder.save(&path).is_err());
    assert!(path.is_dir());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}
