//! The keys of spec files, and what their values become.

use super::node::{Content, Node, Placed};
use super::shape::{Checker, Key, Shape, Table, Values};
use super::{
    Authorization, Code, ErrorCode, Gateway, Pages, Parameter, Platform, PublicParameter, Response, Retry, Spec, Window,
};

/// A spec file.
pub(super) static SPEC: Table = Table {
    name: "Spec",
    doc: "One API method of the platform, as its page describes it.",
    keys: &[
        Key::required("method", Shape::Text, "The method's name on the wire, for example taobao.top.client.token.get."),
        Key::required("title", Shape::Text, "The method's name for people, as the page has it."),
        Key::optional("description", Shape::Text, "What the method does."),
        Key::optional(
            "authorization",
            Shape::Word(&["required", "optional", "none"]),
            "Whether a call needs a session. Optional where the page does not say.",
        ),
        Key::optional("https_only", Shape::Flag, "Whether the method is to be called over https alone."),
        Key::optional(
            "reads",
            Shape::Flag,
            "Whether a call changes nothing and may be made again. By the last word of the name where it is not said.",
        ),
        Key::optional(
            "deprecated",
            Shape::Text,
            "That the method should no longer be called, and what to call instead.",
        ),
        Key::optional("doc_url", Shape::Text, "The URL of the method's page in the platform's documentation."),
        Key::required("request", Shape::List(&PARAMETER), "The parameters, without the public ones. [] for none."),
        Key::required("response", Shape::Mapping(&RESPONSE), "The response."),
        Key::optional("pages", Shape::Mapping(&PAGES), "How the list that the method returns is paged, if it is."),
        Key::optional("errors", Shape::List(&ERROR), "The error codes that the method itself answers."),
    ],
};

static PAGES: Table = Table {
    name: "Pages",
    doc: "How a list is paged. Parameters and fields are named as on the wire, with a dot before the name of one that stands \
          in an object: data.results.",
    keys: &[
        Key::required("items", Shape::Text, "The list in the response."),
        Key::optional("number", Shape::Text, "The parameter that takes the page's number."),
        Key::optional("first", Shape::Whole, "The number of the first page; 1 where nothing is said."),
        Key::optional("offset", Shape::Text, "The parameter that takes how many items come before the page."),
        Key::optional("cursor", Shape::Text, "The parameter that takes what the page before returned."),
        Key::optional(
            "next",
            Shape::Text,
            "What a page returns for the cursor of the next one; in an item, what the last item has there.",
        ),
        Key::optional("size", Shape::Text, "The parameter that takes how many items a page may have."),
        Key::optional("total", Shape::Text, "The number of all items, in the response."),
        Key::optional("has_next", Shape::Text, "Whether there are more pages, in the response."),
        Key::optional("ask_has_next", Shape::Text, "The parameter that asks for has_next in place of total."),
        Key::optional(
            "backwards",
            Shape::Flag,
            "Whether pages are to be taken from the last to the first, so that none is lost where items leave the list.",
        ),
        Key::optional("window", Shape::Mapping(&WINDOW), "The span of time that one list may have."),
    ],
};

static WINDOW: Table = Table {
    name: "Window",
    doc: "The span of time that one list may have. A longer one is walked in slices.",
    keys: &[
        Key::required("from", Shape::Text, "The parameter that takes its beginning."),
        Key::required("to", Shape::Text, "The parameter that takes its end."),
        Key::required("minutes", Shape::Whole, "How long it may be."),
        Key::optional(
            "to_excluded",
            Shape::Flag,
            "Whether what happened at the very second of the end lies outside of it.",
        ),
    ],
};

static RESPONSE: Table = Table {
    name: "Response",
    doc: "The response of a method.",
    keys: &[
        Key::required("node", Shape::Text, "The root node, for example top_client_token_get_response."),
        Key::required("fields", Shape::List(&PARAMETER), "The fields under the root node. [] for none."),
    ],
};

