//! Templates of responses: JSON whose texts have placeholders for values of the call.
//!
//! A placeholder is replaced in a parsed text, so its value cannot change the structure of the response.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use codegen::spec::Kind;
use serde_json::{Map, Value as Json};
use top_protocol::DateTime;

use crate::excerpt::excerpt;
use crate::request::Parameters;
use crate::value::{Texts, Value};

/// The placeholders that are not parameters.
const VARIABLES: &[&str] = &["now", "now_ms", "open"];

/// A response with placeholders such as `{{tid}}`: see [`Gateway::template`](crate::Gateway::template).
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Map<String, Json>);

/// Why a response is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTemplateError {
    /// The response is not a JSON object.
    NoObject,
    /// A text has `{{` without `}}`.
    Unclosed(String),
    /// A placeholder is neither a parameter nor a variable.
    Unknown {
        /// The placeholder without its braces.
        placeholder: String,
        /// The method.
        method: String,
    },
}

impl fmt::Display for ParseTemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("expected a JSON object"),
            Self::Unclosed(text) => {
                write!(
                    f,
                    "a placeholder has no end: expected }}}} after {{{{ in {text:?}; for the text {{{{, write {{{{open}}}}"
                )
            }
            Self::Unknown { placeholder, method } => {
                write!(f, "unknown placeholder {{{{{placeholder}}}}}: expected a parameter of {method}, or one of ")?;
                write!(f, "{}", VARIABLES.join(", "))
            }
        }
    }
}

impl StdError for ParseTemplateError {}

impl Template {
    /// Checks the placeholders of a response. `is_parameter` knows the parameters of the method.
    pub(crate) fn parse(
        method: &str,
        response: Json,
        is_parameter: &dyn Fn(&str) -> bool,
    ) -> Result<Self, ParseTemplateError> {
        let Json::Object(response) = response else { return Err(ParseTemplateError::NoObject) };
        let check = |part: Result<Part<'_>, ParseTemplateError>| match part? {
            Part::Placeholder(name) if !VARIABLES.contains(&name) && !is_parameter(name) => {
                let (placeholder, method) = (excerpt(name).into_owned(), method.to_owned());
                Err(ParseTemplateError::Unknown { placeholder, method })
            }
            _ => Ok(()),
        };
        response.values().try_for_each(|value| for_each_text(value, &mut |text| parts(text).try_for_each(check)))?;
        Ok(Self(response))
    }

    /// Returns the response with its placeholders.
    pub(crate) fn response(&self) -> &Map<String, Json> {
        &self.0
    }
}

/// The values of placeholders.
pub(crate) struct Variables<'v> {
    pub(crate) parameters: &'v Parameters<'v>,
    pub(crate) now: SystemTime,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "now" => Some(DateTime::from(self.now).to_string()),
            "now_ms" => Some(self.now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string()),
            "open" => Some("{{".to_owned()),
            name => self.parameters.at(name),
        }
    }

    /// Returns a text with its placeholders replaced. A text that is one placeholder has the type of the field, and is left
    /// out if the parameter is not sent.
    fn render(&self, text: &str, kind: Option<Kind>) -> Option<Value> {
        let parts: Vec<Part<'_>> = parts(text).filter_map(Result::ok).collect();
        if let [Part::Placeholder(name)] = parts.as_slice() {
            let value = self.get(name)?;
            let json = Json::String(value);
            return kind.and_then(|kind| Value::typed(kind, &json)).or(Some(Value::Text(text_of(json))));
        }
        let texts = parts.into_iter().map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Placeholder(name) => self.get(name).unwrap_or_default(),
        });
        Some(Value::Text(texts.collect()))
    }

    /// Returns JSON with the placeholders of its texts replaced. A member is left out as in [`render`](Self::render).
    fn render_json(&self, json: &Json) -> Option<Json> {
        Some(match json {
            Json::String(text) => match self.render(text, None)? {
                Value::Text(text) => Json::String(text),
                _ => return None,
            },
            Json::Array(items) => items.iter().filter_map(|item| self.render_json(item)).collect(),
            Json::Object(members) => Json::Object(self.render_members(members)),
            other => other.clone(),
        })
    }

    /// Returns the members of an object with the placeholders of their texts replaced.
    pub(crate) fn render_members(&self, members: &Map<String, Json>) -> Map<String, Json> {
        members.iter().filter_map(|(name, value)| Some((name.clone(), self.render_json(value)?))).collect()
    }
}

