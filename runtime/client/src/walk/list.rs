//! The pages of one list, one after the other.

use std::fmt;

use super::super::turned::current;
use super::page::{Page, whole};
use super::place::Place;
use top_protocol::{Paging, Record, View};

/// How many empty pages in a row may say that there are more before they are no longer believed. A page whose items the
/// platform withholds is empty; a platform that says so for ever is broken, and nobody is to wait for its end.
pub(super) const EMPTY: u32 = 10;

/// A list, and the place in it that the walk has come to.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) paging: &'static Paging,
    /// How many items a page is asked to hold.
    size: Option<i64>,
    pub(super) place: Place,
    direction: Direction,
    /// How many items are known to come before the next page, once there has been one.
    seen: Option<i64>,
    /// How many pages in a row were empty.
    empty: u32,
    /// How many items the fullest page had, which is how many a page holds or less.
    fullest: i64,
    /// Whether the list was begun at a page behind the first, so that `seen` is a guess.
    guessed: bool,
    /// What tells the page before from others.
    before: Option<u64>,
    /// Whether items of the list have counted.
    counted: bool,
    /// Whether a page was set aside because it was the one before once more.
    aside: bool,
    /// Whether the gateway is known to give its last page for every page behind it.
    repeats: bool,
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Forwards,
    /// The first page, asked for how many items there are.
    First,
    /// The page behind the one that is the last if pages are as long as they were asked to be. If there is none such, that
    /// is the last, and else one further on.
    Behind {
        last: i64,
        further: i64,
    },
    Backwards,
}

/// What follows a page.
#[derive(Debug)]
pub(super) enum Step {
    /// Another page.
    Next,
    /// Another page, and the items of this one at their turn.
    Aside,
    /// Nothing: the list has ended.
    End,
    /// Nothing, although the list has not ended, for this reason.
    GiveUp(String),
    /// The same, and this page has been before.
    Again(String),
}

fn first(paging: &Paging) -> i64 {
    paging.number.map_or(0, |(_, first)| first)
}

fn goes_on(seen: i64, but: impl fmt::Display) -> Step {
    Step::GiveUp(format!("the list says that it goes on after {seen} items, and {but}"))
}

impl List {
    /// The list that begins where `request` does: at its page or its cursor, or else at the first page.
    pub(super) fn of(paging: &'static Paging, request: &dyn Record) -> Self {
        let size = paging.size.and_then(|(way, default)| whole(current(request, way)).or(default));
        Self::at(paging, size, Place::of(paging, |way| current(request, way)))
    }

    /// The same list over another span of time, from its beginning.
    pub(super) fn anew(&self) -> Self {
        let list = Self::at(self.paging, self.size, Place::of(self.paging, |_| View::Absent));
        Self { repeats: self.repeats, ..list }
    }

    /// One that is walked backwards is asked for its end, unless a page is named that is not the first: then the walk goes
    /// on from there.
    fn at(paging: &'static Paging, size: Option<i64>, place: Place) -> Self {
        let guessed = matches!(place, Place::Number(number, _) if number > first(paging));
        let direction = match (paging.backwards, guessed) {
            (false, _) => Direction::Forwards,
            (true, true) => Direction::Backwards,
            (true, false) => Direction::First,
        };
        Self {
            paging,
            size,
            place,
            direction,
            seen: None,
            empty: 0,
            fullest: 0,
            guessed,
            before: None,
            counted: false,
            aside: false,
            repeats: false,
        }
    }

    /// Whether it is to be told how many items there are, rather than whether there are more.
    pub(super) fn needs_total(&self) -> bool {
        matches!(self.direction, Direction::First)
    }

    /// Whether a page is the one before once more, or has items that are like its. One that says that it is the last is none
    /// to follow, whatever it has.
    pub(super) fn is_again(&self, page: &Page) -> bool {
        self.is_as_before(page)
            && (page.has_next != Some(false) || page.total.is_some())
            && !matches!(self.direction, Direction::Behind { .. })
    }

    fn is_as_before(&self, page: &Page) -> bool {
        page.print.is_some() && page.print == self.before
    }

    /// Whether a page is one behind the end, which the walk comes to forwards: the pages before it had room for all items.
    pub(super) fn is_behind(&self, page: &Page) -> bool {
        // A full page may follow where the total has turned out too small.
        let is_passed =
            |total| !self.guessed && page.count >= self.fullest && self.seen.is_some_and(|seen| seen > total);
        matches!(self.direction, Direction::Forwards)
            && page.total.is_some_and(|total| self.room(self.fullest) >= total && !is_passed(total))
    }

    /// Takes note that a page came again for one that is far behind the end. Returns whether the walk can do with that: one
    /// backwards, of which that page is the last, sets it aside until it comes to others.
    pub(super) fn came_afar(&mut self, page: &Page) -> bool {
        self.repeats = matches!(self.direction, Direction::Backwards) && self.counted && page.distinct;
        self.repeats
    }

    /// How many items the pages before the present one hold, and before the empty ones in a row with it, if each holds so
    /// many.
    fn room(&self, size: i64) -> i64 {
        let Place::Number(number, _) = self.place else { return 0 };
        let empty = i64::from(self.empty.saturating_sub(1));
        let pages = number.saturating_sub(first(self.paging)).saturating_sub(empty);
        pages.max(0).saturating_mul(size)
    }

    /// Whether there is room for so many items with the present page, or the first empty one of a row, if each page is as
    /// long as it is asked to be.
    fn has_room(&self, total: i64) -> bool {
        let numbered = matches!(self.place, Place::Number(..));
        numbered && self.size.is_some_and(|size| self.room(size).saturating_add(size) >= total)
    }

