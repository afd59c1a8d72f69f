//! Variants of the protocol.

use std::borrow::Cow;

use crate::format::Format;
use crate::sign::SignMethod;

/// A variant of the protocol: what a gateway expects of a request.
///
/// The default is the protocol of Taobao. The documented gateways have their dialects; a URL can be given one:
///
/// ```
/// use generated_sdk::protocol::{Dialect, ParameterPlacement, SignMethod, TimestampForm};
/// use generated_sdk::Gateway;
///
/// let dialect = Dialect::default()
///     .parameters(ParameterPlacement::Query)
///     .timestamp(TimestampForm::Milliseconds)
///     .sign_name(SignMethod::HmacSha256, "sha256")
///     .session_parameter("access_token");
/// let gateway = Gateway::from("https://gateway.example/sync").with_dialect(dialect);
/// ```
///
/// Sources: docs/protocol.md sections 1.2, 7.4, 11.1 and 11.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialect {
    /// Where a request has its parameters. Default: [`ParameterPlacement::Form`].
    pub parameters: ParameterPlacement,
    /// The form of timestamps. Default: [`TimestampForm::Text`].
    pub timestamp: TimestampForm,
    /// The format of responses, unless a client sets another. Default: [`Format::Json`].
    pub format: Format,
    /// The signature algorithm, unless a client sets another. Default: [`SignMethod::HmacSha256`].
    pub sign_method: SignMethod,
    /// The values of the `sign_method` parameter, in the order of [`SignMethod::ALL`]. Default: the names of the algorithms.
    pub sign_names: [Cow<'static, str>; 3],
    /// The name of the parameter with the session. Default: `session`.
    pub session_parameter: Cow<'static, str>,
    /// The name of the parameter with the customer id. Default: `customer_id`.
    pub customer_parameter: Cow<'static, str>,
}

/// Where a request has its parameters. The signature covers all of them, and the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParameterPlacement {
    /// In the body of a POST: a form, or `multipart/form-data` if there are files.
    #[default]
    Form,
    /// In the query of a GET. A request with files is sent as [`Form`](Self::Form). Proxies and servers log queries,
    /// which contain the session.
    Query,
    /// The public parameters in the query of a POST, the others in its body: a JSON object.
    JsonBody,
    /// The public parameters in the query of a POST, the others in its body: an XML element `request`.
    XmlBody,
}

/// The form of timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampForm {
    /// `yyyy-MM-dd HH:mm:ss` at GMT+8.
    #[default]
    Text,
    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    Milliseconds,
}

impl Dialect {
    /// The protocol of Taobao, the default.
    pub const TAOBAO: Self = Self {
        parameters: ParameterPlacement::Form,
        timestamp: TimestampForm::Text,
        format: Format::Json,
        sign_method: SignMethod::HmacSha256,
        sign_names: [
            Cow::Borrowed(SignMethod::Md5.name()),
            Cow::Borrowed(SignMethod::Hmac.name()),
            Cow::Borrowed(SignMethod::HmacSha256.name()),
        ],
        session_parameter: Cow::Borrowed("session"),
        customer_parameter: Cow::Borrowed("customer_id"),
    };

    /// Sets where a request has its parameters.
    #[must_use]
    pub fn parameters(self, parameters: ParameterPlacement) -> Self {
        Self { parameters, ..self }
    }

    /// Sets the form of timestamps.
    #[must_use]
    pub fn timestamp(self, timestamp: TimestampForm) -> Self {
        Self { timestamp, ..self }
    }

    /// Sets the default format of responses.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Sets the default signature algorithm.
    #[must_use]
    pub fn sign_method(self, sign_method: SignMethod) -> Self {
        Self { sign_method, ..self }
    }

    /// Sets the value of the `sign_method` parameter for an algorithm.
    #[must_use]
    pub fn sign_name(mut self, method: SignMethod, name: impl Into<Cow<'static, str>>) -> Self {
        self.sign_names[method as usize] = name.into();
        self
    }

    /// Sets the name of the parameter with the session.
    #[must_use]
    pub fn session_parameter(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { session_parameter: name.into(), ..self }
    }

    /// Sets the name of the parameter with the customer id.
    #[must_use]
    pub fn customer_parameter(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { customer_parameter: name.into(), ..self }
    }

    /// Returns the value of the `sign_method` parameter for an algorithm.
    pub(crate) fn name_of(&self, method: SignMethod) -> Cow<'static, str> {
        self.sign_names[method as usize].clone()
    }
}

impl Default for Dialect {
    /// Returns the protocol of Taobao.
    fn default() -> Self {
        Self::TAOBAO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_algorithms_are_in_their_order() {
        for method in SignMethod::ALL {
            assert_eq!(Dialect::TAOBAO.name_of(method), method.name());
            let dialect = Dialect::default().sign_name(method, "other");
            let others: Vec<_> =
                SignMethod::ALL.into_iter().filter(|other| dialect.name_of(*other) == "other").collect();
            assert_eq!(others, [method]);
        }
    }
}
