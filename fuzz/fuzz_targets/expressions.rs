//! An expression of `--where`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| llmap::fuzzing::expression(bytes));
