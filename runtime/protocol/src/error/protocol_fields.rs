//! The fields of the protocol in a response.

use serde_json::Value as Json;

use super::argument::Argument;
use super::body::RawBody;
use super::code::Code;
use super::platform::PlatformError;

/// The fields of the protocol that any response may have (docs/protocol.md sections 4.2, 4.6, 7.3, 7.4 and 11).
#[derive(Clone, Default)]
pub(crate) struct ProtocolFields {
    code: Option<String>,
    msg: Option<String>,
    sub_code: Option<String>,
    sub_msg: Option<String>,
    pub(crate) request_id: Option<String>,
    flag: Option<String>,
    success: Option<String>,
    args: Vec<Argument>,
    /// Whether a field has a name that only this family of gateways uses, unlike `code` and `message`.
    distinctive: bool,
}

/// A field of the protocol.
#[derive(Clone, Copy)]
enum Name {
    Code,
    Msg,
    SubCode,
    SubMsg,
    RequestId,
    Flag,
    Success,
    Args,
    /// The party at fault on global gateways: `ISV`, `ISP` or `SYSTEM`.
    Type,
}

/// The wire names, and whether they are distinctive.
const NAMES: &[(&str, Name, bool)] = &[
    ("code", Name::Code, false),
    ("error_code", Name::Code, false),
    ("err_code", Name::Code, false),
    ("errcode", Name::Code, false),
    ("errorCode", Name::Code, false),
    ("errCode", Name::Code, false),
    ("msg", Name::Msg, true),
    ("message", Name::Msg, false),
    ("error_msg", Name::Msg, false),
    ("error_message", Name::Msg, false),
    ("err_msg", Name::Msg, false),
    ("errmsg", Name::Msg, false),
    ("errorMsg", Name::Msg, false),
    ("errMsg", Name::Msg, false),
    ("errorMessage", Name::Msg, false),
    ("sub_code", Name::SubCode, true),
    ("subCode", Name::SubCode, true),
    ("sub_msg", Name::SubMsg, true),
    ("sub_message", Name::SubMsg, true),
    ("subMsg", Name::SubMsg, true),
    ("subMessage", Name::SubMsg, true),
    ("request_id", Name::RequestId, true),
    ("requestId", Name::RequestId, true),
    ("flag", Name::Flag, true),
    ("success", Name::Success, true),
    ("args", Name::Args, false),
    ("type", Name::Type, true),
];

/// The outcome of a call by its protocol fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No field states the outcome.
    Unknown,
    /// The call succeeded.
    Success,
    /// A code or message may or may not be an error.
    Ambiguous,
    /// The call failed.
    Failure,
}

impl ProtocolFields {
    /// Returns whether `name` is a field of the protocol.
    pub(crate) fn has(name: &str) -> bool {
        NAMES.iter().any(|(known, ..)| *known == name)
    }

    /// Reads the fields of a value, such as `error_response`; `None` for `null`.
    ///
    /// A text is the message. Of a list, the first object counts: some gateways wrap every value in a list.
    pub(crate) fn of(value: &Json) -> Option<Self> {
        let mut fields = Self::default();
        match value {
            Json::Null => return None,
            Json::String(text) => fields.msg = Some(text.clone()),
            Json::Array(items) => {
                return Some(items.iter().find(|item| item.is_object()).and_then(Self::of).unwrap_or_default());
            }
            Json::Object(members) => members.iter().for_each(|(name, value)| fields.read(name, value)),
            Json::Bool(_) | Json::Number(_) => {}
        }
        Some(fields)
    }

    /// Reads the field `name`, if it is a protocol field. Of several names of one field, the first non-blank value counts.
    pub(crate) fn read(&mut self, name: &str, value: &Json) {
        let Some((_, name, distinctive)) = NAMES.iter().find(|(known, ..)| *known == name) else { return };
        let text = match value {
            Json::Null => return,
            Json::String(text) => text.clone(),
            value => value.to_string(),
        };
        let field = match name {
            Name::Code => &mut self.code,
            Name::Msg => &mut self.msg,
            Name::SubCode => &mut self.sub_code,
            Name::SubMsg => &mut self.sub_msg,
            Name::RequestId => &mut self.request_id,
            Name::Flag => &mut self.flag,
            Name::Success => &mut self.success,
            Name::Args => {
                self.args = arguments(value);
                return;
            }
            Name::Type => {
                self.distinctive = true;
                return;
            }
        };
        self.distinctive |= distinctive;
        if filled(field).is_none() {
            *field = Some(text);
        }
    }

