//! `cargo top call`: calls any method by names and values.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, ValueEnum};
use codegen::commands::{CommandError, line};
use codegen::spec::{Authorization, Kind, Spec, closest};
use gateway::client_dialect;
use top_client::{AppCredentials, Client};
use top_protocol::{File, FileProblem, Format, Gateway, PUBLIC_PARAMETERS, UntypedParameters};
use url::{Host, Url};

use crate::application;
use crate::methods;
use crate::project::Project;

/// The arguments of `call`.
#[derive(Args)]
pub(crate) struct CallArgs {
    /// The method, such as taobao.time.get
    method: String,
    /// The parameters of the method
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The gateway: a URL, or an id of platform.yaml such as taobao
    #[arg(long, env = "TOP_GATEWAY", hide_env_values = true)]
    gateway: Option<String>,
    /// The application. Default: TOP_APP_KEY and TOP_APP_SECRET
    #[arg(long, value_name = "KEY=SECRET")]
    app: Option<String>,
    /// The session of the user that the call acts for
    #[arg(long, env = "TOP_SESSION", hide_env_values = true)]
    session: Option<String>,
    /// The format of the response. Default: that of the gateway, mostly json
    #[arg(long)]
    format: Option<ResponseFormat>,
    /// The application that implements the called interface
    #[arg(long, value_name = "KEY")]
    target_app_key: Option<String>,
    /// The customer on whose behalf a warehouse is called
    #[arg(long, value_name = "ID")]
    customer_id: Option<String>,
    /// Send nothing; print a curl command, which contains the session and is valid for ten minutes
    #[arg(long)]
    curl: bool,
    /// Send the call even if it does not match the spec
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ResponseFormat {
    Json,
    Xml,
}

pub(crate) fn run(args: &CallArgs) -> Result<(), CommandError> {
    let method = args.method.as_str();
    if method.is_empty() {
        return Err(usage("the method is empty: expected a name such as taobao.time.get"));
    }
    if method.contains('=') {
        return Err(usage("expected the method before the parameters: METHOD NAME=VALUE..."));
    }
    let pairs = args.parameters.iter().map(|text| parse_pair(text)).collect::<Result<Vec<_>, _>>()?;
    let credentials = match &args.app {
        Some(app) => application::parse(app)?,
        None => AppCredentials::from_env().map_err(|_| {
            usage("no application: expected --app KEY=SECRET, or TOP_APP_KEY and TOP_APP_SECRET in the environment")
        })?,
    };
    let own = Project::find()?.and_then(|project| project.existing_specs());
    let session = args.session.as_deref().filter(|session| !session.is_empty());
    let gateway = named_gateway(own.as_deref(), args.gateway.as_deref().filter(|gateway| !gateway.is_empty()))?;
    check_spec(args, own.as_deref(), &pairs, gateway.url(), session.is_some())?;

    let parameters = pairs.into_iter().try_fold(UntypedParameters::new(), add_parameter)?;
    let mut builder = Client::builder(gateway, credentials);
    if let Some(format) = args.format {
        builder = builder.format(match format {
            ResponseFormat::Json => Format::Json,
            ResponseFormat::Xml => Format::Xml,
        });
    }
    if let Some(key) = &args.target_app_key {
        builder = builder.target_app_key(key);
    }
    if let Some(id) = &args.customer_id {
        builder = builder.customer_id(id);
    }
    if let Some(session) = session {
        builder = builder.session(session);
    }
    let failed = |error: &dyn std::error::Error| CommandError::from_error(error);
    let client = builder.build().map_err(|error| failed(&error))?;
    let text = if args.curl {
        client.sign_untyped(method, parameters).map_err(|error| failed(&error))?.to_curl(client.gateway())
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let response = runtime.block_on(client.call(method, parameters)).map_err(|error| failed(&error))?;
        format!("{:#}", *response)
    };
    line(text);
    Ok(())
}

fn usage(problem: impl Into<String>) -> CommandError {
    CommandError::Usage(problem.into())
}

/// Parses `NAME=VALUE`. The message does not contain a value, which may be a secret.
fn parse_pair(text: &str) -> Result<(&str, &str), CommandError> {
    match text.split_once('=') {
        Some(("", _)) => Err(usage("invalid parameter: expected a name before `=`, as in NAME=VALUE")),
        Some(pair) => Ok(pair),
        None => Err(usage(format!("invalid parameter {text:?}: expected NAME=VALUE"))),
    }
}

/// Returns the gateway to call.
fn named_gateway(own: Option<&Path>, named: Option<&str>) -> Result<Gateway, CommandError> {
    let platform = methods::platform(own)?;
    let problem = match named {
        Some(url) if url.contains(':') => return Ok(Gateway::from(url)),
        Some(id) => match platform.gateways.iter().find(|gateway| gateway.id.value == id) {
            Some(found) => return Ok(Gateway::from(found.url()).with_dialect(client_dialect(&found.dialect))),
            None => format!("unknown gateway {id:?}"),
        },
        None => "no gateway".to_owned(),
    };
    let ids: Vec<_> = platform.gateways.iter().map(|gateway| gateway.id.value.as_str()).collect();
    Err(usage(format!("{problem}: expected --gateway or TOP_GATEWAY with a URL or one of {}", ids.join(", "))))
}

/// Checks the call against the spec of the method, if the method has a spec.
fn check_spec(
    args: &CallArgs,
    own: Option<&Path>,
    pairs: &[(&str, &str)],
    gateway: &str,
    has_session: bool,
) -> Result<(), CommandError> {
    let method = args.method.as_str();
    let Some(spec) = methods::find(own, method)? else {
        eprintln!("{}", no_spec_message(method, own));
        return Ok(());
    };
    let mut problems = spec_violations(&spec, pairs, has_session);
    if spec.facts.https_only && is_remote_http(gateway) {
        problems.push(format!("{method} requires https: use a gateway with an https URL"));
    }
    if !problems.is_empty() && !args.force {
        let all = problems.join("\n");
        return Err(usage(format!("{all}\nnothing was sent: fix the call, or send it unchanged with --force")));
    }
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    Ok(())
}

/// Adds a parameter: NAME=VALUE, NAME= for an empty value, NAME=@PATH for a file, or NAME=@@TEXT for a text that starts with @.
fn add_parameter(
    parameters: UntypedParameters,
    (name, value): (&str, &str),
) -> Result<UntypedParameters, CommandError> {
    if PUBLIC_PARAMETERS.contains(&name) {
        return Err(usage(format!("{name} is a public parameter, which the client sets: leave it out")));
    }
    Ok(match value.strip_prefix('@') {
        Some(text) if text.starts_with('@') => parameters.text(name, text),
        Some(path) => {
            // The file is opened, not read: it is streamed, and a curl command has its path.
            let file = File::open(path).map_err(|error| match error.problem {
                FileProblem::NotAFile => {
                    let expected =
                        "expected a regular file, found a folder, pipe or device; copy the content to a file";
                    CommandError::Failed(format!("cannot send {path:?}: {expected}"))
                }
                _ => CommandError::from_error(&error),
            })?;
            parameters.file(name, file)
        }
        None if value.is_empty() => parameters.with_empty(name),
        None => parameters.text(name, value),
    })
}

/// Returns the message for a method without a spec.
fn no_spec_message(method: &str, own: Option<&Path>) -> String {
    let names = methods::names(own);
    // The common prefix does not count as similarity.
    let stem = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("taobao.").map(str::to_owned).unwrap_or(name)
    };
    let stems: BTreeMap<String, &String> = names.iter().map(|name| (stem(name), name)).collect();
    match closest(&stem(method), stems.keys().map(String::as_str)).and_then(|meant| stems.get(meant)) {
        Some(meant) => format!("no spec describes {method}, so the call is not checked; did you mean {meant}?"),
        None => format!("no spec describes {method}, so the call is not checked"),
    }
}

