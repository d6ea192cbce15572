//! A compact byte form of field values, so that a key is compared and hashed without decoding.
//!
//! The form is unambiguous: two lists of values have the same bytes only if they are equal. A
//! missing field and a null are the same value; `5` and `"5"` are not, nor are `5` and `5.0`.

use super::Number;
use crate::event::Value;
use crate::report::Cell;
use std::cmp::Ordering;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
/// Followed by 8 bytes, little endian.
const INT: u8 = 3;
/// An integer above `i64::MAX`; followed by 8 bytes, little endian.
const UINT: u8 = 4;
/// Followed by the 8 bytes of its bits, little endian.
const FLOAT: u8 = 5;
/// Followed by its length in bytes (LEB128) and its bytes.
const TEXT: u8 = 6;
const NESTED: u8 = 7;
/// An integer beyond 64 bits; followed by the length of its digits in bytes (LEB128) and the digits.
const BIG: u8 = 8;

/// Appends the byte form of one value to a key.
pub fn encode_value(value: Value<'_>, key: &mut Vec<u8>) {
    match value {
        Value::Missing | Value::Null => key.push(NULL),
        Value::Bool(false) => key.push(FALSE),
        Value::Bool(true) => key.push(TRUE),
        Value::Int(int) => number(INT, int.to_le_bytes(), key),
        Value::Uint(uint) => match i64::try_from(uint) {
            Ok(int) => number(INT, int.to_le_bytes(), key),
            Err(_) => number(UINT, uint.to_le_bytes(), key),
        },
        Value::Float(float) => number(FLOAT, float.to_bits().to_le_bytes(), key),
        Value::Text(text) => letters(TEXT, text, key),
        Value::Big(digits) => letters(BIG, digits, key),
        Value::Nested => key.push(NESTED),
    }
}

#[inline(always)]
fn letters(tag: u8, text: &str, key: &mut Vec<u8>) {
    key.push(tag);
    let mut length = text.len();
    while length >= 0x80 {
        key.push(length as u8 | 0x80);
        length >>= 7;
    }
    key.push(length as u8);
    key.extend_from_slice(text.as_bytes());
}

fn number(tag: u8, bytes: [u8; 8], key: &mut Vec<u8>) {
    key.push(tag);
    key.extend_from_slice(&bytes);
}

/// Whether these values have this byte form: told without making it.
#[inline(always)]
pub(super) fn is_key_of<'k, 'v: 'k>(mut key: &[u8], values: impl Iterator<Item = &'k Value<'v>>) -> bool {
    for value in values {
        match strip_value(key, value) {
            Some(rest) => key = rest,
            None => return false,
        }
    }
    key.is_empty()
}

/// What follows the value in a key that begins with it.
#[inline(always)]
fn strip_value<'k>(key: &'k [u8], value: &Value<'_>) -> Option<&'k [u8]> {
    let (tag, rest) = key.split_first()?;
    let after = |wanted| (*tag == wanted).then_some(rest);
    match value {
        Value::Missing | Value::Null => after(NULL),
        Value::Bool(false) => after(FALSE),
        Value::Bool(true) => after(TRUE),
        Value::Int(int) => after(INT)?.strip_prefix(&int.to_le_bytes()),
        Value::Uint(uint) => {
            let tag = if i64::try_from(*uint).is_ok() { INT } else { UINT };
            after(tag)?.strip_prefix(&uint.to_le_bytes())
        }
        Value::Float(float) => after(FLOAT)?.strip_prefix(&float.to_bits().to_le_bytes()),
        Value::Text(text) => strip_letters(after(TEXT)?, text),
        Value::Big(digits) => strip_letters(after(BIG)?, digits),
        Value::Nested => after(NESTED),
    }
}

#[inline(always)]
fn strip_letters<'k>(mut rest: &'k [u8], text: &str) -> Option<&'k [u8]> {
    let mut length = text.len();
    while length >= 0x80 {
        rest = rest.strip_prefix(&[length as u8 | 0x80])?;
        length >>= 7;
    }
    rest.strip_prefix(&[length as u8])?.strip_prefix(text.as_bytes())
}

/// The cells of a key, one a value; `None` where the bytes are no key.
pub fn decode_key(mut key: &[u8]) -> Option<Vec<Cell>> {
    std::iter::from_fn(|| (!key.is_empty()).then(|| take_cell(&mut key))).collect()
}

