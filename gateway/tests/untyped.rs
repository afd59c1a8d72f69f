//! Calls without a type: every shipped method by its names and values alone, and as a line for a shell.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

#[rustfmt::skip]
#[allow(unreachable_pub, reason = "the file is generated for tests of several crates")]
#[path = "../../generated-sdk/tests/every_method/mod.rs"]
mod every_method;

use std::process::Command;

use every_method::Visit;
use expect_test::expect;
use gateway::Incoming;
use generated_sdk::protocol::{
    Application, DateTime, File, Json, PUBLIC_PARAMETERS, Request, SignedRequest, UntypedParameters, decode,
};
use generated_sdk::{AppCredentials, Client, Error, Format, SignMethod};
use proptest::prelude::*;
use support::{KEY, SECRET, client, start};
use tokio::runtime::Runtime;

/// Calls each request twice, by its type and by its parameters, and compares what comes back.
struct Caller {
    runtime: Runtime,
    clients: Vec<Client>,
    methods: usize,
}

/// The parameters of a request without the public ones.
fn untyped(signed: &SignedRequest) -> UntypedParameters {
    let own = signed.parameters().pairs().filter(|(name, _)| !PUBLIC_PARAMETERS.contains(name));
    let texts: UntypedParameters = own.collect();
    signed.files().fold(texts, |parameters, (name, file)| parameters.file(name, file.clone()))
}

impl Visit for Caller {
    fn visit<R: Request>(&mut self, request: R) {
        self.methods += 1;
        for client in &self.clients {
            let parameters = untyped(&client.sign(&request).unwrap());
            let answer = self.runtime.block_on(client.call(R::METHOD, parameters));
            let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", R::METHOD));
            assert!(answer.request_id().is_some(), "{}: {answer:?}", R::METHOD);
            let read = decode::<R>(answer.to_string()).unwrap();
            let typed = self.runtime.block_on(client.execute(&request)).unwrap();
            assert_eq!(*read, *typed, "{}: {answer:?}", R::METHOD);
        }
    }
}

#[test]
fn every_method_by_its_names_alone() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = runtime.block_on(start());
    let clients = [(Format::Json, false), (Format::Json, true), (Format::Xml, false)].map(|(format, simplify)| {
        client(address).format(format).simplify(simplify).build().unwrap().with_session("a session")
    });
    let mut caller = Caller { runtime, clients: clients.to_vec(), methods: 0 };
    every_method::each(&mut caller).unwrap();
    assert!(caller.methods >= 40, "{} methods", caller.methods);
}

#[tokio::test]
async fn answers_and_refusals() {
    let (address, told) = start().await;
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
    assert_eq!(told.lines().iter().filter(|line| line.contains("a session")).count(), 0);
}

#[tokio::test]
async fn public_parameters_are_not_the_callers() {
    let (address, told) = start().await;
    let seller = client(address).build().unwrap();
    for name in PUBLIC_PARAMETERS {
        let file = UntypedParameters::new().file(name, File::new(*b"GIF89a"));
        for parameters in [UntypedParameters::from([(name, "s3cr3t"), ("tid", "1")]), file] {
            let error = seller.call("taobao.time.get", parameters).await.unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{error:?}");
            let said = error.to_string();
            assert!(said.starts_with(&format!("taobao.time.get was not sent: {name} is a public parameter")), "{said}");
            assert!(!format!("{said}{error:?}").contains("s3cr3t"), "{said}");
        }
    }
    let error = seller.call("taobao.time.get", [("session", "s"), ("sign", "AB")]).await.unwrap_err();
    let mut said = error.to_string();
    said.push_str(&format!("\n{}", seller.sign_untyped("taobao.time.get", [("v", "1.0")]).unwrap_err()));
    expect![[r#"
        taobao.time.get was not sent: session is a public parameter, not a parameter of the method: use with_session of the client; sign is a public parameter, not a parameter of the method: remove it, because signing sets it
        taobao.time.get was not sent: v is a public parameter, not a parameter of the method: remove it, because signing sets it"#]].assert_eq(&said);
    assert_eq!(told.lines(), [""; 0]);
    // An empty value is no way around it.
    assert!(seller.call("taobao.time.get", [("session", "")]).await.is_err());
}

#[test]
fn secrets_do_not_show() {
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
    for shown in [format!("{parameters:?}"), format!("{signed:?}"), format!("{signed}")] {
        assert!(!shown.contains("s3cr3t") && shown.contains("plain") && shown.contains("sec_token"), "{shown}");
    }
    assert!(signed.to_curl("http://localhost/").contains("s3cr3t"));
}

/// The words that a POSIX shell makes of a line of words, single quotes and backslashes.
fn words(line: &str) -> Vec<String> {
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

/// What stands behind an option each time.
fn options<'w>(words: &'w [String], option: &str) -> Vec<&'w str> {
    words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].as_str()).collect()
}

