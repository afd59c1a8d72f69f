//! The tables of keys in spec files, and the conversion of their values.
//!
//! Specs are read from parser events and not with serde, because an author wants all problems of a file at once, each with its
//! position. serde stops at the first. The JSON Schema for editors comes from the same tables.

use std::collections::BTreeSet;

use super::schema::{Key, SchemaChecker, Table, ValueType, Values};
use super::types::{
    Authorization, CallDirection, ErrorCode, MethodFacts, Pages, Parameter, ParameterFacts, Response, Spec, Window,
};
use super::yaml::{Spanned, YamlNode, YamlValue};

/// A spec file.
pub(super) static SPEC: Table = Table {
    name: "Spec",
    doc: "An API method of the platform.",
    keys: &[
        Key::required(
            "method",
            ValueType::String,
            "The method's name on the wire, such as taobao.top.client.token.get.",
        ),
        Key::required("title", ValueType::String, "The title in the documentation."),
        Key::optional("description", ValueType::String, "What the method does."),
        Key::optional(
            "direction",
            ValueType::OneOf(&["api", "spi", "both"]),
            "Who calls the method: api for the application, spi for the platform, both for a method that the platform \
             passes on to another application. Default: api.",
        ),
        Key::optional(
            "authorization",
            ValueType::OneOf(&["required", "optional", "none"]),
            "Whether a call needs a session. Default: optional.",
        ),
        Key::optional("https_only", ValueType::Boolean, "Whether the method requires https. Default: false."),
        Key::optional(
            "reads",
            ValueType::Boolean,
            "Whether a call changes nothing and may be repeated. Default: derived from the last word of the name.",
        ),
        Key::optional("deprecated", ValueType::String, "The deprecation note: what to call instead."),
        Key::optional("doc_url", ValueType::Url, "The URL of the method's page in the platform's documentation."),
        Key::optional(
            "keywords",
            ValueType::Strings,
            "Words under which the search of rustdoc lists the method, beside its name.",
        ),
        Key::required("request", ValueType::List(&PARAMETER), "The parameters, without the public ones. May be []."),
        Key::required("response", ValueType::Mapping(&RESPONSE), "The response."),
        Key::optional("pages", ValueType::Mapping(&PAGES), "The pagination of the method's list."),
        Key::optional("errors", ValueType::List(&ERROR), "The method's own error codes."),
    ],
};

static PAGES: Table = Table {
    name: "Pages",
    doc: "The pagination of a list. Parameters and fields are paths of wire names joined by dots: data.results.",
    keys: &[
        Key::required("items", ValueType::String, "The list in the response."),
        Key::optional("number", ValueType::String, "The parameter of the page number."),
        Key::optional("first", ValueType::Integer, "The number of the first page. Default: 1."),
        Key::optional("offset", ValueType::String, "The parameter of the number of skipped items."),
        Key::optional("cursor", ValueType::String, "The parameter of the cursor."),
        Key::optional(
            "next",
            ValueType::String,
            "The field of the next cursor. In an item, the field of the last item.",
        ),
        Key::optional("size", ValueType::String, "The parameter of the page size."),
        Key::optional("total", ValueType::String, "The total number of items, in the response."),
        Key::optional("has_next", ValueType::String, "Whether another page exists, in the response."),
        Key::optional("ask_has_next", ValueType::String, "The parameter that requests has_next instead of total."),
        Key::optional(
            "backwards",
            ValueType::Boolean,
            "Whether pages are read from the last to the first, so that items that leave the list cause no gaps. Default: false.",
        ),
        Key::optional("window", ValueType::Mapping(&WINDOW), "The maximum time window of one list."),
    ],
};

static WINDOW: Table = Table {
    name: "Window",
    doc: "The maximum time window of one list. A longer time span is read in consecutive windows.",
    keys: &[
        Key::required("from", ValueType::String, "The parameter of the start."),
        Key::required("to", ValueType::String, "The parameter of the end."),
        Key::required("minutes", ValueType::Integer, "The maximum length in minutes."),
        Key::optional("to_excluded", ValueType::Boolean, "Whether the end is exclusive. Default: false."),
    ],
};

static RESPONSE: Table = Table {
    name: "Response",
    doc: "The response of a method.",
    keys: &[
        Key::required("node", ValueType::String, "The root node, such as top_client_token_get_response."),
        Key::required("fields", ValueType::List(&PARAMETER), "The fields under the root node. May be []."),
    ],
};

