//! Requests and responses of the platform's methods: a module a category, behind a feature of the same name.

{% for category in categories %}
#[cfg(feature = "{{ category.name }}")]
pub mod {{ category.name }};
{% endfor %}
