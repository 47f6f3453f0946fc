//! Turns panics of worker threads into errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of `work`, or the message of its panic.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("this is a bug in llmap, please report it: {}", text.unwrap_or("no reason given"))
    })
}

/// The result of `work`, or its error or panic message.
pub fn attempt<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    catch_panic(work)?.map_err(|error| error.to_string())
}
