//! HTTP requests, and their parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use memchr::memmem;
use percent_encoding::percent_decode;

/// An HTTP request.
///
/// ```
/// use gateway::Request;
///
/// let request = Request { verb: "GET", path: "/router/rest", query: "method=taobao.time.get", ..Request::default() };
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The HTTP verb.
    pub verb: &'a str,
    /// The path of the URL, which selects the dialect. Other paths than those of documented gateways have the protocol of
    /// Taobao.
    pub path: &'a str,
    /// The query of the URL, without its `?`.
    pub query: &'a str,
    /// The `Content-Type`.
    pub content_type: &'a str,
    /// The header `top-api-separator` of a batch.
    pub separator: Option<&'a str>,
    /// The body. It is ignored for GET.
    pub body: &'a [u8],
}

/// The maximum number of parameters, as in many Java servers. Each takes memory, however short it is.
const MAX_PARAMETERS: usize = 10_000;

/// A request whose parameters cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestError {
    /// A name or a value is not UTF-8.
    Encoding,
    /// The content type has no parameters, or the public parameters of a JSON or XML body are not in the query.
    ContentType,
    /// The multipart body is invalid.
    Multipart(&'static str),
    /// The request has more than [`MAX_PARAMETERS`].
    TooManyParameters,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("invalid encoding: expected names and values in UTF-8"),
            Self::ContentType => f.write_str(
                "unsupported Content-Type: expected application/x-www-form-urlencoded, multipart/form-data for files, or JSON \
                 or XML with the public parameters in the query",
            ),
            Self::Multipart(problem) => write!(f, "invalid multipart body: {problem}"),
            Self::TooManyParameters => write!(f, "too many parameters: expected at most {MAX_PARAMETERS}"),
        }
    }
}

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters<'a> {
    /// The text parameters by name.
    pub(crate) texts: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// The contents of the files by name.
    pub(crate) files: BTreeMap<Cow<'a, str>, Vec<&'a [u8]>>,
    /// A body in JSON or XML, or of a batch. The signature covers it after the parameters.
    pub(crate) content: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Reads the parameters of the query and the body. The query wins if both have a name.
    pub(crate) fn parameters(&self) -> Result<Parameters<'a>, RequestError> {
        let mut parameters = Parameters::default();
        let body = if self.verb == "GET" { &[] } else { self.body };
        let media_type = self.content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") || body.is_empty() {
            parameters.read_form(body)?;
        } else if media_type.eq_ignore_ascii_case("multipart/form-data") {
            parameters.read_multipart(self.content_type, body)?;
        } else if SIGNED_TYPES.iter().any(|signed| media_type.eq_ignore_ascii_case(signed)) {
            parameters.content = Some(std::str::from_utf8(body).map_err(|_| RequestError::Encoding)?);
        } else {
            return Err(RequestError::ContentType);
        }
        parameters.read_form(self.query.as_bytes())?;
        if parameters.content.is_some() && parameters.get("method").is_none() {
            return Err(RequestError::ContentType);
        }
        Ok(parameters)
    }

    /// Reads the valid parameters of the query, which has the format for the refusal of an invalid request.
    pub(crate) fn query_parameters(&self) -> Parameters<'a> {
        let texts = pairs(self.query.as_bytes()).take(MAX_PARAMETERS).flatten().collect();
        Parameters { texts, ..Parameters::default() }
    }
}

/// The content types of bodies that the signature covers.
const SIGNED_TYPES: [&str; 3] = ["application/json", "text/xml", "application/xml"];

