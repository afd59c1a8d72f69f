//! `cargo top spi`: sends a signed SPI call to an application.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use codegen::commands::{CommandError, line};
use codegen::files::{self, printable};
use gateway::{Gateway, SpiSpecError};
use top_protocol::Format;
use top_protocol::spi::{SpiCharset, SpiRequest};
use url::Url;

use crate::application;
use crate::methods;
use crate::project::Project;

/// The arguments of `spi`.
#[derive(Args)]
pub(crate) struct SpiArgs {
    /// The SPI method, such as taobao.qimen.order.cancel
    method: String,
    /// Fields of the request, and parameters of the query such as customerId
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// The URL of the application
    #[arg(long, value_name = "URL")]
    to: Url,
    /// The application whose AppSecret signs the call. Default: the one of the local gateway
    #[arg(long, value_name = "KEY=SECRET")]
    app: Option<String>,
    /// The body: XML, JSON or text in UTF-8. Default: the examples of the method's spec
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The format of the example and of the response
    #[arg(long, default_value = "xml")]
    format: BodyFormat,
    /// The charset of the call
    #[arg(long, default_value = "utf-8")]
    charset: Charset,
}

#[derive(Clone, Copy, ValueEnum)]
enum BodyFormat {
    Xml,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Charset {
    #[value(name = "utf-8")]
    Utf8,
    Gbk,
}

/// The time limit of a call.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) fn run(args: &SpiArgs) -> Result<(), CommandError> {
    let call = request(args)?.charset(match args.charset {
        Charset::Utf8 => SpiCharset::Utf8,
        Charset::Gbk => SpiCharset::Gbk,
    });
    let request = call.sign(args.to.as_str()).map_err(|error| CommandError::from_error(&error))?;
    let request = reqwest::Request::try_from(request).map_err(|error| CommandError::from_error(&error))?;
    let failed = |error: std::io::Error| CommandError::from_error(&error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (status, body) = runtime.block_on(send(request)).map_err(|error| CommandError::from_error(&error))?;
    line(body);
    if status.is_success() {
        Ok(())
    } else {
        Err(CommandError::Failed(format!("unexpected HTTP status {}: expected 200", status.as_u16())))
    }
}

/// Returns the call without its signature.
fn request(args: &SpiArgs) -> Result<SpiRequest, CommandError> {
    let credentials = match &args.app {
        Some(app) => application::parse(app)?,
        None => application::local_default(),
    };
    let values = args.values.iter().map(|text| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(CommandError::Usage(format!("invalid value {text:?}: expected NAME=VALUE"))),
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let format = match args.format {
        BodyFormat::Xml => Format::Xml,
        BodyFormat::Json => Format::Json,
    };
    let body = args.body.as_deref().map(read).transpose()?;
    let own = Project::find()?.and_then(|project| project.existing_specs());
    let gateway = Gateway::builder(methods::all(own.as_deref())?);
    let gateway = gateway.application(credentials.app_key(), credentials.expose_secret()).build();
    let call = match (gateway.spi_request(&args.method, format, &values), &body) {
        (Ok(call), _) => call,
        // A body needs no spec.
        (Err(SpiSpecError::UnknownMethod(_)), Some(_)) => {
            let call = SpiRequest::new(&args.method, credentials.app_key(), credentials.expose_secret());
            values.iter().fold(call, |call, (name, value)| call.parameter(*name, *value))
        }
        (Err(error), _) => return Err(CommandError::from_error(&error)),
    };
    Ok(match body {
        None => call,
        Some(body) if body.trim_start().starts_with('<') => call.xml(body),
        Some(body) if body.trim_start().starts_with(['{', '[']) => call.json(body),
        Some(body) => call.plain(body),
    })
}

/// The maximum size of a body.
const MAX_BODY: u64 = 16 << 20;

fn read(path: &Path) -> Result<String, CommandError> {
    let failed = |error: &dyn fmt::Display| CommandError::Failed(format!("cannot read {}: {error}", printable(path)));
    let bytes = files::read(path, MAX_BODY).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|_| failed(&"expected text in UTF-8"))
}

async fn send(request: reqwest::Request) -> Result<(reqwest::StatusCode, String), reqwest::Error> {
    // A redirect would send the signed call elsewhere.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT).build()?;
    let response = client.execute(request).await?;
    Ok((response.status(), response.text().await?))
}