proptest! {
    /// Whatever stands in names and values, the shell hands it to curl as it is, and the gateway finds it signed.
    #[test]
    fn a_line_for_a_shell(pairs in prop::collection::vec(("[a-z端'\"$`\\\\ ]{1,4}", "\\PC{0,9}|['\"$`\\\\!\n\t&;|<>*?~#%+@=]{0,9}"), 0..6)) {
        // A name of the protocol's own is the client's to set.
        let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| name != "v").collect();
        let parameters = pairs.into_iter().fold(UntypedParameters::new(), |parameters, (name, value)| {
            if value.trim().is_empty() { parameters.with_empty(name) } else { parameters.text(name, value) }
        });
        let application = Application::new(AppCredentials::new(KEY, SECRET));
        let time = DateTime::now();
        let signed = application.sign_untyped("taobao.time.get", &parameters, Some("it's a session"), time).unwrap();
        let line = signed.to_curl("http://127.0.0.1:1/a'b?c=d");
        let words = words(&line);
        prop_assert_eq!(&words[..4], ["curl", "-X", "POST", "http://127.0.0.1:1/a'b?c=d"]);
        let body = options(&words, "-d").join("&");
        let content_type = options(&words, "-H")[0].strip_prefix("Content-Type:").unwrap();
        let answer = GATEWAY.with(|gateway| {
            gateway.answer(&Incoming { verb: "POST", query: "", content_type, body: body.as_bytes() })
        });
        prop_assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
    }
}

proptest! {
    /// Whatever a name is, the gateway finds it as it was signed, among files too; or the client refuses it.
    #[test]
    fn names_of_parts(
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
            let told = format!("{name} has a quote or a line break in its name: a request with files cannot send it");
            prop_assert!(result.unwrap_err().to_string().ends_with(&told));
        } else {
            let body = result.unwrap().body().unwrap();
            let (content_type, body) = (&*body.content_type, &*body.bytes);
            let answer = GATEWAY.with(|gateway| gateway.answer(&Incoming { verb: "POST", query: "", content_type, body }));
            prop_assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
        }
    }
}

thread_local! {
    static GATEWAY: gateway::Gateway = support::gateway();
}

/// A shell and curl themselves, where they are installed.
#[test]
fn a_line_that_a_shell_runs() {
    if Command::new("curl").arg("--version").output().is_err() || Command::new("sh").args(["-c", ":"]).output().is_err()
    {
        println!("curl or sh is not installed, so nothing is run");
        return;
    }
    let runtime = Runtime::new().unwrap();
    let (address, told) = runtime.block_on(start());
    let gateway = format!("http://{address}/it's/api");
    let folder = tempfile::TempDir::new().unwrap();
    let nasty = "it's \"端\" $HOME `id` \\ ! & ; | > * ~ # % + @ = \n end";
    for sign_method in SignMethod::ALL {
        let seller = client(address).sign_method(sign_method).build().unwrap().with_session(nasty);
        let run = |signed: &SignedRequest| {
            let line = signed.to_curl(&gateway).replacen("curl", "curl --silent --noproxy '*'", 1);
            let output = Command::new("sh").arg("-c").arg(&line).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let memo = [("memo", nasty), ("tid", "1")];
        let answer = run(&seller.sign_untyped("taobao.trade.memo.add", memo).unwrap());
        assert!(answer.starts_with(r#"{"trade_memo_add_response":"#), "{answer}\n{:?}", told.lines());
        let name = "it's \"a\" $HOME; `b` \\.gif";
        let path = folder.path().join(name);
        std::fs::write(&path, b"GIF89a").unwrap();
        let open = || File::open(&path).unwrap();
        for file in [open(), open().name("b;\"c\\.png"), open().with_content_type("text/plain;charset=utf-8")] {
            let texts = [("picture_category_id", "1"), ("image_input_title", nasty), ("a='b", nasty), ("a==", "x")];
            let picture = UntypedParameters::from(texts).file("img", file);
            let answer = run(&seller.sign_untyped("taobao.picture.upload", picture).unwrap());
            assert!(answer.starts_with(r#"{"picture_upload_response":"#), "{answer}\n{:?}", told.lines());
        }
        // What curl would take for a pattern is an address like any other.
        let gateway = format!("http://{address}/[1-3]/{{a,b}}");
        let line = seller.sign_untyped("taobao.time.get", ()).unwrap().to_curl(&gateway);
        let before = told.lines().len();
        let line = line.replacen("curl", "curl --silent --noproxy '*'", 1);
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        assert!(output.stdout.starts_with(br#"{"time_get_response":"#), "{output:?}");
        assert_eq!(told.lines().len(), before + 1);
    }
}

#[test]
fn files_in_a_line_for_a_shell() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a.gif");
    std::fs::write(&path, b"GIF89a").unwrap();
    let path_text = path.to_str().unwrap();
    let open = || File::open(&path).unwrap();
    for (file, shown) in [
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
        assert_eq!(options(&words(&line), "-F"), [shown], "{line}");
    }
}

/// Some file systems take any bytes for a name. The file is sent; a line that says less than its path would send another.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"cup\xff.gif"));
    if std::fs::write(&path, b"GIF89a").is_err() {
        println!("this file system has no such names, so nothing is tested");
        return;
    }
    let parameters = UntypedParameters::new().file("img", File::open(&path).unwrap());
    let signed = Application::new(AppCredentials::new(KEY, SECRET))
        .sign_untyped("taobao.a.get", &parameters, None, DateTime::now())
        .unwrap();
    let line = signed.to_curl("http://localhost/");
    let expected = "img=@\"PATH-OF-THE-FILE\";filename=\"cup\u{fffd}.gif\";type=image/gif";
    assert_eq!(options(&words(&line), "-F"), [expected], "{line}");
    let body = signed.body().unwrap().bytes;
    assert!(String::from_utf8_lossy(&body).contains("filename=\"cup\u{fffd}.gif\""));
}
