//! Any configuration file and environment sets flags or is refused; what it sets are flags that
//! exist, behind those that the user typed.
#![no_main]

use clap::CommandFactory;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{Seek, SeekFrom, Write};
use streamlab::cli::{Cli, config};
use tempfile::NamedTempFile;

thread_local! {
    static FILES: RefCell<[NamedTempFile; 3]> = RefCell::new(["", ".toml", ".json"].map(|extension| {
        tempfile::Builder::new().suffix(extension).tempfile().expect("a file for the configuration")
    }));
}

const COMMANDS: [&str; 4] = ["running-avg", "task2", "reservoir", "bloom"];

fuzz_target!(|input: (u8, u8, &str, &[u8])| {
    let (command, kind, variable, text) = input;
    FILES.with_borrow_mut(|files| {
        let file = &mut files[usize::from(kind) % 3];
        file.as_file().set_len(0).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(text).unwrap();
        let command = COMMANDS[usize::from(command) % COMMANDS.len()];
        let argv: Vec<OsString> = ["streamlab".into(), command.into(), "--config".into(), file.path().into()].to_vec();
        let environment = variable.split_once('=').map(|(name, value)| (format!("STREAMLAB_{name}"), value.to_owned()));
        let root = Cli::command();
        match config::expand(&root, argv.clone(), environment.into_iter()) {
            Ok(flags) => {
                assert_eq!(flags[..argv.len()], argv, "what the user typed is not touched");
                if let Err(error) = root.try_get_matches_from(flags) {
                    // A value may be none of its flag's; a flag that does not exist is our mistake.
                    assert_ne!(error.kind(), clap::error::ErrorKind::UnknownArgument, "{error}");
                }
            }
            Err(error) => assert!(!format!("{error:#}").is_empty()),
        }
    });
});