/// Returns whether a call goes over plain http to another machine, where others can read it.
fn is_remote_http(gateway: &str) -> bool {
    let Ok(url) = Url::parse(gateway) else {
        // The client reports the invalid URL.
        return gateway.trim_start().to_ascii_lowercase().starts_with("http:");
    };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_loopback
}

/// Returns the violations of the spec. They do not contain values, which may be secrets.
fn spec_violations(spec: &Spec, pairs: &[(&str, &str)], has_session: bool) -> Vec<String> {
    let mut problems = Vec::new();
    let method = &spec.method.value;
    for (index, &(name, value)) in pairs.iter().enumerate() {
        let Some(parameter) = spec.request.iter().find(|parameter| parameter.name.value == name) else {
            let names = spec.request.iter().map(|parameter| parameter.name.value.as_str());
            let help = match closest(name, names.clone()) {
                _ if name == "session" => "pass the session with --session".to_owned(),
                Some(meant) => format!("did you mean {meant}?"),
                None if spec.request.is_empty() => "the method has no parameters".to_owned(),
                None => format!("expected one of {}", names.collect::<Vec<_>>().join(", ")),
            };
            problems.push(format!("unknown parameter {name} of {method}: {help}"));
            continue;
        };
        let is_file = parameter.type_name().kind() == Some(Kind::File);
        match (is_file, value.starts_with('@'), value.starts_with("@@")) {
            (true, false, _) | (true, _, true) => problems.push(format!("{name} is a file: expected {name}=@PATH")),
            (true, true, _) if value == "@" => {
                problems.push(format!("the path of {name} is empty: expected {name}=@PATH"))
            }
            (false, true, false) => {
                problems.push(format!("{name} is not a file: write a text that starts with @ as {name}=@@TEXT"));
            }
            _ => {}
        }
        if !is_file && pairs[..index].iter().any(|&(other, _)| other == name) {
            problems.push(format!("{name} is repeated: write a list as {name}=A,B"));
        }
    }
    let given = |name: &str| pairs.iter().any(|&(other, value)| other == name && !value.trim().is_empty());
    for parameter in spec.request.iter().filter(|parameter| parameter.is_required() && !given(&parameter.name.value)) {
        let (name, kind) = (&parameter.name.value, &parameter.kind.value);
        let example = parameter.facts.example.as_ref().map(|example| format!(", for example {name}={example}"));
        problems.push(format!("missing parameter {name} of type {kind}{}", example.unwrap_or_default()));
    }
    if spec.facts.authorization == Some(Authorization::Required) && !has_session {
        problems.push(format!("missing session: {method} requires --session, or TOP_SESSION in the environment"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_plain_http_to_other_machines() {
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
            assert!(!is_remote_http(gateway), "{gateway}");
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
            assert!(is_remote_http(gateway), "{gateway}");
        }
    }
}
