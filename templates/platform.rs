//! What the platform says of itself: its gateways, the codes that it refuses calls with, and what is secret.

use crate::{Gateway, PlatformCode, Retry};

{% if let Some(gateway) = gateways.first() %}
/// The first of the gateways, over http.
pub const GATEWAY_HTTP: &str = {{ gateway.http }};

/// The first of the gateways, over https.
pub const GATEWAY_HTTPS: &str = {{ gateway.https }};
{% endif %}

/// The platform's gateways.
pub const GATEWAYS: &[Gateway] = &[
    {%- for gateway in gateways %}
    Gateway { environment: {{ gateway.environment }}, http: {{ gateway.http }}, https: {{ gateway.https }} },
    {%- endfor %}
];

/// The platform's codes, in their order.
pub const CODES: &[PlatformCode] = &[
    {%- for code in codes %}
    PlatformCode { code: {{ code.code }}, name: {{ code.name }}, meaning: {{ code.meaning }}, retry: Retry::{{ code.retry }} },
    {%- endfor %}
];

/// The ends of names whose values are secrets, in lower case.
pub const SECRETS: &[&str] = &[{% for secret in secrets %}{{ secret }}, {% endfor %}];
