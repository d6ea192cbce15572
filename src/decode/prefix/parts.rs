//! What a prefix says: a time, a stream, a name, a level.
//!
//! Words are told by what they are, not by where they stand, and a name only where a known form says
//! so: a word of a message must not become a service.

use crate::decode::time::belongs_to_time;

/// Who puts such a prefix before an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A container runtime: `2025-10-15T20:21:26.1Z stdout F `.
    Cri,
    /// Docker Compose: `api-1  | `.
    Compose,
    /// `<34>1 2025-10-15T20:21:26Z host app 7 - - `, `Oct 15 20:21:26 host app[7]: `.
    Syslog,
    /// `kubectl logs --prefix` and stern: `[pod/api-7/app] `, `api-7 app `.
    Pod,
    /// A time, and perhaps a level and a message.
    Time,
    /// Anything else.
    Text,
}

impl Form {
    pub const fn name(self) -> &'static str {
        match self {
            Form::Cri => "CRI",
            Form::Compose => "docker compose",
            Form::Syslog => "syslog",
            Form::Pod => "pod and container",
            Form::Time => "time",
            Form::Text => "text",
        }
    }
}

/// A part of a prefix that can be a field of the record behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Text,
    Time,
    Stream,
    Name,
    Level,
}

impl Part {
    pub const ALL: [Part; 5] = [Part::Text, Part::Time, Part::Stream, Part::Name, Part::Level];

    /// The path of the field.
    pub const fn path(self) -> &'static str {
        match self {
            Part::Text => "prefix.text",
            Part::Time => "prefix.time",
            Part::Stream => "prefix.stream",
            Part::Name => "prefix.name",
            Part::Level => "prefix.level",
        }
    }
}

/// A prefix that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix<'a> {
    pub form: Form,
    /// All of it, without the space around it.
    pub text: &'a str,
    pub time: Option<&'a str>,
    pub stream: Option<&'a str>,
    pub name: Option<&'a str>,
    pub level: Option<&'a str>,
}

/// How many words are looked at that are none of the known ones.
const MAX_WORDS: usize = 8;

impl<'a> Prefix<'a> {
    pub fn part(&self, part: Part) -> Option<&'a str> {
        match part {
            Part::Text => Some(self.text),
            Part::Time => self.time,
            Part::Stream => self.stream,
            Part::Name => self.name,
            Part::Level => self.level,
        }
    }

    /// Reads it, if it is text at all.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim();
        Self::cri(text).or_else(|| Self::of_words(text))
    }

    /// The commonest one, which is read at a glance: a container's whole line.
    pub(super) fn cri(text: &'a str) -> Option<Self> {
        let (time, rest) = text.split_once(' ')?;
        let stream = rest.strip_suffix(" F").filter(|stream| matches!(*stream, "stdout" | "stderr"))?;
        let is_time = is_like(time, "0000-00-00") && is_like(time.get(10..)?, "T00:00:00");
        let is_bare = time.ends_with(|last: char| last == 'Z' || last.is_ascii_digit());
        let (time, stream) = (Some(time), Some(stream));
        (is_time && is_bare).then_some(Self { form: Form::Cri, text, time, stream, name: None, level: None })
    }

    pub(super) fn of_words(text: &'a str) -> Option<Self> {
        let mut prefix = Self { form: Form::Text, text, time: None, stream: None, name: None, level: None };
        let mut words = Words { text, at: 0 };
        let mut others = [""; MAX_WORDS];
        let (mut count, mut is_syslog, mut is_cri, mut is_compose, mut channel) = (0, false, false, false, None);
        while let Some(word) = words.next() {
            let bare = word.trim_matches(['[', ']', '(', ')']);
            if count == 0 && prefix.time.is_none() && is_priority(word) {
                is_syslog = true;
                words.back_to(word, word.find('>').map_or(word.len(), |at| at + 1));
                words.skip_version();
            } else if prefix.time.is_none() && is_month(bare) && words.skip_day_and_clock() {
                // A time without a year is none.
                is_syslog = true;
            } else if let (None, Some(time)) = (prefix.time, words.time(bare, count == 0)) {
                prefix.time = Some(time);
            } else if prefix.stream.is_none() && matches!(word, "stdout" | "stderr") {
                prefix.stream = Some(word);
                is_cri = words.skip_tag();
            } else if word == "|" && !is_compose {
                is_compose = true;
                prefix.name = (count > 0).then(|| others[count.min(MAX_WORDS) - 1]);
            } else if prefix.level.is_none() && is_level(bare.trim_end_matches(':')) {
                prefix.level = Some(bare.trim_end_matches(':'));
            } else if let (None, Some((name, level))) = (prefix.level, channel_and_level(word)) {
                (channel, prefix.level) = (Some(name), Some(level));
            } else if !(word == "|" || word == "-" && !is_syslog) {
                if count < MAX_WORDS {
                    others[count] = word;
                }
                count += 1;
            }
        }
        let others = &others[..count.min(MAX_WORDS)];
        prefix.form = if is_compose {
            Form::Compose
        } else if is_cri {
            Form::Cri
        } else if is_syslog || prefix.time.is_some() && prefix.level.is_none() && others.iter().take(2).any(is_process)
        {
            Form::Syslog
        } else if prefix.time.is_none() && prefix.level.is_none() && pod(others).is_some() {
            Form::Pod
        } else if prefix.time.is_some() {
            Form::Time
        } else {
            Form::Text
        };
        prefix.name = match prefix.form {
            Form::Compose => prefix.name,
            Form::Syslog => others.iter().find_map(|word| tag(word)).or_else(|| {
                // Host, application, process, message.
                others.get(1).copied().filter(|name| is_syslog && *name != "-" && others.len() > 2)
            }),
            Form::Pod => pod(others),
            _ => channel,
        };
        Some(prefix)
    }
}

