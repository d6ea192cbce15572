//! The job's process: its files, its socket, its last words.

use super::Submit;
use super::answers::{Message, unknown};
use super::checkpoint;
use super::plan::Job;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is run, and what it imports.
const JOB: (&str, &str) = ("job.py", include_str!("job/job.py"));
const MODULES: [(&str, &str); 15] = [
    ("anomalies.py", include_str!("job/anomalies.py")),
    ("channel.py", include_str!("job/channel.py")),
    ("decode.py", include_str!("job/decode.py")),
    ("framing.py", include_str!("job/framing.py")),
    ("ledger.py", include_str!("job/ledger.py")),
    ("records.py", include_str!("job/records.py")),
    ("recovery.py", include_str!("job/recovery.py")),
    ("result_log.py", include_str!("job/result_log.py")),
    ("running_avg.py", include_str!("job/running_avg.py")),
    ("scoring.py", include_str!("job/scoring.py")),
    ("selection.py", include_str!("job/selection.py")),
    ("shapes.py", include_str!("job/shapes.py")),
    ("source.py", include_str!("job/source.py")),
    ("times.py", include_str!("job/times.py")),
    ("window.py", include_str!("job/window.py")),
];

/// How many of its last lines are kept, for when it fails, and how many are shown.
const LAST_LINES: usize = 1000;
const SHOWN_LINES: usize = 5;
/// How long a job may take to leave by itself.
const LEAVE: Duration = Duration::from_secs(10);

pub struct Process {
    child: Child,
    told: Receiver<Told>,
    /// To the job, once it has connected.
    answers: Option<UnixStream>,
    /// It is to stop as soon as it can be told.
    stops: bool,
    /// It is not waited for any more.
    is_given_up: bool,
    said: Arc<Mutex<VecDeque<String>>>,
    /// Goes with it.
    _files: TempDir,
}

enum Told {
    Connected(UnixStream),
    Line(Result<Message, String>),
}

impl Process {
    pub fn start(job: &Job, submit: &Submit) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("streamlab-spark-").tempdir().context("cannot make a directory")?;
        let place = |name: &str| files.path().join(name);
        let results = place("results.sock");
        for (name, text) in MODULES.iter().chain([&JOB]) {
            fs::write(place(name), text).context("cannot write the job's files")?;
        }
        let plan = job.plan(&results);
        checkpoint::claim(&job.checkpoint, &plan)?;
        fs::write(place("plan.json"), plan.to_string()).context("cannot write the job's plan")?;
        let listener = UnixListener::bind(&results).context("cannot listen for the job's answers")?;
        let (tell, told) = channel();
        thread::Builder::new().name("spark".to_owned()).spawn(move || listen(&listener, &tell))?;
        let mut command = Command::new(&submit.toolchain.submit);
        command.args(["--master", &submit.master, "--name", "streamlab"]);
        let is_near = submit.is_near();
        let local = place("local").display().to_string();
        let settings = [
            // Spark looks up the machine's name else, which need not lead anywhere.
            ("spark.driver.host", "127.0.0.1"),
            // What it leaves there goes with us.
            ("spark.local.dir", &local),
            ("spark.ui.enabled", "false"),
            ("spark.ui.showConsoleProgress", "false"),
        ];
        for (key, value) in settings.iter().skip(if is_near { 0 } else { 2 }) {
            command.args(["--conf", &format!("{key}={value}")]);
        }
        submit.conf.iter().for_each(|conf| _ = command.args(["--conf", conf]));
        let modules: Vec<String> = MODULES.iter().map(|(name, _)| place(name).display().to_string()).collect();
        command.args(["--py-files", &modules.join(",")]);
        command.arg(place(JOB.0)).arg(place("plan.json"));
        set_environment(&mut command, files.path(), job, submit)?;
        // In a group of its own: Ctrl-C is for us, who ask it to stop.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {}", submit.toolchain.submit.display()))?;
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let outputs: [Option<Box<dyn io::Read + Send>>; 2] =
            [child.stdout.take().map(|out| Box::new(out) as _), child.stderr.take().map(|out| Box::new(out) as _)];
        for output in outputs.into_iter().flatten() {
            let (said, shows) = (said.clone(), submit.is_verbose);
            thread::Builder::new().name("spark".to_owned()).spawn(move || keep(output, &said, shows))?;
        }
        Ok(Self { child, told, answers: None, stops: false, is_given_up: false, said, _files: files })
    }

    /// What the job tells within a moment, if anything.
    pub fn next(&mut self, moment: Duration) -> Result<Option<Message>, String> {
        match self.told.recv_timeout(moment) {
            Ok(Told::Connected(stream)) => {
                self.answers = Some(stream);
                if self.stops {
                    self.ask_to_stop();
                }
                Ok(None)
            }
            Ok(Told::Line(line)) => line.map(Some),
            Err(RecvTimeoutError::Timeout) => match self.child.try_wait() {
                Ok(Some(status)) if self.answers.is_none() => Err(self.last_words(&format!("ended with {status}"))),
                _ => Ok(None),
            },
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait().map(|status| status.to_string()).unwrap_or_default();
                Err(self.last_words(&format!("ended with {status} before its last answer")))
            }
        }
    }

    /// Asks the job to come to its end after the batch at hand.
    pub fn ask_to_stop(&mut self) {
        self.stops = true;
        if let Some(stream) = &self.answers {
            // It reads the end of what we say as that. Where it has gone, its own end is told anyway.
            _ = stream.shutdown(Shutdown::Write);
        }
    }

    pub fn is_connected(&self) -> bool {
        self.answers.is_some()
    }

    /// It has had its time.
    pub fn give_up(&mut self) {
        self.is_given_up = true;
    }

    /// Says a sentence to people.
    pub fn note(&self, sentence: &str) {
        _ = writeln!(io::stderr(), "streamlab: {sentence}");
    }

    fn last_words(&self, what: &str) -> String {
        let said = self.said.lock().expect("nobody panics with it");
        let lines: String = causes(&said).iter().map(|line| format!("\n  {line}")).collect();
        format!(
            "Spark {what}; `streamlab spark doctor` looks for what is missing, -v shows all it says. Its last words:{lines}"
        )
    }
}

