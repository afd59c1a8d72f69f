//! Walks over lists that a platform keeps by the rules, and over lists of a gateway that keeps to none.

use proptest::prelude::*;

use super::super::turned::Turned;
use super::list::EMPTY;
use super::page::whole;
use super::slices::{later, time};
use super::*;
use top_protocol::{DateTime, Field, Kind, Schema, View};

/// A request for a page in every way that there is.
#[derive(Default)]
struct Ask {
    number: Option<i64>,
    offset: Option<i64>,
    cursor: Option<String>,
    size: Option<i64>,
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
                Field::new("size", Kind::Number),
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
            3 => View::of(&self.size),
            4 => View::of(&self.ask),
            5 => View::of(&self.from),
            6 => View::of(&self.to),
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

/// A gateway that keeps a list and answers for one page of it, by the rules of `paging`.
#[derive(Clone, Debug, Default)]
struct Keeper {
    paging: Option<&'static Paging>,
    list: Vec<i64>,
    /// Which items are withheld; it begins anew where it is shorter than the list.
    withheld: Vec<bool>,
    /// How many items it says that the list has, if not how many it has.
    told: Option<i64>,
    /// How many items a page has where nothing is asked for.
    size: usize,
    /// How many it has at most, whatever is asked for.
    most: Option<usize>,
    afar: Afar,
}

/// What there is behind the last page of a list that is paged by number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Afar {
    #[default]
    Nothing,
    /// A refusal, of what is further behind.
    Refusal,
    /// The last page.
    Last,
}

impl Keeper {
    fn of(paging: &'static Paging, list: Vec<i64>, size: usize) -> Self {
        Self { paging: Some(paging), list, size, ..Self::default() }
    }

    fn page_size(&self, request: &dyn Record) -> usize {
        let asked = whole(current(request, &["size"])).and_then(|size| usize::try_from(size).ok());
        asked.unwrap_or(self.size).min(self.most.unwrap_or(usize::MAX))
    }

    fn is_withheld(&self, index: usize) -> bool {
        !self.withheld.is_empty() && self.withheld[index % self.withheld.len()]
    }

    /// The items that are not withheld, page by page.
    fn pages(&self, size: usize) -> Vec<Vec<i64>> {
        let indices: Vec<_> = (0..self.list.len()).collect();
        let page = |indices: &[usize]| {
            indices.iter().filter(|index| !self.is_withheld(**index)).map(|index| self.list[*index]).collect()
        };
        indices.chunks(size).map(page).collect()
    }

