//! The program `llmap`; see the library for what it does.

fn main() -> std::process::ExitCode {
    llmap::cli::run()
}
