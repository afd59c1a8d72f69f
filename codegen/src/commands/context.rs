//! The context of a command.

use std::path::PathBuf;

/// The program that runs a command, and the folder of specs.
#[derive(Clone, Debug)]
pub struct Context {
    /// The program as typed by the user: `cargo top`.
    pub program: String,
    /// The folder of specs.
    pub specs: PathBuf,
}
