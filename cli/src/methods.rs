//! The methods of `call` and `gateway`: the specs of the crate, and the specs that `generated-sdk` ships.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use codegen::commands::CommandError;
use codegen::diagnostic::Source;
use codegen::files::{self, printable};
use codegen::spec::{self, MESSAGES, Method, Platform, Spec, Specs, Topic};

use crate::shipped::{SHIPPED, SHIPPED_TOPICS, Shipped};

/// Reads all methods and topics. A spec in the folder `own` overrides the shipped spec of the same method or topic.
///
/// # Errors
///
/// If a spec violates a rule.
pub(crate) fn all(own: Option<&Path>) -> Result<Specs, CommandError> {
    let platform = built_in()?;
    let mut specs = match own {
        Some(folder) => spec::read(folder)?,
        None => Specs { platform: platform.clone(), methods: Vec::new(), topics: Vec::new() },
    };
    let own: BTreeMap<&str, &Method> =
        specs.methods.iter().map(|method| (method.spec.method.value.as_str(), method)).collect();
    let mut shipped = Vec::new();
    for spec in SHIPPED {
        match own.get(spec.1) {
            Some(method) => report_override(spec.1, spec.2, &method.source),
            None => shipped.push(parse_shipped(spec, &platform)?),
        }
    }
    specs.methods.extend(shipped);
    add_topics(&mut specs.topics, &platform)?;
    Ok(specs)
}

/// Adds the shipped topics without a spec of their own.
fn add_topics(topics: &mut Vec<Topic>, platform: &Platform) -> Result<(), CommandError> {
    let mut shipped = Vec::new();
    for (name, text) in SHIPPED_TOPICS {
        match topics.iter().find(|topic| topic.spec.topic.value == *name) {
            Some(topic) => report_override(name, text, &topic.source),
            None => {
                let path = Path::new("specs").join(MESSAGES).join(format!("{name}.yaml"));
                shipped.push(spec::parse_topic(path, text, platform)?);
            }
        }
    }
    topics.extend(shipped);
    Ok(())
}

/// Finds the spec of a method in the folder `own`, or else the shipped spec.
///
/// # Errors
///
/// If the spec cannot be read or violates a rule.
pub(crate) fn find(own: Option<&Path>, name: &str) -> Result<Option<Spec>, CommandError> {
    let shipped = SHIPPED.iter().find(|spec| spec.1 == name);
    let Some((category, path)) = own.and_then(|own| own_files(own).remove(name)) else {
        let Some(shipped) = shipped else { return Ok(None) };
        return Ok(Some(parse_shipped(shipped, &built_in()?)?.spec));
    };
    let text = files::read(&path, spec::MAX_BYTES).map_err(|error| CommandError::from_error(&error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let method = spec::parse(&category, path, &text, &platform(own)?)?;
    if let Some((_, name, shipped)) = shipped {
        report_override(name, shipped, &method.source);
    }
    Ok(Some(method.spec))
}

/// Returns the names of all methods.
pub(crate) fn names(own: Option<&Path>) -> BTreeSet<String> {
    let own = own.map(own_files).unwrap_or_default();
    own.into_keys().chain(SHIPPED.iter().map(|spec| spec.1.to_owned())).collect()
}

/// Reads the platform of the folder `own`, or else the built-in platform.
///
/// # Errors
///
/// If the platform violates a rule.
pub(crate) fn platform(own: Option<&Path>) -> Result<Platform, CommandError> {
    match own {
        Some(folder) => Ok(spec::platform(folder)?),
        None => built_in(),
    }
}

fn built_in() -> Result<Platform, CommandError> {
    Ok(spec::built_in_platform()?)
}

fn parse_shipped((category, method, text): &Shipped, platform: &Platform) -> Result<Method, CommandError> {
    Ok(spec::parse(category, Path::new("specs").join(category).join(format!("{method}.yaml")), text, platform)?)
}

/// Reports a spec that overrides the shipped spec of a method or a topic, unless both are equal.
fn report_override(name: &str, shipped: &str, source: &Source) {
    if source.text.replace("\r\n", "\n") != *shipped {
        eprintln!("{} overrides the shipped spec of {name}", printable(&source.path));
    }
}

/// Returns the spec files of a folder by method, with their categories.
fn own_files(folder: &Path) -> BTreeMap<String, (String, PathBuf)> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files = BTreeMap::new();
    for category in entries(folder).filter(|entry| entry.file_name() != MESSAGES) {
        for file in entries(&category.path()) {
            if let Some(method) = file.file_name().to_string_lossy().strip_suffix(".yaml") {
                let category = category.file_name().to_string_lossy().into_owned();
                files.insert(method.to_owned(), (category, file.path()));
            }
        }
    }
    files
}
