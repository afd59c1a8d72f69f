//! The methods of the category `{{ name }}`.

{% for api in apis %}
pub mod {{ api.module }};
{% endfor %}

{% for api in apis %}
pub use {{ api.module }}::{ {{ api.request.name }}, {{ api.response.name }} };
{% endfor %}
