use std::process::ExitCode;

fn main() -> ExitCode {
    streamlab::cli::main(std::env::args_os().collect())
}
