//! The differences between two specs of a method.

use std::collections::BTreeMap;

use super::types::{Authorization, ErrorCode, Parameter, Spec};
use crate::difference::{Difference, DifferenceKind};

/// Returns the differences, request first. The fields of an added or removed parameter are not listed.
pub fn differences(before: &Spec, after: &Spec) -> Vec<Difference> {
    let mut differences = Differences(Vec::new());
    differences.changed("direction", before.direction.word().to_owned(), after.direction.word().to_owned());
    let node = |spec: &Spec| spec.response.node.value.clone();
    differences.changed("response.node", node(before), node(after));
    let authorization = |spec: &Spec| match spec.facts.authorization {
        None => "unspecified",
        Some(Authorization::Required) => "required",
        Some(Authorization::Optional) => "optional",
        Some(Authorization::None) => "none",
    };
    differences.changed("authorization", authorization(before).into(), authorization(after).into());
    let (was, is) = (&before.facts, &after.facts);
    differences.changed("https_only", was.https_only.to_string(), is.https_only.to_string());
    differences.reworded("title", was.title.value == is.title.value);
    differences.reworded("description", was.description == is.description);
    differences.reworded("deprecated", was.deprecated == is.deprecated);
    differences.reworded("doc_url", was.doc_url == is.doc_url);
    differences.reworded("keywords", was.keywords == is.keywords);
    differences.parameters("request", &before.request, &after.request);
    differences.parameters("response", &before.response.fields, &after.response.fields);
    match (&before.pages, &after.pages) {
        (Some(_), None) => differences.push("pages".to_owned(), DifferenceKind::Removed),
        (None, Some(_)) => differences.push("pages".to_owned(), DifferenceKind::Added),
        (Some(_), Some(_)) | (None, None) => {}
    }
    // Errors with the same code are identified by their order.
    let numbered = |spec: &Spec| {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let number = |error: &ErrorCode| {
            let count = seen.entry(error.code.clone()).or_default();
            *count += 1;
            ((error.code.clone(), *count), error.clone())
        };
        spec.facts.errors.iter().map(number).collect::<BTreeMap<_, _>>()
    };
    let (were, are) = (numbered(before), numbered(after));
    for (key, error) in &were {
        let item = format!("errors.{}", error.code);
        match are.get(key) {
            None => differences.push(item, DifferenceKind::Removed),
            Some(now) => differences.reworded(&item, error == now),
        }
    }
    for (_, error) in are.iter().filter(|(key, _)| !were.contains_key(*key)) {
        differences.push(format!("errors.{}", error.code), DifferenceKind::Added);
    }
    differences.0
}

struct Differences(Vec<Difference>);

impl Differences {
    fn push(&mut self, item: String, kind: DifferenceKind) {
        self.0.push(Difference { item, kind });
    }

    fn changed(&mut self, item: &str, before: String, after: String) {
        if before != after {
            self.push(item.to_owned(), DifferenceKind::Changed(before, after));
        }
    }

    fn reworded(&mut self, item: &str, same: bool) {
        if !same {
            self.push(item.to_owned(), DifferenceKind::Reworded);
        }
    }

    fn parameters(&mut self, path: &str, before: &[Parameter], after: &[Parameter]) {
        let find =
            |parameters: &'_ [Parameter], name: &str| parameters.iter().position(|other| other.name.value == name);
        for parameter in before {
            let path = format!("{path}.{}", parameter.name.value);
            match find(after, &parameter.name.value).map(|place| &after[place]) {
                None => self.push(path, DifferenceKind::Removed),
                Some(now) => self.parameter(&path, parameter, now),
            }
        }
        for parameter in after.iter().filter(|parameter| find(before, &parameter.name.value).is_none()) {
            let required = if parameter.is_required() { ", required" } else { "" };
            let item = format!("{path}.{}: {}{required}", parameter.name.value, parameter.kind.value);
            self.push(item, DifferenceKind::Added);
        }
    }

    fn parameter(&mut self, path: &str, before: &Parameter, after: &Parameter) {
        if before.kind.value != after.kind.value {
            let kind = DifferenceKind::Retyped(before.kind.value.clone(), after.kind.value.clone());
            self.push(path.to_owned(), kind);
        }
        let required = |parameter: &Parameter| if parameter.is_required() { "required" } else { "optional" }.to_owned();
        self.changed(path, required(before), required(after));
        let limits = |parameter: &Parameter| {
            let limits = [
                ("max_length", &parameter.max_length),
                ("max_list_size", &parameter.max_list_size),
                ("min_value", &parameter.min_value),
                ("max_value", &parameter.max_value),
            ];
            let limits =
                limits.into_iter().filter_map(|(name, limit)| Some(format!("{name} {}", limit.as_ref()?.value)));
            let values = parameter.values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>().join(" or ");
            let parts: Vec<_> = limits.chain(Some(values).filter(|values| !values.is_empty())).collect();
            if parts.is_empty() { "no limit".to_owned() } else { parts.join(", ") }
        };
        self.changed(path, limits(before), limits(after));
        let default = |parameter: &Parameter| {
            parameter.facts.default.as_ref().map_or("no default".to_owned(), |default| format!("default {default}"))
        };
        self.changed(path, default(before), default(after));
        let secret = |parameter: &Parameter| match parameter.secret {
            None => "secret by its name",
            Some(true) => "secret",
            Some(false) => "not secret",
        };
        self.changed(path, secret(before).to_owned(), secret(after).to_owned());
        let words = |parameter: &Parameter| {
            let facts = &parameter.facts;
            (facts.example.clone(), facts.description.clone(), facts.deprecated.clone())
        };
        self.reworded(path, words(before) == words(after));
        self.parameters(path, &before.fields, &after.fields);
    }
}