static PARAMETER: Table = Table {
    name: "Parameter",
    doc: "A parameter of a request or a field of a response.",
    keys: &[
        Key::required("name", Shape::Text, "The name on the wire."),
        Key::required(
            "type",
            Shape::Text,
            "String, Number, Boolean, Date, Price, BigDecimal, Json, Map, Field List, byte, byte[] (a file), or the name \
             of an object; with [] behind it for a list.",
        ),
        Key::optional("required", Shape::Flag, "Whether a request is refused without it."),
        Key::optional(
            "secret",
            Shape::Flag,
            "Whether its value is hidden wherever it would be printed. Names that platform.yaml lists are unless it says \
             false.",
        ),
        Key::optional("max_length", Shape::Whole, "The most characters that a text may have; of a file, bytes."),
        Key::optional("max_list_size", Shape::Whole, "The most elements that a list may have."),
        Key::optional("min_value", Shape::Whole, "The least number."),
        Key::optional("max_value", Shape::Whole, "The greatest number."),
        Key::optional("values", Shape::Texts, "The only values that a text may have."),
        Key::optional("default", Shape::Text, "The value that the platform takes where none is sent."),
        Key::optional("deprecated", Shape::Text, "That it should no longer be used, and what to use instead."),
        Key::optional("example", Shape::Text, "The page's example value."),
        Key::optional("description", Shape::Text, "The page's description."),
        Key::optional("fields", Shape::List(&PARAMETER), "The fields of an object."),
    ],
};

static ERROR: Table = Table {
    name: "Error",
    doc: "An error code of a method.",
    keys: &[
        Key::required("code", Shape::Text, "The code, which comes as sub_code or in the response."),
        Key::optional("message", Shape::Text, "What it means."),
        Key::optional("solution", Shape::Text, "What to do."),
    ],
};

/// `platform.yaml`.
pub(super) static PLATFORM: Table = Table {
    name: "Platform",
    doc: "What holds for every method.",
    keys: &[
        Key::required("version", Shape::Text, "The protocol's version, the value of v."),
        Key::required(
            "timestamp_tolerance_minutes",
            Shape::Whole,
            "How far a timestamp may be from the gateway's clock.",
        ),
        Key::required("gateways", Shape::List(&GATEWAY), "The gateways that speak the protocol."),
        Key::required("public_parameters", Shape::List(&PUBLIC_PARAMETER), "The parameters that every request has."),
        Key::required("secrets", Shape::Texts, "The ends of names whose values are secrets."),
        Key::required("errors", Shape::List(&CODE), "The codes that the platform refuses calls with."),
    ],
};

static GATEWAY: Table = Table {
    name: "Gateway",
    doc: "A gateway that speaks the protocol.",
    keys: &[
        Key::required("id", Shape::Text, "The id that callers name it by: lower-case words joined by hyphens."),
        Key::required("title", Shape::Text, "The title in the platform's language."),
        Key::optional("http", Shape::Text, "The http URL, if there is one."),
        Key::required("https", Shape::Text, "The https URL."),
        Key::optional("aliases", Shape::Texts, "Earlier URLs, which older documents contain."),
        Key::optional("note", Shape::Text, "What else to know, for the SDK's documentation."),
        Key::optional("unsupported", Shape::Text, "Why the client cannot call it yet."),
    ],
};

static PUBLIC_PARAMETER: Table = Table {
    name: "PublicParameter",
    doc: "A parameter that belongs to the protocol.",
    keys: &[
        Key::required("name", Shape::Text, "The name on the wire."),
        Key::required("type", Shape::Text, "The page's type."),
        Key::optional("values", Shape::Texts, "The only values that it may have."),
        Key::optional("default", Shape::Text, "The value that it has where none is sent."),
        Key::optional("signed", Shape::Flag, "Whether it is signed; true where nothing is said."),
        Key::required("description", Shape::Text, "The page's description."),
    ],
};

