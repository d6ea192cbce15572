//! The ways in which records come that are not the objects of the stream themselves: behind prefixes, within
//! objects, within texts, and mixtures of these. Each says what has to be read of it.

use super::naive::{Fact, Row, fact, rfc3339, row};
use serde_json::{Map, Value as Json, json};

/// A log, the flags that say where its records are, and what becomes of each of these.
pub struct Way {
    pub name: &'static str,
    pub flags: &'static str,
    pub bytes: Vec<u8>,
    pub rows: Vec<Row>,
}

/// All ways for records that stand on lines of their own; those within objects only where `are_elements`.
pub fn all(records: &[Vec<u8>], are_elements: bool) -> Vec<Way> {
    let mut ways = vec![
        prefixed(records),
        mixed(records),
        cut_lines(records),
        texts(records),
        texts_behind_prefixes(records),
        cut_texts(records),
    ];
    if are_elements {
        ways.extend([
            one_object(records),
            many_objects(records),
            levels(records),
            lines_in_object(records),
            events(records),
        ]);
    }
    if records.iter().all(|record| fact(record).is_some()) {
        ways.push(pretty(records));
    }
    ways
}

/// Each behind another prefix, which says what the record then leaves out.
fn prefixed(records: &[Vec<u8>]) -> Way {
    let lines = records.iter().enumerate().flat_map(|(place, record)| [behind(record, place), b"\n".to_vec()].concat());
    Way { name: "prefixed", flags: "", bytes: lines.collect(), rows: rows(records) }
}

/// Behind prefixes and not, with what else a stream may hold between records.
fn mixed(records: &[Vec<u8>]) -> Way {
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    for (place, record) in records.iter().enumerate() {
        // In stretches, as a collector writes that has read other files.
        match place / 40 % 3 {
            0 => bytes.extend(behind(record, place / 40)),
            1 => bytes.extend_from_slice(record),
            _ => bytes.extend(behind(record, place)),
        }
        bytes.extend_from_slice([&b"\n"[..], b"\r\n", b"\n\n"][place % 3]);
    }
    Way { name: "mixed", flags: "", bytes, rows: rows(records) }
}

/// A container runtime cuts long lines; two programs write at the same time.
fn cut_lines(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for (place, pair) in records.chunks(2).enumerate() {
        let cut = |at: usize| [0, 1, 3].map(|third| (pair[at].len() * third / 3).min(pair[at].len()));
        let part = |at: usize, part: usize| {
            let (range, tag) = (cut(at)[part]..cut(at)[part + 1], ["P", "F"][part]);
            let head = format!("2025-10-15T20:21:26.123456789Z {} {tag} ", ["stdout", "stderr"][at]);
            [head.as_bytes(), &pair[at][range], b"\n"].concat()
        };
        // One within the other, one after the other, in turns.
        let order =
            [[(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 0), (1, 0), (0, 1), (1, 1)]];
        let parts = order[place % 3].into_iter().filter(|(at, _)| *at < pair.len());
        bytes.extend(parts.flat_map(|(at, place)| part(at, place)));
    }
    Way { name: "cut lines", flags: "", bytes, rows: rows(records) }
}

/// The same of Docker, which cuts no line that is short: what is no object is on one.
fn cut_texts(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let text = String::from_utf8_lossy(record);
        let cut = if fact(record).is_some() { text.floor_char_boundary(text.len() * (place % 5) / 5) } else { 0 };
        let write = |text: &str, of: &str| format!("{}\n", json!({"log": text, "stream": of}));
        if cut > 0 {
            bytes.extend(write(&text[..cut], "stdout").bytes());
        }
        bytes.extend(write(&format!("{}\n", &text[cut..]), "stdout").bytes());
    }
    Way { name: "cut texts", flags: "--parse log", bytes, rows: rows_of_texts(records, "log") }
}

/// Docker's files.
fn texts(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let prefix = ["", "", "INFO: ", "2025-10-15 20:21:26 app "][place % 4];
        let text = format!("{prefix}{}\n", String::from_utf8_lossy(record));
        bytes.extend(format!("{}\n", json!({"log": text, "stream": "stdout"})).bytes());
    }
    let mut rows = rows_of_texts(records, "log");
    // A prefix is one before an object.
    lend_time(&mut rows, |place| place % 4 == 3 && fact(String::from_utf8_lossy(&records[place]).as_bytes()).is_some());
    Way { name: "texts", flags: "--parse log", bytes, rows }
}

/// The same as a container runtime passes them on.
fn texts_behind_prefixes(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let own = json!({"stream": "stderr", "a": {"log": String::from_utf8_lossy(record)}});
        let prefix = ["2025-10-15T20:21:26Z stdout F ", "", "app-1  | "][place % 3];
        bytes.extend(format!("{prefix}{own}\n").bytes());
    }
    let mut rows = rows_of_texts(records, "a");
    lend_time(&mut rows, |place| place % 3 == 0);
    Way { name: "texts behind prefixes", flags: "--parse a.log", bytes, rows }
}

fn one_object(records: &[Vec<u8>]) -> Way {
    let bytes =
        [b"{\"x\": {\"Records\": [{}]}, \"Records\":[", &records.join(&b", "[..])[..], b"], \"y\": [{}, {}]}\n"]
            .concat();
    Way { name: "one object", flags: "--records Records", bytes, rows: rows(records) }
}

/// An object a line, as they are delivered.
fn many_objects(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for part in parts(records, 1) {
        bytes.extend([b"{\"a\":{\"b\":[", &part.join(&b","[..])[..], b"],\"c\":[{}, {}]}}\n"].concat());
    }
    Way { name: "many objects", flags: "--records a.b", bytes, rows: rows(records) }
}

