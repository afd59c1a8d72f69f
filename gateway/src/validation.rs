//! Checks of parameters against the spec of a method (docs/protocol.md section 5.1).

use codegen::spec::{Kind, Parameter, Spanned, TypeName};
use serde::de::IgnoredAny;
use serde_json::Value as Json;
use top_protocol::{DateTime, Decimal};

use crate::object_types::ObjectTypes;
use crate::refusal::Refusal;
use crate::request::Parameters;

/// The maximum bytes of JSON that are parsed into a tree, which takes many times the memory of the text.
const MAX_JSON: usize = 4 << 20;

/// Checks one parameter of a request.
pub(crate) fn check<'a>(
    parameter: &'a Parameter,
    types: &ObjectTypes<'a>,
    sent: &Parameters<'_>,
) -> Result<(), Refusal> {
    let name = parameter.name.value.as_str();
    match parameter.type_name().kind() {
        Some(Kind::File) => check_files(parameter, sent.files.get(name).map_or(&[], Vec::as_slice)),
        _ => check_text(parameter, types, sent.get(name)),
    }
}

/// Checks the number and the sizes of the files of a parameter.
fn check_files(parameter: &Parameter, contents: &[&[u8]]) -> Result<(), Refusal> {
    let name = parameter.name.value.as_str();
    if contents.is_empty() && parameter.is_required() {
        return Err(Refusal::missing(name));
    }
    check_list_size(name, parameter, contents.len())?;
    let longest = contents.iter().map(|content| content.len()).max().unwrap_or_default();
    let longest = i64::try_from(longest).unwrap_or(i64::MAX);
    match &parameter.max_length {
        Some(limit) if longest > limit.value => {
            Err(Refusal::invalid(name, format_args!("must have at most {} bytes", limit.value)))
        }
        _ => Ok(()),
    }
}

fn check_text<'a>(parameter: &'a Parameter, types: &ObjectTypes<'a>, value: Option<&str>) -> Result<(), Refusal> {
    let name = parameter.name.value.as_str();
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return if parameter.is_required() { Err(Refusal::missing(name)) } else { Ok(()) };
    };
    let type_name = parameter.type_name();
    match type_name.kind() {
        // A list of JSON values is a JSON array. Other lists are comma-separated; a JSON array is accepted too.
        Some(kind) if type_name.list && !matches!(kind, Kind::Json | Kind::Map) => {
            if let Some(array) = json_array(name, value)? {
                return check_json(name, parameter, types, type_name, &array);
            }
            check_list_size(name, parameter, value.split(',').count())?;
            // White space is a part of a text, and of no other type.
            let is_text = matches!(kind, Kind::String | Kind::FieldList);
            let mut items = value.split(',').map(|item| if is_text { item } else { item.trim() });
            items.try_for_each(|item| check_scalar(name, kind, item, parameter))
        }
        Some(kind) if !type_name.list => {
            if parameter.max_list_size.is_some() {
                check_list_size(name, parameter, value.split(',').count())?;
            }
            check_scalar(name, kind, value, parameter)
        }
        _ => check_json(name, parameter, types, type_name, &parse_json(name, value)?),
    }
}

fn parse_json(name: &str, text: &str) -> Result<Json, Refusal> {
    if text.len() > MAX_JSON {
        return Err(Refusal::invalid(name, format_args!("must have at most {MAX_JSON} bytes of JSON")));
    }
    serde_json::from_str(text).map_err(|_| Refusal::invalid(name, "must be valid JSON"))
}

/// Parses a list that is a JSON array.
fn json_array(name: &str, text: &str) -> Result<Option<Json>, Refusal> {
    let trimmed = text.trim();
    if ["['", "[u'", "[b'"].iter().any(|start| trimmed.starts_with(start)) && trimmed.ends_with("']") {
        let requirement = "must be a comma-separated list or a JSON array, found the text of a Python list";
        return Err(Refusal::invalid(name, requirement));
    }
    let is_array = trimmed.starts_with('[') && serde_json::from_str::<Vec<IgnoredAny>>(trimmed).is_ok();
    if is_array { parse_json(name, trimmed).map(Some) } else { Ok(None) }
}

fn check_list_size(path: &str, parameter: &Parameter, size: usize) -> Result<(), Refusal> {
    match &parameter.max_list_size {
        Some(limit) if i64::try_from(size).is_ok_and(|size| size > limit.value) => {
            Err(Refusal::invalid(path, format_args!("must have at most {} elements", limit.value)))
        }
        _ => Ok(()),
    }
}

