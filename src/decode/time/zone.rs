//! What stands behind a time of day: an offset, a zone's name or abbreviation, or nothing.
//!
//! An offset always decides, whatever name stands beside it.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The place that a date and a time of day hold for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone<'a> {
    /// None is named.
    Local,
    /// So many seconds east of UTC.
    Offset(i64),
    /// As `CEST`.
    Abbreviation(&'a str),
    /// As `Europe/Berlin`.
    Name(&'a str),
}

impl<'a> Zone<'a> {
    /// Reads what follows the time of day; `None` where it is no zone.
    pub fn read(text: &'a str) -> Option<Self> {
        // `[Europe/Berlin]` as in RFC 9557.
        let (text, name) = match text.split_once('[') {
            Some((text, tags)) => (text, Some(named(tags)?)),
            None => (text, None),
        };
        // What JavaScript calls the zone in the words of the country.
        let text = text.split_once(" (").map_or(text, |(text, _)| text).trim();
        if text.is_empty() {
            return Some(name.flatten().map_or(Zone::Local, Zone::Name));
        }
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(offset) = offset_seconds(first) {
            // Go writes `+0200 CEST`, `+0300 +03` and, of a time that was measured, ` m=+0.01`.
            let is_known =
                |word: &str| is_abbreviation(word) || offset_seconds(word).is_some() || word.starts_with("m=");
            return rest.split_whitespace().all(is_known).then_some(Zone::Offset(offset));
        }
        let is_whole = rest.is_empty() && name.is_none();
        match first {
            _ if !is_whole => None,
            _ if is_abbreviation(first) => Some(Zone::Abbreviation(first)),
            _ if first.contains('/') => Some(Zone::Name(first)),
            _ => None,
        }
    }
}

/// The name among tags of RFC 9557, without the first bracket: `Europe/Berlin][u-ca=iso8601]`. A tag that
/// says something else is passed over, unless it is marked as one that must be heeded.
fn named(tags: &str) -> Option<Option<&str>> {
    let (mut name, mut tags) = (None, tags);
    loop {
        let (tag, rest) = tags.split_once(']')?;
        match (tag.strip_prefix('!').unwrap_or(tag), tag.contains('=')) {
            (_, true) if tag.starts_with('!') => return None,
            (_, true) => {}
            ("", _) => return None,
            (tag, false) => name = name.or(Some(tag)),
        }
        if rest.is_empty() {
            return Some(name);
        }
        tags = rest.strip_prefix('[')?;
    }
}

fn is_abbreviation(word: &str) -> bool {
    (2..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Seconds east of UTC of `+07:00`, `+0700`, `+07`, `Z`, `UTC`, `GMT+7`.
fn offset_seconds(text: &str) -> Option<i64> {
    if ["Z", "UTC", "GMT", "UT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some(0);
    }
    match text.as_bytes() {
        // As Java has it.
        [b'U', b'T', b'C', sign, digit] | [b'G', b'M', b'T', sign, digit] => signed_seconds(&[*sign, b'0', *digit]),
        [b'U', b'T', b'C', offset @ ..] | [b'G', b'M', b'T', offset @ ..] => signed_seconds(offset),
        offset => signed_seconds(offset),
    }
}

/// Seconds of `+07:00`, `+0700` or `+07`.
fn signed_seconds(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = match *digits {
        [a, b] => (two(a, b)?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (two(a, b)?, two(c, d)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Seconds east of UTC that an abbreviation stands for at a local time: in `home`, where that zone uses it,
/// else wherever it is used, if that is the same everywhere.
pub fn abbreviated(name: &str, civil: DateTime, home: &TimeZone) -> Option<i64> {
    // Of a time in winter the abbreviation of summer is sought in summer, since some write it all year.
    let at_home = [0, 91, 182, 273].into_iter().find_map(|days_away| {
        let civil = civil.checked_add(SignedDuration::from_hours(days_away * 24)).ok()?;
        let used = |offset: Offset| -> Option<i64> {
            let at = offset.to_timestamp(civil).ok()?;
            let info = home.to_offset_info(at);
            (info.offset() == offset && info.abbreviation().eq_ignore_ascii_case(name)).then(|| offset.seconds().into())
        };
        match home.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => used(offset),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                used(before).or_else(|| used(after))
            }
        }
    });
    at_home.or_else(|| {
        let known = UNMISTAKABLE.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, minutes)| i64::from(*minutes) * 60)
    })
}

/// Whether a word behind a time of day says for which hours it is told, whether or not that can be read: an offset,
/// an abbreviation, a zone's name, or the half of the day.
pub fn belongs_to_time(word: &str) -> bool {
    const UNCLEAR: [&str; 6] = ["CST", "CDT", "IST", "PST", "AM", "PM"];
    let is_known = |known: &str| known.eq_ignore_ascii_case(word);
    let is_name = |(area, place): (&str, &str)| {
        let is_capital = |text: &str| text.starts_with(|first: char| first.is_ascii_uppercase());
        is_capital(area)
            && is_capital(place)
            && !word.contains(|char: char| !char.is_alphabetic() && !"/_-".contains(char))
    };
    offset_seconds(word).is_some()
        || UNCLEAR.into_iter().any(is_known)
        || UNMISTAKABLE.iter().any(|(known, _)| is_known(known))
        || word.split_once('/').is_some_and(is_name)
}

/// The instant of a local time in a zone: of an hour that comes twice the first, and of one that is left
/// out as if the clock had not been put forward.
pub fn local(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}

/// Abbreviations that stand for one offset wherever they are in use, in minutes east of UTC. `IST` (India,
/// Ireland, Israel), `CST` and `CDT` (America, China, Cuba) and `PST` (America, Philippines) are not among
/// them, nor what only one of these pairs has.
#[rustfmt::skip]
const UNMISTAKABLE: [(&str, i16); 37] = [
    ("ACDT", 630), ("ACST", 570), ("ADT", -180), ("AEDT", 660), ("AEST", 600), ("AKDT", -480), ("AKST", -540),
    ("AST", -240), ("AWST", 480), ("BST", 60), ("CAT", 120), ("CEST", 120), ("CET", 60), ("EAT", 180),
    ("EDT", -240), ("EEST", 180), ("EET", 120), ("EST", -300), ("HDT", -540), ("HKT", 480), ("HST", -600),
    ("JST", 540), ("KST", 540), ("MDT", -360), ("MSK", 180), ("MST", -420), ("NDT", -150), ("NST", -210),
    ("NZDT", 780), ("NZST", 720), ("PDT", -420), ("PKT", 300), ("SAST", 120), ("WAT", 60), ("WEST", 60),
    ("WET", 0), ("WIB", 420),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn zones_are_told() {
        for (text, zone) in [
            ("", Zone::Local),
            ("Z", Zone::Offset(0)),
            (" UTC", Zone::Offset(0)),
            ("+02", Zone::Offset(7200)),
            (" -0530", Zone::Offset(-19_800)),
            (" +0200 CEST", Zone::Offset(7200)),
            (" +0300 +03 m=+0.012", Zone::Offset(10_800)),
            (" GMT+0100 (Central European Standard Time)", Zone::Offset(3600)),
            (" UTC-3", Zone::Offset(-10_800)),
            (" CEST", Zone::Abbreviation("CEST")),
            ("CEST", Zone::Abbreviation("CEST")),
            (" Europe/Berlin", Zone::Name("Europe/Berlin")),
            ("[Europe/Berlin]", Zone::Name("Europe/Berlin")),
            ("[Europe/Berlin][u-ca=iso8601]", Zone::Name("Europe/Berlin")),
            ("[u-ca=iso8601]", Zone::Local),
            ("+02:00[Europe/Berlin]", Zone::Offset(7200)),
        ] {
            assert_eq!(Zone::read(text), Some(zone), "{text}");
        }
        let none = [
            " ?",
            "+25:00",
            "+1",
            " CEST x/y",
            "[",
            "[]",
            "[Europe/Berlin",
            "[!u-ca=hebrew]",
            " CEST[Europe/Berlin]",
            " x",
            " UTC+",
            " GMT+99",
            " +0200 ?",
            "é",
            " UTCé",
        ];
        for text in none {
            assert_eq!(Zone::read(text), None, "{text}");
        }
    }

    /// Asks all zones which abbreviations they use in these years, and for which offsets.
    #[test]
    fn an_abbreviation_is_known_where_it_means_the_same_everywhere() {
        let mut used: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        let bundled = jiff::tz::TimeZoneDatabase::bundled();
        // Names for zones that no place has.
        let is_place = |name: &str| name.contains('/') && !name.starts_with("Etc/");
        for name in bundled.available().filter(|name| is_place(name.as_str())) {
            let zone = bundled.get(name.as_str()).unwrap();
            for month in 0..12 * 8 {
                let day = jiff::civil::date(2019 + month / 12, (month % 12 + 1) as i8, 10);
                let at = Offset::UTC.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
                let info = zone.to_offset_info(at);
                used.entry(info.abbreviation().to_owned()).or_default().insert(info.offset().seconds() / 60);
            }
        }
        for (name, minutes) in UNMISTAKABLE {
            assert_eq!(
                used.get(name).map(|offsets| offsets.iter().copied().collect()),
                Some(vec![i32::from(minutes)]),
                "{name}"
            );
        }
        for several in ["CST", "CDT", "IST", "PST"] {
            assert!(used[several].len() > 1, "{several}");
        }
    }

    #[test]
    fn an_abbreviation_of_the_zone_at_home_is_taken_for_its_own() {
        let civil = |month, hour| jiff::civil::date(2026, month, 1).at(hour, 0, 0, 0);
        let zone = |name| TimeZone::get(name).unwrap();
        for (home, offset) in [("America/Chicago", Some(-6)), ("Asia/Shanghai", Some(8)), ("UTC", None)] {
            assert_eq!(abbreviated("CST", civil(1, 12), &zone(home)), offset.map(|hours| hours * 3600), "{home}");
        }
        // Of summer in winter, and of an hour that comes twice both.
        assert_eq!(abbreviated("CDT", civil(1, 12), &zone("America/Chicago")), Some(-5 * 3600));
        assert_eq!(abbreviated("CST", civil(10, 12), &zone("America/Chicago")), Some(-6 * 3600));
        for (name, offset) in [("CDT", -5), ("CST", -6)] {
            assert_eq!(abbreviated(name, civil(11, 1), &zone("America/Chicago")), Some(offset * 3600), "{name}");
        }
    }
}
