//! `cargo top call`, run as a program.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread::JoinHandle;

use expect_test::expect;
use support::{cargo_top, nothing_at, text};

fn call(arguments: &[&str]) -> Output {
    cargo_top(&[&["call"], arguments].concat()).output().unwrap()
}

#[test]
fn calls_that_do_not_fit_their_specs() {
    let app = ["--gateway", "http://127.0.0.1:1", "--app", "12345678=s3cr3t"];
    for (arguments, told) in [
        (&[][..], "error: the following required arguments were not provided:\n  <METHOD>\n"),
        (&[""], "which method?"),
        (
            &["taobao.time.get", "--app", "k=s3cr3t"],
            "no gateway: expected --gateway or TOP_GATEWAY with a URL or one of taobao, taobao-overseas, ",
        ),
        (&["taobao.time.get", "--app", "k=s3cr3t", "--gateway="], "no gateway: expected --gateway or TOP_GATEWAY"),
        (&["taobao.time.get", "--app", "k=s3cr3t", "--gateway=taobo"], "unknown gateway \"taobo\": expected --gateway"),
        (&["taobao.time.get", "--app", "k=s3cr3t", "--gateway=qimen"], "unknown gateway \"qimen\": expected --gateway"),
        (&["taobao.time.get"], "for which application? --app KEY=SECRET"),
        (&["taobao.time.get", "--app", "s3cr3t"], "--app takes KEY=SECRET"),
        (
            &["taobao.time.get", "--format", "yaml"],
            "error: invalid value 'yaml' for '--format <FORMAT>'\n  [possible values: json, xml]",
        ),
        (&["taobao.time.get", "tid"], "\"tid\" is no NAME=VALUE"),
        (&["taobao.time.get", "=s3cr3t"], "a name is missing: NAME=VALUE"),
        (&["taobao.time.get", "--tid", "s3cr3t"], "error: unexpected argument '--tid' found"),
        (&["taobao.time.get", "--tid=s3cr3t"], "error: unexpected argument '--tid' found"),
        (&["taobao.time.get", "--sesion", "s3cr3t"], "error: unexpected argument '--sesion' found"),
        (&["tid=1", "taobao.time.get"], "the method comes first: METHOD NAME=VALUE..."),
    ] {
        let output = call(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(told), "{}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("s3cr3t"), "{}", text(&output.stderr));
    }
    for (arguments, told) in [
        (
            &["taobao.trade.memo.add", "tis=1", "memo=@s3cr3t", "memo=b", "session=s"][..],
            expect![[r#"
                taobao.trade.memo.add has no parameter tis; did you mean tid?
                memo is no file; a text that begins with an @ has two: memo=@@TEXT
                memo stands here twice; a list is joined by commas, memo=A,B
                taobao.trade.memo.add has no parameter session; a session is given as --session
                taobao.trade.memo.add needs tid, a Number, for example tid=2001000000000001
                taobao.trade.memo.add needs a session: --session S, or TOP_SESSION in the environment
                Nothing was sent; --force sends it all the same
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
                img is a file: img=@PATH
                taobao.picture.upload needs image_input_title, a String, for example image_input_title=cup.jpg
                Nothing was sent; --force sends it all the same
                Try: cargo top help call
            "#]],
        ),
        (
            &["taobao.picture.upload", "picture_category_id=1", "img=@", "image_input_title=x", "--session", "s3cr3t"],
            expect![[r#"
                img has no file: img=@PATH
                Nothing was sent; --force sends it all the same
                Try: cargo top help call
            "#]],
        ),
        (
            &["taobao.time.get", "now=1"],
            expect![[r#"
                taobao.time.get has no parameter now; it has none
                Nothing was sent; --force sends it all the same
                Try: cargo top help call
            "#]],
        ),
    ] {
        let output = call(&[arguments, &app].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        told.assert_eq(text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}

/// A server that answers each request with the next of `bodies`, and tells what it was sent.
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
            let answer =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
            requests.push(String::from_utf8_lossy(&request).into_owned());
        }
        requests
    });
    (gateway, served)
}

#[test]
fn what_the_environment_says_unless_an_option_does() {
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
fn a_gateway_on_this_machine_needs_neither_proxies_nor_certificates() {
    let (gateway, served) = scripted(vec![r#"{"time_get_response":{"time":"2016-01-01 12:00:00"}}"#]);
    let mut command = cargo_top(&["call", "taobao.time.get", "--gateway", &gateway, "--app", "k=s"]);
    command.env("http_proxy", "http://127.0.0.1:1").env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    served.join().unwrap();
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = cargo_top(&["call", "taobao.time.get", "--session"]);
    let output = command.arg(std::ffi::OsStr::from_bytes(b"s3cr3t\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.starts_with("error: invalid UTF-8 was detected") && !told.contains("s3cr3t"), "{told}");
}

/// What can be opened and is no file: it is told, and waited for by nobody.
#[cfg(unix)]
#[test]
fn pipes_and_devices_and_folders() {
    let folder = nothing_at("pipes");
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
            let told =
                format!("{path:?} is a folder, a pipe or a device; write what it gives to a file, and send that\n");
            assert_eq!(text(&output.stderr), told);
        }
    }
    let output = call(&[&upload[..], &["img=@nowhere/cup.jpg"], &common].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("the file \"nowhere/cup.jpg\" cannot be read: "), "{output:?}");
}

#[test]
fn calls_and_what_comes_of_them() {
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
          "request_id": "4c1w",
          "trade": {
            "payment": "58.90",
            "tid": 2001000000000001
          }
        }
    "#]]
    .assert_eq(text(&output.stdout));
    assert_eq!(text(&output.stderr), "");

    let output = call(&[&trade[..], &common, &["--format", "xml"]].concat());
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let told = text(&output.stderr);
    assert!(told.starts_with("the gateway refused the call: 27 Invalid session; the session is expired"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");

    // A file of a method that nobody has described, and a text that begins with an @.
    let folder = nothing_at("call");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("it's.gif");
    fs::write(&file, "GIF89a").unwrap();
    let image = format!("image=@{}", file.display());
    let output = call(&[&["taobao.vendor.push", &image, "to=@@all"], &common[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "no spec describes taobao.vendor.push, so it is sent as it is\n");
    let output = call(&[&["TAOBAO.Time.get", "v=2.0"], &common[..]].concat());
    assert!(text(&output.stderr).contains("did you mean taobao.time.get?"), "{}", text(&output.stderr));
    let output = call(&[&["taobao.vendor.push", "v=2.0"], &common[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("v belongs to the protocol, and the client sets it\n"));

    let requests = served.join().unwrap();
    assert!(requests[0].contains("&tid=2001000000000001&"), "{}", requests[0]);
    assert!(requests[1].contains("&format=xml&"), "{}", requests[1]);
    let part = "name=\"image\"; filename=\"it's.gif\"\r\nContent-Type:image/gif\r\n\r\nGIF89a\r\n";
    assert!(requests[2].contains(part) && requests[2].contains("\r\n\r\n@all\r\n"), "{}", requests[2]);

    // The same for a shell, which sends nothing here.
    let output = call(&[&trade[..], &common, &["--curl"]].concat());
    let line = text(&output.stdout);
    assert!(line.starts_with(&format!("curl -X POST '{gateway}' \\\n-H 'Content-Type:")), "{line}");
    assert!(line.contains(" \\\n-d 'session=s3cr3t' \\\n-d 'sign="), "{line}");
    assert!(line.ends_with(" \\\n-d 'fields=tid%2Cpayment' \\\n-d 'tid=2001000000000001'\n"), "{line}");
    assert!(!line.contains("partner_id") && !line.contains("helloworld"), "{line}");
    // It goes to no server that is not there.
    let output = call(&[&trade[..], &common].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("127.0.0.1"), "{}", text(&output.stderr));
}