pub(super) static PARAMETER: Table = Table {
    name: "Parameter",
    doc: "A parameter of a request, or a field of a response or a message.",
    keys: &[
        Key::required("name", ValueType::String, "The name on the wire."),
        Key::required(
            "type",
            ValueType::String,
            "String, Number, Boolean, Date, Price, BigDecimal, Json, Map, Field List, byte, byte[] (a file), or the name \
             of an object; followed by [] for a list.",
        ),
        Key::optional("required", ValueType::Boolean, "Whether the parameter is required. Default: false."),
        Key::optional(
            "secret",
            ValueType::Boolean,
            "Whether the value is redacted. Default: whether the name is in the secrets of platform.yaml.",
        ),
        Key::optional(
            "max_length",
            ValueType::Integer,
            "The maximum length, in UTF-16 code units; of a file, in bytes.",
        ),
        Key::optional("max_list_size", ValueType::Integer, "The maximum number of elements."),
        Key::optional("min_value", ValueType::Integer, "The minimum."),
        Key::optional("max_value", ValueType::Integer, "The maximum."),
        Key::optional("values", ValueType::Strings, "The valid values. Default: any value."),
        Key::optional("default", ValueType::String, "The default value."),
        Key::optional("deprecated", ValueType::String, "The deprecation note: what to use instead."),
        Key::optional("example", ValueType::String, "The example in the documentation."),
        Key::optional("description", ValueType::String, "The description in the documentation."),
        Key::optional("fields", ValueType::List(&PARAMETER), "The fields of an object."),
    ],
};

static ERROR: Table = Table {
    name: "Error",
    doc: "An error code of a method.",
    keys: &[
        Key::required("code", ValueType::String, "The code, in sub_code or in a field of the response."),
        Key::optional("message", ValueType::String, "What it means."),
        Key::optional("solution", ValueType::String, "The remedy."),
    ],
};

/// Converts the document of a spec file.
pub(super) fn spec(checker: &mut SchemaChecker<'_>, node: &YamlNode) -> Option<Spec> {
    // Nested problems are reported even if a key on this level is missing.
    let (values, complete) = checker.values(&SPEC, node);
    let request = parameters(checker, &values, "request");
    let response = values.get("response").and_then(|node| response(checker, node));
    let pages = values.get("pages").and_then(|node| pages(checker, node));
    let keywords = keywords(checker, &values);
    let errors = list(checker, &values, "errors", &ERROR, |_, values| {
        Some(ErrorCode {
            code: string(values, "code")?,
            message: string(values, "message").unwrap_or_default(),
            solution: string(values, "solution").unwrap_or_default(),
        })
    });
    if string(&values, "direction").as_deref() == Some("spi") {
        for key in ["authorization", "https_only", "reads", "pages"] {
            if let Some(node) = values.get(key) {
                let help = "remove it: only a call of the application has it; the platform calls an SPI".to_owned();
                checker.problem(&node.span, format!("`{key}` is not allowed with `direction: spi`"), Some(help));
            }
        }
    }
    if !complete {
        return None;
    }
    Some(Spec {
        method: spanned(&values, "method")?,
        direction: string(&values, "direction").map_or(CallDirection::Api, |word| match word.as_str() {
            "spi" => CallDirection::Spi,
            "both" => CallDirection::Both,
            _ => CallDirection::Api,
        }),
        facts: MethodFacts {
            title: spanned(&values, "title")?,
            description: string(&values, "description"),
            authorization: string(&values, "authorization").map(|word| match word.as_str() {
                "required" => Authorization::Required,
                "none" => Authorization::None,
                _ => Authorization::Optional,
            }),
            https_only: boolean(&values, "https_only").unwrap_or_default(),
            reads: boolean(&values, "reads"),
            deprecated: string(&values, "deprecated"),
            doc_url: string(&values, "doc_url"),
            keywords,
            errors,
        },
        request,
        response: response?,
        pages,
    })
}

/// Returns the keywords, which rustdoc accepts without quotes and once each.
fn keywords(checker: &mut SchemaChecker<'_>, values: &Values<'_>) -> Vec<String> {
    let (mut keywords, mut known) = (Vec::new(), BTreeSet::new());
    for Spanned { value, span } in strings(values, "keywords") {
        if value.is_empty() || !value.chars().all(char::is_alphanumeric) {
            checker.problem(&span, "expected a keyword of letters and digits", None);
        } else if !known.insert(value.clone()) {
            checker.problem(&span, format!("duplicate keyword `{value}`"), None);
        } else {
            keywords.push(value);
        }
    }
    keywords
}

