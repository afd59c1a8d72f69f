{%- import "struct.rs" as structs -%}
//! The SPI `{{ callback.method }}`: {{ title }}

use {{ runtime }}::{ {{ imports }} };

{% for doc in docs %}
///{{ doc }}
{%- endfor %}
#[doc(alias = {{ method_literal }})]
{%- for keyword in callback.facts.keywords %}
#[doc(alias = "{{ keyword }}")]
{%- endfor %}
{% call structs::output(request) %}{% endcall %}

impl Spi for {{ request.name }} {
    const METHOD: &'static str = {{ method_literal }};
    const RESPONSE_NODE: &'static str = {{ node_literal }};
    type Response = {{ response.name }};
}

{% call structs::record(request) %}{% endcall %}

{% for object in request_objects %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::output(object) %}{% endcall %}
{% call structs::record(object) %}{% endcall %}
{% endfor %}

{% for doc in response.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::input(response, "a response", None::<String>) %}{% endcall %}
{% call structs::record(response) %}{% endcall %}

{% for object in response_objects %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::input(object, "an object", None::<String>) %}{% endcall %}
{% call structs::record(object) %}{% endcall %}
{% endfor %}

{% for open_enum in enums %}
{% call structs::open_enum(open_enum) %}{% endcall %}
{% endfor %}
