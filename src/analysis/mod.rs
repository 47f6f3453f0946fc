//! What the vectors are good for: maps, neighbours, probes, routing, and how well it all holds.

pub mod baselines;
pub mod evaluation;
pub mod metrics;
pub mod neighbours;
pub mod probe;
pub mod projection;
pub mod router;
