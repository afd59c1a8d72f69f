//! The selection of methods and topics by patterns.

use std::sync::Arc;

use super::schema::closest;
use super::types::Specs;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

impl Specs {
    /// Keeps the methods and topics that match one of `patterns`, in which `*` matches any text. Without patterns, keeps
    /// all.
    ///
    /// # Errors
    ///
    /// The patterns that match nothing.
    pub fn keep(&mut self, patterns: &[String]) -> Result<(), Diagnostics> {
        if patterns.is_empty() {
            return Ok(());
        }
        let mut problems = Diagnostics::default();
        for pattern in patterns {
            if !self.names().any(|name| matches(pattern, name)) {
                let source = Arc::new(Source { path: "--only".into(), text: pattern.clone() });
                let problem = "no method or topic matches the pattern";
                let diagnostic = Diagnostic::new(&source, 0..pattern.len(), problem);
                problems.push(match closest(pattern, self.names()) {
                    Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
                    None => diagnostic.help("expected the name of a method or a topic, in which `*` matches any text"),
                });
            }
        }
        let is_kept = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
        self.methods.retain(|method| is_kept(&method.spec.method.value));
        self.topics.retain(|topic| is_kept(&topic.spec.topic.value));
        problems.into_result(())
    }

    /// Returns the names of all methods and topics.
    fn names(&self) -> impl Iterator<Item = &str> {
        let methods = self.methods.iter().map(|method| &method.spec.method);
        methods.chain(self.topics.iter().map(|topic| &topic.spec.topic)).map(|name| name.value.as_str())
    }
}

/// Returns whether a name matches a pattern, in which `*` matches any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("taobao.time.get", "taobao.time.get", true),
            ("taobao.time.get", "taobao.time.gets", false),
            ("taobao.trade.*", "taobao.trade.close", true),
            ("taobao.trade.*", "taobao.trades.sold.get", false),
            ("*.get", "taobao.time.get", true),
            ("*", "a.b", true),
            ("taobao.*.*.get", "taobao.trades.sold.get", true),
            ("taobao.*.*.get", "taobao.time.get", false),
            ("a*a", "a", false),
            ("", "a.b", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
