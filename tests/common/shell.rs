//! Runs command lines as a person would: in a shell, with the `streamlab` just built on the path.

use std::path::Path;
use std::process::{Command, Stdio};

/// What a command line came to.
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    /// The shell's: 128 and the signal's number where a signal ended it.
    pub code: i32,
}

/// Runs `line` in `directory`. Nothing of the surroundings shows: no configuration of the user's,
/// a fixed locale, no terminal, no standard input.
pub fn run<'e>(line: &str, directory: &Path, env: impl IntoIterator<Item = (&'e String, &'e String)>) -> Ran {
    let built = Path::new(env!("CARGO_BIN_EXE_streamlab")).parent().expect("it lies in a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .env_clear()
        .env("PATH", format!("{}:{path}", built.display()))
        .env("LC_ALL", "C.UTF-8")
        .envs(env)
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    Ran {
        stdout: String::from_utf8(output.stdout).expect("results are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        code: output.status.code().expect("the shell was not killed"),
    }
}
