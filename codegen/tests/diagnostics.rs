//! The diagnostics of invalid specs.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::fs;
use std::path::Path;

use codegen::BuildError;
use codegen::diagnostic::Diagnostics;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const PLATFORM: &str = include_str!("fixtures/specs/platform.yaml");

/// Creates a folder of specs with `platform.yaml` and the given files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("platform.yaml"), PLATFORM).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn problems(folder: &Path) -> Option<Diagnostics> {
    match codegen::Builder::new(folder).generate() {
        Ok(_) => None,
        Err(BuildError::Specs(problems)) => Some(problems),
        Err(error) => panic!("{error}"),
    }
}

fn assert_diagnostics_of(files: &[(&str, &[u8])], expected: Expect) {
    let folder = folder(files);
    let output = problems(folder.path()).expect("the specs are valid").to_string();
    let output = output.replace(&format!("{}/", folder.path().display()), "specs/");
    let output: String = output.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expected.assert_eq(&output);
}

fn assert_diagnostics(text: &str, expected: Expect) {
    assert_diagnostics_of(&[("top/taobao.a.get.yaml", text.as_bytes())], expected);
}

/// A valid spec with the given parameters.
fn with_parameters(parameters: &str) -> String {
    format!("method: taobao.a.get\ntitle: t\nrequest:\n{parameters}\nresponse:\n  node: a_get_response\n  fields: []\n")
}

