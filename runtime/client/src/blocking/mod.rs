//! A client for programs without async code.

pub(crate) mod client;
mod pages;

pub use self::client::Client;
pub use self::pages::{Items, Pages};
