//! The rules of pagination: all named parameters and fields exist and have valid types.

use super::kind::Kind;
use super::rule_checker::{Direction, ParameterScope, RuleChecker};
use super::schema::closest;
use super::types::{Pages, Parameter};
use super::yaml::Spanned;

/// Checks the pagination of a method against its request and response.
pub(super) fn check(
    checker: &mut RuleChecker<'_>,
    pages: &Pages,
    request: &ParameterScope<'_>,
    response: &ParameterScope<'_>,
) {
    const COUNTS: &[Kind] = &[Kind::Number, Kind::String];
    const FLAGS: &[Kind] = &[Kind::Boolean, Kind::Number, Kind::String];
    const TIMES: &[Kind] = &[Kind::Date, Kind::String];

    if let Some(path) = existing_path(checker, &pages.items, response)
        && list_positions(&path) != [path.len() - 1]
    {
        let problem = format!("expected a list outside other lists for `items`, found `{}`", pages.items.value);
        checker.problem(pages.items.span.clone(), problem).help("the type of a list ends with []").emit();
    }
    for (named, scope, key, kinds) in [
        (&pages.number, request, "number", COUNTS),
        (&pages.offset, request, "offset", COUNTS),
        (&pages.cursor, request, "cursor", COUNTS),
        (&pages.size, request, "size", COUNTS),
        (&pages.ask_has_next, request, "ask_has_next", &[Kind::Boolean][..]),
        (&pages.total, response, "total", COUNTS),
        (&pages.has_next, response, "has_next", FLAGS),
        (&pages.window.as_ref().map(|window| window.from.clone()), request, "from", TIMES),
        (&pages.window.as_ref().map(|window| window.to.clone()), request, "to", TIMES),
    ] {
        if let Some(named) = named
            && let Some(path) = existing_path(checker, named, scope)
        {
            check_scalar(checker, named, key, &path, kinds);
        }
    }
    check_next(checker, pages, request, response);
    check_roles(checker, pages);
    check_consistency(checker, pages);
}

/// Checks that every parameter and field has one role.
fn check_roles(checker: &mut RuleChecker<'_>, pages: &Pages) {
    let window = pages.window.as_ref();
    let request = [
        ("number", pages.number.as_ref()),
        ("offset", pages.offset.as_ref()),
        ("cursor", pages.cursor.as_ref()),
        ("size", pages.size.as_ref()),
        ("ask_has_next", pages.ask_has_next.as_ref()),
        ("from", window.map(|window| &window.from)),
        ("to", window.map(|window| &window.to)),
    ];
    let response = [
        ("items", Some(&pages.items)),
        ("next", pages.next.as_ref()),
        ("total", pages.total.as_ref()),
        ("has_next", pages.has_next.as_ref()),
    ];
    for (roles, part) in [(&request[..], "parameter"), (&response[..], "field")] {
        let mut used: Vec<(&str, &str)> = Vec::new();
        for (key, named) in roles {
            let Some(named) = named else { continue };
            match used.iter().find(|(_, value)| *value == named.value) {
                Some((other, value)) => checker
                    .problem(named.span.clone(), format!("`{value}` is both `{other}` and `{key}`"))
                    .help(format!("name another {part} as `{key}`, or remove one of the keys"))
                    .emit(),
                None => used.push((key, &named.value)),
            }
        }
    }
}

/// Checks the field of the next cursor, which is in the response or in each item.
fn check_next(
    checker: &mut RuleChecker<'_>,
    pages: &Pages,
    request: &ParameterScope<'_>,
    response: &ParameterScope<'_>,
) {
    let Some(named) = &pages.next else { return };
    let Some(path) = existing_path(checker, named, response) else { return };
    let in_items = named.value.strip_prefix(&pages.items.value).is_some_and(|rest| rest.starts_with('.'));
    let items = pages.items.value.split('.').count();
    let below_items: Vec<_> = if in_items { path.into_iter().skip(items).collect() } else { path };
    check_scalar(checker, named, "next", &below_items, &[Kind::Number, Kind::String]);
    let kind = |path: &[&Parameter]| path.last().and_then(|last| last.type_name().kind());
    if let Some(cursor) = pages.cursor.as_ref().and_then(|cursor| lookup(&cursor.value, request).ok())
        && let (Some(cursor), Some(next)) = (kind(&cursor), kind(&below_items))
        && cursor != next
        && list_positions(&below_items).is_empty()
    {
        checker
            .problem(named.span.clone(), "`next` and `cursor` have different types")
            .help(format!("`next` is a {}, `cursor` is a {}", next.name(), cursor.name()))
            .emit();
    }
}

