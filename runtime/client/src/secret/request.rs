//! The request for a key. The generated one is not used, because an SDK of selected methods may lack it.

use top_protocol::Request;
use top_protocol::generated::{Field, Kind, Record, RecordMut, Schema, Slot, View, record};

/// The request of `taobao.top.secret.get`.
pub(super) struct GetSecret {
    pub(super) random_num: String,
    pub(super) secret_version: Option<i64>,
    pub(super) customer_user_id: Option<i64>,
}

/// The response of `taobao.top.secret.get`.
#[derive(Clone, Default)]
pub(super) struct Secret {
    pub(super) secret: Option<String>,
    pub(super) secret_version: Option<i64>,
    /// In seconds.
    pub(super) interval: Option<i64>,
    /// In seconds.
    pub(super) max_interval: Option<i64>,
    pub(super) app_config: Option<String>,
}

impl Request for GetSecret {
    const METHOD: &'static str = "taobao.top.secret.get";
    const RESPONSE_NODE: &'static str = "top_secret_get_response";
    const HTTPS_ONLY: bool = true;
    type Response = Secret;
}

impl Record for GetSecret {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "GetSecret",
            fields: &[
                Field::new("random_num", Kind::String).required().secret(),
                Field::new("secret_version", Kind::Number),
                Field::new("customer_user_id", Kind::Number),
            ],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.random_num),
            1 => View::of(&self.secret_version),
            2 => View::of(&self.customer_user_id),
            _ => View::Absent,
        }
    }
}

impl Record for Secret {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "Secret",
            fields: &[
                Field::new("secret", Kind::String).secret(),
                Field::new("secret_version", Kind::Number),
                Field::new("interval", Kind::Number),
                Field::new("max_interval", Kind::Number),
                Field::new("app_config", Kind::String),
            ],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.secret),
            1 => View::of(&self.secret_version),
            2 => View::of(&self.interval),
            3 => View::of(&self.max_interval),
            4 => View::of(&self.app_config),
            _ => View::Absent,
        }
    }
}

impl RecordMut for Secret {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.secret),
            1 => Slot::of(&mut self.secret_version),
            2 => Slot::of(&mut self.interval),
            3 => Slot::of(&mut self.max_interval),
            4 => Slot::of(&mut self.app_config),
            _ => Slot::None,
        }
    }
}

record!(mut Secret);
