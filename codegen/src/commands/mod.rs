//! The commands that read and write specs and generated code, with what they print.
//!
//! `cargo xtask` and `cargo top` parse their command lines and call these, so that each command is written once. Results go to
//! standard output; an error is returned for the caller to print.

mod error;
mod generate;
mod import;
mod lint;
mod new;
mod print;

use std::path::PathBuf;

pub use error::CommandError;
pub use generate::{Mode, generate};
pub use import::{ImportOptions, import};
pub use lint::lint;
pub use new::new;
pub use print::line;

/// The program that runs a command, and the specs that the command works on.
#[derive(Clone, Debug)]
pub struct Context {
    /// The program as a person types it: `cargo top`.
    pub program: String,
    /// The folder of specs.
    pub specs: PathBuf,
}
