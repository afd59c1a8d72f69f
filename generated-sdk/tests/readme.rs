//! The READMEs say the same, and what they say is so.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

const ENGLISH: &str = include_str!("../../README.md");
const CHINESE: &str = include_str!("../../README.zh-CN.md");

/// The blocks of code, the code spans in order of appearance aside.
fn blocks(text: &str) -> Vec<String> {
    text.split("```").skip(1).step_by(2).map(|block| block.split('#').next().unwrap().to_owned()).collect()
}

/// The numbers, which are figures, versions and steps.
fn numbers(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_ascii_digit() && character != '.')
        .map(|number| number.trim_matches('.'))
        .filter(|number| !number.is_empty())
        .collect()
}

fn headings(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with('#')).count()
}

#[test]
fn both_languages_have_the_same_code_figures_and_sections() {
    assert_eq!(blocks(ENGLISH), blocks(CHINESE));
    assert_eq!(numbers(ENGLISH), numbers(CHINESE));
    assert_eq!(headings(ENGLISH), headings(CHINESE));
}

#[test]
fn the_stated_rust_version_is_the_manifest_s() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = \"").unwrap();
    let (version, _) = rest.split_once('"').unwrap();
    assert!(ENGLISH.contains(&format!("Rust {version} or newer")));
}

#[test]
fn links_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for text in [ENGLISH, CHINESE] {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            assert!(root.join(link).exists(), "{link}");
        }
    }
}