/// Words between space, without the sequences that colour them.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' => self.at += 1,
                0x1B => {
                    let end = bytes[self.at..].iter().position(u8::is_ascii_alphabetic)?;
                    self.at += end + 1;
                }
                _ => break,
            }
        }
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find([' ', '\t', '\u{1b}']).unwrap_or(rest.len())];
        self.at += word.len();
        Some(word)
    }

    fn peek(&self) -> Option<&'a str> {
        Words { ..*self }.next()
    }

    /// Goes on behind the first `length` bytes of the word that came last.
    fn back_to(&mut self, word: &str, length: usize) {
        self.at -= word.len() - length;
    }

    /// Passes over the version of syslog's format.
    fn skip_version(&mut self) {
        if self.peek() == Some("1") {
            self.next();
        }
    }

    /// Passes over CRI's tag, which says whether a line is whole.
    fn skip_tag(&mut self) -> bool {
        let is_tag = self.peek().is_some_and(|word| matches!(word.split(':').next(), Some("F" | "P")));
        if is_tag {
            self.next();
        }
        is_tag
    }

    /// Passes over ` 15 20:21:26` behind a month.
    fn skip_day_and_clock(&mut self) -> bool {
        let mut ahead = Words { ..*self };
        let (day, clock) = (ahead.next(), ahead.next());
        let is_day = day.is_some_and(|day| day.len() <= 2 && day.bytes().all(|byte| byte.is_ascii_digit()));
        let is_both = is_day && clock.is_some_and(|clock| is_like(clock.trim_end_matches(':'), "00:00:00"));
        if is_both {
            self.at = ahead.at;
        }
        is_both
    }

    /// The time that begins with `word`, which came last, with what belongs to it.
    fn time(&mut self, word: &'a str, is_first: bool) -> Option<&'a str> {
        let word = word.trim_end_matches(':');
        let begin = word.as_ptr() as usize - self.text.as_ptr() as usize;
        let mut end = begin + word.len();
        let is_date = is_like(word, "0000-00-00") || is_like(word, "0000/00/00");
        let is_apache = is_like(word.get(..3)?, "00/") && word.get(11..).is_some_and(|rest| is_like(rest, ":00:00:00"));
        if is_date && word.len() == 10 {
            let clock = self.peek()?;
            let clock_bare = clock.trim_end_matches([']', ')', ':']);
            if !is_like(clock_bare, "00:00:00") {
                return None;
            }
            self.next();
            end = self.at - (clock.len() - clock_bare.len());
        } else if is_date && is_like(word.get(11..)?, "00:00:00") {
        } else if !is_apache {
            let is_epoch = is_first && word.len() >= 10 && is_like(word, "0000000000");
            return (is_epoch && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')).then_some(word);
        }
        // Without its zone it would be another time.
        if let Some(zone) = self.peek().map(|zone| zone.trim_end_matches([']', ')']))
            && belongs_to_time(zone)
        {
            self.next();
            end = self.text[..self.at].trim_end_matches([']', ')']).len();
        }
        Some(&self.text[begin..end])
    }
}

/// Whether `text` begins as the form does, where a zero stands for any digit.
fn is_like(text: &str, form: &str) -> bool {
    let alike = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() >= form.len() && text.bytes().zip(form.bytes()).all(alike)
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.contains(&word)
}

fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 15] = [
        "trace",
        "debug",
        "info",
        "notice",
        "warn",
        "warning",
        "error",
        "err",
        "crit",
        "critical",
        "alert",
        "emerg",
        "fatal",
        "panic",
        "information",
    ];
    LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))
}

/// Whether it begins with syslog's `<34>`.
fn is_priority(word: &str) -> bool {
    let digits = word.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or("", |(digits, _)| digits);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Monolog's `app.INFO:`.
fn channel_and_level(word: &str) -> Option<(&str, &str)> {
    word.strip_suffix(':')?.rsplit_once('.').filter(|(name, level)| !name.is_empty() && is_level(level))
}

/// The name of syslog's `app[7]:`.
fn tag(word: &str) -> Option<&str> {
    let name = word.strip_suffix(':')?.split('[').next()?;
    (!name.is_empty()).then_some(name)
}

/// Whether it is a tag with the number of a process, which no word of a message has: `app[7]:`.
fn is_process(word: &&str) -> bool {
    tag(word).is_some() && word.trim_end_matches(':').ends_with(']')
}

/// The container of `[pod/api-7/app]` or of `api-7 app`.
fn pod<'a>(words: &[&'a str]) -> Option<&'a str> {
    let is_label = |word: &&str| word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    match words {
        [word] => word.trim_start_matches('[').trim_end_matches(']').strip_prefix("pod/")?.split('/').nth(1),
        [pod, container] if is_label(pod) && is_label(container) && pod.contains('-') => Some(container),
        _ => None,
    }
}
