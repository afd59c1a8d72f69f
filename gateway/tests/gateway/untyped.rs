//! Untyped calls: every shipped method by names and values, and as a curl command.

use std::collections::BTreeMap;
use std::process::Command;

use expect_test::expect;
use gateway::Gateway;
use generated_sdk::protocol::{
    Application, DateTime, Dialect, File, Json, PUBLIC_PARAMETERS, ParameterPlacement, Request, SignedRequest,
    UntypedParameters, decode,
};
use generated_sdk::{AppCredentials, Client, Error, Format, SignMethod};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::every_request::{self, Visit};
use crate::support::{self, KEY, SECRET, client, start};

/// Makes each call typed and untyped, and compares the responses.
struct Caller {
    runtime: Runtime,
    /// Each client, and whether its responses are simplified.
    clients: Vec<(Client, bool)>,
    methods: usize,
    /// The methods whose simplified response looks like a refusal without its spec.
    ambiguous: Vec<&'static str>,
}

/// Returns the parameters of a request without the public ones.
fn untyped(signed: &SignedRequest) -> UntypedParameters {
    let own = signed.parameters().pairs().filter(|(name, _)| !PUBLIC_PARAMETERS.contains(name));
    let texts: UntypedParameters = own.collect();
    signed.files().fold(texts, |parameters, (name, file)| parameters.file(name, file.clone()))
}

impl Visit for Caller {
    fn visit<R: Request>(&mut self, request: R) {
        self.methods += 1;
        for (client, simplified) in &self.clients {
            let parameters = untyped(&client.sign(&request).unwrap());
            let response = self.runtime.block_on(client.call(R::METHOD, parameters));
            let response = match response {
                Err(Error::Platform(_)) if *simplified => {
                    self.ambiguous.push(R::METHOD);
                    continue;
                }
                response => response.unwrap_or_else(|error| panic!("{}: {error}", R::METHOD)),
            };
            assert!(response.request_id().is_some(), "{}: {response:?}", R::METHOD);
            let read = decode::<R>(response.to_string()).unwrap();
            let typed = self.runtime.block_on(client.execute(&request)).unwrap();
            assert_eq!(*read, *typed, "{}: {response:?}", R::METHOD);
        }
    }
}

