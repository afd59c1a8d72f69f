//! The fields of the protocol itself, which an answer may have beside those of its method.

use super::{PlatformError, RawBody};
use crate::{Field, Kind, Record, RecordMut, Schema, Slot, View, record};

/// The fields that any answer may have next to those of its method, in success or failure (protocol.md 4.2 and 4.6).
#[derive(Clone, Default)]
pub(crate) struct PublicFields {
    pub(crate) code: Option<String>,
    pub(crate) msg: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) sub_msg: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) args: Vec<Argument>,
    success: Option<String>,
}

impl PublicFields {
    /// Whether one of them is called so.
    pub(crate) fn has(name: &str) -> bool {
        Self::default().schema().fields.iter().any(|field| field.name == name)
    }

    /// Whether they are a refusal that came without its node. The code 0 is a success (protocol.md 4.5), and businesses
    /// have other words for that.
    pub(crate) fn is_refusal(&self) -> bool {
        let succeeded = |success: &str| success.trim().eq_ignore_ascii_case("true");
        let success = is_success(self.code.as_deref().unwrap_or_default().trim())
            || self.success.as_deref().is_some_and(succeeded);
        !success && (self.msg.is_some() || self.sub_code.is_some())
    }

    /// Whether an `error_response` tells of no error. Serialisers that leave nothing out write one beside a response.
    pub(crate) fn is_hollow(&self) -> bool {
        let code = self.code.as_deref().map(str::trim).unwrap_or_default();
        let without_code = code.is_empty() && self.msg.as_deref().is_none_or(|msg| msg.trim().is_empty());
        self.sub_code.is_none() && (without_code || !code.is_empty() && is_success(code))
    }

    /// A code that is no number is kept as the sub code, whose place it has taken.
    pub(crate) fn into_error(mut self, body: &str) -> PlatformError {
        let code = self.code.as_deref().map(str::trim).unwrap_or_default();
        let number = code.parse().ok();
        if number.is_none() && !code.is_empty() && self.sub_code.is_none() {
            self.sub_code = Some(code.to_owned());
        }
        PlatformError {
            code: number.unwrap_or_default(),
            msg: self.msg.unwrap_or_default(),
            sub_code: self.sub_code,
            sub_msg: self.sub_msg,
            request_id: self.request_id,
            args: self.args,
            body: RawBody::from(body),
        }
    }
}

/// Whether a code is one of no error.
fn is_success(code: &str) -> bool {
    ["", "0", "200", "ok", "success"].iter().any(|word| code.eq_ignore_ascii_case(word))
}

impl Record for PublicFields {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "PublicFields",
            fields: &[
                Field::new("code", Kind::String),
                Field::new("msg", Kind::String),
                Field::new("sub_code", Kind::String),
                Field::new("sub_msg", Kind::String),
                Field::new("request_id", Kind::String),
                Field::new("args", Kind::Object).list(),
                Field::new("success", Kind::String),
            ],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.code),
            1 => View::of(&self.msg),
            2 => View::of(&self.sub_code),
            3 => View::of(&self.sub_msg),
            4 => View::of(&self.request_id),
            5 => View::of(&self.args),
            6 => View::of(&self.success),
            _ => View::Absent,
        }
    }
}

impl RecordMut for PublicFields {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.code),
            1 => Slot::of(&mut self.msg),
            2 => Slot::of(&mut self.sub_code),
            3 => Slot::of(&mut self.sub_msg),
            4 => Slot::of(&mut self.request_id),
            5 => Slot::of(&mut self.args),
            6 => Slot::of(&mut self.success),
            _ => Slot::None,
        }
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
