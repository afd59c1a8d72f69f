//! Gateways and servers on free ports of loopback.

#![allow(dead_code, reason = "every test file uses a part of this")]

pub(crate) mod hostile;
#[cfg(target_os = "linux")]
pub(crate) mod memory;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use codegen::spec;
use gateway::{Gateway, Server};
use generated_sdk::{AppCredentials, Client, ClientBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "12345678";
pub(crate) const SECRET: &str = "helloworld";

/// The gateway of the project's own specs.
pub(crate) fn gateway() -> Gateway {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    Gateway::new(spec::read(&root).unwrap()).application(KEY, SECRET)
}

/// What a running gateway has told.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Starts the gateway; it ends with the test's runtime.
pub(crate) async fn start() -> (SocketAddr, Told) {
    start_with(gateway()).await
}

/// Starts a gateway of the test's own.
pub(crate) async fn start_with(gateway: Gateway) -> (SocketAddr, Told) {
    let server = Server::bind(gateway, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, told) = (server.address().unwrap(), Told::default());
    let lines = told.clone();
    tokio::spawn(server.serve(move |line| lines.0.lock().unwrap().push(line.to_owned())));
    (address, told)
}

pub(crate) fn client(address: SocketAddr) -> ClientBuilder {
    Client::builder(format!("http://{address}/router/rest"), AppCredentials::new(KEY, SECRET))
}

/// A server that reads a request and answers it with `answer`, then closes the connection.
pub(crate) async fn serve(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// An HTTP answer.
pub(crate) fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// The message of an error and of its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
