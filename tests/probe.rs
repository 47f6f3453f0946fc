//! Whether probes can be believed: on simulated models with known causes, on vectors that know
//! nothing, and on the shipped embedder.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use llmap::Progress;
use llmap::analysis::probe::{Prober, Report, Settings};
use llmap::dataset::simulate::Simulation;
use llmap::embedder::{self, Embedder, train};
use llmap::encoder;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

fn probed(prober: &Prober, embedder: &Embedder, attribute: &str) -> Report {
    let attribute = embedder.attribute(attribute).unwrap();
    prober.probe(attribute, &Settings::default(), &AtomicBool::new(false)).unwrap()
}

/// A prober of the shipped models whose vectors are noise.
fn ignorant(shipped: &Embedder, seed: u64) -> Prober {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let vectors: Array2<f32> =
        Array2::from_shape_simple_fn(shipped.vectors().dim(), || StandardNormal.sample(&mut rng));
    Prober::new(vectors.view(), shipped.models(), shipped.attributes(), shipped.benchmarks())
}

/// Sixty models, all run on all four categories; every third has a skill in the first.
fn planted(seed: u64) -> Report {
    let simulation = Simulation {
        models: 60,
        questions: 2000,
        skill_spread: 0.5,
        density: 1.0,
        seed,
        ..Simulation::default()
    };
    let data = simulation.run();
    let encoder =
        encoder::Settings { hashing: encoder::Hashing { buckets: 1 << 10, hash_seed: 0 }, dim: 16 };
    let mut settings = embedder::Settings::default();
    (settings.dim, settings.epochs) = (16, 12);
    settings.encoder = vec![encoder::Source::Builtin(encoder)];
    settings.seed = seed;
    let trained = train(&data, &settings, &mut Progress::silent()).unwrap();
    probed(&Prober::of(&trained, trained.attributes()), &trained, "specialist")
}

#[test]
fn a_planted_skill_is_found() {
    let report = planted(3);
    assert!(report.beats_controls, "{:?} {:?}", report.unbeaten, report.grouped);
    assert_eq!(report.dealt, "families");
    assert!(report.balanced_accuracy > 0.8);
}

#[test]
#[ignore = "trains 200 embedders: minutes"]
fn a_planted_skill_is_found_whatever_the_seed() {
    let missed: Vec<u64> = (0..200)
        .into_par_iter()
        .filter(|seed| {
            let found = planted(*seed).beats_controls;
            println!("seed {seed}: {}", if found { "found" } else { "missed" });
            !found
        })
        .collect();
    assert!(missed.len() <= 10, "{missed:?}");
}

#[test]
#[ignore = "probes 200 embedders: minutes"]
fn vectors_that_know_nothing_have_no_attribute() {
    let shipped = Embedder::shipped().unwrap();
    let claims: Vec<(u64, Vec<String>)> = (0..200)
        .into_par_iter()
        .map(|seed| {
            let prober = ignorant(&shipped, seed);
            let names = shipped.attributes().iter().map(|a| &a.name).filter(|name| *name != "math");
            let found = names
                .map(|name| probed(&prober, &shipped, name))
                .filter(|report| report.beats_controls)
                .map(|report| report.attribute);
            let found: Vec<String> = found.collect();
            println!("seed {seed}: {found:?}");
            (seed, found)
        })
        .collect();
    let claims: Vec<_> = claims.into_iter().filter(|(_, found)| !found.is_empty()).collect();
    assert!(claims.len() <= 10, "{claims:?}");
}

#[test]
fn vectors_that_know_nothing_have_no_coder() {
    let shipped = Embedder::shipped().unwrap();
    let prober = ignorant(&shipped, 1);
    assert!(!probed(&prober, &shipped, "coder").beats_controls);
}

/// What README and docs say of the shipped embedder.
#[test]
fn the_shipped_embedder_knows_its_makers() {
    let shipped = Embedder::shipped().unwrap();
    let prober = Prober::of(&shipped, shipped.attributes());
    assert_eq!(prober.families_by.as_deref(), Some("family"));
    let maker = probed(&prober, &shipped, "maker");
    assert!(maker.p_value < 0.01 && maker.unbeaten.is_empty(), "{:?}", maker.random);
    // Whether a model is a coder cannot be read off across families.
    let coder = probed(&prober, &shipped, "coder");
    assert_eq!(coder.dealt, "families");
    assert!(!coder.beats_controls, "{:?}", coder.grouped);
}
