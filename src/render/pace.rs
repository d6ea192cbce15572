//! How fast a run goes, as one line for people.

use super::number::{bytes, count, scaled_count};
use crate::event::Timestamp;
use crate::report::Report;
use std::time::Duration;

/// The least time over which the present speed is taken, so that the figure is calm.
const MEASURE_SECONDS: f64 = 1.0;

/// The speed of the last second or so.
#[derive(Default)]
pub(super) struct Speed {
    base: Mark,
    /// What was measured last, and over what time. Before the first measure ends: since the start.
    bytes_per_second: f64,
    records_per_second: f64,
    measured: bool,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    seconds: f64,
    bytes: u64,
    records: u64,
}

impl Speed {
    /// Says how the run goes, so long after its last report came, and what the time is then.
    pub fn update(&mut self, report: &Report, separator: &str, waited: Duration, time: Timestamp) -> String {
        let pace = report.pace;
        let seconds = pace.elapsed_seconds + waited.as_secs_f64();
        let now = Mark { seconds, bytes: pace.read_bytes, records: report.ledger.read };
        if report.last {
            return total(now);
        }
        let seconds = now.seconds - self.base.seconds;
        if seconds > 0.0 && (seconds >= MEASURE_SECONDS || !self.measured) {
            self.bytes_per_second = now.bytes.saturating_sub(self.base.bytes) as f64 / seconds;
            self.records_per_second = now.records.saturating_sub(self.base.records) as f64 / seconds;
        }
        if seconds >= MEASURE_SECONDS {
            self.base = now;
            self.measured = true;
        }
        let idle = self.bytes_per_second == 0.0 && self.records_per_second == 0.0 && pace.behind_bytes == 0;
        // Another engine tells of records only.
        let knows_bytes = now.bytes > 0 || now.records == 0;
        if pace.following && now.records == 0 && idle {
            return "waiting for logs: they are read as they arrive".to_owned();
        }
        let mut parts = Vec::new();
        if pace.following && idle {
            parts.push("waiting for data".to_owned());
        } else {
            parts.extend(knows_bytes.then(|| format!("{}/s", bytes(self.bytes_per_second))));
            parts.push(format!("{} records/s", scaled_count(self.records_per_second)));
        }
        if let Some(newest) = report.seen.newest().filter(|_| pace.following) {
            parts.extend(age(time, newest).map(|age| format!("newest event {age}")));
        }
        parts.extend(knows_bytes.then(|| format!("{} read", bytes(now.bytes as f64))));
        if pace.behind_bytes > 0 {
            parts.push(format!("{} behind", bytes(pace.behind_bytes as f64)));
        }
        parts.join(separator)
    }
}

/// How old an event is, or how far ahead of the clock; nothing where it is of this moment.
fn age(now: Timestamp, event: Timestamp) -> Option<String> {
    let seconds = (now.nanos() / 1_000_000_000).saturating_sub(event.nanos() / 1_000_000_000);
    let (count, unit) = match seconds.unsigned_abs() {
        0 => return None,
        count @ 1..120 => (count, "s"),
        count @ 120..7200 => (count / 60, "min"),
        count @ 7200..172_800 => (count / 3600, "h"),
        count => (count / 86_400, "d"),
    };
    Some(format!("{} {unit} {}", self::count(count), if seconds > 0 { "old" } else { "ahead" }))
}

/// The run as a whole.
fn total(end: Mark) -> String {
    if end.bytes == 0 && end.records > 0 {
        let per_second = scaled_count(end.records as f64 / end.seconds.max(1e-3));
        return format!("{} records in {:.1} s: {per_second} records/s", count(end.records), end.seconds);
    }
    let mut text = format!("{} records and {} in {:.1} s", count(end.records), bytes(end.bytes as f64), end.seconds);
    if end.seconds > 0.0 {
        text.push_str(&format!(": {}/s", bytes(end.bytes as f64 / end.seconds)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::report;
    use crate::report::Pace;

    fn pace(speed: &mut Speed, elapsed_seconds: f64, read_bytes: u64, behind_bytes: u64) -> String {
        let pace = Pace { read_bytes, elapsed_seconds, behind_bytes, following: true };
        let mut report = report();
        report.ledger.read = read_bytes / 100;
        speed.update(&Report { pace, ..report }, ", ", Duration::ZERO, NEWEST)
    }

    const NEWEST: Timestamp = Timestamp::from_nanos(1_760_559_686_315_260_000);

    #[test]
    fn the_speed_is_that_of_the_last_second() {
        let mut speed = Speed::default();
        assert_eq!(pace(&mut speed, 0.0, 0, 0), "waiting for logs: they are read as they arrive");
        assert_eq!(pace(&mut speed, 0.5, 50_000_000, 7), "100 MB/s, 1.0 M records/s, 50.0 MB read, 7 B behind");
        assert_eq!(pace(&mut speed, 1.0, 100_000_000, 0), "100 MB/s, 1.0 M records/s, 100 MB read");
        assert_eq!(pace(&mut speed, 1.5, 100_000_000, 0), "100 MB/s, 1.0 M records/s, 100 MB read");
        assert_eq!(pace(&mut speed, 3.0, 100_000_000, 0), "waiting for data, 100 MB read");
        assert_eq!(pace(&mut speed, 4.0, 100_000_300, 0), "300 B/s, 3 records/s, 100 MB read");
    }

    #[test]
    fn the_speed_decays_and_the_newest_event_ages_while_no_report_comes() {
        let (mut speed, report) = (Speed::default(), report());
        let mut after = |seconds| {
            let time = Timestamp::from_nanos(NEWEST.nanos() + 1_000_000_000 * seconds as i64);
            speed.update(&report, ", ", Duration::from_secs(seconds), time)
        };
        assert_eq!(after(0), "500 kB/s, 6.1 k records/s, 1.0 MB read");
        assert_eq!(after(1), "waiting for data, newest event 1 s old, 1.0 MB read");
        assert_eq!(after(14), "waiting for data, newest event 14 s old, 1.0 MB read");
        assert_eq!(after(3600), "waiting for data, newest event 60 min old, 1.0 MB read");
        assert_eq!(after(409 * 86_400), "waiting for data, newest event 409 d old, 1.0 MB read");
        let early = Timestamp::from_nanos(NEWEST.nanos() - 7_200_000_000_000);
        let ahead = speed.update(&report, ", ", Duration::ZERO, early);
        assert!(ahead.contains("newest event 2 h ahead"), "{ahead}");
    }

    #[test]
    fn the_end_tells_of_the_whole_run() {
        let pace = Pace { read_bytes: 3_000_000, elapsed_seconds: 1.5, behind_bytes: 0, following: false };
        let report = Report { pace, last: true, ..report() };
        let total = |report| Speed::default().update(&report, ", ", Duration::ZERO, NEWEST);
        let unknown = Report { pace: Pace { read_bytes: 0, ..pace }, ..report.clone() };
        assert_eq!(total(report), "12,250 records and 3.0 MB in 1.5 s: 2.0 MB/s");
        assert_eq!(total(unknown), "12,250 records in 1.5 s: 8.2 k records/s");
    }
}
