//! The tests of the protocol: one program, because each program links the whole SDK.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the files are a crate's public modules, here used in part")]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "as in the crate itself"
)]
#[path = "../../../../codegen/tests/golden/src/api/fixture/mod.rs"]
mod fixture;

mod contract;
mod error_field_names;
mod every_type;
mod leniency;
#[cfg(feature = "messages")]
mod messages;
mod properties;
mod request;
mod responses;
#[cfg(feature = "secret")]
mod sensitive;
mod signature;
#[cfg(feature = "spi")]
mod spi;
