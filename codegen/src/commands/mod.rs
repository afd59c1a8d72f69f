//! The commands on specs and generated code, with their output.
//!
//! `cargo xtask` and `cargo top` parse their arguments and call these functions. Results are printed to standard
//! output; errors are returned.

mod context;
mod error;
mod generate;
mod import;
mod lint;
mod new;
mod print;

pub use context::Context;
pub use error::CommandError;
pub use generate::{Mode, generate};
pub use import::{ImportOptions, import};
pub use lint::lint;
pub use new::new;
pub use print::line;
