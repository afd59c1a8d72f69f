//! HTTP requests, and the parameters in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use percent_encoding::percent_decode;

/// An HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The HTTP verb.
    pub verb: &'a str,
    /// The query of the URL, without its `?`.
    pub query: &'a str,
    /// The `Content-Type`.
    pub content_type: &'a str,
    /// The body. A GET has no body: it is ignored.
    pub body: &'a [u8],
}

/// The most parameters that a request may have, as in many Java servers. Each takes memory, however short it is.
const MAX_PARAMETERS: usize = 10_000;

/// The reason why the parameters of a request cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A name or a value is not UTF-8.
    Encoding,
    /// The content type is not one that carries parameters.
    ContentType,
    /// The body is not multipart although its type says so.
    Parts(&'static str),
    /// There are more than [`MAX_PARAMETERS`].
    TooMany,
}

/// The parameters of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters<'a> {
    /// The text parameters by name.
    pub(crate) texts: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// The contents of the files by name.
    pub(crate) files: BTreeMap<Cow<'a, str>, Vec<&'a [u8]>>,
}

impl<'a> Incoming<'a> {
    /// The parameters of the query and the body. The query wins where both have a name.
    pub(crate) fn parameters(&self) -> Result<Parameters<'a>, Unreadable> {
        let mut parameters = Parameters::default();
        let body = if self.verb == "GET" { &[] } else { self.body };
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") || body.is_empty() {
            parameters.read_form(body)?;
        } else if kind.eq_ignore_ascii_case("multipart/form-data") {
            parameters.read_multipart(self.content_type, body)?;
        } else {
            return Err(Unreadable::ContentType);
        }
        parameters.read_form(self.query.as_bytes())?;
        Ok(parameters)
    }

    /// The parameters of the query that can be read: they say in which format the refusal of an unreadable request is.
    pub(crate) fn query_parameters(&self) -> Parameters<'a> {
        let texts = pairs(self.query.as_bytes()).take(MAX_PARAMETERS).flatten().collect();
        Parameters { texts, files: BTreeMap::new() }
    }
}

impl<'a> Parameters<'a> {
    fn read_form(&mut self, form: &'a [u8]) -> Result<(), Unreadable> {
        for pair in pairs(form) {
            let (name, value) = pair?;
            self.texts.insert(name, value);
            self.check_count()?;
        }
        Ok(())
    }

    /// Reads the parts of a multipart body: a part with a file name is a file, every other one a text.
    fn read_multipart(&mut self, content_type: &str, body: &'a [u8]) -> Result<(), Unreadable> {
        let boundary = attributes(content_type).find(|(key, _)| key.eq_ignore_ascii_case("boundary"));
        let boundary = boundary.map(|(_, boundary)| boundary).filter(|boundary| !boundary.is_empty());
        let boundary = boundary.ok_or(Unreadable::Parts("the content type has no boundary"))?;
        let delimiter = Delimiter::new(boundary);
        let (_preamble, mut rest) = delimiter.split_first(body)?;
        while let Following::Part(part) = rest {
            let (content, after) = delimiter.split(part)?;
            rest = after;
            let (head, content) = split_head(content)?;
            let head = std::str::from_utf8(head).map_err(|_| Unreadable::Encoding)?;
            let attribute = |key: &str| disposition(head).find(|(name, _)| name.eq_ignore_ascii_case(key));
            let (_, name) = attribute("name").ok_or(Unreadable::Parts("a part has no name"))?;
            let name = Cow::Owned(name.to_owned());
            if attribute("filename").is_some() {
                self.files.entry(name).or_default().push(content);
            } else {
                let text = std::str::from_utf8(content).map_err(|_| Unreadable::Encoding)?;
                self.texts.insert(name, Cow::Borrowed(text));
            }
            self.check_count()?;
        }
        Ok(())
    }

    fn check_count(&self) -> Result<(), Unreadable> {
        // Files of one name cost a part each, far more than an entry takes.
        if self.texts.len() + self.files.len() > MAX_PARAMETERS { Err(Unreadable::TooMany) } else { Ok(()) }
    }
}

/// The line between two parts of a multipart body (RFC 2046, 5.1.1): a line break, `--` and the boundary, then blanks and
/// a line break, or `--` after the last part.
struct Delimiter<'d> {
    line: memmem::Finder<'d>,
}

/// What precedes a delimiter, and what follows it.
type Split<'a> = (&'a [u8], Following<'a>);

/// What follows a delimiter.
enum Following<'a> {
    /// Another part, and the rest of the body after it.
    Part(&'a [u8]),
    /// The end of the body, after the last delimiter.
    Nothing,
}

impl<'d> Delimiter<'d> {
    fn new(boundary: &str) -> Self {
        Self { line: memmem::Finder::new(format!("\r\n--{boundary}").as_bytes()).into_owned() }
    }

    /// Splits at the first delimiter, which needs no line break at the start of the body.
    fn split_first<'a>(&self, body: &'a [u8]) -> Result<Split<'a>, Unreadable> {
        match body.strip_prefix(&self.line.needle()[2..]).and_then(line_end) {
            Some(rest) => Ok((&[], rest)),
            None => self.split(body),
        }
    }

    /// Splits at the next delimiter. The boundary with other text behind it is content.
    fn split<'a>(&self, body: &'a [u8]) -> Result<Split<'a>, Unreadable> {
        let needle = self.line.needle();
        self.line
            .find_iter(body)
            .find_map(|start| Some((&body[..start], line_end(&body[start + needle.len()..])?)))
            .ok_or(Unreadable::Parts("the boundary of the content type does not close the body"))
    }
}

