//! The walk through the pages of a list, without the calls.
//!
//! It is a small machine: it says what the request for the present page sets, and moves on when it is shown the answer. A
//! call that fails is not shown to it, so that it stays where it is.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::turned::{Change, Set, current};
use crate::protocol::__private::serialize;
use crate::protocol::{DateTime, Paging, Record, View, Way, Window, size};

/// How many empty pages in a row may say that there are more before they are no longer believed. A page whose items the
/// platform withholds is empty; a platform that says so for ever is broken, and nobody is to wait for its end.
const EMPTY: u32 = 10;

/// A walk through the pages of a list.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    paging: &'static Paging,
    slices: Option<Slices>,
    place: Place,
    direction: Direction,
    /// How many items are known to come before the next page, once there has been one.
    seen: Option<i64>,
    /// How many pages in a row were empty.
    empty: u32,
    /// How many items the fullest page had, which is how many a page holds or less.
    fullest: i64,
    /// Whether the list was begun at a page behind the first, so that `seen` is a guess.
    guessed: bool,
    /// A cursor that came, and how many came since. It is replaced by another after twice as many as the last time, so that
    /// a cursor that comes again in a circle of any length is found (Brent's algorithm).
    mark: (Option<String>, u64, u64),
    /// What tells the page before from others.
    page: Option<u64>,
    /// Whether there has been a page.
    begun: bool,
    over: bool,
    /// Why the walk was given up, if it was.
    problem: Option<String>,
}

/// What page is meant.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    number: i64,
    offset: i64,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Direction {
    Forwards,
    /// The first page, asked for how many there are.
    Probing,
    Backwards,
}

/// The slices of a span of time: the present one, and the end of the last.
#[derive(Clone, Debug)]
struct Slices {
    window: Window,
    from: DateTime,
    to: DateTime,
    end: DateTime,
}

impl Slices {
    /// The first slice of the span that `request` asks for, if it asks for one.
    fn of(request: &dyn Record, window: Window) -> Option<Self> {
        let (from, end) = (time(current(request, window.from))?, time(current(request, window.to))?);
        let mut slices = Self { window, from, to: end, end };
        slices.cut();
        Some(slices)
    }

    /// Sets the end of the slice that begins at `from`.
    fn cut(&mut self) {
        // Of a span whose end lies in it, a slice of an hour ends a second before the hour is full.
        let seconds = self.window.longest.as_secs().max(1) - u64::from(!self.window.to_excluded);
        // A slice that would end behind all calendars ends with the span.
        self.to = later(self.from, seconds).filter(|to| (self.from..self.end).contains(to)).unwrap_or(self.end);
    }

    /// Moves to the next slice, if there is one.
    fn next(&mut self) -> bool {
        if self.to >= self.end {
            return false;
        }
        let before = self.to;
        self.from = later(self.to, u64::from(!self.window.to_excluded)).unwrap_or(self.end);
        self.cut();
        // At the end of the calendar time does not go on.
        self.to > before
    }
}

fn later(time: DateTime, seconds: u64) -> Option<DateTime> {
    time.to_system_time().checked_add(Duration::from_secs(seconds)).map(DateTime::from)
}

