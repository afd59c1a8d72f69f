//! The specs of the methods of `generated-sdk`.

/// A spec: its category, its method and its text.
pub(crate) type Shipped = (&'static str, &'static str, &'static str);

/// The specs in the order of their paths.
pub(crate) const SHIPPED: &[Shipped] = &[
{%- for spec in specs %}
    ("{{ spec.category }}", {{ spec.method }}, {{ spec.text }}),
{%- endfor %}
];

/// The specs of topics in the order of their paths: each topic and its text.
pub(crate) const SHIPPED_TOPICS: &[(&str, &str)] = &[
{%- for spec in topics %}
    ({{ spec.topic }}, {{ spec.text }}),
{%- endfor %}
];
