//! Calls any method with parameters from the command line.
//!
//! `cargo xtask call` checks the parameters against the method's spec and runs this example. The gateway, the application
//! and the session are environment variables: see `Client::from_env`.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use generated_sdk::protocol::{File, FileProblem, PUBLIC_PARAMETERS, UntypedParameters};
use generated_sdk::{Client, Format};

/// The exit status (1 failure, 2 usage error) and the message of a failed call.
struct Failure(u8, String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(1, chain(&error))
    }
}

/// Returns the messages of an error and its sources.
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
        let argument = argument
            .into_string()
            .map_err(|other| Failure(2, format!("expected an argument in UTF-8, found {other:?}")))?;
        if argument == "--curl" {
            curl = true;
        } else if let Some(name) = argument.strip_prefix("--format=") {
            format = name.parse().map_err(|problem| Failure(2, problem))?;
        } else if method.is_none() {
            method = Some(argument);
        } else {
            parameters = add_parameter(parameters, &argument)?;
        }
    }
    let method = method.ok_or_else(|| {
        Failure(2, "expected a method; usage: call METHOD [NAME=VALUE]... [--format=xml] [--curl]".to_owned())
    })?;
    let builder = Client::from_env().map_err(|error| Failure(2, format!("{error}; or run `cargo xtask call`")))?;
    let client = builder.format(format).build()?;
    let text = if curl {
        client.sign_untyped(&method, parameters)?.to_curl(client.gateway())
    } else {
        format!("{:#}", *client.call(&method, parameters).await?)
    };
    // Writing fails if the reader is gone, as with `| head`.
    let _ = writeln!(io::stdout().lock(), "{text}");
    Ok(())
}

/// Adds a parameter: NAME=VALUE, NAME= for an empty value, NAME=@PATH for a file, or NAME=@@TEXT for a text that starts
/// with an @.
fn add_parameter(parameters: UntypedParameters, argument: &str) -> Result<UntypedParameters, Failure> {
    let Some((name, value)) = argument.split_once('=') else {
        return Err(Failure(2, format!("expected NAME=VALUE, found {argument:?}")));
    };
    if PUBLIC_PARAMETERS.contains(&name) {
        return Err(Failure(2, format!("unexpected public parameter {name}: the client sets it")));
    }
    Ok(match value.strip_prefix('@') {
        Some(text) if text.starts_with('@') => parameters.text(name, text),
        Some(path) => {
            // The file is read while it is sent. A curl command refers to its path.
            let file = File::open(path).map_err(|error| match error.problem {
                FileProblem::NoFile => Failure(
                    1,
                    format!("expected a regular file, found {path:?}; copy its content to a file and send that"),
                ),
                _ => Failure::from(error),
            })?;
            parameters.file(name, file)
        }
        None if value.is_empty() => parameters.with_empty(name),
        None => parameters.text(name, value),
    })
}