    /// Returns the outcome of the call.
    ///
    /// Code 0 and a few words are a success (docs/protocol.md section 4.5). A flag other than `success` is a failure
    /// (docs/protocol.md section 7.4).
    pub(crate) fn outcome(&self) -> Outcome {
        let is = |text: &str, words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let (flag, success) = (filled(&self.flag), filled(&self.success));
        if flag.is_some_and(|flag| !is(flag, ["success", "true"]))
            || success.is_some_and(|success| is(success, ["false", "0"]))
        {
            return Outcome::Failure;
        }
        if self.has_sub_code() {
            return Outcome::Ambiguous;
        }
        if flag.is_some() || success.is_some_and(|success| is(success, ["true", "1"])) {
            return Outcome::Success;
        }
        match filled(&self.code).or(filled(&self.msg)) {
            None => Outcome::Unknown,
            Some(word) if is_success(word) => Outcome::Success,
            Some(_) => Outcome::Ambiguous,
        }
    }

    /// Returns whether there is a sub code, which only failures have (docs/protocol.md section 4.5).
    pub(crate) fn has_sub_code(&self) -> bool {
        filled(&self.sub_code).is_some_and(|code| !is_success(code))
    }

    /// Returns whether a field identifies this family of gateways. Only then a failure is the platform's.
    pub(crate) fn is_distinctive(&self) -> bool {
        self.distinctive
    }

    /// Returns whether an `error_response` has no error. Some serializers write one next to every response.
    pub(crate) fn is_empty_error(&self) -> bool {
        let code = filled(&self.code);
        filled(&self.sub_code).is_none() && code.map_or_else(|| filled(&self.msg).is_none(), is_success)
    }

    /// Adds the fields of `others` that are missing.
    pub(crate) fn or(self, others: Self) -> Self {
        let or = |own: Option<String>, other| if filled(&own).is_some() { own } else { other };
        Self {
            code: or(self.code, others.code),
            msg: or(self.msg, others.msg),
            sub_code: or(self.sub_code, others.sub_code),
            sub_msg: or(self.sub_msg, others.sub_msg),
            request_id: or(self.request_id, others.request_id),
            flag: or(self.flag, others.flag),
            success: or(self.success, others.success),
            args: if self.args.is_empty() { others.args } else { self.args },
            distinctive: self.distinctive || others.distinctive,
        }
    }

    /// Creates the refusal with these fields.
    pub(crate) fn into_error(self, body: &str) -> PlatformError {
        PlatformError {
            code: self.code.as_deref().map(Code::from).unwrap_or_default(),
            msg: self.msg.unwrap_or_default(),
            sub_code: self.sub_code,
            sub_msg: self.sub_msg,
            request_id: self.request_id,
            args: self.args,
            body: RawBody::from(body),
        }
    }
}

/// Returns the trimmed text, or `None` if it is blank.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Returns whether a code means success.
fn is_success(code: &str) -> bool {
    ["0", "200", "ok", "success"].iter().any(|word| code.eq_ignore_ascii_case(word))
}

/// Reads the echoed parameters: a list, or an object with a list.
fn arguments(value: &Json) -> Vec<Argument> {
    let text = |value: Option<&Json>| match value? {
        Json::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    };
    match value {
        Json::Array(items) => items.iter().flat_map(arguments).collect(),
        Json::Object(members) if members.contains_key("key") => {
            vec![Argument { key: text(members.get("key")), value: text(members.get("value")) }]
        }
        Json::Object(members) => members.values().flat_map(arguments).collect(),
        _ => Vec::new(),
    }
}
