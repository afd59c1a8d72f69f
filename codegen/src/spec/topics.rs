//! The specs of topics: `messages/TOPIC.yaml`, one file for each topic of the message channel.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::is_topic_name;
use super::platform::Platform;
use super::read;
use super::rule_checker::{Direction, ParameterScope, RuleChecker};
use super::schema::{Key, SchemaChecker, Table, ValueType};
use super::tables::{PARAMETER, parameters, spanned, string};
use super::types::Parameter;
use super::yaml::{Spanned, YamlNode};
use crate::diagnostic::{Diagnostics, Source};
use crate::files::printable;

/// The folder of the specs of topics. No category of methods has this name.
pub const MESSAGES: &str = "messages";

/// The spec of a topic and its file.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The file.
    pub source: Arc<Source>,
    /// The content.
    pub spec: TopicSpec,
}

/// The content of the spec file of a topic.
#[derive(Clone, Debug)]
pub struct TopicSpec {
    /// The topic's name on the wire, for example `taobao_trade_TradeSuccess`.
    pub topic: Spanned<String>,
    /// The title.
    pub title: Spanned<String>,
    /// When the platform sends the message.
    pub description: Option<String>,
    /// The deprecation note: what to use instead.
    pub deprecated: Option<String>,
    /// The URL of the topic's page in the platform's documentation.
    pub doc_url: Option<String>,
    /// The fields of the content.
    pub fields: Vec<Parameter>,
}

/// A spec file of a topic.
pub(super) static TOPIC: Table = Table {
    name: "Topic",
    doc: "A topic of the platform's message channel.",
    keys: &[
        Key::required("topic", ValueType::String, "The topic's name on the wire, such as taobao_trade_TradeSuccess."),
        Key::required("title", ValueType::String, "The title in the documentation."),
        Key::optional("description", ValueType::String, "When the platform sends the message."),
        Key::optional("deprecated", ValueType::String, "The deprecation note: what to use instead."),
        Key::optional("doc_url", ValueType::Url, "The URL of the topic's page in the platform's documentation."),
        Key::required("fields", ValueType::List(&PARAMETER), "The fields of the content. May be []."),
    ],
};

/// Converts the document of a spec file.
pub(super) fn convert(checker: &mut SchemaChecker<'_>, node: &YamlNode) -> Option<TopicSpec> {
    // Nested problems are reported even if a key on this level is missing.
    let (values, complete) = checker.values(&TOPIC, node);
    let fields = parameters(checker, &values, "fields");
    if !complete {
        return None;
    }
    Some(TopicSpec {
        topic: spanned(&values, "topic")?,
        title: spanned(&values, "title")?,
        description: string(&values, "description"),
        deprecated: string(&values, "deprecated"),
        doc_url: string(&values, "doc_url"),
        fields,
    })
}

/// Reads one document as the spec of a topic.
pub(super) fn document(source: &Arc<Source>, problems: &mut Diagnostics) -> Option<Topic> {
    let spec = read::document(source, convert, problems)?;
    Some(Topic { source: Arc::clone(source), spec })
}

/// Checks the rules of all topics.
pub(super) fn check_all(topics: &[Topic], platform: &Platform, problems: &mut Diagnostics) {
    let mut files: BTreeMap<&str, &Topic> = BTreeMap::new();
    for topic in topics {
        check(topic, platform, problems);
        if let Some(first) = files.insert(&topic.spec.topic.value, topic) {
            let message = format!("duplicate topic `{}`", topic.spec.topic.value);
            let help = format!("it is also in {}; keep one of them", printable(&first.source.path));
            let mut checker = RuleChecker { source: &topic.source, platform, problems };
            checker.problem(topic.spec.topic.span.clone(), message).help(help).emit();
        }
    }
}

/// Checks the rules of one topic.
pub(super) fn check(topic: &Topic, platform: &Platform, problems: &mut Diagnostics) {
    let mut checker = RuleChecker { source: &topic.source, platform, problems };
    let spec = &topic.spec;
    let name = spec.topic.value.as_str();
    if !is_topic_name(name) {
        let message = format!("invalid topic name `{}`", name.escape_default());
        checker
            .problem(spec.topic.span.clone(), message)
            .help("expected words of letters and digits, joined by `_`: `taobao_trade_TradeSuccess`")
            .emit();
    } else if topic.source.path.file_stem().is_none_or(|stem| stem != name) {
        checker
            .problem(spec.topic.span.clone(), "the topic does not match the name of the file")
            .help(format!("rename the file to {name}.yaml"))
            .emit();
    }
    if spec.title.value.trim().is_empty() {
        checker.problem(spec.title.span.clone(), "the title is empty").emit();
    }
    checker.level(&spec.fields, &ParameterScope::new(&spec.fields, Direction::Message), &mut Vec::new());
}
