//! Signed requests: parameters, bodies and validation.

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::generated::{Record, record};
use generated_sdk::protocol::{
    AppCredentials, Application, DateTime, Error, File, PUBLIC_PARAMETERS, Problem, Request, SignMethod,
    UntypedParameters, signature, signed_text,
};
use generated_sdk::{Format, Gateway};

fn moment() -> DateTime {
    "2024-08-24 10:20:01".parse().unwrap()
}

fn lines(application: &Application, session: Option<&str>) -> String {
    let signed = application.sign(&TopClientTokenGetRequest::new("sec_token"), session, moment()).unwrap();
    signed.parameters().pairs().map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[test]
fn sets_every_public_parameter() {
    let mut application = Application::new(AppCredentials::new("12129701", "secret"));
    application.sign_method = SignMethod::Hmac;
    application.simplify = true;
    application.partner_id = Some("apidoc".to_owned());
    application.target_app_key = Some("87654321".to_owned());
    let expected = "app_key=12129701
format=json
method=taobao.top.client.token.get
partner_id=apidoc
sec_token=sec_token
session=71f46e93-8049-49d6-8322-7991d2ce7175
sign=SIGN
sign_method=hmac
simplify=true
target_app_key=87654321
timestamp=2024-08-24 10:20:01
v=2.0
";
    let sent = lines(&application, Some("71f46e93-8049-49d6-8322-7991d2ce7175"));
    let pairs = sent.lines().map(|line| line.split_once('=').unwrap());
    let sign = signature(SignMethod::Hmac, "secret", pairs, b"");
    assert_eq!(sent, expected.replace("SIGN", &sign));
    let names: Vec<_> =
        sent.lines().map(|line| line.split_once('=').unwrap().0).filter(|name| *name != "sec_token").collect();
    assert_eq!(names, PUBLIC_PARAMETERS);
}

#[test]
fn omits_unset_parameters() {
    let mut application = Application::new(AppCredentials::new("k", "s"));
    assert_eq!(application.sign_method, SignMethod::HmacSha256);
    application.format = Format::Xml;
    // Only JSON has simplify.
    application.simplify = true;
    application.partner_id = Some(String::new());
    let sent = lines(&application, Some(""));
    let names: Vec<_> = sent.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["app_key", "format", "method", "sec_token", "sign", "sign_method", "timestamp", "v"]);
}

#[test]
fn body_is_a_form() {
    let application = Application::new(AppCredentials::new("k", "s"));
    let signed = application.sign(&TopClientTokenGetRequest::new("端 +"), Some("se=&"), moment()).unwrap();
    let sign = signed.parameters().get("sign").unwrap();
    let body = signed.body().unwrap();
    assert_eq!(body.content_type, "application/x-www-form-urlencoded;charset=UTF-8");
    assert_eq!(
        String::from_utf8(body.bytes).unwrap(),
        format!(
            "app_key=k&format=json&method=taobao.top.client.token.get&sec_token=%E7%AB%AF+%2B&session=se%3D%26&\
             sign={sign}&sign_method=hmac-sha256&timestamp=2024-08-24+10%3A20%3A01&v=2.0"
        )
    );
}

#[test]
fn signs_the_example_of_the_seed_page() {
    let request = TopClientTokenGetRequest::new("x");
    assert_eq!(TopClientTokenGetRequest::METHOD, "taobao.top.client.token.get");
    assert_eq!(TopClientTokenGetRequest::RESPONSE_NODE, "top_client_token_get_response");
    let [field] = request.schema().fields else { panic!("one parameter") };
    assert_eq!((field.name, field.kind.name(), field.required, field.secret), ("sec_token", "String", true, true));
    let response = <TopClientTokenGetRequest as Request>::Response::default();
    let names: Vec<_> = response.schema().fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["result_code", "token", "result_msg"]);
    assert_eq!(Gateway::IEASYNOTE.url(), "https://open.ieasynote.com/api");
    let known = Gateway::from("ieasynote").documented().unwrap();
    assert_eq!(
        (known.https, known.http),
        (Some("https://open.ieasynote.com/api"), Some("http://open.ieasynote.com/api"))
    );
}