#[test]
fn reports_unknown_types() {
    assert_diagnostics(
        &with_parameters(
            "  - { name: a, type: Sting }\n  - { name: 数量, type: Int }\n  - { name: c, type: \"String []\" }\n  - { name: d, type: Trade }",
        ),
        expect![[r#"
            error: unknown type `Sting`
             --> specs/top/taobao.a.get.yaml:4:22
              |
            4 |   - { name: a, type: Sting }
              |                      ^^^^^
              |
              = help: did you mean `String`? if it is an object, add its `fields`

            error: unknown type `Int`
             --> specs/top/taobao.a.get.yaml:5:23
              |
            5 |   - { name: 数量, type: Int }
              |                         ^^^
              |
              = help: did you mean `Number`? if it is an object, add its `fields`

            error: invalid type `String []`
             --> specs/top/taobao.a.get.yaml:6:22
              |
            6 |   - { name: c, type: "String []" }
              |                      ^^^^^^^^^^^
              |
              = help: did you mean `String[]`?

            error: unknown type `Trade`
             --> specs/top/taobao.a.get.yaml:7:22
              |
            7 |   - { name: d, type: Trade }
              |                      ^^^^^
              |
              = help: if it is an object, add its `fields`

            4 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_invalid_parameters() {
    assert_diagnostics(
        &with_parameters(
            "  - { name: app_key, type: String }\n  - { name: a, type: String }\n  - { name: a, type: Number }\n  - { name: \"a b\", type: String }\n  - { name: f, type: String, fields: [{ name: x, type: String }] }\n  - { name: o, type: O, fields: [{ name: o, type: O, required: true }] }",
        ),
        expect![[r#"
            error: `app_key` is a public parameter
             --> specs/top/taobao.a.get.yaml:4:13
              |
            4 |   - { name: app_key, type: String }
              |             ^^^^^^^
              |
              = help: the client sets it; remove it

            error: duplicate parameter `a`
             --> specs/top/taobao.a.get.yaml:6:13
              |
            6 |   - { name: a, type: Number }
              |             ^

            error: invalid parameter name `a b`
             --> specs/top/taobao.a.get.yaml:7:13
              |
            7 |   - { name: "a b", type: String }
              |             ^^^^^
              |
              = help: expected letters, digits, Chinese characters, `_`, `-` and `.`

            error: `String` cannot have fields
             --> specs/top/taobao.a.get.yaml:8:22
              |
            8 |   - { name: f, type: String, fields: [{ name: x, type: String }] }
              |                      ^^^^^^
              |
              = help: name the object as the type, or remove `fields`

            error: `O` requires itself, so no value of it can exist
             --> specs/top/taobao.a.get.yaml:9:51
              |
            9 |   - { name: o, type: O, fields: [{ name: o, type: O, required: true }] }
              |                                                   ^
              |
              = help: make a field in the cycle of required fields optional

            5 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_unknown_and_missing_keys() {
    assert_diagnostics(
        &with_parameters("  - { name: a, typ: String }"),
        expect![[r#"
            error: missing key `type`
             --> specs/top/taobao.a.get.yaml:4:5
              |
            4 |   - { name: a, typ: String }
              |     ^
              |
              = help: String, Number, Boolean, Date, Price, BigDecimal, Json, Map, Field List, byte, byte[] (a file), or the name of an object; followed by [] for a list.

            error: unknown key `typ`
             --> specs/top/taobao.a.get.yaml:4:16
              |
            4 |   - { name: a, typ: String }
              |                ^^^
              |
              = help: did you mean `type`?

            2 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_parameters(""),
        expect![[r#"
            error: expected a list, found no value
             --> specs/top/taobao.a.get.yaml:3:8
              |
            3 | request:
              |        ^
              |
              = help: write [] for an empty list

            1 problem in 1 file
        "#]],
    );
    assert_diagnostics(
        "method: taobao.a.get\nrequest: []\n",
        expect![[r#"
            error: missing key `title`
             --> specs/top/taobao.a.get.yaml:1:1
              |
            1 | method: taobao.a.get
              | ^
              |
              = help: The title in the documentation.

            error: missing key `response`
             --> specs/top/taobao.a.get.yaml:1:1
              |
            1 | method: taobao.a.get
              | ^
              |
              = help: The response.

            2 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        "",
        expect![[r#"
            error: the file is empty
             --> specs/top/taobao.a.get.yaml:1:1
              |
            1 |
              | ^

            1 problem in 1 file
        "#]],
    );
    assert_diagnostics(
        "method: taobao.a.get\nmethod: taobao.b.get\n",
        expect![[r#"
            error: duplicate key `method`
             --> specs/top/taobao.a.get.yaml:2:1
              |
            2 | method: taobao.b.get
              | ^^^^^^

            1 problem in 1 file
        "#]],
    );
}

#[test]
fn reports_values_of_other_types() {
    assert_diagnostics(
        "method: taobao.a.get\ntitle: [t]\nauthorization: require\nhttps_only: yes\nreads:\nrequest:\n  - { name: a, type: \
         String, max_length: long, values: b }\nresponse: none\n",
        expect![[r#"
            error: expected a string, found a list
             --> specs/top/taobao.a.get.yaml:2:8
              |
            2 | title: [t]
              |        ^

            error: expected one of required, optional, none, found `require`
             --> specs/top/taobao.a.get.yaml:3:16
              |
            3 | authorization: require
              |                ^^^^^^^
              |
              = help: did you mean `required`?

            error: expected true or false, found `yes`
             --> specs/top/taobao.a.get.yaml:4:13
              |
            4 | https_only: yes
              |             ^^^

            error: expected true or false, found no value
             --> specs/top/taobao.a.get.yaml:5:6
              |
            5 | reads:
              |      ^

            error: expected an integer, found `long`
             --> specs/top/taobao.a.get.yaml:7:42
              |
            7 |   - { name: a, type: String, max_length: long, values: b }
              |                                          ^^^^

            error: expected a list, found `b`
             --> specs/top/taobao.a.get.yaml:7:56
              |
            7 |   - { name: a, type: String, max_length: long, values: b }
              |                                                        ^

            error: expected a mapping, found `none`
             --> specs/top/taobao.a.get.yaml:8:11
              |
            8 | response: none
              |           ^^^^
              |
              = help: the keys are node, fields

            7 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_contradicting_limits() {
    assert_diagnostics(
        &with_parameters(
            "  - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }\n  - { name: b, type: Number, min_value: 3, max_value: 2, example: \"2\" }\n  - { name: c, type: Number, values: [x] }\n  - { name: ﬁ, type: String }\n  - { name: d, type: D, required: true, fields: [{ name: e, type: E, required: true }] }\n  - { name: f, type: E, fields: [{ name: g, type: D, required: true }] }",
        ),
        expect![[r#"
            error: the example violates the limits of the parameter
             --> specs/top/taobao.a.get.yaml:4:13
              |
            4 |   - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }
              |             ^
              |
              = help: correct the example or the limits, or remove the example

            error: `min_value` does not apply to String: expected a number
             --> specs/top/taobao.a.get.yaml:4:70
              |
            4 |   - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }
              |                                                                      ^

            error: the example violates the limits of the parameter
             --> specs/top/taobao.a.get.yaml:5:13
              |
            5 |   - { name: b, type: Number, min_value: 3, max_value: 2, example: "2" }
              |             ^
              |
              = help: correct the example or the limits, or remove the example

            error: `max_value` is less than `min_value`
             --> specs/top/taobao.a.get.yaml:5:55
              |
            5 |   - { name: b, type: Number, min_value: 3, max_value: 2, example: "2" }
              |                                                       ^

            error: `values` does not apply to Number: expected String
             --> specs/top/taobao.a.get.yaml:6:39
              |
            6 |   - { name: c, type: Number, values: [x] }
              |                                       ^

            error: invalid parameter name `\u{fb01}`
             --> specs/top/taobao.a.get.yaml:7:13
              |
            7 |   - { name: ﬁ, type: String }
              |             ^
              |
              = help: expected letters, digits, Chinese characters, `_`, `-` and `.`

            error: `E` requires itself, so no value of it can exist
             --> specs/top/taobao.a.get.yaml:8:67
              |
            8 |   - { name: d, type: D, required: true, fields: [{ name: e, type: E, required: true }] }
              |                                                                   ^
              |
              = help: make a field in the cycle of required fields optional

            error: `D` requires itself, so no value of it can exist
             --> specs/top/taobao.a.get.yaml:9:51
              |
            9 |   - { name: f, type: E, fields: [{ name: g, type: D, required: true }] }
              |                                                   ^
              |
              = help: make a field in the cycle of required fields optional

            8 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_all_files_in_one_run() {
    let right = with_parameters("  - { name: a, type: String }");
    assert_diagnostics_of(
        &[
            ("top/taobao.a.get.yaml", right.as_bytes()),
            ("shop/taobao.a.get.yaml", right.as_bytes()),
            ("top/taobao.b.get.yaml", right.as_bytes()),
            ("top/notes.txt", b"notes"),
            ("top/binary.yaml", b"\xff\xfe\x00"),
            ("top/broken.yaml", b"method: [\n"),
            ("Shop 2/taobao.c.get.yaml", right.replace("taobao.a", "taobao.c").as_bytes()),
        ],
        expect![[r#"
            error: invalid category `Shop 2`
             --> specs/Shop 2/taobao.c.get.yaml:1:9
              |
            1 | method: taobao.c.get
              |         ^^^^^^^^^^^^
              |
              = help: expected lower-case letters, digits and `_`, starting with a letter; keywords of Rust and features of the SDK are reserved

            error: invalid UTF-8 at byte 0; save the file as UTF-8
            --> specs/top/binary.yaml

            error: unclosed bracket '['
             --> specs/top/broken.yaml:1:9
              |
            1 | method: [
              |         ^

            error: unexpected file in the folder of specs
            --> specs/top/notes.txt
             = help: expected METHOD.yaml; move or remove the file

            error: duplicate method `taobao.a.get`
             --> specs/top/taobao.a.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: it is also in specs/shop/taobao.a.get.yaml; keep one of them

            error: the method does not match the name of the file
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: rename the file to taobao.a.get.yaml

            error: duplicate method `taobao.a.get`
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: it is also in specs/top/taobao.a.get.yaml; keep one of them

            7 problems in 6 files
        "#]],
    );
    assert_diagnostics_of(
        &[
            ("top/taobao.a.get.yaml", right.as_bytes()),
            ("shop/taobao.a.get.yaml", right.as_bytes()),
            ("top/taobao.b.get.yaml", right.as_bytes()),
            ("Shop 2/taobao.c.get.yaml", right.replace("taobao.a", "taobao.c").as_bytes()),
        ],
        expect![[r#"
            error: invalid category `Shop 2`
             --> specs/Shop 2/taobao.c.get.yaml:1:9
              |
            1 | method: taobao.c.get
              |         ^^^^^^^^^^^^
              |
              = help: expected lower-case letters, digits and `_`, starting with a letter; keywords of Rust and features of the SDK are reserved

            error: duplicate method `taobao.a.get`
             --> specs/top/taobao.a.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: it is also in specs/shop/taobao.a.get.yaml; keep one of them

            error: the method does not match the name of the file
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: rename the file to taobao.a.get.yaml

            error: duplicate method `taobao.a.get`
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: it is also in specs/top/taobao.a.get.yaml; keep one of them

            4 problems in 3 files
        "#]],
    );
}

#[test]
fn refuses_method_names_with_path_components() {
    for name in
        ["../../etc/passwd", "taobao..get", "taobao./x.get", "a.b\\c", "get", "", ".a.b", "a.b.", "taobao.\u{7aef}"]
    {
        let text = with_parameters("  - { name: a, type: String }")
            .replace("taobao.a.get", &format!("\"{}\"", name.replace('\\', "\\\\")));
        let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
        let output = problems(folder.path()).unwrap_or_else(|| panic!("{name:?} passed")).to_string();
        assert!(output.contains("invalid method name"), "{output}");
    }
}

#[test]
fn escapes_text_in_generated_code() {
    let hostile = "*/ \"#]] } pub fn injected() {} \\u{0} {{ x }} {% x %} \r //! x";
    let text = format!(
        "method: taobao.a.get\ntitle: {hostile:?}\ndescription: {hostile:?}\nrequest:\n  - {{ name: a, type: String, required: true, example: {hostile:?}, description: {hostile:?} }}\nresponse:\n  node: a_get_response\n  fields: []\n"
    );
    let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
    let generated = codegen::Builder::new(folder.path()).generate().unwrap();
    let (_, text) = generated.files().files().find(|(path, _)| path.ends_with("a_get.rs")).unwrap();
    for line in text.lines().filter(|line| line.contains("injected")) {
        assert!(line.trim_start().starts_with("//"), "{line}");
    }
}

#[test]
fn accepts_only_urls_that_a_link_can_contain() {
    let parameters = with_parameters("  - { name: a, type: String }");
    let with_url = |url: &str| parameters.replace("request:", &format!("doc_url: {url:?}\nrequest:"));
    for url in ["https://open.taobao.com/api.htm?docId=1&docType=2", "http://open.ieasynote.com/api"] {
        let folder = folder(&[("top/taobao.a.get.yaml", with_url(url).as_bytes())]);
        assert!(problems(folder.path()).is_none(), "{url}");
    }
    for url in ["", "docId=1", "https://", "ftp://a", "https://a b", "https://a)|[x](y", "https://a>", "https://接口"]
    {
        let folder = folder(&[("top/taobao.a.get.yaml", with_url(url).as_bytes())]);
        let problems = problems(folder.path()).unwrap_or_else(|| panic!("{url:?} passed")).to_string();
        assert!(problems.contains("expected a URL"), "{problems}");
    }
}

#[test]
fn accepts_only_keywords_of_rustdoc() {
    let with_keywords = |keywords: &str| {
        with_parameters("  - { name: a, type: String }").replace("request:", &format!("keywords: {keywords}\nrequest:"))
    };
    let output = |keywords: &str| {
        let folder = folder(&[("top/taobao.a.get.yaml", with_keywords(keywords).as_bytes())]);
        problems(folder.path()).map(|problems| problems.to_string())
    };
    assert_eq!(output("[订单, tid2]"), None);
    for keywords in ["[\"\"]", "[a b]", "['\"']", "[\"a\\n\"]", "[taobao.a.get]"] {
        let output = output(keywords).unwrap_or_else(|| panic!("{keywords} passed"));
        assert!(output.contains("expected a keyword"), "{output}");
    }
    assert!(output("[a, b, a]").unwrap().contains("duplicate keyword `a`"));
}

#[test]
fn refuses_keys_and_files_that_an_spi_cannot_have() {
    let spec = |lines: &str, parameter: &str| {
        let text = with_parameters(parameter).replace("request:", &format!("{lines}\nrequest:"));
        let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
        problems(folder.path()).map(|problems| problems.to_string())
    };
    let (text, file) = ("  - { name: a, type: String }", "  - { name: a, type: \"byte[]\" }");
    for direction in ["api", "spi", "both"] {
        assert_eq!(spec(&format!("direction: {direction}"), text), None, "{direction}");
    }
    for key in ["authorization: none", "https_only: true", "reads: true", "pages: { items: a, number: a }"] {
        let name = key.split(':').next().unwrap();
        let output = spec(&format!("direction: spi\n{key}"), text).unwrap_or_else(|| panic!("{key} passed"));
        assert!(output.contains(&format!("`{name}` is not allowed with `direction: spi`")), "{output}");
    }
    assert_eq!(spec("direction: api", file), None);
    for direction in ["spi", "both"] {
        let output = spec(&format!("direction: {direction}"), file).unwrap();
        assert!(output.contains("`byte[]` is not allowed in an SPI"), "{output}");
        let nested = "  - { name: a, type: A, fields: [{ name: b, type: \"byte[]\" }] }";
        let output = spec(&format!("direction: {direction}"), nested).unwrap();
        assert!(output.contains("`byte[]` is not allowed in an SPI"), "{output}");
    }
    let output = spec("direction: out", text).unwrap();
    assert!(output.contains("expected one of api, spi, both"), "{output}");
}

#[test]
fn template_of_an_spi_has_its_direction() {
    let skeleton = codegen::render::skeleton("qimen.stock.query").unwrap();
    assert!(skeleton.contains("\ndirection: spi\n") && skeleton.contains("node: response\n"), "{skeleton}");
    assert!(!skeleton.contains("pages"), "{skeleton}");
    assert!(!codegen::render::skeleton("taobao.trade.close").unwrap().contains("direction"));
}

#[test]
fn refuses_hostile_yaml() {
    let bomb = {
        let mut text = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in b'b'..b'm' {
            let (name, before) = (char::from(level), char::from(level - 1));
            text.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(",")));
        }
        text
    };
    let deep_flow = format!("method: {}", "[".repeat(100_000));
    let deep_block: String = (0..5_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let long = "#".repeat(5 << 20);
    let nul = "method: \0\0\0".to_owned();
    for text in [bomb, deep_flow, deep_block[..3 << 20].to_owned(), long, nul] {
        let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
        let output = problems(folder.path()).expect("hostile").to_string();
        assert!(output.len() < 10_000, "{} bytes of output", output.len());
    }
}

#[test]
fn reports_missing_folder() {
    let folder = TempDir::new().unwrap();
    let output = problems(&folder.path().join("nowhere")).unwrap().to_string();
    assert!(output.contains("nowhere") && output.contains("cannot read the folder"), "{output}");
}

#[test]
fn reads_built_in_platform_without_file() {
    let folder = TempDir::new().unwrap();
    let ids = |folder: &Path| {
        let platform = codegen::spec::platform(folder).map_err(|problems| problems.to_string())?;
        Ok(platform.gateways.into_iter().map(|gateway| gateway.id.value).collect::<Vec<_>>())
    };
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let expected: Result<_, String> = ids(&shipped);
    assert!(expected.as_ref().unwrap().contains(&"taobao".to_owned()));
    assert_eq!(ids(folder.path()), expected);
    // Only a missing file selects the built-in platform.
    let path = folder.path().join("platform.yaml");
    fs::write(&path, "").unwrap();
    assert!(ids(folder.path()).is_err());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(ids(folder.path()).is_err());
    #[cfg(unix)]
    {
        fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("nowhere.yaml", &path).unwrap();
        assert!(ids(folder.path()).is_err());
    }
}

/// Asserts the problems of `platform.yaml` for each change of the fixture's.
fn assert_platform_problems(changes: &[(&str, &str)], expected: Expect) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("platform.yaml");
    let problems = changes.iter().map(|(text, changed)| {
        assert!(PLATFORM.contains(text), "{text}");
        fs::write(&path, PLATFORM.replacen(text, changed, 1)).unwrap();
        let problems = codegen::spec::platform(folder.path()).expect_err(changed).to_string();
        problems.replace(&path.display().to_string(), "platform.yaml")
    });
    let output = problems.collect::<Vec<_>>().join("\n\n");
    expected.assert_eq(&output.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>());
}

#[test]
fn reports_syntax_of_platform() {
    assert_platform_problems(
        &[
            ("gateways:\n", "gateway:\n"),
            ("secrets: [token, session]\n", ""),
            ("tolerance_minutes: 10", "tolerance_minutes: ten"),
            ("id: fixture,", "id: [fixture],"),
            ("retry: later", "retry: sometimes"),
            ("[token, session]", "token"),
            ("version: \"2.0\"", "version: \"2.0\"\nversion: \"2.0\""),
            ("[token, session]", "[token, session"),
        ],
        expect![[r#"
            error: unknown field `gateway`, expected one of version, timestamp_tolerance_minutes, gateways, public_parameters, secrets, errors
             --> platform.yaml:4:1
              |
            4 | gateway:
              | ^^^^^^^

            1 problem in 1 file

            error: missing field `secrets`
              --> platform.yaml:10:1
               |
            10 | errors:
               | ^^^^^^

            1 problem in 1 file

            error: invalid u32
             --> platform.yaml:3:30
              |
            3 | timestamp_tolerance_minutes: ten
              |                              ^^^

            1 problem in 1 file

            error: expected string scalar
             --> platform.yaml:5:11
              |
            5 |   - { id: [fixture], title: 测试环境 <b>, http: http://127.0.0.1/api, https: https://127.0.0.1/api }
              |           ^

            1 problem in 1 file

            error: unknown variant `sometimes`, expected one of never, later, renew_session, if_server_side
              --> platform.yaml:13:76
               |
            13 |   - { code: 10, name: Service Currently Unavailable, meaning: busy, retry: sometimes }
               |                                                                            ^^^^^^^^^

            1 problem in 1 file

            error: expected sequence start
              --> platform.yaml:10:10
               |
            10 | secrets: token
               |          ^^^^^

            1 problem in 1 file

            error: duplicate key `version`
             --> platform.yaml:3:1
              |
            3 | version: "2.0"
              | ^^^^^^^

            1 problem in 1 file

            error: illegal placement of ':' indicator
              --> platform.yaml:11:7
               |
            11 | errors:
               |       ^

            1 problem in 1 file
        "#]],
    );
}

#[test]
fn reports_rules_of_platform() {
    assert_platform_problems(
        &[
            ("id: fixture-2", "id: fixture"),
            ("id: fixture-2", "id: Fixture"),
            ("title: two", "title: \" \""),
            ("http: http://", "http: ftp://"),
            ("https: https://127.0.0.1/2, ", ""),
            ("parameters: xml_body", "parameters: xml"),
            ("parameters: xml_body", "format: xml2"),
            ("parameters: xml_body", "sign_method: sha1"),
            ("hmac-sha256: sha256", "sha-256: sha256"),
            ("hmac-sha256: sha256", "hmac-sha256: \" \""),
            ("code: 10,", "code: 25,"),
            (
                "retry: later }",
                "retry: later, words: [Busy] }\n  - { code: 11, name: x, meaning: y, retry: never, words: [busy] }",
            ),
            ("[token, session]", "[Token, \"\"]"),
        ],
        expect![[r#"
            error: duplicate gateway id `fixture`
             --> platform.yaml:6:11
              |
            6 |   - { id: fixture, title: two, https: https://127.0.0.1/2, note: "A *note*.", dialect: { parameters: xml_body, sign_names: { hmac-sha...
              |           ^^^^^^^

            1 problem in 1 file

            error: invalid gateway id "Fixture"
             --> platform.yaml:6:11
              |
            6 |   - { id: Fixture, title: two, https: https://127.0.0.1/2, note: "A *note*.", dialect: { parameters: xml_body, sign_names: { hmac-sha...
              |           ^^^^^^^
              |
              = help: expected lower-case words joined by hyphens, such as `taobao-overseas`

            1 problem in 1 file

            error: the title is empty
             --> platform.yaml:6:29
              |
            6 |   - { id: fixture-2, title: " ", https: https://127.0.0.1/2, note: "A *note*.", dialect: { parameters: xml_body, sign_names: { hmac-s...
              |                             ^^^

            1 problem in 1 file

            error: expected a URL starting with `http://`
             --> platform.yaml:5:43
              |
            5 |   - { id: fixture, title: 测试环境 <b>, http: ftp://127.0.0.1/api, https: https://127.0.0.1/api }
              |                                               ^^^^^^^^^^^^^^^^^^^

            1 problem in 1 file

            error: the gateway `fixture-2` has no URL
             --> platform.yaml:6:11
              |
            6 |   - { id: fixture-2, title: two, note: "A *note*.", dialect: { parameters: xml_body, sign_names: { hmac-sha256: sha256 } } }
              |           ^^^^^^^^^
              |
              = help: add `https`

            1 problem in 1 file

            error: unknown variant `xml`, expected one of form, query, json_body, xml_body
             --> platform.yaml:6:104
              |
            6 |   - { id: fixture-2, title: two, https: https://127.0.0.1/2, note: "A *note*.", dialect: { parameters: xml, sign_names: { hmac-sha256...
              |                                                                                                        ^^^

            1 problem in 1 file

            error: unknown format "xml2": expected `json` or `xml`
             --> platform.yaml:6:100
              |
            6 |   - { id: fixture-2, title: two, https: https://127.0.0.1/2, note: "A *note*.", dialect: { format: xml2, sign_names: { hmac-sha256: s...
              |                                                                                                    ^^^^

            1 problem in 1 file

            error: unknown signature algorithm "sha1": expected one of `md5`, `hmac`, `hmac-sha256`
             --> platform.yaml:6:105
              |
            6 |   - { id: fixture-2, title: two, https: https://127.0.0.1/2, note: "A *note*.", dialect: { sign_method: sha1, sign_names: { hmac-sha2...
              |                                                                                                         ^^^^

            1 problem in 1 file

            error: unknown signature algorithm "sha-256": expected one of `md5`, `hmac`, `hmac-sha256`
             --> platform.yaml:6:137
              |
            6 | ...e*.", dialect: { parameters: xml_body, sign_names: { sha-256: sha256 } } }
              |                                                                  ^^^^^^

            1 problem in 1 file

            error: the name is empty
             --> platform.yaml:6:141
              |
            6 | ...", dialect: { parameters: xml_body, sign_names: { hmac-sha256: " " } } }
              |                                                                   ^^^

            1 problem in 1 file

            error: duplicate code 25
              --> platform.yaml:13:13
               |
            13 |   - { code: 25, name: Service Currently Unavailable, meaning: busy, retry: later }
               |             ^^

            1 problem in 1 file

            error: duplicate word `busy`: case is ignored
              --> platform.yaml:14:60
               |
            14 |   - { code: 11, name: x, meaning: y, retry: never, words: [busy] }
               |                                                            ^^^^

            1 problem in 1 file

            error: expected a name suffix in lower case
              --> platform.yaml:10:11
               |
            10 | secrets: [Token, ""]
               |           ^^^^^
               |
               = help: names are compared without regard to case

            error: the name suffix is empty
              --> platform.yaml:10:18
               |
            10 | secrets: [Token, ""]
               |                  ^^
               |
               = help: an empty suffix matches every name; remove it

            2 problems in 1 file
        "#]],
    );
}

#[test]
fn refuses_aliases_in_platform() {
    assert_platform_problems(
        &[("[token, session]", "&a [token]\nmore: [*a, *a]")],
        expect![[r#"
        error: anchors and tags are not supported
          --> platform.yaml:10:13
           |
        10 | secrets: &a [token]
           |             ^
           |
           = help: write the value itself

        1 problem in 1 file
    "#]],
    );
}

#[test]
fn filled_in_template_is_valid() {
    let skeleton = codegen::render::skeleton("taobao.trade.close").unwrap();
    let blank =
        codegen::spec::parse("trade", "taobao.trade.close.yaml", &skeleton, &codegen::spec::Platform::default())
            .unwrap_err();
    assert!(blank.iter().all(|problem| !problem.message.contains("unknown key")), "{blank}");
    let filled: String = skeleton
        .lines()
        .map(|line| match line.split_once(": #") {
            Some(("title", _)) => "title: 关闭交易\n".to_owned(),
            Some((key, _)) if key.trim_start().trim_start_matches("- ") == "name" => format!("{key}: tid\n"),
            Some((key, _)) if key.trim() == "type" && key.starts_with("      ") => format!("{key}: Order\n"),
            Some((key, _)) if key.trim() == "type" => format!("{key}: Number\n"),
            Some((key, _)) => format!("{key}: \"1\"\n"),
            None => {
                line.replace("name: ,", "name: oid,")
                    .replace("type: ,", "type: Number,")
                    .replace("description: }", "description: x }")
                    + "\n"
            }
        })
        .collect();
    let method = codegen::spec::parse("trade", "taobao.trade.close.yaml", &filled, &codegen::spec::Platform::default())
        .unwrap_or_else(|output| panic!("{output}\n{filled}"));
    assert_eq!(method.spec.response.node.value, "trade_close_response");
    assert!(method.spec.request[0].is_required());
}

#[test]
fn json_schema_and_reader_have_same_keys() {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/method.schema.json")).unwrap();
    assert!(schema.contains("https://json-schema.org/draft/2020-12/schema"), "{schema}");
    for key in ["method", "authorization", "https_only", "max_list_size", "values", "solution", "fields"] {
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
    let output =
        codegen::spec::parse("a", "x.yaml", "methd: a\n", &codegen::spec::Platform::default()).unwrap_err().to_string();
    assert!(output.contains("unknown key `methd`") && output.contains("did you mean `method`?"), "{output}");
}

#[test]
fn json_schema_and_reader_of_topics_have_same_keys() {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/message.schema.json")).unwrap();
    assert!(schema.contains("https://json-schema.org/draft/2020-12/schema"), "{schema}");
    for key in ["topic", "title", "description", "doc_url", "deprecated", "fields", "type", "example"] {
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
    assert!(!schema.contains("\"method\"") && !schema.contains("\"request\""), "{schema}");
}

/// A valid spec of a topic with the given fields.
fn with_topic_fields(fields: &str) -> String {
    format!("topic: taobao_a_Changed\ntitle: t\nfields:\n{fields}\n")
}

#[test]
fn reports_invalid_topics() {
    assert_diagnostics_of(
        &[
            ("messages/taobao_a_Changed.yaml", b"topic: taobao_a_Changd\ntitle: \" \"\ndoc_url: a\nfields: []\n"),
            ("messages/taobao_b_Changed.yaml", b"topic: taobao.b.Changed\ntitle: t\nfields: []\n"),
            ("messages/taobao_c_Changed.yaml", b"method: taobao.c.get\ntitle: t\nrequest: []\n"),
            ("messages/notes.txt", b"notes"),
        ],
        expect![[r#"
            error: unexpected file in the folder of specs
            --> specs/messages/notes.txt
             = help: expected TOPIC.yaml; move or remove the file

            error: the topic does not match the name of the file
             --> specs/messages/taobao_a_Changed.yaml:1:8
              |
            1 | topic: taobao_a_Changd
              |        ^^^^^^^^^^^^^^^
              |
              = help: rename the file to taobao_a_Changd.yaml

            error: the title is empty
             --> specs/messages/taobao_a_Changed.yaml:2:8
              |
            2 | title: " "
              |        ^^^

            error: expected a URL starting with `https://` or `http://`, found `a`
             --> specs/messages/taobao_a_Changed.yaml:3:10
              |
            3 | doc_url: a
              |          ^

            error: invalid topic name `taobao.b.Changed`
             --> specs/messages/taobao_b_Changed.yaml:1:8
              |
            1 | topic: taobao.b.Changed
              |        ^^^^^^^^^^^^^^^^
              |
              = help: expected words of letters and digits, joined by `_`: `taobao_trade_TradeSuccess`

            error: unknown key `method`
             --> specs/messages/taobao_c_Changed.yaml:1:1
              |
            1 | method: taobao.c.get
              | ^^^^^^
              |
              = help: the keys are topic, title, description, deprecated, doc_url, fields

            error: missing key `topic`
             --> specs/messages/taobao_c_Changed.yaml:1:1
              |
            1 | method: taobao.c.get
              | ^
              |
              = help: The topic's name on the wire, such as taobao_trade_TradeSuccess.

            error: missing key `fields`
             --> specs/messages/taobao_c_Changed.yaml:1:1
              |
            1 | method: taobao.c.get
              | ^
              |
              = help: The fields of the content. May be [].

            error: unknown key `request`
             --> specs/messages/taobao_c_Changed.yaml:3:1
              |
            3 | request: []
              | ^^^^^^^
              |
              = help: the keys are topic, title, description, deprecated, doc_url, fields

            9 problems in 4 files
        "#]],
    );
}

#[test]
fn reports_invalid_fields_of_topics() {
    let fields = "  - { name: a, type: Sting }\n  - { name: a, type: String }\n  - { name: n, type: Number, max_value: 1, values: [x] }\n  \
                  - { name: app_key, type: String, required: true }\n  - { name: o, type: O, fields: [{ name: o, type: O, required: true }] }\n  \
                  - { name: p, typ: String }";
    assert_diagnostics_of(
        &[("messages/taobao_a_Changed.yaml", with_topic_fields(fields).as_bytes())],
        expect![[r#"
        error: unknown type `Sting`
         --> specs/messages/taobao_a_Changed.yaml:4:22
          |
        4 |   - { name: a, type: Sting }
          |                      ^^^^^
          |
          = help: did you mean `String`? if it is an object, add its `fields`

        error: duplicate parameter `a`
         --> specs/messages/taobao_a_Changed.yaml:5:13
          |
        5 |   - { name: a, type: String }
          |             ^

        error: `max_value` is not allowed in a message
         --> specs/messages/taobao_a_Changed.yaml:6:41
          |
        6 |   - { name: n, type: Number, max_value: 1, values: [x] }
          |                                         ^
          |
          = help: remove it; a message is not validated against limits

        error: `values` does not apply to Number: expected String
         --> specs/messages/taobao_a_Changed.yaml:6:53
          |
        6 |   - { name: n, type: Number, max_value: 1, values: [x] }
          |                                                     ^

        error: `O` requires itself, so no value of it can exist
         --> specs/messages/taobao_a_Changed.yaml:8:51
          |
        8 |   - { name: o, type: O, fields: [{ name: o, type: O, required: true }] }
          |                                                   ^
          |
          = help: make a field in the cycle of required fields optional

        error: missing key `type`
         --> specs/messages/taobao_a_Changed.yaml:9:5
          |
        9 |   - { name: p, typ: String }
          |     ^
          |
          = help: String, Number, Boolean, Date, Price, BigDecimal, Json, Map, Field List, byte, byte[] (a file), or the name of an object; followed by [] for a list.

        error: unknown key `typ`
         --> specs/messages/taobao_a_Changed.yaml:9:16
          |
        9 |   - { name: p, typ: String }
          |                ^^^
          |
          = help: did you mean `type`?

        7 problems in 1 file
    "#]],
    );
}

#[test]
fn reports_the_same_topic_in_two_files() {
    let text = with_topic_fields("  - { name: a, type: String }");
    let folder = folder(&[
        ("one/messages/taobao_a_Changed.yaml", text.as_bytes()),
        ("messages/taobao_a_Changed.yaml", text.as_bytes()),
    ]);
    let paths = [folder.path().join("one"), folder.path().join("messages")];
    let problems = codegen::spec::lint(folder.path(), &paths).unwrap_err().to_string();
    assert!(problems.contains("duplicate topic `taobao_a_Changed`"), "{problems}");
    assert_eq!(codegen::spec::lint(folder.path(), &paths[..1]), Ok(1));
}

#[test]
fn lint_checks_examples_of_topics() {
    let text = with_topic_fields("  - { name: a, type: Number, example: x }");
    let folder = folder(&[("messages/taobao_a_Changed.yaml", text.as_bytes())]);
    let path = folder.path().join("messages/taobao_a_Changed.yaml");
    for paths in [&[][..], &[path]] {
        let problems = codegen::spec::lint(folder.path(), paths).unwrap_err().to_string();
        assert!(problems.contains("the example `x` is not a Number") && problems.contains(":4:22"), "{problems}");
    }
}

#[test]
fn refuses_invalid_topic_names() {
    for name in
        ["../../etc/passwd", "taobao__Changed", "taobao", "", "_a_b", "a_b_", "1_a", "taobao_\u{7aef}", "a_b\\c"]
    {
        assert!(!codegen::spec::is_topic_name(name), "{name}");
    }
    for name in ["taobao_trade_TradeSuccess", "tmall_refund_RefundClosed", "a_1"] {
        assert!(codegen::spec::is_topic_name(name), "{name}");
    }
}

/// A category of methods has a feature of its own, and `messages` is the feature of topics.
#[test]
fn messages_is_no_category() {
    assert!(!codegen::spec::is_category(codegen::spec::MESSAGES));
}

/// A valid spec with the given pagination.
fn with_pages(pages: &str) -> String {
    format!(
        "method: taobao.a.get\ntitle: t\nrequest:\n  - {{ name: page_no, type: Number }}\n  - {{ name: more, type: Boolean }}\n  \
         - {{ name: day, type: Date }}\n  - {{ name: option, type: Option, fields: [{{ name: start, type: Number }}, {{ name: after, \
         type: String }}, {{ name: until, type: Date }}] }}\n  \
         - {{ name: ids, type: \"Number[]\" }}\nresponse:\n  node: a_get_response\n  fields:\n    \
         - {{ name: total, type: Number }}\n    - {{ name: has_next, type: Boolean }}\n    - name: data\n      type: Data\n      \
         fields:\n        - {{ name: last, type: String }}\n        - {{ name: rows, type: \"Row[]\", fields: [{{ name: id, type: \
         Number }}, {{ name: cells, type: \"String[]\" }}] }}\npages:\n{pages}\n"
    )
}

#[test]
fn reports_unknown_pagination_paths() {
    assert_diagnostics(
        &with_pages(
            "  items: data.row\n  number: page_num\n  size: option.begin\n  total: total.of\n  has_next: more\n  window: { from: date, to: day, minutes: 60 }",
        ),
        expect![[r#"
            error: `data` has no field `row`
              --> specs/top/taobao.a.get.yaml:20:10
               |
            20 |   items: data.row
               |          ^^^^^^^^
               |
               = help: did you mean `rows`?

            error: the request has no parameter `page_num`
              --> specs/top/taobao.a.get.yaml:21:11
               |
            21 |   number: page_num
               |           ^^^^^^^^
               |
               = help: did you mean `page_no`?

            error: `option` has no parameter `begin`
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   size: option.begin
               |         ^^^^^^^^^^^^
               |
               = help: expected names on the wire joined by dots, such as `data.results`

            error: `total` has no field `of`
              --> specs/top/taobao.a.get.yaml:23:10
               |
            23 |   total: total.of
               |          ^^^^^^^^
               |
               = help: `total` is a Number and has no fields

            error: the response has no field `more`
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: more
               |             ^^^^
               |
               = help: expected names on the wire joined by dots, such as `data.results`

            error: the request has no parameter `date`
              --> specs/top/taobao.a.get.yaml:25:19
               |
            25 |   window: { from: date, to: day, minutes: 60 }
               |                   ^^^^
               |
               = help: did you mean `day`?

            6 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_pagination_types() {
    assert_diagnostics(
        &with_pages(
            "  items: data.rows.cells\n  number: ids\n  size: option\n  total: has_next\n  has_next: data\n  ask_has_next: page_no\n  window: { from: page_no, to: day, minutes: 0 }",
        ),
        expect![[r#"
            error: expected a list outside other lists for `items`, found `data.rows.cells`
              --> specs/top/taobao.a.get.yaml:20:10
               |
            20 |   items: data.rows.cells
               |          ^^^^^^^^^^^^^^^
               |
               = help: the type of a list ends with []

            error: expected a Number or String for `number`, found `ids` of type Number[]
              --> specs/top/taobao.a.get.yaml:21:11
               |
            21 |   number: ids
               |           ^^^

            error: expected a Number or String for `size`, found `option` of type Option
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   size: option
               |         ^^^^^^

            error: expected a Number or String for `total`, found `has_next` of type Boolean
              --> specs/top/taobao.a.get.yaml:23:10
               |
            23 |   total: has_next
               |          ^^^^^^^^

            error: expected a Boolean or Number or String for `has_next`, found `data` of type Data
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: data
               |             ^^^^

            error: expected a Boolean for `ask_has_next`, found `page_no` of type Number
              --> specs/top/taobao.a.get.yaml:25:17
               |
            25 |   ask_has_next: page_no
               |                 ^^^^^^^

            error: expected a Date or String for `from`, found `page_no` of type Number
              --> specs/top/taobao.a.get.yaml:26:19
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                   ^^^^^^^

            error: `page_no` is both `ask_has_next` and `from`
              --> specs/top/taobao.a.get.yaml:26:19
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                   ^^^^^^^
               |
               = help: name another parameter as `from`, or remove one of the keys

            error: `minutes` is 0: expected 1 to 5000000
              --> specs/top/taobao.a.get.yaml:26:46
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                                              ^
               |
               = help: a day has 1440 minutes

            9 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages("  items: data.last\n  cursor: page_no\n  next: data.rows.cells"),
        expect![[r#"
            error: expected a list outside other lists for `items`, found `data.last`
              --> specs/top/taobao.a.get.yaml:20:10
               |
            20 |   items: data.last
               |          ^^^^^^^^^
               |
               = help: the type of a list ends with []

            error: expected a Number or String for `next`, found `rows` of type Row[]
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   next: data.rows.cells
               |         ^^^^^^^^^^^^^^^

            2 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_inconsistent_pagination() {
    assert_diagnostics(
        &with_pages("  items: data.rows\n  total: total"),
        expect![[r#"
            error: no parameter selects the page: expected `number`, `offset` or `cursor`
              --> specs/top/taobao.a.get.yaml:20:3
               |
            20 |   items: data.rows
               |   ^
               |
               = help: set `number` to the parameter of the page number, `offset` to that of the number of skipped items, or `cursor` to that of the cursor

            1 problem in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages(
            "  items: data.rows\n  offset: option.start\n  cursor: page_no\n  ask_has_next: more\n  first: 0\n  backwards: true",
        ),
        expect![[r#"
            error: `offset` excludes `number` and `cursor`
              --> specs/top/taobao.a.get.yaml:21:11
               |
            21 |   offset: option.start
               |           ^^^^^^^^^^^^
               |
               = help: keep one of them

            error: `cursor` requires `next`
              --> specs/top/taobao.a.get.yaml:22:11
               |
            22 |   cursor: page_no
               |           ^^^^^^^
               |
               = help: set `next` to the field that returns the next cursor

            error: `ask_has_next` requires `has_next`
              --> specs/top/taobao.a.get.yaml:23:17
               |
            23 |   ask_has_next: more
               |                 ^^^^
               |
               = help: set `has_next` to the field that it turns on

            error: `first` requires `number`
              --> specs/top/taobao.a.get.yaml:24:10
               |
            24 |   first: 0
               |          ^
               |
               = help: remove it; it is the number of the first page

            error: `backwards` requires `number` and `total`, and excludes `cursor`
              --> specs/top/taobao.a.get.yaml:25:14
               |
            25 |   backwards: true
               |              ^^^^
               |
               = help: `total` determines the last page, with which `backwards` starts

            5 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages("  items: data.rows\n  number: page_no\n  first: 2\n  next: data.rows.id\n  backwards: true"),
        expect![[r#"
            error: `first` is 2: expected 0 or 1
              --> specs/top/taobao.a.get.yaml:22:10
               |
            22 |   first: 2
               |          ^
               |
               = help: remove it if the first page is 1

            error: `next` requires `cursor`
              --> specs/top/taobao.a.get.yaml:23:9
               |
            23 |   next: data.rows.id
               |         ^^^^^^^^^^^^
               |
               = help: set `cursor` to the parameter that takes it

            error: `backwards` requires `number` and `total`, and excludes `cursor`
              --> specs/top/taobao.a.get.yaml:24:14
               |
            24 |   backwards: true
               |              ^^^^
               |
               = help: `total` determines the last page, with which `backwards` starts

            3 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages("  item: data.rows\n  numbr: page_no\n  window: { from: day, minuets: 3 }"),
        expect![[r#"
            error: unknown key `item`
              --> specs/top/taobao.a.get.yaml:20:3
               |
            20 |   item: data.rows
               |   ^^^^
               |
               = help: did you mean `items`?

            error: missing key `items`
              --> specs/top/taobao.a.get.yaml:20:3
               |
            20 |   item: data.rows
               |   ^
               |
               = help: The list in the response.

            error: unknown key `numbr`
              --> specs/top/taobao.a.get.yaml:21:3
               |
            21 |   numbr: page_no
               |   ^^^^^
               |
               = help: did you mean `number`?

            error: missing key `to`
              --> specs/top/taobao.a.get.yaml:22:11
               |
            22 |   window: { from: day, minuets: 3 }
               |           ^
               |
               = help: The parameter of the end.

            error: missing key `minutes`
              --> specs/top/taobao.a.get.yaml:22:11
               |
            22 |   window: { from: day, minuets: 3 }
               |           ^
               |
               = help: The maximum length in minutes.

            error: unknown key `minuets`
              --> specs/top/taobao.a.get.yaml:22:24
               |
            22 |   window: { from: day, minuets: 3 }
               |                        ^^^^^^^
               |
               = help: did you mean `minutes`?

            6 problems in 1 file
        "#]],
    );
}

#[test]
fn reports_empty_pagination() {
    assert_diagnostics(
        &with_pages(""),
        expect![[r#"
            error: expected a mapping, found no value
              --> specs/top/taobao.a.get.yaml:19:6
               |
            19 | pages:
               |      ^
               |
               = help: the keys are items, number, first, offset, cursor, next, size, total, has_next, ask_has_next, backwards, window

            1 problem in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages("  items: data.rows\n  number: page_no\n  window:"),
        expect![[r#"
            error: expected a mapping, found no value
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   window:
               |         ^
               |
               = help: the keys are from, to, minutes, to_excluded

            1 problem in 1 file
        "#]],
    );
}

#[test]
fn reports_paths_with_two_roles() {
    assert_diagnostics(
        &with_pages(
            "  items: data.rows\n  number: page_no\n  size: page_no\n  total: total\n  has_next: total\n  window: { from: day, to: day, minutes: 60 }",
        ),
        expect![[r#"
            error: `page_no` is both `number` and `size`
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   size: page_no
               |         ^^^^^^^
               |
               = help: name another parameter as `size`, or remove one of the keys

            error: `total` is both `total` and `has_next`
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: total
               |             ^^^^^
               |
               = help: name another field as `has_next`, or remove one of the keys

            error: `day` is both `from` and `to`
              --> specs/top/taobao.a.get.yaml:25:28
               |
            25 |   window: { from: day, to: day, minutes: 60 }
               |                            ^^^
               |
               = help: name another parameter as `to`, or remove one of the keys

            3 problems in 1 file
        "#]],
    );
    assert_diagnostics(
        &with_pages("  items: data.rows\n  number: page_no\n  cursor: page_no\n  next: data.last"),
        expect![[r#"
            error: `page_no` is both `number` and `cursor`
              --> specs/top/taobao.a.get.yaml:22:11
               |
            22 |   cursor: page_no
               |           ^^^^^^^
               |
               = help: name another parameter as `cursor`, or remove one of the keys

            error: `next` and `cursor` have different types
              --> specs/top/taobao.a.get.yaml:23:9
               |
            23 |   next: data.last
               |         ^^^^^^^^^
               |
               = help: `next` is a String, `cursor` is a Number

            2 problems in 1 file
        "#]],
    );
}

#[test]
fn accepts_valid_pagination() {
    for pages in [
        "  items: data.rows\n  number: page_no\n  first: 0\n  total: total\n  backwards: true",
        "  items: data.rows\n  offset: option.start\n  has_next: has_next\n  ask_has_next: more",
        "  items: data.rows\n  cursor: page_no\n  next: data.rows.id",
        "  items: data.rows\n  number: page_no\n  cursor: option.after\n  next: data.last\n  window: { from: day, to: option.until, minutes: 1 }",
    ] {
        let folder = folder(&[("top/taobao.a.get.yaml", with_pages(pages).as_bytes())]);
        assert!(problems(folder.path()).is_none(), "{}", problems(folder.path()).unwrap());
    }
}

/// The model of a method with these parameters.
fn resolved(parameters: &str) -> codegen::model::Model {
    let folder = folder(&[("top/taobao.a.get.yaml", with_parameters(parameters).as_bytes())]);
    codegen::model::resolve(&codegen::spec::read(folder.path()).unwrap())
}

/// Quadratic work on these specs would take minutes.
#[test]
fn large_specs_take_linear_time() {
    const MANY: usize = 8_000;
    let lines = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<Vec<_>>().join("\n");
    // Values with the same Rust name.
    let values = (1..=MANY).map(|count| format!("a{}", "-".repeat(count % 150) + &"_".repeat(count / 150)));
    let values = values.collect::<Vec<_>>().join("\", \"");
    let model = resolved(&format!("  - {{ name: a, type: String, values: [\"{values}\"] }}"));
    let open_enum = &model.apis().next().unwrap().enums[0];
    let names: std::collections::BTreeSet<_> = open_enum.values.iter().map(|(_, name)| name).collect();
    assert_eq!((names.len(), names.contains(&format!("A{MANY}"))), (MANY, true));
    // Shapes of one type, and enums.
    let shapes = lines(&|index| {
        format!(
            "  - {{ name: f{index}, type: T, fields: [{{ name: g{index}, type: String, values: [a, b{index}] }}] }}"
        )
    });
    let model = resolved(&shapes);
    let api = model.apis().next().unwrap();
    assert_eq!((api.request_objects.len(), api.enums.len()), (MANY, MANY));
    // Unknown keys, unknown types, and one long line.
    for (parameters, count) in [
        (format!("  - name: a\n    type: String\n{}", lines(&|index| format!("    descriptio{index}: b"))), MANY),
        ((0..200_000).map(|index| format!("x{index}: b\n")).collect(), 200_000),
        (lines(&|index| format!("  - {{ name: f{index}, type: Sting{index} }}")), MANY),
        (
            lines(&|index| {
                format!("  - {{ name: f{index}, type: T{index}, fields: [{{ name: g, type: U{index} }}] }}")
            }),
            MANY,
        ),
        (lines(&|_| "  - { name: a, type: String }".to_owned()), MANY - 1),
        (format!("  - {{ name: a, type: String{} }}", ", x: 1".repeat(MANY)), MANY),
        (format!("  - {{ name: a, type: {} }}", "x".repeat(1 << 20)), 1),
    ] {
        let folder = folder(&[("top/taobao.a.get.yaml", with_parameters(&parameters).as_bytes())]);
        let problems = problems(folder.path()).unwrap();
        assert!(problems.count() >= count.min(1) && problems.iter().count() <= 200, "{}", problems.count());
        assert!(problems.render(false).len() < 4 << 20);
    }
    // A chain of objects that require the next.
    let chain = (0..2_000).map(|index| {
        let next = index + 1;
        format!("  - {{ name: f{index}, type: T{index}, fields: [{{ name: g, type: T{next}, required: true }}] }}")
    });
    let end = "  - { name: end, type: T2000, fields: [{ name: g, type: String }] }";
    resolved(&format!("{}\n{end}", chain.collect::<Vec<_>>().join("\n")));
}

#[test]
fn lists_at_most_200_problems() {
    let keys: String = (0..1000).map(|index| format!("    x{index}: 1\n")).collect();
    let text = with_parameters(&format!("  - name: a\n    type: String\n{keys}"));
    let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
    let output = problems(folder.path()).unwrap().to_string();
    assert!(output.ends_with("1000 problems; the first 200 are listed"), "{}", &output[output.len() - 200..]);
    assert_eq!(output.matches("error: ").count(), 200);
    assert!(output.contains("taobao.a.get.yaml:205:5"), "{output}");
}

/// Returns the object fields of the request objects, each with whether it is boxed.
fn boxed(parameters: &str) -> Vec<(String, bool)> {
    let model = resolved(parameters);
    let objects = &model.apis().next().unwrap().request_objects;
    let fields = objects.iter().flat_map(|object| object.fields.iter().map(move |field| (object, field)));
    fields
        .filter_map(|(object, field)| match &field.kind {
            codegen::model::FieldKind::Object { boxed, .. } => {
                Some((format!("{}.{}", object.name, field.name), *boxed))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn boxes_recursive_objects() {
    for (parameters, expected) in [
        ("  - { name: a, type: A, fields: [{ name: a, type: A }] }", vec![("A.a", true)]),
        ("  - { name: a, type: A, fields: [{ name: a, type: \"A[]\" }] }", vec![("A.a", false)]),
        (
            "  - { name: a, type: A, fields: [{ name: b, type: B }] }\n  - { name: b, type: B, fields: [{ name: a, type: A }] }",
            vec![("A.b", true), ("B.a", true)],
        ),
        (
            "  - { name: a, type: A, fields: [{ name: b, type: B }] }\n  - { name: b, type: B, fields: [{ name: c, type: C }] }\n  \
             - { name: c, type: C, fields: [{ name: a, type: A }, { name: d, type: D }] }\n  \
             - { name: d, type: D, fields: [{ name: e, type: String }] }",
            vec![("A.b", true), ("B.c", true), ("C.a", true), ("C.d", false)],
        ),
    ] {
        let boxed = boxed(parameters);
        let boxed: Vec<_> = boxed.iter().map(|(field, boxed)| (field.as_str(), *boxed)).collect();
        assert_eq!(boxed, expected, "{parameters}");
    }
}

#[cfg(unix)]
#[test]
fn escapes_control_characters_in_paths() {
    let output = problems(folder(&[("top/\u{1b}[31m\u{7}.yaml", b"method: x")]).path()).unwrap().to_string();
    assert!(output.contains("top/\\u{1b}[31m\\u{7}.yaml"), "{output}");
    assert!(!output.contains('\u{1b}'), "{output}");
}

#[test]
fn refuses_windows_device_names_as_categories() {
    for name in ["con", "prn", "aux", "nul", "com1", "lpt9"] {
        assert!(!codegen::spec::is_category(name), "{name}");
    }
    for name in ["com", "lpt", "console", "com10", "null"] {
        assert!(codegen::spec::is_category(name), "{name}");
    }
}
