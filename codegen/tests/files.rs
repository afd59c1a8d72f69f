//! The file set against a folder: what is written, what is left alone, and what is never touched.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use codegen::output::{self, FileSet, Generator};
use codegen::render::Paths;
use codegen::{model, render, spec};
use tempfile::TempDir;

fn fixtures() -> FileSet {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs")).unwrap();
    sdk(&specs, 1)
}

/// The files of `generated-sdk`, rendered on a number of threads.
fn sdk(specs: &spec::Specs, threads: usize) -> FileSet {
    let model = model::resolve(specs);
    let api = render::api(&model, &Paths::of_generated_sdk(), true, threads).unwrap().under(Path::new("src/api"));
    api.and(render::sdk(&model).unwrap())
}

/// A folder that the set has been written to.
fn written() -> (TempDir, FileSet) {
    let folder = TempDir::new().unwrap();
    let manifest = "[features]\n# >>> one feature a category of methods, written by `cargo xtask gen`\n# <<< one feature a category of methods\n\n[dependencies]\n";
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let files = fixtures();
    apply(&files, folder.path());
    (folder, files)
}

fn apply(files: &FileSet, folder: &Path) {
    output::apply(folder, &files.compare(folder).unwrap()).unwrap();
}

fn told(files: &FileSet, folder: &Path) -> Vec<String> {
    files.compare(folder).unwrap().iter().map(ToString::to_string).collect()
}

fn api(path: &str) -> PathBuf {
    Path::new("src/api").join(path)
}

#[test]
fn a_second_run_touches_nothing() {
    let (folder, files) = written();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let paths: Vec<PathBuf> =
        files.files().map(|(path, _)| folder.path().join(path)).chain([folder.path().join("Cargo.toml")]).collect();
    for path in &paths {
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    assert_eq!(told(&files, folder.path()), Vec::<String>::new());
    apply(&files, folder.path());
    for path in &paths {
        assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), old, "{}", path.display());
    }
}

#[test]
fn all_that_differs_is_told_in_one_run_and_mended_in_one() {
    let (folder, files) = written();
    let at = |path: &str| folder.path().join(api(path));
    let before = fs::read_to_string(at("mod.rs")).unwrap();
    fs::write(at("mod.rs"), before.replace("pub mod", "pub  mod")).unwrap();
    fs::remove_file(at("fixture/fixture_names_get.rs")).unwrap();
    fs::create_dir_all(at("gone/deep")).unwrap();
    fs::write(at("gone/deep/old.rs"), &before).unwrap();
    fs::write(at("fixture/notes.rs"), "// written by hand\n").unwrap();
    let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), manifest.replace("fixture = []", "")).unwrap();
    let differences = [
        "stale    Cargo.toml",
        "missing  src/api/fixture/fixture_names_get.rs",
        "orphan   src/api/gone/deep/old.rs",
        "stale    src/api/mod.rs",
    ];
    assert_eq!(told(&files, folder.path()), differences);
    apply(&files, folder.path());
    assert_eq!(told(&files, folder.path()), Vec::<String>::new());
    assert!(!at("gone").exists(), "folders that are left empty go too");
    assert_eq!(fs::read_to_string(at("fixture/notes.rs")).unwrap(), "// written by hand\n");
    assert_eq!(fs::read_to_string(folder.path().join("Cargo.toml")).unwrap(), manifest);
}

#[test]
fn what_was_written_by_hand_is_never_replaced() {
    let (folder, files) = written();
    let path = folder.path().join(api("fixture/fixture_names_get.rs"));
    fs::write(&path, "// mine\n").unwrap();
    let error = files.compare(folder.path()).unwrap_err().to_string();
    assert!(error.contains("fixture_names_get.rs: the file was not generated"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "// mine\n");
}

#[test]
fn a_manifest_without_the_block() {
    let (folder, files) = written();
    fs::write(folder.path().join("Cargo.toml"), "[features]\n").unwrap();
    let error = files.compare(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("Cargo.toml: the markers of the generated block are missing; add the lines\n# >>>"),
        "{error}"
    );
}

#[test]
fn line_ends_of_a_checkout_are_no_difference() {
    let (folder, files) = written();
    for (path, text) in files.files() {
        fs::write(folder.path().join(path), text.replace('\n', "\r\n")).unwrap();
    }
    assert_eq!(told(&files, folder.path()), Vec::<String>::new());
}

#[test]
fn every_file_names_its_source_and_the_command() {
    for (path, text) in fixtures().files() {
        let banner = text.lines().next().unwrap();
        let (_, source) =
            banner.split_once("Generated by `cargo xtask gen` from ").unwrap_or_else(|| panic!("{banner}"));
        let (source, _) = source.split_once(". Edit that").unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(source);
        assert!(source.exists(), "{} names {}", path.display(), source.display());
        assert!(
            text.ends_with("}\n") || text.ends_with(";\n") || text.ends_with("|\n"),
            "{} ends strangely",
            path.display()
        );
    }
}

#[test]
fn the_same_specs_give_the_same_bytes_in_any_order_and_on_any_number_of_threads() {
    for folder in ["tests/fixtures/specs", "../specs"] {
        let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let first = sdk(&specs, 1);
        for (turn, threads) in [(0, 2), (1, 1), (7, 3), (2, 16)] {
            let mut turned = specs.clone();
            let count = turned.methods.len();
            turned.methods.rotate_left(turn % count);
            turned.methods.reverse();
            assert_eq!(sdk(&turned, threads), first, "{turn}, {threads}");
        }
    }
}

#[test]
fn as_much_comes_out_as_went_in() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    let methods = specs.methods.len();
    let categories: BTreeSet<_> = specs.methods.iter().map(|method| method.category.clone()).collect();
    let parameters: usize =
        specs.methods.iter().map(|method| count(&method.spec.request) + count(&method.spec.response.fields)).sum();
    let files = sdk(&specs, 1);
    // The root and the index beside a file a category and a file a method.
    assert_eq!(files.files().count(), methods + categories.len() + 2);
    let api: String = files.files().filter(|(path, _)| path.starts_with("src/api")).map(|(_, text)| text).collect();
    assert_eq!(api.matches("impl Request for ").count(), methods);
    // Objects that are described twice alike are one type.
    let rows = api.matches("Field::new(").count();
    assert!(rows <= parameters && rows * 10 > parameters * 8, "{rows} rows of {parameters} parameters");
}

