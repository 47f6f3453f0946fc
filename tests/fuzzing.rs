//! What the fuzzers in `fuzz/` do, without them: their corpora are replayed, whole, cut and mutated by a
//! fixed seed. `LLMAP_FUZZ_SECONDS=600 cargo test --release --test fuzzing -- --ignored --nocapture`
//! goes on for ten minutes a target.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use llmap::fuzzing::TARGETS;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Mutations of each target in the suite.
const MUTATIONS: usize = 300;
/// What is put into inputs: bounds of numbers, halves of pairs, what steers a terminal.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\"",
    b"\n",
    b"\r\n",
    b",",
    b"%%\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"-1",
    b"0",
    b"1e308",
    b"-0.0",
    b"NaN",
    b"18446744073709551615",
    b"\\ud800",
    b"\x1b]0;x\x07",
    b"\xe2\x80\x8b",
    b"\xef\xbb\xbf",
    b"((((",
    b"not ",
    b" or ",
    b"~",
    b"=",
    b"'",
    b"`",
];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no corpus");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// An input with a few changes.
fn mutated(corpus: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = corpus.choose(rng).unwrap().clone();
    for _ in 0..rng.random_range(1..=6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(1..=40)).min(bytes.len());
        match rng.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = rng.random(),
            2 => drop(bytes.splice(at..at, TOKENS.choose(rng).unwrap().iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
            5 => {
                let other = corpus.choose(rng).unwrap();
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let digits: Vec<usize> =
                    (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
                if let Some(&digit) = digits.choose(rng) {
                    bytes[digit] = b'0' + rng.random_range(0..10);
                }
            }
        }
    }
    bytes
}

#[test]
fn corpora_and_their_mutations_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for input in &corpus {
            target(folder.path(), input);
            for part in 1..8 {
                target(folder.path(), &input[..input.len() * part / 8]);
            }
        }
        for _ in 0..MUTATIONS {
            target(folder.path(), &mutated(&corpus, &mut rng));
        }
    }
}

#[test]
#[ignore = "takes minutes: a time for each target"]
fn mutations_for_a_while() {
    let seconds = std::env::var("LLMAP_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let (time, only) = (seconds.unwrap_or(600), std::env::var("LLMAP_FUZZ_TARGET").ok());
    let folder = tempfile::tempdir().unwrap();
    let last = std::env::temp_dir().join("llmap-fuzz-last");
    for (name, target) in TARGETS {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let (corpus, start) = (corpus(name), Instant::now());
        let mut rng = ChaCha8Rng::seed_from_u64(start.elapsed().as_nanos() as u64 ^ 7);
        let (mut runs, mut slowest) = (0_u64, Duration::ZERO);
        while start.elapsed() < Duration::from_secs(time) {
            let input = mutated(&corpus, &mut rng);
            // What a crash leaves behind.
            fs::write(&last, &input).unwrap();
            let begun = Instant::now();
            target(folder.path(), &input);
            let took = begun.elapsed();
            if took > slowest {
                slowest = took;
                fs::copy(&last, last.with_extension(format!("{name}.slowest"))).unwrap();
            }
            runs += 1;
        }
        eprintln!("{name}: {runs} inputs in {time} s, the slowest took {slowest:?}");
    }
}
