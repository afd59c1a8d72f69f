//! `cargo xtask import` as a process, and the documents of the platform from end to end.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect;
use support::{absent_path, root, shared_target, xtask};

/// Runs a command. Returns its output and its exit status, with `folder` replaced by `DIR`.
fn output_of(folder: &Path, arguments: &[&str]) -> String {
    let output = xtask(arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap().replace(folder.to_str().unwrap(), "DIR");
    format!("{text}{}", output.status.code().unwrap())
}

/// Returns a folder for a test, with an empty folder of specs.
fn folder_with_specs(name: &str) -> PathBuf {
    let folder = absent_path(name);
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
fn imports_pages_and_keeps_changed_specs() {
    let folder = folder_with_specs("import");
    let (page, broken) = (folder.join("page.txt"), folder.join("broken.txt"));
    fs::write(&page, PAGE).unwrap();
    fs::write(&broken, "not a page").unwrap();
    let specs = folder.join("specs");
    let (page_path, broken, specs) = (page.to_str().unwrap(), broken.to_str().unwrap(), specs.to_str().unwrap());
    expect![[r#"
        imported  DIR/specs/parcel/taobao.parcel.get.yaml
        1 document: 1 imported, 0 changed, 0 unchanged, 0 kept, 0 refused; nothing was written
        0"#]]
    .assert_eq(&output_of(&folder, &["import", page_path, "--specs", specs, "--dry-run"]));
    assert!(!folder.join("specs/parcel").exists());
    expect![[r#"
        imported  DIR/specs/parcel/taobao.parcel.get.yaml
        2 documents: 1 imported, 0 changed, 0 unchanged, 0 kept, 1 refused
        next: cargo xtask gen
        refused   DIR/broken.txt: no method found: expected a line that begins with its name, such as taobao.trade.close
        1"#]]
    .assert_eq(&output_of(&folder, &["import", page_path, broken, "--specs", specs]));
    expect![[r#"
        1 document: 0 imported, 0 changed, 1 unchanged, 0 kept, 0 refused
        0"#]]
    .assert_eq(&output_of(&folder, &["import", page_path, "--specs", specs]));
    fs::write(&page, PAGE.replace("weight Number", "weight BigDecimal").replace("需要授权\n", "")).unwrap();
    let before = fs::read_to_string(folder.join("specs/parcel/taobao.parcel.get.yaml")).unwrap();
    expect![[r#"
        kept      DIR/specs/parcel/taobao.parcel.get.yaml
                  changed  authorization: required -> unspecified
                  retyped  response.weight: Number -> BigDecimal
                  note: The page does not say whether a call needs a session; it has no samples.
        1 document: 0 imported, 0 changed, 0 unchanged, 1 kept, 0 refused
        kept specs differ from their documents; --force replaces them
        0"#]]
    .assert_eq(&output_of(&folder, &["import", page_path, "--specs", specs]));
    assert_eq!(fs::read_to_string(folder.join("specs/parcel/taobao.parcel.get.yaml")).unwrap(), before);
    expect![[r#"
        changed   DIR/specs/parcel/taobao.parcel.get.yaml
                  changed  authorization: required -> unspecified
                  retyped  response.weight: Number -> BigDecimal
                  note: The page does not say whether a call needs a session; it has no samples.
        1 document: 0 imported, 1 changed, 0 unchanged, 0 kept, 0 refused
        1 note on unclear or omitted parts; each is also a comment in its spec
        next: cargo xtask gen
        0"#]]
    .assert_eq(&output_of(&folder, &["import", page_path, "--specs", specs, "--force"]));
    expect![[r#"
        1 spec, no problems
        0"#]]
    .assert_eq(&output_of(&folder, &["lint", specs]));
}

#[test]
fn reports_usage_errors_and_missing_documents() {
    let folder = folder_with_specs("import-wrong");
    let specs = folder.join("specs");
    let specs = specs.to_str().unwrap();
    expect![[r#"
        no document: expected a PATH, as in cargo xtask import page.txt
        Try: cargo xtask help import
        2"#]]
    .assert_eq(&output_of(&folder, &["import"]));
    expect![[r#"
        invalid category "A b": expected lower-case letters and digits
        Try: cargo xtask help import
        2"#]]
    .assert_eq(&output_of(&folder, &["import", "x", "--category", "A b"]));
    expect![[r#"
        1 document: 0 imported, 0 changed, 0 unchanged, 0 kept, 1 refused
        refused   DIR/nowhere: cannot read the file: No such file or directory (os error 2)
        1"#]]
    .assert_eq(&output_of(&folder, &["import", folder.join("nowhere").to_str().unwrap(), "--specs", specs]));
    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    expect![[r#"
        no document found: expected files that end in .json, .txt, .md, .markdown, .html, .htm, .xml; nothing was imported
        1"#]]
    .assert_eq(&output_of(&folder, &["import", empty.to_str().unwrap(), "--specs", specs]));
    expect![[r#"
        error: no spec in the folder: expected a file METHOD.yaml or TOPIC.yaml
        --> DIR/empty

        1 problem in 1 file
        1"#]]
    .assert_eq(&output_of(&folder, &["lint", empty.to_str().unwrap()]));
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

/// Imports the documents of the platform if they are next to this project. The generated package compiles, and the three
/// samples of a complete document decode to the same response.
#[test]
fn imports_the_documents_of_the_platform() {
    let shared = root().join("../shared");
    let (catalogue, documents) = (shared.join("catalogue"), shared.join("documents"));
    if !catalogue.is_dir() || !documents.is_dir() {
        eprintln!("skipped: the platform's documents are not beside this project");
        return;
    }
    let folder = folder_with_specs("import-platform");
    let (specs, out) = (folder.join("specs"), folder.join("sdk"));
    let (specs, out) = (specs.to_str().unwrap(), out.to_str().unwrap());
    let output = output_of(&folder, &["import", catalogue.to_str().unwrap(), "--specs", specs]);
    let count = records(&catalogue);
    let summary = format!("{count} documents: {count} imported, 0 changed, 0 unchanged, 0 kept, 0 refused\n");
    assert!(count > 0 && output.contains(&summary), "{output}");
    let output = output_of(&folder, &["import", documents.to_str().unwrap(), "--specs", specs, "--force"]);
    let count = records(&documents);
    assert!(output.contains(&format!("{count} documents: ")) && output.contains(" 0 refused\n"), "{output}");
    let again = output_of(&folder, &["import", documents.to_str().unwrap(), "--specs", specs]);
    assert!(again.contains(&format!(" {count} unchanged, 0 kept, 0 refused\n")), "{again}");
    let output = output_of(&folder, &["gen", "--specs", specs, "--out", out]);
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
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("TOP_DOCUMENTS", fs::canonicalize(documents).unwrap())
        .output()
        .unwrap();
    let printed = [test.stdout, test.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(test.status.success(), "{printed}");
    assert!(!printed.contains("warning"), "{printed}");
    let samples: Vec<_> = printed.lines().filter(|line| line.contains(" rspSample")).collect();
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
