//! What a description of pages must keep to: what it names is there, and is what it is named for.

use super::rules::{Checker, Side};
use super::shape::closest;
use super::{Kind, Pages, Parameter, Placed};

/// Holds the description of a method's pages against its request and its response.
pub(super) fn check(checker: &mut Checker<'_>, pages: &Pages, request: &Side<'_>, response: &Side<'_>) {
    const COUNTS: &[Kind] = &[Kind::Number, Kind::String];
    const FLAGS: &[Kind] = &[Kind::Boolean, Kind::Number, Kind::String];
    const TIMES: &[Kind] = &[Kind::Date, Kind::String];

    if let Some(way) = way(checker, &pages.items, response)
        && lists(&way) != [way.len() - 1]
    {
        let problem = format!("expected a list outside other lists for `items`, found `{}`", pages.items.value);
        checker.problem(pages.items.place.clone(), problem).help("the type of a list ends with []").done();
    }
    for (named, side, key, kinds) in [
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
            && let Some(way) = way(checker, named, side)
        {
            scalar(checker, named, key, &way, kinds);
        }
    }
    next(checker, pages, request, response);
    twice(checker, pages);
    sense(checker, pages);
}

/// That nothing is named for two things: a walk would set one of them over the other, or take one for the other.
fn twice(checker: &mut Checker<'_>, pages: &Pages) {
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
    for (side, part) in [(&request[..], "parameter"), (&response[..], "field")] {
        let mut before: Vec<(&str, &str)> = Vec::new();
        for (key, named) in side {
            let Some(named) = named else { continue };
            match before.iter().find(|(_, value)| *value == named.value) {
                Some((other, value)) => checker
                    .problem(named.place.clone(), format!("`{value}` is both `{other}` and `{key}`"))
                    .help(format!("name another {part} as `{key}`, or remove one of the keys"))
                    .done(),
                None => before.push((key, &named.value)),
            }
        }
    }
}

/// What a cursor is taken from: a field of the response, or of each item.
fn next(checker: &mut Checker<'_>, pages: &Pages, request: &Side<'_>, response: &Side<'_>) {
    let Some(named) = &pages.next else { return };
    let Some(way) = way(checker, named, response) else { return };
    let in_items = named.value.strip_prefix(&pages.items.value).is_some_and(|rest| rest.starts_with('.'));
    let items = pages.items.value.split('.').count();
    let plain: Vec<_> = if in_items { way.into_iter().skip(items).collect() } else { way };
    scalar(checker, named, "next", &plain, &[Kind::Number, Kind::String]);
    let kind = |way: &[&Parameter]| way.last().and_then(|last| last.type_name().kind());
    if let Some(cursor) = pages.cursor.as_ref().and_then(|cursor| found(&cursor.value, request))
        && let (Some(taken), Some(returned)) = (kind(&cursor), kind(&plain))
        && taken != returned
        && lists(&plain).is_empty()
    {
        checker
            .problem(named.place.clone(), "`next` and `cursor` have different types")
            .help(format!("`next` is a {}, `cursor` is a {}", returned.word(), taken.word()))
            .done();
    }
}

/// The parameters that a way leads through, of a way whose problems are told elsewhere.
fn found<'p>(way: &str, side: &Side<'p>) -> Option<Vec<&'p Parameter>> {
    let mut found: Vec<&Parameter> = Vec::new();
    for name in way.split('.') {
        let level = found.last().map_or(side.parameters, |parameter| side.fields(parameter));
        found.push(level.iter().find(|parameter| parameter.name.value == name)?);
    }
    Some(found)
}

