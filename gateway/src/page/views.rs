//! The data of the templates.

use std::collections::BTreeMap;

use askama::Template;
use codegen::categories::{self, GROUPS};
use codegen::spec::{Kind, Pages, Parameter};
use serde_json::Value as Json;
use top_protocol::DateTime;

use crate::excerpt::excerpt;
use crate::gateway::Gateway;
use crate::journal::Call;
use crate::method::Method;
use crate::object_types::ObjectTypes;
use crate::value::Value;

use super::language::{Labels, Language};
use super::try_call::indented;

/// The maximum number of fields of a table. Types that refer to each other could create far more.
const MAX_FIELDS: usize = 5_000;

/// The maximum length of an input, above which it has several lines.
const MAX_LINE: usize = 60;

/// Returns the title of a category.
pub(super) fn category_title(folder: &str, language: Language) -> String {
    let titles = categories::titles(folder);
    let title = titles.map(|(english, chinese)| if language == Language::Chinese { chinese } else { english });
    title.unwrap_or(folder).to_owned()
}

pub(super) struct CategoryView {
    pub(super) folder: String,
    pub(super) title: String,
    pub(super) count: usize,
}

impl CategoryView {
    /// Returns the categories: the known ones in their order, then the others by name.
    pub(super) fn all(gateway: &Gateway, language: Language) -> Vec<Self> {
        let mut counts = BTreeMap::new();
        for method in gateway.methods.values() {
            *counts.entry(method.category.as_str()).or_insert(0) += 1;
        }
        let order = |folder: &str| GROUPS.iter().position(|(name, ..)| *name == folder).unwrap_or(GROUPS.len());
        let mut categories: Vec<_> = counts.into_iter().collect();
        categories.sort_by_key(|(folder, _)| order(folder));
        let view = |(folder, count): (&str, usize)| Self {
            folder: folder.to_owned(),
            title: category_title(folder, language),
            count,
        };
        categories.into_iter().map(view).collect()
    }
}

pub(super) struct MethodRow {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) deprecated: bool,
    /// Whether the platform calls the method.
    pub(super) callback: bool,
}

impl MethodRow {
    pub(super) fn new((name, method): (&String, &Method)) -> Self {
        let (title, deprecated) = (method.spec.facts.title.value.clone(), method.spec.facts.deprecated.is_some());
        Self { name: name.clone(), title, deprecated, callback: method.spec.direction.is_spi() }
    }
}

/// A field of the form.
pub(super) struct InputView<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) required: bool,
    pub(super) value: String,
    pub(super) long: bool,
    pub(super) file: bool,
}

impl<'a> InputView<'a> {
    /// Returns the field for a parameter of a method with these pages.
    pub(super) fn new(parameter: &'a Parameter, pages: Option<&Pages>) -> Self {
        let type_name = parameter.type_name();
        let file = type_name.kind() == Some(Kind::File);
        let cursor =
            pages.and_then(|pages| pages.cursor.as_ref()).map(|path| path.value.split('.').collect::<Vec<_>>());
        let value = match cursor.as_deref() {
            // The first page has no cursor.
            Some([name]) if *name == parameter.name.value => String::new(),
            Some([name, path @ ..]) if *name == parameter.name.value => without(&example(parameter), path),
            _ => example(parameter),
        };
        let is_text = matches!(type_name.kind(), Some(kind) if !matches!(kind, Kind::Json | Kind::Map));
        Self {
            name: &parameter.name.value,
            kind: &parameter.kind.value,
            required: parameter.is_required(),
            long: file || !is_text || value.len() > MAX_LINE || value.contains('\n'),
            value,
            file,
        }
    }
}

/// Returns the value that a field of the form is filled in with. A required parameter has one in any case.
fn example(parameter: &Parameter) -> String {
    if parameter.type_name().kind() == Some(Kind::File) {
        return if parameter.is_required() { "GIF89a".to_owned() } else { String::new() };
    }
    let facts = &parameter.facts;
    let example = facts.example.as_deref().or(facts.default.as_deref()).filter(|example| !example.trim().is_empty());
    match (example, Value::examples(std::slice::from_ref(parameter)).pop()) {
        (Some(example), _) => example.to_owned(),
        (None, Some((_, Value::Text(text)))) if parameter.is_required() => text,
        (None, Some((_, value))) if parameter.is_required() => value.to_json(None, true),
        (None, _) => String::new(),
    }
}

/// Removes the member at a path of a JSON object.
fn without(object: &str, path: &[&str]) -> String {
    let (Ok(mut json), Some((last, path))) = (serde_json::from_str::<Json>(object), path.split_last()) else {
        return object.to_owned();
    };
    let parent = path.iter().try_fold(&mut json, |json, name| json.get_mut(name));
    if let Some(parent) = parent.and_then(Json::as_object_mut) {
        parent.remove(*last);
    }
    json.to_string()
}

