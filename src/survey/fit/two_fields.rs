//! A time that stands in two fields.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::playing::{Found, is_common};
use crate::decode::Clock;
use crate::event::{Role, Value};
use crate::schema::{Path, TimeUnit};

/// Finds the field that goes on with the time: the nanoseconds of its seconds, or the time of day of its date.
pub(super) fn in_two(survey: &Survey, found: &mut Vec<Found>) {
    let beside = |path: &Path, names: &[&str]| {
        let (last, above) = path.keys().split_last()?;
        let is_beside = |field: &&Field| {
            let keys = field.path.as_ref().and_then(|path| path.keys().split_last());
            keys.is_some_and(|(key, others)| {
                key != last && others == above && names.contains(&&*key.to_lowercase().replace('_', ""))
            })
        };
        survey.fields().find(is_beside)
    };
    if let Some(time) = found.iter_mut().find(|found| found.role == Role::Time) {
        const NANOS: [&str; 5] = ["nanoofsecond", "nanos", "nano", "nanoseconds", "nsec"];
        let nanos = beside(&time.path, &NANOS).filter(|field| {
            let is_second = field.range.is_some_and(|(low, high)| low >= 0.0 && high < 1e9);
            is_second && field.count(&[Kind::Int]) == field.known() && is_common(field.known(), survey)
        });
        if let Some(nanos) = nanos {
            (time.rest, time.flagged) = (nanos.path.clone(), true);
        }
        return;
    }
    let clock = Clock::new(TimeUnit::Auto, jiff::tz::TimeZone::UTC);
    let pairs = survey.fields().filter(|field| is_common(field.count(&[Kind::Text]), survey)).filter_map(|date| {
        let time = beside(date.path.as_ref()?, &["time", "timeofday", "clock", "hour"])?;
        let (first, rest) = (date.examples().next()?.as_str()?, time.examples().next()?.as_str()?);
        let is_time = clock.read(&Value::Text(&format!("{first} {rest}"))).is_ok_and(|time| time.is_some());
        is_time.then_some((date, time))
    });
    if let Some((date, time)) = pairs.into_iter().next()
        && let Some(path) = date.path.clone()
    {
        let records = date.count(&[Kind::Text]).min(time.count(&[Kind::Text]));
        found.insert(0, Found { role: Role::Time, path, rest: time.path.clone(), records, flagged: true });
    }
}
