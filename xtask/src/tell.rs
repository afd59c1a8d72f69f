//! Lines for the person who runs a command.

use std::fmt::Display;
use std::io::Write;

/// Prints a line. Where nobody reads any more, as behind `| head`, there is nothing to tell.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
