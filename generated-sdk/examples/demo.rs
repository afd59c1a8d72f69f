//! Calls a method with each sign method, and once with a wrong secret.
//!
//! `cargo xtask demo` runs it against the local gateway of this project. It fails if a response is unexpected.

use std::error::Error;
use std::process::ExitCode;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::{AppCredentials, Client, Error as CallError, SignMethod};

/// The platform's code for a wrong signature.
const INVALID_SIGNATURE: i64 = 25;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match demo().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut next = error.source();
            while let Some(source) = next {
                eprintln!("caused by: {source}");
                next = source.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Result<(), Box<dyn Error>> {
    let environment = Client::from_env().map_err(|error| format!("{error}; or run `cargo xtask demo`"))?;
    let request = TopClientTokenGetRequest::new("sec_token");

    for sign_method in SignMethod::ALL {
        heading(&format!("signed with {sign_method}"));
        let client = environment.clone().sign_method(sign_method).build()?;
        println!("POST {}\n{}\n", client.gateway(), client.sign(&request)?);
        let response = client.execute(&request).await?;
        println!("{}\n{response:#?}", response.body());
        let expected = (Some("200"), Some("token"), Some("token参数有误"));
        let got = (response.result_code.as_deref(), response.token.as_deref(), response.result_msg.as_deref());
        if got != expected || !response.mismatches().is_empty() || response.request_id().is_none() {
            return Err("unexpected response: expected the examples of the spec".into());
        }
    }

    heading("signed with a wrong secret");
    let client = environment.build()?;
    let credentials = AppCredentials::new(AppCredentials::from_env()?.app_key(), "a wrong secret");
    let client = Client::builder(client.gateway(), credentials).build()?;
    println!("POST {}\n{}\n", client.gateway(), client.sign(&request)?);
    match client.execute(&request).await {
        Err(CallError::Platform(error)) if error.code == INVALID_SIGNATURE => {
            println!("{}\n{error:#?}\n{error}", error.body);
            Ok(())
        }
        Err(error) => Err(format!("expected a refusal with code {INVALID_SIGNATURE}, found: {error}").into()),
        Ok(_) => Err("the gateway accepted a wrong signature".into()),
    }
}

fn heading(text: &str) {
    println!("\n── {text} {}", "─".repeat(70_usize.saturating_sub(text.chars().count())));
}
