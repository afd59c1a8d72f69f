//! Calls that the form of the page makes. They are signed as the client signs them.

use std::fmt::Write as _;

use top_protocol::{AppCredentials, Application, DateTime, File, Format, SignMethod, UntypedParameters};

use crate::gateway::Gateway;
use crate::http::ReceivedRequest;
use crate::request::Request;
use crate::response;

use super::samples::{self, SampleCall};
use super::views::InputView;

/// The maximum length of a text on the page.
const MAX_TEXT: usize = 200_000;

/// The start of the names of the form's fields for parameters.
const PREFIX: &str = "p.";

/// A call that the form describes.
pub(super) struct TryCall {
    pub(super) method: String,
    app_key: String,
    session: Option<String>,
    format: Format,
    simplify: bool,
    sign_method: SignMethod,
    /// The values that are not empty.
    parameters: Vec<(String, String)>,
}

/// The outcome of a call of the form.
pub(super) struct Outcome {
    pub(super) outcome: response::Outcome,
    pub(super) string_to_sign: String,
    pub(super) request: String,
    pub(super) response: String,
}

impl TryCall {
    /// Returns the call of the prefilled form.
    pub(super) fn example(gateway: &Gateway, method: &str, session: &str, inputs: &[InputView<'_>]) -> Self {
        let inputs = inputs.iter().filter(|input| !input.value.is_empty());
        Self {
            method: method.to_owned(),
            app_key: gateway.app_keys().next().unwrap_or_default().to_owned(),
            session: Some(session.to_owned()).filter(|session| !session.is_empty()),
            format: Format::Json,
            simplify: false,
            sign_method: SignMethod::default(),
            parameters: inputs.map(|input| (input.name.to_owned(), input.value.clone())).collect(),
        }
    }

    /// Reads the form. `None` if the page has no such form.
    pub(super) fn of_form(request: &ReceivedRequest) -> Option<Self> {
        let form = request.as_top().parameters().ok()?;
        let text = |name: &str| form.get(name).map(str::to_owned);
        let values = form.texts.iter().filter(|(_, value)| !value.is_empty());
        let (format, simplify) = match form.get("format")? {
            "xml" => (Format::Xml, false),
            "simplified" => (Format::Json, true),
            _ => (Format::Json, false),
        };
        Some(Self {
            method: text("method")?,
            app_key: text("app").unwrap_or_default(),
            session: text("session"),
            format,
            simplify,
            sign_method: form.get("sign_method")?.parse().ok()?,
            parameters: values
                .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone().into_owned())))
                .collect(),
        })
    }

    /// Signs the call and makes it.
    ///
    /// # Errors
    ///
    /// If the call cannot be signed. The text says why.
    pub(super) fn execute(&self, gateway: &Gateway) -> Result<Outcome, String> {
        let signed = self.sign(gateway)?;
        let body = signed.body().map_err(|error| error.to_string())?;
        let request =
            Request { verb: "POST", content_type: &body.content_type, body: &body.bytes, ..Request::default() };
        let (response, _) = gateway.respond_with(&request, &[]);
        let pairs = signed.parameters().pairs().filter(|(name, value)| *name != "sign" && !value.is_empty());
        let text: String = pairs.flat_map(|(name, value)| [name, value]).collect();
        let string_to_sign =
            if self.sign_method == SignMethod::Md5 { format!("{{secret}}{text}{{secret}}") } else { text };
        let head = format!("POST /router/rest HTTP/1.1\nContent-Type: {}\n\n", body.content_type);
        let request = head + &String::from_utf8_lossy(&body.bytes);
        Ok(Outcome {
            string_to_sign: cut(gateway.hide(&string_to_sign)),
            request: cut(gateway.hide(&request)),
            response: cut(indented(&response.body)),
            outcome: response.outcome,
        })
    }

    fn sign(&self, gateway: &Gateway) -> Result<top_protocol::SignedRequest, String> {
        let secret = gateway.applications.get(&self.app_key).ok_or("unknown application: select one of the list")?;
        let mut application = Application::new(AppCredentials::new(self.app_key.clone(), secret.clone()));
        application.format = self.format;
        application.simplify = self.simplify;
        application.sign_method = self.sign_method;
        let is_file = |name: &str| gateway.methods.get(&self.method).is_some_and(|method| method.is_file(name));
        let parameters = self.parameters.iter().fold(UntypedParameters::new(), |parameters, (name, value)| {
            if is_file(name) {
                parameters.file(name, File::new(value.as_bytes()).name("file.gif"))
            } else {
                parameters.text(name, value)
            }
        });
        let now = DateTime::from((gateway.clock)());
        let signed = application.sign_untyped(&self.method, &parameters, self.session.as_deref(), now);
        signed.map_err(|error| error.to_string())
    }

    /// Returns sample programs by language.
    pub(super) fn programs(&self, gateway: &Gateway, url: &str) -> askama::Result<Vec<(&'static str, String)>> {
        let curl = self.sign(gateway).map_or_else(|problem| problem, |signed| signed.to_curl(url));
        let has_files = gateway.methods.get(&self.method).is_some_and(crate::method::Method::has_files);
        let call = SampleCall {
            url: url.to_owned(),
            app_key: self.app_key.clone(),
            session: self.session.clone(),
            method: self.method.clone(),
            format: self.format.name(),
            simplify: self.simplify,
            parameters: self.parameters.clone(),
        };
        // The other programs send forms, which have no files.
        let mut programs = if has_files { Vec::new() } else { samples::programs(&call)? };
        programs.insert(programs.len().min(1), ("curl", gateway.hide(&curl)));
        Ok(programs)
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let length = text.len();
        let end = (0..=MAX_TEXT).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        let _ = write!(text, "… [{length} bytes]");
    }
    text
}