    fn answer(&self, request: &dyn Record) -> Option<Answer> {
        let (paging, length) = (self.paging.unwrap(), self.list.len());
        let (read, size) = (|name: &'static str| current(request, &[name]), self.page_size(request));
        let number = paging.number.map(|(_, first)| usize::try_from(whole(read("number")).unwrap() - first).unwrap());
        let mut start = match (number, paging) {
            (_, Paging { cursor: Some(_), .. }) => match read("cursor") {
                View::Text(text) => text.parse().unwrap(),
                _ => 0,
            },
            (Some(number), _) => number * size,
            _ => usize::try_from(whole(read("offset")).unwrap()).unwrap(),
        };
        match (self.afar, number) {
            (Afar::Refusal, Some(_)) if start > length + 20 * size => return None,
            (Afar::Last, Some(_)) => start = start.min(length.saturating_sub(1) / size * size),
            _ => {}
        }
        let end = (start + size).min(length);
        let shown = (start.min(end)..end).filter(|index| !self.is_withheld(*index));
        let asked = paging.ask_has_next.is_none() || word(read("ask")) == Some(true);
        Some(Answer {
            items: shown.map(|index| self.list[index]).collect(),
            total: paging
                .total
                .filter(|_| paging.has_next.is_none() || !asked)
                .map(|_| self.told.unwrap_or(length as i64)),
            has_next: paging.has_next.filter(|_| asked).map(|_| end < length),
            next: paging.cursor.filter(|_| end < length || length.is_multiple_of(2)).map(|_| end.to_string()),
        })
    }
}

/// What came of a walk: the pages that counted, why it ended, and after how many calls.
#[derive(Debug, Default)]
struct Walked {
    pages: Vec<Vec<i64>>,
    problem: Option<String>,
    calls: usize,
}

/// Walks to the end of a list, where every call may fail, but none three times.
fn walked(
    walk: &mut Walk,
    request: &Ask,
    mut fails: impl Iterator<Item = bool>,
    mut answer: impl FnMut(&dyn Record) -> Option<Answer>,
) -> Walked {
    let mut walked = Walked::default();
    for turn in 0..10_000 {
        if walk.is_over() {
            return walked;
        }
        let changes = walk.changes(request);
        if fails.next().unwrap_or(false) && turn % 3 > 0 {
            assert!(!walk.failed(false));
            continue;
        }
        walked.calls += 1;
        let Some(page) = answer(&Turned::new(request, &changes)) else {
            assert!(walk.failed(true), "{changes:?}");
            continue;
        };
        let Answered { counts, problem } = walk.answered(&page);
        assert!(walked.problem.is_none() && (problem.is_none() || walk.is_over()));
        walked.problem = problem;
        if counts {
            walked.pages.push(page.items);
        }
    }
    panic!("no end: {walk:?}");
}

/// A request for a page behind so many others.
fn begun_at(paging: &Paging, page: i64, size: usize) -> Ask {
    let before = page * size as i64;
    Ask {
        number: paging.number.map(|(_, first)| first + page),
        offset: paging.offset.map(|_| before),
        cursor: paging.cursor.map(|_| before.to_string()),
        ..Ask::default()
    }
}

proptest! {
    /// Whatever the length of the pages, what is withheld from them, what fails, and what the gateway does behind the end.
    #[test]
    fn every_item_once_and_in_order(
        kind in 0..KINDS.len(),
        total in 0_usize..200,
        size in 1_usize..60,
        asked in prop::option::of(1_i64..60),
        documented in any::<bool>(),
        most in prop::option::of(1_usize..60),
        withheld in prop::collection::vec(prop::bool::weighted(0.3), 0..50),
        alike in any::<bool>(),
        afar in prop::sample::select(vec![Afar::Nothing, Afar::Refusal, Afar::Last]),
        fails in prop::collection::vec(any::<bool>(), 0..40),
        ask in any::<Option<bool>>(),
    ) {
        let documented = documented.then_some(size as i64);
        let paging: &'static Paging = Box::leak(Box::new(KINDS[kind].size(&["size"], documented)));
        let list = (0..total as i64).map(|item| if alike { 7 } else { item }).collect();
        let mut keeper = Keeper { afar, ..Keeper::of(paging, list, size) };
        // Only a list that says how long it is, and is asked for places and not for what comes next, may have empty pages;
        // backwards, one whose pages tell how long they would be. Of pages that are shorter than they were asked to be,
        // nothing may be withheld too.
        let says_length = paging.total.is_some() || paging.has_next.is_some();
        let tells_size = !paging.backwards || asked.or(documented).is_some();
        match paging.number.is_some() && says_length && tells_size && most.is_none() {
            true => keeper.withheld = withheld,
            false => keeper.most = most,
        }
        // A last page that comes again is none to tell from another whose items are alike, nor from the one that a list of
        // shorter pages has there.
        let says_more = paging.has_next.is_some() && ask != Some(false);
        if (alike && !says_more) || (paging.backwards && keeper.withheld.contains(&true)) {
            keeper.afar = if afar == Afar::Last { Afar::Nothing } else { afar };
        }
        let request = Ask { ask, size: asked, ..Ask::default() };
        let pages = keeper.pages(keeper.page_size(&request));
        prop_assume!(!pages.windows(EMPTY as usize).any(|pages| pages.iter().all(Vec::is_empty)));
        let mut walk = Walk::new(paging, &request);
        let mut walked = walked(&mut walk, &request, fails.into_iter(), |page| keeper.answer(page));
        if paging.backwards && !pages.first().is_none_or(Vec::is_empty) {
            walked.pages.reverse();
        }
        prop_assert_eq!(walked.pages.concat(), pages.concat());
        // A total that is never reached, and a last page that comes again for ever, are told.
        let told = (keeper.afar == Afar::Last || keeper.withheld.contains(&true)) && !says_more;
        prop_assert!(walked.problem.is_none() || told, "{:?}", walked.problem);
    }

    /// A total that is too small ends a list only where just as many items have come. Backwards, that is so at the first
    /// page only: of the others, it tells which is the last.
    #[test]
    fn a_total_that_is_too_small(
        kind in prop::sample::select(vec![2_usize, 4, 5, 8]),
        total in 1_i64..200,
        told in 0_i64..200,
        size in 1_usize..60,
        page in prop_oneof![Just(0), 0_i64..4],
        afar in prop::sample::select(vec![Afar::Nothing, Afar::Refusal, Afar::Last]),
    ) {
        let paging = &KINDS[kind];
        let page = if paging.backwards { 0 } else { page };
        let told = if paging.backwards { told.min(size as i64 - 1) } else { told } % total;
        let (ask, before) = (Some(false), (page * size as i64).min(total));
        let request = Ask { ask, ..if page > 0 { begun_at(paging, page, size) } else { Ask::default() } };
        prop_assume!(before < total);
        let keeper = Keeper { afar, told: Some(told), ..Keeper::of(paging, (0..total).collect(), size) };
        let walked = walked(&mut Walk::new(paging, &request), &request, std::iter::empty(), |page| keeper.answer(page));
        let ends = [before + size as i64, told].iter().max() == Some(&told) && told % size as i64 == 0;
        prop_assert_eq!(walked.pages.concat(), (before..if ends { told } else { total }).collect::<Vec<_>>());
        prop_assert!(walked.problem.is_none() || afar == Afar::Last, "{:?}", walked.problem);
    }

    /// What a span of time has in it comes once, wherever its slices end: an item for every second. A page that the walk
    /// begins at is one of the first slice.
    #[test]
    fn every_second_once(
        kind in 0..KINDS.len(),
        excluded in any::<bool>(),
        longest in 1_u64..500,
        span in 0_u64..2000,
        size in 1_usize..60,
        page in prop_oneof![Just(0), 0_i64..8],
        fails in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let windowed = |paging: Paging| paging.window(&["from"], &["to"], 10);
        let paging: &'static Paging = Box::leak(Box::new(match excluded {
            true => windowed(KINDS[kind]).to_excluded(),
            false => windowed(KINDS[kind]),
        }));
        let begin: DateTime = "2024-02-28 23:50:00".parse().unwrap();
        let page = if paging.backwards { 0 } else { page };
        let begun = Ask { from: Some(begin), to: later(begin, span), ..begun_at(paging, page, size) };
        let request = if page > 0 { begun } else { Ask { from: begun.from, to: begun.to, ..Ask::default() } };
        let seconds = |page: &dyn Record, name| {
            let moment = time(current(page, &[name])).unwrap().to_system_time();
            moment.duration_since(begin.to_system_time()).unwrap().as_secs() as i64
        };
        let mut walk = Walk::new(paging, &request);
        walk.slices_of(Duration::from_secs(longest));
        let walked = walked(&mut walk, &request, fails.into_iter(), |page| {
            let (from, to) = (seconds(page, "from"), seconds(page, "to"));
            assert!(to - from <= longest as i64, "{from} to {to}");
            let list: Vec<i64> = if excluded { (from..to).collect() } else { (from..=to).collect() };
            Keeper::of(paging, list, size).answer(page)
        });
        let mut items = walked.pages.concat();
        items.sort_unstable();
        let span = span as i64;
        let length = if excluded { span } else { span + 1 };
        let all: Vec<i64> = ((page * size as i64).min(length).min(longest as i64)..length).collect();
        prop_assert_eq!(items, all);
    }

    /// A walk that begins at a page goes on from there.
    #[test]
    fn from_a_page_on(kind in 0..KINDS.len(), total in 0_usize..200, size in 1_usize..60, page in 1_i64..8) {
        let paging = &KINDS[kind];
        let (list, before): (Vec<i64>, i64) = ((0..total as i64).collect(), page * size as i64);
        let request = begun_at(paging, page, size);
        let mut walk = Walk::new(paging, &request);
        let keeper = Keeper::of(paging, list.clone(), size);
        let mut pages = walked(&mut walk, &request, std::iter::empty(), |page| keeper.answer(page)).pages;
        let place = (before as usize).min(list.len());
        if paging.backwards {
            pages.reverse();
            prop_assert_eq!(pages.concat(), &list[..(place + size).min(list.len())]);
        } else {
            prop_assert_eq!(pages.concat(), &list[place..]);
        }
    }
}

