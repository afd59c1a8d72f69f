//! What `specs/platform.yaml` says about the platform: its gateways, its error codes, and which names are secrets.

use crate::{Gateway, KnownGateway, PlatformCode, Retry};

/// The gateways that the platform documents.
pub const GATEWAYS: &[KnownGateway] = &[
    {%- for gateway in gateways %}
    KnownGateway {
        id: {{ gateway.id }},
        title: {{ gateway.title }},
        http: {{ gateway.http }},
        https: {{ gateway.https }},
        unsupported: {{ gateway.unsupported }},
    },
    {%- endfor %}
];

/// The gateways that the platform documents.
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

/// The platform's codes, in their order.
pub const CODES: &[PlatformCode] = &[
    {%- for code in codes %}
    PlatformCode { code: {{ code.code }}, name: {{ code.name }}, meaning: {{ code.meaning }}, retry: Retry::{{ code.retry }}, words: &[{% for word in code.words %}{{ word }}, {% endfor %}] },
    {%- endfor %}
];

/// The ends of names whose values are secrets, in lower case.
pub const SECRETS: &[&str] = &[{% for secret in secrets %}{{ secret }}, {% endfor %}];
