//! What the templates are filled with: pieces of Rust as text, each made of tokens, so that no text of a spec can
//! become code.

use std::rc::Rc;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::docs;
use super::tokens::{ident, literal};
use crate::model::{Api, Field, FieldKind, Limit, OpenEnum, Paging, Struct, Topic};
use crate::spec::{
    Dialect, ErrorCode, Gateway, Kind, ParameterPlacement, PlatformError, Retry, SIGN_METHODS, TimestampForm,
    sign_method,
};

/// A struct for the templates.
#[derive(Clone)]
pub(super) struct StructView {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) fields: Vec<Rc<FieldView>>,
    pub(super) required: Vec<Rc<FieldView>>,
    pub(super) optional: Vec<Rc<FieldView>>,
    pub(super) output: bool,
    /// The name of the struct that the required fields are given in.
    pub(super) required_name: Option<String>,
}

impl StructView {
    pub(super) fn new(item: &Struct, output: bool) -> Self {
        let fields: Vec<_> = item.fields.iter().map(|field| Rc::new(FieldView::new(field, output))).collect();
        let (required, optional) = fields.iter().cloned().partition(|field| field.required);
        Self {
            name: item.name.clone(),
            docs: docs::object(item),
            fields,
            required,
            optional,
            output,
            required_name: item.required.clone(),
        }
    }

    pub(super) fn docs(mut self, docs: Vec<String>) -> Self {
        self.docs = docs;
        self
    }
}

/// A field for the templates.
pub(super) struct FieldView {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    /// The docs of its setter.
    pub(super) setter: String,
    pub(super) required: bool,
    /// The type of the field.
    pub(super) rust_type: String,
    /// The type that a function takes for it.
    pub(super) argument: String,
    /// A required field with the argument as its value.
    pub(super) given: String,
    /// The argument as the value of an optional field.
    pub(super) some: String,
    /// An optional field without a value.
    pub(super) absent: &'static str,
    /// Its row in the table.
    pub(super) row: String,
    /// The attribute that says it is deprecated.
    pub(super) deprecated: Option<String>,
}

