//! `cargo top mcp` as a process.

#![cfg(feature = "mcp")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use expect_test::expect;
use gateway::{Gateway, RunningGateway, spec};
use serde_json::{Value as Json, json};
use support::{cargo_top, root, text};

/// A server, and a connection to it.
struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    number: i64,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, input, output, number: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let version = "2025-06-18";
        let initialize = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
        let info = server.request("initialize", &initialize);
        assert_eq!(info["serverInfo"]["name"], "cargo-top");
        assert_eq!(info["protocolVersion"], version);
        server.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        server
    }

    fn send(&mut self, message: &Json) {
        writeln!(self.input, "{message}").unwrap();
    }

    fn request(&mut self, method: &str, params: &Json) -> Json {
        self.number += 1;
        let number = self.number;
        self.send(&json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params }));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let mut response: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(response["id"], number, "{response}");
        response["result"].take()
    }

    /// Calls a tool. Returns its text, or the text of its error.
    fn tool(&mut self, name: &str, arguments: Json) -> Result<String, String> {
        let result = self.request("tools/call", &json!({ "name": name, "arguments": arguments }));
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned();
        if result["isError"] == true { Err(text) } else { Ok(text) }
    }

    fn call(&mut self, method: &str, parameters: Json) -> Result<Json, String> {
        let text = self.tool("call_method", json!({ "method": method, "parameters": parameters }))?;
        Ok(serde_json::from_str(&text).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn describes_methods() {
    let mut server = Server::start(&mut cargo_top(&["mcp"]));
    let tools = server.request("tools/list", &json!({}));
    let tools = tools["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["search_methods", "describe_method", "call_method"]);
    assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true), "{tools:?}");

    expect![[r#"
        taobao.trade.memo.add - 添加订单备注 [trade, writes]
        taobao.trade.memo.update - 修改卖家备注 [trade, writes]"#]]
    .assert_eq(&server.tool("search_methods", json!({ "query": "trade.MEMO 备注" })).unwrap());
    assert!(server.tool("search_methods", json!({})).unwrap().contains("trade - Orders, 订单 ("));
    let many = server.tool("search_methods", json!({ "query": "get" })).unwrap();
    assert!(many.lines().count() == 41 && many.contains("more: add a word to the query"), "{many}");

    expect![[r#"
        taobao.trade.memo.add: 添加订单备注
        一笔订单只能添加一次备注，之后请用 taobao.trade.memo.update 修改。
        Category: trade. Session: required. Access: may change data.
        Documentation: https://open.taobao.com/api.htm?docId=48&docType=2

        Parameters:
        - tid: Number, required, example 2001000000000001 - 订单编号
        - memo: String, required, example 请尽快发货 - 备注内容，最多 1000 字节
        - flag: Number, min 0, max 5, default 0, example 1 - 备注旗帜：0 灰，1 红，2 黄，3 绿，4 蓝，5 粉

        Response:
        - trade: Trade - 订单资料
          - tid: Number, example 2001000000000001 - 订单编号
          - created: Date, example 2024-06-18 10:00:00 - 下单时间
    "#]]
    .assert_eq(&server.tool("describe_method", json!({ "method": "taobao.trade.memo.add" })).unwrap());
    let schema =
        server.tool("describe_method", json!({ "method": "taobao.trade.memo.add", "json_schema": true })).unwrap();
    let schema: Json = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["$defs"]["taobao.trade.memo.add.request"]["required"], json!(["tid", "memo"]));
}

#[test]
fn reports_errors_to_the_agent() {
    let mut server = Server::start(&mut cargo_top(&["mcp"]));
    for (tool, arguments, reported) in [
        (
            "describe_method",
            json!({ "method": "taobao.trade.gett" }),
            "unknown method \"taobao.trade.gett\": no spec describes it (did you mean taobao.trade.get?); find methods with \
             search_methods",
        ),
        ("describe_method", json!({}), "missing argument method: expected the name of a method"),
        ("describe_method", json!({ "method": 1 }), "invalid argument method: expected a text"),
        (
            "describe_method",
            json!({ "method": "taobao.trade.get", "json_schema": "yes" }),
            "invalid json_schema: expected true or false",
        ),
        (
            "search_methods",
            json!({ "query": "no such words" }),
            "no method matches \"no such words\": every word must match; use fewer or other words",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.memo.add", "parameters": { "tid": "1", "memo": "x" } }),
            "taobao.trade.memo.add may change data, and the server calls read-only methods only: ask the user to start it \
             with --allow-writes",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.get", "parameters": { "tis": "1" } }),
            "unknown parameter tis of taobao.trade.get: did you mean tid?\nmissing parameter fields of type Field List, ",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.get", "parameters": { "fields": "tid", "tid": "x" } }),
            "41 Invalid arguments:tid (isv.invalid-parameter:tid: tid must be an integer)",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.get", "parameters": { "fields": "tid", "tid": 1e300 } }),
            "tid has a number that JSON does not hold exactly: pass it as text",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.get", "parameters": { "session": "s" } }),
            "session is a public parameter, which the server sets: leave it out",
        ),
        (
            "call_method",
            json!({ "method": "taobao.trade.get", "parameters": [] }),
            "invalid parameters: expected an object of names and values",
        ),
        ("no_tool", json!({}), "unknown tool \"no_tool\": expected search_methods, describe_method or call_method"),
    ] {
        let error = server.tool(tool, arguments).unwrap_err();
        assert!(error.contains(reported), "{error}");
    }
}

const SECRET: &str = "s3cr3t-of-the-application";
const SESSION: &str = "t0k3n-of-the-user";

fn gateway() -> RunningGateway {
    let specs = spec::read(&root().join("specs")).unwrap();
    Gateway::builder(specs).application("k1", SECRET).session(SESSION).start_blocking().unwrap()
}

/// Returns a command that serves calls to a gateway.
fn server_of(gateway: &RunningGateway, arguments: &[&str]) -> Command {
    let mut command = cargo_top(&[&["mcp", "--gateway", &gateway.url()], arguments].concat());
    command.env("TOP_APP_KEY", "k1").env("TOP_APP_SECRET", SECRET).env("TOP_SESSION", SESSION);
    command
}

#[test]
fn calls_the_named_gateway() {
    let gateway = gateway();
    let mut server = Server::start(&mut server_of(&gateway, &[]));
    gateway.on("taobao.trades.sold.get").respond(json!({
        "total_results": 9_007_199_254_740_993_i64,
        "has_next": false,
        "trades": [{ "tid": 2_001_000_000_000_000_001_i64, "num": 3, "orders": [{ "oid": 1 }] }],
        "session_key": "in the response",
        "unknown": [{ "id": 9_007_199_254_740_993_u64, "access_token": "in the response" }],
        "text": format!("{SECRET} {SESSION}"),
        "json": r#"{"refresh_token":"in the response"}"#,
    }));
    let response = server.call("taobao.trades.sold.get", json!({ "fields": ["tid", "orders"], "page_no": 1 })).unwrap();
    expect![[r#"
        {
          "total_results": "9007199254740993",
          "has_next": false,
          "trades": [
            {
              "tid": "2001000000000000001",
              "num": 3,
              "orders": [
                {
                  "oid": 1
                }
              ]
            }
          ],
          "session_key": "[hidden]",
          "unknown": {
            "unknown": [
              {
                "id": "9007199254740993",
                "access_token": "[hidden]"
              }
            ]
          },
          "text": "[hidden] [hidden]",
          "json": "[hidden]""#]]
    .assert_eq(format!("{response:#}").split(",\n  \"request_id\"").next().unwrap());
    let call = &gateway.calls()[0];
    assert_eq!((call.parameter("fields"), call.parameter("page_no")), (Some("tid,orders"), Some("1")));

    // The gateway refuses the session of another application, whose error has no secret either.
    gateway.on("taobao.time.get").refuse_with(15, "isv.x", format!("refused {SECRET}"));
    let error = server.call("taobao.time.get", json!({})).unwrap_err();
    assert!(error.contains("isv.x") && error.contains("refused [hidden]"), "{error}");
    let error = server.call("taobao.trade.memo.add", json!({ "tid": "1", "memo": "x" })).unwrap_err();
    assert!(error.contains("--allow-writes"), "{error}");
    assert_eq!(gateway.calls_of("taobao.trade.memo.add").len(), 0);
}

#[test]
fn writes_if_allowed() {
    let gateway = gateway();
    let mut server = Server::start(&mut server_of(&gateway, &["--allow-writes"]));
    let tools = server.request("tools/list", &json!({}));
    assert_eq!(tools["tools"][2]["annotations"]["readOnlyHint"], false);
    let memo = json!({ "tid": "9007199254740993", "memo": "@留言" });
    assert!(server.call("taobao.trade.memo.add", memo).is_ok());
    let call = &gateway.calls()[0];
    assert_eq!((call.parameter("tid"), call.parameter("memo")), (Some("9007199254740993"), Some("@留言")));
    let error = server.call("taobao.picture.upload", json!({ "img": "x" })).unwrap_err();
    assert!(error.starts_with("img is a file"), "{error}");
}

#[test]
fn reports_a_gateway_without_credentials() {
    for (arguments, status, reported) in [
        (&["mcp", "--gateway", "taobo"][..], 2, "unknown gateway \"taobo\""),
        (&["mcp", "--gateway", "taobao"], 1, "TOP_APP_KEY"),
    ] {
        let output = cargo_top(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(status));
        assert!(text(&output.stderr).contains(reported), "{}", text(&output.stderr));
    }
}

/// The client of the package mcp from PyPI. Without Python, the test is skipped, except in CI.
#[test]
fn serves_the_official_client() {
    let site = tempfile::tempdir().unwrap();
    let mut install = Command::new("python3");
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]).arg(site.path());
    let installed = install.arg("mcp==2.3.0").output();
    if !installed.as_ref().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "cannot install mcp: {installed:?}");
        eprintln!("skipped: cannot install mcp");
        return;
    }
    let calls = json!([
        ["search_methods", { "query": "订单 memo.add" }],
        ["call_method", { "method": "taobao.trade.get", "parameters": { "fields": ["tid"], "tid": "2001000000000001" } }],
        ["call_method", { "method": "taobao.trade.close", "parameters": {} }],
    ]);
    let server = cargo_top(&["mcp"]);
    let mut client = Command::new("python3");
    client.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/mcp_client.py")).arg(calls.to_string());
    client.arg(server.get_program()).args(server.get_args()).current_dir(root()).env("PYTHONPATH", site.path());
    let output = client.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines: Vec<Json> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [tools, search, call, refused] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(*tools, json!(["search_methods", "describe_method", "call_method"]));
    assert!(search["text"].as_str().unwrap().contains("taobao.trade.memo.add"), "{search}");
    let response: Json = serde_json::from_str(call["text"].as_str().unwrap()).unwrap();
    assert_eq!((&call["error"], &response["trade"]["tid"]), (&json!(false), &json!(2_001_000_000_000_001_i64)));
    assert_eq!(refused["error"], true);
}
