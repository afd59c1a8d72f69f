//! The contract between generated code and the runtime. Only generated code uses it.
//!
//! A generated type is data: it hands over its fields by index ([`Record`], [`RecordMut`]), and signing, encoding, decoding,
//! validation and printing are written once, over these tables. Every item that a generated file names is in this module.

pub use super::{
    Authorization, Choice, DateTime, Decimal, ErrorCode, Field, File, Json, Kind, Limit, Paged, Paging, Record,
    RecordMut, Request, Schema, Slot, View, Window, choice, contract, record,
};

/// Checks at compile time that the runtime supports the code that calls it. Every generated `api` module starts with
/// `contract!(VERSION)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __contract {
    (1) => {};
    ($version:tt) => {
        ::core::compile_error!(concat!(
            "this code was generated for version ",
            stringify!($version),
            " of the contract, and this runtime supports version 1: update the runtime, or generate the code again"
        ));
    };
}
