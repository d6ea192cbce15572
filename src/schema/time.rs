//! How a log writes its times, as far as it has to be told.

use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use std::str::FromStr;

/// What a number in the time field counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Told by magnitude: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds,
    /// else nanoseconds.
    #[default]
    Auto,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// The form of a time as `strptime` has it. It tells an instant, or a date and time in a zone that is
/// given elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat {
    /// What stands before the abbreviation of a zone, or all.
    head: String,
    /// The same, and what stands behind the abbreviation, where the form has one.
    around: Option<String>,
    text: String,
}

impl TimeFormat {
    /// The form as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parts of a text in this form, and the zone's abbreviation, if the form has one.
    pub fn read<'a>(&self, text: &'a str) -> Option<(BrokenDownTime, Option<&'a str>)> {
        let Some(around) = &self.around else {
            return Some((BrokenDownTime::parse(&self.head, text).ok()?, None));
        };
        let (_, begin) = BrokenDownTime::parse_prefix(&self.head, text).ok()?;
        let rest = text.get(begin..)?;
        let end = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (abbreviation, after) = rest.split_at(end);
        let parts = BrokenDownTime::parse(around, format!("{}{after}", &text[..begin])).ok()?;
        (end > 0).then_some((parts, Some(abbreviation)))
    }
}

impl FromStr for TimeFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('%') {
            return Err(format!(
                "`{text}` has no `%`: write the form as strptime has it, such as `%d/%m/%Y %H:%M:%S%.f` for 27/11/2026 12:00:00.5"
            ));
        }
        let mut cuts = abbreviations(text);
        let first = cuts.next();
        if cuts.next().is_some() {
            return Err("%Z can stand in it once".to_owned());
        }
        let format = match first {
            None => Self { head: text.to_owned(), around: None, text: text.to_owned() },
            Some(at) => Self {
                head: text[..at].to_owned(),
                around: Some(format!("{}{}", &text[..at], &text[at + 2..])),
                text: text.to_owned(),
            },
        };
        format.check()?;
        Ok(format)
    }
}

/// Where `%Z` stands in a form; `%%Z` is none.
fn abbreviations(text: &str) -> impl Iterator<Item = usize> {
    let mut was_percent = false;
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        let is_named = was_percent && byte == b'Z';
        was_percent = !was_percent && byte == b'%';
        is_named.then(|| at - 1)
    })
}

impl TimeFormat {
    /// Whether a time that is written in this form can be read back from it.
    fn check(&self) -> Result<(), String> {
        let sample = jiff::civil::date(2026, 11, 27).at(13, 14, 15, 123_456_789);
        let sample = sample.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
        // What `%f` and `%N` print is as long as it has to be.
        let text = BrokenDownTime::from(&sample).to_string(&self.text).map_err(|error| cause(&error))?;
        let wrong = || format!("what `{}` writes cannot be read back, such as `{text}`", self.text);
        let (parts, _) = match BrokenDownTime::parse(&self.head, &text) {
            Err(error) if self.around.is_none() => return Err(cause(&error)),
            _ => self.read(&text).ok_or_else(wrong)?,
        };
        if parts.timestamp().is_some() {
            return Ok(());
        }
        let read = parts.to_datetime().map_err(|error| format!("`{}`: {}", self.text, cause(&error)))?;
        // A form may leave out seconds, or all of the time of day, but a day has to be told.
        let is_hour = parts.hour().is_none_or(|hour| hour == sample.hour());
        if read.date() == sample.date() && is_hour { Ok(()) } else { Err(wrong()) }
    }
}

/// The innermost reason: those around it only say what was being done.
fn cause(error: &jiff::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_tells_a_day_is_taken() {
        for sound in [
            "%Y-%m-%d",
            "%d.%m.%Y %H:%M:%S%.f",
            "%m/%d/%y %I:%M %p",
            "%s",
            "%Y-%j %T",
            "%a %b %e %T %Z %Y",
            "%F %T %Q",
            "%Y%m%d%H%M%S",
        ] {
            let format: Result<TimeFormat, String> = sound.parse();
            assert!(format.is_ok(), "{sound}: {format:?}");
        }
    }

    #[test]
    fn a_form_that_does_not_is_refused_with_its_reason() {
        for (bad, reason) in [
            ("2006-01-02 15:04:05", "has no `%`"),
            ("yyyy-MM-dd", "has no `%`"),
            ("%b %d %H:%M:%S", "year"),
            ("%H:%M:%S", "year"),
            ("%Y-%m-%d %M", "hour"),
            ("%Y-%m-%d %E", "`E`"),
            ("%Y-%m-%d %", "%"),
            ("%Y-%m-%d %I:%M", "cannot be read back"),
            ("%Z %F %Z", "once"),
        ] {
            let error = bad.parse::<TimeFormat>().unwrap_err();
            assert!(error.contains(reason), "{bad}: {error}");
        }
    }
}
