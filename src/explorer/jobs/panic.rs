//! A panic on a thread of its own is a failure like another.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or what its panic said.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("this is a bug in llmap, please report it: {}", text.unwrap_or("no reason given"))
    })
}

/// What `work` gives, or why it failed, be it by a panic.
pub fn attempt<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    catch_panic(work)?.map_err(|error| error.to_string())
}
