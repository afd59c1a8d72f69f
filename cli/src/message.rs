//! `cargo top message`: sends messages through a running local gateway.

use std::time::Duration;

use clap::{Args, Subcommand};
use codegen::commands::{CommandError, line};
use url::Url;

/// The arguments of `message`.
#[derive(Args, Debug)]
pub(crate) struct MessageArgs {
    #[command(subcommand)]
    command: MessageCommand,
}

#[derive(Subcommand, Debug)]
enum MessageCommand {
    /// Send a message to the clients of a running local gateway
    Send(SendArgs),
}

/// The arguments of `message send`.
#[derive(Args, Debug)]
struct SendArgs {
    /// The topic, such as taobao_trade_TradeSuccess
    topic: String,
    /// The content. Default: the example of the topic's spec
    #[arg(long, value_name = "JSON")]
    content: Option<String>,
    /// The URL of the gateway
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8642")]
    gateway: Url,
    /// The AppKey of the clients. Default: any
    #[arg(long, value_name = "KEY")]
    app_key: Option<String>,
    /// The group of the clients. Default: any
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The nick of the user whom the message concerns
    #[arg(long, value_name = "NICK")]
    user_nick: Option<String>,
    /// The number of messages
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
}

pub(crate) fn run(args: MessageArgs) -> Result<(), CommandError> {
    let MessageCommand::Send(args) = args.command;
    let failed = |error: std::io::Error| CommandError::from_error(&error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    for id in runtime.block_on(send(args))? {
        line(id);
    }
    Ok(())
}

/// The time limit of the local gateway, which may receive 16 MiB.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends the messages, and returns their ids.
async fn send(args: SendArgs) -> Result<Vec<i64>, CommandError> {
    let mut url = args.gateway;
    url.set_path("/_messages");
    let count = args.count.to_string();
    let optional = [("app_key", &args.app_key), ("group", &args.group), ("user_nick", &args.user_nick)];
    url.query_pairs_mut()
        .append_pair("topic", &args.topic)
        .append_pair("count", &count)
        .extend_pairs(optional.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
    // The gateway is on this machine.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| CommandError::from_error(&error))?;
    let request = client.post(url.clone()).header("content-type", "application/json");
    let response = request.body(args.content.unwrap_or_default()).send().await;
    let response = response.map_err(|error| {
        let problem = CommandError::from_error(&error);
        CommandError::Failed(format!("{problem}; start the gateway with `cargo top gateway`"))
    })?;
    let body = response.bytes().await.map_err(|error| CommandError::from_error(&error))?;
    let unexpected = || CommandError::Failed(format!("unexpected response of {url}: expected the local gateway"));
    let body: serde_json::Value = serde_json::from_slice(&body).map_err(|_| unexpected())?;
    if let Some(problem) = body["error"].as_str() {
        return Err(CommandError::Failed(problem.to_owned()));
    }
    let ids = body["ids"].as_array().ok_or_else(unexpected)?;
    Ok(ids.iter().filter_map(serde_json::Value::as_i64).collect())
}
