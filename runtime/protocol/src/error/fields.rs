//! The fields of the protocol itself, which an answer may have beside those of its method.

use super::{Code, PlatformError, RawBody};
use crate::{Field, Kind, Record, RecordMut, Schema, Slot, View, record};

/// The fields that any response may have beside those of its method, in success or failure (docs/protocol.md sections
/// 4.2, 4.6 and 11.3).
#[derive(Clone, Default)]
pub(crate) struct PublicFields {
    pub(crate) code: Option<String>,
    pub(crate) msg: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) sub_msg: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) args: Vec<Argument>,
    success: Option<String>,
    flag: Option<String>,
    kind: Option<String>,
}

/// What the public fields say about the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    /// There is no field that says either.
    Unstated,
}

impl PublicFields {
    /// Returns whether a public field has this name.
    pub(crate) fn has(name: &str) -> bool {
        FIELDS.iter().any(|field| field.name == name)
    }

    /// Returns what the fields say: `flag`, else `success`, else the code, else the presence of another error field. The
    /// code 0 is a success (docs/protocol.md section 4.5), and businesses have other words for it.
    pub(crate) fn outcome(&self) -> Outcome {
        let stated =
            |field: &Option<String>| field.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(is_success);
        let success =
            self.success.as_deref().map(str::trim).and_then(|text| match text.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            });
        let error = || (self.sub_code.is_some() || self.msg.is_some()).then_some(false);
        match stated(&self.flag).or(success).or_else(|| stated(&self.code)).or_else(error) {
            Some(true) => Outcome::Success,
            Some(false) => Outcome::Failure,
            None => Outcome::Unstated,
        }
    }

    /// Returns whether a `flag` says that the call failed.
    pub(crate) fn is_flagged(&self) -> bool {
        self.flag.is_some() && self.outcome() == Outcome::Failure
    }

    /// Returns whether an `error_response` has no error: serialisers that omit nothing write one beside a response.
    pub(crate) fn is_empty(&self) -> bool {
        let code = self.code.as_deref().map(str::trim).unwrap_or_default();
        let without_code = code.is_empty() && self.msg.as_deref().is_none_or(|msg| msg.trim().is_empty());
        self.sub_code.is_none() && (without_code || !code.is_empty() && is_success(code))
    }

    /// Takes over the public fields that a method documents as its own, and that were decoded into its record.
    pub(crate) fn absorb(&mut self, record: &dyn Record) {
        for (index, field) in record.schema().fields.iter().enumerate() {
            let text = match record.view(index) {
                View::Text(text) => text.to_owned(),
                View::Number(number) => number.to_string(),
                View::Boolean(boolean) => boolean.to_string(),
                _ => continue,
            };
            if let Some(own) = FIELDS.iter().position(|own| own.name == field.name)
                && let Slot::Text(place) = self.slot(own)
            {
                *place = Some(text);
            }
        }
    }

    /// Adds the fields of the root node to those beside it, which hold where both have one.
    pub(crate) fn merge(&mut self, inner: Self) {
        let Self { code, msg, sub_code, sub_msg, request_id, args, success, flag, kind } = inner;
        for (place, value) in [
            (&mut self.code, code),
            (&mut self.msg, msg),
            (&mut self.sub_code, sub_code),
            (&mut self.sub_msg, sub_msg),
            (&mut self.request_id, request_id),
            (&mut self.success, success),
            (&mut self.flag, flag),
            (&mut self.kind, kind),
        ] {
            if place.is_none() {
                *place = value;
            }
        }
        self.args.extend(args);
    }

    pub(crate) fn into_error(self, body: &str) -> PlatformError {
        PlatformError {
            code: Code::from(self.code.as_deref().unwrap_or_default()),
            msg: self.msg.unwrap_or_default(),
            sub_code: self.sub_code,
            sub_msg: self.sub_msg,
            request_id: self.request_id,
            args: self.args,
            body: RawBody::from(body),
        }
    }
}

/// Returns whether the value of a `code` or `flag` means success.
fn is_success(code: &str) -> bool {
    ["0", "200", "ok", "success", "true"].iter().any(|word| code.eq_ignore_ascii_case(word))
}

/// The names of the public fields. Gateways of the family have several for one field.
const FIELDS: &[Field] = &[
    Field::new("args", Kind::Object).list(),
    Field::new("code", Kind::String),
    Field::new("error_code", Kind::String),
    Field::new("err_code", Kind::String),
    Field::new("errorCode", Kind::String),
    Field::new("errCode", Kind::String),
    Field::new("msg", Kind::String),
    Field::new("message", Kind::String),
    Field::new("error_msg", Kind::String),
    Field::new("err_msg", Kind::String),
    Field::new("error_message", Kind::String),
    Field::new("errorMsg", Kind::String),
    Field::new("errMsg", Kind::String),
    Field::new("errorMessage", Kind::String),
    Field::new("sub_code", Kind::String),
    Field::new("subCode", Kind::String),
    Field::new("sub_msg", Kind::String),
    Field::new("sub_message", Kind::String),
    Field::new("subMsg", Kind::String),
    Field::new("subMessage", Kind::String),
    Field::new("request_id", Kind::String),
    Field::new("requestId", Kind::String),
    Field::new("success", Kind::String),
    Field::new("flag", Kind::String),
    Field::new("type", Kind::String),
];

impl Record for PublicFields {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema { name: "PublicFields", fields: FIELDS };
        &SCHEMA
    }

    fn view(&self, _index: usize) -> View<'_> {
        View::Absent
    }
}

impl RecordMut for PublicFields {
    /// The first name that a response has for a field holds.
    fn slot(&mut self, index: usize) -> Slot<'_> {
        let place = match FIELDS.get(index).map(|field| field.name) {
            Some("args") => return Slot::of(&mut self.args),
            Some("code" | "error_code" | "err_code" | "errorCode" | "errCode") => &mut self.code,
            Some("sub_code" | "subCode") => &mut self.sub_code,
            Some("sub_msg" | "sub_message" | "subMsg" | "subMessage") => &mut self.sub_msg,
            Some("request_id" | "requestId") => &mut self.request_id,
            Some("success") => &mut self.success,
            Some("flag") => &mut self.flag,
            Some("type") => &mut self.kind,
            Some(_) => &mut self.msg,
            None => return Slot::None,
        };
        if place.is_some() { Slot::None } else { Slot::of(place) }
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
