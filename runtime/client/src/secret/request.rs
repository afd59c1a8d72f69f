//! The request for a key. The generated one is not used, because an SDK of selected methods may lack it.

use top_protocol::Request;
use top_protocol::generated::record;

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

record! {
    GetSecret {
        0 => random_num: RequiredText("random_num", String, required, secret);
        1 => secret_version: Number("secret_version", Number);
        2 => customer_user_id: Number("customer_user_id", Number);
    }
}

record! {
    mut Secret {
        0 => secret: Text("secret", String, secret);
        1 => secret_version: Number("secret_version", Number);
        2 => interval: Number("interval", Number);
        3 => max_interval: Number("max_interval", Number);
        4 => app_config: Text("app_config", String);
    }
}
