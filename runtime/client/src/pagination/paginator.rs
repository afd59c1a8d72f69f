//! The state of a list that is read page by page.

use std::time::Duration;

use top_protocol::generated::{Paging, Record};

use super::backward::Backward;
use super::cursor::{ByCursor, CycleDetector};
use super::number::ByNumber;
use super::offset::ByOffset;
use super::overlay::{FieldOverride, lookup};
use super::page::{PageInfo, boolean, integer};
use super::position::PagePosition;
use super::progress::Progress;
use super::strategy::{Step, Strategy};
use super::windows::TimeWindows;
use crate::error::{PaginationError, PaginationErrorKind};

/// The state of a list that is read page by page.
///
/// It reads the time windows one after the other, each with a new strategy. Two consecutive non-empty pages of one window
/// that have identical items and cursors end the list with [`PaginationErrorKind::Repeated`].
#[derive(Debug)]
pub(super) struct Paginator {
    pub(super) paging: &'static Paging,
    size: Option<i64>,
    windows: Option<TimeWindows>,
    strategy: Box<dyn Strategy>,
    /// The position of the page to request.
    current: PagePosition,
    /// The position to continue from: the current one, or the start of the list while pages are skipped.
    pub(super) position: PagePosition,
    pub(super) accept_repeated: bool,
    /// The fingerprint of the page before, if it was not empty.
    previous: Option<u64>,
    /// Whether a page was received, or a position was set.
    started: bool,
    pub(super) state: PaginatorState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaginatorState {
    Reading,
    Failed(PaginationErrorKind),
    Ended,
}

impl Paginator {
    /// Creates the state at the position that `request` asks for: its page and time span, or else the first page.
    pub(super) fn new(paging: &'static Paging, request: &dyn Record) -> Self {
        let size = paging.size.and_then(|(path, default)| integer(lookup(request, path)).or(default));
        let windows = paging.window.and_then(|window| TimeWindows::of(request, window));
        let window = windows.as_ref().map(TimeWindows::first);
        let position = PagePosition { window, ..PagePosition::of(paging, request) };
        Self {
            paging,
            size,
            windows,
            strategy: strategy(paging, size),
            current: position.clone(),
            position,
            accept_repeated: false,
            previous: None,
            started: false,
            state: PaginatorState::Reading,
        }
    }

    /// Continues at `position`, with the first time window if it has none.
    pub(super) fn start_at(&mut self, position: PagePosition) {
        let window = position.window.or_else(|| self.windows.as_ref().map(TimeWindows::first));
        self.enter(PagePosition { window, ..position });
        (self.started, self.state) = (true, PaginatorState::Reading);
    }

    fn enter(&mut self, position: PagePosition) {
        self.move_to(position);
        self.strategy = strategy(self.paging, self.size);
        self.previous = None;
    }

    fn move_to(&mut self, position: PagePosition) {
        self.position.clone_from(&position);
        self.current = position;
    }

    pub(super) fn limit_windows(&mut self, longest: Duration) {
        if let (false, Some(windows)) = (self.started, &mut self.windows) {
            windows.longest = longest.min(windows.longest);
            let window = Some(windows.first());
            self.move_to(PagePosition { window, ..self.current.clone() });
        }
    }

    /// Returns the error that ended the list, once.
    pub(super) fn take_error(&mut self) -> Option<PaginationError> {
        let PaginatorState::Failed(kind) = self.state else { return None };
        self.state = PaginatorState::Ended;
        Some(PaginationError { kind, position: self.position.clone() })
    }

    /// Returns the overrides that turn `request` into the request for the page.
    pub(super) fn overrides(&self, request: &dyn Record) -> Vec<FieldOverride> {
        let mut overrides = self.current.overrides(self.paging, request);
        if let Some(path) = self.paging.ask_has_next {
            let needs_total = self.paging.backwards && self.current.number.is_none();
            let value = !needs_total && boolean(lookup(request, path)).unwrap_or(true);
            overrides.push(FieldOverride { path, value: value.into() });
        }
        overrides
    }

    /// Moves on from the page at the current position. Returns whether its items are returned.
    pub(super) fn advance(&mut self, page: &PageInfo) -> bool {
        self.started = true;
        let is_repeated = page.fingerprint.is_some() && page.fingerprint == self.previous && !self.accept_repeated;
        let step = match is_repeated {
            true => Err(PaginationErrorKind::Repeated),
            false => self.strategy.advance(&self.current, page),
        };
        self.previous = page.fingerprint;
        let window = self.current.window;
        match step {
            Ok(Step::Next(position)) => self.move_to(PagePosition { window, ..position }),
            Ok(Step::Skip(position)) => {
                self.current = PagePosition { window, ..position };
                self.previous = None;
                return false;
            }
            Ok(Step::End) => match self.windows.zip(window).and_then(|(windows, (_, to))| windows.after(to)) {
                Some(window) => self.enter(PagePosition { window: Some(window), ..PagePosition::default() }),
                None => self.state = PaginatorState::Ended,
            },
            Err(kind) => {
                self.state = PaginatorState::Failed(kind);
                return kind.includes_page();
            }
        }
        true
    }
}

pub(super) fn strategy(paging: &Paging, size: Option<i64>) -> Box<dyn Strategy> {
    let progress = Progress::new(size);
    match *paging {
        Paging { number: Some((_, first)), backwards: true, .. } => {
            Box::new(Backward { first, size, probe: None, empty: 0 })
        }
        Paging { number: Some((_, first)), .. } => Box::new(ByNumber { first, progress }),
        Paging { cursor: Some(_), .. } => Box::new(ByCursor { progress, cycle: CycleDetector::default() }),
        _ => Box::new(ByOffset { progress }),
    }
}
