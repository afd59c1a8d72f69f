//! `cargo xtask call`: any method, through the real client.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use codegen::spec::{self, Authorization, Kind, Spec, closest};
use lexopt::prelude::*;

use crate::cargo::{become_program, cargo_run};
use crate::failure::Failure;
use crate::{generate, root, tell};

pub(crate) const HELP: &str = "\
Call any method through the client, and print the answer as JSON.

Usage: cargo xtask call METHOD [NAME=VALUE]... [OPTION]...

Names and values are those of the platform's page: a list is joined by commas, an object is JSON, a
date is yyyy-MM-dd HH:mm:ss. NAME= sends an empty value. NAME=@PATH sends a file, for a byte[] parameter;
a text that begins with an @ is written with two. Where specs/ describes the method, what the names do not fit is told before
anything is sent; of any other method they are sent as they are.

Options:
  --gateway GATEWAY The gateway: a URL, or an id of specs/platform.yaml such as taobao [TOP_GATEWAY]
  --app KEY=SECRET  The application [TOP_APP_KEY and TOP_APP_SECRET]
  --session S       On whose behalf [TOP_SESSION]
  --format FORMAT   What the gateway is to answer in: json or xml [json]
  --curl            Send nothing; print the call as a line that curl carries out from a shell. The line
                    holds the session, and is good for ten minutes
  --force           Send it even if it does not fit the spec
  -h, --help        Say this

What is in square brackets holds where the option is not given. An environment variable leaves a secret
out of the shell's history, as an option does not.

Exit status: 0 answered, 1 refused or not reached, 2 not called rightly.

Against the gateway of this project, in another terminal, which knows this application:
  cargo xtask gateway
  cargo xtask call taobao.time.get --gateway http://127.0.0.1:8642 --app 12345678=helloworld";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    method: Option<String>,
    pairs: Vec<(String, String)>,
    gateway: Option<String>,
    app: Option<(String, String)>,
    session: Option<String>,
    format: Option<String>,
    curl: bool,
    force: bool,
}

pub(crate) fn command(arguments: lexopt::Parser) -> Result<(), Failure> {
    let Some(options) = options(arguments)? else {
        tell::line(HELP);
        return Ok(());
    };
    let method = options
        .method
        .as_deref()
        .filter(|method| !method.is_empty())
        .ok_or_else(|| Failure::usage("which method? For example taobao.time.get"))?;
    let (key, secret) = match &options.app {
        Some(app) => app.clone(),
        None => {
            let whose = "for which application? --app KEY=SECRET, or TOP_APP_KEY and TOP_APP_SECRET in the environment";
            let set = |name| set(name).ok_or_else(|| Failure::usage(whose));
            (set("TOP_APP_KEY")?, set("TOP_APP_SECRET")?)
        }
    };
    let session = options.session.clone().or_else(|| set("TOP_SESSION"));
    let gateway = named_gateway(options.gateway.clone().filter(|gateway| !gateway.is_empty()))?;
    match described(method)? {
        Some(spec) => {
            let mut problems = problems(&spec, &options.pairs, session.is_some());
            if spec.https_only && is_overheard(&gateway) {
                problems.push(format!("{method} goes over https alone"));
            }
            if !problems.is_empty() && !options.force {
                let all = problems.join("\n");
                return Err(Failure::usage(format!("{all}\nNothing was sent; --force sends it all the same")));
            }
            problems.iter().for_each(|problem| eprintln!("{problem}"));
        }
        None => eprintln!("{}", undescribed(method)?),
    }

    // What goes over http needs no TLS, which takes longest to build.
    let plain = gateway.to_ascii_lowercase().starts_with("http://");
    let features = if plain { "client" } else { "client,rustls" };
    let program = ["--package", "generated-sdk", "--example", "call", "--no-default-features", "--features", features];
    let mut program = cargo_run(&program)?;
    // Secrets go by the environment, which other users of the machine do not see.
    program.env("TOP_APP_KEY", key).env("TOP_APP_SECRET", secret);
    program.env("TOP_SESSION", session.unwrap_or_default()).env("TOP_GATEWAY", gateway);
    program.arg(method).args(options.pairs.iter().map(|(name, value)| format!("{name}={value}")));
    program.args(options.format.iter().map(|format| format!("--format={format}")));
    program.args(options.curl.then_some("--curl"));
    become_program(program, "the call")
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, Failure> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("gateway") => options.gateway = Some(arguments.value()?.string()?),
            // A text that does not fit is not repeated: it may be a secret.
            Long("app") => match arguments.value()?.string()?.split_once('=') {
                Some((key, secret)) if !key.is_empty() && !secret.is_empty() => {
                    options.app = Some((key.to_owned(), secret.to_owned()));
                }
                _ => return Err(Failure::usage("--app takes KEY=SECRET")),
            },
            Long("session") => options.session = Some(arguments.value()?.string()?),
            Long("format") => match arguments.value()?.string()? {
                format if matches!(format.as_str(), "json" | "xml") => options.format = Some(format),
                _ => return Err(Failure::usage("--format takes json or xml")),
            },
            Long("curl") => options.curl = true,
            Long("force") => options.force = true,
            Short('h') | Long("help") => return Ok(None),
            Value(value) => {
                let text = value.string()?;
                match (text.split_once('='), &options.method) {
                    (Some((name, value)), Some(_)) if !name.is_empty() => {
                        options.pairs.push((name.to_owned(), value.to_owned()));
                    }
                    (None, None) => options.method = Some(text),
                    (Some(_), None) => return Err(Failure::usage("the method comes first: METHOD NAME=VALUE...")),
                    // The value is not repeated: it may be a secret.
                    (Some(_), Some(_)) => return Err(Failure::usage("a name is missing: NAME=VALUE")),
                    (None, Some(_)) => return Err(Failure::usage(format!("{text:?} is no NAME=VALUE"))),
                }
            }
            Long(name) => {
                let problem = format!("there is no option --{name}; a parameter of the method is written {name}=VALUE");
                return Err(Failure::usage(problem));
            }
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    Ok(Some(options))
}

