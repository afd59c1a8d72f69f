//! The explanation of a request: what the gateway would answer, and the text to sign.

use std::fmt::Write as _;

use serde::Serialize;
use top_protocol::SignMethod;

use crate::console;
use crate::gateway::{self, Gateway};
use crate::request::{Parameters, Request};
use crate::signing;

/// The explanation of a request.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// `ok`, or the code, the name and the reason of the refusal.
    pub result: String,
    /// The `sign` of the request.
    pub received: Option<String>,
    /// The `sign_method` of the request.
    pub sign_method: Option<String>,
    /// The signature with each method.
    pub signatures: Vec<ExplainedSignature>,
}

/// The signature of a request with one method.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExplainedSignature {
    /// The value of `sign_method`.
    pub sign_method: &'static str,
    /// The text to sign. `{secret}` stands for the AppSecret, and a secret value is replaced by its length.
    pub string_to_sign: String,
    /// The expected signature. `None` if the AppKey is unknown.
    pub sign: Option<String>,
    /// Whether the request has this signature.
    pub matches: bool,
}

impl Gateway {
    /// Explains a request without executing it: what the gateway would answer, and the text to sign.
    ///
    /// Neither the AppSecret nor the value of a secret parameter is in the explanation. A quota and a programmed response
    /// are not applied.
    pub fn explain(&self, request: &Request<'_>) -> Explanation {
        let mut parameters = match gateway::read(request) {
            Ok(parameters) => parameters,
            Err(refusal) => {
                let parameters = request.query_parameters();
                let result = self.explain_refusal(&refusal, &parameters);
                return Explanation { result, ..self.explain_signatures(&parameters) };
            }
        };
        let signatures = self.explain_signatures(&parameters);
        let dialect = self.dialects.of(request.path);
        let result = match self.check(dialect, request.verb, &mut parameters) {
            Ok(()) => "ok".to_owned(),
            Err(refusal) => {
                let lines = self.explain_refusal(&refusal, &parameters);
                lines.lines().next().unwrap_or_default().to_owned()
            }
        };
        Explanation { result, ..signatures }
    }

    /// Explains the signatures of parameters.
    pub(crate) fn explain_signatures(&self, parameters: &Parameters<'_>) -> Explanation {
        let non_empty = signing::signed_pairs(parameters).filter(|(_, value)| !value.is_empty());
        let text =
            console::signed_text(non_empty, |name, value| self.is_secret_value(parameters.get("method"), name, value));
        let text = self.hide(&text);
        let secret = parameters.get("app_key").and_then(|key| self.applications.get(key));
        let received = parameters.get("sign");
        let signatures = SignMethod::ALL.into_iter().map(|method| {
            let sign = secret.map(|secret| signing::sign(parameters, method, secret));
            let mut string_to_sign = String::new();
            let _ = match method {
                SignMethod::Md5 => write!(string_to_sign, "{{secret}}{text}{{secret}}"),
                _ => write!(string_to_sign, "{text}"),
            };
            let matches = sign.is_some() && sign.as_deref() == received;
            ExplainedSignature { sign_method: method.name(), string_to_sign, sign, matches }
        });
        Explanation {
            result: String::new(),
            received: received.map(|sign| self.hide(sign)),
            sign_method: parameters.get("sign_method").map(|method| self.hide(method)),
            signatures: signatures.collect(),
        }
    }
}