fn count(parameters: &[spec::Parameter]) -> usize {
    parameters.iter().map(|parameter| 1 + count(&parameter.fields)).sum()
}

#[test]
fn a_change_is_told_as_its_users_meet_it() {
    let (folder, files) = written();
    assert_eq!(files.differences(folder.path()).unwrap(), []);
    let path = folder.path().join(api("fixture/fixture_limits_set.rs"));
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("pub num: Option<i64>", "pub num: Option<String>")
        .replace("    TradeClosed,\n", "")
        .replace("pub level:", "pub old_level:");
    fs::write(&path, text).unwrap();
    fs::remove_file(folder.path().join(api("fixture/fixture_nothing_to_say_2015_03_01.rs"))).unwrap();
    let gone = "// Generated by `cargo xtask gen` from x\npub struct GoneRequest { pub a: i64 }\n";
    fs::write(folder.path().join(api("fixture/gone.rs")), gone).unwrap();
    let told: Vec<_> = files.differences(folder.path()).unwrap().iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        added    fixture::FixtureLimitsSetRequest.level
        retyped  fixture::FixtureLimitsSetRequest.num: Option<String> -> Option<i64>
        removed  fixture::FixtureLimitsSetRequest.old_level
        added    fixture::FixtureLimitsSetResponse.level
        removed  fixture::FixtureLimitsSetResponse.old_level
        added    fixture::FixtureNothingToSay2015_03_01Request
        added    fixture::FixtureNothingToSay2015_03_01Response
        added    fixture::fixture_limits_set::Status::TradeClosed
        removed  fixture::gone::GoneRequest"#]]
    .assert_eq(&told.join("\n"));
}

/// A command that is interrupted leaves its temporary file behind. Nothing that reads the folder minds it.
#[test]
fn leftovers_of_an_interrupted_run_are_passed_over() {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs");
    for name in ["platform.yaml", "fixture/taobao.fixture.limits.set.yaml"] {
        codegen::files::write(&folder.path().join(name), &fs::read_to_string(fixtures.join(name)).unwrap()).unwrap();
    }
    for leftover in [".top-x1.tmp", "fixture/.top-x2.tmp"] {
        fs::write(folder.path().join(leftover), "half of a sp").unwrap();
    }
    assert_eq!(spec::read(folder.path()).unwrap().methods.len(), 1);
}

#[test]
fn concurrent_runs_all_succeed() {
    let folder = TempDir::new().unwrap();
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs");
    let out = folder.path().join("src/api");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| codegen::Builder::new(&specs).out(&out).write().unwrap());
        }
    });
    assert_eq!(codegen::Builder::new(&specs).out(&out).check().unwrap().changes, []);
}

#[test]
fn the_banners_of_generated_files() {
    for generator in [Generator::Builder, Generator::CargoTop, Generator::Xtask] {
        let banner = output::banner(generator, Path::new("specs/util/taobao.time.get.yaml"));
        assert!(output::is_generated(format!("// {banner}\n").as_bytes()), "{banner}");
        // Too late in a file: it quotes the banner.
        assert!(!output::is_generated(format!("{}// {banner}\n", "// mine\n".repeat(100)).as_bytes()), "{banner}");
    }
    for foreign in ["", "// Generated by `prost-build` from a.proto.", "// Generated by hand"] {
        assert!(!output::is_generated(foreign.as_bytes()), "{foreign}");
    }
}