#[test]
fn every_method_can_be_called_untyped() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = runtime.block_on(start());
    let clients = [(Format::Json, false), (Format::Json, true), (Format::Xml, false)].map(|(format, simplify)| {
        (client(address).format(format).simplify(simplify).build().unwrap().with_session("a session"), simplify)
    });
    let mut caller = Caller { runtime, clients: clients.to_vec(), methods: 0, ambiguous: Vec::new() };
    every_request::each(&mut caller).unwrap();
    assert!(caller.methods >= 40, "{} methods", caller.methods);
    // Their own fields have the names of the fields of a refusal.
    expect![[r#"
        alibaba.alsc.union.eleme.promotion.officialactivity.get
        alibaba.alsc.union.eleme.promotion.storepromotion.query
        tmall.exchange.receive.get
        taobao.xhotel.order.update.confirmcode
        taobao.rp.refunds.agree"#]]
    .assert_eq(&caller.ambiguous.join("\n"));
}

#[tokio::test]
async fn decodes_responses_and_refusals() {
    let (address, console) = start().await;
    let seller = client(address).build().unwrap().with_session("a session");
    let time = seller.call("taobao.time.get", ()).await.unwrap();
    assert!(time["time"].is_string(), "{time:?}");
    assert_eq!(
        (time.status(), time.request_id().is_some(), time.body().contains("time_get_response")),
        (Some(200), true, true)
    );
    let trade = seller.call("taobao.trade.fullinfo.get", [("fields", "tid"), ("tid", "1")]).await.unwrap();
    assert_eq!(trade["trade"]["tid"], Json::from(2_001_000_000_000_001_i64));
    match seller.call("taobao.trade.fullinfo.get", vec![("fields", "tid")]).await {
        Err(Error::Platform(error)) => {
            assert_eq!((error.code.number(), error.msg.as_str()), (Some(40), "Missing required arguments:tid"))
        }
        other => panic!("{other:?}"),
    }
    match seller.call("taobao.nothing.get", ()).await {
        Err(Error::Platform(error)) => assert_eq!(error.code, 22),
        other => panic!("{other:?}"),
    }
    assert_eq!(console.lines().iter().filter(|line| line.contains("a session")).count(), 0);
}

#[tokio::test]
async fn refuses_public_parameters() {
    let (address, console) = start().await;
    let seller = client(address).build().unwrap();
    for name in PUBLIC_PARAMETERS {
        let file = UntypedParameters::new().file(name, File::new(*b"GIF89a"));
        for parameters in [UntypedParameters::from([(name, "s3cr3t"), ("tid", "1")]), file] {
            let error = seller.call("taobao.time.get", parameters).await.unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{error:?}");
            let message = error.to_string();
            assert!(
                message.starts_with(&format!("taobao.time.get was not sent: {name} is a public parameter")),
                "{message}"
            );
            assert!(!format!("{message}{error:?}").contains("s3cr3t"), "{message}");
        }
    }
    let error = seller.call("taobao.time.get", [("session", "s"), ("sign", "AB")]).await.unwrap_err();
    let mut message = error.to_string();
    message.push_str(&format!("\n{}", seller.sign_untyped("taobao.time.get", [("v", "1.0")]).unwrap_err()));
    expect![[r#"
        taobao.time.get was not sent: session is a public parameter, not a parameter of the method: use with_session of the client; sign is a public parameter, not a parameter of the method: remove it, because signing sets it
        taobao.time.get was not sent: v is a public parameter, not a parameter of the method: remove it, because signing sets it"#]].assert_eq(&message);
    assert_eq!(console.lines(), [""; 0]);
    // An empty value is refused too.
    assert!(seller.call("taobao.time.get", [("session", "")]).await.is_err());
}

#[test]
fn debug_output_of_untyped_calls_hides_secrets() {
    let parameters = UntypedParameters::from([
        ("sec_token", "s3cr3t"),
        ("Password", "s3cr3t"),
        ("order", r#"{"memo":"m","parts":[{"access_token":"s3cr3t"}]}"#),
        ("memo", "plain"),
    ])
    .file("image", File::new(*b"s3cr3t").name("a.gif"));
    let signed = Application::new(AppCredentials::new(KEY, SECRET))
        .sign_untyped("taobao.a.get", &parameters, Some("s3cr3t"), DateTime::now())
        .unwrap();
    for text in [format!("{parameters:?}"), format!("{signed:?}"), format!("{signed}")] {
        assert!(!text.contains("s3cr3t") && text.contains("plain") && text.contains("sec_token"), "{text}");
    }
    assert!(signed.to_curl("http://localhost/").contains("s3cr3t"));
}

/// Splits a line as a POSIX shell does. Supports single quotes and backslashes.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            character if quoted => word.get_or_insert_default().push(character),
            '\\' => match characters.next().unwrap() {
                '\n' => {}
                character => word.get_or_insert_default().push(character),
            },
            ' ' => words.extend(word.take()),
            character => {
                assert!(character.is_ascii_alphanumeric() || "-".contains(character), "{character:?} in {line}");
                word.get_or_insert_default().push(character);
            }
        }
    }
    assert!(!quoted, "{line}");
    words.into_iter().chain(word).collect()
}

/// Returns the values of an option.
fn options<'w>(words: &'w [String], option: &str) -> Vec<&'w str> {
    words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].as_str()).collect()
}

proptest! {
    /// The shell passes any names and values to curl unchanged, and the gateway accepts the signature.
    #[test]
    fn curl_commands_are_signed(pairs in prop::collection::vec(("[a-z端'\"$`\\\\ ]{1,4}", "\\PC{0,9}|['\"$`\\\\!\n\t&;|<>*?~#%+@=]{0,9}"), 0..6)) {
        // The client refuses the public parameter `v`.
        let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| name != "v").collect();
        let parameters = pairs.into_iter().fold(UntypedParameters::new(), |parameters, (name, value)| {
            if value.trim().is_empty() { parameters.with_empty(name) } else { parameters.text(name, value) }
        });
        let application = Application::new(AppCredentials::new(KEY, SECRET));
        let time = DateTime::now();
        let signed = application.sign_untyped("taobao.time.get", &parameters, Some("it's a session"), time).unwrap();
        let line = signed.to_curl("http://127.0.0.1:1/a'b?c=d");
        let words = shell_words(&line);
        prop_assert_eq!(&words[..4], ["curl", "-X", "POST", "http://127.0.0.1:1/a'b?c=d"]);
        let body = options(&words, "-d").join("&");
        let content_type = options(&words, "-H")[0].strip_prefix("Content-Type:").unwrap();
        let response = GATEWAY.with(|gateway| {
            gateway.respond(&gateway::Request { verb: "POST", query: "", content_type, body: body.as_bytes(), ..Default::default() })
        });
        prop_assert_eq!(response.outcome.code, None, "{}", response.outcome.explanation);
    }
}