    /// Whether pages seem to be as long as they are asked to be, with items withheld. A page of less than half as many is
    /// taken for one of a gateway that gives no more.
    fn gives_what_is_asked_for(&self) -> bool {
        self.size.is_some_and(|size| self.fullest > size / 2)
    }

    /// Moves on from the present page.
    pub(super) fn answered(&mut self, page: &Page) -> Step {
        self.empty = if page.count == 0 { self.empty.saturating_add(1) } else { 0 };
        self.fullest = self.fullest.max(page.count);
        let step = match self.direction {
            Direction::Forwards => self.forwards(page),
            // It may well be the next page too.
            Direction::Behind { .. } => return self.backwards(page),
            Direction::First | Direction::Backwards => self.backwards(page),
        };
        self.before = page.print;
        self.counted |= matches!(step, Step::Next);
        step
    }

    fn backwards(&mut self, page: &Page) -> Step {
        let (first, again) = (first(self.paging), self.is_as_before(page));
        // Of two pages that say that they are the last, the one behind is none.
        let says_last = page.has_next == Some(false) && page.total.is_none();
        let aside = again && page.distinct && (says_last || (self.repeats && self.counted));
        let Place::Number(number, _) = &mut self.place else { return self.forwards(page) };
        match (self.direction, page.total) {
            (Direction::First, Some(total)) if total == page.count => Step::End,
            (Direction::First, Some(total)) if total > page.count && page.count > 0 => {
                let last = |size: i64| first.saturating_add((total - 1) / size);
                let further = last(page.count);
                // The page is a full one, but may have items withheld. Where it has fewer than were asked for, that is why,
                // or no page has more.
                let last = last(self.size.unwrap_or_default().max(page.count));
                (*number, self.direction) = match last == further {
                    true => (last, Direction::Backwards),
                    false => (last.saturating_add(1), Direction::Behind { last, further }),
                };
                Step::Aside
            }
            // Where nothing tells which page is the last, there is the way that every list can be walked.
            (Direction::First | Direction::Forwards, _) => {
                self.direction = Direction::Forwards;
                self.forwards(page)
            }
            (Direction::Behind { last, further }, _) => {
                // A gateway that gives its last page here gives the first once more where that is the last.
                let more = page.count > 0 && !(again && page.distinct);
                (*number, self.direction) = (if more { further } else { last }, Direction::Backwards);
                self.empty = 0;
                Step::Aside
            }
            (Direction::Backwards, _) if *number <= first && aside && (self.counted || self.aside) => {
                let problem = format!("the same page came for page {first} and for those behind it");
                if self.counted { Step::Again(problem) } else { Step::GiveUp(problem) }
            }
            (Direction::Backwards, _) if *number <= first => Step::End,
            (Direction::Backwards, _) if self.empty >= EMPTY => Step::GiveUp(format!(
                "the list says that it has a page {}, and {EMPTY} pages from there are empty",
                number.saturating_add(i64::from(EMPTY) - 1)
            )),
            (Direction::Backwards, _) => {
                *number = number.saturating_sub(1);
                self.aside |= aside;
                if aside { Step::Aside } else { Step::Next }
            }
        }
    }

    fn forwards(&mut self, page: &Page) -> Step {
        let count = page.count;
        // Of what comes before a page that the walk begins at, its own length tells: all if it is a full one, and less if
        // not, which is no more than a call too many.
        let before = self.seen.unwrap_or_else(|| match self.place {
            Place::Offset(offset) => offset.max(0),
            _ => self.room(count),
        });
        let seen = before.saturating_add(count);
        self.seen = Some(seen);
        let more = match (page.has_next, page.total) {
            (Some(true), _) => true,
            // A total beside it says more than a `false`, which may be no more than a default.
            (_, Some(total)) if seen == total => false,
            // Items are withheld from pages that were counted: then the list ends before so many came.
            (_, Some(total)) if seen < total => {
                let is_through = self.guessed
                    || self.room(self.fullest) >= total
                    || (self.gives_what_is_asked_for() && self.has_room(total));
                count > 0 || !is_through
            }
            // Where more came than the total says, the list ends as one without.
            (Some(false), _) => false,
            (None, _) => count > 0,
        };
        if !more {
            return Step::End;
        }
        if self.empty >= EMPTY {
            return match (page.has_next, page.total) {
                (Some(true), _) | (_, None) => goes_on(seen, format_args!("{EMPTY} pages are empty")),
                // From every page something was withheld.
                (_, Some(total)) if self.has_room(total) => Step::End,
                (_, Some(total)) => {
                    Step::GiveUp(format!("the list says that it has {total} items, and ended after {seen}"))
                }
            };
        }
        match &mut self.place {
            Place::Number(number, cursor) => {
                *number = number.saturating_add(1);
                // Beside a number, which moves on, a cursor may stay what it is.
                if page.next.is_some() {
                    cursor.clone_from(&page.next);
                }
            }
            Place::Offset(offset) => {
                // Behind an empty page is what comes after the items that it would have had.
                *offset = offset.saturating_add(if count == 0 { self.fullest } else { count });
            }
            Place::Cursor(cursor, circle) => match &page.next {
                Some(next) if page.next != *cursor => {
                    if circle.closes(next) {
                        return goes_on(seen, "where it has been before");
                    }
                    cursor.clone_from(&page.next);
                }
                _ if page.has_next == Some(true) => return goes_on(seen, "not where"),
                // An end that is said by the same cursor may have items that are alike, but not the same.
                _ if page.distinct && self.is_as_before(page) => {
                    return Step::Again(format!("after {before} items, the same page and cursor came again"));
                }
                _ => return Step::End,
            },
        }
        Step::Next
    }
}
