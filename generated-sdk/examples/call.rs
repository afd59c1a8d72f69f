//! A call of any method by its names and values.
//!
//! `cargo xtask call` holds them against the method's spec, and then runs this. The gateway, the application and the session
//! come from the environment: see `Client::from_env`.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use generated_sdk::protocol::{File, FileProblem, PUBLIC_PARAMETERS, UntypedParameters};
use generated_sdk::{Client, Format};

/// Why the call did not come to an answer, with the exit status that says so: 1 for a failure, 2 for a wrong command line.
struct Failure(u8, String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(1, chain(&error))
    }
}

/// An error with its sources, each of which says one thing.
fn chain(error: &dyn std::error::Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status, problem)) => {
            eprintln!("{problem}");
            ExitCode::from(status)
        }
    }
}

async fn run() -> Result<(), Failure> {
    let (mut method, mut parameters) = (None, UntypedParameters::new());
    let (mut format, mut curl) = (Format::Json, false);
    for argument in env::args_os().skip(1) {
        let argument = argument.into_string().map_err(|other| Failure(2, format!("{other:?} is no UTF-8")))?;
        if argument == "--curl" {
            curl = true;
        } else if let Some(name) = argument.strip_prefix("--format=") {
            format = name.parse().map_err(|problem| Failure(2, problem))?;
        } else if method.is_none() {
            method = Some(argument);
        } else {
            parameters = with(parameters, &argument)?;
        }
    }
    let method = method.ok_or_else(|| Failure(2, "call METHOD [NAME=VALUE]... [--format=xml] [--curl]".to_owned()))?;
    let builder = Client::from_env().map_err(|error| Failure(2, format!("{error}; or run `cargo xtask call`")))?;
    let client = builder.format(format).build()?;
    let text = if curl {
        client.sign_untyped(&method, parameters)?.to_curl(client.gateway())
    } else {
        format!("{:#}", *client.call(&method, parameters).await?)
    };
    // Where nobody reads any more, as behind `| head`, there is nothing to tell.
    let _ = writeln!(io::stdout().lock(), "{text}");
    Ok(())
}

/// The parameters with one more: NAME=VALUE, NAME= for an empty value, NAME=@PATH for a file, or NAME=@@TEXT for a text that begins with an @.
fn with(parameters: UntypedParameters, argument: &str) -> Result<UntypedParameters, Failure> {
    let Some((name, value)) = argument.split_once('=') else {
        return Err(Failure(2, format!("{argument:?} is no NAME=VALUE")));
    };
    if PUBLIC_PARAMETERS.contains(&name) {
        return Err(Failure(2, format!("{name} belongs to the protocol, and the client sets it")));
    }
    Ok(match value.strip_prefix('@') {
        Some(text) if text.starts_with('@') => parameters.text(name, text),
        Some(path) => {
            // It is read while it is sent; a line for a shell names it by its path.
            let file = File::open(path).map_err(|error| match error.problem {
                FileProblem::NotAFile => {
                    let problem = "is a folder, a pipe or a device; write what it gives to a file, and send that";
                    Failure(1, format!("{path:?} {problem}"))
                }
                _ => Failure::from(error),
            })?;
            parameters.file(name, file)
        }
        None if value.is_empty() => parameters.with_empty(name),
        None => parameters.text(name, value),
    })
}
