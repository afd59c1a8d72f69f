//! What the platform says of itself: its gateways and the codes that it refuses calls with.

use crate::protocol::{PlatformCode, Retry};

{% for gateway in gateways %}
///{{ gateway.doc }}, over http.
pub const {{ gateway.http_name }}: &str = {{ gateway.http }};

///{{ gateway.doc }}, over https.
pub const {{ gateway.https_name }}: &str = {{ gateway.https }};
{% endfor %}

/// The platform's codes, in their order.
pub const CODES: &[PlatformCode] = &[
    {%- for code in codes %}
    PlatformCode { code: {{ code.code }}, name: {{ code.name }}, meaning: {{ code.meaning }}, retry: Retry::{{ code.retry }} },
    {%- endfor %}
];
