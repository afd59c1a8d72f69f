//! The methods by category.

{% for part in crates %}
pub use {{ part.library }}::api::{ {{ part.modules().join(", ") }} };
{% endfor %}
