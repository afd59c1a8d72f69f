//! Limits on the rate and the concurrency of calls.

pub(crate) mod bans;
pub(crate) mod limiter;
pub(crate) mod limits;
mod rate;

pub use self::limiter::{CallInfo, Limiter, Permit};
pub use self::limits::Limits;