#[test]
fn debug_of_a_body_omits_its_content() {
    let application = Application::new(AppCredentials::new("12345678", "s3cr3t"));
    let signed = application.sign(&TopClientTokenGetRequest::new("s3cr3t"), Some("s3cr3t"), DateTime::now()).unwrap();
    let body = signed.body().unwrap();
    let length = body.bytes.len();
    assert_eq!(
        format!("{body:?}"),
        format!("Body(\"application/x-www-form-urlencoded;charset=UTF-8\", {length} bytes)")
    );
}

#[test]
fn redacts_parameters_by_name() {
    for (name, secret) in [
        ("sec_token", true),
        ("login_pwd", true),
        ("appPwd", true),
        ("private_key", true),
        ("rsaPrivateKey", true),
        ("Authorization", true),
        ("user_session_id", true),
        ("app_secret_key", true),
        ("AccessKey", true),
        ("cookie", true),
        ("auth_code", true),
        // Names that are not secrets.
        ("app_key", false),
        ("pub_key", false),
        ("secret_version", false),
        ("real_name_auth_status", false),
        ("password_hint", false),
        ("item_code", false),
    ] {
        let output = format!("{:?}", UntypedParameters::from([(name, "the value")]));
        assert_eq!(!output.contains("the value"), secret, "{output}");
    }
}

/// The request of a method that clears a field with an empty value: `tmall.item.outerid.update`.
#[derive(Clone, Default)]
struct Update {
    item_id: i64,
    outer_id: Option<String>,
    nick: String,
    names: Vec<String>,
    sku: Option<Sku>,
    picture: Option<File>,
}

#[derive(Clone, Default)]
struct Sku {
    outer_id: Option<String>,
}

#[derive(Clone, Default)]
struct Updated;

impl Update {
    fn new() -> Self {
        Self { item_id: 610000000001, nick: "nick".to_owned(), ..Self::default() }
    }

    fn outer_id(mut self, outer_id: &str) -> Self {
        self.outer_id = Some(outer_id.to_owned());
        self
    }
}

record! {
    Update {
        0 => item_id: RequiredNumber("item_id", Number, required);
        1 => outer_id: Text("outer_id", String);
        2 => nick: RequiredText("nick", String, required);
        3 => names: Texts("names", String, list);
        4 => sku: Object("sku", Object);
        5 => picture: File("picture", File);
    }
}

record! {
    Sku {
        0 => outer_id: Text("outer_id", String);
    }
}

impl Request for Update {
    const METHOD: &'static str = "tmall.item.outerid.update";
    const RESPONSE_NODE: &'static str = "tmall_item_outerid_update_response";
    type Response = Updated;
}

record!(mut Updated {});

fn application(validate: bool) -> Application {
    let mut application = Application::new(AppCredentials::new("12345678", "helloworld"));
    application.sign_method = SignMethod::Md5;
    application.validate = validate;
    application
}

/// Returns the parameters of the method in a signed request, or its violations.
fn own(request: &impl Request, validate: bool) -> Result<String, String> {
    let signed = application(validate).sign(request, None, moment()).map_err(|error| {
        assert!(matches!(error, Error::Invalid(_)), "{error:?}");
        error.to_string().replace("tmall.item.outerid.update was not sent: ", "")
    })?;
    let sign = signature(SignMethod::Md5, "helloworld", signed.parameters().pairs(), b"");
    assert_eq!(signed.parameters().get("sign"), Some(sign.as_str()));
    let pairs = signed.parameters().pairs().filter(|(name, _)| !PUBLIC_PARAMETERS.contains(name));
    let texts = pairs.map(|(name, value)| format!("{name}={value}"));
    let files = signed.files().map(|(name, file)| format!("{name}=@{}", file.file_name()));
    Ok(texts.chain(files).collect::<Vec<_>>().join(" "))
}

fn invalid(problems: &str) -> Result<String, String> {
    Err(problems.to_owned())
}

fn sent(own: &str) -> Result<String, String> {
    Ok(own.to_owned())
}

const EMPTY: &str = "is empty: leave it unset, or use with_empty to send an empty value";

