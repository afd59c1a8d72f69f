//! Every shipped method, called through the client against the gateway in the three forms of answers.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

#[rustfmt::skip]
#[allow(unreachable_pub, reason = "the file is generated for tests of several crates")]
#[path = "../../generated-sdk/tests/every_method/mod.rs"]
mod every_method;

use every_method::Visit;
use generated_sdk::protocol::{Field, RecordMut, Request, Slot, View};
use generated_sdk::{Client, Format};
use support::{client, start};
use tokio::runtime::Runtime;

/// Calls each request and compares what comes back.
struct Caller {
    runtime: Runtime,
    clients: Vec<Client>,
    methods: Vec<&'static str>,
}

impl Visit for Caller {
    fn visit<R: Request<Response: Clone + std::fmt::Debug + PartialEq + serde::Serialize>>(&mut self, request: R) {
        self.methods.push(R::METHOD);
        let mut values = Vec::new();
        for client in &self.clients {
            let response = self
                .runtime
                .block_on(client.execute(&request))
                .unwrap_or_else(|error| panic!("{}: {error}", R::METHOD));
            assert_eq!(response.mismatches(), [], "{}", R::METHOD);
            assert!(response.request_id().is_some(), "{}", R::METHOD);
            values.push(response.into_value());
        }
        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{}: {values:#?}", R::METHOD);
        whole(&mut values.remove(0), R::METHOD, 0);
    }
}

/// Holds that a response has every field that its table has, at any depth but that of an object in itself.
fn whole(record: &mut dyn RecordMut, at: &str, depth: usize) {
    for (index, Field { name, .. }) in record.schema().fields.iter().enumerate() {
        let at = format!("{at}.{name}");
        let absent = matches!(record.view(index), View::Absent);
        let object = matches!(record.slot(index), Slot::Object(_) | Slot::Objects(_));
        // Whether there are more pages is told where it is asked for, and no example asks.
        assert!(!absent || (object && depth > 0) || *name == "has_next", "{at} is missing");
        if let View::Objects(objects) = record.view(index) {
            assert!(objects.iter().all(|object| !object.schema().name.is_empty()), "{at}");
        }
    }
}

#[test]
fn the_same_value_in_every_form() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = runtime.block_on(start());
    let clients = [(Format::Json, false), (Format::Json, true), (Format::Xml, false)].map(|(format, simplify)| {
        client(address).format(format).simplify(simplify).strict(true).build().unwrap().with_session("a session")
    });
    let mut caller = Caller { runtime, clients: clients.to_vec(), methods: Vec::new() };
    every_method::each(&mut caller).unwrap();
    let gateway = support::gateway();
    assert!(caller.methods.len() >= 40, "{} methods", caller.methods.len());
    assert_eq!(caller.methods.len(), gateway.methods(), "every spec has an example");
}

/// A request and its response print without a secret and survive serde.
struct Printer;

impl Visit for Printer {
    fn visit<R: Request<Response: Clone + std::fmt::Debug + PartialEq + serde::Serialize>>(&mut self, request: R) {
        let secrets = request.schema().fields.iter().enumerate().filter(|(_, field)| field.secret);
        for (index, field) in secrets {
            if let View::Text(text) = request.view(index) {
                let response = R::Response::default();
                assert_eq!(serde_json::to_string(&response).unwrap(), "{}");
                let application = generated_sdk::protocol::Application::new("k", "s");
                let signed = application.sign(&request, Some("session"), generated_sdk::DateTime::now()).unwrap();
                let shown = format!("{}={text}\n", field.name);
                assert!(!format!("{signed}\n").contains(&shown), "{}.{} shows", R::METHOD, field.name);
            }
        }
    }
}

#[test]
fn no_secret_shows() {
    every_method::each(&mut Printer).unwrap();
}
