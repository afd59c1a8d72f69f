//! The specs against the platform's documents, if these are in ../shared, and against docs/departures.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use codegen::spec::{self, Parameter, Spanned};
use serde_json::Value;

/// The folders of documents. Later ones replace earlier ones.
const FOLDERS: [&str; 4] = ["records/gathered/more", "records/gathered", "catalogue", "records/wanted"];

/// A departure: method, field, document and spec.
type Departure = [String; 4];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the documents in a folder by method, at any depth.
fn documents(folder: &Path, found: &mut BTreeMap<String, Value>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // A folder of its own in `FOLDERS`.
            if !path.ends_with("gathered/more") {
                documents(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let documents = match document {
                Value::Array(documents) => documents,
                document => vec![document],
            };
            for document in documents {
                found.insert(document["name"].as_str().unwrap().to_owned(), document);
            }
        }
    }
}

/// Returns the parameters of a document by their paths.
fn in_document<'a>(parameters: &'a Value, prefix: &str, found: &mut BTreeMap<String, &'a Value>) {
    for parameter in parameters.as_array().into_iter().flatten() {
        let path = format!("{prefix}{}", parameter["name"].as_str().unwrap());
        in_document(&parameter["subParams"], &format!("{path}."), found);
        found.entry(path).or_insert(parameter);
    }
}

/// Returns the parameters of a spec by their paths.
fn in_spec<'a>(parameters: &'a [Parameter], prefix: &str, found: &mut BTreeMap<String, &'a Parameter>) {
    for parameter in parameters {
        let path = format!("{prefix}{}", parameter.name.value);
        in_spec(&parameter.fields, &format!("{path}."), found);
        found.insert(path, parameter);
    }
}

/// Returns what a document and a spec state about one parameter, where they differ.
fn differences(document: &Value, parameter: &Parameter, is_request: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let kind = document["type"].as_str().unwrap().replace(" []", "[]");
    let spec_kind = &parameter.kind.value;
    let is_field_list = spec_kind == "Field List" && (kind == "String" || kind == "String[]");
    if kind != *spec_kind && !is_field_list {
        found.push((kind, spec_kind.clone()));
    }
    if is_request {
        let word = |required| if required { "required" } else { "optional" }.to_owned();
        let required = document["required"].as_bool() == Some(true);
        if required != parameter.is_required() {
            found.push((word(required), word(parameter.is_required())));
        }
        for (name, key, spec) in [
            ("max_length", "maxLength", &parameter.max_length),
            ("max_list_size", "maxListSize", &parameter.max_list_size),
            ("min_value", "minValue", &parameter.min_value),
            ("max_value", "maxValue", &parameter.max_value),
        ] {
            let stated = |limit: i64| format!("{name} {limit}");
            let spec: Option<i64> = spec.as_ref().map(|limit: &Spanned<i64>| limit.value);
            if let Some(limit) = document[key].as_i64()
                && spec != Some(limit)
            {
                found.push((stated(limit), spec.map_or("absent".to_owned(), stated)));
            }
        }
    }
    found
}

/// Returns the departures that the specs have.
fn departures(documents: &BTreeMap<String, Value>) -> (usize, BTreeSet<Departure>) {
    let (mut compared, mut departures) = (0, BTreeSet::new());
    for method in spec::read(&root().join("specs")).unwrap().methods {
        let name = &method.spec.method.value;
        let Some(document) = documents.get(name) else { continue };
        compared += 1;
        for (key, parameters) in
            [("requestParams", &method.spec.request), ("responseParams", &method.spec.response.fields)]
        {
            let (mut stated, mut specified) = (BTreeMap::new(), BTreeMap::new());
            in_document(&document[key], "", &mut stated);
            in_spec(parameters, "", &mut specified);
            for path in stated.keys().chain(specified.keys()).collect::<BTreeSet<_>>() {
                let found = match (stated.get(path), specified.get(path)) {
                    (Some(document), Some(parameter)) => differences(document, parameter, key == "requestParams"),
                    (Some(_), None) => vec![("present".to_owned(), "absent".to_owned())],
                    (None, _) => vec![("absent".to_owned(), "present".to_owned())],
                };
                departures
                    .extend(found.into_iter().map(|(document, spec)| [name.clone(), path.clone(), document, spec]));
            }
        }
    }
    (compared, departures)
}

#[test]
fn specs_depart_from_the_documents_only_as_listed() {
    let text = fs::read_to_string(root().join("docs/departures.md")).unwrap();
    let (_, list) = text.split_once("## In one spec").unwrap();
    let rows = list.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<_>> =
        rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 7 && !row[5].is_empty()), "each row has a reason");
    let listed: BTreeSet<Departure> = rows.iter().map(|row| [1, 2, 3, 4].map(|cell| row[cell].to_owned())).collect();

    let shared = root().join("../shared");
    if !FOLDERS.iter().all(|folder| shared.join(folder).is_dir()) {
        eprintln!("skipped: the platform's documents are not beside this project");
        return;
    }
    let mut found = BTreeMap::new();
    for folder in FOLDERS {
        documents(&shared.join(folder), &mut found);
    }
    let (compared, actual) = departures(&found);
    assert!(compared > 0);
    let unlisted: Vec<_> = actual.difference(&listed).collect();
    let outdated: Vec<_> = listed.difference(&actual).collect();
    assert!(unlisted.is_empty() && outdated.is_empty(), "not listed: {unlisted:#?}\nno longer true: {outdated:#?}");
}
