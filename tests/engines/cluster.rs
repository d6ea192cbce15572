//! Spark on a cluster of its own: workers and drivers die, and the answer is the same.

use crate::spark::environment;
use crate::{logs, report};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A master and two workers of `scripts/spark-cluster`, gone with this.
struct Cluster {
    home: TempDir,
    env: BTreeMap<String, String>,
    url: String,
}

impl Cluster {
    fn up(mut env: BTreeMap<String, String>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        env.insert("SPARK_CLUSTER_DIR".to_owned(), home.path().display().to_string());
        env.insert("SPARK_CLUSTER_PORT".to_owned(), port.to_string());
        let mut cluster = Self { home, env, url: String::new() };
        cluster.url = cluster.script("up").lines().last().expect("it prints its URL").to_owned();
        cluster
    }

    fn script(&self, command: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/spark-cluster");
        let output = Command::new(script).arg(command).envs(&self.env).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Kills a worker, with what it runs.
    fn kill_worker(&self, number: u32) {
        let id = fs::read_to_string(self.home.path().join(format!("worker-{number}.pid"))).unwrap();
        kill_tree(id.trim().parse().unwrap());
    }

    /// Asks a question whose batches are many, and calls `then` after so many answers.
    fn ask(
        &self,
        directory: &Path,
        checkpoint: &str,
        after: usize,
        then: impl FnOnce(&mut Child),
    ) -> (Vec<Json>, bool) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_streamlab"))
            .args(["spark", "arrays", "--size=1s", "--watermark-delay=2s", "--max-files-per-trigger=1"])
            .args(["--master", &self.url, "--checkpoint", checkpoint, "-q", "--output=json"])
            // Spark forgets early which batches it has done: a resumed run must not.
            .args(["--conf", "spark.sql.streaming.minBatchesToRetain=2"])
            .current_dir(directory)
            .envs(&self.env)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().map(|line| serde_json::from_str::<Json>(&line.unwrap()).unwrap());
        let mut reports: Vec<Json> = (0..after).filter_map(|_| next()).collect();
        then(&mut child);
        reports.extend(std::iter::from_fn(next));
        (reports, child.wait().unwrap().success())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("down");
    }
}

/// The processes that a process has started, and theirs.
fn tree(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let children: Vec<PathBuf> = tasks.map(|task| task.path().join("children")).collect();
    let started = children.iter().flat_map(|file| {
        let ids = fs::read_to_string(file).unwrap_or_default();
        ids.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<u32>>()
    });
    std::iter::once(id).chain(started.flat_map(tree)).collect()
}

/// Kills a process and what it has started, some of which may be over by then.
fn kill_tree(id: u32) {
    let kill = |id: u32| Command::new("kill").args(["-9", &id.to_string()]).stderr(Stdio::null()).status().unwrap();
    let killed: Vec<bool> = tree(id).into_iter().map(|id| kill(id).success()).collect();
    assert!(killed[0], "it was still there");
}

/// The windows that were told, which may be told once.
fn windows(reports: &[Json]) -> Vec<String> {
    let rows = reports.iter().flat_map(|report| report["rows"].as_array().unwrap());
    let mut rows: Vec<String> = rows.filter(|row| row["open"] != true).map(Json::to_string).collect();
    rows.sort();
    rows
}

#[test]
fn workers_and_drivers_die_and_the_answer_is_the_same() {
    let Some(env) = environment() else { return };
    let directory = logs();
    crate::spark::order(&directory.path().join("arrays"));
    let native =
        report("streamlab window arrays --size 1s --watermark-delay 3650d -q -o json --final", directory.path());
    let mut expected = windows(std::slice::from_ref(&native));
    expected.sort();
    let cluster = Cluster::up(env);

    let (reports, is_well) = cluster.ask(directory.path(), "worker", 2, |_| cluster.kill_worker(1));
    assert!(is_well);
    assert!(reports.len() > 4, "there were batches after it died: {}", reports.len());
    assert_eq!(windows(&reports), expected);
    assert_equal_books(reports.last().unwrap(), &native);

    let (before, is_well) = cluster.ask(directory.path(), "driver", 6, |streamlab| {
        // The job, not streamlab: that has to notice.
        tree(streamlab.id()).into_iter().skip(1).take(1).for_each(kill_tree);
    });
    assert!(!is_well, "a driver that is gone is an error");
    assert!(before.len() < 12);
    let (after, is_well) = cluster.ask(directory.path(), "driver", 0, |_| {});
    assert!(is_well);
    // A run tells all that is known, also what the one before it has told.
    assert_eq!(windows(&after), expected);
    assert_equal_books(after.last().unwrap(), &native);
}

fn assert_equal_books(got: &Json, native: &Json) {
    assert_eq!((&got["ledger"], &got["as_of"]), (&native["ledger"], &native["as_of"]));
}