/// Indents a response in JSON or XML.
pub(super) fn indented(body: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        Err(_) => indented_xml(body),
    }
}

/// Indents the elements of a response. Its elements contain either text or elements, and have no attributes.
fn indented_xml(xml: &str) -> String {
    let (mut text, mut depth) = (String::new(), 0_usize);
    let mut after_text = true;
    for tag in xml.split_inclusive('>') {
        let (content, name) = tag.split_at(tag.rfind('<').unwrap_or(tag.len()));
        let closes = name.starts_with("</");
        depth -= usize::from(closes && depth > 0);
        text.push_str(content);
        let is_first = text.is_empty();
        if content.is_empty() && !is_first && !(closes && after_text) {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", depth));
        }
        text.push_str(name);
        after_text = !closes;
        let opens = !closes && name.starts_with('<') && !name.starts_with("<?") && !name.starts_with("<!");
        depth += usize::from(opens);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_responses() {
        let xml = "<?xml version=\"1.0\" ?><a_response><list><b>1</b><b></b></list><c>&lt;x&gt;</c></a_response><!--loopback-->";
        let expected = "<?xml version=\"1.0\" ?>\n<a_response>\n  <list>\n    <b>1</b>\n    <b></b>\n  </list>\n  \
                        <c>&lt;x&gt;</c>\n</a_response>\n<!--loopback-->";
        assert_eq!(indented(xml), expected);
        assert_eq!(indented(r#"{"a":[9007199254740993]}"#), "{\n  \"a\": [\n    9007199254740993\n  ]\n}");
        assert_eq!(indented("plain"), "plain");
        for broken in ["</a></b>", "<", ">", "<a", "a</a><"] {
            indented(broken);
        }
    }

    #[test]
    fn cuts_long_texts() {
        assert_eq!(cut("短".to_owned()), "短");
        let long = cut("端".repeat(MAX_TEXT));
        assert!(long.len() < MAX_TEXT + 40 && long.ends_with("… [600000 bytes]"));
    }
}