impl FieldView {
    fn new(field: &Field, output: bool) -> Self {
        let name = ident(&field.name);
        let element = element(&field.kind, output);
        let (argument, value) = argument(field, &name, &element);
        // What arrives may lack any field.
        let optional = !field.list && (output || !field.required);
        let rust_type = match (field.list, optional) {
            (true, _) => quote!(Vec<#element>),
            (false, true) => quote!(Option<#element>),
            (false, false) => element,
        };
        let some = if optional { quote!(Some(#value)) } else { value.clone() };
        Self {
            docs: docs::field(field, output),
            setter: docs::setter(field),
            required: field.required,
            rust_type: rust_type.to_string(),
            argument: argument.to_string(),
            given: if argument.to_string() == rust_type.to_string() {
                name.to_string()
            } else {
                format!("{name}: {value}")
            },
            some: some.to_string(),
            absent: if field.list { "Vec::new()" } else { "None" },
            row: row(field, &name, optional, output).to_string(),
            deprecated: field.facts.deprecated.as_deref().map(deprecated),
            name: name.to_string(),
        }
    }
}

/// The type of a value, of one element if the field is a list.
fn element(kind: &FieldKind, output: bool) -> TokenStream {
    match kind {
        FieldKind::Plain(kind) => ident(scalar(*kind, output).0).to_token_stream(),
        FieldKind::Object { name, boxed } => {
            let name = ident(name);
            if *boxed { quote!(Box<#name>) } else { quote!(#name) }
        }
        FieldKind::OpenEnum(name) => ident(name).to_token_stream(),
    }
}

/// The type of a scalar, and the variant of `FieldRef` and `Slot` that holds it.
fn scalar(kind: Kind, output: bool) -> (&'static str, &'static str) {
    match kind {
        Kind::String | Kind::FieldList => ("String", "Text"),
        // What the platform returns of a file is its address, or its bytes as base64.
        Kind::File if output => ("String", "Text"),
        Kind::File => ("File", "File"),
        Kind::Number | Kind::Byte => ("i64", "Number"),
        Kind::Boolean => ("bool", "Boolean"),
        Kind::Date => ("DateTime", "Date"),
        Kind::Price | Kind::BigDecimal => ("Decimal", "Decimal"),
        Kind::Json | Kind::Map => ("Json", "Json"),
    }
}

/// What a function takes for a field, and how it becomes the field's value.
fn argument(field: &Field, name: &Ident, element: &TokenStream) -> (TokenStream, TokenStream) {
    // Types that callers have several spellings of are taken by conversion.
    let into = match &field.kind {
        FieldKind::Plain(kind) => !matches!(kind, Kind::Number | Kind::Byte | Kind::Boolean | Kind::Date),
        FieldKind::Object { boxed, .. } => *boxed,
        FieldKind::OpenEnum(_) => true,
    };
    match (field.list, into) {
        (false, false) => (element.clone(), quote!(#name)),
        (false, true) => (quote!(impl Into<#element>), quote!(#name.into())),
        (true, false) => (quote!(impl IntoIterator<Item = #element>), quote!(#name.into_iter().collect())),
        (true, true) => {
            (quote!(impl IntoIterator<Item = impl Into<#element>>), quote!(#name.into_iter().map(Into::into).collect()))
        }
    }
}

/// The field's row in the table: its name, its `FieldRef` or `Slot`, and its documentation.
fn row(field: &Field, name: &Ident, optional: bool, output: bool) -> TokenStream {
    let wire = Literal::string(&field.wire);
    let kind = match &field.kind {
        FieldKind::Plain(Kind::FieldList) => format_ident!("FieldList"),
        FieldKind::Plain(Kind::Byte) => format_ident!("Byte"),
        FieldKind::Plain(Kind::File) => format_ident!("File"),
        FieldKind::OpenEnum(_) => format_ident!("String"),
        FieldKind::Plain(kind) => format_ident!("{}", kind.name()),
        FieldKind::Object { .. } => format_ident!("Object"),
    };
    let reference = reference(&field.kind, field.list, optional, output);
    let list = (field.list && field.kind != FieldKind::Plain(Kind::FieldList)).then(|| quote!(, list));
    let required = (field.required && !output).then(|| quote!(, required));
    let secret = field.secret.then(|| quote!(, secret));
    // The decoder does not validate what it receives.
    let validated = if output { &[][..] } else { &field.limits };
    let limits = validated.iter().map(|limit| {
        let (name, bound) = match limit {
            Limit::MaxLength(most) => ("MaxLength", *most),
            Limit::MaxListSize(most) => ("MaxListSize", *most),
            Limit::MinValue(least) => ("MinValue", *least),
            Limit::MaxValue(most) => ("MaxValue", *most),
        };
        let (name, bound) = (ident(name), Literal::i64_unsuffixed(bound));
        quote!(#name(#bound))
    });
    let limits = (!validated.is_empty()).then(|| quote!(, [#(#limits),*]));
    quote!(#name: #reference(#wire, #kind #list #required #secret #limits))
}

/// The variant of `FieldRef`, and of `Slot` if it is decoded, for the type of the field.
fn reference(kind: &FieldKind, list: bool, optional: bool, output: bool) -> Ident {
    let (variant, is_scalar) = match kind {
        FieldKind::Plain(kind) => (scalar(*kind, output).1, true),
        FieldKind::Object { .. } => ("Object", false),
        FieldKind::OpenEnum(_) => ("OpenEnum", false),
    };
    match (list, optional || !is_scalar) {
        (true, _) => format_ident!("{variant}s"),
        (false, true) => ident(variant),
        (false, false) => format_ident!("Required{variant}"),
    }
}

/// The attribute of what is deprecated.
pub(super) fn deprecated(note: &str) -> String {
    let note = Literal::string(&docs::plain_line(note));
    quote!(#[deprecated(note = #note)]).to_string()
}

/// An enum for the templates.
pub(super) struct OpenEnumView {
    pub(super) name: String,
    pub(super) mention: String,
    pub(super) values: Vec<ValueView>,
}

/// A value of an enum for the templates.
pub(super) struct ValueView {
    pub(super) variant: String,
    pub(super) mention: String,
    pub(super) literal: String,
}

impl OpenEnumView {
    pub(super) fn new(choice: &OpenEnum) -> Self {
        let value = |(value, variant): &(String, String)| ValueView {
            variant: ident(variant).to_string(),
            mention: docs::mention(value),
            literal: literal(value),
        };
        Self {
            name: choice.name.clone(),
            mention: docs::mention(&choice.wire),
            values: choice.values.iter().map(value).collect(),
        }
    }
}

/// An error code for the templates.
pub(super) struct ErrorView {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) solution: String,
}

impl ErrorView {
    pub(super) fn new(error: &ErrorCode) -> Self {
        Self { code: literal(&error.code), message: literal(&error.message), solution: literal(&error.solution) }
    }
}

/// How a list is paged, for the templates.
pub(super) struct PagingView {
    /// The constant that says it.
    pub(super) table: String,
    /// The type of an item.
    pub(super) item: String,
    /// The items of a response.
    pub(super) items: String,
}

impl PagingView {
    pub(super) fn new(paging: &Paging) -> Self {
        let mut table = {
            let items = way(&paging.items);
            quote!(Paging::new(#items))
        };
        let mut add = |name: &str, arguments: TokenStream| {
            let name = ident(name);
            table.extend(quote!(.#name(#arguments)));
        };
        if let Some((number, first)) = &paging.number {
            let (number, first) = (way(number), Literal::i64_unsuffixed(*first));
            add("number", quote!(#number, #first));
        }
        if let Some((cursor, next)) = &paging.cursor {
            let (cursor, next) = (way(cursor), way(next));
            add("cursor", quote!(#cursor, #next));
        }
        if let Some((size, default)) = &paging.size {
            let (size, default) = (way(size), default.map(Literal::i64_unsuffixed));
            add("size", default.map_or_else(|| quote!(#size, None), |default| quote!(#size, Some(#default))));
        }
        for (name, named) in [
            ("offset", &paging.offset),
            ("total", &paging.total),
            ("has_next", &paging.has_next),
            ("ask_has_next", &paging.ask_has_next),
        ] {
            if let Some(named) = named {
                add(name, way(named));
            }
        }
        if paging.backwards {
            add("backwards", TokenStream::new());
        }
        if let Some(window) = &paging.window {
            let (from, to, minutes) = (way(&window.from), way(&window.to), Literal::i64_unsuffixed(window.minutes));
            add("window", quote!(#from, #to, #minutes));
            if window.to_excluded {
                add("to_excluded", TokenStream::new());
            }
        }
        let mut access: Vec<_> = paging.access.iter().map(|name| ident(name)).collect();
        let items = access.pop();
        Self {
            table: table.to_string(),
            item: element(&paging.item, true).to_string(),
            items: quote!(response #(.#access.unwrap_or_default())* .#items).to_string(),
        }
    }
}

/// The wire names that lead to something.
fn way(names: &[String]) -> TokenStream {
    quote!(&[#(#names),*])
}

/// What a method's file uses of the protocol.
pub(super) fn imports(api: &Api) -> String {
    let structs = [&api.request, &api.response].into_iter().chain(&api.request_objects).chain(&api.response_objects);
    let fields: Vec<&Field> = structs.flat_map(|item| &item.fields).collect();
    let has = |wanted: &[Kind]| has_kind(&fields, wanted);
    let mut inputs = [&api.request].into_iter().chain(&api.request_objects).flat_map(|item| &item.fields);
    let files = inputs.any(|field| field.kind == FieldKind::Plain(Kind::File));
    let has_required = api.request_objects.iter().chain([&api.request]).any(|item| item.required.is_some());
    let names = [
        ("Authorization", api.facts.authorization.is_some()),
        ("DateTime", has(&[Kind::Date])),
        ("Decimal", has(&[Kind::Price, Kind::BigDecimal])),
        ("ErrorCode", !api.facts.errors.is_empty()),
        ("File", files),
        ("Json", has(&[Kind::Json, Kind::Map])),
        ("OpenEnum", !api.enums.is_empty()),
        ("Paged", api.paging.is_some()),
        ("Paging", api.paging.is_some()),
        ("Request", true),
        ("open_enum", !api.enums.is_empty()),
        ("record", true),
        ("required", has_required),
    ];
    import_list(&names)
}

/// What a topic's file uses of the protocol.
pub(super) fn topic_imports(topic: &Topic) -> String {
    let structs = [&topic.message].into_iter().chain(&topic.objects);
    output_imports("Topic", structs, !topic.enums.is_empty())
}

/// What an SPI's file uses of the protocol.
pub(super) fn callback_imports(callback: &Api) -> String {
    let structs = [&callback.request, &callback.response].into_iter();
    let structs = structs.chain(&callback.request_objects).chain(&callback.response_objects);
    output_imports("Spi", structs, !callback.enums.is_empty())
}

/// What a file uses of the protocol for a trait and for structs that are decoded.
fn output_imports<'a>(name: &str, structs: impl Iterator<Item = &'a Struct>, enums: bool) -> String {
    let fields: Vec<&Field> = structs.flat_map(|item| &item.fields).collect();
    let has = |wanted: &[Kind]| has_kind(&fields, wanted);
    let mut names = [
        ("DateTime", has(&[Kind::Date])),
        ("Decimal", has(&[Kind::Price, Kind::BigDecimal])),
        ("Json", has(&[Kind::Json, Kind::Map])),
        ("OpenEnum", enums),
        (name, true),
        ("open_enum", enums),
        ("record", true),
    ];
    names.sort_unstable();
    import_list(&names)
}

/// Returns whether one of the fields has one of the types.
fn has_kind(fields: &[&Field], wanted: &[Kind]) -> bool {
    fields.iter().any(|field| matches!(&field.kind, FieldKind::Plain(kind) if wanted.contains(kind)))
}

/// Returns the names that are used as a list of imports.
fn import_list(names: &[(&str, bool)]) -> String {
    names.iter().filter(|(_, used)| *used).map(|(name, _)| format!("{name}, ")).collect()
}

/// A topic for the templates.
pub(super) struct TopicView<'a> {
    pub(super) topic: &'a str,
    pub(super) literal: String,
    pub(super) title: String,
    pub(super) name: &'a str,
    pub(super) module: &'a str,
    /// The line of the variant's documentation.
    pub(super) doc: String,
    pub(super) doc_url: Option<&'a str>,
}

impl<'a> TopicView<'a> {
    pub(super) fn new(topic: &'a Topic) -> Self {
        Self {
            topic: &topic.topic,
            literal: literal(&topic.topic),
            title: docs::line(&topic.title),
            name: &topic.message.name,
            module: &topic.module,
            doc: format!("{}: {}", docs::mention(&topic.topic), docs::line(&topic.title)),
            doc_url: topic.doc_url.as_deref(),
        }
    }
}

/// A gateway for the templates.
pub(super) struct GatewayView {
    /// The lines of the constant's documentation.
    pub(super) docs: Vec<String>,
    pub(super) constant: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) http: String,
    pub(super) https: String,
    pub(super) dialect: String,
}

impl GatewayView {
    pub(super) fn new(gateway: &Gateway) -> Self {
        let optional = |text: Option<&str>| match text {
            Some(text) => format!("Some({})", literal(text)),
            None => "None".to_owned(),
        };
        let (title, id, url) = (docs::line(&gateway.title.value), &gateway.id.value, docs::line(gateway.url()));
        let mut docs = vec![format!("`{id}`: {title}, {url}.")];
        docs.extend(gateway.note.as_deref().map(docs::line));
        Self {
            docs,
            constant: gateway.id.value.to_ascii_uppercase().replace('-', "_"),
            id: literal(id),
            title: literal(&gateway.title.value),
            http: optional(gateway.http.as_ref().map(|url| url.value.as_str())),
            https: optional(gateway.https.as_ref().map(|url| url.value.as_str())),
            dialect: dialect(&gateway.dialect),
        }
    }
}

/// Returns a dialect as an expression. `Dialect::TAOBAO` has the fields that are the same.
fn dialect(dialect: &Dialect) -> String {
    let mut fields = String::new();
    let mut field = |name: &str, value: String| fields.push_str(&format!("{name}: {value}, "));
    match dialect.parameters {
        ParameterPlacement::Form => {}
        ParameterPlacement::Query => field("parameters", "ParameterPlacement::Query".to_owned()),
        ParameterPlacement::JsonBody => field("parameters", "ParameterPlacement::JsonBody".to_owned()),
        ParameterPlacement::XmlBody => field("parameters", "ParameterPlacement::XmlBody".to_owned()),
    }
    match dialect.timestamp {
        TimestampForm::Text => {}
        TimestampForm::Milliseconds => field("timestamp", "TimestampForm::Milliseconds".to_owned()),
    }
    if dialect.format.as_ref().is_some_and(|format| format.value == "xml") {
        field("format", "Format::Xml".to_owned());
    }
    if let Some((_, variant)) = dialect.sign_method.as_ref().and_then(|method| sign_method(&method.value)) {
        field("sign_method", format!("SignMethod::{variant}"));
    }
    if !dialect.sign_names.is_empty() {
        let names = SIGN_METHODS.map(|(name, _)| {
            let name = dialect.sign_names.get(name).map_or(name, |name| &name.value);
            format!("Cow::Borrowed({})", literal(name))
        });
        field("sign_names", format!("[{}]", names.join(", ")));
    }
    for (name, value) in
        [("session_parameter", &dialect.session_parameter), ("customer_parameter", &dialect.customer_parameter)]
    {
        if let Some(value) = value {
            field(name, format!("Cow::Borrowed({})", literal(&value.value)));
        }
    }
    if fields.is_empty() { "Dialect::TAOBAO".to_owned() } else { format!("Dialect {{ {fields} ..Dialect::TAOBAO }}") }
}

/// A code for the templates.
pub(super) struct CodeView {
    pub(super) code: i64,
    pub(super) name: String,
    pub(super) meaning: String,
    pub(super) retry: &'static str,
    pub(super) words: Vec<String>,
}

impl CodeView {
    pub(super) fn new(code: &PlatformError) -> Self {
        Self {
            code: code.code.value,
            name: literal(&code.name),
            meaning: literal(&code.meaning),
            retry: match code.retry {
                Retry::Never => "Never",
                Retry::Later => "Later",
                Retry::RenewSession => "RenewSession",
                Retry::IfServerSide => "IfServerSide",
            },
            words: code.words.iter().map(|word| literal(&word.value)).collect(),
        }
    }
}
