//! The methods by category.

{% for part in crates %}
#[doc(no_inline)]
pub use {{ part.library }}::api::{ {{ part.modules().join(", ") }} };
{% endfor %}
