//! Learns an embedder from the simulated records in `data/sample`, saves it, and routes a test question.
//!
//! `cargo run --release --example train -- [FOLDER OF A DATA SET] [FILE TO WRITE]`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use llmap::analysis::router::{Preferences, Router};
use llmap::dataset::{self, Split};
use llmap::embedder::{Embedder, Event, Settings, train};
use llmap::metrics::Metrics;
use llmap::{Progress, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample");
    let folder = arguments.next().unwrap_or_else(|| sample.into());
    let data = dataset::load(&folder)?;
    println!("{}: {} models, {} questions", data.name, data.models.len(), data.questions.len());

    let mut progress = |event: Event| {
        if let Event::Epoch(epoch) = event {
            println!("epoch {}: log loss on val {:.3}", epoch.number, epoch.val_nll);
        }
    };
    let never = AtomicBool::new(false);
    let embedder = train(&data, &Settings::default(), &mut Progress::new(&mut progress, &never))?;
    let val = embedder.provenance().val;
    for (figure, value) in Metrics::NAMES.iter().zip(val.values()) {
        println!("{figure:<20} {value:.3}");
    }
    let Some(file) = arguments.next() else { return Ok(()) };
    embedder.save(&file)?;

    let loaded = Embedder::load(&file)?;
    let Some(&question) = data.split(Split::Test).first() else { return Ok(()) };
    let prompt = &*data.questions[question].prompt;
    let routes = Router::new(&loaded).route(&[prompt], &Preferences::default())?;
    let first = &routes[0].candidates[0];
    println!(
        "{}: “{prompt}” goes to {} ({:.2})",
        file.display(),
        loaded.models()[first.model],
        first.p
    );
    Ok(())
}
