//! A checked plan with everything precomputed that its records are made of.

use super::digits::push_number;
use super::{Error, Format, Plan};
use crate::schema::Outcomes;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// Statuses and their weights. What is in which class is for [`Outcomes`] to say.
#[rustfmt::skip]
const STATUSES: &[(u16, u32)] = &[
    (200, 720), (201, 90), (202, 40), (203, 20), (204, 70), (206, 10),
    (301, 10), (302, 15), (304, 25),
    (400, 180), (401, 110), (403, 80), (404, 260), (409, 30), (422, 50), (429, 90),
    (500, 130), (502, 30), (503, 60), (504, 20),
];

/// The share of a burst's requests that fail.
const BURST_ERROR_RATE: f64 = 0.9;

/// Ordinary paths are numbered above those of the watchlist, within this many.
const PATHS: u64 = 1_000_000_000;

/// A draw below it hits. Draws have 53 bits, so that a share of 1 always hits and one of 0 never.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Threshold(u64);

impl Threshold {
    fn of(share: f64) -> Self {
        Self((share * (1u64 << 53) as f64) as u64)
    }

    pub(super) fn hit(self, draw: u64) -> bool {
        draw >> 11 < self.0
    }
}

/// A stretch of event time in which one service fails mostly.
pub(super) struct Burst {
    pub service: usize,
    /// Microseconds since the epoch; the end is outside.
    pub from: i64,
    pub until: i64,
}

/// What a plan comes to. Times are microseconds since the epoch.
pub(super) struct Recipe {
    pub seed: u64,
    pub format: Format,
    pub files: Option<u64>,
    pub events_per_file: u64,
    pub services: Vec<String>,
    /// `{"service": "inference", "timestamp": ` by service.
    pub heads: Vec<Vec<u8>>,
    /// `, "message": "HTTP Status Code: 203` by status.
    pub requests: Vec<Vec<u8>>,
    /// By status: its code, and whether it is a success and a failure.
    pub statuses: Vec<(u16, bool, bool)>,
    /// Indices of statuses as often as their weights say, by whether the request fails.
    wheels: [Vec<u8>; 2],
    pub start_nanos: i64,
    pub interval_nanos: u64,
    pub jitter_nanos: u64,
    pub window_millis: i64,
    error: Threshold,
    burst_error: Threshold,
    pub bursts: Vec<Burst>,
    /// Cumulative, in this order.
    pub malformed: Threshold,
    pub duplicate: Threshold,
    pub chatter: Threshold,
    pub watched: Threshold,
    pub extra_fields: bool,
    pub paths: bool,
    pub watchlist_items: u64,
}

impl Recipe {
    pub(super) fn new(plan: &Plan) -> Result<Self, Error> {
        if plan.files == Some(0) {
            return Err(Error::Plan("no files are asked for; write at least one".into()));
        }
        check_shares(plan)?;
        check_services(&plan.services)?;
        let interval_nanos = nanos("interval", plan.interval)?;
        let jitter_nanos = nanos("jitter", plan.jitter)?;
        check_times(plan, interval_nanos, jitter_nanos)?;
        let outcomes = Outcomes::default();
        let statuses: Vec<_> = STATUSES
            .iter()
            .map(|&(code, _)| (code, outcomes.success.contains(code), outcomes.failure.contains(code)))
            .collect();
        let cumulative = |shares: &[f64]| Threshold::of(shares.iter().sum::<f64>().min(1.0));
        let mut recipe = Self {
            seed: plan.seed,
            format: plan.format,
            files: plan.files,
            events_per_file: plan.events_per_file,
            heads: plan.services.iter().map(|service| head(service)).collect(),
            services: plan.services.clone(),
            requests: statuses.iter().map(|s| format!(", \"message\": \"{}", message(s.0)).into_bytes()).collect(),
            wheels: [wheel(&statuses, false), wheel(&statuses, true)],
            statuses,
            start_nanos: plan.start.nanos(),
            interval_nanos,
            jitter_nanos,
            window_millis: i64::try_from(plan.window.as_millis())
                .map_err(|_| Error::Plan("the window of the truth is too long".into()))?,
            error: Threshold::of(plan.error_rate),
            burst_error: Threshold::of(BURST_ERROR_RATE.max(plan.error_rate)),
            bursts: Vec::new(),
            malformed: cumulative(&[plan.malformed]),
            duplicate: cumulative(&[plan.malformed, plan.duplicates]),
            chatter: cumulative(&[plan.malformed, plan.duplicates, plan.chatter]),
            watched: cumulative(&[plan.malformed, plan.duplicates, plan.chatter, plan.watch_share]),
            extra_fields: plan.extra_fields,
            paths: plan.watchlist_items.is_some(),
            watchlist_items: plan.watchlist_items.unwrap_or(0),
        };
        recipe.bursts = recipe.place_bursts(plan)?;
        Ok(recipe)
    }

