//! The tests of the client: one program, because each program links the whole SDK.

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

mod authority;
mod support;

mod added_parameters;
mod attempts;
mod batch;
#[cfg(feature = "blocking")]
mod blocking;
mod calls;
mod errors;
mod files;
mod limits;
mod oauth;
mod redaction;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "secret")]
mod secret;
mod sessions;
mod trace;
