//! Calls over a socket. The floor is reqwest with a prepared body, and serde_json where the response is typed. The processor time is
//! that of the thread of the client; the server has another.

use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradesSoldGetRequest;
use generated_sdk::client::{BoxFuture, HttpRequest, HttpResponse, HyperTransport, Transport};
use generated_sdk::generated::Request;
use generated_sdk::protocol::{Application, TransportError, decode};
use generated_sdk::{AppCredentials, Client, DateTime};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::trades::{Form, body};
use crate::floor::Root;
use crate::measure::Case;

const SMALL: &str = r#"{"top_client_token_get_response":{"result_code":"200","token":"token","request_id":"4c1w"}}"#;

fn credentials() -> AppCredentials {
    AppCredentials::new("12345678", "helloworld")
}

pub(crate) fn cases() -> Result<Vec<Case>, Box<dyn Error>> {
    let small = Endpoint::start(SMALL.to_owned())?;
    let large = Endpoint::start(body(Form::Json))?;
    let token = || TopClientTokenGetRequest::new("sec_token");
    let trades = || TradesSoldGetRequest::new(["tid", "status"]);
    let raw = |text: &str| text.len();
    let typed = |text: &str| {
        serde_json::from_str::<Root>(text).map_or(0, |root| usize::from(root.trades_sold_get_response.trades.is_some()))
    };
    Ok(vec![
        small.case("call, small response", 1.10, small.client()?, token(), raw)?,
        small.case("call, small response, hyper", 1.10, small.client_over_hyper()?, token(), raw)?,
        large.case("call, 40 trades", 0.80, large.client()?, trades(), typed)?,
        large.case("call, 40 trades, hyper", 0.80, large.client_over_hyper()?, trades(), typed)?,
        batch(&small)?,
    ])
}

/// A batch of 20 calls. The floor is the same calls one after another, which a batch must undercut.
fn batch(single: &Endpoint) -> Result<Case, Box<dyn Error>> {
    const CALLS: usize = 20;
    let endpoint = Endpoint::start([SMALL; CALLS].join("\r\n-S-\r\n"))?;
    let requests: Vec<_> = (0..CALLS).map(|number| TopClientTokenGetRequest::new(number.to_string())).collect();
    let (client, runtime) = (endpoint.client()?, Rc::clone(&endpoint.runtime));
    let (single_client, single_runtime, single_requests) =
        (single.client()?, Rc::clone(&single.runtime), requests.clone());
    Ok(Case::new(
        "batch of 20 calls",
        1.0,
        move || {
            let (responses,) = runtime.block_on(client.batch().add_all(&requests).send());
            responses.iter().filter(|response| response.is_ok()).count()
        },
        move || {
            single_runtime.block_on(async {
                let mut count = 0;
                for request in &single_requests {
                    count += usize::from(single_client.execute(request).await.is_ok());
                }
                count
            })
        },
    ))
}

/// A call through a transport that returns a prepared response. The floor signs and encodes the request, and decodes the
/// response.
pub(crate) fn without_http() -> Result<Case, Box<dyn Error>> {
    struct Prepared;

    impl Transport for Prepared {
        fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            Box::pin(async { Ok(HttpResponse::new(200, SMALL)) })
        }
    }

    let request = TopClientTokenGetRequest::new("sec_token");
    let client = Client::builder("http://gateway.test/", credentials()).transport(Prepared).build()?;
    let (client, runtime, floor_request) = (client.with_session("session"), runtime()?, request.clone());
    let application = Application::new(credentials());
    Ok(Case::new(
        "call, without HTTP",
        1.5,
        move || runtime.block_on(client.execute(&request)).is_ok(),
        move || {
            let signed = application.sign(&floor_request, Some("session"), DateTime::now());
            let form = signed.map(|signed| signed.parameters().to_form());
            (form.is_ok(), decode::<TopClientTokenGetRequest>(SMALL).is_ok())
        },
    ))
}

/// A server that answers each request with one body.
struct Endpoint {
    url: String,
    runtime: Rc<Runtime>,
}

impl Endpoint {
    fn start(body: String) -> Result<Self, Box<dyn Error>> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // An error drops the sender, which is the error below.
            if let Ok(runtime) = runtime() {
                let _ = runtime.block_on(serve(Bytes::from(body), sender));
            }
        });
        let address = receiver.recv().map_err(|_| "cannot start a server on loopback")?;
        Ok(Self { url: format!("http://{address}/router/rest"), runtime: Rc::new(runtime()?) })
    }

    fn client(&self) -> Result<Client, Box<dyn Error>> {
        Ok(Client::builder(self.url.as_str(), credentials()).session("session").build()?)
    }

    fn client_over_hyper(&self) -> Result<Client, Box<dyn Error>> {
        let builder = Client::builder(self.url.as_str(), credentials()).session("session");
        Ok(builder.transport(HyperTransport::new()?).build()?)
    }

    fn case<R: Request + Clone + 'static>(
        &self,
        name: &'static str,
        target: f64,
        client: Client,
        request: R,
        read: impl Fn(&str) -> usize + 'static,
    ) -> Result<Case, Box<dyn Error>> {
        let form = Application::new(credentials()).sign(&request, Some("session"), DateTime::now())?.body()?;
        let (url, runtime, floor_runtime) = (self.url.clone(), Rc::clone(&self.runtime), Rc::clone(&self.runtime));
        let (bytes, content_type) = (Bytes::from(form.bytes), form.content_type);
        let plain = reqwest::Client::builder().no_proxy().build()?;
        Ok(Case::new(
            name,
            target,
            move || runtime.block_on(client.execute(&request)).is_ok(),
            move || {
                floor_runtime.block_on(async {
                    let post = plain.post(&url).header("content-type", &content_type).body(bytes.clone());
                    let text = post.send().await?.text().await?;
                    Ok::<_, reqwest::Error>(read(&text))
                })
            },
        ))
    }
}

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn serve(body: Bytes, address: mpsc::Sender<SocketAddr>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    address.send(listener.local_addr()?)?;
    respond(listener, body).await;
    Ok(())
}

/// Responds to each request with this body, until a connection cannot be accepted.
pub(crate) async fn respond(listener: TcpListener, body: Bytes) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without it, the case measures delays.
        let _ = stream.set_nodelay(true);
        let body = body.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let body = body.clone();
                async move {
                    let _ = http_body_util::BodyExt::collect(request.into_body()).await;
                    Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(body)))
                }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
