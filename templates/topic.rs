{%- import "struct.rs" as structs -%}
//! `{{ topic }}`: {{ title }}

use {{ runtime }}::{ {{ imports }} };

{% for doc in docs %}
///{{ doc }}
{%- endfor %}
#[doc(alias = {{ topic_literal }})]
{% call structs::output(message) %}{% endcall %}

impl Topic for {{ message.name }} {
    const NAME: &'static str = {{ topic_literal }};
}

{% call structs::record(message) %}{% endcall %}

{% for object in objects %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::output(object) %}{% endcall %}
{% call structs::record(object) %}{% endcall %}
{% endfor %}

{% for open_enum in enums %}
{% call structs::open_enum(open_enum) %}{% endcall %}
{% endfor %}
