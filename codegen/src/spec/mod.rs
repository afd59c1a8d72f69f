//! Specs: the descriptions of methods and of the platform, read from YAML and checked against rules.

mod diff;
mod json_schema;
mod kind;
mod names;
mod page_rules;
mod platform;
mod read;
mod rule_checker;
mod rules;
mod schema;
mod selection;
mod tables;
mod topics;
mod types;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use diff::differences;
pub use kind::{Kind, TypeName};
pub use names::{is_category, is_method_name, is_topic_name};
pub use platform::{
    Dialect, Gateway, ParameterPlacement, Platform, PlatformError, PublicParameter, Retry, TimestampForm,
};
pub(crate) use platform::{SIGN_METHODS, sign_method};
pub use read::MAX_BYTES;
pub use schema::closest;
pub use topics::{MESSAGES, Topic, TopicSpec};
pub use types::{
    Authorization, CallDirection, ErrorCode, Method, MethodFacts, Pages, Parameter, ParameterFacts, Response, Spec,
    Specs, Window, spi_content,
};
pub use yaml::Spanned;

pub(crate) use json_schema::{message_schema, method_schema};
pub(crate) use kind::inferred_number;
pub(crate) use names::{is_name, is_type_name};
pub(crate) use read::{BUILT_IN, MESSAGE_SCHEMA, METHOD_SCHEMA, Sources};

use crate::diagnostic::{Diagnostics, Source};

/// Reads `folder/platform.yaml`, every `folder/CATEGORY/METHOD.yaml` and every `folder/messages/TOPIC.yaml`. Default
/// platform: the built-in one.
///
/// # Errors
///
/// All files that cannot be read, and all violations of rules.
pub fn read(folder: &Path) -> Result<Specs, Diagnostics> {
    let (sources, problems) = sources(folder);
    parse_sources(&sources, problems)
}

/// Reads the files of a folder of specs, without parsing them. Files that cannot be read are problems.
pub(crate) fn sources(folder: &Path) -> (Sources, Diagnostics) {
    let mut problems = Diagnostics::default();
    (read::sources(folder, &mut problems), problems)
}

/// Parses and checks the files of a folder of specs.
///
/// # Errors
///
/// `problems`, all files that cannot be parsed, and all violations of rules.
pub(crate) fn parse_sources(sources: &Sources, mut problems: Diagnostics) -> Result<Specs, Diagnostics> {
    let specs = read::parse(sources, &mut problems);
    rules::check(&specs, &mut problems);
    problems.into_result(specs)
}

/// The prefix of the methods that the platform calls (docs/protocol.md section 7.3).
pub const SPI_PREFIX: &str = "qimen.";

/// Returns the root node that a method's name implies (docs/protocol.md sections 4.1 and 7.4).
pub fn response_node(method: &str) -> String {
    if method.starts_with(SPI_PREFIX) {
        return "response".to_owned();
    }
    format!("{}_response", method.strip_prefix("taobao.").unwrap_or(method).replace('.', "_"))
}

/// Checks the specs at `paths` (files or folders) against the rules, and their examples against their types. Without
/// paths, checks all specs of `folder`. The platform is `folder/platform.yaml`. Returns the number of specs.
///
/// # Errors
///
/// All violations.
pub fn lint(folder: &Path, paths: &[PathBuf]) -> Result<usize, Diagnostics> {
    let mut problems = Diagnostics::default();
    let sources = match paths {
        [] => read::sources(folder, &mut problems),
        paths => read::sources_at(folder, paths, &mut problems),
    };
    let specs = read::parse(&sources, &mut problems);
    rules::check(&specs, &mut problems);
    rules::examples(&specs, &mut problems);
    problems.into_result(specs.methods.len() + specs.topics.len())
}

/// Reads `folder/platform.yaml`, or the built-in platform if there is no such file.
///
/// # Errors
///
/// All violations.
pub fn platform(folder: &Path) -> Result<Platform, Diagnostics> {
    let mut problems = Diagnostics::default();
    let platform = read::platform(folder, &mut problems);
    problems.into_result(platform)
}

/// Reads the built-in platform.
///
/// # Errors
///
/// If it violates a rule, which is a bug in this crate.
pub fn built_in_platform() -> Result<Platform, Diagnostics> {
    let mut problems = Diagnostics::default();
    let platform = read::built_in_platform(&mut problems);
    problems.into_result(platform)
}

/// Parses the text of one spec, as if it were the file `path`.
///
/// # Errors
///
/// All violations.
pub fn parse(category: &str, path: impl Into<PathBuf>, text: &str, platform: &Platform) -> Result<Method, Diagnostics> {
    let mut problems = Diagnostics::default();
    let source = Arc::new(Source { path: path.into(), text: text.to_owned() });
    let spec = read::document(&source, tables::spec, &mut problems);
    let Some(spec) = spec else { return Err(problems) };
    let method = Method { category: category.to_owned(), source, spec };
    rules::method(&method, platform, &mut problems);
    problems.into_result(method)
}

/// Parses the text of the spec of one topic, as if it were the file `path`.
///
/// # Errors
///
/// All violations.
pub fn parse_topic(path: impl Into<PathBuf>, text: &str, platform: &Platform) -> Result<Topic, Diagnostics> {
    let mut problems = Diagnostics::default();
    let source = Arc::new(Source { path: path.into(), text: text.to_owned() });
    let Some(topic) = topics::document(&source, &mut problems) else { return Err(problems) };
    topics::check(&topic, platform, &mut problems);
    problems.into_result(topic)
}
