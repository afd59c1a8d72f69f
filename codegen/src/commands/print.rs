//! Output to the terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Prints a line to standard output. Ignores a closed pipe, such as `| head`.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Formats a count: `1 file`, `2 files`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A progress counter on standard error, for terminals and large numbers. It is erased on drop.
pub(super) struct Progress {
    finished: AtomicUsize,
    total: usize,
    unit: &'static str,
    is_visible: bool,
}

impl Progress {
    const MIN_TOTAL: usize = 100;

    pub(super) fn new(total: usize, unit: &'static str) -> Self {
        let is_visible = total >= Self::MIN_TOTAL && std::io::stderr().is_terminal();
        Self { finished: AtomicUsize::new(0), total, unit, is_visible }
    }

    /// Increments the count, on any thread.
    pub(super) fn increment(&self) {
        let finished = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_visible {
            let _ = write!(std::io::stderr().lock(), "\r{finished}/{} {}", self.total, self.unit);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_visible {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
