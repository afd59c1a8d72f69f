//! Gateways and servers for tests, on free ports of loopback.

#![allow(dead_code, reason = "each test file uses a part of the module")]

pub(crate) mod foreign;
#[cfg(target_os = "linux")]
pub(crate) mod memory;
pub(crate) mod script;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use codegen::spec::{self, Specs};
use gateway::{Gateway, GatewayBuilder};
use generated_sdk::client::HyperTransport;
use generated_sdk::{AppCredentials, Client, ClientBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "12345678";
pub(crate) const SECRET: &str = "helloworld";

/// Returns the shipped specs.
pub(crate) fn specs() -> Specs {
    spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap()
}

/// Returns the settings of a gateway for the shipped specs.
pub(crate) fn gateway() -> GatewayBuilder {
    Gateway::builder(specs()).application(KEY, SECRET)
}

/// The console of a running gateway.
#[derive(Clone, Default)]
pub(crate) struct Console(Arc<Mutex<Vec<String>>>);

impl Console {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Starts the gateway, which ends with the runtime of the test.
pub(crate) async fn start() -> (SocketAddr, Console) {
    start_with(gateway()).await
}

/// Starts another gateway.
pub(crate) async fn start_with(gateway: GatewayBuilder) -> (SocketAddr, Console) {
    let console = Console::default();
    let lines = console.clone();
    let gateway = gateway.log(move |line| lines.0.lock().unwrap().push(line.to_owned())).start().await.unwrap();
    let address = gateway.address();
    // The gateway ends with the runtime of the test.
    tokio::spawn(async move {
        let _gateway = gateway;
        std::future::pending::<()>().await;
    });
    (address, console)
}

pub(crate) fn client(address: SocketAddr) -> ClientBuilder {
    Client::builder(format!("http://{address}/router/rest"), AppCredentials::new(KEY, SECRET))
}

/// An HTTP transport of the client.
#[derive(Clone, Debug)]
pub(crate) struct TestTransport(Option<Arc<HyperTransport>>);

/// Returns the HTTP transports: the default one, and the one over hyper.
pub(crate) fn transports() -> [TestTransport; 2] {
    [TestTransport(None), TestTransport(Some(Arc::new(HyperTransport::new().unwrap())))]
}

impl TestTransport {
    /// Returns the settings of a client with this transport.
    pub(crate) fn client(&self, address: SocketAddr) -> ClientBuilder {
        self.of(client(address))
    }

    /// Sets this transport.
    pub(crate) fn of(&self, builder: ClientBuilder) -> ClientBuilder {
        match &self.0 {
            Some(transport) => builder.transport(transport.clone()),
            None => builder,
        }
    }
}

/// Starts a server that reads a request, sends `response` and closes the connection.
pub(crate) async fn serve(response: impl Into<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let response = response.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// Returns an HTTP response.
pub(crate) fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response
}

/// Returns the message of an error with those of its sources.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
