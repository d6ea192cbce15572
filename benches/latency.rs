//! How long it takes from a record's last byte to the update that shows it, through the real
//! binary: `cargo bench --bench latency`. The promise: at most 10 ms at the 99th percentile.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SAMPLES: usize = 1000;

fn main() -> std::io::Result<()> {
    let directory = tempfile::tempdir()?;
    for (what, others) in [("one file", 0), ("one of 5,000 files", 4999)] {
        for number in 0..others {
            std::fs::write(directory.path().join(format!("{number}.log")), record(0))?;
        }
        let mut latencies = measure(directory.path(), others)?;
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("{what}: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(0.5), at(0.9), at(0.99), at(1.0));
    }
    Ok(())
}

fn record(number: usize) -> String {
    format!("{{\"service\": \"s\", \"timestamp\": {number}, \"message\": \"HTTP Status Code: 200\"}}\n")
}

/// Writes records one by one, each at an unforeseen moment, and waits for the report of each.
fn measure(directory: &std::path::Path, others: usize) -> std::io::Result<Vec<Duration>> {
    let mut log = File::create(directory.join("app.log"))?;
    let mut run = Command::new(env!("CARGO_BIN_EXE_streamlab"))
        .args(["running-avg", "--follow", "--every", "0", "-o", "json"])
        .arg(directory)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut reports = BufReader::new(run.stdout.take().expect("it is piped")).lines();
    let mut wait_for = |total: usize| {
        let wanted = format!("\"read\":{total},");
        reports.find(|line| line.as_ref().map_or(true, |line| line.contains(&wanted))).transpose()
    };
    wait_for(others)?;
    let mut latencies = Vec::with_capacity(SAMPLES);
    for number in 0..SAMPLES {
        std::thread::sleep(Duration::from_micros(1000 + (number as u64 * 7919) % 9000));
        let record = record(number);
        // Taken before the write: while it returns, the report may already be there.
        let begun = Instant::now();
        log.write_all(record.as_bytes())?;
        wait_for(others + number + 1)?;
        latencies.push(begun.elapsed());
    }
    run.kill()?;
    run.wait()?;
    Ok(latencies)
}
