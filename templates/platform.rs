//! Facts about the platform: its gateways, its error codes, and which values are secret.

use crate::{Gateway, PlatformCode, Retry};

impl Gateway {
    {%- for gateway in gateways %}
    /// {{ gateway.doc }}
    pub const {{ gateway.constant }}: Self = Self {
        id: {{ gateway.id }},
        title: {{ gateway.title }},
        http: {{ gateway.http }},
        https: {{ gateway.https }},
    };
    {%- endfor %}

    /// The known gateways.
    pub const ALL: &[Self] = &[{% for gateway in gateways %}Self::{{ gateway.constant }}, {% endfor %}];
}

/// The platform's codes, in their order.
pub const CODES: &[PlatformCode] = &[
    {%- for code in codes %}
    PlatformCode { code: {{ code.code }}, name: {{ code.name }}, meaning: {{ code.meaning }}, retry: Retry::{{ code.retry }}, words: &[{% for word in code.words %}{{ word }}, {% endfor %}] },
    {%- endfor %}
];

/// The ends of names whose values are secrets, in lower case.
pub const SECRETS: &[&str] = &[{% for secret in secrets %}{{ secret }}, {% endfor %}];
