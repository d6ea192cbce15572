//! All that an inspection has found, and the command that follows from it.

use crate::event::{DeadLetter, Role};
use crate::input::Encoding;
use crate::survey::{Fit, Head, Nesting, Shape, Survey};
use std::collections::BTreeMap;
use std::io;

/// More reasons than these share one line.
const MAX_REASONS: usize = 10;

#[derive(Default)]
pub struct Findings {
    pub survey: Survey,
    pub reasons: Reasons,
    /// The streams by what their records are wrapped in, and by their encoding.
    pub kinds: BTreeMap<(Shape, &'static str), Streams>,
    /// None where there is no record.
    pub fit: Option<Fit>,
}

/// Streams of one kind.
#[derive(Default)]
pub struct Streams {
    pub files: u64,
    /// As they stand on disk, compressed or not.
    pub bytes: u64,
    pub records: u64,
    pub bad: u64,
    /// How many of them go on beyond what was looked at.
    pub longer: u64,
    /// How many of them could not be read to where that is.
    pub broken: u64,
}

/// Why records were bad.
#[derive(Default)]
pub struct Reasons {
    /// In the order in which they came.
    pub list: Vec<Reason>,
    /// Records that were bad for further reasons.
    pub others: u64,
}

pub struct Reason {
    pub text: String,
    pub records: u64,
    /// The file and the offset of the first such record.
    pub first: (String, u64),
}

impl Findings {
    /// Takes in what a stream has shown; gives what cut it short. A pipe has no length but that of
    /// what came through it.
    pub fn add(&mut self, head: Head, length_bytes: Option<u64>) -> Option<io::Error> {
        let streams = self.kinds.entry((head.shape, encoding(head.encoding))).or_default();
        streams.files += 1;
        streams.bytes += length_bytes.unwrap_or(head.read_bytes);
        streams.records += head.records;
        streams.bad += head.bad;
        streams.longer += u64::from(!head.whole && head.error.is_none());
        streams.broken += u64::from(head.error.is_some());
        head.error
    }

    /// Draws the conclusion when all is looked at.
    pub fn conclude(&mut self) {
        self.fit = Fit::new(&self.survey);
    }

    /// The number of all streams together.
    pub fn sum(&self, of: impl Fn(&Streams) -> u64) -> u64 {
        self.kinds.values().map(of).sum()
    }

    pub fn all_bad(&self) -> bool {
        self.sum(|streams| streams.bad) > 0 && self.survey.records() == 0
    }

    /// The words of the command that answers most of such records. None where no field is known to
    /// be of use.
    pub fn command(&self, sources: &[(&str, &str)]) -> Option<Vec<String>> {
        command(self.fit.as_ref()?, sources)
    }

