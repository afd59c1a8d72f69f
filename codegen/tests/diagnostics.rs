//! What a person is told about a wrong spec.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::fs;
use std::path::Path;

use codegen::BuildError;
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
    match codegen::Builder::new(folder).files() {
        Ok(_) => None,
        Err(BuildError::Specs(problems)) => Some(problems),
        Err(error) => panic!("{error}"),
    }
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
    let files = codegen::Builder::new(folder.path()).files().unwrap();
    let (_, text) = files.files().find(|(path, _)| path.ends_with("a_get.rs")).unwrap();
    for line in text.lines().filter(|line| line.contains("injected")) {
        assert!(line.trim_start().starts_with("//"), "{line}");
    }
}

#[test]
fn accepts_only_urls_that_a_link_can_hold() {
    let parameters = with_parameters("  - { name: a, type: String }");
    let with_url = |url: &str| parameters.replace("request:", &format!("doc_url: {url:?}\nrequest:"));
    for url in ["https://open.taobao.com/api.htm?docId=1&docType=2", "http://open.ieasynote.com/api"] {
        let folder = folder(&[("top/taobao.a.get.yaml", with_url(url).as_bytes())]);
        assert!(problems(folder.path()).is_none(), "{url}");
    }
    for url in ["", "docId=1", "https://", "ftp://a", "https://a b", "https://a)|[x](y", "https://a>", "https://接口"]
    {
        let folder = folder(&[("top/taobao.a.get.yaml", with_url(url).as_bytes())]);
        let told = problems(folder.path()).unwrap_or_else(|| panic!("{url:?} passed")).to_string();
        assert!(told.contains("expected a URL"), "{told}");
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
    assert!(told.contains("nowhere") && told.contains("cannot read the folder"), "{told}");
}

#[test]
fn the_built_in_platform_unless_there_is_a_file() {
    let folder = TempDir::new().unwrap();
    let ids = |folder: &Path| {
        let platform = codegen::spec::platform(folder).map_err(|problems| problems.to_string())?;
        Ok(platform.gateways.into_iter().map(|gateway| gateway.id.value).collect::<Vec<_>>())
    };
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let expected: Result<_, String> = ids(&shipped);
    assert!(expected.as_ref().unwrap().contains(&"taobao".to_owned()));
    assert_eq!(ids(folder.path()), expected);
    // Nothing else is taken for a missing file.
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

#[test]
fn a_skeleton_that_is_filled_in_is_a_spec() {
    let skeleton = codegen::render::skeleton("taobao.trade.close").unwrap();
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

/// A spec that is right but for its pages.
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
fn pages_that_name_what_is_not_there() {
    told(
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
               = help: names are those of the wire, with a dot before one that stands in an object

            error: `total` has no field `of`
              --> specs/top/taobao.a.get.yaml:23:10
               |
            23 |   total: total.of
               |          ^^^^^^^^
               |
               = help: `total` is a Number

            error: the response has no field `more`
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: more
               |             ^^^^
               |
               = help: names are those of the wire, with a dot before one that stands in an object

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
fn pages_of_the_wrong_types() {
    told(
        &with_pages(
            "  items: data.rows.cells\n  number: ids\n  size: option\n  total: has_next\n  has_next: data\n  ask_has_next: page_no\n  window: { from: page_no, to: day, minutes: 0 }",
        ),
        expect![[r#"
            error: `data.rows.cells` is not one list
              --> specs/top/taobao.a.get.yaml:20:10
               |
            20 |   items: data.rows.cells
               |          ^^^^^^^^^^^^^^^
               |
               = help: name a list that stands in no other list; its type ends with []

            error: `number` is a Number or String
              --> specs/top/taobao.a.get.yaml:21:11
               |
            21 |   number: ids
               |           ^^^
               |
               = help: `ids` is of the type Number[]

            error: `size` is a Number or String
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   size: option
               |         ^^^^^^
               |
               = help: `option` is of the type Option

            error: `total` is a Number or String
              --> specs/top/taobao.a.get.yaml:23:10
               |
            23 |   total: has_next
               |          ^^^^^^^^
               |
               = help: `has_next` is of the type Boolean

            error: `has_next` is a Boolean or Number or String
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: data
               |             ^^^^
               |
               = help: `data` is of the type Data

            error: `ask_has_next` is a Boolean
              --> specs/top/taobao.a.get.yaml:25:17
               |
            25 |   ask_has_next: page_no
               |                 ^^^^^^^
               |
               = help: `page_no` is of the type Number

            error: `from` is a Date or String
              --> specs/top/taobao.a.get.yaml:26:19
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                   ^^^^^^^
               |
               = help: `page_no` is of the type Number

            error: `page_no` is `ask_has_next` already
              --> specs/top/taobao.a.get.yaml:26:19
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                   ^^^^^^^
               |
               = help: name another parameter as `from`, or leave one of them out

            error: `minutes` is between 1 and 5000000
              --> specs/top/taobao.a.get.yaml:26:46
               |
            26 |   window: { from: page_no, to: day, minutes: 0 }
               |                                              ^
               |
               = help: a day has 1440

            9 problems in 1 file
        "#]],
    );
    told(
        &with_pages("  items: data.last\n  cursor: page_no\n  next: data.rows.cells"),
        expect![[r#"
            error: `data.last` is not one list
              --> specs/top/taobao.a.get.yaml:20:10
               |
            20 |   items: data.last
               |          ^^^^^^^^^
               |
               = help: name a list that stands in no other list; its type ends with []

            error: `next` is a Number or String
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   next: data.rows.cells
               |         ^^^^^^^^^^^^^^^
               |
               = help: `rows` is of the type Row[]

            2 problems in 1 file
        "#]],
    );
}

#[test]
fn pages_that_make_no_sense() {
    told(
        &with_pages("  items: data.rows\n  total: total"),
        expect![[r#"
        error: nothing says how the next page is asked for
          --> specs/top/taobao.a.get.yaml:20:3
           |
        20 |   items: data.rows
           |   ^
           |
           = help: name the parameter that takes the page's number as `number`, how many items come before it as `offset`, or what the page before returned as `cursor`

        1 problem in 1 file
    "#]],
    );
    told(
        &with_pages(
            "  items: data.rows\n  offset: option.start\n  cursor: page_no\n  ask_has_next: more\n  first: 0\n  backwards: true",
        ),
        expect![[r#"
            error: an `offset` beside a `number` or a `cursor`
              --> specs/top/taobao.a.get.yaml:21:11
               |
            21 |   offset: option.start
               |           ^^^^^^^^^^^^
               |
               = help: a list is paged by one of them

            error: a `cursor` without `next`
              --> specs/top/taobao.a.get.yaml:22:11
               |
            22 |   cursor: page_no
               |           ^^^^^^^
               |
               = help: name what a page returns for it as `next`

            error: `ask_has_next` without `has_next`
              --> specs/top/taobao.a.get.yaml:23:17
               |
            23 |   ask_has_next: more
               |                 ^^^^
               |
               = help: name what it asks for as `has_next`

            error: `first` without a `number`
              --> specs/top/taobao.a.get.yaml:24:10
               |
            24 |   first: 0
               |          ^
               |
               = help: it is the number of the first page; leave it out

            error: nothing says which page is the last
              --> specs/top/taobao.a.get.yaml:25:14
               |
            25 |   backwards: true
               |              ^^^^
               |
               = help: pages are walked backwards by their `number`, from a last one that `total` tells

            5 problems in 1 file
        "#]],
    );
    told(
        &with_pages("  items: data.rows\n  number: page_no\n  first: 2\n  next: data.rows.id\n  backwards: true"),
        expect![[r#"
            error: pages are counted from 0 or from 1
              --> specs/top/taobao.a.get.yaml:22:10
               |
            22 |   first: 2
               |          ^
               |
               = help: write one of them, or leave it out for 1

            error: `next` without a `cursor`
              --> specs/top/taobao.a.get.yaml:23:9
               |
            23 |   next: data.rows.id
               |         ^^^^^^^^^^^^
               |
               = help: name the parameter that takes it as `cursor`

            error: nothing says which page is the last
              --> specs/top/taobao.a.get.yaml:24:14
               |
            24 |   backwards: true
               |              ^^^^
               |
               = help: pages are walked backwards by their `number`, from a last one that `total` tells

            3 problems in 1 file
        "#]],
    );
    told(
        &with_pages("  item: data.rows\n  numbr: page_no\n  window: { from: day, minuets: 3 }"),
        expect![[r#"
        error: there is no key `item` here
          --> specs/top/taobao.a.get.yaml:20:3
           |
        20 |   item: data.rows
           |   ^^^^
           |
           = help: did you mean `items`?

        error: `items` is missing
          --> specs/top/taobao.a.get.yaml:20:3
           |
        20 |   item: data.rows
           |   ^
           |
           = help: The list in the response.

        error: there is no key `numbr` here
          --> specs/top/taobao.a.get.yaml:21:3
           |
        21 |   numbr: page_no
           |   ^^^^^
           |
           = help: did you mean `number`?

        3 problems in 1 file
    "#]],
    );
}

#[test]
fn pages_with_nothing_behind_them() {
    told(
        &with_pages(""),
        expect![[r#"
        error: expected a mapping, NAME: VALUE
          --> specs/top/taobao.a.get.yaml:19:6
           |
        19 | pages:
           |      ^
           |
           = help: the keys are items, number, first, offset, cursor, next, size, total, has_next, ask_has_next, backwards, window

        1 problem in 1 file
    "#]],
    );
    told(
        &with_pages("  items: data.rows\n  number: page_no\n  window:"),
        expect![[r#"
        error: expected a mapping, NAME: VALUE
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
fn pages_that_name_a_thing_twice() {
    told(
        &with_pages(
            "  items: data.rows\n  number: page_no\n  size: page_no\n  total: total\n  has_next: total\n  window: { from: day, to: day, minutes: 60 }",
        ),
        expect![[r#"
            error: `page_no` is `number` already
              --> specs/top/taobao.a.get.yaml:22:9
               |
            22 |   size: page_no
               |         ^^^^^^^
               |
               = help: name another parameter as `size`, or leave one of them out

            error: `total` is `total` already
              --> specs/top/taobao.a.get.yaml:24:13
               |
            24 |   has_next: total
               |             ^^^^^
               |
               = help: name another field as `has_next`, or leave one of them out

            error: `day` is `from` already
              --> specs/top/taobao.a.get.yaml:25:28
               |
            25 |   window: { from: day, to: day, minutes: 60 }
               |                            ^^^
               |
               = help: name another parameter as `to`, or leave one of them out

            3 problems in 1 file
        "#]],
    );
    told(
        &with_pages("  items: data.rows\n  number: page_no\n  cursor: page_no\n  next: data.last"),
        expect![[r#"
        error: `page_no` is `number` already
          --> specs/top/taobao.a.get.yaml:22:11
           |
        22 |   cursor: page_no
           |           ^^^^^^^
           |
           = help: name another parameter as `cursor`, or leave one of them out

        error: `next` is of another type than `cursor`
          --> specs/top/taobao.a.get.yaml:23:9
           |
        23 |   next: data.last
           |         ^^^^^^^^^
           |
           = help: it is a String, and `cursor` takes a Number

        2 problems in 1 file
    "#]],
    );
}

#[test]
fn pages_that_are_right() {
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

/// The names of a method with these parameters.
fn resolved(parameters: &str) -> codegen::model::Model {
    let folder = folder(&[("top/taobao.a.get.yaml", with_parameters(parameters).as_bytes())]);
    codegen::model::resolve(&codegen::spec::read(folder.path()).unwrap())
}

/// Quadratic work on these specs takes minutes.
#[test]
fn large_specs_take_linear_time() {
    const MANY: usize = 8_000;
    let lines = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<Vec<_>>().join("\n");
    // Values with one Rust name.
    let values = (1..=MANY).map(|count| format!("a{}", "-".repeat(count % 150) + &"_".repeat(count / 150)));
    let values = values.collect::<Vec<_>>().join("\", \"");
    let model = resolved(&format!("  - {{ name: a, type: String, values: [\"{values}\"] }}"));
    let choice = &model.apis().next().unwrap().choices[0];
    let names: std::collections::BTreeSet<_> = choice.values.iter().map(|(_, name)| name).collect();
    assert_eq!((names.len(), names.contains(&format!("A{MANY}"))), (MANY, true));
    // Shapes of one type, and enums.
    let shapes = lines(&|index| {
        format!(
            "  - {{ name: f{index}, type: T, fields: [{{ name: g{index}, type: String, values: [a, b{index}] }}] }}"
        )
    });
    let model = resolved(&shapes);
    let api = model.apis().next().unwrap();
    assert_eq!((api.request_objects.len(), api.choices.len()), (MANY, MANY));
    // Wrong keys, wrong types, and one long line.
    for (parameters, count) in [
        (format!("  - name: a\n    type: String\n{}", lines(&|index| format!("    descriptio{index}: b"))), MANY),
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
    // A chain of objects, each of which requires the next.
    let chain = (0..2_000).map(|index| {
        let next = index + 1;
        format!("  - {{ name: f{index}, type: T{index}, fields: [{{ name: g, type: T{next}, required: true }}] }}")
    });
    let end = "  - { name: end, type: T2000, fields: [{ name: g, type: String }] }";
    resolved(&format!("{}\n{end}", chain.collect::<Vec<_>>().join("\n")));
}

#[test]
fn problems_are_listed_to_a_bound_and_counted() {
    let keys: String = (0..1000).map(|index| format!("    x{index}: 1\n")).collect();
    let text = with_parameters(&format!("  - name: a\n    type: String\n{keys}"));
    let folder = folder(&[("top/taobao.a.get.yaml", text.as_bytes())]);
    let told = problems(folder.path()).unwrap().to_string();
    assert!(told.ends_with("1000 problems, of which the first 200 are listed"), "{}", &told[told.len() - 200..]);
    assert_eq!(told.matches("error: ").count(), 200);
    assert!(told.contains("taobao.a.get.yaml:205:5"), "{told}");
}

/// Whether the field that mentions a type is boxed, for each object of the request.
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
fn objects_that_may_hold_themselves_are_boxed() {
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
fn control_characters_in_the_name_of_a_file_are_escaped() {
    let told = problems(folder(&[("top/\u{1b}[31m\u{7}.yaml", b"method: x")]).path()).unwrap().to_string();
    assert!(told.contains("top/\\u{1b}[31m\\u{7}.yaml"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn folders_that_windows_has_no_names_for_are_no_categories() {
    for name in ["con", "prn", "aux", "nul", "com1", "lpt9"] {
        assert!(!codegen::spec::is_category(name), "{name}");
    }
    for name in ["com", "lpt", "console", "com10", "null"] {
        assert!(codegen::spec::is_category(name), "{name}");
    }
}