/// Returns the URL or the id of the gateway to call. The client knows the same ids, but takes long to build.
fn named_gateway(option: Option<String>) -> Result<String, Failure> {
    let named = option.or_else(|| set("TOP_GATEWAY"));
    let platform = spec::platform(&root()?.join("specs")).map_err(generate::wrong)?;
    let supported = platform.gateways.iter().filter(|gateway| gateway.unsupported.is_none());
    let ids: Vec<_> = supported.map(|gateway| gateway.id.value.as_str()).collect();
    let problem = match named {
        Some(gateway) if gateway.contains(':') || ids.contains(&gateway.as_str()) => return Ok(gateway),
        Some(gateway) => format!("unknown gateway {gateway:?}"),
        None => "no gateway".to_owned(),
    };
    let expected = format!("expected --gateway or TOP_GATEWAY with a URL or one of {}", ids.join(", "));
    Err(Failure::usage(format!("{problem}: {expected}")))
}

/// Whether what is sent can be read on its way: over http to another machine.
fn is_overheard(gateway: &str) -> bool {
    // As clients read URLs: tabs and the like are not there, a backslash is a slash, and what stands before an @ is a name
    // to log in with.
    let url: String = gateway.chars().filter(|character| !character.is_control()).collect();
    let Some((scheme, rest)) = url.trim().split_once(':') else { return false };
    if !scheme.eq_ignore_ascii_case("http") {
        return false;
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    let address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse().map(IpAddr::V6).ok(),
        None => host.parse().map(IpAddr::V4).ok(),
    };
    !host.eq_ignore_ascii_case("localhost") && !address.is_some_and(|address| address.is_loopback())
}

/// An environment variable with content.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The specs by the methods that they describe, with the categories that they stand in.
fn specs() -> Result<BTreeMap<String, (String, PathBuf)>, Failure> {
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut specs = BTreeMap::new();
    for category in entries(root()?.join("specs")) {
        for file in entries(category.path()) {
            if let Some(method) = file.file_name().to_string_lossy().strip_suffix(".yaml") {
                let category = category.file_name().to_string_lossy().into_owned();
                specs.insert(method.to_owned(), (category, file.path()));
            }
        }
    }
    Ok(specs)
}

