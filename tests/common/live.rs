//! A run of the binary that is under way.

use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any update takes; who waits so long waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run that is under way, and its reports as they come.
pub struct Live {
    pub child: Child,
    reports: Receiver<Json>,
}

impl Live {
    pub fn start(args: &str, directory: &Path) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_streamlab")).args(args.split(' ')), directory)
    }

    /// Starts what comes down to the binary with arguments.
    pub fn spawn(command: &mut Command, directory: &Path) -> Self {
        let mut child = command
            .args(["-o", "json", "--every", "0"])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, reports) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| drop(send.send(serde_json::from_str(&line).unwrap())));
        });
        Self { child, reports }
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// The first report to come of which this is true.
    pub fn wait_for(&self, is_it: impl Fn(&Json) -> bool) -> Json {
        let mut seen = Json::Null;
        loop {
            match self.reports.recv_timeout(PATIENCE) {
                Ok(report) if is_it(&report) => return report,
                Ok(report) => seen = report,
                Err(error) => panic!("{error}; the last report before: {seen}"),
            }
        }
    }

    pub fn wait_for_total(&self, total: u64) -> Json {
        self.wait_for(|report| report["overall"]["total"] == total)
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end: the exit code, the last report, and what was said on standard error.
    pub fn end(mut self) -> (Option<i32>, Option<Json>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let last = self.reports.iter().last();
        (self.child.wait().unwrap().code(), last, said)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
