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
}

impl Incoming<'_> {
    /// The parameters of the query and the body together. One that is in both counts as the query has it.
    pub(crate) fn parameters(&self) -> Result<BTreeMap<String, String>, Unreadable> {
        let mut parameters = BTreeMap::new();
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") || (kind.is_empty() && self.body.is_empty()) {
            read(self.body, &mut parameters)?;
        } else if !self.body.is_empty() {
            return Err(Unreadable::ContentType);
        }
        read(self.query.as_bytes(), &mut parameters)?;
        Ok(parameters)
    }
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
        Incoming { verb: "POST", query, content_type, body: body.as_bytes() }.parameters()
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
