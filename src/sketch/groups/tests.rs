use super::*;
use crate::report::Cell;
use crate::sketch::laws;
use crate::sketch::{Merge, key_cells};
use proptest::prelude::*;
use std::collections::HashMap;

fn fold(mut groups: Groups<u64>, keys: &[u8]) -> Groups<u64> {
    for key in keys {
        *groups.entry([Value::Int(i64::from(*key)), Value::Text("x")].iter()) += 1;
    }
    groups
}

/// Long texts that differ where a hint does not look, and others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["/api/v1/[ab]{1,2}/[ab]{0,4}/items/of/it", "[ab]{0,3}", "[ab]{14,18}"]
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..20, 0..60)
}

fn places_of<I>(items: &[I], is_one: impl Fn(&I) -> bool) -> Vec<usize> {
    (0..items.len()).filter(|place| is_one(&items[*place])).collect()
}

proptest! {
    #[test]
    fn laws_hold(a in keys(), b in keys(), c in keys()) {
        laws::hold(fold, [&a, &b, &c], Groups::default);
    }

    #[test]
    fn every_key_counts_for_itself(keys in keys()) {
        let mut expected = HashMap::new();
        keys.iter().for_each(|key| *expected.entry(i64::from(*key)).or_insert(0u64) += 1);
        let groups = fold(Groups::default(), &keys);
        let mut expected: Vec<_> = expected.into_iter().collect();
        expected.sort();
        let found: Vec<_> = groups.sorted().map(|(key, count)| (key_cells(key).next().unwrap(), *count)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(key, count)| (Cell::Int(key), count)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn however_a_key_is_found_it_is_the_right_one(texts in prop::collection::vec((text(), text()), 0..200)) {
        let (mut one, mut two) = (Groups::<Vec<usize>>::default(), Groups::<Vec<usize>>::default());
        for (place, (a, b)) in texts.iter().enumerate() {
            let found = one.place_of_text(a);
            one.at_mut(found).push(place);
            two.entry([Value::Text(a), Value::Text(b)].iter()).push(place);
        }
        for (key, places) in one.sorted() {
            let expected = places_of(&texts, |(a, _)| Cell::Text(a.into()) == key_cells(key).next().unwrap());
            prop_assert_eq!(places, &expected);
        }
        for (key, places) in two.sorted() {
            let expected = places_of(&texts, |(a, b)| [a, b].map(|text| Cell::Text(text.into()))[..] == key_cells(key).collect::<Vec<_>>());
            prop_assert_eq!(places, &expected);
        }
    }

    #[test]
    fn a_cap_keeps_the_first_keys_however_the_input_was_cut(keys in keys(), cut in 0usize..60, max in 0usize..10) {
        let mut whole = fold(Groups::default(), &keys);
        whole.cap(max);
        let cut = cut.min(keys.len());
        let mut parts = Groups::default();
        for part in [&keys[..cut], &keys[cut..]] {
            parts.merge(fold(Groups::default(), part));
            parts.cap(max);
        }
        prop_assert!(parts.len() <= max);
        prop_assert_eq!(parts.iter().collect::<Vec<_>>(), whole.iter().collect::<Vec<_>>());
        prop_assert_eq!(parts.overflow, whole.overflow);
        prop_assert_eq!(parts.values().sum::<u64>(), keys.len() as u64);
        // What is indexed is what is held: a key that was moved away is new again.
        for key in keys {
            parts.find([Value::Int(i64::from(key)), Value::Text("x")].iter());
        }
    }
}

proptest! {
    #[test]
    fn rows_of_two_machines_are_whole(a in keys(), b in keys(), max: [usize; 2]) {
        let capped = |keys: &[u8], max: usize| {
            let mut groups = fold(Groups::default(), keys);
            groups.cap(max % 25);
            groups
        };
        let mut joined = capped(&a, max[0]);
        joined.join(capped(&b, max[1]));
        let whole = fold(Groups::default(), &[a.clone(), b.clone()].concat());
        let whole: HashMap<&[u8], &u64> = whole.iter().collect();
        prop_assert!(joined.iter().all(|(key, count)| whole[key] == count));
        prop_assert_eq!(joined.values().sum::<u64>(), (a.len() + b.len()) as u64);
        let is_full = |keys: &[u8], max: usize| capped(keys, max).overflow().is_some();
        if !is_full(&a, max[0]) && !is_full(&b, max[1]) {
            prop_assert_eq!(joined.len(), whole.len());
        }
        // What is indexed is what is held.
        for (key, count) in joined.clone().iter() {
            prop_assert_eq!(&*joined.entry_of_key(key), count);
        }
    }
}

#[test]
fn overflows_are_merged_as_well() {
    let capped = |keys: &[u8]| {
        let mut groups = fold(Groups::default(), keys);
        groups.cap(1);
        groups
    };
    let mut groups = capped(&[1]);
    groups.merge(capped(&[1, 2, 3, 3]));
    assert_eq!(groups.overflow(), Some(&3));
    groups.merge(capped(&[1, 4]));
    groups.merge(capped(&[1]));
    assert_eq!(groups.overflow(), Some(&4));
}

#[test]
fn a_damaged_image_is_refused() {
    let groups = fold(Groups::default(), &[1]);
    let image = serde_json::to_string(&groups).unwrap();
    assert!(serde_json::from_str::<Groups<u64>>(&image).is_ok());
    assert!(serde_json::from_str::<Groups<u64>>(&image.replacen("[[[3,", "[[[99,", 1)).is_err());
    let (head, rest) = image.split_once("[[").unwrap();
    let (entry, tail) = rest.split_once("]]").unwrap();
    assert!(serde_json::from_str::<Groups<u64>>(&format!("{head}[[{entry}],[{entry}]]{tail}")).is_err());
}
