//! `cargo xtask call` and `cargo xtask gateway`: build `cargo-top` and run the command.

use std::env;
use std::ffi::OsString;

use crate::failure::Failure;
use crate::top;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.raw_args()?.collect();
    top::run("call", needs_tls(&arguments, env::var_os("TOP_GATEWAY")), arguments)
}

/// Runs the local gateway, which serves http. Only a recorded gateway may use https.
pub(crate) fn gateway(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.raw_args()?.collect();
    top::run("gateway", records_https(&arguments), arguments)
}

fn records_https(arguments: &[OsString]) -> bool {
    option("--record", &texts(arguments)).is_some_and(|gateway| !is_http(&gateway))
}

/// Returns whether the call may use https. TLS takes longest to build, so http calls and help are built without it.
fn needs_tls(arguments: &[OsString], environment: Option<OsString>) -> bool {
    let texts = texts(arguments);
    if texts.iter().any(|text| matches!(text.as_str(), "-h" | "--help")) {
        return false;
    }
    let environment = environment.map(|value| value.to_string_lossy().into_owned());
    let gateway = option("--gateway", &texts).filter(|gateway| !gateway.is_empty()).or(environment).unwrap_or_default();
    !is_http(&gateway)
}

fn texts(arguments: &[OsString]) -> Vec<String> {
    arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// Returns the last value of an option.
fn option(name: &str, arguments: &[String]) -> Option<String> {
    arguments.iter().enumerate().rev().find_map(|(index, text)| match text.strip_prefix(name) {
        Some("") => arguments.get(index + 1).cloned(),
        Some(value) => value.strip_prefix('=').map(str::to_owned),
        None => None,
    })
}

fn is_http(gateway: &str) -> bool {
    gateway.to_ascii_lowercase().starts_with("http://")
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

    #[test]
    fn builds_tls_for_the_gateway_if_it_records_https() {
        let records = |arguments: &[&str]| records_https(&arguments.iter().map(Into::into).collect::<Vec<_>>());
        assert!(records(&["--record", "taobao"]) && records(&["--record=https://a"]));
        assert!(!records(&[]) && !records(&["--record", "http://a"]) && !records(&["--state", "f"]));
    }
}
