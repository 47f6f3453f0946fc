//! Weights as PyTorch saves them, and the file that llmap makes of them.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder to write to"));

fuzz_target!(|bytes: &[u8]| llmap::fuzzing::weights(FOLDER.path(), bytes));
