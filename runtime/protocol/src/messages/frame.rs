//! The codec of frames.

use std::borrow::Cow;
use std::fmt;

use super::error::FrameError;
use crate::decode::ResponseBody;
use crate::redact::HIDDEN;
use crate::secrets;

const VERSION: u8 = 2;

/// The headers that are not custom.
const END: u16 = 0;
const CUSTOM: u16 = 1;
const STATUS_CODE: u16 = 2;
const STATUS_PHRASE: u16 = 3;
const FLAG: u16 = 4;
const TOKEN: u16 = 5;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameKind {
    /// A client opens a connection.
    Connect = 0,
    /// A server accepts or refuses the connection.
    ConnectAck = 1,
    /// A command.
    Send = 2,
    /// The response to a command.
    SendAck = 3,
}

impl FrameKind {
    const ALL: [Self; 4] = [Self::Connect, Self::ConnectAck, Self::Send, Self::SendAck];
}

/// A frame: a kind and headers. It borrows texts and bytes from the encoded frame.
///
/// Debug output redacts tokens and secrets.
///
/// ```
/// use top_protocol::messages::{Frame, FrameKind, HeaderValue};
///
/// let mut frame = Frame::new(FrameKind::Send);
/// frame.token = Some("tok".into());
/// frame.push("__kind", HeaderValue::Byte(1));
/// let bytes = frame.encode()?;
/// assert_eq!(Frame::decode(&bytes)?, frame);
/// # Ok::<(), top_protocol::messages::FrameError>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// The kind.
    pub kind: FrameKind,
    /// The status code of a response. A code above 0 is a refusal.
    pub status_code: Option<i32>,
    /// The status phrase of a response. An empty phrase is not sent.
    pub status_phrase: Option<Cow<'a, str>>,
    /// The number that relates a response to its request.
    pub flag: Option<i32>,
    /// The token of the connection. An empty token is not sent.
    pub token: Option<Cow<'a, str>>,
    /// The custom headers in the order of the frame.
    pub headers: Vec<(Cow<'a, str>, HeaderValue<'a>)>,
}

/// The value of a custom header.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderValue<'a> {
    /// No value.
    Void,
    /// Text. Invalid UTF-8 is replaced by U+FFFD.
    Text(Cow<'a, str>),
    /// 8 bits.
    Byte(i8),
    /// 16 bits.
    Short(i16),
    /// 32 bits.
    Int(i32),
    /// 64 bits.
    Long(i64),
    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    Date(i64),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl<'a> HeaderValue<'a> {
    /// Returns the whole number: of any width, or as decimal text.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Byte(number) => Some((*number).into()),
            Self::Short(number) => Some((*number).into()),
            Self::Int(number) => Some((*number).into()),
            Self::Long(number) | Self::Date(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Void | Self::Bytes(_) => None,
        }
    }

    /// Returns the text, or a number as decimal text. Empty text is `None`, as on the wire.
    pub fn to_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Self::Void | Self::Bytes(_) => None,
            number => number.as_i64().map(|number| number.to_string().into()),
        }
    }
}

impl<'a> Frame<'a> {
    /// The maximum number of custom headers of a frame.
    pub const MAX_HEADERS: usize = 256;

    /// Creates a frame without headers.
    pub const fn new(kind: FrameKind) -> Self {
        Self { kind, status_code: None, status_phrase: None, flag: None, token: None, headers: Vec::new() }
    }

