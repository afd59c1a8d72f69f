//! The gateways, error codes and names of secrets in `specs/platform.yaml`.

use std::borrow::Cow;

use crate::dialect::{Dialect, ParameterPlacement, TimestampForm};
use crate::format::Format;
use crate::gateway::{Gateway, KnownGateway};
use crate::platform_code::{PlatformCode, Retry};
use crate::sign::SignMethod;

/// The documented gateways.
pub const GATEWAYS: &[KnownGateway] = &[
    {%- for gateway in gateways %}
    KnownGateway {
        id: {{ gateway.id }},
        title: {{ gateway.title }},
        http: {{ gateway.http }},
        https: {{ gateway.https }},
        dialect: &{{ gateway.dialect }},
    },
    {%- endfor %}
];

/// The documented gateways.
impl Gateway {
    {%- for gateway in gateways %}
    {%- for line in gateway.docs %}
    {%- if !loop.first %}
    ///
    {%- endif %}
    /// {{ line }}
    {%- endfor %}
    pub const {{ gateway.constant }}: Self = Self::known(&GATEWAYS[{{ loop.index0 }}]);
    {%- endfor %}
}

/// The error codes of the platform, in ascending order.
pub const CODES: &[PlatformCode] = &[
    {%- for code in codes %}
    PlatformCode { code: {{ code.code }}, name: {{ code.name }}, meaning: {{ code.meaning }}, retry: Retry::{{ code.retry }}, words: &[{% for word in code.words %}{{ word }}, {% endfor %}] },
    {%- endfor %}
];

/// The suffixes of names of secrets, in lower case.
pub const SECRETS: &[&str] = &[{% for secret in secrets %}{{ secret }}, {% endfor %}];
