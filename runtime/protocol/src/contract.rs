//! The version of the contract between generated code and the runtime. The test `contract` compiles this file alone.

/// Fails to compile unless the runtime supports the version of the calling code.
///
/// Every generated `api` module starts with `contract!(VERSION)`.
///
/// ```
/// top_protocol::generated::contract!(3);
/// ```
///
/// ```compile_fail
/// top_protocol::generated::contract!(2);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __contract {
    (3) => {};
    ($version:tt) => {
        ::core::compile_error!(::core::concat!(
            "the generated code has contract version ",
            ::core::stringify!($version),
            ", and the runtime supports version 3: run `cargo xtask gen` (in your own crate: `cargo top gen`), or update the \
             runtime with `cargo update` if the generated code is newer"
        ));
    };
}