static CODE: Table = Table {
    name: "Code",
    doc: "A code of the platform.",
    keys: &[
        Key::required("code", Shape::Whole, "The code."),
        Key::required("name", Shape::Text, "The platform's name for it, its msg."),
        Key::required("meaning", Shape::Text, "What it means and what to do."),
        Key::required(
            "retry",
            Shape::Word(&["never", "later", "renew_session", "if_server_side"]),
            "Whether sending the call again can help.",
        ),
        Key::optional("words", Shape::Texts, "The words that other gateways of the family have for the code."),
    ],
};

/// A spec file's document as a spec, as far as it is one.
pub(super) fn spec(checker: &mut Checker<'_>, node: &Node) -> Option<Spec> {
    let values = checker.mapping(&SPEC, node);
    // What is wrong further down is told of even if something up here is missing.
    let below = values.clone().unwrap_or_default();
    let request = parameters(checker, &below, "request");
    let response = below.get("response").and_then(|node| response(checker, node));
    let pages = below.get("pages").and_then(|node| pages(checker, node));
    let errors = list(checker, &below, "errors", &ERROR, |_, values| {
        Some(ErrorCode {
            code: text(values, "code")?,
            message: text(values, "message").unwrap_or_default(),
            solution: text(values, "solution").unwrap_or_default(),
        })
    });
    let values = values?;
    Some(Spec {
        method: placed(&values, "method")?,
        title: placed(&values, "title")?,
        description: text(&values, "description"),
        authorization: text(&values, "authorization").map(|word| match word.as_str() {
            "required" => Authorization::Required,
            "none" => Authorization::None,
            _ => Authorization::Optional,
        }),
        https_only: flag(&values, "https_only").unwrap_or_default(),
        reads: flag(&values, "reads"),
        deprecated: text(&values, "deprecated"),
        doc_url: placed(&values, "doc_url"),
        request,
        response: response?,
        pages,
        errors,
    })
}

fn pages(checker: &mut Checker<'_>, node: &Node) -> Option<Pages> {
    let values = checker.mapping(&PAGES, node);
    let below = values.clone().unwrap_or_default();
    let window = below.get("window").and_then(|node| window(checker, node));
    let values = values?;
    Some(Pages {
        place: node.place.clone(),
        items: placed(&values, "items")?,
        number: placed(&values, "number"),
        first: whole(&values, "first"),
        offset: placed(&values, "offset"),
        cursor: placed(&values, "cursor"),
        next: placed(&values, "next"),
        size: placed(&values, "size"),
        total: placed(&values, "total"),
        has_next: placed(&values, "has_next"),
        ask_has_next: placed(&values, "ask_has_next"),
        backwards: values.get("backwards").and_then(|node| placed_flag(node)),
        window,
    })
}

fn window(checker: &mut Checker<'_>, node: &Node) -> Option<Window> {
    let values = checker.mapping(&WINDOW, node)?;
    Some(Window {
        from: placed(&values, "from")?,
        to: placed(&values, "to")?,
        minutes: whole(&values, "minutes")?,
        to_excluded: flag(&values, "to_excluded").unwrap_or_default(),
    })
}

fn response(checker: &mut Checker<'_>, node: &Node) -> Option<Response> {
    let values = checker.mapping(&RESPONSE, node)?;
    let fields = parameters(checker, &values, "fields");
    Some(Response { node: placed(&values, "node")?, fields })
}

fn parameters(checker: &mut Checker<'_>, values: &Values<'_>, key: &str) -> Vec<Parameter> {
    list(checker, values, key, &PARAMETER, |checker, values| {
        let fields = parameters(checker, values, "fields");
        Some(Parameter {
            name: placed(values, "name")?,
            kind: placed(values, "type")?,
            required: values.get("required").and_then(|node| placed_flag(node)),
            secret: flag(values, "secret"),
            max_length: whole(values, "max_length"),
            max_list_size: whole(values, "max_list_size"),
            min_value: whole(values, "min_value"),
            max_value: whole(values, "max_value"),
            values: texts(values, "values"),
            default: text(values, "default"),
            deprecated: text(values, "deprecated"),
            example: text(values, "example"),
            description: text(values, "description"),
            fields,
        })
    })
}

