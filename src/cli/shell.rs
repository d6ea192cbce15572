//! `completions` and `man`: what a package installs beside the binary.

use super::output::Unwritable;
use super::{Cli, exit};
use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::io::{self, Write};
use std::path::PathBuf;

/// Shell completions, to standard output
#[derive(Args)]
#[command(
    before_help = "Example: streamlab completions bash > ~/.streamlab.bash, and in ~/.bashrc: source ~/.streamlab.bash"
)]
pub struct CompletionsArgs {
    shell: Shell,
}

impl CompletionsArgs {
    pub fn run(self) -> Result<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "streamlab", &mut script);
        print(&script)
    }
}

/// The manual page, to standard output; with --to, one page for each command
#[derive(Args)]
#[command(before_help = "Example: streamlab man | man -l -")]
pub struct ManArgs {
    /// Write streamlab.1, streamlab-bloom.1, ... to this directory
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl ManArgs {
    pub fn run(self) -> Result<u8> {
        match self.to {
            Some(directory) => {
                clap_mangen::generate_to(Cli::command(), &directory)
                    .map_err(|source| Unwritable::new(&directory, source))?;
                Ok(exit::DONE)
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(Cli::command()).render(&mut page)?;
                print(&page)
            }
        }
    }
}

/// Writes to standard output; gives the exit code. That nobody reads it is no error.
pub fn print(bytes: &[u8]) -> Result<u8> {
    match io::stdout().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say!("streamlab: error: cannot write standard output: {error}");
            Ok(exit::UNWRITABLE)
        }
        _ => Ok(exit::DONE),
    }
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "_-./,:=@+%".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
