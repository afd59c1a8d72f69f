//! Requests: what a method is called with, and the parameters that a caller adds.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use super::{File, Record, RecordMut, Schema, UntypedParameter, View, debug, untyped};

/// The request of one API method.
///
/// ```
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::protocol::Request;
///
/// assert_eq!(TopClientTokenGetRequest::METHOD, "taobao.top.client.token.get");
/// ```
///
/// A required parameter cannot be forgotten: a request without it does not compile. Few are arguments of `new`,
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
/// and many are fields of a struct that `new` takes, each by its name. There is no default for either.
///
/// ```compile_fail,E0599
/// # use generated_sdk::api::top::TopClientTokenGetRequest;
/// let request = TopClientTokenGetRequest::default();
/// ```
pub trait Request: Record {
    /// The method's name on the wire.
    const METHOD: &'static str;

    /// The root node of a response (docs/protocol.md section 4.1).
    const RESPONSE_NODE: &'static str;

    /// Whether a call needs a session.
    const AUTHORIZATION: Authorization = Authorization::Optional;

    /// Whether the method is to be called over https alone.
    const HTTPS_ONLY: bool = false;

    /// Whether a call changes nothing, so that it may be made again when it is not known whether it was carried out.
    /// Unless the spec says otherwise, this is so if the last word of the method's name is one of `get`, `query`,
    /// `search`, `list`, `count` and `detail`.
    const READS: bool = reads(Self::METHOD);

    /// The error codes that the method's documents list.
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

    /// The parameters beside those of the type: see [`with_parameter`](Self::with_parameter).
    fn extra_parameters(&self) -> &[UntypedParameter] {
        &[]
    }

    /// Adds a parameter that the type lacks. It is signed and sent as the others are, and hidden by its name if it is a
    /// secret. Its value is written as it is sent.
    ///
    /// ```
    /// use generated_sdk::api::top::TopClientTokenGetRequest;
    /// use generated_sdk::protocol::Request;
    ///
    /// let request = TopClientTokenGetRequest::new("sec_token").with_parameter("biz_type", "3");
    /// ```
    ///
    /// A call fails with [`Error::Invalid`](super::Error::Invalid) if the name is that of a documented parameter, which has a
    /// setter, of a [public parameter](super::PUBLIC_PARAMETERS), or of another added one.
    fn with_parameter(self, name: impl Into<String>, value: impl Into<String>) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_parameter(name, value)
    }

    /// Sends a parameter with an empty value, as `name=`. Some methods clear a field by that.
    ///
    /// ```
    /// # use generated_sdk::api::top::TopClientTokenGetRequest;
    /// # use generated_sdk::protocol::Request;
    /// let request = TopClientTokenGetRequest::new("sec_token").with_empty("outer_id");
    /// ```
    ///
    /// # Empty values
    ///
    /// Official SDKs differ: Java and .NET drop an empty value, Python, PHP, Go and Node send it and sign its name. So a
    /// parameter is sent empty only where the code names it here; the signature has its name then.
    ///
    /// A value that is set to an empty or blank text otherwise is an [`Error::Invalid`](super::Error::Invalid):
    /// [`Missing`](super::Problem::Missing) if the parameter is required, else [`Empty`](super::Problem::Empty). Without
    /// validation it is sent as it is. `None` and an empty list are absent. Below an object parameter an empty text is sent,
    /// because JSON tells it from an absent one; only a required field is checked there.
    fn with_empty(self, name: impl Into<String>) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_empty(name)
    }

    /// Adds a file that the type lacks, next to added ones of the same name. See [`with_parameter`](Self::with_parameter).
    fn with_file(self, name: impl Into<String>, file: File) -> WithParameters<Self>
    where
        Self: Sized,
    {
        WithParameters::new(self).with_file(name, file)
    }
}

/// Whether a method only reads, as far as its name tells.
pub const fn reads(method: &str) -> bool {
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

/// Whether a call needs a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorization {
    /// It is refused without one.
    Required,
    /// It may have one.
    Optional,
    /// It needs none.
    None,
}

/// An error code of a method, which comes as [`PlatformError::sub_code`](super::PlatformError::sub_code) or in the
/// response itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code.
    pub code: &'static str,
    /// What it means, in the documents' words.
    pub message: &'static str,
    /// What to do, in the documents' words.
    pub solution: &'static str,
}

/// A request with parameters beside those of its type: see [`Request::with_parameter`] and [`Request::with_empty`].
///
/// It is a request of the same method, and of the same list if that one is paged.
#[derive(Clone, PartialEq)]
pub struct WithParameters<R> {
    request: R,
    extra: Vec<UntypedParameter>,
}

impl<R: Request> WithParameters<R> {
    /// A request without more than its own.
    pub(super) fn new(request: R) -> Self {
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
