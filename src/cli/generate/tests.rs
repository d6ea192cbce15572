use super::GenerateArgs;
use crate::event::Timestamp;
use crate::generate::{Format, Plan};
use clap::Parser;
use std::fs;
use std::time::Duration;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: GenerateArgs,
}

fn args(line: &str) -> Result<GenerateArgs, clap::Error> {
    Command::try_parse_from(["generate"].into_iter().chain(line.split_whitespace())).map(|command| command.args)
}

#[test]
fn the_labs_own_call_gives_the_labs_files() {
    let plan = args("--output-dir data/ --num-files 3 --events-per-file 7").unwrap().plan().unwrap();
    assert_eq!((plan.files, plan.events_per_file, plan.format), (Some(3), 7, Format::Array));
    assert_eq!(plan.start, Plan::default().start);
}

#[test]
fn a_rate_lives_now_and_without_end() {
    let plan = args("--stdout --rate 50/s").unwrap().plan().unwrap();
    assert_eq!((plan.files, plan.interval, plan.format), (None, Duration::from_millis(20), Format::Ndjson));
    assert!(plan.start > Plan::default().start);
    let plan = args("--stdout --rate 50/s --start 7.5 -n 2").unwrap().plan().unwrap();
    assert_eq!((plan.files, plan.start), (Some(2), Timestamp::from_nanos(7_500_000_000)));
}

#[test]
fn what_cannot_be_is_refused_before_any_work() {
    for line in ["", "--stdout --output-dir x", "--stdout --malformed 2", "--stdout --rotate 1MiB", "--stdout -n 0"] {
        assert!(args(line).is_err(), "{line}");
    }
    for line in ["--output-dir x --rotate 1MiB --format array", "--stdout --malformed 0.6 --chatter 0.6"] {
        assert!(args(line).unwrap().plan().is_err(), "{line}");
    }
    assert!(args("--stdout --rate 5/s --truth t.json").unwrap().run().is_err());
}

#[test]
fn the_truth_may_not_lie_among_the_logs() {
    let place = tempfile::tempdir().unwrap();
    let logs = place.path().join("logs");
    let run = |truth: &str| {
        let truth = place.path().join(truth);
        args(&format!("-q -n 1 -e 5 -d {} --truth {}", logs.display(), truth.display())).unwrap().run()
    };
    for inside in ["logs/t.json", "logs/deep/t.json", "other/../logs/t.json"] {
        assert!(run(inside).unwrap_err().to_string().contains("--truth"), "{inside}");
    }
    assert!(!logs.exists());
    run("logs-truth.json").unwrap();
    let text = fs::read_to_string(place.path().join("logs-truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(truth["ledger"]["read"], 5);
    assert_eq!(truth["running-avg"]["overall"]["total"], 5);
    assert!(logs.join("logs_000000.json").exists());
}

#[test]
fn a_rotated_log_holds_what_a_stream_would() {
    let place = tempfile::tempdir().unwrap();
    args(&format!("-q -n 2 -e 50 --rotate 30ev -d {}", place.path().display())).unwrap().run().unwrap();
    let read = |name: &str| fs::read(place.path().join(name)).unwrap();
    let text = [read("app.log.3"), read("app.log.2"), read("app.log.1"), read("app.log")].concat();
    let plan = args("--stdout -n 2 -e 50").unwrap().plan().unwrap();
    assert_eq!(text, plan.to_bytes().unwrap().0);
}
