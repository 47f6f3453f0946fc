//! The program `llmap`; see the library for its parts.

fn main() -> std::process::ExitCode {
    llmap::cli::run()
}
