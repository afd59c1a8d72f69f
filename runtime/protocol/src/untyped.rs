//! The parameters of a call without a type, by the names of the platform's page.

use std::borrow::Cow;
use std::fmt;

use super::secrets::{self, is_secret};
use super::{File, Parameter, Parameters};

/// The parameters of a call of a method that has no type here.
///
/// Names are those of the wire, and values are written as the wire has them (protocol.md 3): lists joined by commas, an
/// object or a list of objects as its JSON, a date as `yyyy-MM-dd HH:mm:ss` at GMT+8. A value without content is not sent.
/// [Public parameters](super::PUBLIC_PARAMETERS) do not belong here: a call that has one is not sent.
///
/// ```
/// use generated_sdk::protocol::{File, UntypedParameters};
///
/// let parameters = UntypedParameters::from([("num_iid", "610000000001"), ("position", "1")])
///     .file("image", File::new(*b"GIF89a...").name("cup.gif"));
/// ```
///
/// Printing them hides every value whose name the platform's documents count among the secrets, and every one that is
/// JSON with such a name in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UntypedParameters {
    pub(super) texts: Parameters,
    pub(super) files: Vec<(Cow<'static, str>, File)>,
}

impl UntypedParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a parameter, in place of one that has its name.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        let secret = is_secret(&name);
        let secrets = secrets::of_text(&value, secret);
        self.texts.set_holding(name, value, secret, secrets);
        self
    }

    /// The same with a file for a `byte[]` parameter, next to those that have its name.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, file: File) -> Self {
        self.files.push((name.into().into(), file));
        self
    }

    /// The names of all that is sent.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(Parameter::name).chain(self.files.iter().map(|(name, _)| name.as_ref()))
    }
}

impl fmt::Debug for UntypedParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts.iter().map(|parameter| (parameter.name(), parameter.shown().to_owned()));
        let files = self.files.iter().map(|(name, file)| (name.as_ref(), format!("{file:?}")));
        f.debug_map().entries(texts.chain(files)).finish()
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
