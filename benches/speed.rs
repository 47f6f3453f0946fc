//! The speeds that matter to somebody who waits: `cargo bench`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, criterion_group, criterion_main};
use llmap::Progress;
use llmap::analysis::probe::{self, Prober};
use llmap::analysis::projection::Projection;
use llmap::analysis::router::{Preferences, Router};
use llmap::dataset::simulate::Simulation;
use llmap::embedder::{Embedder, Settings, train};

const PROMPT: &str = "Janet's ducks lay 16 eggs a day. She eats three and bakes with four. She sells \
    the rest at two dollars each. How much does she make a day?";

fn speeds(c: &mut Criterion) {
    let shipped = Embedder::shipped().unwrap();
    let (router, any) = (Router::new(&shipped), Preferences::default());
    c.bench_function("load the shipped embedder", |b| b.iter(|| Embedder::shipped().unwrap()));
    c.bench_function("route one prompt over 173 models", |b| {
        b.iter(|| router.route(&[black_box(PROMPT)], &any));
    });
    let prompts = vec![PROMPT; 512];
    c.bench_function("encode 512 prompts", |b| b.iter(|| shipped.encode(black_box(&prompts))));
    let Ok(features) = shipped.encode(&prompts) else { return };
    c.bench_function("predict 512 encoded prompts", |b| b.iter(|| shipped.predict(&features)));
    c.bench_function("route 512 encoded prompts", |b| b.iter(|| router.pick(&features, &any)));
    c.bench_function("route 512 prompts", |b| b.iter(|| router.route(&prompts, &any)));
    c.bench_function("map 173 models", |b| {
        b.iter(|| Projection::pca(black_box(shipped.profiles()), 3).unwrap());
    });
    let prober = Prober::of(&shipped, shipped.attributes());
    c.bench_function("probe all attributes", |b| {
        let settings = probe::Settings::default();
        b.iter(|| {
            for attribute in shipped.attributes().iter().filter(|a| a.name != "math") {
                prober.probe(black_box(attribute), &settings, &AtomicBool::new(false)).unwrap();
            }
        });
    });
    let data = Simulation { models: 100, questions: 2000, ..Simulation::default() }.run();
    let mut settings = Settings::default();
    settings.epochs = 2;
    let mut group = c.benchmark_group("train");
    group.sample_size(10);
    group.bench_function("2 epochs, 100 models, 1600 questions", |b| {
        b.iter(|| train(&data, &settings, &mut Progress::silent()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, speeds);
criterion_main!(benches);