    /// Bursts of 2 to 6 % of the run each, wherever the seed puts them.
    fn place_bursts(&self, plan: &Plan) -> Result<Vec<Burst>, Error> {
        if plan.bursts == 0 {
            return Ok(Vec::new());
        }
        let events =
            plan.events().ok_or_else(|| Error::Plan("bursts need a run that ends: set a number of files".into()))?;
        let micros = events.saturating_mul(self.interval_nanos) / 1000;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(mix(self.seed, u64::MAX));
        let burst = |_| {
            let len = micros / 50 + below(rng.next_u64(), micros / 25 + 1);
            let from = self.start_nanos / 1000 + below(rng.next_u64(), micros.saturating_sub(len) + 1) as i64;
            let service = below(rng.next_u64(), self.services.len() as u64) as usize;
            Burst { service, from, until: from + len as i64 }
        };
        Ok((0..plan.bursts).map(burst).collect())
    }

    /// The random numbers of one block.
    pub(super) fn rng(&self, file: u64, block: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(mix(mix(self.seed, file), block))
    }

    /// The index of a request's status.
    pub(super) fn status(&self, in_burst: bool, draw: u64) -> usize {
        let error = if in_burst { self.burst_error } else { self.error };
        let wheel = &self.wheels[usize::from(error.hit(draw))];
        // The low bits: those above decided whether the request fails.
        wheel[(((draw & 0x7ff) * wheel.len() as u64) >> 11) as usize].into()
    }

    /// The message of an item of the watchlist.
    pub(super) fn watched_message(&self, item: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(message(self.statuses[self.watched_status(item)].0).as_bytes());
        push_path(out, item);
    }

    /// The index of the status that an item of the watchlist names.
    pub(super) fn watched_status(&self, item: u64) -> usize {
        self.status(false, mix(mix(self.seed, u64::MAX - 1), item))
    }

    /// The number of a path that is not on the watchlist.
    pub(super) fn ordinary_path(&self, draw: u64) -> u64 {
        self.watchlist_items + below(draw, PATHS)
    }
}

pub(super) fn push_path(out: &mut Vec<u8>, item: u64) {
    out.extend_from_slice(b" for /item/");
    push_number(out, item);
}

/// A number below `bound` (Lemire 2019, without the rejection: the bias is below 2^-30 here).
pub(super) fn below(draw: u64, bound: u64) -> u64 {
    ((u128::from(draw) * u128::from(bound)) >> 64) as u64
}

/// A hash of two numbers: SplitMix64's finalizer (Steele, Lea, Flood 2014), a bijection in `b`.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut z = (a ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd129_0d5b_2f8b_72c1).wrapping_add(b);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn message(code: u16) -> String {
    format!("HTTP Status Code: {code}")
}

fn head(service: &str) -> Vec<u8> {
    format!("{{\"service\": {}, \"timestamp\": ", serde_json::Value::from(service)).into_bytes()
}

fn wheel(statuses: &[(u16, bool, bool)], failure: bool) -> Vec<u8> {
    let weighted = STATUSES.iter().zip(statuses).enumerate().filter(|(_, (_, status))| status.2 == failure);
    weighted.flat_map(|(index, ((_, weight), _))| std::iter::repeat_n(index as u8, *weight as usize)).collect()
}

fn nanos(name: &str, time: Duration) -> Result<u64, Error> {
    u64::try_from(time.as_nanos()).map_err(|_| Error::Plan(format!("the {name} is too long")))
}

fn check_shares(plan: &Plan) -> Result<(), Error> {
    let parts = [
        ("malformed", plan.malformed),
        ("duplicates", plan.duplicates),
        ("chatter", plan.chatter),
        ("watch share", plan.watch_share),
    ];
    for (name, share) in parts.into_iter().chain([("error rate", plan.error_rate)]) {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::Plan(format!("the {name} is {share}; it is a share and lies between 0 and 1")));
        }
    }
    // Shares such as 0.1 have no exact binary form, so that their sum may pass 1 by a hair.
    if parts.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
        let names = parts.map(|(name, share)| format!("{name} {share}")).join(", ");
        return Err(Error::Plan(format!("more than all records are spoken for ({names}); lower one of them")));
    }
    if plan.watch_share > 0.0 && plan.watchlist_items.unwrap_or(0) == 0 {
        return Err(Error::Plan("a watch share needs a watchlist with at least one message".into()));
    }
    Ok(())
}

fn check_services(services: &[String]) -> Result<(), Error> {
    if services.is_empty() || services.iter().any(String::is_empty) {
        return Err(Error::Plan("every service needs a name; write them as `a,b,c`".into()));
    }
    let mut names: Vec<_> = services.iter().collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::Plan(format!("the service `{}` is named twice", pair[0]))),
        None => Ok(()),
    }
}

fn check_times(plan: &Plan, interval_nanos: u64, jitter_nanos: u64) -> Result<(), Error> {
    if i128::from(plan.start.nanos()) < i128::from(jitter_nanos) {
        return Err(Error::Plan("the first event may not lie before 1970, jitter included; start later".into()));
    }
    let span = u128::from(interval_nanos) * u128::from(plan.events().unwrap_or(0));
    if span > (i64::MAX - plan.start.nanos()) as u128 {
        return Err(Error::Plan(
            "the last event would lie after 2262; shorten the interval or write fewer events".into(),
        ));
    }
    Ok(())
}
