//! Variants of the protocol, by the path of a request.

use std::collections::BTreeMap;

use codegen::spec::{Dialect, ParameterPlacement, Platform, TimestampForm};
use top_protocol::SignMethod;

/// Converts the dialect of a gateway in `platform.yaml` to that of a client.
pub fn client_dialect(dialect: &Dialect) -> top_protocol::Dialect {
    let parameters = match dialect.parameters {
        ParameterPlacement::Form => top_protocol::ParameterPlacement::Form,
        ParameterPlacement::Query => top_protocol::ParameterPlacement::Query,
        ParameterPlacement::JsonBody => top_protocol::ParameterPlacement::JsonBody,
        ParameterPlacement::XmlBody => top_protocol::ParameterPlacement::XmlBody,
    };
    let timestamp = match dialect.timestamp {
        TimestampForm::Text => top_protocol::TimestampForm::Text,
        TimestampForm::Milliseconds => top_protocol::TimestampForm::Milliseconds,
    };
    let mut client = top_protocol::Dialect::default().parameters(parameters).timestamp(timestamp);
    // The rules of platform.yaml have checked the names.
    if let Some(Ok(format)) = dialect.format.as_ref().map(|format| format.value.parse()) {
        client = client.format(format);
    }
    if let Some(Ok(method)) = dialect.sign_method.as_ref().map(|method| method.value.parse()) {
        client = client.sign_method(method);
    }
    for (method, name) in &dialect.sign_names {
        if let Ok(method) = method.parse() {
            client = client.sign_name(method, name.value.clone());
        }
    }
    if let Some(name) = &dialect.session_parameter {
        client = client.session_parameter(name.value.clone());
    }
    if let Some(name) = &dialect.customer_parameter {
        client = client.customer_parameter(name.value.clone());
    }
    client
}

/// The dialects of the documented gateways by the paths of their URLs.
#[derive(Debug)]
pub(crate) struct Dialects {
    by_path: BTreeMap<String, Dialect>,
    /// The dialect of other paths: the protocol of Taobao.
    default: Dialect,
}

impl Dialects {
    pub(crate) fn new(platform: &Platform) -> Self {
        let mut by_path = BTreeMap::new();
        for gateway in &platform.gateways {
            for url in gateway.urls() {
                by_path.entry(path(url).to_owned()).or_insert_with(|| gateway.dialect.clone());
            }
        }
        Self { by_path, default: Dialect::default() }
    }

    /// Returns the dialect of a request to a path.
    pub(crate) fn of(&self, path: &str) -> &Dialect {
        self.by_path.get(path).unwrap_or(&self.default)
    }
}

/// Returns the path of a URL.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |start| &rest[start..])
}

/// Returns the signature algorithm with a name of the dialect, or one of the platform's names in any case.
pub(crate) fn sign_method(dialect: &Dialect, name: &str) -> Option<SignMethod> {
    let own = dialect.sign_names.iter().find(|(_, own)| own.value.eq_ignore_ascii_case(name));
    own.map_or(name, |(method, _)| method).to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_paths_of_urls() {
        for (url, expected) in [
            ("https://a.test/router/qm", "/router/qm"),
            ("http://a.test:80/sync", "/sync"),
            ("http://a.test", "/"),
            ("", "/"),
        ] {
            assert_eq!(path(url), expected);
        }
    }
}
