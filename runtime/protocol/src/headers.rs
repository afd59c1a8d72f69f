//! The headers of an HTTP message.

use std::fmt;

/// HTTP headers in the order of the message. Names are case-insensitive.
///
/// ```
/// use generated_sdk::protocol::Headers;
///
/// let headers: Headers = [("Application-Host", "top0110"), ("Content-Length", "2")].into_iter().collect();
/// assert_eq!(headers.get("application-host"), Some("top0110"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// All names and values, in one allocation.
    text: String,
    /// For each header, the ends of its name and of its value in the text.
    ends: Vec<(usize, usize)>,
}

impl Headers {
    /// Creates an empty list.
    pub const fn new() -> Self {
        Self { text: String::new(), ends: Vec::new() }
    }

    /// Adds a header.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        self.text.push_str(name.as_ref());
        let end_of_name = self.text.len();
        self.text.push_str(value.as_ref());
        self.ends.push((end_of_name, self.text.len()));
    }

    /// Returns the value of the first header of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns the names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |(end_of_name, end)| {
            let header = (&self.text[start..*end_of_name], &self.text[*end_of_name..*end]);
            start = *end;
            header
        })
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let headers = headers.into_iter();
        let count = headers.size_hint().0;
        // Most names and values have fewer bytes together.
        let mut all = Self { text: String::with_capacity(count * 40), ends: Vec::with_capacity(count) };
        headers.for_each(|(name, value)| all.push(name, value));
        all
    }
}

impl fmt::Debug for Headers {
    /// Writes the names only, because values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_names_values_and_order() {
        let mut headers = Headers::new();
        assert_eq!((headers.get("a"), headers.iter().count()), (None, 0));
        let all = [("Date", "now"), ("Empty", ""), ("A", "1"), ("a", "二"), ("", "x")];
        all.iter().for_each(|(name, value)| headers.push(name, value));
        assert_eq!(headers.iter().collect::<Vec<_>>(), all);
        assert_eq!((headers.get("A"), headers.get("empty"), headers.get("b")), (Some("1"), Some(""), None));
        assert_eq!(all.into_iter().collect::<Headers>(), headers);
        // The same text, divided in another way, is another header.
        assert_ne!(Headers::from_iter([("ab", "c")]), Headers::from_iter([("a", "bc")]));
        assert_eq!(format!("{:?}", Headers::from_iter([("Cookie", "s3cr3t")])), r#"["Cookie"]"#);
    }
}
