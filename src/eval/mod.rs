//! How well it all holds: evaluation on records beside baselines, with bootstrap intervals; whole
//! benchmarks, models and pairs held out of training.

pub(crate) mod baselines;
pub mod bootstrap;
pub mod deferral;
pub mod evaluation;
pub mod forecast_check;
pub mod leave_out;
pub mod unseen;
pub mod untested;
