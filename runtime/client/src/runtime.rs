//! The runtime that calls are made in.

use std::error::Error as StdError;
use std::fmt;

use tokio::runtime::Handle;

use crate::error::Error;

/// The runtime that the caller is in. Without one there are no timers and no connections, and tokio panics.
pub(super) fn current() -> Result<Handle, NoRuntime> {
    Handle::try_current().map_err(|_| NoRuntime)
}

/// The caller is in no runtime.
#[derive(Debug)]
pub(super) struct NoRuntime;

impl From<NoRuntime> for Error {
    fn from(error: NoRuntime) -> Self {
        Self::configuration(error.to_string())
    }
}

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "there is no tokio runtime; await it within one, as under #[tokio::main], or use the blocking client",
        )
    }
}

impl StdError for NoRuntime {}
