//! Parameters without a documented type, by their names on the wire.

use std::borrow::Cow;
use std::fmt;

use super::debug::HIDDEN;
use super::encode::Attachment;
use super::secrets::{self, is_secret};
use super::{File, Parameters};

/// A parameter without a documented type: its name and its value as they are sent.
///
/// Printing it hides a value whose name the platform's documents count among the secrets, and a value that is JSON with
/// such a name in it.
#[derive(Clone, PartialEq, Eq)]
pub struct UntypedParameter {
    name: Cow<'static, str>,
    value: Value,
}

#[derive(Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    /// An empty text that the caller asked for.
    Empty,
    File(File),
}

impl UntypedParameter {
    pub(super) fn text(name: String, value: String) -> Self {
        Self { name: name.into(), value: Value::Text(value) }
    }

    pub(super) fn empty(name: String) -> Self {
        Self { name: name.into(), value: Value::Empty }
    }

    pub(super) fn file(name: String, file: File) -> Self {
        Self { name: name.into(), value: Value::File(file) }
    }

    /// The name on the wire.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is one that is [sent empty](super::Request::with_empty).
    pub fn is_empty(&self) -> bool {
        matches!(self.value, Value::Empty)
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.value, Value::File(_))
    }

    /// Whether it is a text without content that the caller did not name as one.
    pub(super) fn is_blank(&self) -> bool {
        matches!(&self.value, Value::Text(text) if text.trim().is_empty())
    }

    /// Adds the parameter to those that are signed, or to the files.
    pub(super) fn encode(&self, parameters: &mut Parameters, files: &mut Vec<Attachment>) {
        match &self.value {
            Value::Text(value) => {
                let secret = is_secret(&self.name);
                let secrets = secrets::of_text(value, secret);
                parameters.set_holding(self.name.clone(), value.clone(), secret, secrets);
            }
            Value::Empty => parameters.set(self.name.clone(), ""),
            Value::File(file) => files.push(Attachment { name: self.name.clone(), file: file.clone(), most: None }),
        }
    }
}

impl fmt::Debug for UntypedParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.name, Shown(self))
    }
}

/// The value of a parameter as it may be printed.
struct Shown<'a>(&'a UntypedParameter);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UntypedParameter { name, value } = self.0;
        match value {
            Value::Text(text) if is_secret(name) || !secrets::of_text(text, false).is_empty() => f.write_str(HIDDEN),
            Value::Text(text) => text.fmt(f),
            Value::Empty => "".fmt(f),
            Value::File(file) => file.fmt(f),
        }
    }
}

/// Parameters by name, for messages: `{"name": "value"}`.
pub(super) fn debug(parameters: &[UntypedParameter], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_map().entries(parameters.iter().map(|parameter| (parameter.name(), Shown(parameter)))).finish()
}

/// The parameters of a call of a method that has no type here.
///
/// Names are those of the wire, and values are written as the wire has them (docs/protocol.md section 3): lists joined
/// by commas, an object or a list of objects as its JSON, a date as `yyyy-MM-dd HH:mm:ss` at GMT+8. An empty value is
/// refused unless it is set with [`with_empty`](Self::with_empty). [Public parameters](super::PUBLIC_PARAMETERS) do not
/// belong here: a call that has one is not sent.
///
/// ```
/// use generated_sdk::protocol::{File, UntypedParameters};
///
/// let parameters = UntypedParameters::from([("num_iid", "610000000001"), ("position", "1")])
///     .file("image", File::new(*b"GIF89a...").name("cup.gif"));
/// ```
///
/// Printing them hides secrets as [`UntypedParameter`] does.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UntypedParameters {
    /// Texts in the order of their names, then files as they were added.
    pub(super) parameters: Vec<UntypedParameter>,
}

impl UntypedParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter. Replaces one of the same name.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(UntypedParameter::text(name.into(), value.into()))
    }

    /// Adds a parameter that is sent empty. Replaces one of the same name. See
    /// [`Request::with_empty`](super::Request::with_empty).
    #[must_use]
    pub fn with_empty(self, name: impl Into<String>) -> Self {
        self.with(UntypedParameter::empty(name.into()))
    }

    /// Adds a file for a `byte[]` parameter, next to those of the same name.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, file: File) -> Self {
        self.parameters.push(UntypedParameter::file(name.into(), file));
        self
    }

    fn with(mut self, parameter: UntypedParameter) -> Self {
        let texts = self.parameters.partition_point(|other| !other.is_file());
        match self.parameters[..texts].binary_search_by(|other| other.name.cmp(&parameter.name)) {
            Ok(place) => self.parameters[place] = parameter,
            Err(place) => self.parameters.insert(place, parameter),
        }
        self
    }
}

impl fmt::Debug for UntypedParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.parameters, f)
    }
}

/// No parameters.
impl From<()> for UntypedParameters {
    fn from((): ()) -> Self {
        Self::new()
    }
}

impl<N: Into<String>, V: Into<String>, const COUNT: usize> From<[(N, V); COUNT]> for UntypedParameters {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<String>> From<Vec<(N, V)>> for UntypedParameters {
    fn from(pairs: Vec<(N, V)>) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for UntypedParameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::new(), |parameters, (name, value)| parameters.text(name, value))
    }
}
