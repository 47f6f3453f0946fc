//! What the vectors are good for: maps, neighbours, probes, routing, and how well it all holds.

pub(crate) mod baselines;
pub mod bootstrap;
pub mod clusters;
pub(crate) mod communities;
pub mod estimate;
pub mod evaluation;
pub mod forecast;
pub mod holdout;
pub mod neighbours;
pub mod onboarding;
pub mod probe;
pub mod projection;
pub mod router;
pub mod unseen;
pub mod untested;
