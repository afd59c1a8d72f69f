//! The parameters of a request.

use std::borrow::Cow;
use std::fmt;

use super::debug::HIDDEN;
use super::hex;

/// The parameters that belong to the protocol rather than to a method (docs/protocol.md section 1.4).
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

/// Text parameters in the byte order of their names, which is the order that they are signed in.
///
/// An empty value is kept, sent as `name=` and signed as its name. A request sends one only where it says so: see
/// [`Request::with_empty`](super::Request::with_empty).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

/// A parameter: its name and value as they are before any URL encoding.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    name: Cow<'static, str>,
    value: Cow<'static, str>,
    secret: bool,
    /// The secrets within the value, which is hidden as a whole if there are any.
    within: Vec<String>,
}

impl Parameter {
    /// The name on the wire.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, as it is signed.
    pub fn value(&self) -> &str {
        &self.value
    }

    fn is_hidden(&self) -> bool {
        self.secret || !self.within.is_empty()
    }

    /// The value, hidden if it is a secret or holds one: what may be printed.
    pub fn shown(&self) -> &str {
        if self.is_hidden() { HIDDEN } else { &self.value }
    }
}

impl Parameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter. Replaces one of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        self.set_holding(name, value, false, Vec::new());
    }

    /// Sets a parameter whose value is hidden from everything that prints.
    pub fn set_secret(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        self.set_holding(name, value, true, Vec::new());
    }

    /// Sets a parameter that is a secret, or has `secrets` within its value.
    pub(crate) fn set_holding(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
        secret: bool,
        secrets: Vec<String>,
    ) {
        self.put(Parameter { name: name.into(), value: value.into(), secret, within: secrets });
    }

    fn put(&mut self, parameter: Parameter) {
        match self.0.binary_search_by(|other| other.name.cmp(&parameter.name)) {
            Ok(place) => self.0[place] = parameter,
            Err(place) => self.0.insert(place, parameter),
        }
    }

    /// Removes a parameter.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(place) = self.0.binary_search_by(|other| other.name.as_ref().cmp(name)) {
            self.0.remove(place);
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.0.binary_search_by(|other| other.name.as_ref().cmp(name)).ok()?;
        self.0.get(place).map(Parameter::value)
    }

    /// The parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }

    /// Names and values in order: what a signature is made of.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|parameter| (parameter.name(), parameter.value()))
    }

    /// The values that are hidden from everything that prints, and the secrets within them.
    #[doc(hidden)]
    pub fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        let hidden = self.0.iter().filter(|parameter| parameter.is_hidden());
        hidden.flat_map(|parameter| parameter.within.iter().map(String::as_str).chain([parameter.value()]))
    }

    /// The parameters as `application/x-www-form-urlencoded` text in UTF-8.
    pub fn to_form(&self) -> String {
        let mut form = String::new();
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
        f.debug_map().entries(self.iter().map(|parameter| (parameter.name(), parameter.shown()))).finish()
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.name(), self.shown())
    }
}

/// A text as a form encodes it.
pub fn encoded(text: &str) -> String {
    let mut form = String::new();
    push_encoded(&mut form, text.as_bytes());
    form
}

/// Appends text as a form encodes it: letters, digits and `*-._` are kept, a space is `+`.
pub(crate) fn push_encoded(form: &mut String, text: &[u8]) {
    for byte in text.iter().copied() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => form.push(char::from(byte)),
            b' ' => form.push('+'),
            _ => {
                form.push('%');
                hex::push(form, byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_whatever_the_order_of_setting() {
        let mut parameters = Parameters::new();
        for name in ["aB", "a_b", "Zebra", "a.b", "a", "端"] {
            parameters.set(name, "1");
        }
        let names: Vec<_> = parameters.iter().map(Parameter::name).collect();
        assert_eq!(names, ["Zebra", "a", "a.b", "aB", "a_b", "端"]);
    }

    #[test]
    fn one_value_per_name_and_empty_values_are_kept() {
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
    fn forms() {
        let mut parameters = Parameters::new();
        parameters.set("a.b", "x y+z&=%/~*-_");
        parameters.set("名", "端\n");
        assert_eq!(parameters.to_form(), "a.b=x+y%2Bz%26%3D%25%2F%7E*-_&%E5%90%8D=%E7%AB%AF%0A");
        assert_eq!(Parameters::new().to_form(), "");
    }

    #[test]
    fn secrets_do_not_show() {
        let mut parameters = Parameters::new();
        parameters.set_secret("session", "s3cr3t");
        parameters.set("v", "2.0");
        assert_eq!(format!("{parameters:?}"), r#"{"session": "[hidden]", "v": "2.0"}"#);
        assert_eq!(parameters.get("session"), Some("s3cr3t"));
    }
}
