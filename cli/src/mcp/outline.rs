//! The outline of a method, which takes an agent fewer tokens than a JSON Schema.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use codegen::model::{self, Api, Field, FieldKind, Limit, Struct};
use codegen::spec::{Authorization, Method, Platform};

/// Returns the outline: the facts, the parameters, the response and the error codes.
pub(super) fn of(method: &Method, platform: &Platform, read_only: bool) -> String {
    let api = model::resolve_method(&method.category, &method.spec, platform);
    let facts = &api.facts;
    let session = match facts.authorization {
        Some(Authorization::Required) => "required",
        Some(Authorization::None) => "not used",
        Some(Authorization::Optional) | None => "optional",
    };
    let mut text = format!("{}: {}\n", api.method, facts.title.value);
    if let Some(description) = &facts.description {
        line(&mut text, 0, description);
    }
    let access = if read_only { "read-only" } else { "may change data" };
    line(&mut text, 0, &format!("Category: {}. Session: {session}. Access: {access}.", api.category));
    if let Some(note) = &facts.deprecated {
        line(&mut text, 0, &format!("Deprecated: {note}"));
    }
    if let Some(url) = &facts.doc_url {
        line(&mut text, 0, &format!("Documentation: {url}"));
    }
    for (title, root, objects) in
        [("Parameters", &api.request, &api.request_objects), ("Response", &api.response, &api.response_objects)]
    {
        let _ = writeln!(text, "\n{title}:");
        if root.fields.is_empty() {
            line(&mut text, 0, "(empty)");
        }
        Outline { api: &api, objects, described: BTreeSet::new(), text: &mut text }.fields(&root.fields, 0);
    }
    if !facts.errors.is_empty() {
        text.push_str("\nError codes:\n");
    }
    for error in &facts.errors {
        let parts = [&error.message, &error.solution].into_iter().filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(String::as_str).collect();
        line(&mut text, 0, &format!("- {}: {}", error.code, parts.join("; ")));
    }
    text
}

struct Outline<'a, 't> {
    api: &'a Api,
    objects: &'a [Struct],
    /// The objects whose fields are in the text.
    described: BTreeSet<&'a str>,
    text: &'t mut String,
}

impl<'a> Outline<'a, '_> {
    fn fields(&mut self, fields: &'a [Field], depth: usize) {
        for field in fields {
            let object = match &field.kind {
                FieldKind::Object { name, .. } => self.objects.iter().find(|object| object.name == *name),
                _ => None,
            };
            let is_new = object.is_some_and(|object| self.described.insert(&object.name));
            let see = if object.is_some() && !is_new { ", see above" } else { "" };
            line(self.text, depth, &format!("- {}{see}", self.facts(field, object)));
            if let Some(object) = object.filter(|_| is_new) {
                self.fields(&object.fields, depth + 1);
            }
        }
    }

    fn facts(&self, field: &Field, object: Option<&Struct>) -> String {
        let kind = match &field.kind {
            FieldKind::Plain(kind) => kind.name(),
            FieldKind::OpenEnum(_) => "String",
            FieldKind::Object { .. } => object.map_or("object", |object| &object.type_name),
        };
        let mut facts = vec![if field.list { format!("{kind}[]") } else { kind.to_owned() }];
        if field.required {
            facts.push("required".to_owned());
        }
        facts.extend(field.limits.iter().map(|limit| match limit {
            Limit::MaxLength(max) => format!("max length {max}"),
            Limit::MaxListSize(max) => format!("max {max} elements"),
            Limit::MinValue(min) => format!("min {min}"),
            Limit::MaxValue(max) => format!("max {max}"),
        }));
        if let FieldKind::OpenEnum(name) = &field.kind
            && let Some(item) = self.api.enums.iter().find(|item| item.name == *name)
        {
            let values: Vec<_> = item.values.iter().map(|(value, _)| value.as_str()).collect();
            facts.push(format!("values {}", values.join("|")));
        }
        facts.extend(field.facts.default.iter().map(|default| format!("default {default}")));
        facts.extend(field.facts.example.iter().filter(|_| !field.secret).map(|example| format!("example {example}")));
        facts.extend(field.facts.deprecated.iter().map(|note| format!("deprecated: {note}")));
        let description = field.facts.description.as_deref().map(|text| format!(" - {text}")).unwrap_or_default();
        format!("{}: {}{description}", field.wire, facts.join(", "))
    }
}

/// Adds a text as one line.
fn line(text: &mut String, depth: usize, line: &str) {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(text, "{}{line}", "  ".repeat(depth));
}
