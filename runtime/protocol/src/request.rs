//! Requests, and parameters that a caller adds to them.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::debug;
use crate::file::File;
use crate::record::{Record, RecordMut, Schema, View};
use crate::untyped::{self, UntypedParameter};

/// The request of one API method.
///
/// ```
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::protocol::Request;
///
/// assert_eq!(TopClientTokenGetRequest::METHOD, "taobao.top.client.token.get");
/// ```
///
/// A request without a required parameter does not compile. Up to a few required parameters are arguments of `new`:
///
/// ```
/// # use generated_sdk::api::top::TopClientTokenGetRequest;
/// let request = TopClientTokenGetRequest::new("sec_token");
/// ```
///
/// ```compile_fail,E0061
/// # use generated_sdk::api::top::TopClientTokenGetRequest;
/// let request = TopClientTokenGetRequest::new();
/// ```
///
/// More of them are fields of a struct that `new` takes. Neither has a default:
///
/// ```compile_fail,E0599
/// # use generated_sdk::api::top::TopClientTokenGetRequest;
/// let request = TopClientTokenGetRequest::default();
/// ```
pub trait Request: Record {
    /// The wire name of the method.
    const METHOD: &'static str;

    /// The root node of a response (docs/protocol.md section 4.1).
    const RESPONSE_NODE: &'static str;

    /// Whether a call requires a session.
    const AUTHORIZATION: Authorization = Authorization::Optional;

    /// Whether the method requires https.
    const HTTPS_ONLY: bool = false;

    /// Whether the method only reads, so that a call can be retried even if it may have been processed.
    ///
    /// Default: whether the last word of the name is `get`, `query`, `search`, `list`, `count` or `detail`.
    const READS: bool = is_read_only_method(Self::METHOD);

    /// The documented error codes of the method.
    const ERRORS: &'static [ErrorCode] = &[];

    /// The response of a successful call. Generic code can rely on what all generated responses implement.
    type Response: RecordMut
        + Clone
        + Default
        + fmt::Debug
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// Returns the parameters that were added to the request.
    fn extra_parameters(&self) -> &[UntypedParameter] {
        &[]
    }

    /// Adds a parameter that the type lacks, with its wire name and value.
    ///
    /// It is signed and sent, and redacted if its name is that of a secret.
    ///
    /// ```
    /// use generated_sdk::api::top::TopClientTokenGetRequest;
    /// use generated_sdk::protocol::Request;
    ///
    /// let request = TopClientTokenGetRequest::new("sec_token").with_parameter("biz_type", "3");
    /// ```
    ///
    /// The call fails with [`Error::Invalid`](crate::error::Error::Invalid) if the name is that of a documented parameter, a
    /// [public parameter](crate::parameters::PUBLIC_PARAMETERS) or another added parameter.
    fn with_parameter(self, name: impl Into<String>, value: impl Into<String>) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_parameter(name, value)
    }

    /// Sends a parameter with an empty value: `name=`. Some methods clear a field with it.
    ///
    /// ```
    /// # use generated_sdk::api::top::TopClientTokenGetRequest;
    /// # use generated_sdk::protocol::Request;
    /// let request = TopClientTokenGetRequest::new("sec_token").with_empty("outer_id");
    /// ```
    ///
    /// # Empty values
    ///
    /// Official SDKs differ: Java and .NET drop an empty value; Python, PHP, Go and Node send it and sign its name. So an
    /// empty value is sent only if it is requested here. `None` and an empty list are absent.
    ///
    /// Any other blank text is an [`Error::Invalid`](crate::error::Error::Invalid): [`Problem::Missing`] for a required
    /// parameter, else [`Problem::Empty`]. Without validation it is sent. Within an object, only required fields are checked.
    ///
    /// [`Problem::Missing`]: crate::validate::Problem::Missing
    /// [`Problem::Empty`]: crate::validate::Problem::Empty
    fn with_empty(self, name: impl Into<String>) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_empty(name)
    }

    /// Adds a file that the type lacks. A parameter may have several files.
    ///
    /// See [`with_parameter`](Self::with_parameter).
    fn with_file(self, name: impl Into<String>, file: File) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_file(name, file)
    }
}

/// Returns whether the name of a method is that of a method that only reads.
pub const fn is_read_only_method(method: &str) -> bool {
    let name = method.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < name.len() {
        if name[at] == b'.' {
            start = at + 1;
        }
        at += 1;
    }
    let (_, last) = name.split_at(start);
    matches!(last, b"get" | b"query" | b"search" | b"list" | b"count" | b"detail")
}

/// Whether a call requires a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorization {
    /// The session is required.
    Required,
    /// The session is optional.
    Optional,
    /// The session is not used.
    None,
}

/// A documented error code of a method.
///
/// It is a [`PlatformError::sub_code`](crate::error::PlatformError::sub_code) or a field of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code.
    pub code: &'static str,
    /// The documented meaning.
    pub message: &'static str,
    /// The documented solution.
    pub solution: &'static str,
}

/// A request with added parameters: see [`Request::with_parameter`] and [`Request::with_empty`].
#[derive(Clone, PartialEq)]
pub struct WithParameters<R> {
    request: R,
    extra: Vec<UntypedParameter>,
}

impl<R: Request> WithParameters<R> {
    /// Wraps a request.
    pub(crate) fn new(request: R) -> Self {
        let extra = request.extra_parameters().to_vec();
        Self { request, extra }
    }

    /// Adds a parameter that the type lacks: see [`Request::with_parameter`].
    #[must_use]
    pub fn with_parameter(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(UntypedParameter::text(name.into(), value.into()))
    }

    /// Sends a parameter with an empty value: see [`Request::with_empty`].
    #[must_use]
    pub fn with_empty(self, name: impl Into<String>) -> Self {
        self.with(UntypedParameter::empty(name.into()))
    }

    /// Adds a file that the type lacks: see [`Request::with_file`].
    #[must_use]
    pub fn with_file(self, name: impl Into<String>, file: File) -> Self {
        self.with(UntypedParameter::file(name.into(), file))
    }

    fn with(mut self, parameter: UntypedParameter) -> Self {
        self.extra.push(parameter);
        self
    }
}

impl<R: Record> Record for WithParameters<R> {
    fn schema(&self) -> &'static Schema {
        self.request.schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        self.request.view(index)
    }
}

impl<R: Request> Request for WithParameters<R> {
    const METHOD: &'static str = R::METHOD;
    const RESPONSE_NODE: &'static str = R::RESPONSE_NODE;
    const AUTHORIZATION: Authorization = R::AUTHORIZATION;
    const HTTPS_ONLY: bool = R::HTTPS_ONLY;
    const READS: bool = R::READS;
    const ERRORS: &'static [ErrorCode] = R::ERRORS;
    type Response = R::Response;

    fn extra_parameters(&self) -> &[UntypedParameter] {
        &self.extra
    }
}

impl<R: Record> fmt::Debug for WithParameters<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug::debug(&self.request, f)?;
        f.write_str(" with ")?;
        untyped::debug(&self.extra, f)
    }
}
