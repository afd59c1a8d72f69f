//! Signed calls, as the platform makes them.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use secrecy::{ExposeSecret, SecretString};

use super::signed::{SIGN_LIST, Signed};
use super::{SpiCharset, SpiRequestError};
use crate::parameters::push_encoded;
use crate::time::DateTime;

/// An SPI call that is signed as the platform signs it, for tests of an endpoint.
///
/// ```
/// use top_protocol::DateTime;
/// use top_protocol::spi::{SpiRequest, SpiVerifier};
///
/// let noon: DateTime = "2016-01-01 12:00:00".parse()?;
/// let request = SpiRequest::new("taobao.qimen.test", "12345678", "helloworld")
///     .timestamp(noon)
///     .parameter("empty", "")
///     .header("x-top-uid", "小二")
///     .json(r#"{"a":"1"}"#)
///     .sign("https://shop.test/spi")?;
/// assert!(request.uri().query().is_some_and(|query| query.ends_with("&sign=E231391D592C63D105256233F8CF20FC")));
///
/// let call = SpiVerifier::new("helloworld").with_clock(move || noon).verify(&request)?;
/// assert_eq!(call.parameter("x-top-uid"), Some("小二"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SpiRequest {
    secret: SecretString,
    charset: SpiCharset,
    timestamp: Option<DateTime>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Clone)]
enum Body {
    None,
    Form(Vec<(String, String)>),
    Text { media_type: &'static str, text: String },
}

impl SpiRequest {
    /// Creates a call of the SPI `method` of the application with this AppKey and AppSecret.
    pub fn new(method: impl Into<String>, app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        Self {
            secret: SecretString::from(app_secret.into()),
            charset: SpiCharset::default(),
            timestamp: None,
            query: vec![("method".to_owned(), method.into()), ("app_key".to_owned(), app_key.into())],
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// Sets the timestamp. Default: the time of [`sign`](Self::sign).
    #[must_use]
    pub fn timestamp(self, timestamp: DateTime) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }

    /// Sets the charset. Default: UTF-8.
    #[must_use]
    pub fn charset(self, charset: SpiCharset) -> Self {
        Self { charset, ..self }
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a signed header: `top-sign-list` lists it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a field to the form. Replaces a body of another type.
    #[must_use]
    pub fn form(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let field = (name.into(), value.into());
        match &mut self.body {
            Body::Form(fields) => fields.push(field),
            body => *body = Body::Form(vec![field]),
        }
        self
    }

    /// Sets a body of JSON.
    #[must_use]
    pub fn json(self, json: impl Into<String>) -> Self {
        self.text("application/json", json)
    }

    /// Sets a body of XML.
    #[must_use]
    pub fn xml(self, xml: impl Into<String>) -> Self {
        self.text("text/xml", xml)
    }

    /// Sets a body of plain text.
    #[must_use]
    pub fn plain(self, text: impl Into<String>) -> Self {
        self.text("text/plain", text)
    }

    fn text(self, media_type: &'static str, text: impl Into<String>) -> Self {
        Self { body: Body::Text { media_type, text: text.into() }, ..self }
    }

    /// Signs the call to `url`: a POST if it has a body, else a GET. A query of `url` is kept and signed too.
    ///
    /// # Errors
    ///
    /// [`SpiRequestError`]: the URL or the name of a header is invalid, or the charset lacks a character.
    pub fn sign(&self, url: &str) -> Result<Request<Vec<u8>>, SpiRequestError> {
        let timestamp = ("timestamp".to_owned(), self.timestamp.unwrap_or_else(DateTime::now).to_string());
        let query = self.encoded(self.query.iter().chain([&timestamp]))?;
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}{query}");
        let (media_type, body) = match &self.body {
            Body::None => ("", Vec::new()),
            Body::Form(fields) => ("application/x-www-form-urlencoded", self.encoded(fields)?.into_bytes()),
            Body::Text { media_type, text } => (*media_type, self.bytes(text)?.into_owned()),
        };
        let method = if media_type.is_empty() { Method::GET } else { Method::POST };
        let mut builder = Request::builder().method(method).uri(&url);
        // Without a body, the Content-Type names the charset of the query.
        if !media_type.is_empty() || self.charset != SpiCharset::Utf8 {
            let media_type = if media_type.is_empty() { "application/x-www-form-urlencoded" } else { media_type };
            builder = builder.header(CONTENT_TYPE, format!("{media_type};charset={}", self.charset.name()));
        }
        if !self.headers.is_empty() {
            let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
            builder = builder.header(SIGN_LIST, names.join(","));
        }
        for (name, value) in &self.headers {
            let mut encoded = String::new();
            push_encoded(&mut encoded, &self.bytes(value)?);
            builder = builder.header(name, encoded);
        }
        let mut request = builder.body(body)?;
        let signature = {
            let query = request.uri().query().unwrap_or_default();
            let signed = Signed::of(query, request.headers(), request.body());
            signed.map_err(|_| SpiRequestError::Unmappable(self.charset))?.signature(self.secret.expose_secret())
        };
        *request.uri_mut() = format!("{url}&sign={signature}").parse().map_err(http::Error::from)?;
        Ok(request)
    }

    fn encoded<'a>(&self, pairs: impl IntoIterator<Item = &'a (String, String)>) -> Result<String, SpiRequestError> {
        let mut text = String::new();
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push('&');
            }
            push_encoded(&mut text, &self.bytes(name)?);
            text.push('=');
            push_encoded(&mut text, &self.bytes(value)?);
        }
        Ok(text)
    }

    fn bytes<'a>(&self, text: &'a str) -> Result<std::borrow::Cow<'a, [u8]>, SpiRequestError> {
        self.charset.encode(text).ok_or(SpiRequestError::Unmappable(self.charset))
    }
}

impl fmt::Debug for SpiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("SpiRequest")
            .field("charset", &self.charset)
            .field("timestamp", &self.timestamp)
            .field("query", &names(&self.query))
            .field("headers", &names(&self.headers))
            .finish_non_exhaustive()
    }
}
