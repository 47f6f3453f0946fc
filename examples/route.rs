//! Ranks the models of the shipped embedder for a prompt: all of them, the open ones, and those where cost counts.
//!
//! `cargo run --release --example route -- "Write a haiku about rivers."`

use llmap::Result;
use llmap::analysis::router::{Preferences, Router};
use llmap::embedder::Embedder;

fn main() -> Result<()> {
    let prompt = std::env::args().nth(1);
    let prompt = prompt.as_deref().unwrap_or("What is the sum of the first hundred odd numbers?");
    let embedder = Embedder::shipped()?;
    let router = Router::new(&embedder);

    let mut open = Preferences::default();
    open.pool = Some(embedder.select("open and params_b <= 40")?);
    let mut frugal = open.clone();
    frugal.cost_weight = 5.0;

    println!("{prompt}\n");
    for (what, preferences) in
        [("any", &Preferences::default()), ("open", &open), ("open, frugal", &frugal)]
    {
        let routes = router.route(&[prompt], preferences)?;
        for (rank, candidate) in routes[0].candidates.iter().take(3).enumerate() {
            let model = &embedder.models()[candidate.model];
            let (p, low, high) = (candidate.p, candidate.low, candidate.high);
            println!("{what:<13} {}. {p:.2} ({low:.2} to {high:.2})  {model}", rank + 1);
        }
    }
    Ok(())
}
