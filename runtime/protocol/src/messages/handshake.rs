//! The handshake: CONNECT and CONNECTACK.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::command::{refusal_of, write_refusal};
use super::error::{HandshakeError, Refusal};
use super::frame::{Frame, FrameKind, HeaderValue};
use crate::credentials::AppCredentials;
use crate::sign::{SignMethod, signature};

/// The first frame of a client, signed with the AppSecret.
///
/// Debug output omits the signature and the token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The AppKey.
    pub app_key: String,
    /// The name of the group.
    pub group: String,
    /// Milliseconds since 1970-01-01 00:00:00 UTC, as text.
    pub timestamp: String,
    /// The signature over the AppKey, the group and the timestamp.
    pub sign: String,
    /// The name of the SDK.
    pub sdk: Option<String>,
    /// The address of the client in its network.
    pub intranet_ip: Option<Ipv4Addr>,
    /// The result of `taobao.tmc.auth.get`.
    pub token: Option<String>,
}

impl ConnectRequest {
    /// The group that every application has.
    pub const DEFAULT_GROUP: &'static str = "default";

    /// Creates a signed request.
    pub fn new(credentials: &AppCredentials, group: impl Into<String>, now: SystemTime) -> Self {
        let (app_key, group) = (credentials.app_key().to_owned(), group.into());
        let timestamp = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()).to_string();
        let sign = sign(credentials.expose_secret(), &app_key, &group, &timestamp);
        Self { app_key, group, timestamp, sign, sdk: None, intranet_ip: None, token: None }
    }

    /// Returns whether the signature is that of the secret, for servers.
    pub fn is_signed_with(&self, app_secret: &str) -> bool {
        sign(app_secret, &self.app_key, &self.group, &self.timestamp).eq_ignore_ascii_case(&self.sign)
    }

    /// Returns the frame. The response has the same flag.
    pub fn to_frame(&self, flag: i32) -> Frame<'_> {
        let mut frame = Frame::new(FrameKind::Connect);
        frame.flag = Some(flag);
        frame.push_text("app_key", &self.app_key);
        frame.push_text("group_name", &self.group);
        frame.push_text("timestamp", &self.timestamp);
        frame.push_text("sign", &self.sign);
        if let Some(sdk) = &self.sdk {
            frame.push_text("sdk", sdk);
        }
        if let Some(address) = self.intranet_ip {
            frame.push_text("intranet_ip", address.to_string());
        }
        if let Some(token) = &self.token {
            frame.push_text("token", token);
        }
        frame
    }

    /// Reads a request, for servers. It does not check the signature.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`] if the frame is not CONNECT, or lacks one of the signed headers or the signature.
    pub fn from_frame(frame: &Frame<'_>) -> Result<Self, HandshakeError> {
        if frame.kind != FrameKind::Connect {
            return Err(HandshakeError::UnexpectedFrame);
        }
        let optional = |name| frame.header(name).and_then(HeaderValue::to_text).map(|text| text.into_owned());
        let required = |name| optional(name).ok_or(HandshakeError::MissingHeader(name));
        Ok(Self {
            app_key: required("app_key")?,
            group: required("group_name")?,
            timestamp: required("timestamp")?,
            sign: required("sign")?,
            sdk: optional("sdk"),
            intranet_ip: optional("intranet_ip").and_then(|address| address.parse().ok()),
            token: optional("token"),
        })
    }
}

impl fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectRequest")
            .field("app_key", &self.app_key)
            .field("group", &self.group)
            .field("timestamp", &self.timestamp)
            .field("sdk", &self.sdk)
            .finish_non_exhaustive()
    }
}

/// Returns the signature of the handshake (docs/protocol.md section 7.2).
fn sign(secret: &str, app_key: &str, group: &str, timestamp: &str) -> String {
    let parameters = [("app_key", app_key), ("group_name", group), ("timestamp", timestamp)];
    signature(SignMethod::Md5, secret, parameters, b"")
}

/// The response of a server to [`ConnectRequest`].
///
/// Debug output omits the token.
#[derive(Clone, PartialEq, Eq)]
pub enum ConnectAck {
    /// The server accepted the connection. Later commands carry the token.
    Accepted {
        /// The token of the connection.
        token: String,
    },
    /// The server refused the connection.
    Refused(Refusal),
}

impl ConnectAck {
    /// Returns the frame of the response to the request with this flag.
    pub fn to_frame(&self, flag: Option<i32>) -> Frame<'_> {
        let mut frame = Frame::new(FrameKind::ConnectAck);
        frame.flag = flag;
        match self {
            Self::Accepted { token } => frame.token = Some(token.into()),
            Self::Refused(refusal) => write_refusal(&mut frame, refusal),
        }
        frame
    }

    /// Reads the response to the request with this flag, and returns the token of the connection.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`] if the server refused the connection, or if the frame is another response.
    pub fn token_of(frame: &Frame<'_>, flag: i32) -> Result<String, HandshakeError> {
        if frame.kind != FrameKind::ConnectAck {
            return Err(HandshakeError::UnexpectedFrame);
        }
        if let Some(refusal) = refusal_of(frame) {
            return Err(HandshakeError::Refused(refusal));
        }
        if frame.flag != Some(flag) {
            return Err(HandshakeError::FlagMismatch { expected: flag, found: frame.flag });
        }
        frame.token.as_ref().map(|token| token.clone().into_owned()).ok_or(HandshakeError::MissingToken)
    }
}

impl fmt::Debug for ConnectAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { .. } => f.debug_struct("Accepted").finish_non_exhaustive(),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
        }
    }
}
