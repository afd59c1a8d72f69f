//! `cargo top gateway` as a process.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{cargo_top, root, text};

fn program(arguments: &[&str]) -> Command {
    cargo_top(&[&["gateway"], arguments].concat())
}

fn failure(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn prints_the_address() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--app", "k1=s1", "--app", "k2=s=2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    assert!(!line.contains(":0/") && line.ends_with("apps: k1, k2\n"), "{line}");
}

#[test]
fn reports_a_port_in_use() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (code, reported) = failure(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(reported.starts_with(&format!("cannot listen on {address}: ")), "{reported}");
    assert!(reported.ends_with("for a free port, use --listen 127.0.0.1:0\n"), "{reported}");
}

#[test]
fn refuses_addresses_beyond_loopback_unless_they_are_allowed() {
    let (code, reported) = failure(&["--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(2));
    let expected =
        "cannot listen on 0.0.0.0:0: expected a loopback address; for calls from other machines, add --allow-remote\n";
    assert!(reported.starts_with(expected), "{reported}");
    let (line, reported) = start(&root(), &["--allow-remote"]);
    assert!(line.starts_with("listening on http://127.0.0.1:") && reported.is_empty(), "{reported}");
}

/// No test listens beyond loopback. This machine does not have the address, so the gateway warns and then fails to listen.
#[test]
fn warns_of_addresses_beyond_loopback() {
    let (code, reported) = failure(&["--listen", "192.0.2.1:0", "--allow-remote"]);
    assert_eq!(code, Some(1));
    let (warning, problem) = reported.split_once('\n').unwrap();
    assert!(warning.starts_with("warning: the gateway accepts calls from other machines"), "{reported}");
    assert!(problem.starts_with("cannot listen on 192.0.2.1:0: "), "{reported}");
}

/// A running gateway, which is killed if the test fails.
struct Running {
    child: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            program(&[&["--listen", "127.0.0.1:0"], arguments].concat()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("listening on ") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0);
        }
        let address = line.split(['/', ' ']).find(|part| part.starts_with("127.0.0.1:")).unwrap().to_owned();
        Self { child, output, address }
    }

    /// Makes a call. Returns the output and the problem.
    fn call(&self, method: &str, parameters: &[&str]) -> String {
        let gateway = format!("http://{}", self.address);
        let app = ["call", method, "--gateway", &gateway, "--app", "12345678=helloworld", "--session", "a-session"];
        let output = cargo_top(&[&app, parameters].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// Sends a signal. Returns the exit status and the last line.
    #[cfg(unix)]
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest.lines().last().unwrap_or_default().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The state survives a restart. Signals end connections and the process.
#[cfg(unix)]
#[test]
fn keeps_the_state_and_stops_on_signals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let path = path.to_str().unwrap();
    let gateway = Running::start(&["--seed", "7", "--state", path]);
    let item = [
        "cid=1",
        "num=1",
        "price=9.90",
        "type=fixed",
        "stuff_status=new",
        "title=保温杯二号",
        "desc=a",
        "location.state=浙江",
        "location.city=杭州",
    ];
    let added = gateway.call("taobao.item.add", &item);
    let id: String =
        added.split("\"num_iid\":").nth(1).unwrap().chars().filter(char::is_ascii_digit).take(12).collect();
    let idle = TcpStream::connect(&gateway.address).unwrap();
    assert_eq!(gateway.stop("-TERM"), (Some(0), "stopped".to_owned()));
    assert_eq!((&idle).read(&mut [0]).unwrap(), 0, "the connection is closed");

    let gateway = Running::start(&["--state", path]);
    let get = [&format!("num_iid={id}"), "fields=title"];
    let found = gateway.call("taobao.item.seller.get", &get);
    assert!(found.contains("保温杯二号"), "{found}");
    assert!(gateway.call("taobao.item.delete", &[get[0]]).contains(&id));
    assert!(gateway.call("taobao.item.seller.get", &get).contains("isv.item-not-exist"));
    assert_eq!(gateway.stop("-INT"), (Some(0), "stopped".to_owned()));

    fs::write(path, "{}").unwrap();
    let (code, reported) = failure(&["--listen", "127.0.0.1:0", "--state", path]);
    assert!(code == Some(1) && reported.starts_with(&format!("cannot use {path}: invalid state")), "{reported}");
}

/// A recorded folder is served without the real gateway.
#[test]
fn records_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let responses = folder.path().to_str().unwrap();
    let real = Running::start(&["--seed", "7"]);
    let url = format!("http://{}/router/rest", real.address);
    let sold = ["fields=tid,title", "page_size=1"];
    let recorded = Running::start(&["--record", &url, "--responses", responses]).call("taobao.trades.sold.get", &sold);
    assert!(recorded.contains("\"tid\""), "{recorded}");
    drop(real);
    let replayed = Running::start(&["--responses", responses]).call("taobao.trades.sold.get", &sold);
    let tid =
        |output: &str| output.split("\"tid\":").nth(1).unwrap().split(['}', ',']).next().unwrap().trim().to_owned();
    assert_eq!(tid(&recorded), tid(&replayed));

    for (arguments, problem) in [
        (&["--record", "taobao"][..], "--responses"),
        (
            &["--record", "nowhere", "--responses", responses],
            "unknown gateway \"nowhere\": expected --record with a URL or one of",
        ),
    ] {
        let (code, reported) = failure(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        assert!(code == Some(2) && reported.contains(problem), "{reported}");
    }
}

#[test]
fn reports_usage_errors() {
    for (arguments, problem) in [
        (&["--app", "s3cr3t"][..], "invalid --app: expected KEY=SECRET"),
        (&["--listen", "here"], "here"),
        (&["--items", "many"], "many"),
        (&["--port", "1"], "--port"),
        (&["--quota", "5/0"], "expected CALLS/SECONDS or METHOD=CALLS/SECONDS, such as 100/60"),
        (&["--fault", "on fire"], "invalid fault \"on fire\": expected [METHOD:]KIND[=VALUE][@PERCENT%]"),
        (&["--seed", "x"], "--seed"),
    ] {
        let (code, reported) = failure(arguments);
        assert_eq!(code, Some(2), "{reported}");
        assert!(reported.contains(problem), "{reported}");
        assert!(!reported.contains("s3cr3t"), "{reported}");
    }
}

#[test]
fn reports_a_missing_folder_of_specs() {
    let (code, reported) = failure(&["--specs", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(reported.contains("cannot read the folder") && reported.contains("nowhere"), "{reported}");
}

/// Starts a gateway in `folder`. Returns its first line, and its output to standard error.
fn start(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = program(&[&["--listen", "127.0.0.1:0"], arguments].concat());
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    (line, String::from_utf8(output.stderr).unwrap())
}

/// Returns the number of shipped methods.
fn shipped_count() -> usize {
    let categories = fs::read_dir(root().join("specs")).unwrap().map(|entry| entry.unwrap().path());
    let categories = categories.filter(|path| path.is_dir() && !path.ends_with("messages"));
    categories.map(|category| fs::read_dir(category).unwrap().count()).sum()
}

#[test]
fn serves_methods_of_the_crate_and_shipped_methods() {
    let folder = tempfile::tempdir().unwrap();
    let (line, reported) = start(folder.path(), &[]);
    assert!(line.contains(&format!("methods: {};", shipped_count())), "{line}");
    assert_eq!(reported, "");

    let specs = folder.path().join("specs");
    let spec = fs::read_to_string(root().join("specs/util/taobao.time.get.yaml")).unwrap();
    fs::create_dir_all(specs.join("demo")).unwrap();
    fs::create_dir_all(specs.join("other")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"demo\"\n").unwrap();
    fs::write(specs.join("demo/demo.time.get.yaml"), spec.replace("taobao.time.get", "demo.time.get")).unwrap();
    fs::write(specs.join("other/taobao.time.get.yaml"), spec.replace("\n", "\r\n")).unwrap();
    for folder in [folder.path(), &specs, &specs.join("demo")] {
        let (line, reported) = start(folder, &[]);
        assert!(line.contains(&format!("methods: {};", shipped_count() + 1)), "{line}");
        // A spec that differs from the shipped spec only in line ends is not reported.
        assert_eq!(reported, "");
    }
    fs::write(specs.join("other/taobao.time.get.yaml"), format!("{spec}# another\n")).unwrap();
    let (line, reported) = start(folder.path(), &[]);
    assert!(line.contains(&format!("methods: {};", shipped_count() + 1)), "{line}");
    let expected = "other/taobao.time.get.yaml overrides the shipped spec of taobao.time.get\n";
    assert!(reported.replace('\\', "/").ends_with(expected), "{reported}");
    let (line, _) = start(folder.path(), &["--specs", "specs"]);
    assert!(line.contains("methods: 2;"), "{line}");
}

/// Sends a request without a client, and returns the body of the response.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn applies_sessions_quotas_and_faults() {
    let options = ["--listen", "127.0.0.1:0", "--session", "s1", "--quota", "taobao.time.get=1/3600", "--fault"];
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("taobao.user.seller.get.json"), r#"{"user":{"nick":"from a file"}}"#).unwrap();
    fs::write(path("taobao.shop.seller.get.json"), r#"{"error_response":{"code":15,"sub_code":"isp.from-a-file"}}"#)
        .unwrap();
    fs::write(path("README.md"), "not a response").unwrap();
    let (responses, log) = (path(""), path("calls.log"));
    let faults = ["taobao.trades.sold.get:code=10/isp.busy", "--seed", "5", "--responses", &responses, "--log", &log];
    let mut child = program(&[&options[..], &faults].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(['/', ' ']).find(|part| part.starts_with("127.0.0.1:")).unwrap();
    let call = |method: &str, session: &str, more: &[&str]| {
        let gateway = format!("http://{address}");
        let app = ["call", method, "--gateway", &gateway, "--app", "12345678=helloworld", "--session", session];
        let output = cargo_top(&[&app, more].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    let sold = ["fields=tid"];
    let outputs = [
        call("taobao.time.get", "s1", &[]),
        call("taobao.time.get", "s1", &[]),
        call("taobao.trades.sold.get", "s2", &sold),
        call("taobao.trades.sold.get", "s1", &sold),
        call("taobao.user.seller.get", "s1", &["fields=nick"]),
        call("taobao.shop.seller.get", "s1", &["fields=sid"]),
    ];
    let (faults, page) = (get(address, "/_faults"), get(address, "/"));
    child.kill().unwrap();
    child.wait().unwrap();
    for (output, expected) in
        outputs.iter().zip(["\"time\"", "This ban will last for", "27 ", "isp.busy", "from a file", "isp.from-a-file"])
    {
        assert!(output.contains(expected), "{expected}: {output}");
    }
    assert_eq!(faults, "taobao.trades.sold.get:code=10/isp.busy\n");
    assert!(page.contains("<input id=\"query\""), "{page}");
    let log = fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<_> = lines.iter().map(|line| line["code"].as_i64()).collect();
    assert_eq!(codes, [None, Some(7), Some(27), Some(10), None, Some(15)]);
    assert_eq!(lines[3]["faults"][0], "taobao.trades.sold.get:code=10/isp.busy");
    assert_eq!(lines[3]["parameters"]["session"], "[hidden: 2 characters]");
}

#[test]
fn reports_invalid_response_files() {
    let folder = tempfile::tempdir().unwrap();
    let responses = folder.path().to_str().unwrap();
    for (text, problem) in [("[]", "expected a JSON object"), ("{", "EOF while parsing")] {
        fs::write(folder.path().join("taobao.time.get.json"), text).unwrap();
        let (code, reported) = failure(&["--listen", "127.0.0.1:0", "--responses", responses]);
        assert_eq!(code, Some(1));
        assert!(reported.starts_with("cannot use ") && reported.contains(problem), "{reported}");
    }
    let (code, reported) = failure(&["--listen", "127.0.0.1:0", "--responses", "nowhere"]);
    assert!(code == Some(1) && reported.starts_with("cannot read the folder nowhere"), "{reported}");
    let (code, reported) = failure(&["--listen", "127.0.0.1:0", "--log", responses]);
    assert!(code == Some(1) && reported.starts_with("cannot open "), "{reported}");
}

#[test]
fn sends_messages_through_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = program(&["--listen", "127.0.0.1:0"]);
    let mut gateway = gateway.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(gateway.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.split_once("http://").unwrap().1.split_once('/').unwrap().0;
    let send = |arguments: &[&str]| {
        let url = format!("http://{address}");
        let common = ["message", "send", "--gateway", &url];
        cargo_top(&[&common, arguments].concat()).output().unwrap()
    };
    let sent = send(&["taobao_trade_TradeSuccess", "--count", "2"]);
    let own = send(&["acme_parcel_Lost", "--content", "{}", "--group", "g 1"]);
    let unknown = send(&["acme_parcel_Lost"]);
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    let refused = send(&["taobao_trade_TradeSuccess"]);

    assert_eq!(text(&sent.stdout), "7104300007405429233\n7104300007405429234\n", "{sent:?}");
    assert_eq!(text(&own.stdout), "7104300007405429235\n", "{own:?}");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).starts_with("no spec describes the topic acme_parcel_Lost"), "{unknown:?}");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).ends_with("; start the gateway with `cargo top gateway`\n"), "{refused:?}");
}