fn pages(checker: &mut SchemaChecker<'_>, node: &YamlNode) -> Option<Pages> {
    let (values, complete) = checker.values(&PAGES, node);
    let window = values.get("window").and_then(|node| window(checker, node));
    if !complete {
        return None;
    }
    Some(Pages {
        span: node.span.clone(),
        items: spanned(&values, "items")?,
        number: spanned(&values, "number"),
        first: integer(&values, "first"),
        offset: spanned(&values, "offset"),
        cursor: spanned(&values, "cursor"),
        next: spanned(&values, "next"),
        size: spanned(&values, "size"),
        total: spanned(&values, "total"),
        has_next: spanned(&values, "has_next"),
        ask_has_next: spanned(&values, "ask_has_next"),
        backwards: values.get("backwards").and_then(|node| spanned_boolean(node)),
        window,
    })
}

fn window(checker: &mut SchemaChecker<'_>, node: &YamlNode) -> Option<Window> {
    let values = checker.mapping(&WINDOW, node)?;
    Some(Window {
        from: spanned(&values, "from")?,
        to: spanned(&values, "to")?,
        minutes: integer(&values, "minutes")?,
        to_excluded: boolean(&values, "to_excluded").unwrap_or_default(),
    })
}

fn response(checker: &mut SchemaChecker<'_>, node: &YamlNode) -> Option<Response> {
    let values = checker.mapping(&RESPONSE, node)?;
    let fields = parameters(checker, &values, "fields");
    Some(Response { node: spanned(&values, "node")?, fields })
}

pub(super) fn parameters(checker: &mut SchemaChecker<'_>, values: &Values<'_>, key: &str) -> Vec<Parameter> {
    list(checker, values, key, &PARAMETER, |checker, values| {
        let fields = parameters(checker, values, "fields");
        Some(Parameter {
            name: spanned(values, "name")?,
            kind: spanned(values, "type")?,
            required: values.get("required").and_then(|node| spanned_boolean(node)),
            secret: boolean(values, "secret"),
            max_length: integer(values, "max_length"),
            max_list_size: integer(values, "max_list_size"),
            min_value: integer(values, "min_value"),
            max_value: integer(values, "max_value"),
            values: strings(values, "values"),
            facts: ParameterFacts {
                default: string(values, "default"),
                deprecated: string(values, "deprecated"),
                example: string(values, "example").filter(|example| !example.is_empty()),
                description: string(values, "description"),
            },
            fields,
        })
    })
}

fn list<T>(
    checker: &mut SchemaChecker<'_>,
    values: &Values<'_>,
    key: &str,
    table: &'static Table,
    mut item: impl FnMut(&mut SchemaChecker<'_>, &Values<'_>) -> Option<T>,
) -> Vec<T> {
    let mut items = Vec::new();
    if let Some(YamlValue::Sequence(nodes)) = values.get(key).map(|node| &node.value) {
        for node in nodes {
            if let Some(values) = checker.mapping(table, node) {
                items.extend(item(checker, &values));
            }
        }
    }
    items
}

pub(super) fn spanned(values: &Values<'_>, key: &str) -> Option<Spanned<String>> {
    values.get(key).and_then(|node| spanned_string(node))
}

fn spanned_string(node: &YamlNode) -> Option<Spanned<String>> {
    match &node.value {
        YamlValue::Scalar(text) => Some(Spanned { value: text.clone(), span: node.span.clone() }),
        _ => None,
    }
}

pub(super) fn string(values: &Values<'_>, key: &str) -> Option<String> {
    spanned(values, key).map(|text| text.value)
}

fn spanned_boolean(node: &YamlNode) -> Option<Spanned<bool>> {
    spanned_string(node).map(|text| Spanned { value: text.value == "true", span: text.span })
}

fn boolean(values: &Values<'_>, key: &str) -> Option<bool> {
    values.get(key).and_then(|node| spanned_boolean(node)).map(|flag| flag.value)
}

fn integer(values: &Values<'_>, key: &str) -> Option<Spanned<i64>> {
    let text = spanned(values, key)?;
    Some(Spanned { value: text.value.parse().ok()?, span: text.span })
}

fn strings(values: &Values<'_>, key: &str) -> Vec<Spanned<String>> {
    match values.get(key).map(|node| &node.value) {
        Some(YamlValue::Sequence(items)) => items.iter().filter_map(spanned_string).collect(),
        _ => Vec::new(),
    }
}