impl<'a> Parameters<'a> {
    /// Returns the value of a text parameter. `None` if it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(AsRef::as_ref).filter(|value| !value.is_empty())
    }

    pub(crate) fn read_form(&mut self, form: &'a [u8]) -> Result<(), RequestError> {
        for pair in pairs(form) {
            let (name, value) = pair?;
            self.texts.insert(name, value);
            self.check_count()?;
        }
        Ok(())
    }

    /// Reads the parts of a multipart body. A part with a file name is a file, any other part is a text.
    fn read_multipart(&mut self, content_type: &str, body: &'a [u8]) -> Result<(), RequestError> {
        let boundary = header_attributes(content_type).find(|(key, _)| key.eq_ignore_ascii_case("boundary"));
        let boundary = boundary.map(|(_, boundary)| boundary).filter(|boundary| !boundary.is_empty());
        let boundary = boundary.ok_or(RequestError::Multipart("the Content-Type has no boundary"))?;
        let delimiter = Delimiter::new(boundary);
        let (_preamble, mut rest) = delimiter.split_first(body)?;
        while let Rest::Part(part) = rest {
            let (content, after) = delimiter.split(part)?;
            rest = after;
            let (head, content) = split_head(content)?;
            let head = std::str::from_utf8(head).map_err(|_| RequestError::Encoding)?;
            let attribute = |key: &str| disposition(head).find(|(name, _)| name.eq_ignore_ascii_case(key));
            let (_, name) = attribute("name").ok_or(RequestError::Multipart("a part has no name"))?;
            let name = Cow::Owned(name.to_owned());
            if attribute("filename").is_some() {
                self.files.entry(name).or_default().push(content);
            } else {
                let text = std::str::from_utf8(content).map_err(|_| RequestError::Encoding)?;
                self.texts.insert(name, Cow::Borrowed(text));
            }
            self.check_count()?;
        }
        Ok(())
    }

    fn check_count(&self) -> Result<(), RequestError> {
        // More files under one name are not counted: each takes a part of the body, which is longer than an entry.
        if self.texts.len() + self.files.len() > MAX_PARAMETERS { Err(RequestError::TooManyParameters) } else { Ok(()) }
    }
}

/// A delimiter of a multipart body (RFC 2046, section 5.1.1): a line break, `--` and the boundary. White space and a line
/// break follow, or `--` after the last part.
struct Delimiter<'d> {
    line: memmem::Finder<'d>,
}

/// The content before a delimiter, and the rest after it.
type Split<'a> = (&'a [u8], Rest<'a>);

/// The rest after a delimiter.
enum Rest<'a> {
    /// Another part, followed by the rest of the body.
    Part(&'a [u8]),
    /// The end of the body.
    End,
}

impl<'d> Delimiter<'d> {
    fn new(boundary: &str) -> Self {
        Self { line: memmem::Finder::new(format!("\r\n--{boundary}").as_bytes()).into_owned() }
    }

    /// Splits at the first delimiter, which has no line break if the body starts with it.
    fn split_first<'a>(&self, body: &'a [u8]) -> Result<Split<'a>, RequestError> {
        match body.strip_prefix(&self.line.needle()[2..]).and_then(line_end) {
            Some(rest) => Ok((&[], rest)),
            None => self.split(body),
        }
    }

    /// Splits at the next delimiter. A boundary that is followed by other text is content.
    fn split<'a>(&self, body: &'a [u8]) -> Result<Split<'a>, RequestError> {
        let needle = self.line.needle();
        self.line
            .find_iter(body)
            .find_map(|start| Some((&body[..start], line_end(&body[start + needle.len()..])?)))
            .ok_or(RequestError::Multipart("the closing boundary is missing"))
    }
}

/// Reads the end of a delimiter after its boundary. Returns `None` if the text is not a delimiter.
fn line_end(rest: &[u8]) -> Option<Rest<'_>> {
    if rest.starts_with(b"--") {
        return Some(Rest::End);
    }
    let white_space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    // The line break stays: in a part without headers it starts the empty line before the content.
    rest[white_space..].starts_with(b"\r\n").then_some(Rest::Part(&rest[white_space..]))
}

/// Splits a part, which starts with a line break, at the empty line after its headers.
fn split_head(part: &[u8]) -> Result<(&[u8], &[u8]), RequestError> {
    let end =
        memmem::find(part, b"\r\n\r\n").ok_or(RequestError::Multipart("a part has no empty line after its headers"))?;
    Ok((&part[..end], &part[end + 4..]))
}

/// Returns the attributes of the `Content-Disposition` of a part.
fn disposition(head: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let own = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("Content-Disposition"));
    header_attributes(own.map_or("", |(_, value)| value))
}

