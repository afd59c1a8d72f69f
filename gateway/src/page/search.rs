//! The search for methods.

use crate::gateway::Gateway;
use crate::method::Method;

use super::categories::GROUPS;

/// The maximum number of results.
pub(super) const MAX_RESULTS: usize = 60;

/// The texts of all methods, in lower case.
#[derive(Debug)]
pub(crate) struct Index(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    method: String,
    name: String,
    title: String,
    /// The category, the description and the parameters.
    rest: String,
}

impl Index {
    pub(super) fn new(gateway: &Gateway) -> Self {
        Self(gateway.methods.iter().map(|(name, method)| Entry::new(name, method)).collect())
    }

    /// Returns the names of the methods that contain every word of a query. Matches of the name come first, then those of the
    /// title.
    pub(super) fn find(&self, query: &str) -> Vec<&str> {
        let query = query.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().take(10).collect();
        let mut found: Vec<(usize, &Entry)> =
            self.0.iter().filter_map(|entry| Some((entry.rank(&words)?, entry))).collect();
        found.sort_by_key(|(rank, entry)| (*rank, entry.name.len()));
        found.into_iter().map(|(_, entry)| entry.method.as_str()).collect()
    }
}

impl Entry {
    fn new(name: &str, method: &Method) -> Self {
        let mut rest = method.category.clone();
        if let Some((_, english, chinese, words)) = GROUPS.iter().find(|(folder, ..)| *folder == method.category) {
            [english, chinese, words].into_iter().for_each(|text| push(&mut rest, text));
        }
        push(&mut rest, method.spec.facts.description.as_deref().unwrap_or_default());
        for keyword in &method.spec.facts.keywords {
            push(&mut rest, keyword);
        }
        for parameter in &method.spec.request {
            push(&mut rest, &parameter.name.value);
            push(&mut rest, parameter.facts.description.as_deref().unwrap_or_default());
        }
        let title = method.spec.facts.title.value.to_lowercase();
        Self { method: name.to_owned(), name: name.to_lowercase(), title, rest: rest.to_lowercase() }
    }

    /// Returns the rank of the worst match of a word: 0 in the name, 1 in the title, 2 elsewhere. `None` without a match.
    fn rank(&self, words: &[&str]) -> Option<usize> {
        let texts = [&self.name, &self.title, &self.rest];
        let mut worst = 0;
        for word in words {
            worst = worst.max(texts.iter().position(|text| text.contains(word))?);
        }
        Some(worst)
    }
}

fn push(text: &mut String, more: &str) {
    text.push('\n');
    text.push_str(more);
}