proptest! {
    /// The gateway reads any name of a part as signed, or the client refuses the name.
    #[test]
    fn part_names_are_signed(
        name in "\\PC{1,6}|[\"%;=:\\\\ a20dDA端\t\0\r\n-]{1,8}|(%22|%0D|%0a|name=|filename=){1,2}",
        file_name in "\\PC{0,6}|[\"%;=:\\\\ a\r\n-]{0,8}|; name=\"a\"",
    ) {
        let texts = UntypedParameters::from([("picture_category_id", "1"), ("image_input_title", "a.gif"), (&name, "x")]);
        let application = Application::new(AppCredentials::new(KEY, SECRET));
        let sign = |parameters: &_| application.sign_untyped("taobao.picture.upload", parameters, Some("s"), DateTime::now());
        prop_assume!(!PUBLIC_PARAMETERS.contains(&name.as_str()));
        prop_assert!(sign(&texts).is_ok());
        let result = sign(&texts.file("img", File::new(*b"GIF89a").name(file_name)));
        if name.contains(['"', '\r', '\n']) {
            let expected = format!("{name} has a quote or a line break in its name: a request with files cannot send it");
            prop_assert!(result.unwrap_err().to_string().ends_with(&expected));
        } else {
            let body = result.unwrap().body().unwrap();
            let (content_type, body) = (&*body.content_type, &*body.bytes);
            let request = gateway::Request { verb: "POST", query: "", content_type, body, ..Default::default() };
            let response = GATEWAY.with(|gateway| gateway.respond(&request));
            prop_assert_eq!(response.outcome.code, None, "{}", response.outcome.explanation);
        }
    }
}

proptest! {
    /// The gateway reads the values of signed bodies and of queries, or the client refuses a name.
    #[test]
    fn bodies_have_the_values(
        pairs in prop::collection::vec(("[a-z_端][a-zA-Z0-9_.-]{0,6}|\\PC{1,3}", "\\PC{1,8}|[ a端<>&\"'\t\r\n\0]{1,8}"), 1..6),
    ) {
        const PLACEMENTS: [ParameterPlacement; 3] =
            [ParameterPlacement::Query, ParameterPlacement::JsonBody, ParameterPlacement::XmlBody];
        let pairs: BTreeMap<_, _> = pairs.into_iter().filter(|(name, value)| {
            !PUBLIC_PARAMETERS.contains(&name.as_str()) && name != "request" && !value.trim().is_empty()
        }).collect();
        for placement in PLACEMENTS {
            let dialect = Dialect::default().parameters(placement);
            let application = Application::with_dialect(AppCredentials::new(KEY, SECRET), dialect);
            let parameters: UntypedParameters = pairs.clone().into_iter().collect();
            let signed = match application.sign_untyped("taobao.time.get", &parameters, None, DateTime::now()) {
                Ok(signed) => signed,
                Err(error) => {
                    prop_assert!(placement == ParameterPlacement::XmlBody, "{}", error);
                    continue;
                }
            };
            let (query, body) = (signed.query(), signed.body().unwrap());
            let (content_type, body) = (&*body.content_type, &*body.bytes);
            let request = gateway::Request { verb: signed.verb(), query: &query, content_type, body, ..Default::default() };
            let call = GATEWAY.with(|gateway| {
                gateway.respond(&request);
                gateway.calls().pop().unwrap()
            });
            prop_assert_eq!(call.code(), None, "{:?}", call.refusal);
            for (name, value) in &pairs {
                let received = call.parameter(name);
                if placement == ParameterPlacement::XmlBody {
                    let expected: String = value.chars().filter(|character| *character != '\0').collect();
                    prop_assert_eq!(received.map(str::trim), Some(expected.trim()));
                } else {
                    prop_assert_eq!(received, Some(value.as_str()), "{:?} {}", placement, name);
                }
            }
        }
    }
}

thread_local! {
    static GATEWAY: Gateway = support::gateway().build();
}

