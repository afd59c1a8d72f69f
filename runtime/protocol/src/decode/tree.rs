//! JSON values from the events of a source.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::budget::{ALLOCATION, MemoryBudget};
use crate::source::{Event, Source, SyntaxError};

/// The estimated sizes of a value, of a further member, and of an object with its first member.
const VALUE: usize = size_of::<Value>();
const MEMBER: usize = size_of::<String>() + VALUE;
const OBJECT: usize = 12 * MEMBER;

/// Reads a whole document.
pub(super) fn read_document<'a, S: Source<'a>>(mut source: S, budget: &mut MemoryBudget) -> Result<Value, SyntaxError> {
    let start = source.next()?;
    let value = read_value(&mut source, budget, start)?;
    source.next()?;
    Ok(value)
}

/// Reads the value whose first event is `value`. Sources limit its depth.
pub(super) fn read_value<'a, S: Source<'a>>(
    source: &mut S,
    budget: &mut MemoryBudget,
    value: Event<'a>,
) -> Result<Value, SyntaxError> {
    try_read_value(source, budget, value)?.ok_or_else(|| budget.exhausted())
}

/// Reads a value, or skips it and returns `None` if the budget is exhausted.
pub(super) fn try_read_value<'a, S: Source<'a>>(
    source: &mut S,
    budget: &mut MemoryBudget,
    value: Event<'a>,
) -> Result<Option<Value>, SyntaxError> {
    let fits = budget.try_charge(VALUE + ALLOCATION);
    Ok(match value {
        Event::StartList => {
            let mut items = fits.then(Vec::new);
            loop {
                match source.next()? {
                    Event::EndList => break items.map(Value::Array),
                    item => {
                        items = items.filter(|items| budget.try_charge_element(items.len(), VALUE));
                        let item = try_read_value(source, budget, item)?;
                        items = items.zip(item).map(|(mut items, item)| {
                            items.push(item);
                            items
                        });
                    }
                }
            }
        }
        Event::StartObject => {
            let mut members = fits.then(Map::new);
            while let Event::Key(key) = source.next()? {
                members = members.filter(|members| budget.try_charge(if members.is_empty() { OBJECT } else { MEMBER }));
                let value = source.next()?;
                let value = try_read_value(source, budget, value)?;
                members = members.zip(value).map(|(mut members, value)| {
                    insert(&mut members, key.into_owned(), value, S::KEYS_REPEAT);
                    members
                });
            }
            members.map(Value::Object)
        }
        scalar => fits.then(|| self::scalar(scalar)),
    })
}

fn scalar(value: Event<'_>) -> Value {
    match value {
        Event::Text(text) => Value::String(text.into_owned()),
        Event::Number(text) => number(&text),
        Event::Float(text) => text.parse().ok().and_then(Number::from_f64).map_or(Value::String(text), Value::Number),
        Event::Boolean(boolean) => Value::Bool(boolean),
        _ => Value::Null,
    }
}

/// Inserts a member. If keys may repeat, the values of a repeated key become a list.
fn insert(members: &mut Map<String, Value>, key: String, value: Value, repeat: bool) {
    match members.get_mut(&key) {
        Some(Value::Array(values)) if repeat => values.push(value),
        Some(first) if repeat => *first = Value::Array(vec![first.take(), value]),
        _ => {
            members.insert(key, value);
        }
    }
}

/// Parses a decimal without loss of digits.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Returns a number if it is exact, else its text.
fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<u64>()) {
        // Only a float can be -0.
        (Ok(number), _) if text != "-0" => return Value::from(number),
        (_, Ok(number)) => return Value::from(number),
        _ => {}
    }
    let float = text.parse().ok().and_then(Number::from_f64);
    match float.filter(|float| decimal(text).is_some_and(|number| decimal(&float.to_string()) == Some(number))) {
        Some(float) => Value::Number(float),
        None => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{MemoryBudget, read_document};
    use crate::source::{JsonSource, Source, SyntaxError, TreeSource};

    fn document<'a>(source: impl Source<'a>) -> Result<Value, SyntaxError> {
        read_document(source, &mut MemoryBudget::of_body(0))
    }

    /// Replaces fractions by null, because a float may not be exact.
    fn without_fractions(value: Value) -> Value {
        match value {
            Value::Number(number) if number.is_f64() => Value::Null,
            Value::String(text) if text.parse::<f64>().is_ok() => Value::Null,
            Value::Array(items) => items.into_iter().map(without_fractions).collect(),
            Value::Object(members) => members.into_iter().map(|(key, value)| (key, without_fractions(value))).collect(),
            value => value,
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (any::<i32>(), 1..6).prop_map(|(number, places)| Value::from(f64::from(number) / 10_f64.powi(places))),
            ".{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::hash_map(".{0,6}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_serialized_json(value in any_value()) {
            prop_assert_eq!(document(JsonSource::new(&value.to_string())), Ok(value.clone()));
            prop_assert_eq!(document(JsonSource::new(&format!(" {value:#}\r\n"))), Ok(value.clone()));
            prop_assert_eq!(document(TreeSource::new(&value)), Ok(value));
        }

        /// Compares with serde_json on texts similar to JSON. The errors in `lenient` are accepted on purpose.
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{},:\"\\\\ntrufalse0-9.eE+\\- \u{1}\u{e9}u]{0,24}", value in any_value(), cut in any::<usize>()) {
            let cut_off: String = value.to_string().chars().take(cut % 40).collect();
            for text in [text, cut_off] {
                let ours = document(JsonSource::new(&text));
                match serde_json::from_str::<Value>(&text) {
                    Ok(value) => prop_assert_eq!(ours.map(without_fractions), Ok(without_fractions(value)), "{:?}", text),
                    Err(error) => {
                        let reason = error.to_string();
                        let lenient = ["control character", "surrogate", "hex escape", "number out of range"];
                        prop_assert!(ours.is_err() || lenient.iter().any(|known| reason.contains(known)), "{:?}: {}", text, reason);
                    }
                }
            }
        }
    }

    #[test]
    fn rejects_values_that_need_too_much_memory() {
        // A value is larger if another crate of the build turns on `preserve_order` of serde_json.
        for (item, count, fits) in [
            ("1", 1 << 19, true),
            ("\"text\"", 1 << 19, true),
            ("[1]", 1 << 20, false),
            (r#"{"":1}"#, 1 << 20, false),
            (r#"{"":{"":1}}"#, 1 << 20, false),
        ] {
            let body = format!("[{}{item}]", format!("{item},").repeat(count));
            let read = read_document(JsonSource::new(&body), &mut MemoryBudget::of_body(body.len()));
            assert_eq!(read.is_ok(), fits, "{item}");
        }
    }
}