impl Drop for Process {
    /// Lets nothing of it live longer than we do.
    fn drop(&mut self) {
        if let Some(stream) = self.answers.take() {
            // What it has not noticed yet, it notices by this. It has files to remove.
            _ = stream.shutdown(Shutdown::Both);
        }
        let until = Instant::now() + if self.is_given_up { Duration::ZERO } else { LEAVE };
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        if let Some(group) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        _ = self.child.wait();
    }
}

/// What the job finds in its environment.
fn set_environment(command: &mut Command, files: &Path, job: &Job, submit: &Submit) -> Result<()> {
    if let Some(python) = &submit.toolchain.python {
        command.env("PYSPARK_PYTHON", python).env("PYSPARK_DRIVER_PYTHON", python);
    }
    // Executors get the modules as files; Python workers of the driver itself find them here.
    let paths = std::env::var_os("PYTHONPATH").filter(|paths| !paths.is_empty());
    let paths = paths.iter().flat_map(std::env::split_paths);
    let paths = std::iter::once(files.to_owned()).chain(paths);
    command.env("PYTHONPATH", std::env::join_paths(paths).context("PYTHONPATH")?);
    if submit.is_near() && std::env::var_os("SPARK_LOCAL_IP").is_none() {
        command.env("SPARK_LOCAL_IP", "127.0.0.1");
    }
    let set = |name: &str| std::env::var(name).ok().filter(|set| !set.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    if !locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8")) {
        // Else Java cannot open a file whose name is not ASCII, and says nothing.
        command.env("LC_ALL", "C.UTF-8");
    }
    if job.trigger.is_none() {
        // Most of such a run is Spark's start, where Java's second compiler takes more than it wins. Options that are
        // given later, as by --conf, are stronger.
        let options = set("JDK_JAVA_OPTIONS").unwrap_or_default();
        command.env("JDK_JAVA_OPTIONS", format!("-XX:TieredStopAtLevel=1 {options}"));
    }
    Ok(())
}

/// Takes the job's connection, and tells what it says.
fn listen(listener: &UnixListener, tell: &Sender<Told>) {
    let Ok((stream, _)) = listener.accept() else { return };
    let Ok(back) = stream.try_clone() else { return };
    _ = tell.send(Told::Connected(back));
    for line in BufReader::new(stream).lines() {
        let message = line
            .map_err(|error| error.to_string())
            .and_then(|line| serde_json::from_str(&line).map_err(|error| unknown(&error)));
        let is_over = message.is_err();
        if tell.send(Told::Line(message)).is_err() || is_over {
            return;
        }
    }
}

/// What of many lines may be the cause: errors before all else, never where they passed through, nor what is said
/// of a run that goes well.
fn causes(said: &VecDeque<String>) -> Vec<&str> {
    let is_noise = |line: &str| {
        let is_frame = line.starts_with([' ', '\t']) || line.starts_with("Traceback (") || line.starts_with("at ");
        let is_log =
            [" INFO ", " DEBUG ", " WARN "].iter().any(|level| line.contains(level)) || line.starts_with("WARNING: ");
        is_frame || is_log || line.trim().is_empty()
    };
    let lines: Vec<&str> = said.iter().map(String::as_str).filter(|line| !is_noise(line)).collect();
    let is_error =
        |line: &&str| ["Exception: ", "Error: ", "ERROR", "error:", "rror: "].iter().any(|mark| line.contains(mark));
    let errors: Vec<&str> = lines.iter().copied().filter(is_error).collect();
    let mut shown: Vec<&str> = Vec::new();
    for line in if errors.is_empty() { lines } else { errors } {
        if !shown.contains(&line) {
            shown.push(line);
        }
    }
    shown.split_off(shown.len().saturating_sub(SHOWN_LINES))
}

/// Keeps the last lines, and shows all where that is wanted.
fn keep(output: impl io::Read, said: &Mutex<VecDeque<String>>, shows: bool) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if shows {
            _ = writeln!(io::stderr(), "spark: {line}");
        }
        let mut said = said.lock().expect("nobody panics with it");
        said.push_back(line);
        if said.len() > LAST_LINES {
            said.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_told_and_not_where_it_passed_through() {
        let said = |text: &str| text.lines().map(str::to_owned).collect::<VecDeque<_>>();
        let spark = said(
            "26/11/28 18:00:00 INFO SparkContext: Running Spark version 4.3.0\n\
             Traceback (most recent call last):\n  File \"job.py\", line 1, in main\n\
             : java.lang.IllegalArgumentException: Executor memory 1024 must be at least 471859200.\n\
             \tat org.apache.spark.memory.UnifiedMemoryManager$.apply(UnifiedMemoryManager.scala:1)\n\
             26/11/28 18:00:01 INFO ShutdownHookManager: Shutdown hook called",
        );
        assert_eq!(
            causes(&spark),
            [": java.lang.IllegalArgumentException: Executor memory 1024 must be at least 471859200."]
        );
        let plain = said("no JVM today\n\n");
        assert_eq!(causes(&plain), ["no JVM today"]);
    }
}
