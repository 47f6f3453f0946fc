//! What the vectors are used for: maps, neighbors, probes, routing, forecasts, onboarding. [`crate::eval`]
//! evaluates it.

pub mod clusters;
pub(crate) mod communities;
pub mod forecast;
pub mod neighbors;
pub mod onboarding;
pub mod probe;
pub mod projection;
pub mod router;
pub mod similar;