/// Returns whether a text is a value of the type, and what is expected.
fn is_valid(kind: Kind, value: &str) -> (bool, &'static str) {
    match kind {
        Kind::String | Kind::FieldList | Kind::File => (true, ""),
        Kind::Number | Kind::Byte => (value.parse::<i64>().is_ok(), "an integer"),
        // Python prints `True`, and PHP prints `1`.
        Kind::Boolean => {
            let is_boolean = ["true", "false", "1", "0"].iter().any(|word| value.eq_ignore_ascii_case(word));
            (is_boolean, "true or false")
        }
        Kind::Date => (value.parse::<DateTime>().is_ok(), "a date in the form yyyy-MM-dd HH:mm:ss"),
        Kind::Price | Kind::BigDecimal => (Decimal::from_str_exact(value).is_ok(), "a decimal number"),
        Kind::Json => (serde_json::from_str::<IgnoredAny>(value).is_ok(), "valid JSON"),
        Kind::Map => {
            let is_json = serde_json::from_str::<IgnoredAny>(value).is_ok();
            (is_json && value.trim_start().starts_with('{'), "a JSON object")
        }
    }
}

fn check_scalar(path: &str, kind: Kind, value: &str, parameter: &Parameter) -> Result<(), Refusal> {
    let (valid, expected) = is_valid(kind, value);
    if !valid && is_valid(kind, value.trim()).0 {
        return Err(Refusal::invalid(path, format_args!("must be {expected} without surrounding white space")));
    }
    if !valid {
        return Err(Refusal::invalid(path, format_args!("must be {expected}")));
    }
    let exceeded = |limit: &Option<Spanned<i64>>, exceeds: fn(Decimal, Decimal) -> bool| {
        let limit = limit.as_ref()?.value;
        let value = Decimal::from_str_exact(value).ok()?;
        exceeds(value, limit.into()).then_some(limit)
    };
    if let Some(min) = exceeded(&parameter.min_value, |value, min| value < min) {
        return Err(Refusal::invalid(path, format_args!("must be at least {min}")));
    }
    if let Some(max) = exceeded(&parameter.max_value, |value, max| value > max) {
        return Err(Refusal::invalid(path, format_args!("must be at most {max}")));
    }
    // The platform counts UTF-16 code units, as Java does.
    let units = i64::try_from(value.encode_utf16().count()).unwrap_or(i64::MAX);
    match &parameter.max_length {
        Some(limit) if units > limit.value => {
            Err(Refusal::invalid(path, format_args!("must have at most {} characters", limit.value)))
        }
        _ => Ok(()),
    }
}

/// Checks a JSON value. `path` is its path in the parameter.
fn check_json<'a>(
    path: &str,
    parameter: &'a Parameter,
    types: &ObjectTypes<'a>,
    type_name: TypeName<'_>,
    value: &Json,
) -> Result<(), Refusal> {
    if type_name.list {
        let items = value.as_array().ok_or_else(|| Refusal::invalid(path, "must be a JSON array"))?;
        check_list_size(path, parameter, items.len())?;
        let item_type = TypeName { list: false, ..type_name };
        return items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check_json(&format!("{path}[{index}]"), parameter, types, item_type, item));
    }
    match (type_name.kind(), value) {
        (None, Json::Object(members)) => types.fields(parameter).iter().try_for_each(|field| {
            let path = format!("{path}.{}", field.name.value);
            match members.get(&field.name.value) {
                None | Some(Json::Null) if field.is_required() => Err(Refusal::missing(&path)),
                Some(Json::String(text)) if field.is_required() && text.trim().is_empty() => {
                    Err(Refusal::missing(&path))
                }
                None | Some(Json::Null) => Ok(()),
                Some(value) => check_json(&path, field, types, field.type_name(), value),
            }
        }),
        (None, _) => Err(Refusal::invalid(path, "must be a JSON object")),
        (Some(Kind::Json | Kind::Map), _) => Ok(()),
        (Some(_), Json::Null) => Err(Refusal::invalid(path, "must not be null")),
        // A field list inside JSON is an array.
        (Some(Kind::FieldList), Json::Array(_)) => Ok(()),
        (Some(kind), Json::String(text)) => check_scalar(path, kind, text, parameter),
        (Some(kind), value) => check_scalar(path, kind, &value.to_string(), parameter),
    }
}
