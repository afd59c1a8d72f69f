//! Requests: the gateway reads the parameters that the client encoded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::SystemTime;

use codegen::spec::{self, Specs};
use gateway::{Gateway, Request};
use generated_sdk::protocol::{
    AppCredentials, Application, Dialect, File, ParameterPlacement, SignedRequest, UntypedParameters,
};

use crate::input;
use crate::signature::timestamp;

const METHOD: &str = "taobao.any.get";

/// A method that needs no session and takes any parameters.
const SPEC: &str = "\
method: taobao.any.get
title: Any
authorization: none
request: []
response:
  node: any_get_response
  fields: []
";

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs");
    let platform = spec::platform(&folder).expect("the platform of the fixtures");
    let method = spec::parse("any", "taobao.any.get.yaml", SPEC, &platform).expect("a legal spec");
    let specs = Specs { platform, methods: vec![method], topics: Vec::new() };
    Gateway::builder(specs).application("12345678", "helloworld").clock(clock).build()
});

fn clock() -> SystemTime {
    timestamp().to_system_time()
}

/// Checks a form with the names and values of `input`. Then reads `input` itself as a form.
///
/// # Panics
///
/// If the gateway reads other parameters or refuses the request.
pub fn form(input: &[u8]) {
    let parameters: UntypedParameters = input::pairs(input::lines(input)).into_iter().collect();
    if let Some(signed) = signed(&parameters, ParameterPlacement::Form) {
        read_back(&signed, BTreeMap::new());
    }
    for placement in [ParameterPlacement::Query, ParameterPlacement::JsonBody, ParameterPlacement::XmlBody] {
        if let Some(signed) = self::signed(&parameters, placement) {
            let (query, body) = (signed.query(), signed.body().expect("the body is in memory"));
            let (content_type, body) = (&*body.content_type, &*body.bytes);
            let request = Request { verb: signed.verb(), query: &query, content_type, body, ..Default::default() };
            let response = GATEWAY.respond(&request);
            // A value may be nested more deeply than a body can be.
            assert!(matches!(response.outcome.code, None | Some(43)), "{}", response.body);
        }
    }
    let kind = "application/x-www-form-urlencoded";
    let query = String::from_utf8_lossy(input);
    GATEWAY.respond(&Request { verb: "POST", query: &query, content_type: kind, body: input, ..Default::default() });
    for (path, kind) in [("/router/qm", "application/json"), ("/sync", "text/xml"), ("/router/batch", "text/plain")] {
        GATEWAY.respond(&Request { verb: "POST", path, content_type: kind, body: input, ..Default::default() });
    }
}

/// Checks a multipart body with the file, the names and the values of `input`. Then reads `input` itself as a body.
///
/// The lines are the name of the parameter, the name of the file, its type and its content, and then names and values.
///
/// # Panics
///
/// If the gateway reads other parameters or refuses the request.
pub fn multipart(input: &[u8]) {
    let mut lines = input::lines(input);
    let mut line = || lines.next().unwrap_or_default();
    let (name, file_name, content_type, content) = (line(), line(), line(), line());
    let length = content.len();
    let file = File::new(content).name(file_name).with_content_type(content_type);
    let parameters: UntypedParameters = input::pairs(lines).into_iter().collect();
    if let Some(signed) = signed(&parameters.file(name.clone(), file), ParameterPlacement::Form) {
        read_back(&signed, [(name, vec![length])].into());
    }
    // The first line is the boundary, and the rest is the body.
    let (kind, body) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len()));
    let kind = format!("multipart/form-data; boundary={}", String::from_utf8_lossy(kind));
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    GATEWAY.respond(&Request { verb: "POST", query: "", content_type: &kind, body, ..Default::default() });
}

/// Signs a call. Returns `None` if a parameter has an invalid name.
fn signed(parameters: &UntypedParameters, placement: ParameterPlacement) -> Option<SignedRequest> {
    let dialect = Dialect::default().parameters(placement);
    Application::with_dialect(AppCredentials::new("12345678", "helloworld"), dialect)
        .sign_untyped(METHOD, parameters, None, timestamp())
        .ok()
}

fn read_back(signed: &SignedRequest, files: BTreeMap<String, Vec<usize>>) {
    let body = signed.body().expect("the body is in memory");
    let request =
        Request { verb: "POST", query: "", content_type: &body.content_type, body: &body.bytes, ..Default::default() };
    let texts = signed.parameters().pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(request.texts(), Some(texts), "{body:?}");
    assert_eq!(request.file_lengths(), Some(files), "{body:?}");
    let response = GATEWAY.respond(&request);
    assert_eq!(response.outcome.code, None, "{}", response.body);
}