#[test]
fn sends_empty_values_only_on_request() {
    for blank in ["", " ", "\t\n"] {
        let request = Update::new().outer_id(blank);
        assert_eq!(own(&request, true), invalid(&format!("outer_id {EMPTY}")), "{blank:?}");
        // Without validation an empty value is sent.
        assert_eq!(own(&request, false), Ok(format!("item_id=610000000001 nick=nick outer_id={blank}")));
        assert_eq!(own(&request.with_empty("outer_id"), true), sent("item_id=610000000001 nick=nick outer_id="));
    }
    for validate in [true, false] {
        let request = Update::new().with_empty("outer_id");
        assert_eq!(own(&request, validate), sent("item_id=610000000001 nick=nick outer_id="));
        assert_eq!(own(&Update::new(), validate), sent("item_id=610000000001 nick=nick"));
        let contradicting = Update::new().outer_id("A").with_empty("outer_id");
        let both = "outer_id has a value and is set with with_empty: remove one of them";
        assert_eq!(own(&contradicting, validate), invalid(both));
    }
    // The parameter may be undocumented.
    assert_eq!(own(&Update::new().with_empty("x"), true), sent("item_id=610000000001 nick=nick x="));
    let signed = application(true).sign(&Update::new().with_empty("outer_id"), None, moment()).unwrap();
    let text = String::from_utf8(signed_text(signed.parameters().pairs(), b"")).unwrap();
    assert!(text.contains("nicknickouter_idsign_methodmd5"), "{text}");
    assert!(String::from_utf8(signed.body().unwrap().bytes).unwrap().contains("&outer_id=&"));
    assert!(signed.to_curl("http://127.0.0.1/").contains("-d 'outer_id='"));
}

