//! Typed, signed calls to gateways that speak the Taobao Open Platform (TOP) protocol.

#[rustfmt::skip]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "modules and setters are called like methods and parameters, be that item, add or is_new"
)]
pub mod api;
#[cfg(feature = "client")]
mod client;
#[rustfmt::skip]
pub mod platform;
pub mod protocol;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder};
pub use protocol::{DateTime, Error, Format, Response, SignMethod};
pub use rust_decimal::Decimal;
