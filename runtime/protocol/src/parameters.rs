//! The parameters of a request.

use std::borrow::Cow;
use std::fmt;

use crate::redact::HIDDEN;

/// The parameters of the protocol, which every method has (docs/protocol.md section 1.4).
pub const PUBLIC_PARAMETERS: [&str; 11] = [
    "app_key",
    "format",
    "method",
    "partner_id",
    "session",
    "sign",
    "sign_method",
    "simplify",
    "target_app_key",
    "timestamp",
    "v",
];

/// Text parameters in the byte order of their names, which is the order of the signature.
///
/// An empty value is sent as `name=` and signed as its name. See
/// [`Request::with_empty`](crate::request::Request::with_empty).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

/// A parameter: its name and value before URL encoding.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    name: Cow<'static, str>,
    value: Cow<'static, str>,
    secret: bool,
    /// The secrets within the value. The whole value is redacted if there are any.
    secrets_within: Vec<String>,
}

impl Parameter {
    /// Returns the wire name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Creates a parameter that contains `secrets`.
    pub(crate) fn containing(name: &'static str, value: String, secrets: Vec<String>) -> Self {
        Self { name: name.into(), value: value.into(), secret: false, secrets_within: secrets }
    }

    /// Returns the value if it is never printed, and the secrets within it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        let value = self.is_redacted().then_some(self.value());
        self.secrets_within.iter().map(String::as_str).chain(value)
    }

    fn is_redacted(&self) -> bool {
        self.secret || !self.secrets_within.is_empty()
    }

    /// Returns the value for printing: `[hidden]` if it is or contains a secret.
    pub fn redacted(&self) -> &str {
        if self.is_redacted() { HIDDEN } else { &self.value }
    }
}

impl Parameters {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty list with memory for this number of parameters.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Sets a parameter. Replaces a parameter of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        self.set_containing(name, value, false, Vec::new());
    }

    /// Sets a parameter whose value is never printed.
    pub fn set_secret(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        self.set_containing(name, value, true, Vec::new());
    }

    /// Sets a parameter that is a secret or contains `secrets`.
    pub(crate) fn set_containing(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
        secret: bool,
        secrets: Vec<String>,
    ) {
        self.put(Parameter { name: name.into(), value: value.into(), secret, secrets_within: secrets });
    }

    fn put(&mut self, parameter: Parameter) {
        match self.0.binary_search_by(|other| other.name.cmp(&parameter.name)) {
            Ok(index) => self.0[index] = parameter,
            Err(index) => self.0.insert(index, parameter),
        }
    }

    /// Removes a parameter.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(index) = self.0.binary_search_by(|other| other.name.as_ref().cmp(name)) {
            self.0.remove(index);
        }
    }

    /// Returns the value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|other| other.name.as_ref().cmp(name)).ok()?;
        self.0.get(index).map(Parameter::value)
    }

    /// Returns the parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }

    /// Returns the names and values in order, for the signature.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|parameter| (parameter.name(), parameter.value()))
    }

    /// Returns the values that are never printed, and the secrets within them.
    #[doc(hidden)]
    pub fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().flat_map(Parameter::secrets)
    }

    /// Encodes the parameters as `application/x-www-form-urlencoded` in UTF-8.
    pub fn to_form(&self) -> String {
        // Most bytes are kept. Each other byte becomes three.
        let size = self.pairs().map(|(name, value)| 2 + name.len() + 3 * value.len()).sum();
        let mut form = String::with_capacity(size);
        for (name, value) in self.pairs() {
            if !form.is_empty() {
                form.push('&');
            }
            push_encoded(&mut form, name.as_bytes());
            form.push('=');
            push_encoded(&mut form, value.as_bytes());
        }
        form
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|parameter| (parameter.name(), parameter.redacted()))).finish()
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.name(), self.redacted())
    }
}

/// Encodes a text for a form.
pub fn encoded(text: &str) -> String {
    let mut form = String::new();
    push_encoded(&mut form, text.as_bytes());
    form
}

/// Appends form-encoded text. Letters, digits and `*-._` are kept; a space becomes `+`.
pub(crate) fn push_encoded(form: &mut String, text: &[u8]) {
    form.extend(form_urlencoded::byte_serialize(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_in_byte_order() {
        let mut parameters = Parameters::new();
        for name in ["aB", "a_b", "Zebra", "a.b", "a", "端"] {
            parameters.set(name, "1");
        }
        let names: Vec<_> = parameters.iter().map(Parameter::name).collect();
        assert_eq!(names, ["Zebra", "a", "a.b", "aB", "a_b", "端"]);
    }

    #[test]
    fn set_replaces_values_and_keeps_empty_values() {
        let mut parameters = Parameters::new();
        parameters.set("a", "1");
        parameters.set("a", "2");
        parameters.set("b", "");
        assert_eq!(parameters.pairs().collect::<Vec<_>>(), [("a", "2"), ("b", "")]);
        parameters.set("a", "");
        assert_eq!(parameters.get("a"), Some(""));
        assert_eq!(parameters.to_form(), "a=&b=");
    }

    #[test]
    fn encodes_forms() {
        let mut parameters = Parameters::new();
        parameters.set("a.b", "x y+z&=%/~*-_");
        parameters.set("名", "端\n");
        assert_eq!(parameters.to_form(), "a.b=x+y%2Bz%26%3D%25%2F%7E*-_&%E5%90%8D=%E7%AB%AF%0A");
        assert_eq!(Parameters::new().to_form(), "");
    }

    #[test]
    fn debug_redacts_secrets() {
        let mut parameters = Parameters::new();
        parameters.set_secret("session", "s3cr3t");
        parameters.set("v", "2.0");
        assert_eq!(format!("{parameters:?}"), r#"{"session": "[hidden]", "v": "2.0"}"#);
        assert_eq!(parameters.get("session"), Some("s3cr3t"));
    }
}