#[test]
fn validates_empty_values_of_other_types() {
    let mut request = Update::new();
    request.names = vec![String::new()];
    assert_eq!(own(&request, true), invalid(&format!("names {EMPTY}")));
    request.names = vec![String::new(), String::new()];
    assert_eq!(own(&request, true), sent("item_id=610000000001 names=, nick=nick"));
    request.names.clear();
    // Within JSON, an empty text differs from an absent one.
    request.sku = Some(Sku { outer_id: Some(String::new()) });
    assert_eq!(own(&request, true), sent(r#"item_id=610000000001 nick=nick sku={"outer_id":""}"#));
    request.sku = None;
    request.nick = " ".to_owned();
    assert_eq!(own(&request, true), invalid("nick is required"));
    assert_eq!(own(&request, false), sent("item_id=610000000001 nick= "));
    assert_eq!(own(&request.with_empty("nick"), true), sent("item_id=610000000001 nick="));
}

#[test]
fn sends_added_parameters() {
    let request = Update::new().with_parameter("biz_type", "3").with_parameter("Zone", "端 &").with_empty("memo");
    let expected = sent("Zone=端 & biz_type=3 item_id=610000000001 memo= nick=nick");
    assert_eq!(own(&request, true), expected);
    assert_eq!(own(&request, false), expected);
    // Also in code that is generic over requests.
    fn generic<R: Request>(request: R) -> impl Request {
        request.with_parameter("a", "1")
    }
    let wrapped = generic(generic(Update::new()).with_empty("b"));
    assert_eq!(own(&wrapped, true), invalid("a is added twice: add it once"));
    assert_eq!(own(&generic(Update::new().with_empty("b")), true), sent("a=1 b= item_id=610000000001 nick=nick"));
    let files = Update::new().with_file("image", File::new(*b"1").name("1.gif")).with_file("image", File::new(*b"2"));
    assert_eq!(own(&files, true), sent("item_id=610000000001 nick=nick image=@1.gif image=@file"));
}

#[test]
fn rejects_added_parameters_that_replace_others() {
    for validate in [true, false] {
        let refused = |request: &dyn Fn(Update) -> generated_sdk::protocol::WithParameters<Update>| {
            own(&request(Update::new()), validate).unwrap_err()
        };
        let setter = "is a documented parameter of the request: use its setter";
        assert_eq!(refused(&|update| update.with_parameter("outer_id", "A")), format!("outer_id {setter}"));
        assert_eq!(refused(&|update| update.with_file("picture", File::new(*b"1"))), format!("picture {setter}"));
        let twice = "x is added twice: add it once";
        assert_eq!(refused(&|update| update.with_parameter("x", "1").with_parameter("x", "1")), twice);
        assert_eq!(refused(&|update| update.with_empty("x").with_parameter("x", "1")), twice);
        assert_eq!(refused(&|update| update.with_file("x", File::new(*b"1")).with_empty("x")), twice);
        let unnamed = "a parameter has no name: use the documented name";
        assert_eq!(refused(&|update| update.with_parameter("", "1")), unnamed);
        for name in PUBLIC_PARAMETERS {
            let text = refused(&|update| update.with_parameter(name, "s3cr3t"));
            assert!(text.starts_with(&format!("{name} is a public parameter")) && !text.contains("s3cr3t"), "{text}");
            assert!(refused(&|update| update.with_empty(name)).starts_with(name));
        }
        let parts = refused(&|update| Update { picture: Some(File::new(*b"1")), ..update }.with_parameter("a\"b", "1"));
        assert!(parts.starts_with("a\"b has a quote or a line break in its name"), "{parts}");
    }
    let blank = own(&Update::new().with_parameter("x", " "), true);
    assert_eq!(blank, invalid(&format!("x {EMPTY}")));
    assert_eq!(own(&Update::new().with_parameter("x", ""), false), sent("item_id=610000000001 nick=nick x="));
    assert_eq!(Problem::Empty.code(), 41);
}

#[test]
fn redacts_added_parameters() {
    let request = Update::new()
        .with_parameter("sec_token", "s3cr3t")
        .with_parameter("order", r#"{"access_token":"s3cr3t"}"#)
        .with_parameter("memo", "plain")
        .with_empty("outer_id");
    let signed = application(true).sign(&request, None, moment()).unwrap();
    assert_eq!(
        format!("{request:?}"),
        "Update { item_id: 610000000001, nick: \"nick\" } with {\"sec_token\": [hidden], \"order\": [hidden], \"memo\": \
         \"plain\", \"outer_id\": \"\"}"
    );
    for output in [format!("{signed:?}"), signed.to_string(), format!("{:?}", request.extra_parameters())] {
        assert!(!output.contains("s3cr3t") && output.contains("plain") && output.contains("sec_token"), "{output}");
    }
}

#[test]
fn validates_untyped_parameters() {
    let sign = |parameters: &UntypedParameters, validate| {
        let signed = application(validate).sign_untyped(Update::METHOD, parameters, None, moment());
        signed.map(|signed| signed.parameters().get("outer_id").map(str::to_owned)).map_err(|error| error.to_string())
    };
    let plain = UntypedParameters::from([("item_id", "610000000001"), ("outer_id", "")]);
    assert_eq!(sign(&plain, true), Err(format!("tmall.item.outerid.update was not sent: outer_id {EMPTY}")));
    assert_eq!(sign(&plain, false), Ok(Some(String::new())));
    assert_eq!(sign(&plain.clone().with_empty("outer_id"), true), Ok(Some(String::new())));
    assert_eq!(sign(&plain.clone().text("outer_id", "A"), true), Ok(Some("A".to_owned())));
    assert_eq!(format!("{:?}", plain.with_empty("a")), r#"{"a": "", "item_id": "610000000001", "outer_id": ""}"#);
    let unnamed = sign(&UntypedParameters::from([("", "1")]), false).unwrap_err();
    assert!(unnamed.ends_with("a parameter has no name: use the documented name"), "{unnamed}");
}

#[test]
fn signs_a_prepared_request_again() {
    let application = application(true);
    let request = TopClientTokenGetRequest::new("t").with_file("image", File::new(*b"GIF89a")).with_parameter("a", "b");
    let parameters = UntypedParameters::from([("a", "b")]);
    let mut typed = application.prepare(&request, true).unwrap();
    let mut untyped = application.prepare_untyped("taobao.a.get", &parameters).unwrap();
    let times = ["2016-01-01 12:00:00", "2016-01-01 12:00:01"].map(|time| time.parse::<DateTime>().unwrap());
    for (session, time) in [
        (Some("one"), times[0]),
        (Some("one"), times[1]),
        (None, times[1]),
        (Some(""), times[1]),
        (Some("another"), times[0]),
    ] {
        let signed = application.sign(&request, session, time).unwrap();
        assert_eq!(*typed.sign(session, time).unwrap(), signed);
        let signed = application.sign_untyped("taobao.a.get", &parameters, session, time).unwrap();
        assert_eq!(*untyped.sign(session, time).unwrap(), signed);
    }
}