/// That what is said makes a way from each page to the next.
fn sense(checker: &mut Checker<'_>, pages: &Pages) {
    let place = |named: &Option<Placed<String>>| named.as_ref().map(|named| named.place.clone());
    let mut problem = |place, message: &str, help: &str| checker.problem(place, message).help(help).done();
    if pages.number.is_none() && pages.offset.is_none() && pages.cursor.is_none() {
        problem(
            pages.place.clone(),
            "no parameter selects the page: expected `number`, `offset` or `cursor`",
            "set `number` to the parameter of the page number, `offset` to that of the number of skipped items, or \
             `cursor` to that of the cursor",
        );
    }
    if let (Some(offset), true) = (place(&pages.offset), pages.number.is_some() || pages.cursor.is_some()) {
        problem(offset, "`offset` excludes `number` and `cursor`", "keep one of them");
    }
    match (place(&pages.cursor), place(&pages.next)) {
        (Some(cursor), None) => {
            problem(cursor, "`cursor` requires `next`", "set `next` to the field that returns the next cursor")
        }
        (None, Some(next)) => problem(next, "`next` requires `cursor`", "set `cursor` to the parameter that takes it"),
        _ => {}
    }
    if let (Some(ask), None) = (place(&pages.ask_has_next), &pages.has_next) {
        problem(ask, "`ask_has_next` requires `has_next`", "set `has_next` to the field that it turns on");
    }
    if let (Some(first), None) = (&pages.first, &pages.number) {
        problem(first.place.clone(), "`first` requires `number`", "remove it; it is the number of the first page");
    }
    if let Some(first) = pages.first.as_ref().filter(|first| !matches!(first.value, 0 | 1)) {
        let message = format!("`first` is {}: expected 0 or 1", first.value);
        problem(first.place.clone(), &message, "remove it if the first page is 1");
    }
    if let Some(backwards) = pages.backwards.as_ref().filter(|backwards| backwards.value)
        && (pages.number.is_none() || pages.cursor.is_some() || pages.total.is_none())
    {
        problem(
            backwards.place.clone(),
            "`backwards` requires `number` and `total`, and excludes `cursor`",
            "`total` determines the last page, with which `backwards` starts",
        );
    }
    if let Some(minutes) = pages.window.as_ref().map(|window| &window.minutes)
        && !(1..=MINUTES).contains(&minutes.value)
    {
        let message = format!("`minutes` is {}: expected 1 to {MINUTES}", minutes.value);
        problem(minutes.place.clone(), &message, "a day has 1440 minutes");
    }
}

/// The longest span of time, some ten years.
const MINUTES: i64 = 5_000_000;

/// The parameters that a way leads through, or nothing if it leads nowhere, which is told.
fn way<'p>(checker: &mut Checker<'_>, named: &Placed<String>, side: &Side<'p>) -> Option<Vec<&'p Parameter>> {
    let (what, part) = if side.request { ("request", "parameter") } else { ("response", "field") };
    let mut way: Vec<&Parameter> = Vec::new();
    for name in named.value.split('.') {
        let level = way.last().map_or(side.parameters, |parameter| side.fields(parameter));
        let Some(parameter) = level.iter().find(|parameter| parameter.name.value == name) else {
            let around = match way.last() {
                Some(parameter) => format!("`{}`", parameter.name.value),
                None => format!("the {what}"),
            };
            let draft = checker.problem(named.place.clone(), format!("{around} has no {part} `{name}`"));
            match (closest(name, level.iter().map(|parameter| parameter.name.value.as_str())), way.last()) {
                (Some(meant), _) => draft.help(format!("did you mean `{meant}`?")).done(),
                (None, Some(parameter)) if level.is_empty() => {
                    draft
                        .help(format!("`{}` is a {} and has no fields", parameter.name.value, parameter.kind.value))
                        .done();
                }
                _ => draft.help("expected names on the wire joined by dots, such as `data.results`").done(),
            }
            return None;
        };
        way.push(parameter);
    }
    Some(way)
}

/// Where lists stand on a way.
fn lists(way: &[&Parameter]) -> Vec<usize> {
    (0..way.len()).filter(|index| way[*index].type_name().list).collect()
}

/// That a way leads to one value of one of the types.
fn scalar(checker: &mut Checker<'_>, named: &Placed<String>, key: &str, way: &[&Parameter], kinds: &[Kind]) {
    let fits = way.last().and_then(|last| last.type_name().kind()).is_some_and(|kind| kinds.contains(&kind));
    if !fits || !lists(way).is_empty() {
        let words: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
        let found = way.iter().find(|parameter| parameter.type_name().list).or(way.last());
        let found = found.map(|found| format!(", found `{}` of type {}", found.name.value, found.kind.value));
        let message = format!("expected a {} for `{key}`{}", words.join(" or "), found.unwrap_or_default());
        checker.problem(named.place.clone(), message).done();
    }
}