/// The cells of a key that was made by [`encode_value`], or checked on load.
pub fn key_cells(mut key: &[u8]) -> impl Iterator<Item = Cell> {
    std::iter::from_fn(move || {
        (!key.is_empty()).then(|| take_cell(&mut key).expect("keys are made by encode_value or checked on load"))
    })
}

fn take_cell(key: &mut &[u8]) -> Option<Cell> {
    let (tag, rest) = key.split_first()?;
    *key = rest;
    Some(match *tag {
        NULL => Cell::Null,
        FALSE => Cell::Bool(false),
        TRUE => Cell::Bool(true),
        INT => Cell::Int(i64::from_le_bytes(take_number(key)?)),
        UINT => Cell::Count(u64::from_le_bytes(take_number(key)?)),
        FLOAT => Cell::Float(f64::from_bits(u64::from_le_bytes(take_number(key)?))),
        TEXT => Cell::Text(take_text(key)?.into()),
        BIG => Cell::Big(take_text(key)?.into()),
        NESTED => Cell::Nested,
        _ => return None,
    })
}

/// The bytes of a key that is one text.
pub(super) fn single_text(key: &[u8]) -> Option<&[u8]> {
    let (tag, mut rest) = key.split_first()?;
    let length = if *tag == TEXT { take_length(&mut rest)? } else { return None };
    (rest.len() == length).then_some(rest)
}

fn take_number(key: &mut &[u8]) -> Option<[u8; 8]> {
    let (bytes, rest) = key.split_first_chunk()?;
    *key = rest;
    Some(*bytes)
}

fn take_text<'k>(key: &mut &'k [u8]) -> Option<&'k str> {
    let length = take_length(key)?;
    let (text, rest) = key.split_at_checked(length)?;
    *key = rest;
    std::str::from_utf8(text).ok()
}

fn take_length(key: &mut &[u8]) -> Option<usize> {
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let (byte, rest) = key.split_first()?;
        *key = rest;
        if shift > 56 {
            return None;
        }
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
}

/// The order of rows by keys in their byte form; the empty key comes last.
pub fn compare_keys(a: &[u8], b: &[u8]) -> Ordering {
    let cells = |key| key_cells(key).collect::<Vec<_>>();
    a.is_empty().cmp(&b.is_empty()).then_with(|| compare(&cells(a), &cells(b)))
}

/// Sorts places by their keys, of which each stands once. The commonest keys are one text each, such as
/// names that begin alike: what follows that beginning tells most of them apart, as a number.
pub(super) fn sort<'k>(places: Vec<usize>, key: impl Fn(usize) -> &'k [u8]) -> Vec<usize> {
    let text = |place: usize| single_text(key(place));
    let shared = places.first().and_then(|place| text(*place)).and_then(|first| {
        let alike = |shared, text: &[u8]| first[..shared].iter().zip(text).take_while(|(a, b)| a == b).count();
        places.iter().try_fold(first.len(), |shared, place| Some(alike(shared, text(*place)?)))
    });
    let Some(shared) = shared else {
        let mut order: Vec<(Vec<Cell>, usize)> =
            places.into_iter().map(|place| (key_cells(key(place)).collect(), place)).collect();
        order.sort_by(|(a, _), (b, _)| compare(a, b));
        return order.into_iter().map(|(_, place)| place).collect();
    };
    let beginning = |place: usize| {
        let mut bytes = [0; 8];
        let rest = text(place).and_then(|text| text.get(shared..)).unwrap_or_default();
        bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(bytes)
    };
    let mut order: Vec<(u64, usize)> = places.into_iter().map(|place| (beginning(place), place)).collect();
    order.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| text(*one).cmp(&text(*other))));
    order.into_iter().map(|(_, place)| place).collect()
}