/// Reads the end of a delimiter after its boundary. Returns `None` if the text is not a delimiter.
fn line_end(rest: &[u8]) -> Option<Following<'_>> {
    if rest.starts_with(b"--") {
        return Some(Following::Nothing);
    }
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    // The line break stays: a part without headers begins with the empty line that it ends.
    rest[blanks..].starts_with(b"\r\n").then_some(Following::Part(&rest[blanks..]))
}

/// Splits a part, which begins with a line break, at the empty line after its headers.
fn split_head(part: &[u8]) -> Result<(&[u8], &[u8]), Unreadable> {
    let end = memmem::find(part, b"\r\n\r\n").ok_or(Unreadable::Parts("a part has no empty line after its headers"))?;
    Ok((&part[..end], &part[end + 4..]))
}

/// The attributes of the `Content-Disposition` of a part.
fn disposition(head: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let own = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("Content-Disposition"));
    attributes(own.map_or("", |(_, value)| value))
}

/// The attributes of a header: keys, and values without their quotes. Escapes are kept, because a name may look like one.
fn attributes(header: &str) -> impl Iterator<Item = (&str, &str)> {
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

/// The names and values of a form.
fn pairs(form: &[u8]) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), Unreadable>> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        Ok((half()?, half()?))
    })
}

fn decode(text: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let decoded = if text.contains(&b'+') {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).decode_utf8().map(|text| Cow::Owned(text.into_owned()))
    } else {
        percent_decode(text).decode_utf8()
    };
    decoded.map_err(|_| Unreadable::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<const N: usize>(
        pairs: [(&'static str, &'static str); N],
    ) -> BTreeMap<Cow<'static, str>, Cow<'static, str>> {
        pairs.map(|(name, value)| (name.into(), value.into())).into()
    }

    fn form<'a>(query: &'a str, content_type: &'a str, body: &'a str) -> Result<Parameters<'a>, Unreadable> {
        Incoming { verb: "POST", query, content_type, body: body.as_bytes() }.parameters()
    }

    fn multipart<'a>(content_type: &'a str, body: &'a str) -> Result<Parameters<'a>, Unreadable> {
        form("", content_type, body)
    }

    #[test]
    fn parts_are_texts_and_files() {
        let body = "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type:text/plain\r\n\r\n端\r\n--x y\r\n\
                    Content-Disposition: form-data; name=\"f\"; filename=\"f.gif\"\r\n\r\nGIF\r\n--x \r\n--x y--\r\n";
        let kind = "multipart/form-data;charset=UTF-8;boundary=\"x y\"";
        let incoming = |body| Incoming { verb: "POST", query: "b=1", content_type: kind, body };
        let parameters = incoming(body.as_bytes()).parameters().unwrap();
        let files = [("f".into(), vec![&b"GIF\r\n--x "[..]])].into();
        assert_eq!(parameters, Parameters { texts: texts([("a", "端"), ("b", "1")]), files });
        for length in 1..body.len() - 4 {
            let cut = &body.as_bytes()[..length];
            assert!(incoming(cut).parameters().is_err(), "{}", String::from_utf8_lossy(cut));
        }
    }

    /// The forms of the official SDKs and of RFC 2046.
    #[test]
    fn multipart_bodies_that_begin_and_end_in_other_ways() {
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
    fn content_types_of_multipart() {
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
            assert_eq!(multipart(kind, body), Err(Unreadable::Parts("the content type has no boundary")), "{kind}");
        }
        for (body, problem) in [
            ("--y\r\n--y--", "the boundary of the content type does not close the body"),
            ("--x\r\nA: b\r\n\r\n1\r\n--x--", "a part has no name"),
            ("--x\r\n\r\n1\r\n--x--", "a part has no name"),
            ("--x\r\nA: b\r\n--x--", "a part has no empty line after its headers"),
        ] {
            assert_eq!(multipart("multipart/form-data; boundary=x", body), Err(Unreadable::Parts(problem)), "{body}");
        }
    }

    #[test]
    fn names_of_parts() {
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
    fn query_and_body_are_one() {
        let parameters =
            form("a=1&c=q", "application/x-www-form-urlencoded;charset=UTF-8", "b=x+y%2Bz&c=b&d&=&e=%E7%AB%AF")
                .unwrap();
        let expected = texts([("", ""), ("a", "1"), ("b", "x y+z"), ("c", "q"), ("d", ""), ("e", "端")]);
        assert_eq!(parameters.texts, expected);
        // A GET has no body.
        let get = Incoming { verb: "GET", query: "a=1", content_type: "application/json", body: b"{}" };
        assert_eq!(get.parameters().unwrap().texts, texts([("a", "1")]));
    }

    #[test]
    fn unreadable_requests() {
        assert_eq!(form("a=%FF", "", ""), Err(Unreadable::Encoding));
        assert_eq!(form("", "application/json", "{}"), Err(Unreadable::ContentType));
        assert_eq!(form("", "application/json", ""), Ok(Parameters::default()));
        let many = |count: usize| (0..count).map(|number| format!("&{number}=")).collect::<String>();
        assert_eq!(form(&many(MAX_PARAMETERS), "", "").unwrap().texts.len(), MAX_PARAMETERS);
        assert_eq!(form(&many(MAX_PARAMETERS + 1), "", ""), Err(Unreadable::TooMany));
        let query = "a=1&b=%FF&format=json";
        let incoming = Incoming { verb: "POST", query, content_type: "text/html", body: b"x" };
        assert_eq!(incoming.query_parameters().texts, texts([("a", "1"), ("format", "json")]));
    }
}
