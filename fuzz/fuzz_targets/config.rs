//! Any configuration file and environment sets flags or is refused; what it sets are flags that
//! exist, and the same file gives the same flags.
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

const COMMANDS: [&str; 5] = ["running-avg", "task2", "reservoir", "bloom", "generate"];

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
        let expand = || config::expand(&Cli::command(), argv.clone(), environment.clone().into_iter());
        match (expand(), expand()) {
            (Ok(flags), Ok(again)) => {
                assert_eq!(flags, again);
                assert_eq!(flags[..argv.len()], argv, "what the user typed is not touched");
                let parsed = Cli::command().try_get_matches_from(&flags);
                if let Err(error) = parsed {
                    // A value may be none of a flag's; a flag that is not there would be our fault.
                    assert_ne!(error.kind(), clap::error::ErrorKind::UnknownArgument, "{error}");
                }
            }
            (Err(error), Err(again)) => assert_eq!(format!("{error:#}"), format!("{again:#}")),
            (first, again) => panic!("{first:?} and then {again:?}"),
        }
    });
});
