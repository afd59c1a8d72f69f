//! Lists that the platform returns in pages.
//!
//! [`Paginator`] is a pure state machine: a strategy names the position of the next page, and advances by what the page's
//! response contains. [`Pages`] and [`Items`] drive it with calls. A failed call leaves the position unchanged.

mod backward;
mod cursor;
mod number;
mod offset;
mod overlay;
mod page;
mod pages;
mod paginator;
pub(crate) mod position;
mod progress;
mod strategy;
#[cfg(test)]
mod tests;
mod windows;

pub use self::pages::{Items, Pages};
pub use self::position::PagePosition;