/// Checks that the keys together determine how to request each page.
fn check_consistency(checker: &mut RuleChecker<'_>, pages: &Pages) {
    let span = |named: &Option<Spanned<String>>| named.as_ref().map(|named| named.span.clone());
    let mut problem = |span, message: &str, help: &str| checker.problem(span, message).help(help).emit();
    if pages.number.is_none() && pages.offset.is_none() && pages.cursor.is_none() {
        problem(
            pages.span.clone(),
            "no parameter selects the page: expected `number`, `offset` or `cursor`",
            "set `number` to the parameter of the page number, `offset` to that of the number of skipped items, or \
             `cursor` to that of the cursor",
        );
    }
    if let (Some(offset), true) = (span(&pages.offset), pages.number.is_some() || pages.cursor.is_some()) {
        problem(offset, "`offset` excludes `number` and `cursor`", "keep one of them");
    }
    match (span(&pages.cursor), span(&pages.next)) {
        (Some(cursor), None) => {
            problem(cursor, "`cursor` requires `next`", "set `next` to the field that returns the next cursor")
        }
        (None, Some(next)) => problem(next, "`next` requires `cursor`", "set `cursor` to the parameter that takes it"),
        _ => {}
    }
    if let (Some(ask), None) = (span(&pages.ask_has_next), &pages.has_next) {
        problem(ask, "`ask_has_next` requires `has_next`", "set `has_next` to the field that it turns on");
    }
    if let (Some(first), None) = (&pages.first, &pages.number) {
        problem(first.span.clone(), "`first` requires `number`", "remove it; it is the number of the first page");
    }
    if let Some(first) = pages.first.as_ref().filter(|first| !matches!(first.value, 0 | 1)) {
        let message = format!("`first` is {}: expected 0 or 1", first.value);
        problem(first.span.clone(), &message, "remove it if the first page is 1");
    }
    if let Some(backwards) = pages.backwards.as_ref().filter(|backwards| backwards.value)
        && (pages.number.is_none() || pages.cursor.is_some() || pages.total.is_none())
    {
        problem(
            backwards.span.clone(),
            "`backwards` requires `number` and `total`, and excludes `cursor`",
            "`total` determines the last page, with which `backwards` starts",
        );
    }
    if let Some(minutes) = pages.window.as_ref().map(|window| &window.minutes)
        && !(1..=MAX_WINDOW_MINUTES).contains(&minutes.value)
    {
        let message = format!("`minutes` is {}: expected 1 to {MAX_WINDOW_MINUTES}", minutes.value);
        problem(minutes.span.clone(), &message, "a day has 1440 minutes");
    }
}

/// The maximum time window, about ten years.
const MAX_WINDOW_MINUTES: i64 = 5_000_000;

/// A name that does not exist, and the parameters on the path before it.
struct Missing<'n, 'p> {
    name: &'n str,
    parents: Vec<&'p Parameter>,
}

/// Returns the parameters on a path.
fn lookup<'n, 'p>(path: &'n str, scope: &ParameterScope<'p>) -> Result<Vec<&'p Parameter>, Missing<'n, 'p>> {
    let mut parents: Vec<&Parameter> = Vec::new();
    for name in path.split('.') {
        match scope.level(&parents).iter().find(|parameter| parameter.name.value == name) {
            Some(parameter) => parents.push(parameter),
            None => return Err(Missing { name, parents }),
        }
    }
    Ok(parents)
}

/// Returns the parameters on a path, and reports a path that does not exist.
fn existing_path<'p>(
    checker: &mut RuleChecker<'_>,
    named: &Spanned<String>,
    scope: &ParameterScope<'p>,
) -> Option<Vec<&'p Parameter>> {
    let Missing { name, parents } = match lookup(&named.value, scope) {
        Ok(path) => return Some(path),
        Err(missing) => missing,
    };
    let side = scope.direction.word();
    let part = if scope.direction == Direction::Request { "parameter" } else { "field" };
    let parent = parents.last().map_or(format!("the {side}"), |parent| format!("`{}`", parent.name.value));
    let siblings = scope.level(&parents);
    let help = match (closest(name, siblings.iter().map(|sibling| sibling.name.value.as_str())), parents.last()) {
        (Some(similar), _) => format!("did you mean `{similar}`?"),
        (None, Some(parent)) if siblings.is_empty() => {
            format!("`{}` is a {} and has no fields", parent.name.value, parent.kind.value)
        }
        _ => "expected names on the wire joined by dots, such as `data.results`".to_owned(),
    };
    checker.problem(named.span.clone(), format!("{parent} has no {part} `{name}`")).help(help).emit();
    None
}

/// Returns the positions of lists on a path.
fn list_positions(path: &[&Parameter]) -> Vec<usize> {
    (0..path.len()).filter(|index| path[*index].type_name().list).collect()
}

/// Checks that a path leads to a single value of one of `kinds`.
fn check_scalar(
    checker: &mut RuleChecker<'_>,
    named: &Spanned<String>,
    key: &str,
    path: &[&Parameter],
    kinds: &[Kind],
) {
    let is_valid = path.last().and_then(|last| last.type_name().kind()).is_some_and(|kind| kinds.contains(&kind));
    if !is_valid || !list_positions(path).is_empty() {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let found = path.iter().find(|parameter| parameter.type_name().list).or(path.last());
        let found = found.map(|found| format!(", found `{}` of type {}", found.name.value, found.kind.value));
        let message = format!("expected a {} for `{key}`{}", names.join(" or "), found.unwrap_or_default());
        checker.problem(named.span.clone(), message).emit();
    }
}