    /// Appends a custom header.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: HeaderValue<'a>) {
        self.headers.push((name.into(), value));
    }

    /// Appends a custom header with text.
    pub fn push_text(&mut self, name: impl Into<Cow<'a, str>>, text: impl Into<Cow<'a, str>>) {
        self.push(name, HeaderValue::Text(text.into()));
    }

    /// Returns the value of a custom header. The last header with this name counts.
    pub fn header(&self, name: &str) -> Option<&HeaderValue<'a>> {
        self.headers.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// Returns the text of a custom header: see [`HeaderValue::to_text`].
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.header(name)?.to_text()
    }

    /// Decodes a frame.
    ///
    /// Bytes after the end of the frame are ignored, as in the official Java SDK. Of a repeated header, the last one counts.
    ///
    /// # Errors
    ///
    /// [`FrameError`] if the bytes are not a frame of version 2.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let mut reader = Reader { bytes, offset: 0 };
        let version = reader.u8()?;
        if version != VERSION {
            return Err(FrameError::UnsupportedVersion(version));
        }
        let kind = reader.u8()?;
        let Some(kind) = FrameKind::ALL.into_iter().find(|known| *known as u8 == kind) else {
            return Err(FrameError::UnknownKind(kind));
        };
        let mut frame = Self::new(kind);
        loop {
            let offset = reader.offset;
            match reader.u16()? {
                END => return Ok(frame),
                CUSTOM if frame.headers.len() == Self::MAX_HEADERS => return Err(FrameError::TooManyHeaders),
                CUSTOM => {
                    let name = reader.text()?;
                    let value = reader.value()?;
                    frame.push(name, value);
                }
                STATUS_CODE => frame.status_code = Some(reader.i32()?),
                STATUS_PHRASE => frame.status_phrase = Some(reader.text()?).filter(|phrase| !phrase.is_empty()),
                FLAG => frame.flag = Some(reader.i32()?),
                TOKEN => frame.token = Some(reader.text()?).filter(|token| !token.is_empty()),
                header => return Err(FrameError::UnknownHeader { header, offset }),
            }
        }
    }

    /// Encodes the frame.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] if a text or a value is longer than 2 GiB, [`FrameError::TooManyHeaders`] if there are more than
    /// [`MAX_HEADERS`](Self::MAX_HEADERS).
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        if self.headers.len() > Self::MAX_HEADERS {
            return Err(FrameError::TooManyHeaders);
        }
        let mut writer = Writer { bytes: Vec::with_capacity(self.size_hint()) };
        writer.bytes.extend([VERSION, self.kind as u8]);
        if let Some(code) = self.status_code {
            writer.u16(STATUS_CODE);
            writer.i32(code);
        }
        if let Some(phrase) = self.status_phrase.as_ref().filter(|phrase| !phrase.is_empty()) {
            writer.u16(STATUS_PHRASE);
            writer.bytes(phrase.as_bytes())?;
        }
        if let Some(flag) = self.flag {
            writer.u16(FLAG);
            writer.i32(flag);
        }
        if let Some(token) = self.token.as_ref().filter(|token| !token.is_empty()) {
            writer.u16(TOKEN);
            writer.bytes(token.as_bytes())?;
        }
        for (name, value) in &self.headers {
            writer.u16(CUSTOM);
            writer.bytes(name.as_bytes())?;
            writer.value(value)?;
        }
        writer.u16(END);
        Ok(writer.bytes)
    }

    fn size_hint(&self) -> usize {
        const PREFIX: usize = 16;
        let headers = self.headers.iter().map(|(name, value)| {
            let value = match value {
                HeaderValue::Text(text) => text.len(),
                HeaderValue::Bytes(bytes) => bytes.len(),
                _ => 0,
            };
            name.len() + value + PREFIX
        });
        let texts = [&self.status_phrase, &self.token].into_iter().flatten().map(|text| text.len() + PREFIX);
        PREFIX + headers.sum::<usize>() + texts.sum::<usize>()
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Frame");
        output.field("kind", &self.kind);
        for (name, number) in [("status_code", self.status_code), ("flag", self.flag)] {
            number.inspect(|number| {
                output.field(name, number);
            });
        }
        self.status_phrase.as_ref().inspect(|phrase| {
            output.field("status_phrase", phrase);
        });
        self.token.as_ref().inspect(|_| {
            output.field("token", &format_args!("{HIDDEN}"));
        });
        output.field("headers", &Headers(&self.headers)).finish()
    }
}

struct Headers<'a>(&'a [(Cow<'a, str>, HeaderValue<'a>)]);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_map();
        for (name, value) in self.0 {
            match value {
                _ if secrets::is_secret(name) || name == "sign" => output.entry(name, &format_args!("{HIDDEN}")),
                // The content of a message may contain secrets.
                HeaderValue::Text(text) if name == "content" => {
                    output.entry(name, &format_args!("[{} bytes]", text.len()))
                }
                HeaderValue::Bytes(bytes) => output.entry(name, &format_args!("[{} bytes]", bytes.len())),
                value => output.entry(name, value),
            };
        }
        output.finish()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(FrameError::Truncated { offset: self.offset })?;
        self.offset += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, FrameError> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, FrameError> {
        self.array().map(u16::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, FrameError> {
        self.array().map(i32::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, FrameError> {
        self.array().map(i64::from_le_bytes)
    }

    /// Reads a length and as many bytes.
    fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let offset = self.offset;
        let length = self.i32()?;
        let length = usize::try_from(length).map_err(|_| FrameError::InvalidLength { length, offset })?;
        self.take(length)
    }

    fn text(&mut self) -> Result<Cow<'a, str>, FrameError> {
        let bytes = self.bytes()?;
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(ResponseBody::from(bytes.to_vec()).into_text()),
        })
    }

    fn value(&mut self) -> Result<HeaderValue<'a>, FrameError> {
        let offset = self.offset;
        Ok(match self.u8()? {
            0 => HeaderValue::Void,
            1 => HeaderValue::Text(self.text()?),
            2 => HeaderValue::Byte(i8::from_le_bytes(self.array()?)),
            3 => HeaderValue::Short(i16::from_le_bytes(self.array()?)),
            4 => HeaderValue::Int(self.i32()?),
            5 => HeaderValue::Long(self.i64()?),
            6 => HeaderValue::Date(self.i64()?),
            7 => HeaderValue::Bytes(self.bytes()?.into()),
            format => return Err(FrameError::UnknownFormat { format, offset }),
        })
    }
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn u16(&mut self, number: u16) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn i32(&mut self, number: i32) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        self.i32(i32::try_from(bytes.len()).map_err(|_| FrameError::TooLong)?);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn value(&mut self, value: &HeaderValue<'_>) -> Result<(), FrameError> {
        match value {
            HeaderValue::Void => self.bytes.push(0),
            HeaderValue::Text(text) => {
                self.bytes.push(1);
                self.bytes(text.as_bytes())?;
            }
            HeaderValue::Byte(number) => self.number(2, &number.to_le_bytes()),
            HeaderValue::Short(number) => self.number(3, &number.to_le_bytes()),
            HeaderValue::Int(number) => self.number(4, &number.to_le_bytes()),
            HeaderValue::Long(number) => self.number(5, &number.to_le_bytes()),
            HeaderValue::Date(milliseconds) => self.number(6, &milliseconds.to_le_bytes()),
            HeaderValue::Bytes(bytes) => {
                self.bytes.push(7);
                self.bytes(bytes)?;
            }
        }
        Ok(())
    }

    fn number(&mut self, format: u8, bytes: &[u8]) {
        self.bytes.push(format);
        self.bytes.extend_from_slice(bytes);
    }
}
