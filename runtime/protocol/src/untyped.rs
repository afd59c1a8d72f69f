//! Parameters by wire name, without a documented type.

use std::borrow::Cow;
use std::fmt;

use crate::encode::Attachment;
use crate::file::File;
use crate::parameters::Parameters;
use crate::redact::HIDDEN;
use crate::secrets::{self, is_secret};

/// A parameter without a documented type: its wire name and its value.
///
/// Printing it redacts a value with the name of a secret, and a JSON value that contains such a name.
#[derive(Clone, PartialEq, Eq)]
pub struct UntypedParameter {
    name: Cow<'static, str>,
    value: ParameterValue,
}

#[derive(Clone, PartialEq, Eq)]
enum ParameterValue {
    Text(String),
    /// An empty text that the caller requested.
    Empty,
    File(File),
}

impl UntypedParameter {
    pub(crate) fn text(name: String, value: String) -> Self {
        Self { name: name.into(), value: ParameterValue::Text(value) }
    }

    pub(crate) fn empty(name: String) -> Self {
        Self { name: name.into(), value: ParameterValue::Empty }
    }

    pub(crate) fn file(name: String, file: File) -> Self {
        Self { name: name.into(), value: ParameterValue::File(file) }
    }

    /// Returns the wire name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the parameter is [sent empty](crate::request::Request::with_empty).
    pub fn is_empty(&self) -> bool {
        matches!(self.value, ParameterValue::Empty)
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self.value, ParameterValue::File(_))
    }

    /// Returns whether the value is a blank text that was not requested as empty.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(&self.value, ParameterValue::Text(text) if text.trim().is_empty())
    }

    /// Returns the value of a text parameter.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            ParameterValue::Text(text) => Some(text),
            ParameterValue::Empty => Some(""),
            ParameterValue::File(_) => None,
        }
    }

    /// Adds the parameter to the signed parameters or to the files.
    pub(crate) fn encode(&self, parameters: &mut Parameters, files: &mut Vec<Attachment>) {
        match &self.value {
            ParameterValue::Text(value) => {
                let secret = is_secret(&self.name);
                let secrets = secrets::of_text(value, secret);
                parameters.set_containing(self.name.clone(), value.clone(), secret, secrets);
            }
            ParameterValue::Empty => parameters.set(self.name.clone(), ""),
            ParameterValue::File(file) => {
                files.push(Attachment { name: self.name.clone(), file: file.clone(), limit: None })
            }
        }
    }
}

impl fmt::Debug for UntypedParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}", self.name, Redacted(self))
    }
}

/// The value of a parameter, with secrets redacted.
struct Redacted<'a>(&'a UntypedParameter);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UntypedParameter { name, value } = self.0;
        match value {
            ParameterValue::Text(text) if is_secret(name) || !secrets::of_text(text, false).is_empty() => {
                f.write_str(HIDDEN)
            }
            ParameterValue::Text(text) => text.fmt(f),
            ParameterValue::Empty => "".fmt(f),
            ParameterValue::File(file) => file.fmt(f),
        }
    }
}

/// Writes parameters as `{"name": "value"}`.
pub(crate) fn debug(parameters: &[UntypedParameter], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_map().entries(parameters.iter().map(|parameter| (parameter.name(), Redacted(parameter)))).finish()
}

/// The parameters of a call of a method without a generated type.
///
/// Names are wire names, and values have their wire form (docs/protocol.md section 3): a list of scalars joined by commas,
/// an object or a list of objects as JSON, a date as `yyyy-MM-dd HH:mm:ss` at GMT+8. These parameters are rejected:
///
/// - an empty value, unless it is set with [`with_empty`](Self::with_empty);
/// - a [public parameter](crate::parameters::PUBLIC_PARAMETERS).
///
/// ```
/// use generated_sdk::protocol::{File, UntypedParameters};
///
/// let parameters = UntypedParameters::from([("num_iid", "610000000001"), ("position", "1")])
///     .file("image", File::new(*b"GIF89a...").name("cup.gif"));
/// ```
///
/// Printing them redacts secrets, as for [`UntypedParameter`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UntypedParameters {
    /// Texts in the order of their names, then files in the order of adding.
    pub(crate) parameters: Vec<UntypedParameter>,
}

impl UntypedParameters {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter. Replaces a parameter of the same name.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(UntypedParameter::text(name.into(), value.into()))
    }

    /// Adds a parameter with an empty value. Replaces a parameter of the same name.
    ///
    /// See [`Request::with_empty`](crate::request::Request::with_empty).
    #[must_use]
    pub fn with_empty(self, name: impl Into<String>) -> Self {
        self.with(UntypedParameter::empty(name.into()))
    }

    /// Adds a file for a `byte[]` parameter, which may have several files.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, file: File) -> Self {
        self.parameters.push(UntypedParameter::file(name.into(), file));
        self
    }

    fn with(mut self, parameter: UntypedParameter) -> Self {
        let texts = self.parameters.partition_point(|other| !other.is_file());
        match self.parameters[..texts].binary_search_by(|other| other.name.cmp(&parameter.name)) {
            Ok(index) => self.parameters[index] = parameter,
            Err(index) => self.parameters.insert(index, parameter),
        }
        self
    }
}

impl fmt::Debug for UntypedParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.parameters, f)
    }
}

/// Creates an empty list.
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
