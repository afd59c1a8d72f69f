//! Lists that are paged: the page that a request asks for, of a list that is there for the asking.
//!
//! Items are the spec's example with a number in it. A list over a span of time has one for every minute of the span, any
//! other has a fixed number of them.

use std::time::UNIX_EPOCH;

use codegen::spec::{Pages, Parameter, Spanned, Window};
use serde_json::Value;
use top_protocol::DateTime;

use crate::check::{Refused, given};
use crate::example::Node;
use crate::incoming::Parameters;

/// How many items a list has whose spec gives no example of their number.
const LENGTH: i64 = 100;

/// How many items a page has where neither the request nor the spec says it.
const SIZE: i64 = 20;

/// The most items that a page has, whatever is asked for.
const MOST: i64 = 1000;

type Members = Vec<(String, Node)>;

/// The answer to a request for a page: the example's members with the page's items, and whether there are more. `length` is
/// how many items the list has, if somebody has said so.
pub(crate) fn page(
    pages: &Pages,
    request: &[Parameter],
    parameters: &Parameters,
    mut answer: Members,
    length: Option<i64>,
) -> Result<Members, Refused> {
    let asked = |named: &Option<Spanned<String>>| named.as_ref().and_then(|named| sent(parameters, &named.value));
    let list = List::of(pages, parameters, &answer, length)?;
    let size = match (number(pages.size.as_ref(), parameters)?, pages.size.as_ref()) {
        (Some(size), Some(named)) if size < 1 => return Err(Refused::invalid(&named.value, "at least 1")),
        (Some(size), _) => size,
        (None, named) => named.and_then(|named| default(request, &named.value)).unwrap_or(SIZE),
    };
    let start = list.start(pages, parameters, size)?;
    let end = start.saturating_add(size.min(MOST)).min(list.length);
    let items: Vec<Node> = (start..end).map(|index| list.item(index)).collect();
    let more = end < list.length;
    let wants_word = pages.ask_has_next.is_none() || asked(&pages.ask_has_next).as_deref() == Some("true");
    let last = items.last().cloned();

    // A list without elements is left out (docs/protocol.md section 4.2).
    replace(&mut answer, &pages.items.value, |node| match node {
        Node::List(inner, _) if !items.is_empty() => Some(Node::List(inner.clone(), items)),
        _ => None,
    });
    if let Some(total) = &pages.total {
        let told = pages.ask_has_next.is_none() || !wants_word;
        replace(&mut answer, &total.value, |node| told.then(|| counted(node, list.length)));
    }
    if let Some(has_next) = &pages.has_next {
        replace(&mut answer, &has_next.value, |node| wants_word.then(|| said(node, more)));
    }
    if let Some(next) = &pages.next
        && in_items(pages, &next.value).is_none()
    {
        replace(&mut answer, &next.value, |_| (more && last.is_some()).then(|| Node::Text(cursor(end))));
    }
    Ok(answer)
}

/// The list that a request is for.
struct List {
    /// An item without a number.
    item: Node,
    /// The number of the first.
    first: i64,
    length: i64,
}

impl List {
    fn of(pages: &Pages, parameters: &Parameters, answer: &Members, length: Option<i64>) -> Result<Self, Refused> {
        let item = match find(answer, &pages.items.value) {
            Some(Node::List(_, items)) => items.first().cloned(),
            _ => None,
        };
        let item = item.unwrap_or(Node::Object(Vec::new()));
        if let Some((first, length)) =
            pages.window.as_ref().map(|window| minutes(window, parameters)).transpose()?.flatten()
        {
            return Ok(Self { item, first, length });
        }
        let told = pages.total.as_ref().and_then(|total| match find(answer, &total.value)? {
            Node::Number(number) => Some(*number),
            Node::Text(text) => text.parse().ok(),
            _ => None,
        });
        Ok(Self { item, first: 0, length: length.or(told).unwrap_or(LENGTH).max(0) })
    }

    fn item(&self, index: i64) -> Node {
        numbered(&self.item, self.first.saturating_add(index))
    }

    /// Where the page begins that is asked for.
    fn start(&self, pages: &Pages, parameters: &Parameters, size: i64) -> Result<i64, Refused> {
        let first = pages.first.as_ref().map_or(1, |first| first.value);
        let page = number(pages.number.as_ref(), parameters)?.unwrap_or(first);
        if let Some(named) = pages.number.as_ref().filter(|_| page < first) {
            return Err(Refused::invalid(&named.value, format_args!("at least {first}")));
        }
        if let (Some(named), Some(next)) = (&pages.cursor, &pages.next) {
            return match sent(parameters, &named.value) {
                Some(sent) => self.after(pages, &next.value, &sent).ok_or_else(|| {
                    Refused::invalid(&named.value, format_args!("what the page before returned as {}", next.value))
                }),
                None if pages.number.is_some() && page > first => Err(Refused::missing(&named.value)),
                None => Ok(0),
            };
        }
        let offset = number(pages.offset.as_ref(), parameters)?.unwrap_or_default();
        match &pages.offset {
            Some(named) if offset < 0 => Err(Refused::invalid(&named.value, "at least 0")),
            Some(_) => Ok(offset),
            None => Ok((page - first).saturating_mul(size)),
        }
    }

    /// The place that a cursor means, if it is one of this list.
    fn after(&self, pages: &Pages, next: &str, sent: &str) -> Option<i64> {
        let Some(way) = in_items(pages, next) else {
            return sent.strip_prefix(CURSOR)?.parse().ok().filter(|place| (0..=self.length).contains(place));
        };
        let Node::Object(first) = self.item(0) else { return None };
        let index = match find(&first, way)? {
            Node::Number(first) => sent.parse::<i64>().ok()?.checked_sub(*first)?,
            Node::Text(first) => sent.parse::<i64>().ok()?.checked_sub(first.parse().ok()?)?,
            _ => return None,
        };
        (0..self.length).contains(&index).then_some(index + 1)
    }
}

