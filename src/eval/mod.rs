//! Evaluation on records, with baselines and bootstrap intervals, and with whole benchmarks, models or pairs
//! held out of training.

pub(crate) mod baselines;
pub mod bootstrap;
pub mod deferral;
pub mod evaluation;
pub mod forecast_check;
pub mod leave_out;
pub mod unseen;
pub mod untested;
