//! `cargo top call` as a process.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread::JoinHandle;

use expect_test::expect;
use support::{absent_path, cargo_top, text};

fn call(arguments: &[&str]) -> Output {
    cargo_top(&[&["call"], arguments].concat()).output().unwrap()
}

#[test]
fn reports_invalid_calls() {
    let app = ["--gateway", "http://127.0.0.1:1", "--app", "12345678=s3cr3t"];
    for (arguments, reported) in [
        (&[][..], "error: the following required arguments were not provided:\n  <METHOD>\n"),
        (&[""], "the method is empty: expected a name such as taobao.time.get"),
        (
            &["taobao.time.get", "--app", "k=s3cr3t"],
            "no gateway: expected --gateway or TOP_GATEWAY with a URL or one of taobao, taobao-overseas, ",
        ),
        (&["taobao.time.get", "--app", "k=s3cr3t", "--gateway="], "no gateway: expected --gateway or TOP_GATEWAY"),
        (&["taobao.time.get", "--app", "k=s3cr3t", "--gateway=taobo"], "unknown gateway \"taobo\": expected --gateway"),
        (&["taobao.time.get"], "no application: expected --app KEY=SECRET"),
        (&["taobao.time.get", "--app", "s3cr3t"], "invalid --app: expected KEY=SECRET"),
        (
            &["taobao.time.get", "--format", "yaml"],
            "error: invalid value 'yaml' for '--format <FORMAT>'\n  [possible values: json, xml]",
        ),
        (&["taobao.time.get", "tid"], "invalid parameter \"tid\": expected NAME=VALUE"),
        (&["taobao.time.get", "=s3cr3t"], "invalid parameter: expected a name before `=`, as in NAME=VALUE"),
        (&["taobao.time.get", "--tid", "s3cr3t"], "error: unexpected argument '--tid' found"),
        (&["taobao.time.get", "--tid=s3cr3t"], "error: unexpected argument '--tid' found"),
        (&["taobao.time.get", "--sesion", "s3cr3t"], "error: unexpected argument '--sesion' found"),
        (&["tid=1", "taobao.time.get"], "expected the method before the parameters: METHOD NAME=VALUE..."),
    ] {
        let output = call(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(reported), "{}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("s3cr3t"), "{}", text(&output.stderr));
    }
    for (arguments, reported) in [
        (
            &["taobao.trade.memo.add", "tis=1", "memo=@s3cr3t", "memo=b", "session=s"][..],
            expect![[r#"
                unknown parameter tis of taobao.trade.memo.add: did you mean tid?
                memo is not a file: write a text that starts with @ as memo=@@TEXT
                memo is repeated: write a list as memo=A,B
                unknown parameter session of taobao.trade.memo.add: pass the session with --session
                missing parameter tid of type Number, for example tid=2001000000000001
                missing session: taobao.trade.memo.add requires --session, or TOP_SESSION in the environment
                nothing was sent: fix the call, or send it unchanged with --force
                Try: cargo top help call
            "#]],
        ),
        (
            &[
                "taobao.picture.upload",
                "picture_category_id=1",
                "img=a.gif",
                "image_input_title= ",
                "--session",
                "s3cr3t",
            ],
            expect![[r#"
                img is a file: expected img=@PATH
                missing parameter image_input_title of type String, for example image_input_title=cup.jpg
                nothing was sent: fix the call, or send it unchanged with --force
                Try: cargo top help call
            "#]],
        ),
        (
            &["taobao.picture.upload", "picture_category_id=1", "img=@", "image_input_title=x", "--session", "s3cr3t"],
            expect![[r#"
                the path of img is empty: expected img=@PATH
                nothing was sent: fix the call, or send it unchanged with --force
                Try: cargo top help call
            "#]],
        ),
        (
            &["taobao.time.get", "now=1"],
            expect![[r#"
                unknown parameter now of taobao.time.get: the method has no parameters
                nothing was sent: fix the call, or send it unchanged with --force
                Try: cargo top help call
            "#]],
        ),
    ] {
        let output = call(&[arguments, &app].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        reported.assert_eq(text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}

/// Starts a server that responds to each request with the next of `bodies`. Returns the requests.
fn scripted(bodies: Vec<&'static str>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}/api", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for body in bodies {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut length) = (Vec::new(), None);
            while length.is_none_or(|length| request.len() < length) {
                let mut piece = [0; 4096];
                let count = stream.read(&mut piece).unwrap();
                assert!(count > 0, "{}", String::from_utf8_lossy(&request));
                request.extend_from_slice(&piece[..count]);
                let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
                if let Some((head, _)) = head.split_once("\r\n\r\n") {
                    let (_, rest) = head.split_once("content-length: ").unwrap();
                    let body: usize = rest.lines().next().unwrap().parse().unwrap();
                    length = Some(head.len() + 4 + body);
                }
            }
            let response =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(response.as_bytes()).unwrap();
            requests.push(String::from_utf8_lossy(&request).into_owned());
        }
        requests
    });
    (gateway, served)
}

#[test]
fn options_override_the_environment() {
    let set = |arguments: &[&str]| {
        let mut command = cargo_top(&[&["call", "taobao.time.get", "--curl"], arguments].concat());
        command.env("TOP_GATEWAY", "http://127.0.0.1:1/a").env("TOP_SESSION", "of the environment");
        let output = command.env("TOP_APP_KEY", "k1").env("TOP_APP_SECRET", "s3cr3t").output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
        text(&output.stdout).to_owned()
    };
    let line = set(&[]);
    assert!(line.starts_with("curl -X POST 'http://127.0.0.1:1/a' \\\n"), "{line}");
    assert!(line.contains("'app_key=k1'") && line.contains("'session=of+the+environment'"), "{line}");
    let line = set(&["--gateway", "http://127.0.0.1:1/b", "--app=k2=s=2", "--session", "given", "--format=xml"]);
    assert!(line.starts_with("curl -X POST 'http://127.0.0.1:1/b' \\\n"), "{line}");
    assert!(
        line.contains("'app_key=k2'") && line.contains("'session=given'") && line.contains("'format=xml'"),
        "{line}"
    );
    assert!(!line.contains("environment"), "{line}");
}

#[cfg(target_os = "linux")]
#[test]
fn calls_a_local_gateway_without_proxy_and_certificates() {
    let (gateway, served) = scripted(vec![r#"{"time_get_response":{"time":"2016-01-01 12:00:00"}}"#]);
    let mut command = cargo_top(&["call", "taobao.time.get", "--gateway", &gateway, "--app", "k=s"]);
    command.env("http_proxy", "http://127.0.0.1:1").env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    served.join().unwrap();
}

#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = cargo_top(&["call", "taobao.time.get", "--session"]);
    let output = command.arg(std::ffi::OsStr::from_bytes(b"s3cr3t\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let reported = text(&output.stderr);
    assert!(reported.starts_with("error: invalid UTF-8 was detected") && !reported.contains("s3cr3t"), "{reported}");
}

/// A pipe or a device could block the call.
#[cfg(unix)]
#[test]
fn refuses_pipes_devices_and_folders() {
    let folder = absent_path("pipes");
    fs::create_dir_all(&folder).unwrap();
    let (pipe, socket, link) = (folder.join("pipe"), folder.join("socket"), folder.join("link"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    let common = ["--gateway", "http://127.0.0.1:1", "--app", "12345678=s3cr3t", "--session", "s3cr3t"];
    let upload = ["taobao.picture.upload", "picture_category_id=0", "image_input_title=cup.jpg"];
    for path in [&pipe, &socket, &link, &folder, &"/dev/null".into()] {
        for curl in [&[][..], &["--curl"]] {
            let file = format!("img=@{}", path.display());
            let output = call(&[&upload[..], &[&file], &common, curl].concat());
            assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{path:?}");
            let expected = "expected a regular file, found a folder, pipe or device; copy the content to a file";
            assert_eq!(text(&output.stderr), format!("cannot send {path:?}: {expected}\n"));
        }
    }
    let output = call(&[&upload[..], &["img=@nowhere/cup.jpg"], &common].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("the file \"nowhere/cup.jpg\" cannot be read: "), "{output:?}");
}

#[test]
fn prints_responses_and_errors() {
    let (gateway, served) = scripted(vec![
        r#"{"trade_fullinfo_get_response":{"trade":{"tid":2001000000000001,"payment":"58.90"},"request_id":"4c1w"}}"#,
        "<error_response><code>27</code><msg>Invalid session</msg></error_response>",
        r#"{"vendor_push_response":{"request_id":"4c1w"}}"#,
    ]);
    let common = ["--gateway", &gateway, "--app", "12345678=s3cr3t", "--session", "s3cr3t"];

    let trade = ["taobao.trade.fullinfo.get", "tid=2001000000000001", "fields=tid,payment"];
    let output = call(&[&trade[..], &common].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        {
          "trade": {
            "tid": 2001000000000001,
            "payment": "58.90"
          },
          "request_id": "4c1w"
        }
    "#]]
    .assert_eq(text(&output.stdout));
    assert_eq!(text(&output.stderr), "");

    let output = call(&[&trade[..], &common, &["--format", "xml"]].concat());
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let reported = text(&output.stderr);
    assert!(
        reported.starts_with("the gateway refused the call: 27 Invalid session; the session is expired"),
        "{reported}"
    );
    assert!(!reported.contains("s3cr3t"), "{reported}");

    // A file of a method without a spec, and a text that starts with `@`.
    let folder = absent_path("call");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("it's.gif");
    fs::write(&file, "GIF89a").unwrap();
    let image = format!("image=@{}", file.display());
    let output = call(&[&["taobao.vendor.push", &image, "to=@@all"], &common[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "no spec describes taobao.vendor.push, so the call is not checked\n");
    let output = call(&[&["TAOBAO.Time.get", "v=2.0"], &common[..]].concat());
    assert!(text(&output.stderr).contains("did you mean taobao.time.get?"), "{}", text(&output.stderr));
    let output = call(&[&["taobao.vendor.push", "v=2.0"], &common[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("v is a public parameter, which the client sets: leave it out\n"));

    let requests = served.join().unwrap();
    assert!(requests[0].contains("&tid=2001000000000001&"), "{}", requests[0]);
    assert!(requests[1].contains("&format=xml&"), "{}", requests[1]);
    let part = "name=\"image\"; filename=\"it's.gif\"\r\nContent-Type:image/gif\r\n\r\nGIF89a\r\n";
    assert!(requests[2].contains(part) && requests[2].contains("\r\n\r\n@all\r\n"), "{}", requests[2]);

    // The same call as a curl command, which sends nothing.
    let output = call(&[&trade[..], &common, &["--curl"]].concat());
    let line = text(&output.stdout);
    assert!(line.starts_with(&format!("curl -X POST '{gateway}' \\\n-H 'Content-Type:")), "{line}");
    assert!(line.contains(" \\\n-d 'session=s3cr3t' \\\n-d 'sign="), "{line}");
    assert!(line.ends_with(" \\\n-d 'fields=tid%2Cpayment' \\\n-d 'tid=2001000000000001'\n"), "{line}");
    assert!(!line.contains("partner_id") && !line.contains("helloworld"), "{line}");
    // Without a server the call fails.
    let output = call(&[&trade[..], &common].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("127.0.0.1"), "{}", text(&output.stderr));
}