fn text_of(json: Json) -> String {
    match json {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

impl Texts for Variables<'_> {
    fn text(&self, text: &str, kind: Option<Kind>) -> Option<Value> {
        self.render(text, kind)
    }

    fn json<'j>(&self, json: &'j Json) -> Option<Cow<'j, Json>> {
        self.render_json(json).map(Cow::Owned)
    }
}

/// Replaces `{{` in a text, so that a template has it as text.
#[cfg(feature = "record")]
pub(crate) fn escaped(text: &str) -> String {
    text.replace("{{", "{{open}}")
}

/// A part of a text.
enum Part<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

/// Splits a text at its placeholders.
fn parts(text: &str) -> impl Iterator<Item = Result<Part<'_>, ParseTemplateError>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(start) = rest.find("{{") else { return Some(Ok(Part::Text(std::mem::take(&mut rest)))) };
        if start > 0 {
            let (head, tail) = rest.split_at(start);
            rest = tail;
            return Some(Ok(Part::Text(head)));
        }
        let Some(end) = rest.find("}}") else {
            let unclosed = excerpt(std::mem::take(&mut rest)).into_owned();
            return Some(Err(ParseTemplateError::Unclosed(unclosed)));
        };
        let (placeholder, tail) = rest.split_at(end);
        rest = tail.get(2..).unwrap_or_default();
        Some(Ok(Part::Placeholder(placeholder.get(2..).unwrap_or_default().trim())))
    })
}

/// Calls `check` with each text of JSON.
fn for_each_text<E>(json: &Json, check: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    match json {
        Json::String(text) => check(text),
        Json::Array(items) => items.iter().try_for_each(|item| for_each_text(item, check)),
        Json::Object(members) => members.values().try_for_each(|value| for_each_text(value, check)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(response: Json) -> Result<Template, ParseTemplateError> {
        Template::parse("a.get", response, &|name| ["tid", "memo"].contains(&name.split('.').next().unwrap()))
    }

    fn render(response: Json, sent: &[(&'static str, &'static str)]) -> Json {
        let mut parameters = Parameters::default();
        parameters.texts.extend(sent.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let now = UNIX_EPOCH + std::time::Duration::from_millis(1_718_676_000_123);
        let template = parse(response).unwrap();
        Json::Object(Variables { parameters: &parameters, now }.render_members(template.response()))
    }

    #[test]
    fn replaces_placeholders_in_texts() {
        let sent = [("tid", "12"), ("memo", "\",\"x\":\"{{tid}}")];
        for (template, expected) in [
            (json!({ "a": "{{tid}}", "b": "n{{ tid }}-{{tid}}", "c": 1 }), json!({ "a": "12", "b": "n12-12", "c": 1 })),
            // A value is neither JSON nor a template.
            (
                json!({ "a": ["{{memo}}"], "b": { "c": "{{memo}}" } }),
                json!({ "a": [sent[1].1], "b": { "c": sent[1].1 } }),
            ),
            (json!({ "a": "{{now}}", "b": "{{now_ms}}" }), json!({ "a": "2024-06-18 10:00:00", "b": "1718676000123" })),
            (json!({ "a": "{{open}}tid}}" }), json!({ "a": "{{tid}}" })),
        ] {
            assert_eq!(render(template.clone(), &sent), expected, "{template}");
        }
        // A member that is a parameter which is not sent is left out.
        assert_eq!(render(json!({ "a": "{{tid}}", "b": "<{{tid}}>" }), &[]), json!({ "b": "<>" }));
        assert_eq!(render(json!({ "a": "{{memo.b.c}}" }), &[("memo", r#"{"b":{"c":7}}"#)]), json!({ "a": "7" }));
    }

    #[test]
    fn reports_wrong_placeholders() {
        for (template, expected) in [
            (json!([]), "expected a JSON object"),
            (
                json!({ "a": { "b": ["{{tod}}"] } }),
                "unknown placeholder {{tod}}: expected a parameter of a.get, or one of now, now_ms, open",
            ),
            (
                json!({ "a": "{{}}" }),
                "unknown placeholder {{}}: expected a parameter of a.get, or one of now, now_ms, open",
            ),
            (
                json!({ "a": "{{tid}" }),
                "a placeholder has no end: expected }} after {{ in \"{{tid}\"; for the text {{, write {{open}}",
            ),
        ] {
            assert_eq!(parse(template.clone()).unwrap_err().to_string(), expected, "{template}");
        }
    }
}
