{%- import "struct.rs" as structs -%}
//! `{{ api.method }}`: {{ title }}

use {{ runtime }}::{ {{ imports }} };

{% for doc in docs %}
///{{ doc }}
{%- endfor %}
#[doc(alias = {{ method_literal }})]
{%- for keyword in api.facts.keywords %}
#[doc(alias = "{{ keyword }}")]
{%- endfor %}
{% call structs::input(request, "a request", deprecated) %}{% endcall %}
{% call structs::required(request) %}{% endcall %}

impl Request for {{ request.name }} {
    const METHOD: &'static str = {{ method_literal }};
    const RESPONSE_NODE: &'static str = {{ node_literal }};
    {%- if let Some(authorization) = authorization %}
    const AUTHORIZATION: Authorization = Authorization::{{ authorization }};
    {%- endif %}
    {%- if api.facts.https_only %}
    const HTTPS_ONLY: bool = true;
    {%- endif %}
    {%- if let Some(reads) = api.facts.reads %}
    const READS: bool = {{ reads }};
    {%- endif %}
    {%- if !errors.is_empty() %}
    const ERRORS: &'static [ErrorCode] = &[
        {%- for error in errors %}
        ErrorCode { code: {{ error.code }}, message: {{ error.message }}, solution: {{ error.solution }} },
        {%- endfor %}
    ];
    {%- endif %}
    type Response = {{ response.name }};
}

{% if let Some(paging) = paging %}
impl Paged for {{ request.name }} {
    const PAGING: Paging = {{ paging.table }};
    type Item = {{ paging.item }};

    fn items(response: {{ response.name }}) -> Vec<{{ paging.item }}> {
        {{ paging.items }}
    }
}
{% endif %}

{% call structs::record(request) %}{% endcall %}

{% for object in request_objects %}
{% for doc in object.docs %}
///{{ doc }}
{%- endfor %}
{% call structs::input(object, "an object", None::<String>) %}{% endcall %}
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

{% for open_enum in enums %}
{% call structs::open_enum(open_enum) %}{% endcall %}
{% endfor %}
