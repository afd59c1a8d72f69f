//! Paged lists: the requested page of a list of numbered items.
//!
//! An item is the example of the spec with its number added. A list over a time window has one item per minute of the
//! window. Any other list has a fixed length.

use std::time::UNIX_EPOCH;

use codegen::spec::{Pages, Parameter, Spanned, Window};
use top_protocol::DateTime;

use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::value::{Members, Value, find, replace, split_path};

/// The length of a list without an example of its total.
const DEFAULT_LENGTH: i64 = 100;

/// The page size if neither the request nor the spec has one.
const DEFAULT_PAGE_SIZE: i64 = 20;

/// The maximum number of items of a page.
const MAX_PAGE_SIZE: i64 = 1000;

/// The start of a cursor that is not a field of the items.
const CURSOR_PREFIX: &str = "after:";

/// The items of a list.
pub(crate) enum Items<'i> {
    /// Copies of the example. The list has this length, if it is set.
    Examples(Option<i64>),
    /// Records of the state by index.
    Records { count: usize, item: &'i dyn Fn(usize) -> Value },
}

/// Returns the response with the items of the requested page, its cursor and its total.
pub(crate) fn page(
    pages: &Pages,
    request: &[Parameter],
    parameters: &Parameters,
    mut response: Members,
    items: &Items<'_>,
) -> Result<Members, Refusal> {
    let list = List::of(pages, parameters, &response, items)?;
    let size = match (number(pages.size.as_ref(), parameters)?, pages.size.as_ref()) {
        (Some(size), Some(path)) if size < 1 => return Err(Refusal::invalid(&path.value, "must be at least 1")),
        (Some(size), _) => size,
        (None, path) => path.and_then(|path| default(request, &path.value)).unwrap_or(DEFAULT_PAGE_SIZE),
    };
    let start = list.start(pages, parameters, size)?;
    let end = start.saturating_add(size.min(MAX_PAGE_SIZE)).min(list.length);
    let items: Vec<Value> = (start..end).map(|index| list.item(index)).collect();
    let (has_items, has_next) = (!items.is_empty(), end < list.length);
    // If a parameter selects `has_next` or the total, the response has only one of them.
    let selected = pages.ask_has_next.as_ref().map(|path| parameters.at(&path.value).as_deref() == Some("true"));

    // An empty list is left out (docs/protocol.md section 4.2).
    replace(&mut response, &pages.items.value, |value| match value {
        Value::List(key, _) if has_items => Some(Value::List(key.clone(), items)),
        _ => None,
    });
    if let Some(path) = &pages.total {
        replace(&mut response, &path.value, |value| (selected != Some(true)).then(|| number_like(value, list.length)));
    }
    if let Some(path) = &pages.has_next {
        replace(&mut response, &path.value, |value| (selected != Some(false)).then(|| boolean_like(value, has_next)));
    }
    if let Some(path) = &pages.next
        && path_in_item(pages, &path.value).is_none()
    {
        let cursor = (has_next && has_items).then(|| Value::Text(format!("{CURSOR_PREFIX}{end}")));
        replace(&mut response, &path.value, |_| cursor);
    }
    Ok(response)
}

/// The requested list.
struct List<'i> {
    item: Box<dyn Fn(i64) -> Value + 'i>,
    length: i64,
}

impl<'i> List<'i> {
    fn of(pages: &Pages, parameters: &Parameters, response: &Members, items: &Items<'i>) -> Result<Self, Refusal> {
        let window = pages.window.as_ref().map(|window| minutes(window, parameters)).transpose()?.flatten();
        let length = match *items {
            Items::Examples(length) => length,
            Items::Records { count, item } => {
                let item = move |index| item(usize::try_from(index).unwrap_or(usize::MAX));
                return Ok(Self { item: Box::new(item), length: i64::try_from(count).unwrap_or(i64::MAX) });
            }
        };
        let example = match find(response, &pages.items.value) {
            Some(Value::List(_, items)) => items.first().cloned(),
            _ => None,
        };
        let example = example.unwrap_or(Value::Object(Vec::new()));
        let items = |first: i64, length: i64| Self {
            item: Box::new(move |index| numbered(&example, first.saturating_add(index))),
            length,
        };
        if let Some((first, length)) = window {
            return Ok(items(first, length));
        }
        let total = pages.total.as_ref().and_then(|path| match find(response, &path.value)? {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        });
        Ok(items(0, length.or(total).unwrap_or(DEFAULT_LENGTH).max(0)))
    }

    fn item(&self, index: i64) -> Value {
        (self.item)(index)
    }

    /// Returns the index of the first item of the requested page.
    fn start(&self, pages: &Pages, parameters: &Parameters, size: i64) -> Result<i64, Refusal> {
        let first = pages.first.as_ref().map_or(1, |first| first.value);
        let page = number(pages.number.as_ref(), parameters)?.unwrap_or(first);
        if let Some(path) = pages.number.as_ref().filter(|_| page < first) {
            return Err(Refusal::invalid(&path.value, format_args!("must be at least {first}")));
        }
        if let (Some(path), Some(next)) = (&pages.cursor, &pages.next) {
            return match parameters.at(&path.value) {
                Some(cursor) => self.after(pages, &next.value, &cursor).ok_or_else(|| {
                    Refusal::invalid(&path.value, format_args!("must be {} of the previous page", next.value))
                }),
                None if pages.number.is_some() && page > first => Err(Refusal::missing(&path.value)),
                None => Ok(0),
            };
        }
        let offset = number(pages.offset.as_ref(), parameters)?.unwrap_or_default();
        match &pages.offset {
            Some(path) if offset < 0 => Err(Refusal::invalid(&path.value, "must be at least 0")),
            Some(_) => Ok(offset),
            None => Ok((page - first).saturating_mul(size)),
        }
    }