fn time(view: View<'_>) -> Option<DateTime> {
    match view {
        View::Date(date) => Some(date),
        View::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(view: View<'_>) -> Option<i64> {
    match view {
        View::Number(number) => Some(number),
        View::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn word(view: View<'_>) -> Option<bool> {
    match view {
        View::Boolean(flag) => Some(flag),
        View::Number(number) => Some(number != 0),
        View::Text(text) => match text.trim() {
            "1" => Some(true),
            "0" => Some(false),
            text => text.to_ascii_lowercase().parse().ok(),
        },
        _ => None,
    }
}

fn cursor(view: View<'_>) -> Option<String> {
    match view {
        View::Text(text) => Some(text.to_owned()).filter(|text| !text.trim().is_empty()),
        View::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What tells a page of items that are all different from every other page. Where items are alike, as when the caller asks
/// for nothing but their state, two pages may be the same and still be two: of such nothing is told.
fn distinct(items: View<'_>) -> Option<u64> {
    let hash = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    let items: Vec<u64> = match items {
        View::Numbers(list) => list.iter().map(|number| hash(&|hasher| number.hash(hasher))).collect(),
        View::Texts(list) => list.iter().map(|text| hash(&|hasher| text.hash(hasher))).collect(),
        View::Objects(list) => {
            let texts = list.iter().map(|object| serialize(object, serde_json::value::Serializer).ok());
            texts.map(|json| hash(&|hasher| json.hash(hasher))).collect()
        }
        _ => return None,
    };
    let different: HashSet<u64> = items.iter().copied().collect();
    (items.len() > 1 && different.len() == items.len()).then(|| hash(&|hasher| items.hash(hasher)))
}

impl Walk {
    /// The walk that begins where `request` does: at its page, its cursor, its span of time, or else at the first.
    pub(super) fn new(paging: &'static Paging, request: &dyn Record) -> Self {
        let read = |way: Way| current(request, way);
        let first = paging.number.map_or(0, |(_, first)| first);
        let begin = Place {
            number: paging.number.and_then(|(way, _)| whole(read(way))).unwrap_or(first),
            offset: paging.offset.and_then(|way| whole(read(way))).unwrap_or_default(),
            cursor: paging.cursor.and_then(|(way, _)| cursor(read(way))),
        };
        let slices = paging.window.and_then(|window| Slices::of(request, window));
        let mut walk = Self {
            paging,
            place: begin.clone(),
            slices,
            direction: Direction::Forwards,
            seen: None,
            empty: 0,
            fullest: 0,
            guessed: false,
            mark: (None, 0, 1),
            page: None,
            begun: false,
            over: false,
            problem: None,
        };
        walk.start(begin);
        walk
    }

    /// Cuts the span of time, if the list is one over a span, into slices of this length, or of the longest that there
    /// may be. Once there has been a page, it is too late: the pages of a shorter slice are others.
    pub(super) fn slices_of(&mut self, longest: Duration) {
        if self.begun {
            return;
        }
        if let (Some(slices), Some(window)) = (&mut self.slices, self.paging.window) {
            slices.window.longest = longest.min(window.longest);
            slices.cut();
        }
    }

    /// Whether there is nothing more to ask for.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Why the walk has just ended, if not because the list did. It is told once.
    pub(super) fn problem(&mut self) -> Option<String> {
        self.problem.take()
    }

    /// What the request for the present page sets.
    pub(super) fn changes(&self, request: &dyn Record) -> Vec<Change> {
        let paging = self.paging;
        let mut changes = Vec::new();
        if let Some((way, _)) = paging.number {
            changes.push(Change { way, set: Set::Number(self.place.number) });
        }
        if let Some(way) = paging.offset {
            changes.push(Change { way, set: Set::Number(self.place.offset) });
        }
        if let (Some((way, _)), Some(cursor)) = (paging.cursor, &self.place.cursor) {
            changes.push(Change { way, set: Set::Text(cursor.clone()) });
        }
        if let Some(slices) = &self.slices {
            changes.push(Change { way: slices.window.from, set: Set::Date(slices.from) });
            changes.push(Change { way: slices.window.to, set: Set::Date(slices.to) });
        }
        if let Some(way) = paging.ask_has_next {
            changes.push(Change { way, set: Set::Boolean(self.asks_has_next(request)) });
        }
        changes
    }

    /// Whether the present page is to say if there are more: unless the caller wants it otherwise, or the total is needed.
    fn asks_has_next(&self, request: &dyn Record) -> bool {
        let asked = self.paging.ask_has_next.and_then(|way| word(current(request, way)));
        self.direction != Direction::Probing && asked.unwrap_or(true)
    }

    /// Moves on from the present page, which `response` is. Returns whether its items count: those of a page that was
    /// asked for how many there are come again at their turn.
    pub(super) fn answered(&mut self, response: &dyn Record) -> bool {
        let count = size(current(response, self.paging.items)).and_then(|size| i64::try_from(size).ok()).unwrap_or(0);
        let total = self.paging.total.and_then(|way| whole(current(response, way)));
        let first = self.paging.number.map_or(0, |(_, first)| first);
        self.begun = true;
        self.empty = if count == 0 { self.empty.saturating_add(1) } else { 0 };
        self.fullest = self.fullest.max(count);
        match (self.direction, total) {
            (Direction::Probing, Some(total)) if count > 0 && total > count => {
                // The first page is a full one, so it tells how many a page holds, whatever was asked for.
                self.place.number = first.saturating_add((total - 1) / count);
                self.direction = Direction::Backwards;
                return false;
            }
            (Direction::Probing, Some(_)) => self.end_of_list(),
            (Direction::Backwards, _) if self.place.number <= first => self.end_of_list(),
            (Direction::Backwards, _) if self.empty >= EMPTY => {
                self.give_up(format!(
                    "the list says that it has a page {}, and {EMPTY} pages from there are empty",
                    self.place.number.saturating_add(i64::from(EMPTY) - 1)
                ));
            }
            (Direction::Backwards, _) => self.place.number = self.place.number.saturating_sub(1),
            // A total that does not come leaves the way that every list can be walked.
            (Direction::Probing, None) | (Direction::Forwards, _) => {
                self.direction = Direction::Forwards;
                return self.forwards(response, count, total);
            }
        }
        true
    }

    /// Returns whether the page is another than the one before.
    fn forwards(&mut self, response: &dyn Record, count: i64, total: Option<i64>) -> bool {
        let paging = self.paging;
        let first = paging.number.map_or(0, |(_, first)| first);
        // Of what comes before a page that the walk begins at, its own length tells: all if it is a full one, and less if
        // not, which is no more than a call too many.
        let before = || {
            self.place
                .offset
                .max(0)
                .saturating_add(self.place.number.saturating_sub(first).max(0).saturating_mul(count))
        };
        let before = self.seen.unwrap_or_else(before);
        let seen = before.saturating_add(count);
        self.seen = Some(seen);
        let has_next = paging.has_next.and_then(|way| word(current(response, way)));
        let more = match (has_next, total) {
            (Some(true), _) => true,
            // A total beside it says more than a `false`, which may be no more than a default.
            (_, Some(total)) if seen >= total => false,
            (_, Some(total)) => count > 0 || !self.is_behind(total),
            (Some(false), None) => false,
            (None, None) => count > 0,
        };
        let next = paging.cursor.map(|(_, next)| cursor(current(response, next)));
        let stands = match &next {
            // Beside a number, which moves on, a cursor may stay what it is.
            Some(next) => paging.number.is_none() && (next.is_none() || *next == self.place.cursor),
            None => false,
        };
        if more && self.empty >= EMPTY {
            self.give_up(match (has_next, total) {
                (Some(true), _) | (_, None) => {
                    format!("the list says that it goes on after {seen} items, and {EMPTY} pages are empty")
                }
                (_, Some(total)) => format!("the list says that it has {total} items, and ended after {seen}"),
            });
            return true;
        }
        if stands && has_next == Some(true) {
            self.give_up(format!("the list says that it goes on after {seen} items, and not where"));
            return true;
        }
        if !more || stands {
            self.end_of_list();
            return true;
        }
        // A total ends the walk. Without one, a gateway that gives its last page to every number behind it never does.
        let told = total.is_some() || (paging.cursor.is_some() && paging.number.is_none());
        let page = if told { None } else { distinct(current(response, paging.items)) };
        if page.is_some() && page == self.page {
            self.give_up(format!("the list says that it goes on after {before} items, and the same page came again"));
            return false;
        }
        self.page = page;
        if let Some(Some(next)) = next {
            if paging.number.is_none() && self.is_in_a_circle(&next) {
                self.give_up(format!("the list says that it goes on after {seen} items, and where it has been before"));
                return true;
            }
            self.place.cursor = Some(next);
        }
        self.place.number = self.place.number.saturating_add(1);
        // Behind an empty page is what comes after the items that it would have had.
        let items = if count == 0 { self.fullest } else { count };
        self.place.offset = self.place.offset.saturating_add(items);
        true
    }

    /// Whether a cursor is one that the walk has been at.
    fn is_in_a_circle(&mut self, next: &str) -> bool {
        let (mark, since, until) = &mut self.mark;
        if mark.as_deref() == Some(next) {
            return true;
        }
        *since += 1;
        if since == until {
            *mark = Some(next.to_owned());
            (*since, *until) = (0, until.saturating_mul(2));
        }
        false
    }

    /// Whether an empty page is where the list has to end, although fewer items came than its total: items are withheld
    /// from pages that were counted. One empty page tells so where the pages before it had room for all; whole pages that
    /// are missing do not.
    fn is_behind(&self, total: i64) -> bool {
        let before = match self.paging.number {
            Some((_, first)) => self.place.number.saturating_sub(first).saturating_mul(self.fullest),
            None => self.place.offset,
        };
        self.guessed || (self.empty == 1 && self.fullest > 0 && before >= total)
    }

    /// Ends the walk before the list has ended.
    fn give_up(&mut self, problem: String) {
        self.problem = Some(problem);
        self.over = true;
    }

    /// Moves to the next slice of time, or ends the walk.
    fn end_of_list(&mut self) {
        if self.slices.as_mut().is_some_and(Slices::next) {
            let number = self.paging.number.map_or(0, |(_, first)| first);
            self.start(Place { number, offset: 0, cursor: None });
        } else {
            self.over = true;
        }
    }

    /// Begins a list at a place. One that is walked backwards is asked for its end, unless a page is named that is not
    /// the first: then the walk goes on from there.
    fn start(&mut self, place: Place) {
        let first = self.paging.number.map_or(0, |(_, first)| first);
        self.direction = match (self.paging.backwards, place.number > first) {
            (false, _) => Direction::Forwards,
            (true, true) => Direction::Backwards,
            (true, false) => Direction::Probing,
        };
        self.guessed = place.number > first;
        self.place = place;
        self.seen = None;
        self.empty = 0;
        self.fullest = 0;
        self.mark = (self.place.cursor.clone(), 0, 1);
        self.page = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::turned::Turned;
    use super::*;
    use crate::protocol::{Field, Kind, Schema};

    /// A request for a page in every way that there is.
    #[derive(Default)]
    struct Ask {
        number: Option<i64>,
        offset: Option<i64>,
        cursor: Option<String>,
        ask: Option<bool>,
        from: Option<DateTime>,
        to: Option<DateTime>,
    }

    impl Record for Ask {
        fn schema(&self) -> &'static Schema {
            const SCHEMA: Schema = Schema {
                name: "Ask",
                fields: &[
                    Field::new("number", Kind::Number),
                    Field::new("offset", Kind::Number),
                    Field::new("cursor", Kind::String),
                    Field::new("ask", Kind::Boolean),
                    Field::new("from", Kind::Date),
                    Field::new("to", Kind::Date),
                ],
            };
            &SCHEMA
        }

        fn view(&self, index: usize) -> View<'_> {
            match index {
                0 => View::of(&self.number),
                1 => View::of(&self.offset),
                2 => View::of(&self.cursor),
                3 => View::of(&self.ask),
                4 => View::of(&self.from),
                5 => View::of(&self.to),
                _ => View::Absent,
            }
        }
    }

    /// A page.
    #[derive(Debug, Default)]
    struct Answer {
        items: Vec<i64>,
        total: Option<i64>,
        has_next: Option<bool>,
        next: Option<String>,
    }

    impl Record for Answer {
        fn schema(&self) -> &'static Schema {
            const SCHEMA: Schema = Schema {
                name: "Answer",
                fields: &[
                    Field::new("items", Kind::Number).list(),
                    Field::new("total", Kind::Number),
                    Field::new("has_next", Kind::Boolean),
                    Field::new("next", Kind::String),
                ],
            };
            &SCHEMA
        }

        fn view(&self, index: usize) -> View<'_> {
            match index {
                0 => View::of(&self.items),
                1 => View::of(&self.total),
                2 => View::of(&self.has_next),
                3 => View::of(&self.next),
                _ => View::Absent,
            }
        }
    }

    const LIST: Paging = Paging::new(&["items"]);
    const KINDS: [Paging; 11] = [
        LIST.number(&["number"], 1),
        LIST.number(&["number"], 0),
        LIST.number(&["number"], 1).total(&["total"]),
        LIST.number(&["number"], 0).has_next(&["has_next"]),
        LIST.number(&["number"], 1).total(&["total"]).has_next(&["has_next"]).ask_has_next(&["ask"]),
        LIST.number(&["number"], 1).total(&["total"]).backwards(),
        LIST.number(&["number"], 0).total(&["total"]).has_next(&["has_next"]).ask_has_next(&["ask"]).backwards(),
        LIST.offset(&["offset"]),
        LIST.offset(&["offset"]).total(&["total"]),
        LIST.cursor(&["cursor"], &["next"]),
        LIST.number(&["number"], 1).cursor(&["cursor"], &["next"]).has_next(&["has_next"]),
    ];

    /// A platform that keeps a list and answers for one page of it, by the rules of `paging`.
    fn platform(paging: &Paging, list: &[i64], size: usize, request: &dyn Record) -> Answer {
        let read = |name: &'static str| current(request, &[name]);
        let start = match paging {
            Paging { cursor: Some(_), .. } => match read("cursor") {
                View::Text(text) => text.parse().unwrap(),
                _ => 0,
            },
            Paging { offset: Some(_), .. } => usize::try_from(whole(read("offset")).unwrap()).unwrap(),
            Paging { number: Some((_, first)), .. } => {
                usize::try_from(whole(read("number")).unwrap() - first).unwrap() * size
            }
            _ => unreachable!(),
        };
        if let Some((_, first)) = paging.number.filter(|_| paging.cursor.is_some()) {
            assert_eq!(start, usize::try_from(whole(read("number")).unwrap() - first).unwrap() * size);
        }
        let items: Vec<_> = list.iter().copied().skip(start).take(size).collect();
        let asked = paging.ask_has_next.is_none() || word(read("ask")) == Some(true);
        let end = start + items.len();
        Answer {
            total: paging.total.filter(|_| paging.has_next.is_none() || !asked).map(|_| list.len() as i64),
            has_next: paging.has_next.filter(|_| asked).map(|_| end < list.len()),
            next: paging.cursor.filter(|_| end < list.len() || list.len().is_multiple_of(2)).map(|_| end.to_string()),
            items,
        }
    }

    /// Walks to the end of a list, where every call may fail, and returns its pages as they counted.
    fn walked(
        walk: &mut Walk,
        request: &Ask,
        mut fails: impl Iterator<Item = bool>,
        mut answer: impl FnMut(&dyn Record) -> Answer,
    ) -> Vec<Vec<i64>> {
        let mut pages = Vec::new();
        for _ in 0..10_000 {
            if walk.is_over() {
                return pages;
            }
            let changes = walk.changes(request);
            if fails.next().unwrap_or(false) {
                continue;
            }
            let page = answer(&Turned::new(request, &changes));
            if walk.answered(&page) {
                pages.push(page.items);
            }
        }
        panic!("no end: {walk:?}");
    }

    proptest! {
        #[test]
        fn every_item_once_and_in_order(
            kind in 0..KINDS.len(),
            total in 0_usize..200,
            size in 1_usize..60,
            fails in prop::collection::vec(any::<bool>(), 0..40),
            ask in any::<Option<bool>>(),
        ) {
            let (paging, request) = (&KINDS[kind], Ask { ask, ..Ask::default() });
            let list: Vec<i64> = (0..total as i64).collect();
            let mut walk = Walk::new(paging, &request);
            let mut pages = walked(&mut walk, &request, fails.into_iter(), |page| platform(paging, &list, size, page));
            if paging.backwards {
                pages.reverse();
            }
            prop_assert_eq!(pages.concat(), list);
        }

        /// What a span of time has in it comes once, wherever its slices end: an item for every second.
        #[test]
        fn every_second_once(
            kind in 0..KINDS.len(),
            excluded in any::<bool>(),
            longest in 1_u64..500,
            span in 0_u64..2000,
            size in 1_usize..60,
            fails in prop::collection::vec(any::<bool>(), 0..40),
        ) {
            let windowed = |paging: Paging| paging.window(&["from"], &["to"], 10);
            let paging: &'static Paging = Box::leak(Box::new(match excluded {
                true => windowed(KINDS[kind]).to_excluded(),
                false => windowed(KINDS[kind]),
            }));
            let begin: DateTime = "2024-02-28 23:50:00".parse().unwrap();
            let request = Ask { from: Some(begin), to: later(begin, span), ..Ask::default() };
            let seconds = |page: &dyn Record, name| {
                let moment = time(current(page, &[name])).unwrap().to_system_time();
                moment.duration_since(begin.to_system_time()).unwrap().as_secs() as i64
            };
            let mut walk = Walk::new(paging, &request);
            walk.slices_of(Duration::from_secs(longest));
            let mut items = walked(&mut walk, &request, fails.into_iter(), |page| {
                let (from, to) = (seconds(page, "from"), seconds(page, "to"));
                assert!(to - from <= longest as i64, "{from} to {to}");
                let list: Vec<i64> = if excluded { (from..to).collect() } else { (from..=to).collect() };
                platform(paging, &list, size, page)
            }).concat();
            items.sort_unstable();
            let span = span as i64;
            let all: Vec<i64> = if excluded { (0..span).collect() } else { (0..=span).collect() };
            prop_assert_eq!(items, all);
        }

        /// A walk that begins at a page goes on from there.
        #[test]
        fn from_a_page_on(kind in 0..KINDS.len(), total in 0_usize..200, size in 1_usize..60, page in 1_i64..8) {
            let paging = &KINDS[kind];
            let first = paging.number.map_or(0, |(_, first)| first);
            let (list, before): (Vec<i64>, i64) = ((0..total as i64).collect(), page * size as i64);
            let request = Ask {
                number: paging.number.map(|_| first + page),
                offset: paging.offset.map(|_| before),
                cursor: paging.cursor.map(|_| before.to_string()),
                ..Ask::default()
            };
            let mut walk = Walk::new(paging, &request);
            let mut pages = walked(&mut walk, &request, std::iter::empty(), |page| platform(paging, &list, size, page));
            let place = (before as usize).min(list.len());
            if paging.backwards {
                pages.reverse();
                prop_assert_eq!(pages.concat(), &list[..(place + size).min(list.len())]);
            } else {
                prop_assert_eq!(pages.concat(), &list[place..]);
            }
        }
    }

    /// Shows a walk one answer after the other, and returns how many it took before it was over.
    fn taken(paging: &'static Paging, answers: impl IntoIterator<Item = Answer>) -> usize {
        let request = Ask::default();
        let mut walk = Walk::new(paging, &request);
        let mut count = 0;
        for answer in answers {
            if walk.is_over() {
                break;
            }
            walk.answered(&answer);
            count += 1;
        }
        count
    }

    fn page(items: i64) -> Answer {
        Answer { items: (0..items).collect(), ..Answer::default() }
    }

    #[test]
    fn ends() {
        let [plain, _, total, has_next, both, _, _, _, _, cursor, numbered_cursor] = &KINDS;
        let with_total = |items, total| Answer { total: Some(total), ..page(items) };
        let word = |items, has_next| Answer { has_next: Some(has_next), ..page(items) };
        let to = |items, next: &str| Answer { next: Some(next.to_owned()), ..page(items) };
        let many = |answer: fn() -> Answer| std::iter::repeat_with(answer).take(100);
        // A short page is no end: a gateway may give less than it was asked for. An empty one is.
        assert_eq!(taken(plain, [page(40), page(10), page(40), page(0), page(1)]), 4);
        // A total that grows or shrinks on the way is taken as it is last told.
        assert_eq!(taken(total, [with_total(40, 80), with_total(40, 90), with_total(10, 90), page(1)]), 3);
        assert_eq!(taken(total, [with_total(40, 200), with_total(40, 80), page(1)]), 2);
        assert_eq!(taken(total, [with_total(40, 200), with_total(0, 80), with_total(40, 80), page(1)]), 3);
        assert_eq!(taken(total, [with_total(40, 200), with_total(0, 40), page(1)]), 2);
        assert_eq!(taken(total, [with_total(30, 80), with_total(30, 80), with_total(0, 80), with_total(1, 61)]), 4);
        // Short pages below a total: what is withheld was counted.
        assert_eq!(
            taken(total, [with_total(40, 100), with_total(30, 100), with_total(10, 100), with_total(0, 100), page(1)]),
            4
        );
        assert_eq!(taken(has_next, [word(40, true), word(0, true), word(3, false), page(1)]), 3);
        // A word that is missing, on a page that is not empty, says nothing.
        assert_eq!(taken(has_next, [word(40, true), page(39), page(0), page(1)]), 3);
        assert_eq!(taken(has_next, many(|| Answer { has_next: Some(true), ..Answer::default() })), EMPTY as usize);
        // A gateway that answers both and means one of them.
        let both_said = |items, total, has_next| Answer { total: Some(total), has_next: Some(has_next), ..page(items) };
        assert_eq!(taken(both, [both_said(40, 80, false), both_said(40, 80, false), page(1)]), 2);
        assert_eq!(taken(cursor, [to(40, "a"), to(40, "b"), page(40), page(1)]), 3);
        assert_eq!(taken(cursor, [to(40, "a"), to(40, "a"), page(1)]), 2);
        assert_eq!(taken(cursor, [to(40, "a"), to(40, " "), page(1)]), 2);
        let same = |items, has_next| Answer { has_next: Some(has_next), ..to(items, "a") };
        assert_eq!(taken(numbered_cursor, [same(40, true), same(39, true), same(1, false), page(1)]), 3);
    }

    #[test]
    fn gives_up() {
        fn told(paging: &'static Paging, number: Option<i64>, first: Answer, then: fn() -> Answer) -> (usize, String) {
            let mut walk = Walk::new(paging, &Ask { number, ..Ask::default() });
            walk.answered(&first);
            let mut calls = 1;
            while !walk.is_over() && calls < 100 {
                walk.answered(&then());
                calls += 1;
            }
            (calls, walk.problem().unwrap_or_default())
        }
        let [_, _, total, has_next, _, backwards, _, _, offset, _, _] = &KINDS;
        let first = |total| Answer { total: Some(total), ..page(40) };
        let empty = || Answer { total: Some(200), ..page(0) };
        let short = "the list says that it has 200 items, and ended after 40";
        assert_eq!(told(total, None, first(200), empty), (11, short.to_owned()));
        assert_eq!(told(offset, None, first(200), empty), (11, short.to_owned()));
        let word = || Answer { has_next: Some(true), ..page(0) };
        let more = "the list says that it goes on after 0 items, and 10 pages are empty";
        assert_eq!(told(has_next, None, word(), word), (10, more.to_owned()));
        let back = "the list says that it has a page 25000000, and 10 pages from there are empty";
        assert_eq!(told(backwards, None, first(1_000_000_000), empty), (11, back.to_owned()));
        // Of a walk that begins at a page, nobody knows how many items come before.
        assert_eq!(told(total, Some(5), Answer { total: Some(165), ..page(5) }, empty), (2, String::new()));
        // The last pages of a list that items leave may have gone.
        assert_eq!(told(backwards, None, first(200), empty), (6, String::new()));
    }

    #[test]
    fn goes_in_no_circle() {
        let [plain, _, _, has_next, _, _, _, _, _, by_cursor, _] = &KINDS;
        for length in 1..40 {
            let mut walk = Walk::new(by_cursor, &Ask::default());
            let calls = (0..200)
                .take_while(|call| {
                    let next = if *call == 0 { "begin".to_owned() } else { (call % (length + 1)).to_string() };
                    let going = !walk.is_over();
                    assert!(!going || walk.answered(&Answer { next: Some(next), ..page(3) }));
                    going
                })
                .count();
            assert!(calls < 200 && walk.problem().is_some(), "{length}: {calls}");
        }
        for (paging, word) in [(plain, None), (has_next, Some(true))] {
            let mut walk = Walk::new(paging, &Ask::default());
            let answer = || Answer { has_next: word, ..page(40) };
            assert!(walk.answered(&answer()) && !walk.answered(&answer()) && walk.is_over());
            let told = "the list says that it goes on after 40 items, and the same page came again";
            assert_eq!(walk.problem().as_deref(), Some(told));
            // Items that are alike may well come again.
            let mut walk = Walk::new(paging, &Ask::default());
            let alike = || Answer { items: vec![7; 40], ..answer() };
            assert!(walk.answered(&alike()) && walk.answered(&alike()) && !walk.is_over());
        }
    }

    #[test]
    fn the_first_page_of_a_list_walked_backwards() {
        let paging = &KINDS[5];
        let request = Ask::default();
        let answer = |items, total| Answer { total, ..page(items) };
        for (items, total, counts, number) in [
            (0, Some(0), true, None),
            (3, Some(3), true, None),
            (40, Some(40), true, None),
            (40, Some(41), false, Some(2)),
            (40, Some(80), false, Some(2)),
            (40, Some(81), false, Some(3)),
            // Without a total there is no way back, so the walk goes on.
            (40, None, true, Some(2)),
        ] {
            let mut walk = Walk::new(paging, &request);
            assert_eq!(walk.answered(&answer(items, total)), counts, "{items} of {total:?}");
            assert_eq!((!walk.is_over()).then_some(walk.place.number), number, "{items} of {total:?}");
        }
    }

    #[test]
    fn slices_stay_as_they_are_once_the_walk_has_begun() {
        const PAGING: Paging = LIST.number(&["number"], 1).window(&["from"], &["to"], 60);
        let (from, to) = ("2024-06-18 00:00:00".parse().ok(), "2024-06-18 23:59:59".parse().ok());
        let request = Ask { from, to, ..Ask::default() };
        let mut walk = Walk::new(&PAGING, &request);
        walk.answered(&page(3));
        let before = walk.changes(&request);
        walk.slices_of(Duration::from_secs(60));
        assert_eq!(walk.changes(&request), before);
    }

    #[test]
    fn slices_and_numbers_without_measure() {
        const PAGING: Paging = LIST.number(&["number"], 1).window(&["from"], &["to"], 60);
        let (from, to) = ("2024-06-18 00:00:00".parse().ok(), "2024-06-18 23:59:59".parse().ok());
        let request = Ask { number: Some(i64::MIN), from, to, ..Ask::default() };
        for (longest, slices) in [(Duration::MAX, 24), (Duration::from_secs(1800), 48)] {
            let mut walk = Walk::new(&PAGING, &request);
            walk.slices_of(longest);
            assert_eq!(walked(&mut walk, &request, std::iter::empty(), |_| page(0)).len(), slices);
        }
        const ENDLESS: Paging = LIST.number(&["number"], 1).window(&["from"], &["to"], u64::MAX / 60);
        let mut walk = Walk::new(&ENDLESS, &request);
        walk.slices_of(Duration::MAX);
        assert_eq!(walked(&mut walk, &request, std::iter::empty(), |_| page(0)).len(), 1);
        for number in [i64::MIN, i64::MAX] {
            let mut walk = Walk::new(&KINDS[2], &Ask { number: Some(number), ..Ask::default() });
            walk.answered(&Answer { total: Some(i64::MAX), ..page(40) });
            walk.answered(&Answer { total: Some(i64::MIN), ..page(0) });
            assert!(walk.is_over());
        }
    }

    #[test]
    fn the_end_of_the_calendar() {
        const PAGING: Paging = LIST.number(&["number"], 1).window(&["from"], &["to"], 1440);
        let last: DateTime = "9999-12-31 23:59:59".parse().unwrap();
        let request = Ask { from: Some("9999-12-20 00:00:00".parse().unwrap()), to: Some(last), ..Ask::default() };
        let mut walk = Walk::new(&PAGING, &request);
        assert!(walked(&mut walk, &request, std::iter::empty(), |_| page(0)).len() < 20);
    }
}
