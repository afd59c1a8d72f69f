//! What a person is told about a wrong spec.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::fs;
use std::path::Path;

use codegen::diagnostic::Diagnostics;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const PLATFORM: &str = include_str!("fixtures/specs/platform.yaml");

/// A folder of specs with the given files beside `platform.yaml`.
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
    codegen::sdk(folder, &[]).err()
}

fn told_of(files: &[(&str, &[u8])], expected: Expect) {
    let folder = folder(files);
    let told = problems(folder.path()).expect("something is wrong").to_string();
    let told = told.replace(&format!("{}/", folder.path().display()), "specs/");
    let told: String = told.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expected.assert_eq(&told);
}

fn told(text: &str, expected: Expect) {
    told_of(&[("top/taobao.a.get.yaml", text.as_bytes())], expected);
}

/// A spec that is right but for its parameters.
fn with_parameters(parameters: &str) -> String {
    format!("method: taobao.a.get\ntitle: t\nrequest:\n{parameters}\nresponse:\n  node: a_get_response\n  fields: []\n")
}

#[test]
fn a_type_that_is_none() {
    told(
        &with_parameters(
            "  - { name: a, type: Sting }\n  - { name: 数量, type: Int }\n  - { name: c, type: \"String []\" }\n  - { name: d, type: Trade }",
        ),
        expect![[r#"
            error: there is no type called `Sting`
             --> specs/top/taobao.a.get.yaml:4:22
              |
            4 |   - { name: a, type: Sting }
              |                      ^^^^^
              |
              = help: did you mean `String`? An object needs its `fields`

            error: there is no type called `Int`
             --> specs/top/taobao.a.get.yaml:5:23
              |
            5 |   - { name: 数量, type: Int }
              |                         ^^^
              |
              = help: did you mean `Number`? An object needs its `fields`

            error: `String []` is no type
             --> specs/top/taobao.a.get.yaml:6:22
              |
            6 |   - { name: c, type: "String []" }
              |                      ^^^^^^^^^^^
              |
              = help: did you mean `String[]`?

            error: there is no type called `Trade`
             --> specs/top/taobao.a.get.yaml:7:22
              |
            7 |   - { name: d, type: Trade }
              |                      ^^^^^
              |
              = help: an object needs its `fields`

            4 problems in 1 file
        "#]],
    );
}

#[test]
fn parameters_that_cannot_be() {
    told(
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
              = help: the client sets it; leave it out

            error: `a` stands here twice
             --> specs/top/taobao.a.get.yaml:6:13
              |
            6 |   - { name: a, type: Number }
              |             ^

            error: `a b` is no name of a parameter
             --> specs/top/taobao.a.get.yaml:7:13
              |
            7 |   - { name: "a b", type: String }
              |             ^^^^^

            error: `String` has no fields
             --> specs/top/taobao.a.get.yaml:8:22
              |
            8 |   - { name: f, type: String, fields: [{ name: x, type: String }] }
              |                      ^^^^^^
              |
              = help: give the object a name of its own, or take the fields away

            error: no `O` can be made: it requires one that requires it
             --> specs/top/taobao.a.get.yaml:9:51
              |
            9 |   - { name: o, type: O, fields: [{ name: o, type: O, required: true }] }
              |                                                   ^
              |
              = help: an object that holds its own kind must be able to do without

            5 problems in 1 file
        "#]],
    );
}

#[test]
fn keys_and_shapes() {
    told(
        &with_parameters("  - { name: a, typ: String }"),
        expect![[r#"
            error: `type` is missing
             --> specs/top/taobao.a.get.yaml:4:5
              |
            4 |   - { name: a, typ: String }
              |     ^
              |
              = help: String, Number, Boolean, Date, Price, BigDecimal, Json, Map, Field List, byte, byte[] (a file), or the name of an object; with [] behind it for a list.

            error: there is no key `typ` here
             --> specs/top/taobao.a.get.yaml:4:16
              |
            4 |   - { name: a, typ: String }
              |                ^^^
              |
              = help: did you mean `type`?

            2 problems in 1 file
        "#]],
    );
    told(
        &with_parameters(""),
        expect![[r#"
            error: expected a list
             --> specs/top/taobao.a.get.yaml:3:8
              |
            3 | request:
              |        ^
              |
              = help: write [] for none

            1 problem in 1 file
        "#]],
    );
    told(
        "method: taobao.a.get\nrequest: []\n",
        expect![[r#"
            error: `title` is missing
             --> specs/top/taobao.a.get.yaml:1:1
              |
            1 | method: taobao.a.get
              | ^
              |
              = help: The method's name for people, as the page has it.

            error: `response` is missing
             --> specs/top/taobao.a.get.yaml:1:1
              |
            1 | method: taobao.a.get
              | ^
              |
              = help: The response.

            2 problems in 1 file
        "#]],
    );
    told(
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
    told(
        "method: taobao.a.get\nmethod: taobao.b.get\n",
        expect![[r#"
            error: `method` stands here twice
             --> specs/top/taobao.a.get.yaml:2:1
              |
            2 | method: taobao.b.get
              | ^^^^^^

            1 problem in 1 file
        "#]],
    );
}

#[test]
fn what_cannot_be_kept_to() {
    told(
        &with_parameters(
            "  - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }\n  - { name: b, type: Number, min_value: 3, max_value: 2, example: \"2\" }\n  - { name: c, type: Number, values: [x] }\n  - { name: ﬁ, type: String }\n  - { name: d, type: D, required: true, fields: [{ name: e, type: E, required: true }] }\n  - { name: f, type: E, fields: [{ name: g, type: D, required: true }] }",
        ),
        expect![[r#"
            error: the example goes beyond the limits that stand beside it
             --> specs/top/taobao.a.get.yaml:4:13
              |
            4 |   - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }
              |             ^

            error: `min_value` is for a number
             --> specs/top/taobao.a.get.yaml:4:70
              |
            4 |   - { name: a, type: String, max_length: 2, example: abc, min_value: 1 }
              |                                                                      ^

            error: the example goes beyond the limits that stand beside it
             --> specs/top/taobao.a.get.yaml:5:13
              |
            5 |   - { name: b, type: Number, min_value: 3, max_value: 2, example: "2" }
              |             ^

            error: no number keeps to this: `max_value` is less than `min_value`
             --> specs/top/taobao.a.get.yaml:5:55
              |
            5 |   - { name: b, type: Number, min_value: 3, max_value: 2, example: "2" }
              |                                                       ^

            error: `values` are for a String
             --> specs/top/taobao.a.get.yaml:6:39
              |
            6 |   - { name: c, type: Number, values: [x] }
              |                                       ^

            error: `\u{fb01}` is no name of a parameter
             --> specs/top/taobao.a.get.yaml:7:13
              |
            7 |   - { name: ﬁ, type: String }
              |             ^

            error: no `E` can be made: it requires one that requires it
             --> specs/top/taobao.a.get.yaml:8:67
              |
            8 |   - { name: d, type: D, required: true, fields: [{ name: e, type: E, required: true }] }
              |                                                                   ^
              |
              = help: an object that holds its own kind must be able to do without

            error: no `D` can be made: it requires one that requires it
             --> specs/top/taobao.a.get.yaml:9:51
              |
            9 |   - { name: f, type: E, fields: [{ name: g, type: D, required: true }] }
              |                                                   ^
              |
              = help: an object that holds its own kind must be able to do without

            8 problems in 1 file
        "#]],
    );
}

#[test]
fn every_file_is_told_of_in_one_run() {
    let right = with_parameters("  - { name: a, type: String }");
    told_of(
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
            error: `Shop 2` is no category
             --> specs/Shop 2/taobao.c.get.yaml:1:9
              |
            1 | method: taobao.c.get
              |         ^^^^^^^^^^^^
              |
              = help: a category's folder is called in lower-case letters and digits, beginning with a letter

            error: the file is not UTF-8 from byte 0 on
            --> specs/top/binary.yaml

            error: unclosed bracket '['
             --> specs/top/broken.yaml:1:9
              |
            1 | method: [
              |         ^

            error: this is no spec
            --> specs/top/notes.txt
             = help: a category's folder holds files called METHOD.yaml and nothing else

            error: `taobao.a.get` has a spec already
             --> specs/top/taobao.a.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: the other is specs/shop/taobao.a.get.yaml

            error: the method and the name of its file differ
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: call the file taobao.a.get.yaml

            error: `taobao.a.get` has a spec already
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: the other is specs/top/taobao.a.get.yaml

            7 problems in 6 files
        "#]],
    );
    told_of(
        &[
            ("top/taobao.a.get.yaml", right.as_bytes()),
            ("shop/taobao.a.get.yaml", right.as_bytes()),
            ("top/taobao.b.get.yaml", right.as_bytes()),
            ("Shop 2/taobao.c.get.yaml", right.replace("taobao.a", "taobao.c").as_bytes()),
        ],
        expect![[r#"
            error: `Shop 2` is no category
             --> specs/Shop 2/taobao.c.get.yaml:1:9
              |
            1 | method: taobao.c.get
              |         ^^^^^^^^^^^^
              |
              = help: a category's folder is called in lower-case letters and digits, beginning with a letter

            error: `taobao.a.get` has a spec already
             --> specs/top/taobao.a.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: the other is specs/shop/taobao.a.get.yaml

            error: the method and the name of its file differ
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: call the file taobao.a.get.yaml

            error: `taobao.a.get` has a spec already
             --> specs/top/taobao.b.get.yaml:1:9
              |
            1 | method: taobao.a.get
              |         ^^^^^^^^^^^^
              |
              = help: the other is specs/top/taobao.a.get.yaml

            4 problems in 3 files
        "#]],
    );
}

#[test]
fn no_name_leads_out_of_the_folders() {
    for name in
        ["../../etc/passwd", "taobao..get", "taobao./x.get", "a.b\\c", "get", "", ".a.b", "a.b.", "taobao.\u{7aef}"]
    {
        let text = with_parameters("  - { name: a, type: String }")
            .replace("taobao.a.get", &format!("\"{}\"", name.replace('\\', "\\\\")));
        let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
        let told = problems(folder.path()).unwrap_or_else(|| panic!("{name:?} passed")).to_string();
        assert!(told.contains("is no method name"), "{told}");
    }
}

#[test]
fn text_never_becomes_code() {
    let hostile = "*/ \"#]] } pub fn injected() {} \\u{0} {{ x }} {% x %} \r //! x";
    let text = format!(
        "method: taobao.a.get\ntitle: {hostile:?}\ndescription: {hostile:?}\nrequest:\n  - {{ name: a, type: String, required: true, example: {hostile:?}, description: {hostile:?} }}\nresponse:\n  node: a_get_response\n  fields: []\n"
    );
    let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
    let (files, _) = codegen::sdk(folder.path(), &[]).unwrap();
    let (_, text) = files.files().find(|(path, _)| path.ends_with("a_get.rs")).unwrap();
    for line in text.lines().filter(|line| line.contains("injected")) {
        assert!(line.trim_start().starts_with("//"), "{line}");
    }
}

#[test]
fn hostile_yaml_is_refused() {
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
        let told = problems(folder.path()).expect("hostile").to_string();
        assert!(told.len() < 10_000, "{} bytes are told", told.len());
    }
}

#[test]
fn folders_that_are_not_there() {
    let folder = TempDir::new().unwrap();
    let told = problems(&folder.path().join("nowhere")).unwrap().to_string();
    assert!(told.contains("platform.yaml") && told.contains("cannot read the file"), "{told}");
}

#[test]
fn a_skeleton_that_is_filled_in_is_a_spec() {
    let skeleton = codegen::render::skeleton("taobao.trade.close");
    let blank =
        codegen::spec::parse("trade", "taobao.trade.close.yaml", &skeleton, &codegen::spec::Platform::default())
            .unwrap_err();
    assert!(blank.iter().all(|problem| !problem.message.contains("there is no key")), "{blank}");
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
        .unwrap_or_else(|told| panic!("{told}\n{filled}"));
    assert_eq!(method.spec.response.node.value, "trade_close_response");
    assert!(method.spec.request[0].is_required());
}

#[test]
fn the_schema_has_every_key_that_is_read_and_no_other() {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/method.schema.json")).unwrap();
    for key in ["method", "authorization", "https_only", "max_list_size", "values", "solution", "fields"] {
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
    let told =
        codegen::spec::parse("a", "x.yaml", "methd: a\n", &codegen::spec::Platform::default()).unwrap_err().to_string();
    assert!(told.contains("there is no key `methd` here") && told.contains("did you mean `method`?"), "{told}");
}
