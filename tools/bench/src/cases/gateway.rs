//! Calls that the local gateway answers. The floor is hyper with a prepared response. The processor time is that of the thread of
//! the server; the client has another.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use gateway::Gateway;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradesSoldGetRequest;
use generated_sdk::generated::Request;
use generated_sdk::protocol::Application;
use generated_sdk::{AppCredentials, DateTime};
use hyper::body::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::client::{respond, runtime};
use crate::measure::Case;

const KEY: &str = "12345678";
const SECRET: &str = "helloworld";

pub(crate) fn cases() -> Result<Vec<Case>, Box<dyn Error>> {
    let trades = TradesSoldGetRequest::new(["tid", "status", "orders"]).page_size(40);
    Ok(vec![
        case("gateway, small response", 2.0, &TopClientTokenGetRequest::new("sec_token"))?,
        case("gateway, 40 trades", 2.0, &trades)?,
    ])
}

fn case(name: &'static str, target: f64, request: &impl Request) -> Result<Case, Box<dyn Error>> {
    let form =
        Application::new(AppCredentials::new(KEY, SECRET)).sign(request, Some("session"), DateTime::now())?.body()?;
    let (head, body) = (format!("content-type: {}", form.content_type), form.bytes);
    let specs = gateway::spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs"))?;
    let gateway = Gateway::builder(specs).application(KEY, SECRET).list_length(40);

    let ours = runtime()?;
    let running = ours.block_on(gateway.start())?;
    let mut ours = Server { load: Load::start(running.address(), "/router/rest", &head, &body)?, runtime: ours };
    let response = ours.run().ok_or("the gateway did not respond")?;
    if response.windows(14).any(|window| window == b"error_response") {
        return Err(format!("the gateway refused the call: {}", String::from_utf8_lossy(&response)).into());
    }

    let floor = runtime()?;
    let listener = floor.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    floor.spawn(respond(listener, Bytes::from(response)));
    let mut floor = Server { load: Load::start(address, "/router/rest", &head, &body)?, runtime: floor };
    Ok(Case::new(
        name,
        target,
        move || {
            let _ = &running;
            ours.run().map(|body| body.len())
        },
        move || floor.run().map(|body| body.len()),
    ))
}

/// A server on this thread, and its client on another.
struct Server {
    runtime: Runtime,
    load: Load,
}

impl Server {
    /// Serves one call, and returns the body of its response.
    fn run(&mut self) -> Option<Vec<u8>> {
        self.load.go.send(()).ok()?;
        self.runtime.block_on(self.load.done.notified());
        self.load.bodies.recv().ok()
    }
}

/// A client that makes one call for each message of a channel, over one connection.
struct Load {
    go: mpsc::Sender<()>,
    done: Arc<Notify>,
    bodies: mpsc::Receiver<Vec<u8>>,
}

impl Load {
    fn start(address: SocketAddr, path: &str, header: &str, body: &[u8]) -> Result<Self, Box<dyn Error>> {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: {address}\r\n{header}\r\ncontent-length: {}\r\n\r\n", body.len())
                .into_bytes();
        request.extend(body);
        let (go, start) = mpsc::channel();
        let (sender, bodies) = mpsc::channel();
        let done = Arc::new(Notify::new());
        let notify = Arc::clone(&done);
        // The server accepts the connection when it runs.
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        thread::spawn(move || {
            let mut reader = BufReader::with_capacity(1 << 18, stream);
            while start.recv().is_ok() {
                let body = reader.get_mut().write_all(&request).and_then(|()| response(&mut reader));
                match body {
                    Ok(body) => drop(sender.send(body)),
                    // The end of the channel is the error of the other side.
                    Err(_) => break,
                }
                notify.notify_one();
            }
            drop(sender);
            notify.notify_one();
        });
        Ok(Self { go, done, bodies })
    }
}

/// Reads a response with a length.
fn response(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().map_err(std::io::Error::other)?;
            }
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}
