//! The methods of the category `{{ name }}`.

{% for api in apis %}
pub mod {{ api.module }};
{% endfor %}

{% for callback in callbacks %}
{%- if features %}
#[cfg(feature = "spi")]
{%- endif %}
pub mod {{ callback.module }};
{% endfor %}

{% for api in apis %}
pub use {{ api.module }}::{ {{ api.request.name }}, {% if let Some(name) = api.request.required %}{{ name }}, {% endif %}{{ api.response.name }} };
{% endfor %}

{% for callback in callbacks %}
{%- if features %}
#[cfg(feature = "spi")]
{%- endif %}
pub use {{ callback.module }}::{ {{ callback.request.name }}, {{ callback.response.name }} };
{% endfor %}
