//! A request as it comes in, and the parameters in it.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;

/// What HTTP brings.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The HTTP verb.
    pub verb: &'a str,
    /// The query of the URL, without its `?`.
    pub query: &'a str,
    /// The `Content-Type`.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Why no parameters can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Something decodes to bytes that are no UTF-8.
    Encoding,
    /// The body is not of a type that parameters come in.
    ContentType,
    /// The body is not made of parts as its type says.
    Parts,
}

/// The parameters of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// Those that are text, by name.
    pub(crate) texts: BTreeMap<String, String>,
    /// How many bytes each of those has that are files, by name.
    pub(crate) files: BTreeMap<String, Vec<usize>>,
}

impl Incoming<'_> {
    /// The parameters of the query and the body together. One that is in both counts as the query has it.
    pub(crate) fn parameters(&self) -> Result<Parameters, Unreadable> {
        let mut parameters = Parameters::default();
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") || self.body.is_empty() {
            read(self.body, &mut parameters.texts)?;
        } else if kind.eq_ignore_ascii_case("multipart/form-data") {
            parts(self.content_type, self.body, &mut parameters)?;
        } else {
            return Err(Unreadable::ContentType);
        }
        read(self.query.as_bytes(), &mut parameters.texts)?;
        Ok(parameters)
    }

    /// The parameters of a request that is refused: of the whole, or of the query alone where the body cannot be read.
    pub(crate) fn readable(&self) -> Parameters {
        self.parameters()
            .or_else(|_| Incoming { content_type: "", body: b"", ..*self }.parameters())
            .unwrap_or_default()
    }
}

/// Reads the parts of a body: a part with a file name is a file, any other a text.
fn parts(content_type: &str, body: &[u8], parameters: &mut Parameters) -> Result<(), Unreadable> {
    let boundary = content_type
        .split(';')
        .filter_map(|item| item.split_once('='))
        .find_map(|(key, value)| key.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"')));
    let boundary = boundary.filter(|boundary| !boundary.is_empty()).ok_or(Unreadable::Parts)?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first boundary may be the first of all, or come after a preamble, which official SDKs leave empty.
    let mut rest = match body.strip_prefix(&delimiter[2..]) {
        Some(rest) => rest,
        None => &body[find(body, &delimiter).ok_or(Unreadable::Parts)? + delimiter.len()..],
    };
    while !rest.starts_with(b"--") {
        // Blanks may follow a boundary (RFC 2046, 5.1.1).
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let part = rest[blanks..].strip_prefix(b"\r\n").ok_or(Unreadable::Parts)?;
        let head = find(part, b"\r\n\r\n").ok_or(Unreadable::Parts)?;
        let (head, content) = (&part[..head], &part[head + 4..]);
        let end = find(content, &delimiter).ok_or(Unreadable::Parts)?;
        let head = std::str::from_utf8(head).map_err(|_| Unreadable::Encoding)?;
        let name = disposition(head).find(|(key, _)| key.eq_ignore_ascii_case("name"));
        let name = name.map(|(_, name)| name.to_owned()).ok_or(Unreadable::Parts)?;
        if disposition(head).any(|(key, _)| key.eq_ignore_ascii_case("filename")) {
            parameters.files.entry(name).or_default().push(end);
        } else {
            let text = std::str::from_utf8(&content[..end]).map_err(|_| Unreadable::Encoding)?;
            parameters.texts.insert(name, text.to_owned());
        }
        rest = &content[end + delimiter.len()..];
    }
    Ok(())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // Only where the first byte fits is the rest compared.
    let first = *wanted.first()?;
    let mut start = 0;
    while let Some(offset) = bytes.get(start..)?.iter().position(|byte| *byte == first) {
        start += offset;
        if bytes[start..].starts_with(wanted) {
            return Some(start);
        }
        start += 1;
    }
    None
}

/// What the head of a part says of its name and its file's: keys, and values as they stand between quotes. An escape
/// stays one, because a name may look like it.
fn disposition(head: &str) -> impl Iterator<Item = (&str, &str)> {
    let headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut own = headers.filter(|(name, _)| name.trim().eq_ignore_ascii_case("Content-Disposition"));
    let mut rest = own.next().map_or("", |(_, value)| value);
    std::iter::from_fn(move || {
        let (key, value) = rest.split_once(';')?.1.split_once('=')?;
        let (value, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        rest = after;
        Some((key.trim(), value))
    })
}

fn read(form: &[u8], parameters: &mut BTreeMap<String, String>) -> Result<(), Unreadable> {
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        parameters.insert(name, value);
    }
    Ok(())
}

fn decode(text: &[u8]) -> Result<String, Unreadable> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Unreadable::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(query: &str, content_type: &str, body: &str) -> Result<BTreeMap<String, String>, Unreadable> {
        let incoming = Incoming { verb: "POST", query, content_type, body: body.as_bytes() };
        incoming.parameters().map(|parameters| parameters.texts)
    }

    #[test]
    fn parts_are_texts_and_files() {
        let body = "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type:text/plain\r\n\r\n端\r\n--x y\r\n\
                    Content-Disposition: form-data; name=\"f\"; filename=\"f.gif\"\r\n\r\nGIF\r\n--x \r\n--x y--\r\n";
        let kind = "multipart/form-data;charset=UTF-8;boundary=\"x y\"";
        let incoming = |body| Incoming { verb: "POST", query: "b=1", content_type: kind, body };
        let parameters = incoming(body.as_bytes()).parameters().unwrap();
        let texts = [("a".to_owned(), "端".to_owned()), ("b".to_owned(), "1".to_owned())];
        assert_eq!(parameters, Parameters { texts: texts.into(), files: [("f".to_owned(), vec![9])].into() });
        // As official SDKs write it: a line break or a preamble first, blanks behind a boundary, another case.
        let variants = [
            (kind, format!("\r\n{body}")),
            (kind, format!("preamble\r\n{body}epilogue")),
            (kind, body.replace("--x y\r\n", "--x y \t\r\n")),
            ("multipart/form-data; charset=UTF-8; Boundary = \"x y\"", body.to_owned()),
            ("Multipart/Form-Data; BOUNDARY=x y", body.to_owned()),
        ];
        for (kind, body) in &variants {
            let incoming = Incoming { verb: "POST", query: "b=1", content_type: kind, body: body.as_bytes() };
            assert_eq!(incoming.parameters().as_ref(), Ok(&parameters), "{kind} {body}");
        }
        for length in 1..body.len() - 4 {
            let cut = &body.as_bytes()[..length];
            assert!(incoming(cut).parameters().is_err(), "{}", String::from_utf8_lossy(cut));
        }
        assert_eq!(form("", "multipart/form-data", "x"), Err(Unreadable::Parts));
        assert_eq!(form("", "multipart/form-data;boundary=", "x"), Err(Unreadable::Parts));
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
            form("a=1&c=q", "application/x-www-form-urlencoded;charset=UTF-8", "b=x+y%2Bz&c=b&d&=&e=%E7%AB%AF");
        let expected = [("", ""), ("a", "1"), ("b", "x y+z"), ("c", "q"), ("d", ""), ("e", "端")];
        assert_eq!(parameters, Ok(expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
    }

    #[test]
    fn what_cannot_be_read() {
        assert_eq!(form("a=%FF", "", ""), Err(Unreadable::Encoding));
        assert_eq!(form("", "application/json", "{}"), Err(Unreadable::ContentType));
        assert_eq!(form("", "application/json", ""), Ok(BTreeMap::new()));
    }
}
