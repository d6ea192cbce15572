//! Kills a followed run again and again while its logs grow and rotate, and holds what it wrote to what
//! a run writes that nobody killed.
//!
//! `scripts/crash` does the same 3,000 times.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often to kill, or fewer times where nothing is said.
fn times(name: &str, few: usize) -> usize {
    std::env::var(name).map_or(few, |text| text.parse().expect("a number"))
}

/// Logs under way: lines of rising times with some disorder, a few of them bad.
struct Logs {
    folder: PathBuf,
    whole: PathBuf,
    random: ChaCha8Rng,
    files: Vec<Log>,
    rotations: usize,
}

struct Log {
    name: String,
    clock_ms: i64,
    file: File,
    copy: File,
    rotations: usize,
}

impl Logs {
    fn new(folder: &Path, whole: &Path, count: usize, seed: u64) -> Self {
        fs::create_dir_all(folder).unwrap();
        fs::create_dir_all(whole).unwrap();
        let log = |place: usize| {
            let name = format!("app{place}.log");
            let file = File::create(folder.join(&name)).unwrap();
            let copy = File::create(whole.join(&name)).unwrap();
            Log { name, clock_ms: 0, file, copy, rotations: 0 }
        };
        let files = (0..count).map(log).collect();
        Self {
            folder: folder.to_owned(),
            whole: whole.to_owned(),
            random: ChaCha8Rng::seed_from_u64(seed),
            files,
            rotations: 0,
        }
    }

    fn write(&mut self, records: usize, rotates: bool) {
        for log in &mut self.files {
            let mut text = String::new();
            for _ in 0..records {
                log.clock_ms += self.random.random_range(1..40);
                let time_ms = log.clock_ms - [0, 0, 0, 300, 900][self.random.random_range(0..5)];
                let service = char::from(b'a' + self.random.random_range(0..6));
                let status = [200, 200, 200, 404, 500][self.random.random_range(0..5)];
                let time = time_ms as f64 / 1000.0;
                text += &match self.random.random_bool(0.99) {
                    true => format!("{{\"service\": \"{service}\", \"timestamp\": {time}, \"status\": {status}}}\n"),
                    false => "no record at all\n".to_owned(),
                };
            }
            // In two writes, the first of which ends anywhere in a line.
            let (first, second) = text.split_at(self.random.random_range(0..text.len()));
            log.file.write_all(first.as_bytes()).unwrap();
            log.file.write_all(second.as_bytes()).unwrap();
            log.copy.write_all(text.as_bytes()).unwrap();
            if rotates && self.random.random_bool(0.1) {
                log.rotations += 1;
                self.rotations += 1;
                let path = self.folder.join(&log.name);
                fs::rename(&path, self.folder.join(format!("{}.{}", log.name, log.rotations))).unwrap();
                log.file = File::create(path).unwrap();
            }
        }
    }
}

/// A run over logs, whose rows and dead letters go into a folder.
fn run(logs: &Path, outputs: &Path, flags: &[&str], more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamlab"));
    command.arg("window").arg(logs).args(["--include", "*.log*", "--size", "2s", "--idle-timeout", "off", "--quiet"]);
    command.arg("--output-file").arg(outputs.join("rows")).arg("--dead-letter").arg(outputs.join("dead"));
    command.args(flags).args(more).stdin(Stdio::null());
    command
}

/// Kills a run `kills` times, `chain` times in a row as soon as it has begun; gives the folders with what
/// it wrote in the end, and with what one run writes.
fn crash(here: &Path, logs: usize, kills: usize, chain: usize, seed: u64, flags: &[&str]) -> [PathBuf; 2] {
    let (folder, outputs, plain) = (here.join("logs"), here.join("killed"), here.join("plain"));
    [&outputs, &plain].into_iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    let rotates = logs > 1;
    let mut logs = Logs::new(&folder, &here.join("whole"), logs, seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let state = here.join("state");
    let stateful = ["--state-dir", state.to_str().unwrap(), "--checkpoint-every", "50ms"];
    for kill in 0..kills {
        let mut child = run(&folder, &outputs, flags, &stateful).arg("--follow").spawn().unwrap();
        let most_ms = if kill % chain == 0 { 250 } else { 40 };
        let end = Instant::now() + Duration::from_millis(random.random_range(0..most_ms));
        while Instant::now() < end {
            logs.write(random.random_range(1..20), rotates);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    logs.write(5, false);
    let done = run(&folder, &outputs, flags, &stateful).arg("--no-follow").status().unwrap();
    assert!(done.success());
    assert!(run(&logs.whole, &plain, flags, &[]).status().unwrap().success());
    println!("{kills} kills, {} rotations", logs.rotations);
    [outputs, plain]
}

fn sorted_lines(path: &Path) -> Vec<String> {
    let mut lines: Vec<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The bytes of bad records: where each stood is told by the names of rotated logs.
fn sorted_letters(path: &Path) -> Vec<String> {
    let raw = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["raw"].to_string();
    let mut letters: Vec<String> = sorted_lines(path).into_iter().map(raw).collect();
    letters.sort();
    letters
}

fn rotated(kills: usize, chain: usize, seed: u64) {
    let here = tempfile::tempdir().unwrap();
    let [killed, plain] = crash(here.path(), 4, kills, chain, seed, &["-o", "csv", "--watermark-delay", "1s"]);
    let rows = sorted_lines(&killed.join("rows"));
    assert!(rows.len() > 1);
    assert_eq!(rows, sorted_lines(&plain.join("rows")), "seed {seed}");
    assert_eq!(sorted_letters(&killed.join("dead")), sorted_letters(&plain.join("dead")), "seed {seed}");
}

#[test]
fn four_logs_that_rotate() {
    let kills = times("CRASH_KILLS", 12);
    (0..kills.div_ceil(100)).for_each(|part| rotated((kills - part * 100).min(100), 1, 1 + part as u64));
}

#[test]
fn kills_while_a_run_recovers() {
    let chains = times("CRASH_CHAINS", 3);
    (0..chains.div_ceil(20)).for_each(|part| rotated(5 * (chains - part * 20).min(20), 5, 1000 + part as u64));
}

/// Of one log, what is written is the same to the byte, though some events come late.
#[test]
fn one_log_without_sorting() {
    let flags = ["-o", "json", "--watermark-delay", "200ms", "--allowed-lateness", "100ms", "--dedup", "status"];
    let flags = [&flags[..], &["--dedup-horizon", "0s", "--type", "sliding", "--slide", "500ms"]].concat();
    let kills = times("CRASH_KILLS", 12);
    for part in 0..kills.div_ceil(100) {
        let here = tempfile::tempdir().unwrap();
        let [killed, plain] = crash(here.path(), 1, (kills - part * 100).min(100), 1, 2000 + part as u64, &flags);
        let text = |folder: &Path, name: &str| {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            text.replace("/whole/", "/logs/")
        };
        for name in ["rows", "dead"] {
            assert!(text(&killed, name) == text(&plain, name), "{name} of {} differ", here.keep().display());
        }
    }
}