/// Runs the commands if a shell and curl are installed.
#[test]
fn shell_runs_curl_commands() {
    if Command::new("curl").arg("--version").output().is_err() || Command::new("sh").args(["-c", ":"]).output().is_err()
    {
        println!("skipped: curl or sh is not installed");
        return;
    }
    let runtime = Runtime::new().unwrap();
    let (address, console) = runtime.block_on(start());
    let gateway = format!("http://{address}/it's/api");
    let folder = tempfile::TempDir::new().unwrap();
    let special = "it's \"端\" $HOME `id` \\ ! & ; | > * ~ # % + @ = \n end";
    for sign_method in SignMethod::ALL {
        let seller = client(address).sign_method(sign_method).build().unwrap().with_session(special);
        let run = |signed: &SignedRequest| {
            let line = signed.to_curl(&gateway).replacen("curl", "curl --silent --noproxy '*'", 1);
            let output = Command::new("sh").arg("-c").arg(&line).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let memo = [("memo", special), ("tid", "1")];
        let response = run(&seller.sign_untyped("taobao.trade.memo.add", memo).unwrap());
        assert!(response.starts_with(r#"{"trade_memo_add_response":"#), "{response}\n{:?}", console.lines());
        let name = "it's \"a\" $HOME; `b` \\.gif";
        let path = folder.path().join(name);
        std::fs::write(&path, b"GIF89a").unwrap();
        let open = || File::open(&path).unwrap();
        for file in [open(), open().name("b;\"c\\.png"), open().with_content_type("text/plain;charset=utf-8")] {
            let texts = [("picture_category_id", "1"), ("image_input_title", special), ("a='b", special), ("a==", "x")];
            let picture = UntypedParameters::from(texts).file("img", file);
            let response = run(&seller.sign_untyped("taobao.picture.upload", picture).unwrap());
            assert!(response.starts_with(r#"{"picture_upload_response":"#), "{response}\n{:?}", console.lines());
        }
        // curl must not expand patterns in the URL.
        let gateway = format!("http://{address}/[1-3]/{{a,b}}");
        let line = seller.sign_untyped("taobao.time.get", ()).unwrap().to_curl(&gateway);
        let before = console.lines().len();
        let line = line.replacen("curl", "curl --silent --noproxy '*'", 1);
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        assert!(output.stdout.starts_with(br#"{"time_get_response":"#), "{output:?}");
        assert_eq!(console.lines().len(), before + 1);
    }
}

#[test]
fn curl_commands_name_files_by_path() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a.gif");
    std::fs::write(&path, b"GIF89a").unwrap();
    let path_text = path.to_str().unwrap();
    let open = || File::open(&path).unwrap();
    for (file, expected) in [
        (open(), format!("img=@\"{path_text}\";type=image/gif")),
        (open().name("cup.jpg"), format!("img=@\"{path_text}\";filename=\"cup.jpg\";type=image/gif")),
        (open().with_content_type("text/csv"), format!("img=@\"{path_text}\";type=text/csv")),
        (open().with_content_type("a, b"), format!("img=@\"{path_text}\"")),
        (File::new(*b"x").name("a.csv"), "img=@\"PATH-OF-THE-FILE\";filename=\"a.csv\";type=text/csv".to_owned()),
    ] {
        let parameters = UntypedParameters::new().file("img", file);
        let signed = Application::new(AppCredentials::new(KEY, SECRET)).sign_untyped(
            "taobao.a.get",
            &parameters,
            None,
            DateTime::now(),
        );
        let line = signed.unwrap().to_curl("http://localhost/");
        assert_eq!(options(&shell_words(&line), "-F"), [expected], "{line}");
    }
}

/// Some file systems allow any bytes in a name. The file is sent, but a command cannot contain its path.
#[cfg(target_os = "linux")]
#[test]
fn curl_commands_have_no_path_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"cup\xff.gif"));
    if std::fs::write(&path, b"GIF89a").is_err() {
        println!("skipped: the file system refuses the name");
        return;
    }
    let parameters = UntypedParameters::new().file("img", File::open(&path).unwrap());
    let signed = Application::new(AppCredentials::new(KEY, SECRET))
        .sign_untyped("taobao.a.get", &parameters, None, DateTime::now())
        .unwrap();
    let line = signed.to_curl("http://localhost/");
    let expected = "img=@\"PATH-OF-THE-FILE\";filename=\"cup\u{fffd}.gif\";type=image/gif";
    assert_eq!(options(&shell_words(&line), "-F"), [expected], "{line}");
    let body = signed.body().unwrap().bytes;
    assert!(String::from_utf8_lossy(&body).contains("filename=\"cup\u{fffd}.gif\""));
}