/// `platform.yaml`'s document.
pub(super) fn platform(checker: &mut Checker<'_>, node: &Node) -> Option<Platform> {
    let values = checker.mapping(&PLATFORM, node)?;
    let gateways = list(checker, &values, "gateways", &GATEWAY, |_, values| {
        Some(Gateway {
            id: placed(values, "id")?,
            title: placed(values, "title")?,
            http: placed(values, "http"),
            https: placed(values, "https")?,
            aliases: texts(values, "aliases"),
            note: text(values, "note"),
            unsupported: text(values, "unsupported"),
        })
    });
    let public_parameters = list(checker, &values, "public_parameters", &PUBLIC_PARAMETER, |_, values| {
        Some(PublicParameter {
            name: text(values, "name")?,
            kind: text(values, "type")?,
            values: texts(values, "values").into_iter().map(|value| value.value).collect(),
            default: text(values, "default"),
            signed: flag(values, "signed").unwrap_or(true),
            description: text(values, "description")?,
        })
    });
    let errors = list(checker, &values, "errors", &CODE, |_, values| {
        Some(Code {
            code: whole(values, "code")?,
            name: text(values, "name")?,
            meaning: text(values, "meaning")?,
            retry: match text(values, "retry")?.as_str() {
                "later" => Retry::Later,
                "renew_session" => Retry::RenewSession,
                "if_server_side" => Retry::IfServerSide,
                _ => Retry::Never,
            },
            words: texts(values, "words"),
        })
    });
    Some(Platform {
        version: text(&values, "version")?,
        timestamp_tolerance_minutes: u32::try_from(whole(&values, "timestamp_tolerance_minutes")?.value).ok()?,
        gateways,
        public_parameters,
        secrets: texts(&values, "secrets"),
        errors,
    })
}

fn list<T>(
    checker: &mut Checker<'_>,
    values: &Values<'_>,
    key: &str,
    table: &'static Table,
    mut item: impl FnMut(&mut Checker<'_>, &Values<'_>) -> Option<T>,
) -> Vec<T> {
    let mut items = Vec::new();
    if let Some(Content::List(nodes)) = values.get(key).map(|node| &node.value) {
        for node in nodes {
            if let Some(values) = checker.mapping(table, node) {
                items.extend(item(checker, &values));
            }
        }
    }
    items
}

fn placed(values: &Values<'_>, key: &str) -> Option<Placed<String>> {
    values.get(key).and_then(|node| placed_text(node))
}

fn placed_text(node: &Node) -> Option<Placed<String>> {
    match &node.value {
        Content::Text(text) => Some(Placed { value: text.clone(), place: node.place.clone() }),
        _ => None,
    }
}

fn text(values: &Values<'_>, key: &str) -> Option<String> {
    placed(values, key).map(|text| text.value)
}

fn placed_flag(node: &Node) -> Option<Placed<bool>> {
    placed_text(node).map(|text| Placed { value: text.value == "true", place: text.place })
}

fn flag(values: &Values<'_>, key: &str) -> Option<bool> {
    values.get(key).and_then(|node| placed_flag(node)).map(|flag| flag.value)
}

fn whole(values: &Values<'_>, key: &str) -> Option<Placed<i64>> {
    let text = placed(values, key)?;
    Some(Placed { value: text.value.parse().ok()?, place: text.place })
}

fn texts(values: &Values<'_>, key: &str) -> Vec<Placed<String>> {
    match values.get(key).map(|node| &node.value) {
        Some(Content::List(items)) => items.iter().filter_map(placed_text).collect(),
        _ => Vec::new(),
    }
}
