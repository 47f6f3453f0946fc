# Recipes for `just`; each is a line that can be typed as well.

# List the recipes.
default:
    @just --list

# Compile without building: the quickest look.
check:
    cargo check --release --all-targets

# Run the tests whose names contain NAME, or all.
test NAME="":
    cargo test --release {{NAME}}

# Write the snapshots of the explorer's screens; look at the diff.
snapshots:
    INSTA_UPDATE=always cargo test --release --lib explorer

# 200,000 random actions in the explorer.
random:
    cargo test --release --lib 200_000 -- --ignored

# The fuzzers' corpora and mutations of them, so many seconds a target.
fuzz SECONDS="60":
    LLMAP_FUZZ_SECONDS={{SECONDS}} cargo test --release --test fuzzing -- --ignored --nocapture

# Format, then lint as CI does.
lint:
    cargo fmt
    cargo clippy --release --all-targets -- -D warnings

# Check the spelling (https://github.com/crate-ci/typos).
spelling:
    typos

# Test queries, on this machine and on a cluster of two executors: builds DataFusion and Ballista.
queries:
    cargo test --features cluster-test --test sql

# Run the examples.
examples:
    for example in route train onboard; do cargo run --release --quiet --example $example || exit 1; done

# Measure.
bench:
    cargo bench

# Open the documentation of the library.
doc:
    cargo doc --release --no-deps --open

# All that a change has to pass.
ci:
    .ci/run
