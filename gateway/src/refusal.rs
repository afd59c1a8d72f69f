//! Refused calls: a code of the platform and the reason.

use std::fmt::Display;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The error code of the platform.
    pub(crate) code: i64,
    /// The parameter that `msg` names after the name of the code.
    pub(crate) parameter: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) sub_msg: Option<String>,
    /// The expected signature, if the received one differs.
    pub(crate) mismatch: Option<SignatureMismatch>,
}

/// The signature that the gateway expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureMismatch {
    /// The algorithm that was applied to the signed text.
    pub(crate) algorithm: &'static str,
    pub(crate) expected: String,
}

impl Refusal {
    pub(crate) fn new(code: i64) -> Self {
        Self { code, parameter: None, sub_code: None, sub_msg: None, mismatch: None }
    }

    pub(crate) fn with_reason(code: i64, sub_code: &str, sub_msg: impl Into<String>) -> Self {
        Self { sub_code: Some(sub_code.to_owned()), sub_msg: Some(sub_msg.into()), ..Self::new(code) }
    }

    pub(crate) fn missing(name: &str) -> Self {
        let sub_code = format!("isv.missing-parameter:{name}");
        Self { parameter: Some(name.to_owned()), ..Self::with_reason(40, &sub_code, format!("{name} is required")) }
    }

    /// Creates the refusal of a parameter. `requirement` follows the name, as in "must be an integer".
    pub(crate) fn invalid(name: &str, requirement: impl Display) -> Self {
        let sub_code = format!("isv.invalid-parameter:{name}");
        Self { parameter: Some(name.to_owned()), ..Self::with_reason(41, &sub_code, format!("{name} {requirement}")) }
    }
}
