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
#[cfg(feature = "{{ category.feature }}")]
{%- endif %}
pub mod {{ category.name }};
{% endfor %}

{% if topics %}
/// Messages of topics.
#[rustfmt::skip]
#[allow(clippy::large_enum_variant, reason = "topics have different numbers of fields")]
{%- if features %}
#[cfg(feature = "messages")]
{%- else %}
#[allow(unused, unreachable_pub, reason = "a program uses a part of the topics")]
{%- endif %}
pub mod messages;
{% endif %}
