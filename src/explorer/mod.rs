//! stub
use crate::embedder::*;
#[derive(Default)]
pub struct Options {
    pub theme: Option<String>,
}
pub fn run(_: std::sync::Arc<Embedder>, _: Options) -> crate::Result<()> {
    todo!()
}
pub fn run_live(
    _f: impl FnOnce(&mut dyn FnMut(Event), &std::sync::atomic::AtomicBool) -> crate::Result<Embedder>
    + Send
    + 'static,
    _: Options,
) -> crate::Result<()> {
    todo!()
}
pub fn themes() -> Vec<String> {
    vec![]
}