/// What the method's spec says, if it has one.
fn described(method: &str) -> Result<Option<Spec>, Failure> {
    let Some((category, path)) = specs()?.remove(method) else { return Ok(None) };
    let text = codegen::files::read(&path, spec::MAX_BYTES).map_err(|error| Failure::of_error(&error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let platform = spec::platform(&root()?.join("specs")).map_err(generate::wrong)?;
    spec::parse(&category, path, &text, &platform).map(|method| Some(method.spec)).map_err(generate::wrong)
}

fn undescribed(method: &str) -> Result<String, Failure> {
    let specs = specs()?;
    // What most names begin with makes none of them like another.
    let stem = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("taobao.").map(str::to_owned).unwrap_or(name)
    };
    let stems: BTreeMap<String, &String> = specs.keys().map(|name| (stem(name), name)).collect();
    Ok(match closest(&stem(method), stems.keys().map(String::as_str)).and_then(|meant| stems.get(meant)) {
        Some(meant) => format!("no spec describes {method}; did you mean {meant}? It is sent as it is"),
        None => format!("no spec describes {method}, so it is sent as it is"),
    })
}

/// All in which a call differs from what the spec says of the method. Values are left out: they may be secrets.
fn problems(spec: &Spec, pairs: &[(String, String)], has_session: bool) -> Vec<String> {
    let mut problems = Vec::new();
    let method = &spec.method.value;
    for (index, (name, value)) in pairs.iter().enumerate() {
        let Some(parameter) = spec.request.iter().find(|parameter| parameter.name.value == *name) else {
            let names = spec.request.iter().map(|parameter| parameter.name.value.as_str());
            let help = match closest(name, names.clone()) {
                _ if name == "session" => "a session is given as --session".to_owned(),
                Some(meant) => format!("did you mean {meant}?"),
                None if spec.request.is_empty() => "it has none".to_owned(),
                None => format!("it has {}", names.collect::<Vec<_>>().join(", ")),
            };
            problems.push(format!("{method} has no parameter {name}; {help}"));
            continue;
        };
        let is_file = parameter.type_name().kind() == Some(Kind::File);
        match (is_file, value.starts_with('@'), value.starts_with("@@")) {
            (true, false, _) | (true, _, true) => problems.push(format!("{name} is a file: {name}=@PATH")),
            (true, true, _) if value == "@" => problems.push(format!("{name} has no file: {name}=@PATH")),
            (false, true, false) => {
                problems.push(format!("{name} is no file; a text that begins with an @ has two: {name}=@@TEXT"));
            }
            _ => {}
        }
        if !is_file && pairs[..index].iter().any(|(other, _)| other == name) {
            problems.push(format!("{name} stands here twice; a list is joined by commas, {name}=A,B"));
        }
    }
    let given = |name: &str| pairs.iter().any(|(other, value)| other == name && !value.trim().is_empty());
    for parameter in spec.request.iter().filter(|parameter| parameter.is_required() && !given(&parameter.name.value)) {
        let (name, kind) = (&parameter.name.value, &parameter.kind.value);
        let example = parameter.example.as_ref().map(|example| format!(", for example {name}={example}"));
        problems.push(format!("{method} needs {name}, a {kind}{}", example.unwrap_or_default()));
    }
    if spec.authorization == Some(Authorization::Required) && !has_session {
        problems.push(format!("{method} needs a session: --session S, or TOP_SESSION in the environment"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_on_its_way() {
        for gateway in [
            "https://gw.example.com/router/rest",
            "HTTPS://gw.example.com/",
            "http://localhost",
            "http://LOCALHOST:8642/api",
            "HTTP://127.0.0.1:8642",
            "http://127.1.2.3/?a=@b",
            "http://[::1]:8642/",
            "http://user@127.0.0.1/",
        ] {
            assert!(!is_overheard(gateway), "{gateway}");
        }
        for gateway in [
            "http://gw.example.com/router/rest",
            "HTTP://gw.example.com/",
            "hTTp:gw.example.com",
            " ht\ttp://gw.example.com",
            "http://127.evil.com",
            "http://127.0.0.1.evil.com/",
            "http://127.0.0.1@evil.com/",
            "http://127.0.0.1:80@evil.com/",
            "http://evil.com\\@127.0.0.1/",
            "http://localhost.evil.com/",
            "http://localhost@evil.com",
            "http://evil.com/@localhost",
            "http://evil.com?@localhost",
            "http://evil.com#@localhost",
            "http://[::1].evil.com/",
            "http://[2001:db8::1]/",
            "http://0.0.0.0/",
            "http://",
        ] {
            assert!(is_overheard(gateway), "{gateway}");
        }
    }
}