/// What a cursor looks like here. The caller is to send it back as it is.
const CURSOR: &str = "after:";

fn cursor(place: i64) -> String {
    format!("{CURSOR}{place}")
}

/// The rest of a way that leads into the items.
fn in_items<'w>(pages: &Pages, way: &'w str) -> Option<&'w str> {
    way.strip_prefix(pages.items.value.as_str())?.strip_prefix('.')
}

/// The minutes in a span of time: the number of the first since 1970, and how many there are.
fn minutes(window: &Window, parameters: &Parameters) -> Result<Option<(i64, i64)>, Refused> {
    let read = |named: &Spanned<String>| -> Result<Option<i64>, Refused> {
        let Some(text) = sent(parameters, &named.value) else { return Ok(None) };
        let date: DateTime =
            text.parse().map_err(|_| Refused::invalid(&named.value, "a date as yyyy-MM-dd HH:mm:ss"))?;
        let since = date.to_system_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(Some(i64::try_from(since).unwrap_or(i64::MAX)))
    };
    let (Some(from), Some(to)) = (read(&window.from)?, read(&window.to)?) else { return Ok(None) };
    if to < from {
        return Err(Refused::invalid(&window.to.value, format_args!("no earlier than {}", window.from.value)));
    }
    if to - from > window.minutes.value * 60 {
        let (minutes, from) = (window.minutes.value, &window.from.value);
        return Err(Refused::invalid(&window.to.value, format_args!("at most {minutes} minutes after {from}")));
    }
    let first = (from + 59) / 60;
    let behind = if window.to_excluded { (to + 59) / 60 } else { to / 60 + 1 };
    Ok(Some((first, (behind - first).max(0))))
}

/// An item that differs from all others by a number: in what its documents call an id, or else in the first value that can
/// hold one.
fn numbered(item: &Node, number: i64) -> Node {
    let Node::Object(members) = item else { return with_number(item, number) };
    let mut members = members.clone();
    let is_id = |(name, node): &(String, Node)| name.ends_with("id") && is_number(node);
    let ids: Vec<usize> = (0..members.len()).filter(|index| is_id(&members[*index])).collect();
    let other = members.iter().position(|(_, node)| matches!(node, Node::Text(_) | Node::Number(_)));
    let places = if ids.is_empty() { other.into_iter().collect() } else { ids };
    for place in places {
        members[place].1 = with_number(&members[place].1, number);
    }
    Node::Object(members)
}

fn is_number(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Text(text) => text.parse::<i64>().is_ok(),
        _ => false,
    }
}

fn with_number(node: &Node, number: i64) -> Node {
    match node {
        Node::Number(base) => Node::Number(base.saturating_add(number)),
        Node::Text(text) => Node::Text(match text.parse::<i64>() {
            Ok(base) => base.saturating_add(number).to_string(),
            Err(_) => format!("{text}-{number}"),
        }),
        other => other.clone(),
    }
}

/// A number in the dress of the node that it replaces.
fn counted(node: &Node, number: i64) -> Node {
    match node {
        Node::Text(_) => Node::Text(number.to_string()),
        _ => Node::Number(number),
    }
}

/// A word on whether there are more, in the dress of the node that it replaces.
fn said(node: &Node, more: bool) -> Node {
    match node {
        Node::Number(_) => Node::Number(i64::from(more)),
        Node::Text(_) => Node::Text(more.to_string()),
        _ => Node::Boolean(more),
    }
}

/// The value that a way leads to.
fn find<'m>(members: &'m Members, way: &str) -> Option<&'m Node> {
    let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
    let node = &members.iter().find(|(member, _)| member == name)?.1;
    match (rest, node) {
        (None, node) => Some(node),
        (Some(rest), Node::Object(members)) => find(members, rest),
        (Some(_), _) => None,
    }
}

/// Puts something else in the place that a way leads to, or takes it away.
fn replace(members: &mut Members, way: &str, with: impl FnOnce(&Node) -> Option<Node>) {
    let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
    let Some(place) = members.iter().position(|(member, _)| member == name) else { return };
    match (rest, &mut members[place].1) {
        (Some(rest), Node::Object(below)) => replace(below, rest, with),
        (Some(_), _) => {}
        (None, node) => match with(node) {
            Some(node) => members[place].1 = node,
            None => drop(members.remove(place)),
        },
    }
}

/// The value of a parameter that a way leads to, as text.
fn sent(parameters: &Parameters, way: &str) -> Option<String> {
    let mut names = way.split('.');
    let whole = given(parameters, names.next().unwrap_or_default())?;
    if !way.contains('.') {
        return Some(whole.to_owned());
    }
    let tree: Value = serde_json::from_str(whole).ok()?;
    match names.try_fold(&tree, |tree, name| tree.get(name))? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

/// The number that is sent under a parameter.
fn number(named: Option<&Spanned<String>>, parameters: &Parameters) -> Result<Option<i64>, Refused> {
    let Some(named) = named else { return Ok(None) };
    let Some(text) = sent(parameters, &named.value) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Refused::invalid(&named.value, "a whole number"))
}

/// What a parameter is where none is sent.
fn default(request: &[Parameter], way: &str) -> Option<i64> {
    let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
    let parameter = request.iter().find(|parameter| parameter.name.value == name)?;
    match rest {
        Some(rest) => default(&parameter.fields, rest),
        None => parameter.default.as_deref()?.parse().ok(),
    }
}
