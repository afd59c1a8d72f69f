//! Output for the person who runs a command.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Prints a line to standard output. A closed output, as behind `| head`, is no error.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Formats a count: `1 file`, `2 files`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A count of finished things on standard error, if that is a terminal and there are many. It is erased when dropped.
pub(super) struct Progress {
    done: AtomicUsize,
    all: usize,
    things: &'static str,
    is_shown: bool,
}

impl Progress {
    const MANY: usize = 100;

    pub(super) fn new(all: usize, things: &'static str) -> Self {
        let is_shown = all >= Self::MANY && std::io::stderr().is_terminal();
        Self { done: AtomicUsize::new(0), all, things, is_shown }
    }

    /// Counts one more thing, on any thread.
    pub(super) fn increment(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_shown {
            let _ = write!(std::io::stderr().lock(), "\r{done}/{} {}", self.all, self.things);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
