{{ runtime }}::contract!({{ contract }});

{% for category in categories %}
/// Methods of the category `{{ category.name }}`.
#[rustfmt::skip]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "modules and setters have the names of methods and parameters"
)]
{%- if !features %}
#[allow(unused, unreachable_pub, reason = "a program uses a part of the methods")]
{%- endif %}
{%- if features %}
#[cfg(feature = "{{ category.name }}")]
{%- endif %}
pub mod {{ category.name }};
{% endfor %}
