//! The aggregates of a row, held to what they are by definition.

use super::aggregates::{Aggregate, Aggregates};
use super::row::Row;
use crate::analysis::Measure;
use crate::event::{Event, FileId, Position, Value};
use crate::expr::Condition;
use crate::report::Cell;
use crate::schema::{Field, Schema, preset};
use crate::sketch::Merge;
use proptest::prelude::*;

fn all(schema: &mut Schema) -> Aggregates {
    let field = Measure::Field(schema.field("ms").unwrap());
    let rate = |source: &str, schema: &mut Schema| Aggregate::Rate(Box::new(Condition::new(source, schema).unwrap()));
    let list = vec![
        Aggregate::Count,
        rate("ms > 10", schema),
        rate("ms < 0", schema),
        Aggregate::Sum(field.clone()),
        Aggregate::Mean(field.clone()),
        Aggregate::Min(field.clone()),
        Aggregate::Max(field.clone()),
        Aggregate::Stddev(field.clone()),
        Aggregate::Quantile(field.clone(), 0.5),
        Aggregate::Quantile(field.clone(), 0.99),
        Aggregate::Distinct(field.clone()),
        Aggregate::Top(field, 3),
    ];
    Aggregates::new(list.into_iter().enumerate().map(|(place, aggregate)| (place.to_string(), aggregate)).collect())
}

fn fold(aggregates: &Aggregates, values: &[Option<i64>]) -> Row {
    let mut row = Row::default();
    for value in values {
        let mut fields = [Value::Missing; 6];
        fields[5] = value.map_or(Value::Missing, Value::Int);
        let at = Position { file: FileId(0), offset: 0 };
        aggregates.add(&mut row, &Event { at, raw: b"{}", time: None, fields: &fields }, false, &mut 0);
    }
    row
}

proptest! {
    #[test]
    fn aggregates_are_what_they_are_called(
        values in prop::collection::vec(prop::option::weighted(0.9, prop_oneof![-20i64..50, any::<i32>().prop_map(i64::from)]), 0..300),
        cut: prop::sample::Index,
    ) {
        let mut schema = Schema::new(preset("lab").unwrap());
        let aggregates = all(&mut schema);
        prop_assert_eq!(schema.field("ms"), Ok(Field::Slot(5)));
        let whole: Vec<Cell> = aggregates.cells(&fold(&aggregates, &values)).collect();
        let cut = cut.index(values.len() + 1);
        let mut merged = fold(&aggregates, &values[..cut]);
        merged.merge(fold(&aggregates, &values[cut..]));
        // As images are: JSON has no infinity, which an empty sketch holds.
        let stored: Row = postcard::from_bytes(&postcard::to_stdvec(&merged).unwrap()).unwrap();
        prop_assert_eq!(aggregates.cells(&merged).collect::<Vec<_>>(), whole.clone());
        prop_assert_eq!(aggregates.cells(&stored).collect::<Vec<_>>(), whole.clone());

        let mut numbers: Vec<i64> = values.iter().flatten().copied().collect();
        numbers.sort_unstable();
        let (count, sum) = (numbers.len() as f64, numbers.iter().sum::<i64>());
        let share = |hits: usize| Cell::rate(hits as u64, values.len() as u64);
        let by_name = |name: &str| whole[aggregates.columns().position(|column| column == name).unwrap()].clone();
        prop_assert_eq!(by_name("0"), Cell::Count(values.len() as u64));
        prop_assert_eq!(by_name("1"), share(numbers.iter().filter(|number| **number > 10).count()));
        prop_assert_eq!(by_name("2"), share(numbers.iter().filter(|number| **number < 0).count()));
        if numbers.is_empty() {
            for name in ["3", "4", "5", "6", "7", "8", "9"] {
                prop_assert_eq!(by_name(name), Cell::Null);
            }
            return Ok(());
        }
        prop_assert_eq!(by_name("3"), Cell::Int(sum));
        prop_assert_eq!(by_name("4"), Cell::Float(sum as f64 / count));
        prop_assert_eq!(by_name("5"), Cell::Int(numbers[0]));
        prop_assert_eq!(by_name("6"), Cell::Int(numbers[numbers.len() - 1]));
        if let Cell::Float(found) = by_name("7") {
            let mean = sum as f64 / count;
            let spread: f64 = numbers.iter().map(|number| (*number as f64 - mean).powi(2)).sum();
            let expected = (spread / (count - 1.0)).sqrt();
            prop_assert!((found - expected).abs() <= 1e-9 * expected.max(1.0), "{} is not {}", found, expected);
        } else {
            prop_assert_eq!(numbers.len(), 1);
        }
        for (name, quantile) in [("8", 0.5), ("9", 0.99)] {
            let exact = numbers[(quantile * (count - 1.0)) as usize] as f64;
            let Cell::Float(found) = by_name(name) else { panic!("a number") };
            prop_assert!((found - exact).abs() <= 0.010001 * exact.abs(), "{} is not within 1 % of {}", found, exact);
        }
        let mut counts: Vec<(i64, u64)> = numbers.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
        match by_name("10") {
            Cell::Count(found) if counts.len() <= 100 => prop_assert_eq!(found, counts.len() as u64),
            Cell::Count(found) => prop_assert!(found.abs_diff(counts.len() as u64) as f64 <= 0.1 * counts.len() as f64),
            other => panic!("{other:?} is no count"),
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let Cell::Ranks(ranks) = by_name("11") else { panic!("ranks") };
        let times = |count: usize| counts.iter().take(count).map(|(_, times)| *times).collect::<Vec<_>>();
        prop_assert_eq!(ranks.iter().map(|(_, times)| *times).collect::<Vec<_>>(), times(3));
        prop_assert!(ranks.iter().all(|(value, times)| counts.iter().any(|(number, held)| *value == Cell::Int(*number) && held == times)));
    }
}
