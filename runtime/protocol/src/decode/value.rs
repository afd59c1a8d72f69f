//! Values as JSON trees.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::room::{ALLOCATION, Room};
use super::source::{Event, Source, SyntaxError};

/// What a tree takes for a value, and for an object that has a member: it has room for more then.
const VALUE: usize = size_of::<Value>();
const MEMBER: usize = size_of::<String>() + VALUE;
const OBJECT: usize = 12 * MEMBER;

/// A whole document as a tree.
pub(super) fn whole<'a, S: Source<'a>>(mut source: S, room: &mut Room) -> Result<Value, SyntaxError> {
    let start = source.next()?;
    let tree = tree(&mut source, room, start)?;
    source.next()?;
    Ok(tree)
}

/// The value that begins with `value` as a tree. Sources see to it that it is not too deep.
pub(super) fn tree<'a, S: Source<'a>>(source: &mut S, room: &mut Room, value: Event<'a>) -> Result<Value, SyntaxError> {
    tree_within(source, room, value)?.ok_or_else(|| room.used_up())
}

/// As [`tree`], and `None` for a value for which the budget does not suffice. It is passed over then.
pub(super) fn tree_within<'a, S: Source<'a>>(
    source: &mut S,
    room: &mut Room,
    value: Event<'a>,
) -> Result<Option<Value>, SyntaxError> {
    let fits = room.charge(VALUE + ALLOCATION);
    Ok(match value {
        Event::StartList => {
            let mut items = fits.then(Vec::new);
            loop {
                match source.next()? {
                    Event::EndList => break items.map(Value::Array),
                    item => {
                        items = items.filter(|items| room.charge_in_list(items.len(), VALUE));
                        let item = tree_within(source, room, item)?;
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
                members = members.filter(|members| room.charge(if members.is_empty() { OBJECT } else { MEMBER }));
                let value = source.next()?;
                let value = tree_within(source, room, value)?;
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

/// Adds a member. Where keys may repeat, the values of one that does become a list.
fn insert(members: &mut Map<String, Value>, key: String, value: Value, repeat: bool) {
    match members.get_mut(&key) {
        Some(Value::Array(values)) if repeat => values.push(value),
        Some(first) if repeat => *first = Value::Array(vec![first.take(), value]),
        _ => {
            members.insert(key, value);
        }
    }
}

/// The number that is written, to its last digit.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A number as a tree holds it if that is exact; the text of its digits otherwise.
fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<u64>()) {
        // Minus nothing is a float, the only kind of number that has it.
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

    use super::super::json::Json;
    use super::super::source::{Source, SyntaxError};
    use super::super::tree::Tree;
    use super::{Room, whole};

    fn document<'a>(source: impl Source<'a>) -> Result<Value, SyntaxError> {
        whole(source, &mut Room::of(0))
    }

    /// The value without its fractions, which a float may hold or not.
    fn whole_numbers(value: Value) -> Value {
        match value {
            Value::Number(number) if number.is_f64() => Value::Null,
            Value::String(text) if text.parse::<f64>().is_ok() => Value::Null,
            Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
            Value::Object(members) => members.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect(),
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
        fn json_is_read_as_it_was_written(value in any_value()) {
            prop_assert_eq!(document(Json::new(&value.to_string())), Ok(value.clone()));
            prop_assert_eq!(document(Json::new(&format!(" {value:#}\r\n"))), Ok(value.clone()));
            prop_assert_eq!(document(Tree::new(&value)), Ok(value));
        }

        /// Texts near JSON: what a strict reader accepts we accept, as the same value; what it refuses we refuse, but for
        /// what we take on purpose.
        #[test]
        fn a_strict_reader_agrees(text in "[\\[\\]{},:\"\\\\ntrufalse0-9.eE+\\- \u{1}\u{e9}u]{0,24}", value in any_value(), cut in any::<usize>()) {
            let cut_off: String = value.to_string().chars().take(cut % 40).collect();
            for text in [text, cut_off] {
                let ours = document(Json::new(&text));
                match serde_json::from_str::<Value>(&text) {
                    Ok(value) => prop_assert_eq!(ours.map(whole_numbers), Ok(whole_numbers(value)), "{:?}", text),
                    Err(error) => {
                        let reason = error.to_string();
                        let taken = ["control character", "surrogate", "hex escape", "number out of range"];
                        prop_assert!(ours.is_err() || taken.iter().any(|known| reason.contains(known)), "{:?}: {}", text, reason);
                    }
                }
            }
        }
    }

    #[test]
    fn trees_that_are_far_more_than_their_text_are_refused() {
        let body = |item: &str| format!("[{}{item}]", format!("{item},").repeat(1 << 20));
        for (item, fits) in
            [("1", true), ("\"text\"", true), ("[1]", false), (r#"{"":1}"#, false), (r#"{"":{"":1}}"#, false)]
        {
            let read = whole(Json::new(&body(item)), &mut Room::of(body(item).len()));
            assert_eq!(read.is_ok(), fits, "{item}");
        }
    }
}
