//! `spark setup` and `spark doctor`: the Java, the Python and the Spark that are needed.

use super::code;
use crate::bridge::spark::toolchain::{self, HOME, JAVA, PACKAGES};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::Command;
use std::time::Duration;

/// Makes the environment, after saying so.
pub fn setup() -> Result<u8> {
    let Some(home) = toolchain::home() else { bail!("no place for it: set HOME, or {HOME} to a directory") };
    let shown = home.display();
    say!("streamlab: installs {} from PyPI into {shown}: about 900 MB, half a minute", PACKAGES.join(", "));
    for words in toolchain::setup(&home) {
        let [program, rest @ ..] = &words[..] else { continue };
        let line = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let status = Command::new(program).args(rest).status().with_context(|| format!("cannot run {line}"))?;
        if !status.success() {
            let advice = match line.contains(" venv ") {
                true => "on Debian, `apt-get install python3-venv` has what is needed",
                false => "is there a network, and room on the disk?",
            };
            bail!("`{line}` ended with {status}; {advice}");
        }
    }
    say!("streamlab: done; {shown} can be removed at any time");
    Ok(code(true))
}

/// Look for Java, Python, PySpark and the master, and say what is missing
#[derive(Args)]
pub struct DoctorArgs {
    /// The master that is to be reached
    #[arg(long, value_name = "URL", default_value = "local[*]")]
    master: String,
}

/// What was looked for, and what was found or what to do.
type Finding = (&'static str, Result<String, String>);

impl DoctorArgs {
    pub fn run(&self) -> Result<u8> {
        let findings = [("Java", java()), ("Spark", spark()), ("Python", python()), ("master", reach(&self.master))];
        let mut text = String::new();
        for (what, found) in &findings {
            let (mark, said) = match found {
                Ok(said) => ("ok     ", said),
                Err(said) => ("missing", said),
            };
            text.push_str(&format!("{mark}  {what:<7}  {said}\n"));
        }
        io::stdout().write_all(text.as_bytes()).context("cannot write standard output")?;
        Ok(code(findings.iter().all(|(_, found): &Finding| found.is_ok())))
    }
}

/// Knocks at a standalone master.
pub fn reach(master: &str) -> Result<String, String> {
    let Some(place) = master.strip_prefix("spark://") else {
        return Ok(format!("{master}: nothing to reach beforehand"));
    };
    let reach = |place: &str| -> io::Result<()> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in place.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, Duration::from_secs(3)) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    // Several masters of one cluster are separated by commas; one of them leads.
    let reached = place.split(',').map(reach).reduce(|one, other| one.or(other));
    match reached.unwrap_or(Ok(())) {
        Ok(()) => Ok(format!("{master} answers")),
        Err(error) => Err(format!("{master} does not answer: {error}; is the cluster up, and is this its URL?")),
    }
}

fn java() -> Result<String, String> {
    let get = format!("get Java {JAVA} or later: on Debian `apt-get install default-jre-headless`");
    let java = toolchain::java().map_err(|reason| format!("{reason}; or {get}"))?;
    match toolchain::java_version(&java) {
        Some(version) if version >= JAVA => Ok(format!("{version} ({})", java.display())),
        Some(version) => Err(format!("{} is {version}; {get}, or set JAVA_HOME", java.display())),
        None => Err(format!("{} does not say its version; {get}", java.display())),
    }
}

fn spark() -> Result<String, String> {
    toolchain::find().map(|found| format!("{} (by {})", found.submit.display(), found.origin))
}

fn python() -> Result<String, String> {
    let found = toolchain::find().ok().and_then(|found| found.python);
    let Some(python) = found.or_else(|| toolchain::on_path("python3")) else {
        return Err("no python3; on Debian `apt-get install python3-venv`".to_owned());
    };
    let program = "import sys, pyspark, pandas, pyarrow, google.protobuf; print(sys.version.split()[0], 'with PySpark', \
                   pyspark.__version__, 'pandas', pandas.__version__)";
    match toolchain::ask_python(&python, program) {
        Ok(said) => Ok(format!("{said} ({})", python.display())),
        Err(said) => Err(format!("{}: {said}; `streamlab spark setup` gets what is needed", python.display())),
    }
}