    /// The name of that command, and its flags without the sources.
    pub fn question(&self) -> Option<Question> {
        question(self.fit.as_ref()?)
    }
}

/// The name of a command, and its flags without the sources.
pub type Question = (&'static str, Vec<(String, String)>);

/// The words of the command that answers most of records that are of this fit.
pub fn command(fit: &Fit, sources: &[(&str, &str)]) -> Option<Vec<String>> {
    let (name, flags) = question(fit)?;
    let sources = sources.iter().map(|(flag, value)| ((*flag).to_owned(), (*value).to_owned()));
    let flags: Vec<_> = sources.chain(flags).collect();
    Some(["streamlab".to_owned(), name.to_owned()].into_iter().chain(words(&flags)).collect())
}

fn question(fit: &Fit) -> Option<Question> {
    let mut flags = fit.flags(&Nesting::default());
    let by = fit.by.first().filter(|_| fit.role(Role::Service).is_none());
    let plays = |role: Role| fit.role(role).map(|_| role.name());
    let outcome = fit.outcome.as_ref();
    let name = match (fit.codes.is_some() || outcome.is_some(), plays(Role::Time)) {
        (true, time) => {
            flags.extend(outcome.map(|outcome| (outcome.flag.to_owned(), outcome.condition.clone())));
            flags.extend(by.map(|field| ("--by".to_owned(), field.clone())));
            if time.is_some() { "sliding-window" } else { "running-avg" }
        }
        // Where nothing tells failures, what can be asked is how often a value comes.
        (false, _) => {
            let of = plays(Role::Service).or(by.map(String::as_str)).or(plays(Role::Message))?;
            flags.push(("--of".to_owned(), of.to_owned()));
            "reservoir"
        }
    };
    Some((name, flags))
}

/// Flags and values as words of a command line.
pub fn words(flags: &[(String, String)]) -> Vec<String> {
    let words = flags.iter().flat_map(|(flag, value)| match value.as_str() {
        // What begins with a dash would be taken for a flag.
        text if text.len() > 1 && text.starts_with('-') => vec![format!("{flag}={value}")],
        _ => vec![flag.clone(), value.clone()],
    });
    words.collect()
}

impl Reasons {
    pub fn add(&mut self, name: &str, letter: &DeadLetter) {
        // The place within the record would make every reason another one.
        let end = [" at line ", " at byte "].iter().filter_map(|mark| letter.reason.find(mark)).min();
        let text = &letter.reason[..end.unwrap_or(letter.reason.len())];
        if let Some(reason) = self.list.iter_mut().find(|reason| reason.text == text) {
            reason.records += 1;
        } else if self.list.len() < MAX_REASONS {
            let first = (name.to_owned(), letter.at.offset);
            self.list.push(Reason { text: text.to_owned(), records: 1, first });
        } else {
            self.others += 1;
        }
    }
}

const fn encoding(encoding: Option<Encoding>) -> &'static str {
    match encoding {
        None => "unknown",
        Some(Encoding::Plain) => "plain",
        Some(Encoding::Gzip) => "gzip",
        Some(Encoding::Zstd) => "zstd",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, FileId, Position};

    const AT: Position = Position { file: FileId(0), offset: 7 };

    fn command(records: &[&str]) -> Option<String> {
        let mut findings = Findings::default();
        for record in records {
            findings.survey.observe(&Event { at: AT, raw: record.as_bytes(), time: None, fields: &[] });
        }
        findings.conclude();
        Some(findings.command(&[("--source", "-")])?.join(" "))
    }

    #[test]
    fn the_command_asks_what_the_records_can_answer() {
        for (records, expected) in [
            (
                &[r#"{"ts": 1760559686, "app": "a", "status": 200}"#][..],
                "sliding-window --source - --time-field ts --service-field app",
            ),
            (&[r#"{"app": "a", "status": 200}"#], "running-avg --source - --service-field app"),
            (
                &[r#"{"status": 200, "zone": "a"}"#, r#"{"status": 503, "zone": "b"}"#],
                "running-avg --source - --by zone",
            ),
            (&[r#"{"service": "a"}"#], "reservoir --source - --of service"),
            (&[r#"{"service": "a", "ok": true}"#], "running-avg --source - --success-if ok"),
            (
                &[r#"{"ts": 1760559686, "app": "a", "level": 50}"#, r#"{"ts": 1760559686, "app": "b", "level": 30}"#],
                "sliding-window --source - --time-field ts --service-field app --failure-if level >= 50",
            ),
            (&[r#"{"zone": "a"}"#, r#"{"zone": "b"}"#], "reservoir --source - --of zone"),
            (&[r#"{"msg": "a"}"#], "reservoir --source - --message-field msg --of message"),
        ] {
            assert_eq!(command(records), Some(format!("streamlab {expected}")), "{records:?}");
        }
        assert_eq!([command(&["{}"]), command(&[])], [None, None]);
    }

    #[test]
    fn a_value_is_never_taken_for_a_flag() {
        let flags =
            [("--source", "-"), ("--time-field", "-t")].map(|(flag, value)| (flag.to_owned(), value.to_owned()));
        assert_eq!(words(&flags), ["--source", "-", "--time-field=-t"]);
    }

    #[test]
    fn reasons_are_counted_whatever_the_place_and_bounded() {
        let mut reasons = Reasons::default();
        let mut add =
            |reason: String| reasons.add("a.log", &DeadLetter { at: AT, reason, raw: Vec::new(), is_late: false });
        (0..9).for_each(|column| add(format!("not valid JSON: expected value at line 1 column {column}")));
        (0..MAX_REASONS).for_each(|number| add(format!("reason {number}")));
        assert_eq!((reasons.list.len(), reasons.others), (MAX_REASONS, 1));
        let first = &reasons.list[0];
        assert_eq!((first.text.as_str(), first.records), ("not valid JSON: expected value", 9));
        assert_eq!(first.first, ("a.log".to_owned(), 7));
    }
}
