//! OAuth: redirects from the authorization page, and responses of the token endpoint.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use generated_sdk::client::{OAuth, Token};
use generated_sdk::{AppCredentials, Client};

use crate::input;
use crate::signature::md5_around;

const SECRET: &str = "helloworld";

static OAUTH: LazyLock<OAuth> = LazyLock::new(|| {
    // Nothing is sent to this server.
    let server = "http://127.0.0.1:9";
    let client = Client::builder(server, AppCredentials::new("12345678", SECRET)).build().expect("a client");
    OAuth::new(&client, server).expect("an authorization server").with_clock(received)
});

fn received() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_451_620_800)
}

/// Checks a redirect URL with the state, the code and the other fields of `input`. Then reads `input` itself as a URL.
///
/// # Panics
///
/// If a URL with the right state is refused, or a URL with another state or a wrong signature is accepted.
pub fn redirect(input: &[u8]) {
    let mut lines = input::lines(input);
    let mut line = || lines.next().unwrap_or_default();
    let (state, code) = (line(), line());
    let text = String::from_utf8_lossy(input);
    let _ = OAUTH.code(&text, &state);
    let _ = OAUTH.implicit_token(&text, &state);
    if state.is_empty() || code.trim().is_empty() || code != code.trim() {
        return;
    }

    let own = ["state", "code", "access_token", "top_sign", "error", "error_description"];
    let mut fields: BTreeMap<String, String> = input::pairs(lines).into_iter().collect();
    fields.retain(|name, _| !own.contains(&name.as_str()));
    fields.insert("state".to_owned(), state.clone());

    let mut query = fields.clone();
    query.insert("code".to_owned(), code.clone());
    let url = format!("https://shop.test/back?{}#top", encoded(&query));
    assert_eq!(OAUTH.code(&url, &state).ok(), Some(code.clone()), "{url}");
    assert!(OAUTH.code(&url, &format!("{state}x")).is_err(), "{url}");

    fields.insert("access_token".to_owned(), code.clone());
    let signed: String = fields.iter().flat_map(|(name, value)| [name.as_str(), value]).collect();
    fields.insert("top_sign".to_owned(), md5_around(SECRET, &signed));
    let url = format!("https://shop.test/back#{}", encoded(&fields));
    let token = OAUTH.implicit_token(&url, &state).map(|token| token.access_token);
    assert_eq!(token.ok(), Some(code.clone()), "{url}");
    assert!(OAUTH.implicit_token(&url, &format!("{state}x")).is_err(), "{url}");
    fields.insert("access_token".to_owned(), format!("{code}x"));
    let url = format!("https://shop.test/back#{}", encoded(&fields));
    assert!(OAUTH.implicit_token(&url, &state).is_err(), "{url}");
}

/// Encodes fields as a form. A space has one of its two spellings.
fn encoded(fields: &BTreeMap<String, String>) -> String {
    let encode = |text: &str| {
        let escape = |(index, byte): (usize, u8)| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            b' ' if index % 2 == 0 => "+".to_owned(),
            byte => format!("%{byte:02x}"),
        };
        text.bytes().enumerate().map(escape).collect::<String>()
    };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Reads any text as a token response.
///
/// # Panics
///
/// If a token differs after it was written and read, or if its debug output contains a secret.
pub fn token(text: &str) {
    let Ok(token) = Token::from_response(text, received()) else { return };
    let json = token.to_json();
    assert_eq!(Token::from_response(&json, received()).as_ref(), Ok(&token), "{json}");
    assert_eq!(Token::from_json(&json).as_ref(), Ok(&token), "{json}");

    let mut other = token.clone();
    other.access_token = "another".to_owned();
    for secret in [&mut other.refresh_token, &mut other.mobile_token].into_iter().flatten() {
        *secret = "another".to_owned();
    }
    assert_eq!(format!("{token:?}"), format!("{other:?}"), "the debug output contains a secret");
}
