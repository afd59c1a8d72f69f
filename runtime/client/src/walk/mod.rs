//! The walk through the pages of a list, without the calls.
//!
//! It is a small machine: it says what the request for the present page sets, and moves on when it is shown the answer. A
//! call that fails is not shown to it, so that it stays where it is.

mod list;
mod page;
mod place;
mod slices;
#[cfg(test)]
mod tests;

use std::mem;
use std::time::Duration;

use self::list::{List, Step};
use self::page::{Page, word};
use self::place::Place;
use self::slices::Slices;
use super::turned::{Change, Set, current};
use top_protocol::{Paging, Record};

/// How often the walk asks for what it can do without. A gateway may fail whenever a page is too far behind.
const FAILURES: u32 = 3;

/// A walk through the pages of a list.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    slices: Option<Slices>,
    /// The list of the present slice, or the only one.
    list: List,
    doubt: Doubt,
    /// Whether there has been a page.
    begun: bool,
    over: bool,
}

/// Whether the gateway gives the page that it is asked for, or the same to every request.
///
/// A page that has the same items as the one before proves nothing: they may be alike, or all of them may have been pushed
/// from page to page by new ones. But then there is nothing behind the end of the list, and so that is asked for.
#[derive(Clone, Debug, Default)]
enum Doubt {
    /// There is no reason to doubt it.
    #[default]
    None,
    /// The page has the items of the one before. What is at a place behind the end tells more.
    Of {
        page: Page,
        afar: Place,
        /// How often that place was asked for in vain.
        failures: u32,
    },
    /// It could not be told, so the present page is taken for what it is.
    Excused,
    /// There is nothing behind the end, or the last page, so it does.
    Settled,
}

/// What the walk makes of a page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answered {
    /// Whether its items count. Those of a page that was asked for something else come again at their turn.
    pub(super) counts: bool,
    /// Why the walk ends here, if not because the list does.
    pub(super) problem: Option<String>,
}

impl Walk {
    /// The walk that begins where `request` does: at its page, its cursor, its span of time, or else at the first.
    pub(super) fn new(paging: &'static Paging, request: &dyn Record) -> Self {
        let slices = paging.window.and_then(|window| Slices::of(request, window));
        Self { slices, list: List::of(paging, request), doubt: Doubt::None, begun: false, over: false }
    }

    /// Cuts the span of time, if the list is one over a span, into slices of this length, or of the longest that there
    /// may be. Once there has been a page, it is too late: the pages of a shorter slice are others.
    pub(super) fn slices_of(&mut self, longest: Duration) {
        if let (false, Some(slices)) = (self.begun, &mut self.slices) {
            slices.no_longer_than(longest);
        }
    }

    /// Whether there is nothing more to ask for.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// What the request for the present page sets.
    pub(super) fn changes(&self, request: &dyn Record) -> Vec<Change> {
        let place = match &self.doubt {
            Doubt::Of { afar, .. } => afar,
            _ => &self.list.place,
        };
        let mut changes = place.changes(self.list.paging);
        changes.extend(place.without(self.list.paging, request));
        changes.extend(self.slices.iter().flat_map(Slices::changes));
        if let Some(way) = self.list.paging.ask_has_next {
            // Unless the caller wants it otherwise, or the total is needed.
            let asked = word(current(request, way)).unwrap_or(true) && !self.list.needs_total();
            changes.push(Change { way, set: Set::Boolean(asked) });
        }
        changes
    }

    /// Takes note that the call failed, with an error that the same call would only get again if it `is_final`. Returns
    /// whether the walk can do without it.
    pub(super) fn failed(&mut self, is_final: bool) -> bool {
        let Doubt::Of { failures, .. } = &mut self.doubt else { return false };
        *failures += 1;
        let enough = is_final || *failures >= FAILURES;
        if enough {
            self.doubt = Doubt::Excused;
        }
        enough
    }

    /// Moves on from the present page, which `response` is.
    pub(super) fn answered(&mut self, response: &dyn Record) -> Answered {
        let page = Page::of(self.list.paging, response);
        self.begun = true;
        match mem::take(&mut self.doubt) {
            Doubt::Of { page: again, afar, .. } => return self.judged(&again, &afar, &page),
            Doubt::None if self.list.is_again(&page) => {
                // Some gateways give their last page for every page behind it.
                if self.list.is_behind(&page) {
                    self.end_of_list();
                    return Answered::default();
                }
                if let Some(afar) = self.list.place.afar(page.total) {
                    self.doubt = Doubt::Of { page, afar, failures: 0 };
                    return Answered::default();
                }
            }
            Doubt::None | Doubt::Excused => {}
            Doubt::Settled => self.doubt = Doubt::Settled,
        }
        let (counts, problem) = match self.list.answered(&page) {
            Step::Next => (true, None),
            Step::Aside => (false, None),
            Step::End => {
                self.end_of_list();
                (true, None)
            }
            Step::GiveUp(problem) => (true, Some(problem)),
            Step::Again(problem) => (false, Some(problem)),
        };
        self.over |= problem.is_some();
        Answered { counts, problem }
    }

    /// Decides what was in doubt about the page `again` by what came for a place behind the end.
    fn judged(&mut self, again: &Page, afar: &Place, page: &Page) -> Answered {
        let came = page.is(again);
        let borne = came && self.list.came_afar(again);
        self.over = came && !borne;
        self.doubt = if page.count == 0 || borne { Doubt::Settled } else { Doubt::Excused };
        let problem = self.over.then(|| {
            let (here, afar) = (self.list.place.told(self.list.paging), afar.told(self.list.paging));
            format!("the page before came again for {here}, and for {afar} too, where there can be none")
        });
        Answered { counts: false, problem }
    }

    /// Moves to the next slice of time, or ends the walk.
    fn end_of_list(&mut self) {
        if self.slices.as_mut().is_some_and(Slices::next) {
            self.list = self.list.anew();
        } else {
            self.over = true;
        }
    }
}
