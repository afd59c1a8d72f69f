{%- macro fields(item) -%}
pub struct {{ item.name }} {
    {%- for field in item.fields %}
    {%- for doc in field.docs %}
    ///{{ doc }}
    {%- endfor %}
    pub {{ field.name }}: {{ field.rust_type }},
    {%- endfor %}
}
{%- endmacro -%}

{%- macro input(item, what, deprecated) -%}
#[derive(Clone{% if item.required.is_empty() %}, Default{% endif %})]
#[non_exhaustive]
{% call fields(item) %}{% endcall %}

impl {{ item.name }} {
    {%- if item.required.is_empty() %}
    /// Creates {{ what }} with no field set.
    {%- if let Some(deprecated) = deprecated %}
    {{ deprecated }}
    {%- endif %}
    pub fn new() -> Self {
        Default::default()
    }
    {%- else if let Some(name) = item.required_name %}
    /// Creates {{ what }} from its required fields.
    {%- if let Some(deprecated) = deprecated %}
    {{ deprecated }}
    {%- endif %}
    pub fn new(required: {{ name }}) -> Self {
        Self {
            {%- for field in item.fields %}
            {{ field.name }}: {% if field.required %}required.{{ field.name }}{% else %}{{ field.absent }}{% endif %},
            {%- endfor %}
        }
    }
    {%- else %}
    /// Creates {{ what }} from its required fields.
    {%- if let Some(deprecated) = deprecated %}
    {{ deprecated }}
    {%- endif %}
    pub fn new({% for field in item.required %}{{ field.name }}: {{ field.argument }}, {% endfor %}) -> Self {
        Self {
            {%- for field in item.fields %}
            {% if field.required %}{{ field.given }}{% else %}{{ field.name }}: {{ field.absent }}{% endif %},
            {%- endfor %}
        }
    }
    {%- endif %}
    {%- for field in item.optional %}

    /// {{ field.setter }}
    {%- if let Some(deprecated) = field.deprecated %}
    {{ deprecated }}
    {%- endif %}
    #[must_use]
    pub fn {{ field.name }}(mut self, {{ field.name }}: {{ field.argument }}) -> Self {
        self.{{ field.name }} = {{ field.some }};
        self
    }
    {%- endfor %}
}
{%- endmacro -%}

{%- macro required(item) -%}
{% if let Some(name) = item.required_name %}
/// The required fields of [`{{ item.name }}`].
#[derive(Clone)]
pub struct {{ name }} {
    {%- for field in item.required %}
    {%- for doc in field.docs %}
    ///{{ doc }}
    {%- endfor %}
    pub {{ field.name }}: {{ field.rust_type }},
    {%- endfor %}
}

required!({{ name }} => {{ item.name }});
{% endif %}
{%- endmacro -%}

{%- macro output(item) -%}
#[derive(Clone, Default)]
#[non_exhaustive]
{% call fields(item) %}{% endcall %}
{%- endmacro -%}

{%- macro record(item) -%}
record! {
    {% if item.output %}mut {% endif %}{{ item.name }} {
        {%- for field in item.fields %}
        {{ loop.index0 }} => {{ field.row }};
        {%- endfor %}
    }
}
{%- endmacro -%}

{%- macro open_enum(open_enum) -%}
/// The values of {{ open_enum.mention }}.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum {{ open_enum.name }} {
    {%- for value in open_enum.values %}
    /// {{ value.mention }}
    {{ value.variant }},
    {%- endfor %}
    /// A value that the documentation does not list.
    Unknown(String),
}

impl OpenEnum for {{ open_enum.name }} {
    fn as_str(&self) -> &str {
        match self {
            {%- for value in open_enum.values %}
            Self::{{ value.variant }} => {{ value.literal }},
            {%- endfor %}
            Self::Unknown(text) => text,
        }
    }

    fn from_text(text: String) -> Self {
        match text.as_str() {
            {%- for value in open_enum.values %}
            {{ value.literal }} => Self::{{ value.variant }},
            {%- endfor %}
            _ => Self::Unknown(text),
        }
    }
}

open_enum!({{ open_enum.name }});
{%- endmacro -%}
