//! `cargo xtask call`: builds `cargo-top` and runs its command `call`.

use std::env;
use std::ffi::OsString;

use crate::failure::Failure;
use crate::top;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.raw_args()?.collect();
    top::run("call", needs_tls(&arguments, env::var_os("TOP_GATEWAY")), arguments)
}

/// Returns whether the call may use https. TLS takes longest to build, so http calls and help are built without it.
fn needs_tls(arguments: &[OsString], environment: Option<OsString>) -> bool {
    let texts: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    if texts.iter().any(|text| matches!(text.as_ref(), "-h" | "--help")) {
        return false;
    }
    let option = texts.iter().enumerate().rev().find_map(|(index, text)| match text.strip_prefix("--gateway") {
        Some("") => texts.get(index + 1).map(|value| value.to_string()),
        Some(value) => value.strip_prefix('=').map(str::to_owned),
        None => None,
    });
    let environment = environment.map(|value| value.to_string_lossy().into_owned());
    let gateway = option.filter(|gateway| !gateway.is_empty()).or(environment).unwrap_or_default();
    !gateway.to_ascii_lowercase().starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_tls_unless_the_gateway_is_http() {
        let needs = |arguments: &[&str], environment: Option<&str>| {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            needs_tls(&arguments, environment.map(Into::into))
        };
        assert!(!needs(&["m", "--gateway", "http://127.0.0.1:1"], None));
        assert!(!needs(&["m", "--gateway=HTTP://127.0.0.1:1"], Some("taobao")));
        assert!(!needs(&["m", "--gateway="], Some("http://localhost")));
        assert!(!needs(&["--help"], Some("taobao")));
        assert!(needs(&["m", "--gateway", "taobao"], Some("http://localhost")));
        assert!(needs(&["m", "--gateway"], None));
        assert!(needs(&["m", "a=http://localhost"], None));
        assert!(needs(&["m"], Some("https://localhost")));
    }
}