/// A table of parameters or fields. Objects have tables of their own.
#[derive(Template)]
#[template(path = "fields.html")]
pub(super) struct FieldTable<'a> {
    l: &'static Labels,
    fields: Vec<FieldView<'a>>,
}

struct FieldView<'a> {
    name: &'a str,
    kind: &'a str,
    required: bool,
    deprecated: Option<&'a str>,
    description: &'a str,
    default: Option<&'a str>,
    example: Option<&'a str>,
    limits: String,
    values: Vec<&'a str>,
    children: Option<FieldTable<'a>>,
}

impl<'a> FieldTable<'a> {
    pub(super) fn new(fields: &'a [Parameter], l: &'static Labels) -> Self {
        Tables { l, types: ObjectTypes::of(fields), ancestors: Vec::new(), budget: MAX_FIELDS }.table(fields)
    }
}

struct Tables<'a> {
    l: &'static Labels,
    types: ObjectTypes<'a>,
    /// The types of the enclosing objects, which are not repeated.
    ancestors: Vec<&'a str>,
    budget: usize,
}

impl<'a> Tables<'a> {
    fn table(&mut self, fields: &'a [Parameter]) -> FieldTable<'a> {
        let mut views = Vec::new();
        for field in fields {
            let Some(budget) = self.budget.checked_sub(1) else { break };
            self.budget = budget;
            views.push(self.field(field));
        }
        FieldTable { l: self.l, fields: views }
    }

    fn field(&mut self, field: &'a Parameter) -> FieldView<'a> {
        let word = field.type_name().name;
        let fields = self.types.fields(field);
        let children = (!fields.is_empty() && !self.ancestors.contains(&word)).then(|| {
            self.ancestors.push(word);
            let table = self.table(fields);
            self.ancestors.pop();
            table
        });
        let text = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
        FieldView {
            name: &field.name.value,
            kind: &field.kind.value,
            required: field.is_required(),
            deprecated: field.facts.deprecated.as_deref(),
            description: field.facts.description.as_deref().unwrap_or_default(),
            default: text(&field.facts.default),
            example: text(&field.facts.example),
            limits: limits(field),
            values: field.values.iter().map(|value| value.value.as_str()).collect(),
            children,
        }
    }
}

/// Returns the limits of a parameter, such as `max_length 20`.
fn limits(field: &Parameter) -> String {
    let limits = [
        ("max_length", &field.max_length),
        ("max_list_size", &field.max_list_size),
        ("min_value", &field.min_value),
        ("max_value", &field.max_value),
    ];
    let limits = limits.into_iter().filter_map(|(name, limit)| Some(format!("{name} {}", limit.as_ref()?.value)));
    limits.collect::<Vec<_>>().join(", ")
}

/// Returns the example response in each format.
pub(super) fn response_samples(method: &Method) -> Vec<(&'static str, String)> {
    use crate::response::ResponseFormat::{Json, SimplifiedJson, Xml};
    [("JSON", Json), ("JSON simplify", SimplifiedJson), ("XML", Xml)]
        .map(|(name, format)| (name, indented(&method.example(format))))
        .into()
}

/// A call in the list. Secret values are replaced.
pub(super) struct CallView {
    pub(super) number: u64,
    pub(super) time: String,
    pub(super) method: String,
    pub(super) code: Option<i64>,
    /// The first line of the explanation, after the code.
    pub(super) reason: String,
    pub(super) explanation: String,
    pub(super) faults: Vec<String>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) files: Vec<(String, String)>,
}

impl CallView {
    pub(super) fn new(gateway: &Gateway, call: &Call) -> Self {
        let time = DateTime::from(call.time).to_string();
        let explanation = call.refusal.as_ref().map(|refusal| refusal.explanation.clone()).unwrap_or_default();
        let line = explanation.lines().next().unwrap_or_default();
        let lengths = |lengths: &Vec<usize>| lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        Self {
            number: call.number,
            time: time.split_once(' ').map_or(time.clone(), |(_, time)| time.to_owned()),
            method: call.method().map_or_else(|| "-".to_owned(), |method| gateway.hide(&excerpt(method))),
            code: call.code(),
            reason: line.split_once(' ').map(|(_, reason)| reason.to_owned()).unwrap_or_default(),
            explanation,
            faults: call.faults.clone(),
            parameters: gateway.redacted(call),
            files: call.files.iter().map(|(name, files)| (excerpt(name).into_owned(), lengths(files))).collect(),
        }
    }
}
