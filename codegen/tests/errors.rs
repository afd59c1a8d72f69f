//! The messages of all errors, as users read them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::error::Error;
use std::path::PathBuf;
use std::{fs, io};

use codegen::BuildError;
use codegen::diagnostic::chain;
use codegen::files::ReadError;
use codegen::import::{ImportError, Refusal};
use codegen::output::{FileSet, OutputError};
use codegen::spec::{self, Platform};
use expect_test::expect;

fn io_error() -> io::Error {
    io::Error::other("permission denied")
}

/// The error of a handwritten file in the place of a generated one.
fn output_error() -> OutputError {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.rs"), "// mine").unwrap();
    let mut files = FileSet::new([]);
    files.put("a.rs".into(), String::new());
    files.compare(folder.path()).unwrap_err()
}

fn xml_error() -> quick_xml::Error {
    let mut reader = quick_xml::Reader::from_str("<a></b>");
    loop {
        if let Err(error) = reader.read_event() {
            return error;
        }
    }
}

#[test]
fn messages_of_all_errors() {
    let json_error = serde_json::from_str::<serde_json::Value>("{").unwrap_err();
    let diagnostics = spec::parse("top", "taobao.a.get.yaml", "a: 1\n", &Platform::default()).unwrap_err();
    let path = || PathBuf::from("top/taobao.a.get.yaml");
    let errors: Vec<Box<dyn Error>> = vec![
        ReadError::Io(io_error()).into(),
        ReadError::NotAFile.into(),
        ReadError::TooLong(16).into(),
        ImportError::Read(ReadError::Io(io_error())).into(),
        ImportError::ReadSpec(path(), ReadError::TooLong(16)).into(),
        ImportError::Json(json_error).into(),
        ImportError::Xml(xml_error()).into(),
        ImportError::SeveralMethods(2).into(),
        ImportError::SameMethod("b.txt".into()).into(),
        ImportError::OtherCategory(path()).into(),
        ImportError::NoCategory("x.3d.get".to_owned()).into(),
        ImportError::Spec(diagnostics).into(),
        ImportError::Write(output_error()).into(),
        Refusal { document: "a.txt".into(), error: ImportError::NoCategory("x.3d.get".to_owned()) }.into(),
        BuildError::Output(output_error()).into(),
    ];
    let messages: Vec<_> = errors.iter().map(|error| chain(error.as_ref())).collect();
    let messages = messages.join("\n");
    let messages: Vec<_> = messages.lines().map(without_folder).collect();
    expect![[r#"
        cannot read the file: permission denied
        expected a regular file, found a folder, a pipe or a device
        the file is too long: expected at most 16 bytes
        cannot read the file: permission denied
        cannot read the existing spec top/taobao.a.get.yaml: the file is too long: expected at most 16 bytes
        invalid JSON: EOF while parsing an object at line 1 column 1
        invalid XML: ill-formed document: expected `</a>`, but `</b>` was found
        expected a document of one method, found 2 methods; import it as a file
        duplicate method: b.txt describes it too; keep one of them
        the method already has the spec top/taobao.a.get.yaml; omit --category or move that file
        cannot derive a category from x.3d.get; choose one with --category
        the imported spec is invalid: unknown key `a`; and 4 more
        cannot write the spec: FOLDER/a.rs: the file was not generated and would be overwritten; move it away
        cannot import a.txt: cannot derive a category from x.3d.get; choose one with --category
        FOLDER/a.rs: the file was not generated and would be overwritten; move it away"#]]
    .assert_eq(&messages.join("\n"));
}

/// Replaces the folder in the path of a file `a.rs`.
fn without_folder(line: &str) -> String {
    match (line.find(std::env::temp_dir().to_str().unwrap()), line.find("a.rs:")) {
        (Some(start), Some(end)) => format!("{}FOLDER/{}", &line[..start], &line[end..]),
        _ => line.to_owned(),
    }
}