/// Shows a walk one answer after the other, each with items of its own, and returns how many it took before it was over.
fn taken(paging: &'static Paging, answers: impl IntoIterator<Item = Answer>) -> usize {
    let request = Ask::default();
    let mut walk = Walk::new(paging, &request);
    let mut count = 0;
    for mut answer in answers {
        if walk.is_over() {
            break;
        }
        answer.items.iter_mut().for_each(|item| *item += 1000 * count as i64);
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
    // Of a total that more came than, nothing is believed.
    assert_eq!(
        taken(total, [with_total(40, 50), with_total(40, 50), with_total(5, 50), with_total(0, 50), page(1)]),
        4
    );
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
    assert_eq!(taken(both, [both_said(40, 0, true), both_said(40, 0, false), page(1)]), 2);
    assert_eq!(taken(cursor, [to(40, "a"), to(40, "b"), page(40), page(1)]), 3);
    assert_eq!(taken(cursor, [to(40, "a"), to(40, "a"), page(1)]), 2);
    assert_eq!(taken(cursor, [to(40, "a"), to(40, " "), page(1)]), 2);
    let same = |items, has_next| Answer { has_next: Some(has_next), ..to(items, "a") };
    assert_eq!(taken(numbered_cursor, [same(40, true), same(39, true), same(1, false), page(1)]), 3);
}

#[test]
fn gives_up() {
    fn told(paging: &'static Paging, request: &Ask, first: Answer, then: fn() -> Answer) -> (usize, String) {
        let mut walk = Walk::new(paging, request);
        let mut problem = walk.answered(&first).problem;
        let mut calls = 1;
        while !walk.is_over() && calls < 100 {
            problem = walk.answered(&then()).problem;
            calls += 1;
        }
        (calls, problem.unwrap_or_default())
    }
    const SIZED: Paging = KINDS[2].size(&["size"], Some(40));
    let [_, _, total, has_next, _, backwards, _, _, offset, _, _] = &KINDS;
    let (any, at) = (Ask::default(), |number| Ask { number: Some(number), ..Ask::default() });
    let first = |items, total| Answer { total: Some(total), ..page(items) };
    let empty = || Answer { total: Some(200), ..page(0) };
    let short = "the list says that it has 200 items, and ended after 40";
    assert_eq!(told(total, &any, first(40, 200), empty), (11, short.to_owned()));
    assert_eq!(told(offset, &any, first(40, 200), empty), (11, short.to_owned()));
    assert_eq!(told(&SIZED, &any, first(40, 200), empty), (11, short.to_owned()));
    // Something is withheld from each of five pages.
    assert_eq!(told(&SIZED, &at(5), first(39, 200), || Answer { total: Some(200), ..page(0) }), (2, String::new()));
    let word = || Answer { has_next: Some(true), ..page(0) };
    let more = "the list says that it goes on after 0 items, and 10 pages are empty";
    assert_eq!(told(has_next, &any, word(), word), (10, more.to_owned()));
    let back = "the list says that it has a page 25000000, and 10 pages from there are empty";
    assert_eq!(told(backwards, &any, first(40, 1_000_000_000), empty), (11, back.to_owned()));
    // Of a walk that begins at a page, nobody knows how many items come before.
    assert_eq!(told(total, &at(5), first(5, 165), empty), (2, String::new()));
    // The last pages of a list that items leave may have gone.
    assert_eq!(told(backwards, &any, first(40, 200), empty), (6, String::new()));
}

/// Something is withheld from every page: the total is never reached, and nothing is missing.
#[test]
fn a_list_without_a_full_page() {
    for (size, problem, calls) in [(Some(40), false, 101), (None, true, 110)] {
        let paging: &'static Paging = Box::leak(Box::new(KINDS[2].size(&["size"], size)));
        let mut keeper = Keeper::of(paging, (0..4000).collect(), 40);
        keeper.withheld = (0..40).map(|index| index == 7).collect();
        let walked = walked(&mut Walk::new(paging, &Ask::default()), &Ask::default(), std::iter::empty(), |page| {
            keeper.answer(page)
        });
        assert_eq!((walked.pages.concat().len(), walked.problem.is_some(), walked.calls), (3900, problem, calls));
    }
}

/// An empty page that is the last, if pages are as long as they were asked to be, ends the list.
#[test]
fn the_last_page_withheld() {
    // How long the list is, how many of the first page are shown, how long pages may be, and what comes. From a gateway
    // that gives much less than it was asked for there may be more.
    for (length, shown, most, items, calls) in
        [(41, 40, 40, 40, 2), (41, 32, 40, 32, 2), (30, 0, 40, 0, 10), (41, 20, 20, 21, 4), (41, 12, 12, 29, 5)]
    {
        const SIZED: Paging = KINDS[2].size(&["size"], Some(40));
        let withheld = |index| (shown..most.max(2 * shown)).contains(&index);
        let mut keeper = Keeper { most: Some(most), ..Keeper::of(&SIZED, (0..length).collect(), 40) };
        keeper.withheld = (0..length as usize).map(withheld).collect();
        let request = Ask::default();
        let walked = walked(&mut Walk::new(&SIZED, &request), &request, std::iter::empty(), |page| keeper.answer(page));
        let came = (walked.pages.concat().len(), walked.problem, walked.calls);
        assert_eq!(came, (items, None, calls), "{shown} of {most}");
    }
}

#[test]
fn goes_in_no_circle() {
    let by_cursor = &KINDS[9];
    for length in 1..40 {
        let mut walk = Walk::new(by_cursor, &Ask::default());
        let mut problem = None;
        let calls = (0..200)
            .take_while(|call| {
                let next = if *call == 0 { "begin".to_owned() } else { (call % (length + 1)).to_string() };
                let going = !walk.is_over();
                if going {
                    problem = walk.answered(&Answer { next: Some(next), ..page(3) }).problem;
                }
                going
            })
            .count();
        assert!(calls < 200 && problem.is_some(), "{length}: {calls}");
    }
    // An end that is said by the cursor that was there before, and a gateway that does not heed it.
    let mut walk = Walk::new(by_cursor, &Ask::default());
    let to = |items: &[i64]| Answer { items: items.to_vec(), next: Some("a".to_owned()), ..Answer::default() };
    assert!(walk.answered(&to(&[1, 2])).counts);
    let mut other = walk.clone();
    assert_eq!(other.answered(&to(&[3])), Answered { counts: true, problem: None });
    let problem = Some("after 2 items, the same page and cursor came again".to_owned());
    assert_eq!(walk.answered(&to(&[1, 2])), Answered { counts: false, problem });
    assert!(walk.is_over() && other.is_over());
}

/// A gateway that answers the same page whatever is asked for is found out at the second, also where it has one item or
/// items that are alike.
#[test]
fn a_gateway_that_gives_one_page_for_all() {
    for (kind, paging) in
        KINDS.iter().enumerate().filter(|(_, paging)| paging.number.is_some() || paging.offset.is_some())
    {
        for items in [vec![1], vec![7, 7, 7], (0..40).collect()] {
            let (total, request) = (Some(2 * items.len() as i64), Ask::default());
            let answer = |request: &dyn Record| {
                let asked = paging.ask_has_next.is_none() || word(current(request, &["ask"])) == Some(true);
                Some(Answer {
                    items: items.clone(),
                    total: paging.total.filter(|_| paging.has_next.is_none() || !asked).and(total),
                    has_next: paging.has_next.filter(|_| asked).map(|_| true),
                    next: paging.cursor.map(|_| "a".to_owned()),
                })
            };
            let walked = walked(&mut Walk::new(paging, &request), &request, std::iter::empty(), answer);
            assert_eq!(walked.pages.concat(), if paging.backwards { vec![] } else { items.clone() }, "{kind}");
            assert_eq!(walked.calls, 3, "{kind}: {:?}", walked.problem);
            assert!(walked.problem.unwrap().starts_with("the page before came again for "), "{kind}");
        }
    }
    let mut walk = Walk::new(&KINDS[3], &Ask::default());
    let same = || Answer { has_next: Some(true), ..page(40) };
    assert_eq!(walk.answered(&same()), Answered { counts: true, problem: None });
    assert_eq!(walk.answered(&same()), Answered::default());
    let problem = "the page before came again for number 1, and for number 1000001 too, where there can be none";
    assert_eq!(walk.answered(&same()), Answered { counts: false, problem: Some(problem.to_owned()) });
}

/// What looks like the same page is one of its own where there is nothing behind the end.
#[test]
fn pages_that_are_alike() {
    let list = |length| vec![7; length];
    // A refusal proves less, so it is asked for again with every page.
    for (kind, calls, refused) in [(0, 11, 23), (2, 10, 22), (3, 10, 20), (7, 11, 11)] {
        for (afar, calls) in [(Afar::Nothing, calls), (Afar::Refusal, refused)] {
            let keeper = Keeper { afar, ..Keeper::of(&KINDS[kind], list(320), 40) };
            let (mut walk, request) = (Walk::new(&KINDS[kind], &Ask::default()), Ask::default());
            let walked = walked(&mut walk, &request, std::iter::empty(), |page| keeper.answer(page));
            assert_eq!((walked.pages.concat(), walked.problem), (list(320), None));
            assert_eq!(walked.calls, calls, "{kind} {afar:?}");
        }
    }
}

/// Nor is one behind the end where that is told by a total that more items came than.
#[test]
fn pages_that_are_alike_behind_a_wrong_total() {
    let keeper = Keeper { told: Some(10), ..Keeper::of(&KINDS[2], vec![7; 100], 40) };
    let (mut walk, request) = (Walk::new(&KINDS[2], &Ask::default()), Ask::default());
    let walked = walked(&mut walk, &request, std::iter::empty(), |page| keeper.answer(page));
    assert_eq!((walked.pages.concat().len(), walked.problem), (100, None));
}

/// A gateway that gives its last page for every page behind it.
#[test]
fn the_last_page_again() {
    const SIZED: Paging = KINDS[5].size(&["size"], Some(100));
    let all = |keeper: Keeper| {
        let (paging, request) = (keeper.paging.unwrap(), Ask::default());
        let walked = walked(&mut Walk::new(paging, &request), &request, std::iter::empty(), |page| keeper.answer(page));
        (walked.pages.concat().len(), walked.problem.is_some(), walked.calls)
    };
    let keeper = |paging, list: &[i64], size| Keeper { afar: Afar::Last, ..Keeper::of(paging, list.to_vec(), size) };
    let list: Vec<i64> = (0..100).collect();
    let withheld = |at: std::ops::Range<usize>| (0..100).map(|index| at.contains(&index)).collect::<Vec<_>>();
    // The total is not reached: the page behind the last is that once more.
    assert_eq!(all(Keeper { withheld: withheld(50..51), ..keeper(&KINDS[2], &list, 40) }), (99, false, 4));
    // Backwards, from a page that is thought to be the last as the first page is short.
    assert_eq!(all(Keeper { withheld: withheld(0..5), ..keeper(&KINDS[5], &list, 10) }), (95, false, 23));
    assert_eq!(all(Keeper { withheld: withheld(0..5), ..keeper(&KINDS[6], &list, 10) }), (95, false, 21));
    assert_eq!(all(Keeper { withheld: withheld(0..2), ..keeper(&SIZED, &list, 10) }), (98, false, 17));
    // Nobody can tell it from one that gives one page for all, where it has one.
    assert_eq!(all(Keeper { withheld: withheld(0..5), ..keeper(&KINDS[5], &list[..10], 10) }), (0, true, 3));
    assert_eq!(all(Keeper { withheld: withheld(0..5), ..keeper(&KINDS[6], &list[..10], 10) }), (5, true, 3));
    for (kind, calls) in [(5, 7), (6, 5)] {
        let request = begun_at(&KINDS[kind], 4, 10);
        let keeper = keeper(&KINDS[kind], &list[..10], 10);
        let mut walk = Walk::new(&KINDS[kind], &request);
        let walked = walked(&mut walk, &request, std::iter::empty(), |page| keeper.answer(page));
        assert_eq!((walked.pages.concat().len(), walked.problem.is_some(), walked.calls), (10, true, calls));
    }
    // And where pages are shorter than they were asked to be.
    assert_eq!(all(keeper(&SIZED, &list, 51)), (100, false, 4));
    // In every slice of time.
    const SLICED: Paging = KINDS[5].window(&["from"], &["to"], 60);
    let (from, to) = ("2024-06-18 00:00:00".parse().ok(), "2024-06-18 02:59:59".parse().ok());
    let (request, sliced) = (Ask { from, to, ..Ask::default() }, keeper(&SLICED, &list, 10));
    let sliced = Keeper { withheld: withheld(0..5), ..sliced };
    let walked = walked(&mut Walk::new(&SLICED, &request), &request, std::iter::empty(), |page| sliced.answer(page));
    assert_eq!((walked.pages.concat().len(), walked.problem), (3 * 95, None));
    // Where it tells nothing else, the first page that looks like the one before is not the last: it is alike.
    assert_eq!(all(keeper(&KINDS[0], &[1, 2, 1, 2, 3], 2)), (5, true, 7));
}

/// The next page of a list that is paged by how many items come before begins behind those that came, and behind an empty
/// one where it would if that had been full.
#[test]
fn offsets() {
    let (paging, request) = (&KINDS[8], Ask::default());
    let mut walk = Walk::new(paging, &request);
    for (first, items, next) in [(0, 40, 40), (40, 10, 50), (50, 0, 90), (90, 40, 130)] {
        let items = (first..first + items).collect();
        walk.answered(&Answer { items, total: Some(200), ..Answer::default() });
        assert_eq!(walk.changes(&request)[0].set, Set::Number(next));
    }
}

#[test]
fn the_first_page_of_a_list_walked_backwards() {
    const SIZED: Paging = KINDS[5].size(&["size"], Some(40));
    let (any, fifty) = (Ask::default(), Ask { size: Some(50), ..Ask::default() });
    let answer = |items, total| Answer { total, ..page(items) };
    for (paging, request, items, total, counts, number) in [
        (&KINDS[5], &any, 0, Some(0), true, None),
        (&KINDS[5], &any, 3, Some(3), true, None),
        (&KINDS[5], &any, 40, Some(40), true, None),
        (&KINDS[5], &any, 40, Some(41), false, Some(2)),
        (&KINDS[5], &any, 40, Some(80), false, Some(2)),
        (&KINDS[5], &any, 40, Some(81), false, Some(3)),
        // Without a total there is no way back, nor where no item tells how many a page has, so the walk goes on.
        (&KINDS[5], &any, 40, None, true, Some(2)),
        (&KINDS[5], &any, 0, Some(81), true, Some(2)),
        // Of a page that has what was asked for, its length says nothing new; nor does that of one that has more.
        (&SIZED, &any, 40, Some(81), false, Some(3)),
        (&SIZED, &fifty, 50, Some(101), false, Some(3)),
        (&SIZED, &fifty, 60, Some(121), false, Some(3)),
        // One that has less tells of nothing where the last page is the same anyhow, and else the page behind it does.
        (&SIZED, &any, 39, Some(200), false, Some(6)),
        (&SIZED, &any, 35, Some(120), false, Some(4)),
        (&SIZED, &fifty, 30, Some(200), false, Some(5)),
        (&SIZED, &any, 1, Some(1_000_000_000), false, Some(25_000_001)),
    ] {
        let mut walk = Walk::new(paging, request);
        assert_eq!(walk.answered(&answer(items, total)).counts, counts, "{items} of {total:?}");
        let at = walk.changes(request).first().map(|change| change.set.clone());
        assert_eq!((!walk.is_over()).then_some(at).flatten(), number.map(Set::Number), "{items} of {total:?}");
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
        assert_eq!(walked(&mut walk, &request, std::iter::empty(), |_| Some(page(0))).calls, slices);
    }
    const ENDLESS: Paging = LIST.number(&["number"], 1).window(&["from"], &["to"], u64::MAX / 60);
    let mut walk = Walk::new(&ENDLESS, &request);
    walk.slices_of(Duration::MAX);
    assert_eq!(walked(&mut walk, &request, std::iter::empty(), |_| Some(page(0))).calls, 1);
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
    assert!(walked(&mut walk, &request, std::iter::empty(), |_| Some(page(0))).calls < 20);
}