    /// Returns the index after a cursor. `None` if this list has no such cursor.
    fn after(&self, pages: &Pages, next: &str, cursor: &str) -> Option<i64> {
        let Some(path) = path_in_item(pages, next) else {
            let index = cursor.strip_prefix(CURSOR_PREFIX)?.parse().ok();
            return index.filter(|index| (0..=self.length).contains(index));
        };
        let Value::Object(first) = self.item(0) else { return None };
        let first = match find(&first, path)? {
            Value::Number(first) => *first,
            Value::Text(first) => first.parse().ok()?,
            _ => return None,
        };
        let index = cursor.parse::<i64>().ok()?.checked_sub(first)?;
        (0..self.length).contains(&index).then_some(index + 1)
    }
}

/// Returns the path below the items. `None` if `path` leads elsewhere.
fn path_in_item<'p>(pages: &Pages, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(pages.items.value.as_str())?.strip_prefix('.')
}

/// Returns the minutes of a time window: the number of the first since 1970, and their count.
fn minutes(window: &Window, parameters: &Parameters) -> Result<Option<(i64, i64)>, Refusal> {
    let read = |path: &Spanned<String>| -> Result<Option<i64>, Refusal> {
        let Some(text) = parameters.at(&path.value) else { return Ok(None) };
        let requirement = "must be a date in the form yyyy-MM-dd HH:mm:ss";
        let date: DateTime = text.parse().map_err(|_| Refusal::invalid(&path.value, requirement))?;
        let since = date.to_system_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(Some(i64::try_from(since).unwrap_or(i64::MAX)))
    };
    let (Some(from), Some(to)) = (read(&window.from)?, read(&window.to)?) else { return Ok(None) };
    if to < from {
        return Err(Refusal::invalid(&window.to.value, format_args!("must not be before {}", window.from.value)));
    }
    if to - from > window.minutes.value * 60 {
        let (minutes, from) = (window.minutes.value, &window.from.value);
        return Err(Refusal::invalid(&window.to.value, format_args!("must be at most {minutes} minutes after {from}")));
    }
    let first = (from + 59) / 60;
    let end = if window.to_excluded { (to + 59) / 60 } else { to / 60 + 1 };
    Ok(Some((first, (end - first).max(0))))
}

/// Adds a number to each id of an item. Without an id, the first text or number is changed.
fn numbered(item: &Value, number: i64) -> Value {
    let Value::Object(members) = item else { return with_number(item, number) };
    let mut members = members.clone();
    let is_id = |(name, value): &(String, Value)| name.ends_with("id") && is_number(value);
    let ids: Vec<usize> = (0..members.len()).filter(|index| is_id(&members[*index])).collect();
    let other = members.iter().position(|(_, value)| matches!(value, Value::Text(_) | Value::Number(_)));
    let changed = if ids.is_empty() { other.into_iter().collect() } else { ids };
    for index in changed {
        members[index].1 = with_number(&members[index].1, number);
    }
    Value::Object(members)
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Text(text) => text.parse::<i64>().is_ok(),
        _ => false,
    }
}

fn with_number(value: &Value, number: i64) -> Value {
    match value {
        Value::Number(base) => Value::Number(base.saturating_add(number)),
        Value::Text(text) => Value::Text(match text.parse::<i64>() {
            Ok(base) => base.saturating_add(number).to_string(),
            Err(_) => format!("{text}-{number}"),
        }),
        other => other.clone(),
    }
}

/// Returns a number of the same type as `value`.
fn number_like(value: &Value, number: i64) -> Value {
    match value {
        Value::Text(_) => Value::Text(number.to_string()),
        _ => Value::Number(number),
    }
}

/// Returns a boolean of the same type as `value`.
fn boolean_like(value: &Value, boolean: bool) -> Value {
    match value {
        Value::Number(_) => Value::Number(i64::from(boolean)),
        Value::Text(_) => Value::Text(boolean.to_string()),
        _ => Value::Boolean(boolean),
    }
}

/// Returns the integer at the path of a parameter.
fn number(path: Option<&Spanned<String>>, parameters: &Parameters) -> Result<Option<i64>, Refusal> {
    let Some(path) = path else { return Ok(None) };
    let Some(text) = parameters.at(&path.value) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Refusal::invalid(&path.value, "must be an integer"))
}

/// Returns the default of the parameter at a path.
fn default(request: &[Parameter], path: &str) -> Option<i64> {
    let (name, rest) = split_path(path);
    let parameter = request.iter().find(|parameter| parameter.name.value == name)?;
    match rest {
        Some(rest) => default(&parameter.fields, rest),
        None => parameter.facts.default.as_deref()?.parse().ok(),
    }
}
