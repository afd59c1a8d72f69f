//! The methods of the category `{{ name }}`.

{% for api in apis %}
pub mod {{ api.module }};
{% endfor %}

{% for api in apis %}
pub use {{ api.module }}::{ {{ api.request.name }}, {% if let Some(name) = api.request.required %}{{ name }}, {% endif %}{{ api.response.name }} };
{% endfor %}
