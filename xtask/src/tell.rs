//! Lines for the person who runs a command.

use std::fmt::Display;
use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line. Where nobody reads any more, as behind `| head`, there is nothing to tell.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A number of things.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A bar on standard error, for work on so many things. It is silent where that is no terminal, or where there are few.
pub(crate) fn progress(count: usize, things: &'static str) -> ProgressBar {
    const MANY: usize = 100;
    if count < MANY {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}");
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX)).with_message(things);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