/// The order of rows: null, then false, true, numbers by size, text by its bytes, objects and arrays.
pub fn compare(a: &[Cell], b: &[Cell]) -> Ordering {
    let unequal = a.iter().zip(b).map(|(a, b)| compare_cells(a, b)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn compare_cells(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        _ => match (Number::of_cell(a), Number::of_cell(b)) {
            (Some(x), Some(y)) => compare_numbers(&x, &y).then_with(|| is_float(a).cmp(&is_float(b))),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

/// By size, exactly; no two numbers but equal ones of different kinds are equal.
fn compare_numbers(a: &Number<'_>, b: &Number<'_>) -> Ordering {
    match (a, b) {
        // That of NaN and of zeros with a sign.
        (Number::Float(a), Number::Float(b)) => a.total_cmp(b),
        _ => a.compare(b),
    }
}

fn is_float(cell: &Cell) -> bool {
    matches!(cell, Cell::Float(_))
}

fn rank(cell: &Cell) -> u8 {
    match cell {
        Cell::Null => 0,
        Cell::Bool(_) => 1,
        Cell::Text(_) => 3,
        Cell::Nested => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(cell: &Cell) -> Value<'_> {
        match cell {
            Cell::Null => Value::Missing,
            Cell::Bool(bool) => Value::Bool(*bool),
            Cell::Int(int) => Value::Int(*int),
            Cell::Count(uint) => Value::Uint(*uint),
            Cell::Float(float) => Value::Float(*float),
            Cell::Text(text) => Value::Text(text),
            Cell::Nested => Value::Nested,
            other => panic!("{other:?} is no key"),
        }
    }

    fn encode(values: &[Cell]) -> Vec<u8> {
        let mut key = Vec::new();
        values.iter().for_each(|cell| encode_value(value(cell), &mut key));
        key
    }

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Null),
            Just(Cell::Nested),
            any::<bool>().prop_map(Cell::Bool),
            any::<i64>().prop_map(Cell::Int),
            (-3i64..3).prop_map(Cell::Int),
            (i64::MAX as u64 + 1..).prop_map(Cell::Count),
            any::<f64>().prop_map(Cell::Float),
            "[a-c\\x00\\x06é]{0,3}".prop_map(|text| Cell::Text(text.into())),
            "a{125,300}".prop_map(|text| Cell::Text(text.into())),
        ]
    }

    proptest! {
        #[test]
        fn a_key_reads_back_and_every_cut_of_it_is_another(cells in prop::collection::vec(cell(), 0..4)) {
            let key = encode(&cells);
            prop_assert_eq!(key_cells(&key).collect::<Vec<_>>(), cells.clone());
            prop_assert_eq!(decode_key(&key), Some(cells));
            for cut in 0..key.len() {
                prop_assert!(decode_key(&key[..cut]).is_none_or(|cells| encode(&cells) == key[..cut]));
            }
        }

        #[test]
        fn a_key_is_told_by_its_values(
            cells in prop::collection::vec(cell(), 0..4),
            other in prop::option::of((any::<prop::sample::Index>(), cell())),
            more in prop::option::of(cell()),
        ) {
            let (key, mut others) = (encode(&cells), cells);
            if let Some((place, other)) = other && !others.is_empty() {
                *place.get_mut(&mut others) = other;
            }
            others.extend(more);
            for end in 0..=others.len() {
                let others = &others[..end];
                let values: Vec<_> = others.iter().map(value).collect();
                prop_assert_eq!(is_key_of(&key, values.iter()), encode(others) == key, "{:?}", others);
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>) {
            decode_key(&bytes);
        }

        #[test]
        fn the_order_is_total(a in cell(), b in cell(), c in cell()) {
            prop_assert_eq!(compare_cells(&a, &b), compare_cells(&b, &a).reverse());
            if compare_cells(&a, &b).is_le() && compare_cells(&b, &c).is_le() {
                prop_assert!(compare_cells(&a, &c).is_le());
            }
        }
    }

    #[test]
    fn values_of_different_kinds_are_different_keys_in_a_sensible_order() {
        let sorted = [
            Cell::Null,
            Cell::Bool(false),
            Cell::Bool(true),
            Cell::Int(-1),
            Cell::Float(0.5),
            Cell::Int(5),
            Cell::Float(5.0),
            Cell::Float(9_007_199_254_740_992.0),
            Cell::Int(9_007_199_254_740_993),
            Cell::Count(u64::MAX),
            Cell::Text("".into()),
            Cell::Text("10".into()),
            Cell::Text("5".into()),
        ];
        for pair in sorted.windows(2) {
            assert_eq!(compare_cells(&pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(encode(&[Cell::Count(5)]), encode(&[Cell::Int(5)]), "how an integer was held does not matter");
        let mut missing_and_null = [Vec::new(), Vec::new()];
        encode_value(Value::Missing, &mut missing_and_null[0]);
        encode_value(Value::Null, &mut missing_and_null[1]);
        assert_eq!(missing_and_null[0], missing_and_null[1]);
    }
}
