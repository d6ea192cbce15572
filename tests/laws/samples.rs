//! Samples of several machines are joined to one that is uniform: over machines, positions and orders, also where
//! all machines have files of the same names with records at the same offsets.
//!
//! The salts are fixed, so that each test comes out the same each time.

use crate::harness::{Record, root_of};
use std::collections::HashMap;
use streamlab::analysis::{Analysis, Reservoir};
use streamlab::event::{Role, Span};
use streamlab::report::Cell;
use streamlab::schema::Field;

/// The records of a machine, which have a number of their own each.
fn machine(first: u16, count: u16) -> Vec<Record> {
    let record = |place: u16| Record {
        file: 1,
        offset: u64::from(place) * 50,
        time_ns: None,
        service: None,
        status: Some(first + place),
        message: "",
    };
    (0..count).map(record).collect()
}

/// Machines of so many records each, numbered through.
fn machines(counts: &[u16]) -> Vec<Vec<Record>> {
    let first = |place: usize| counts[..place].iter().sum();
    counts.iter().enumerate().map(|(place, count)| machine(first(place), *count)).collect()
}

fn reservoir(size: usize, salt: u64) -> Reservoir {
    Reservoir::new(size, 0, "status".to_owned(), Field::Slot(Role::Status as usize)).joinable(salt)
}

/// The numbers in a sample that was joined in the given order.
fn sample(size: usize, trial: u64, machines: &[Vec<Record>], order: &[usize]) -> Vec<usize> {
    let analysis = |place: usize| reservoir(size, trial * 1000 + place as u64);
    let state = |place: usize| root_of(&analysis(place), &machines[place]).0;
    let mut all = state(order[0]);
    for place in &order[1..] {
        assert_eq!(reservoir(size, 0).join(&mut all, state(*place)), Ok(None));
    }
    let answer = reservoir(size, 0).report(&mut all, Span::default(), true);
    let numbers = answer.rows.iter().map(|row| match row[0] {
        Cell::Int(number) => usize::try_from(number).unwrap(),
        ref other => panic!("{other:?} is no number"),
    });
    let numbers: Vec<usize> = numbers.collect();
    let total: usize = machines.iter().map(Vec::len).sum();
    assert_eq!(numbers.len(), size.min(total));
    numbers
}

/// Holds counts to what is expected of them, to one error in some ten thousand.
fn fits(counts: &[u64], expected: &[f64]) {
    let chi_squared: f64 =
        counts.iter().zip(expected).map(|(count, expected)| (*count as f64 - expected).powi(2) / expected).sum();
    let freedom = (counts.len() - 1) as f64;
    // Wilson and Hilferty: the cube root of what it should come to is nearly normal.
    let spread = 2.0 / (9.0 * freedom);
    let deviation = ((chi_squared / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
    assert!(deviation < 4.0, "{chi_squared} for {freedom} degrees of freedom: {counts:?}");
}

#[test]
fn each_record_of_two_machines_is_as_likely_in_either_order() {
    let machines = machines(&[20, 20]);
    let mut counts = vec![0; 40];
    for trial in 0..4000 {
        let one = sample(1, trial, &machines, &[0, 1]);
        assert_eq!(one, sample(1, trial, &machines, &[1, 0]), "the order does not matter");
        counts[one[0]] += 1;
    }
    fits(&counts, &[100.0; 40]);
    fits(&[counts[..20].iter().sum(), counts[20..].iter().sum()], &[2000.0; 2]);
}

#[test]
fn twenty_machines_are_all_sampled() {
    let machines = machines(&[20; 20]);
    let order: Vec<usize> = (0..20).collect();
    let mut counts = vec![0; 20];
    for trial in 0..500 {
        sample(10, trial, &machines, &order).into_iter().for_each(|number| counts[number / 20] += 1);
    }
    fits(&counts, &[250.0; 20]);
}

/// A machine with more records has more of the sample, and as much more as chance would give it.
#[test]
fn machines_of_unlike_sizes_are_sampled_by_size() {
    let (machines, size) = (machines(&[5, 20, 75]), 10);
    let (mut shares, mut of_first) = ([0; 3], [0; 5]);
    for trial in 0..2000 {
        let mut found = [0; 3];
        for number in sample(size, trial, &machines, &[2, 0, 1]) {
            found[usize::from(number >= 5) + usize::from(number >= 25)] += 1;
        }
        (0..3).for_each(|place| shares[place] += found[place]);
        of_first[(found[0] as usize).min(4)] += 1;
    }
    fits(&shares, &[1000.0, 4000.0, 15_000.0]);
    let choose = |n: u64, k: u64| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
    let hypergeometric = |k: u64| choose(5, k) * choose(95, 10 - k) / choose(100, 10);
    let expected: Vec<f64> = (0..3).map(|k| 2000.0 * hypergeometric(k)).collect();
    fits(&of_first[..3], &expected);
}

/// What one machine has in the sample says nothing of what another has, although their records stand at
/// the same offsets.
#[test]
fn records_at_one_offset_are_not_sampled_together() {
    let machines = machines(&[100, 100]);
    let (trials, size) = (2000, 20);
    let mut pairs = 0.0;
    for trial in 0..trials {
        let mut seen = HashMap::<usize, u32>::new();
        sample(size, trial, &machines, &[0, 1]).iter().for_each(|number| *seen.entry(number % 100).or_default() += 1);
        pairs += seen.values().filter(|count| **count == 2).count() as f64;
    }
    let expected = 100.0 * 20.0 * 19.0 / (200.0 * 199.0);
    let mean = pairs / trials as f64;
    assert!((mean / expected - 1.0).abs() < 0.1, "{mean}, and by chance it is {expected}");
}

#[test]
fn a_sample_that_was_not_made_to_be_joined_is_refused() {
    let plain = Reservoir::new(3, 0, "status".to_owned(), Field::Slot(Role::Status as usize));
    let mut state = root_of(&plain, &machine(0, 9)).0;
    let other = root_of(&plain, &machine(0, 9)).0;
    assert!(plain.join(&mut state, other).is_err());
}
