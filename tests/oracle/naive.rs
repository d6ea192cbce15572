//! What the answers are, told from single records one after the other, by serde_json.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// What becomes of a record.
pub enum Row {
    Dead,
    Read(Fact),
}

/// What is known of a record.
#[derive(Default)]
pub struct Fact {
    pub micros: Option<i64>,
    pub service: Option<String>,
    pub status: Option<u16>,
}

/// What a record says: nothing where it is no JSON object.
pub fn fact(record: &[u8]) -> Option<Fact> {
    let fields: serde_json::Map<String, Json> = serde_json::from_slice(record).ok()?;
    let text = |name: &str| fields.get(name).and_then(Json::as_str);
    let after = text("message").unwrap_or_default().split("HTTP Status Code: ").nth(1).unwrap_or_default();
    let digits = after.split(|char: char| !char.is_ascii_digit()).next().filter(|digits| digits.len() == 3);
    let seconds = fields.get("timestamp").and_then(Json::as_f64);
    Some(Fact {
        micros: seconds.map(|seconds| (seconds * 1e6).round_ties_even() as i64),
        service: text("service").map(str::to_owned),
        status: digits.map(|digits| digits.parse().unwrap()),
    })
}

/// What becomes of a record that stands where records do.
pub fn row(record: &[u8]) -> Row {
    fact(record).map_or(Row::Dead, Row::Read)
}

/// Rows of a key with its total and its hits, sorted, and the same over all.
fn table<K: Ord + Into<Json> + Clone>(
    requests: impl Iterator<Item = (K, bool)>,
    [key, hits, rate]: [&str; 3],
) -> (Json, Json) {
    let mut rows = BTreeMap::<K, (u64, u64)>::new();
    for (key, hit) in requests {
        let row = rows.entry(key).or_default();
        *row = (row.0 + 1, row.1 + u64::from(hit));
    }
    let row = |(total, hit): (u64, u64)| {
        let (share, interval) = (hit as f64 / total as f64, wilson(hit as f64, total as f64));
        json!({"total": total, hits: hit, rate: share, "ci95": interval})
    };
    let sum = rows.values().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    let named = rows.into_iter().map(|(name, counts)| {
        let mut row = row(counts);
        row[key] = name.into();
        row
    });
    (named.collect(), row(sum))
}

fn wilson(hits: f64, total: f64) -> [f64; 2] {
    let z2 = 1.959963984540054f64.powi(2);
    let root = (z2 * (z2 + 4.0 * hits * (1.0 - hits / total))).sqrt();
    [-1.0, 1.0].map(|sign| (2.0 * hits + z2 + sign * root) / (2.0 * (total + z2)))
}

pub fn rfc3339(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// The commands, and what the last report of each has to hold.
pub fn expected(rows: &[Row]) -> Vec<(&'static str, Json)> {
    let facts: Vec<&Fact> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Dead => None,
            Row::Read(fact) => Some(fact),
        })
        .collect();
    let requests: Vec<(&Fact, u16)> = facts.iter().filter_map(|fact| Some((*fact, fact.status?))).collect();
    let ledger = |is_read: fn(&Fact) -> bool| {
        let read = facts.iter().filter(|fact| is_read(fact)).count();
        let counted = requests.iter().filter(|(fact, _)| is_read(fact)).count();
        json!({
            "read": rows.len(), "counted": counted, "filtered": read - counted, "late": 0, "duplicate": 0,
            "dead_letter": rows.len() - read,
        })
    };
    let times = || facts.iter().filter_map(|fact| fact.micros);
    let (oldest, newest) = (times().min().unwrap(), times().max().unwrap());
    let report = |start: i64, is_read: fn(&Fact) -> bool, (rows, overall): (Json, Json)| {
        json!({
            "final": true, "as_of": rfc3339(newest), "rows": rows, "overall": overall, "ledger": ledger(is_read),
            "window": {"start": rfc3339(start), "end": rfc3339(newest)},
        })
    };
    let by_service = |success: bool, from_ms: Option<i64>| {
        let is_inside =
            move |fact: &Fact| from_ms.is_none_or(|from| fact.micros.is_some_and(|at| at.div_euclid(1000) >= from));
        requests.iter().filter(move |(fact, _)| is_inside(fact)).map(move |(fact, code)| {
            (fact.service.clone(), if success { (200..300).contains(code) } else { *code >= 400 })
        })
    };
    let window_ms = 7_000;
    let running = table(by_service(true, None), ["service", "success", "success_rate"]);
    let from_ms = newest.div_euclid(1000) - window_ms;
    let sliding = table(by_service(false, Some(from_ms)), ["service", "failures", "failure_rate"]);
    let statuses = table(
        requests.iter().map(|(_, code)| (*code, (200..300).contains(code))),
        ["status", "success", "success_rate"],
    );
    vec![
        ("running-avg", report(oldest, |_| true, running)),
        // What has no time is in no window.
        ("sliding-window --size 7s", report(newest - window_ms * 1000, |fact| fact.micros.is_some(), sliding)),
        ("running-avg --by status", report(oldest, |_| true, statuses)),
    ]
}
