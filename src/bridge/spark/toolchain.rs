//! The Spark that is used: where it is found, and how one is made.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `setup` installs. This Spark does not know pandas 3, and keeps the state of anomalies by protobuf 6.
pub const PACKAGES: [&str; 4] = ["pyspark==4.3.0", "pandas<3", "pyarrow", "protobuf>=6.33.5,<7"];
/// The variable that names the directory of the environment, for machines that share one.
pub const HOME: &str = "STREAMLAB_SPARK_HOME";
/// Spark 4 needs this Java, or a later one.
pub const JAVA: u32 = 17;

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    pub submit: PathBuf,
    /// The Python of the driver and, where it is there, of the workers; none leaves it to Spark.
    pub python: Option<PathBuf>,
    /// Where it was found, in words.
    pub origin: &'static str,
}

/// The directory of the environment that `setup` makes.
pub fn home() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    set(HOME).or_else(|| cache().map(|cache| cache.join("streamlab").join("spark")))
}

/// The Spark of the user's choice (SPARK_HOME), the one that `setup` made, or the one on the path; or what to
/// do to have one.
pub fn find() -> Result<Toolchain, String> {
    let submit = |home: PathBuf, origin| {
        let submit = home.join("bin").join("spark-submit");
        let python = home.join("bin").join("python");
        submit.is_file().then(|| Toolchain { submit, python: python.is_file().then_some(python), origin })
    };
    if let Some(chosen) = std::env::var_os("SPARK_HOME").filter(|home| !home.is_empty()).map(PathBuf::from) {
        let shown = chosen.display().to_string();
        return submit(chosen, "SPARK_HOME")
            .ok_or_else(|| format!("SPARK_HOME is {shown}, and there is no bin/spark-submit in it: unset or mend it"));
    }
    let made = home().and_then(|home| submit(home, "streamlab spark setup"));
    let on_path = || Some(Toolchain { submit: on_path("spark-submit")?, python: None, origin: "the PATH" });
    made.or_else(on_path).ok_or_else(|| {
        let home = home().map_or_else(|| HOME.to_owned(), |home| home.display().to_string());
        format!("none in SPARK_HOME, in {home} or on the PATH; `streamlab spark setup` gets one")
    })
}

/// A program on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// The Java that Spark will use, or why it will find none.
pub fn java() -> Result<PathBuf, String> {
    match std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty()).map(PathBuf::from) {
        Some(home) => {
            let java = home.join("bin").join("java");
            let shown = home.display().to_string();
            java.is_file().then_some(java).ok_or_else(|| {
                format!("JAVA_HOME is {shown}, and there is no bin/java in it: Spark goes there all the same; unset or mend it")
            })
        }
        None => on_path("java").ok_or_else(|| "there is none on the PATH".to_owned()),
    }
}

/// The major version of a Java, by what it says of itself.
pub fn java_version(java: &Path) -> Option<u32> {
    let said = Command::new(java).arg("-version").output().ok()?;
    major(&String::from_utf8_lossy(&said.stderr))
}

/// `17` of `openjdk version "17.0.15" 2025-04-15`, `8` of `"1.8.0_402"`.
fn major(said: &str) -> Option<u32> {
    let mut numbers = said.split('"').nth(1)?.split(['.', '-', '_', '+']).map(str::parse);
    match numbers.next()?.ok()? {
        1 => numbers.next()?.ok(),
        major => Some(major),
    }
}

/// A Python program's answer on standard output.
pub fn ask_python(python: &Path, program: &str) -> Result<String, String> {
    let said = Command::new(python).args(["-c", program]).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if said.status.success() {
        Ok(text(&said.stdout))
    } else {
        Err(text(&said.stderr).lines().last().unwrap_or("it failed").to_owned())
    }
}

/// The commands that make the environment, one after the other.
pub fn setup(home: &Path) -> [Vec<OsString>; 2] {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let mut make = words(&["python3", "-m", "venv"]);
    make.push(home.into());
    let mut install = vec![home.join("bin").join("python").into_os_string()];
    install.extend(words(&["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]));
    install.extend(words(&PACKAGES));
    [make, install]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_java_says_which_it_is() {
        assert_eq!(major("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(major("java version \"1.8.0_402\""), Some(8));
        assert_eq!(major("openjdk version \"25-ea\" 2025-09-16"), Some(25));
        assert_eq!(major("command not found"), None);
    }
}
