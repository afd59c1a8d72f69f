//! The search for methods, in Chinese and English.

use crate::categories::GROUPS;
use crate::spec::Spec;

/// The texts of methods, in lower case.
#[derive(Clone, Debug)]
pub struct Index(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    method: String,
    name: String,
    title: String,
    /// The category, the description and the parameters.
    rest: String,
}

impl Index {
    /// Creates an index of methods, each with its category.
    pub fn new<'a>(methods: impl IntoIterator<Item = (&'a str, &'a Spec)>) -> Self {
        Self(methods.into_iter().map(|(category, spec)| Entry::new(category, spec)).collect())
    }

    /// Returns the names of the methods that contain every word of a query. Matches of the name come first, then those of the
    /// title.
    pub fn find(&self, query: &str) -> Vec<&str> {
        let query = query.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().take(10).collect();
        let mut found: Vec<(usize, &Entry)> =
            self.0.iter().filter_map(|entry| Some((entry.rank(&words)?, entry))).collect();
        found.sort_by_key(|(rank, entry)| (*rank, entry.name.len()));
        found.into_iter().map(|(_, entry)| entry.method.as_str()).collect()
    }
}

impl Entry {
    fn new(category: &str, spec: &Spec) -> Self {
        let mut rest = category.to_owned();
        if let Some((_, english, chinese, words)) = GROUPS.iter().find(|(folder, ..)| *folder == category) {
            [english, chinese, words].into_iter().for_each(|text| push(&mut rest, text));
        }
        push(&mut rest, spec.facts.description.as_deref().unwrap_or_default());
        for keyword in &spec.facts.keywords {
            push(&mut rest, keyword);
        }
        for parameter in &spec.request {
            push(&mut rest, &parameter.name.value);
            push(&mut rest, parameter.facts.description.as_deref().unwrap_or_default());
        }
        let (method, title) = (spec.method.value.clone(), spec.facts.title.value.to_lowercase());
        Self { name: method.to_lowercase(), method, title, rest: rest.to_lowercase() }
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
