//! The gateway behind a socket.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming as Body;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::{Gateway, Incoming, console};

/// The longest body that is read, and held in memory: big uploads are to be tried here too.
const MAX_BODY: usize = 256 << 20;

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    gateway: Arc<Gateway>,
    listener: TcpListener,
}

impl Server {
    /// Listens on a loopback address. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// If the address is not on loopback or cannot be listened on.
    pub async fn bind(gateway: Gateway, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let problem = "the gateway listens on loopback only: it knows test secrets and shows what it is sent";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        let listener = TcpListener::bind(address).await?;
        Ok(Self { gateway: Arc::new(gateway), listener })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers calls for good, and gives `told` the console's lines about each.
    pub async fn serve(self, told: impl Fn(&str) + Send + Sync + 'static) -> Infallible {
        let told = Arc::new(told);
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // Most likely out of file descriptors: others must be closed first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (gateway, told) = (Arc::clone(&self.gateway), Arc::clone(&told));
            tokio::spawn(async move {
                let service = service_fn(|request| answer(&gateway, request, told.as_ref()));
                // A connection that breaks is the client's affair.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }
}

async fn answer(
    gateway: &Gateway,
    request: Request<Body>,
    told: &(impl Fn(&str) + ?Sized),
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        told("a request that is too long or broke off");
        let mut response = Response::new(Full::new(Bytes::from_static(b"the request is too long or broke off")));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let body = body.to_bytes();
    let incoming = Incoming {
        verb: head.method.as_str(),
        query: head.uri.query().unwrap_or_default(),
        content_type: head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default(),
        body: &body,
    };
    let answer = gateway.answer(&incoming);
    told(&console::lines(&answer));
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    Ok(response)
}
