//! The fields of the protocol itself, which an answer may have beside those of its method.

use super::{Code, PlatformError, RawBody};
use crate::{Field, Json, Kind, Record, RecordMut, Schema, Slot, View, record};

/// The fields that any answer may have next to those of its method, in success or failure (docs/protocol.md sections
/// 4.2, 4.6, 7.3, 7.4 and 11).
#[derive(Clone, Default)]
pub(crate) struct PublicFields {
    code: Option<String>,
    msg: Option<String>,
    sub_code: Option<String>,
    sub_msg: Option<String>,
    pub(crate) request_id: Option<String>,
    flag: Option<String>,
    success: Option<String>,
    args: Vec<Argument>,
    /// Whether one of them is a name that this family of gateways has. Every server writes `code` and `message`.
    distinctive: bool,
}

/// What a name stands for.
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
    /// `ISV`, `ISP` or `SYSTEM`: who is at fault, as global gateways have it.
    Type,
}

/// The names on the wire, and whether they are distinctive.
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

/// What the protocol's own fields say of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing.
    Unknown,
    /// It succeeded.
    Success,
    /// There is a code or a message, and whether it is an error is not certain.
    Doubtful,
    /// It failed.
    Failure,
}

impl PublicFields {
    /// Whether a field of the protocol is called so.
    pub(crate) fn has(name: &str) -> bool {
        NAMES.iter().any(|(known, ..)| *known == name)
    }

    /// Returns those in a value, such as that of `error_response`; `None` for `null`. A refusal may be no more than a
    /// text, and some gateways make a list of whatever they serialise.
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

    /// Takes the field called `name`, if it is one. Of two names for one thing, the first that is not blank counts.
    pub(crate) fn read(&mut self, name: &str, value: &Json) {
        let Some((_, name, distinctive)) = NAMES.iter().find(|(known, ..)| *known == name) else { return };
        let text = match value {
            Json::Null => return,
            Json::String(text) => text.clone(),
            value => value.to_string(),
        };
        let place = match name {
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
        if filled(place).is_none() {
            *place = Some(text);
        }
    }

    /// What they say of the call. A code 0 is a success (docs/protocol.md section 4.5), and businesses have other words
    /// for that. A flag other than `success` is a failure (docs/protocol.md section 7.4).
    pub(crate) fn outcome(&self) -> Outcome {
        let is = |text: &str, words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let (flag, success) = (filled(&self.flag), filled(&self.success));
        if flag.is_some_and(|flag| !is(flag, ["success", "true"]))
            || success.is_some_and(|success| is(success, ["false", "0"]))
        {
            return Outcome::Failure;
        }
        if self.has_sub_code() {
            return Outcome::Doubtful;
        }
        if flag.is_some() || success.is_some_and(|success| is(success, ["true", "1"])) {
            return Outcome::Success;
        }
        match filled(&self.code).or(filled(&self.msg)) {
            None => Outcome::Unknown,
            Some(word) if is_success(word) => Outcome::Success,
            Some(_) => Outcome::Doubtful,
        }
    }

    /// Whether there is a sub code, which no success has (docs/protocol.md section 4.5).
    pub(crate) fn has_sub_code(&self) -> bool {
        filled(&self.sub_code).is_some_and(|code| !is_success(code))
    }

    /// Whether they are of this family of gateways, so that a failure among them is the platform's.
    pub(crate) fn is_distinctive(&self) -> bool {
        self.distinctive
    }

    /// Whether an `error_response` tells of no error. Serialisers that leave nothing out write one beside a response.
    pub(crate) fn is_hollow(&self) -> bool {
        let code = filled(&self.code);
        filled(&self.sub_code).is_none() && code.map_or_else(|| filled(&self.msg).is_none(), is_success)
    }

    /// The same fields, and those of `others` that they lack.
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

/// The text without space around it, if it is not blank.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether a code is one of no error.
fn is_success(code: &str) -> bool {
    ["0", "200", "ok", "success"].iter().any(|word| code.eq_ignore_ascii_case(word))
}

/// The parameters that are echoed: a list, or an object around one.
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

/// A parameter that a refusal echoes. Its value may be a secret and is not printed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Argument {
    /// The parameter's name.
    pub key: Option<String>,
    /// The value that the gateway saw.
    pub value: Option<String>,
}

impl Record for Argument {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "Argument",
            fields: &[Field::new("key", Kind::String), Field::new("value", Kind::String).secret()],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.key),
            1 => View::of(&self.value),
            _ => View::Absent,
        }
    }
}

impl RecordMut for Argument {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.key),
            1 => Slot::of(&mut self.value),
            _ => Slot::None,
        }
    }
}

record!(mut Argument);