/// Returns the attributes of a header: keys, and values without quotes. Escapes are kept: a name may contain `%22`.
fn header_attributes(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (key, value) = rest.split_once('=')?;
        // Items without a value are skipped.
        let key = key.rsplit(';').next().unwrap_or_default().trim();
        let (value, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(';').map_or((value.trim(), ""), |(value, after)| (value.trim(), after)),
        };
        rest = after;
        Some((key, value))
    })
}

/// Decodes the names and values of a form.
fn pairs(form: &[u8]) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), RequestError>> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        Ok((half()?, half()?))
    })
}

fn decode(text: &[u8]) -> Result<Cow<'_, str>, RequestError> {
    let decoded = if text.contains(&b'+') {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).decode_utf8().map(|text| Cow::Owned(text.into_owned()))
    } else {
        percent_decode(text).decode_utf8()
    };
    decoded.map_err(|_| RequestError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<const N: usize>(
        pairs: [(&'static str, &'static str); N],
    ) -> BTreeMap<Cow<'static, str>, Cow<'static, str>> {
        pairs.map(|(name, value)| (name.into(), value.into())).into()
    }

    fn form<'a>(query: &'a str, content_type: &'a str, body: &'a str) -> Result<Parameters<'a>, RequestError> {
        Request { verb: "POST", query, content_type, body: body.as_bytes(), ..Request::default() }.parameters()
    }

    fn multipart<'a>(content_type: &'a str, body: &'a str) -> Result<Parameters<'a>, RequestError> {
        form("", content_type, body)
    }

    #[test]
    fn reads_texts_and_files_of_a_multipart_body() {
        let body = "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type:text/plain\r\n\r\n端\r\n--x y\r\n\
                    Content-Disposition: form-data; name=\"f\"; filename=\"f.gif\"\r\n\r\nGIF\r\n--x \r\n--x y--\r\n";
        let kind = "multipart/form-data;charset=UTF-8;boundary=\"x y\"";
        let request = |body| Request { verb: "POST", query: "b=1", content_type: kind, body, ..Request::default() };
        let parameters = request(body.as_bytes()).parameters().unwrap();
        let files = [("f".into(), vec![&b"GIF\r\n--x "[..]])].into();
        assert_eq!(parameters, Parameters { texts: texts([("a", "端"), ("b", "1")]), files, content: None });
        for length in 1..body.len() - 4 {
            let cut = &body.as_bytes()[..length];
            assert!(request(cut).parameters().is_err(), "{}", String::from_utf8_lossy(cut));
        }
    }

    /// The layouts of the official SDKs and of RFC 2046.
    #[test]
    fn reads_multipart_bodies_of_official_sdks() {
        let kind = "multipart/form-data;charset=UTF-8;boundary=x";
        let part = "\r\nContent-Disposition:form-data;name=\"a\"\r\nContent-Type:text/plain\r\n\r\n1\r\n";
        for body in [
            format!("--x{part}--x--\r\n"),
            // Java of 2012 and 2021, .NET.
            format!("\r\n--x{part}--x--\r\n"),
            // PHP.
            format!("--x{part}--x--"),
            format!("a preamble\r\nof two lines, --x\r\n--x{part}--x--\r\nan epilogue\r\n--x\r\n"),
            format!("--x  \t{part}--x--  \r\n"),
            format!("--xy\r\n--x{part}--x--"),
        ] {
            assert_eq!(multipart(kind, &body).unwrap().texts, texts([("a", "1")]), "{body}");
        }
        let body = "--x\r\nContent-Disposition:form-data;name=\"a\"\r\n\r\n1\r\n--xy\r\n--x-\r\n--x--";
        assert_eq!(multipart(kind, body).unwrap().texts, texts([("a", "1\r\n--xy\r\n--x-")]));
        // Python of 2021.
        let body = "--x\r\nContent-Disposition: file; name=\"f\"; filename=\"a.gif\"\r\nContent-Type: image/gif\r\n\
                    Content-Transfer-Encoding: binary\r\n\r\nGIF\r\n--x--\r\n";
        assert_eq!(multipart(kind, body).unwrap().files, [("f".into(), vec![&b"GIF"[..]])].into());
    }

    #[test]
    fn multipart_needs_a_boundary_and_named_parts() {
        let body = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--";
        for kind in [
            "multipart/form-data; boundary=x",
            "Multipart/Form-Data; Boundary=x",
            "multipart/form-data; BOUNDARY=\"x\"; charset=utf-8",
            "multipart/form-data;charset=\"a;boundary=y\" ; boundary = x ; a=b",
            "multipart/form-data; a; boundary=x",
        ] {
            assert_eq!(multipart(kind, body).unwrap().texts, texts([("a", "1")]), "{kind}");
        }
        for kind in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\""] {
            assert_eq!(
                multipart(kind, body),
                Err(RequestError::Multipart("the Content-Type has no boundary")),
                "{kind}"
            );
        }
        for (body, problem) in [
            ("--y\r\n--y--", "the closing boundary is missing"),
            ("--x\r\nA: b\r\n\r\n1\r\n--x--", "a part has no name"),
            ("--x\r\n\r\n1\r\n--x--", "a part has no name"),
            ("--x\r\nA: b\r\n--x--", "a part has no empty line after its headers"),
        ] {
            assert_eq!(
                multipart("multipart/form-data; boundary=x", body),
                Err(RequestError::Multipart(problem)),
                "{body}"
            );
        }
    }

    #[test]
    fn reads_attributes_of_content_dispositions() {
        for (head, expected) in [
            ("Content-Disposition: form-data; name=\"a\"", &[("name", "a")][..]),
            ("A: b\r\ncontent-disposition:form-data;NAME=a;x", &[("NAME", "a")]),
            (
                "Content-Disposition: form-data; filename=\"; name=b\"; name=\"%22\\\"",
                &[("filename", "; name=b"), ("name", "%22\\")],
            ),
            ("Content-Disposition: form-data; name=\"a", &[]),
            ("Content-Type: a; name=\"a\"", &[]),
            ("", &[]),
        ] {
            assert_eq!(disposition(head).collect::<Vec<_>>(), expected, "{head}");
        }
    }

    #[test]
    fn merges_query_and_body() {
        let parameters =
            form("a=1&c=q", "application/x-www-form-urlencoded;charset=UTF-8", "b=x+y%2Bz&c=b&d&=&e=%E7%AB%AF")
                .unwrap();
        let expected = texts([("", ""), ("a", "1"), ("b", "x y+z"), ("c", "q"), ("d", ""), ("e", "端")]);
        assert_eq!(parameters.texts, expected);
        // The body of a GET is ignored.
        let get =
            Request { verb: "GET", query: "a=1", content_type: "application/json", body: b"{}", ..Request::default() };
        assert_eq!(get.parameters().unwrap().texts, texts([("a", "1")]));
    }

    #[test]
    fn refuses_invalid_requests() {
        assert_eq!(form("a=%FF", "", ""), Err(RequestError::Encoding));
        assert_eq!(form("method=a", "text/plain", "{}"), Err(RequestError::ContentType));
        assert_eq!(form("", "application/json", "{}"), Err(RequestError::ContentType));
        assert_eq!(form("method=a", "Application/JSON; charset=utf-8", "{}").unwrap().content, Some("{}"));
        assert_eq!(form("", "application/json", ""), Ok(Parameters::default()));
        let many = |count: usize| (0..count).map(|number| format!("&{number}=")).collect::<String>();
        assert_eq!(form(&many(MAX_PARAMETERS), "", "").unwrap().texts.len(), MAX_PARAMETERS);
        assert_eq!(form(&many(MAX_PARAMETERS + 1), "", ""), Err(RequestError::TooManyParameters));
        let query = "a=1&b=%FF&format=json";
        let request = Request { verb: "POST", query, content_type: "text/html", body: b"x", ..Request::default() };
        assert_eq!(request.query_parameters().texts, texts([("a", "1"), ("format", "json")]));
    }
}
