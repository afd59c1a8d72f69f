//! Importing as it is called, and the platform's own documents from end to end.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect;
use support::{nothing_at, root, shared_target, xtask};

/// What a call prints on both outputs, without the folder that it works in, and its exit status.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = xtask(arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap().replace(folder.to_str().unwrap(), "DIR");
    format!("{text}{}", output.status.code().unwrap())
}

/// A folder of the test's own with a folder of specs, in which there is none yet.
fn specs_in(name: &str) -> PathBuf {
    let folder = nothing_at(name);
    fs::create_dir_all(folder.join("specs")).unwrap();
    fs::copy(root().join("specs/platform.yaml"), folder.join("specs/platform.yaml")).unwrap();
    folder
}

const PAGE: &str = "taobao.parcel.get
查询包裹
需要授权

请求参数

参数名 类型 必须 示例值 描述
parcel_id Number 是 1 编号

响应参数

参数名 类型 示例值 描述
weight Number 520 重量，单位克
";

#[test]
fn from_a_page_to_a_spec_and_on() {
    let folder = specs_in("import");
    let (page, broken) = (folder.join("page.txt"), folder.join("broken.txt"));
    fs::write(&page, PAGE).unwrap();
    fs::write(&broken, "nothing of the kind").unwrap();
    let specs = folder.join("specs");
    let (page_path, broken, specs) = (page.to_str().unwrap(), broken.to_str().unwrap(), specs.to_str().unwrap());
    expect![[r#"
        imported  DIR/specs/parcel/taobao.parcel.get.yaml
        1 document: 1 imported, 0 changed, 0 unchanged, 0 kept, 0 refused; nothing was written
        0"#]]
    .assert_eq(&told(&folder, &["import", page_path, "--specs", specs, "--dry-run"]));
    assert!(!folder.join("specs/parcel").exists());
    expect![[r#"
        imported  DIR/specs/parcel/taobao.parcel.get.yaml
        2 documents: 1 imported, 0 changed, 0 unchanged, 0 kept, 1 refused
        next: cargo xtask gen
        refused   DIR/broken.txt: the text does not name a method: expected a line that begins with its name, such as taobao.trade.close
        1"#]]
    .assert_eq(&told(&folder, &["import", page_path, broken, "--specs", specs]));
    expect![[r#"
        1 document: 0 imported, 0 changed, 1 unchanged, 0 kept, 0 refused
        0"#]]
    .assert_eq(&told(&folder, &["import", page_path, "--specs", specs]));
    fs::write(&page, PAGE.replace("weight Number", "weight BigDecimal").replace("需要授权\n", "")).unwrap();
    let before = fs::read_to_string(folder.join("specs/parcel/taobao.parcel.get.yaml")).unwrap();
    expect![[r#"
        kept      DIR/specs/parcel/taobao.parcel.get.yaml
                  changed  authorization: required -> not said
                  retyped  response.weight: Number -> BigDecimal
                  note: The page does not say whether a call needs a session; it has no samples.
        1 document: 0 imported, 0 changed, 0 unchanged, 1 kept, 0 refused
        what is kept says something else than its document; --force replaces it
        0"#]]
    .assert_eq(&told(&folder, &["import", page_path, "--specs", specs]));
    assert_eq!(fs::read_to_string(folder.join("specs/parcel/taobao.parcel.get.yaml")).unwrap(), before);
    expect![[r#"
        changed   DIR/specs/parcel/taobao.parcel.get.yaml
                  changed  authorization: required -> not said
                  retyped  response.weight: Number -> BigDecimal
                  note: The page does not say whether a call needs a session; it has no samples.
        1 document: 0 imported, 1 changed, 0 unchanged, 0 kept, 0 refused
        1 thing was not plain; a comment in the spec says how each was taken
        next: cargo xtask gen
        0"#]]
    .assert_eq(&told(&folder, &["import", page_path, "--specs", specs, "--force"]));
    expect![[r#"
        1 spec, nothing wrong
        0"#]]
    .assert_eq(&told(&folder, &["lint", specs]));
}

#[test]
fn command_lines_that_are_wrong() {
    let folder = specs_in("import-wrong");
    let specs = folder.join("specs");
    let specs = specs.to_str().unwrap();
    expect![[r#"
        which document? For example: cargo xtask import page.txt
        Try: cargo xtask help import
        2"#]]
    .assert_eq(&told(&folder, &["import"]));
    expect![[r#"
        "A b" is no category: a category is called in lower-case letters and digits
        Try: cargo xtask help import
        2"#]]
    .assert_eq(&told(&folder, &["import", "x", "--category", "A b"]));
    expect![[r#"
        1 document: 0 imported, 0 changed, 0 unchanged, 0 kept, 1 refused
        refused   DIR/nowhere: cannot read the file: No such file or directory (os error 2)
        1"#]]
    .assert_eq(&told(&folder, &["import", folder.join("nowhere").to_str().unwrap(), "--specs", specs]));
    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    expect![[r#"
        found no document: expected a file that ends in .json, .txt, .md, .markdown, .html, .htm, .xml; nothing was imported
        1"#]]
    .assert_eq(&told(&folder, &["import", empty.to_str().unwrap(), "--specs", specs]));
    expect![[r#"
        error: there is no spec below this
        --> DIR/empty

        1 problem in 1 file
        1"#]]
    .assert_eq(&told(&folder, &["lint", empty.to_str().unwrap()]));
}

/// Returns the number of records in a folder, at any depth.
fn records(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => records(&path),
        Some(extension) => usize::from(extension == "json"),
        None => 0,
    };
    entries.map(count).sum()
}

/// Every record of the platform that stands beside this project becomes a spec, and all of them an SDK that compiles. The
/// three samples of a complete document are one response.
#[test]
fn the_platforms_own_documents() {
    let shared = root().join("../shared");
    let (catalogue, documents) = (shared.join("catalogue"), shared.join("documents"));
    if !catalogue.is_dir() || !documents.is_dir() {
        eprintln!("skipped: the platform's documents are not beside this project");
        return;
    }
    let folder = specs_in("import-platform");
    let (specs, out) = (folder.join("specs"), folder.join("sdk"));
    let (specs, out) = (specs.to_str().unwrap(), out.to_str().unwrap());
    let output = told(&folder, &["import", catalogue.to_str().unwrap(), "--specs", specs]);
    let count = records(&catalogue);
    let summary = format!("{count} documents: {count} imported, 0 changed, 0 unchanged, 0 kept, 0 refused\n");
    assert!(count > 0 && output.contains(&summary), "{output}");
    let output = told(&folder, &["import", documents.to_str().unwrap(), "--specs", specs, "--force"]);
    let count = records(&documents);
    assert!(output.contains(&format!("{count} documents: ")) && output.contains(" 0 refused\n"), "{output}");
    let again = told(&folder, &["import", documents.to_str().unwrap(), "--specs", specs]);
    assert!(again.contains(&format!(" {count} unchanged, 0 kept, 0 refused\n")), "{again}");
    let output = told(&folder, &["gen", "--specs", specs, "--out", out]);
    assert!(output.ends_with(" changed\n0"), "{output}");

    let out = Path::new(out);
    fs::copy(root().join("Cargo.lock"), out.join("Cargo.lock")).unwrap();
    let mut manifest = fs::OpenOptions::new().append(true).open(out.join("Cargo.toml")).unwrap();
    manifest.write_all(b"\n[dev-dependencies]\nserde_json = \"1\"\n").unwrap();
    fs::create_dir(out.join("tests")).unwrap();
    fs::copy(root().join("xtask/tests/samples/mod.rs"), out.join("tests/samples.rs")).unwrap();
    let test = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--offline", "--no-default-features", "--test", "samples"])
        .args(["--", "--nocapture"])
        .current_dir(out)
        .env("CARGO_TARGET_DIR", shared_target())
        .env("TOP_DOCUMENTS", fs::canonicalize(documents).unwrap())
        .output()
        .unwrap();
    let told = [test.stdout, test.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(test.status.success(), "{told}");
    assert!(!told.contains("warning"), "{told}");
    let samples: Vec<_> = told.lines().filter(|line| line.contains(" rspSample")).collect();
    assert!(samples.len() >= count, "{samples:?}");
    // Some samples are not well-formed. All others decode.
    let damaged: Vec<_> = samples.into_iter().filter(|sample| !sample.ends_with(": decoded")).collect();
    expect![[r#"
        taobao.tbk.relation.refund rspSampleJson: cannot decode the response: expected a JSON value, found ',' at line 12 column 50
        taobao.tbk.relation.refund rspSampleSimplifyJson: cannot decode the response: expected a JSON value, found ',' at line 11 column 50
        alibaba.taobao.ud.smart.order.detail.pull rspSampleJson: cannot decode the response: expected a JSON value, found 'x' at line 8 column 32
        alibaba.taobao.ud.smart.order.detail.pull rspSampleSimplifyJson: cannot decode the response: expected a JSON value, found 'x' at line 7 column 32
        alibaba.taobao.ud.smart.order.detail.pull rspSampleXml: decoded; result[0].brand_id: expected Number, found "xxx""#]]
    .assert_eq(&damaged.join("\n"));
}
