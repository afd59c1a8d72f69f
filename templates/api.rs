{%- import "struct.rs" as structs -%}
//! `{{ method }}`: {{ title }}

use crate::protocol::{ {{ imports }} };

{% for doc in docs %}
///{{ doc }}
{%- endfor %}
{% call structs::input(request) %}{% endcall %}
{% call structs::required(request) %}{% endcall %}

impl Request for {{ request.name }} {
    const METHOD: &'static str = {{ method_literal }};
    const RESPONSE_NODE: &'static str = {{ node_literal }};
    type Response = {{ response.name }};
}

{% call structs::record(request) %}{% endcall %}

{% for object in request_objects %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::input(object) %}{% endcall %}
{% call structs::required(object) %}{% endcall %}
{% call structs::record(object) %}{% endcall %}
{% endfor %}

{% for object in outputs %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::output(object) %}{% endcall %}
{% call structs::record(object) %}{% endcall %}
{% endfor %}
