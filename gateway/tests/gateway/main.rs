//! The tests of the gateway: one program, because each program links the whole SDK.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

#[rustfmt::skip]
#[allow(unreachable_pub, reason = "the file is generated for the tests of several crates")]
#[path = "../../../generated-sdk/tests/every_method/mod.rs"]
mod every_request;

#[rustfmt::skip]
#[allow(dead_code, unexpected_cfgs, unreachable_pub, unused_imports, reason = "the files are a crate's public modules, here used in part")]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "as in the crate itself"
)]
#[path = "../../../codegen/tests/golden/src/api/fixture/mod.rs"]
mod fixture;

mod calls;
mod concurrency;
mod dialects;
mod error_messages;
mod errors;
mod every_method;
mod export;
mod faults;
mod guide;
mod http;
mod limits;
mod messages;
mod misbehaving_servers;
mod page;
mod pages;
mod recipes;
#[cfg(feature = "record")]
mod record;
mod records;
mod refusals;
mod responses;
mod secret_keys;
mod spi;
mod state;
mod strictness;
mod test_kit;
mod types;
mod untyped;
mod uploads;