/// OTLP, all of it on one line.
fn levels(records: &[Vec<u8>]) -> Way {
    let mut bytes = b"{\"resourceLogs\":[".to_vec();
    for (place, part) in parts(records, 1).iter().enumerate() {
        let (resource, scope) =
            ("{\"resource\":{\"k\":[{\"n\":1},{\"n\":2}]},\"scopeLogs\":[", "{\"scope\":{},\"logRecords\":[");
        let open = match place % 3 {
            _ if place == 0 => format!("{resource}{scope}"),
            0 => format!("]}},{{\"logRecords\":[]}}]}}, {resource}{scope}"),
            1 => format!("],\"v\":\"u\"}}, {scope}"),
            _ => format!("]}}]}}]}}\n{{\"resourceLogs\":[{resource}{scope}"),
        };
        bytes.extend(open.bytes().chain(part.join(&b","[..])));
    }
    bytes.extend(b"]}]}]}\n");
    Way { name: "levels", flags: "--records resourceLogs[].scopeLogs[].logRecords", bytes, rows: rows(records) }
}

/// An element a line.
fn lines_in_object(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for part in parts(records, 20) {
        bytes.extend([b"{\"Records\": [\n", &part.join(&b",\n"[..])[..], b"\n]}\n"].concat());
    }
    Way { name: "lines in objects", flags: "--records Records", bytes, rows: rows(records) }
}

/// CloudWatch: texts within objects.
fn events(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for part in records.chunks(7) {
        let events = part.iter().map(|record| json!({"message": String::from_utf8_lossy(record)}).to_string());
        bytes.extend(format!("{{\"owner\":\"1\",\"logEvents\":[{}]}}\n", events.collect::<Vec<_>>().join(",")).bytes());
    }
    Way {
        name: "texts in objects",
        flags: "--records logEvents --parse message",
        bytes,
        rows: rows_of_texts(records, "message"),
    }
}

fn pretty(records: &[Vec<u8>]) -> Way {
    let mut bytes = Vec::new();
    for part in records.chunks(30) {
        let objects: Vec<Json> = part.iter().map(|record| serde_json::from_slice(record).unwrap()).collect();
        let (first, second) = objects.split_at(objects.len() / 3);
        let object = json!({"a": [{"x": [{}], "b": first}, {"b": null}, {"b": []}, {"b": second}], "t": {"a": []}});
        bytes.extend(format!("{object:#}\n").bytes());
    }
    Way { name: "pretty", flags: "--records a[].b[]", bytes, rows: rows(records) }
}

/// A cut record may swallow the end of its array, so each part ends with a sound one.
fn parts(records: &[Vec<u8>], at_least: usize) -> Vec<&[Vec<u8>]> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (place, record) in records.iter().enumerate() {
        let is_end = place + 1 - from >= at_least && fact(record).is_some() && place % 3 == 0;
        if is_end || place + 1 == records.len() {
            parts.push(&records[from..=place]);
            from = place + 1;
        }
    }
    parts
}

fn rows(records: &[Vec<u8>]) -> Vec<Row> {
    records.iter().map(|record| row(record)).collect()
}

/// A text that holds no object makes no record bad: it is a text, as any other, of the key given.
fn rows_of_texts(records: &[Vec<u8>], key: &str) -> Vec<Row> {
    let of_text = |record: &Vec<u8>| {
        let text = String::from_utf8_lossy(record);
        fact(text.trim().as_bytes()).or_else(|| fact(json!({key: text}).to_string().as_bytes())).unwrap()
    };
    records.iter().map(|record| Row::Read(of_text(record))).collect()
}

/// What the prefixes of some say, where a record does not.
fn lend_time(rows: &mut [Row], is_lent: impl Fn(usize) -> bool) {
    for (place, row) in rows.iter_mut().enumerate() {
        if let Row::Read(fact) = row
            && is_lent(place)
        {
            fact.micros = fact.micros.or(Some(1_760_559_686_000_000));
        }
    }
}

/// A record behind a prefix. What the prefix says, a sound record does not.
fn behind(record: &[u8], place: usize) -> Vec<u8> {
    let (Some(fact), Ok(mut fields)) = (fact(record), serde_json::from_slice::<Map<String, Json>>(record)) else {
        let prefix = ["2025-10-15T20:21:26.1Z stdout F ", "app  | ", "WARN: ", "[pod/app-7/app] "][place % 4];
        return [prefix.as_bytes(), record].concat();
    };
    let Fact { micros: Some(micros), service: Some(service), .. } = fact else { panic!("a sound record has all") };
    let time = rfc3339(micros);
    let spaced = time.replace('T', " ").replace('Z', "");
    let (prefix, says): (String, &[&str]) = match place % 10 {
        0 => (format!("{time} stdout F "), &["timestamp"]),
        1 => (format!("{service}  | "), &["service"]),
        2 => (format!("<34>1 {time} host {service} 7 ID47 - "), &["timestamp", "service"]),
        3 => (format!("Oct 15 20:21:26 host {service}[7]: "), &["service"]),
        4 => (format!("{time} host {service}[7]: "), &["timestamp", "service"]),
        5 => (format!("[pod/app-7/{service}] "), &["service"]),
        6 => (format!("{spaced} [INFO] - "), &["timestamp"]),
        7 => (format!("\x1b[36m{service}\x1b[0m | "), &["service"]),
        8 => (format!("[{spaced}] {service}.WARNING: "), &["timestamp", "service"]),
        _ => ("é, {} \u{2603}: ".to_owned(), &[]),
    };
    says.iter().for_each(|name| drop(fields.remove(*name)));
    format!("{prefix}{}", Json::Object(fields)).into_bytes()
}
