//! What the vectors are good for: maps, neighbors, probes, routing, forecasts, onboarding. How well it all
//! holds is measured in [`crate::eval`].

pub mod clusters;
pub(crate) mod communities;
pub mod forecast;
pub mod neighbors;
pub mod onboarding;
pub mod probe;
pub mod projection;
pub mod router;
pub mod similar;
