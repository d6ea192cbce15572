//! Holds the committed sample: it is what the generator makes of this command, and its answers
//! are those of its truth file.

#[path = "common/json.rs"]
mod json;
#[path = "common/shell.rs"]
mod shell;

use serde_json::Value as Json;
use std::fs;
use std::path::Path;

/// Run it in the repository's root to make the sample anew.
const COMMAND: &str = "streamlab generate --output-dir data --num-files 4 --events-per-file 500 --seed 14 \
    --interval 150ms --jitter 20s --bursts 3 --error-rate 0.04 --truth tests/data/truth.json";

#[test]
fn the_sample_is_what_the_generator_makes() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("tests/data")).unwrap();
    let ran = shell::run(COMMAND, directory.path(), []);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let files = |home: &Path| {
        let names = fs::read_dir(home.join("data")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = names.chain([home.join("tests/data/truth.json")]).collect();
        files.sort();
        files
            .into_iter()
            .map(|path| (path.file_name().unwrap().to_owned(), fs::read(&path).unwrap()))
            .collect::<Vec<_>>()
    };
    assert!(files(home) == files(directory.path()), "make the sample anew: {COMMAND}");
}

#[test]
fn the_first_sentence_of_every_user_gives_the_truth() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let truth: Json = serde_json::from_slice(&fs::read(home.join("tests/data/truth.json")).unwrap()).unwrap();
    for (command, analysis, window) in [("task2", "sliding-window", "window"), ("task1", "running-avg", "seen")] {
        let ran = shell::run(&format!("streamlab {command} --source data/ -o json"), home, []);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let got: Json = serde_json::from_str(&ran.stdout).unwrap();
        let mut expected = truth[analysis].clone();
        (expected["window"], expected["ledger"]) = (truth[window].clone(), truth["ledger"].clone());
        assert_eq!(json::difference(&got, &expected), None, "{command}");
    }
}
