//! The documents: citations of docs/protocol.md, links, and facts that the code repeats.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PROTOCOL: &str = include_str!("../../docs/protocol.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the files in `folder` with these extensions, without build output and hidden folders.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                if !name.starts_with('.') && !matches!(name.as_str(), "target" | "corpus" | "artifacts" | "book") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extensions.iter().any(|other| extension == *other)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the numbers of the sections of docs/protocol.md in order.
fn sections() -> Vec<&'static str> {
    let headings = PROTOCOL.lines().filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")));
    headings.map(|heading| heading.split(' ').next().unwrap()).collect()
}

/// Returns the cited sections of a text, or the citations in a wrong form. The forms are "docs/protocol.md section 1.2" and
/// "docs/protocol.md sections 1.2, 3 and 4.5".
fn citations(text: &str) -> Result<Vec<String>, Vec<String>> {
    // A citation may continue in the next line of a comment.
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '#']).trim());
    let text = lines.collect::<Vec<_>>().join(" ");
    let (mut cited, mut wrong) = (Vec::new(), Vec::new());
    for (at, _) in text.match_indices("protocol.md") {
        let after = &text[at + "protocol.md".len()..];
        // A link, a path, or the whole file.
        if !after.starts_with([' ', ')']) && !text[..at].ends_with("docs/") {
            continue;
        }
        let start: String = after.chars().take(40).collect();
        let number = |text: &str| {
            let length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
            text[..length].trim_end_matches('.').to_owned()
        };
        let (Some(rest), true) = (after.strip_prefix(" section"), text[..at].ends_with("docs/")) else {
            if after.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
                wrong.push(start);
            }
            continue;
        };
        let (several, mut rest) = rest.strip_prefix('s').map_or((false, rest), |rest| (true, rest));
        let before = cited.len();
        while let Some(next) = [" ", ", ", " and ", " to "].iter().rev().find_map(|word| {
            let next = rest.strip_prefix(word)?;
            next.starts_with(|c: char| c.is_ascii_digit()).then_some(next)
        }) {
            let section = number(next);
            rest = &next[section.len()..];
            cited.push(section);
        }
        if cited.len() == before || (cited.len() > before + 1) != several {
            wrong.push(start);
        }
    }
    if wrong.is_empty() { Ok(cited) } else { Err(wrong) }
}

#[test]
fn citations_have_one_form() {
    let sections = |text: &str| citations(text).map(|found| found.join(" "));
    for (text, expected) in [
        ("/// A (docs/protocol.md section 1.2). 3", "1.2"),
        ("/// A (docs/protocol.md\n    /// section 4).", "4"),
        ("//! docs/protocol.md sections 1.3 and 3.", "1.3 3"),
        ("# docs/protocol.md\n# sections 1.1, 11.1 and 11.2", "1.1 11.1 11.2"),
        ("docs/protocol.md sections 4.1 to 4.5: x", "4.1 4.5"),
        ("include_str!(\"../../docs/protocol.md\")", ""),
    ] {
        assert_eq!(sections(text), Ok(expected.to_owned()), "{text}");
    }
    for text in [
        "(protocol.md 4.2)",
        "(docs/protocol.md 4.2)",
        "docs/protocol.md section",
        "docs/protocol.md section 1 and 2",
        "docs/protocol.md sections 1.2",
    ] {
        assert!(sections(text).is_err(), "{text}");
    }
}

#[test]
fn every_cited_section_of_the_protocol_exists() {
    let sections: BTreeSet<_> = sections().into_iter().collect();
    let mut count = 0;
    for path in files(&root(), &["rs", "yaml", "toml", "md"]) {
        // This file tests wrong forms, and the page explains the form.
        if path.ends_with("xtask/tests/documents.rs") || path.ends_with("docs/protocol.md") {
            continue;
        }
        let cited = citations(&fs::read_to_string(&path).unwrap());
        let cited = cited.unwrap_or_else(|wrong| {
            let form = "docs/protocol.md section 1.2";
            panic!("{}: cite the protocol as {form:?}, found {wrong:?}", path.display())
        });
        for section in &cited {
            assert!(sections.contains(section.as_str()), "{}: no section {section}", path.display());
        }
        count += cited.len();
    }
    assert!(count > 50, "{count} citations");
}

#[test]
fn sections_of_the_protocol_have_anchors_in_order() {
    let sections = sections();
    let key = |section: &str| section.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
    assert!(sections.is_sorted_by_key(|section| key(section)), "{sections:?}");
    for section in &sections {
        let anchor =
            format!("<a id=\"{section}\"></a>\n{} {section} ", if section.contains('.') { "###" } else { "##" });
        assert_eq!(PROTOCOL.matches(&anchor).count(), 1, "{section}");
    }
}

#[test]
fn documented_signature_vectors_are_tested() {
    let tests = include_str!("../../runtime/protocol/tests/protocol/signature.rs");
    let (_, rest) = PROTOCOL.split_once("\n### 2.3 ").unwrap();
    let (vectors, _) = rest.split_once("\n## 3 ").unwrap();
    let words = vectors.split(|c: char| !c.is_ascii_alphanumeric());
    let is_signature = |text: &str| {
        matches!(text.len(), 32 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
    };
    let vectors: BTreeSet<_> = words.filter(|word| is_signature(word)).collect();
    assert!(vectors.len() >= 20, "{}", vectors.len());
    for vector in vectors {
        assert!(tests.contains(vector), "{vector}");
    }
}

/// Returns the text without code blocks and code spans.
fn prose(text: &str) -> String {
    let blocks = text.split("```").step_by(2);
    blocks.map(|block| block.split('`').step_by(2).collect::<String>()).collect()
}

/// Returns the anchors of a page: explicit ones, and those of headings as hosts generate them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.split("```").step_by(2).flat_map(str::lines).filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect::<String>()
    };
    let own = text.split("<a id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    headings.map(slug).chain(own).collect()
}

#[test]
fn links_of_documents_are_valid() {
    let mut count = 0;
    for path in files(&root(), &["md"]) {
        let text = fs::read_to_string(&path).unwrap();
        // Templates and golden files are not documents.
        if path.components().any(|part| part.as_os_str() == "templates" || part.as_os_str() == "golden") {
            continue;
        }
        let own = text.clone();
        for link in prose(&text).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http://") || link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: no file {link}", path.display());
            if !anchor.is_empty() {
                let page = if file.is_empty() { own.clone() } else { fs::read_to_string(&target).unwrap() };
                assert!(anchors(&page).contains(anchor), "{}: no anchor {link}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count} links");
}

/// Returns the text of a chapter of the guide.
fn chapter(language: &str, name: &str) -> String {
    let path = root().join("docs/guide").join(language).join("src").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the names of the chapters, with the table of contents.
fn chapters(language: &str) -> Vec<String> {
    let files = files(&root().join("docs/guide").join(language).join("src"), &["md"]);
    files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn the_guide_is_complete_in_both_languages() {
    let (english, chinese) = (chapters("en"), chapters("zh"));
    assert_eq!(english, chinese);
    assert!(english.len() > 10, "{english:?}");
    let compiled = include_str!("../../gateway/src/lib.rs");
    for name in english.iter().filter(|name| *name != "SUMMARY.md") {
        for language in ["en", "zh"] {
            assert!(chapter(language, "SUMMARY.md").contains(&format!("({name})")), "{language}: {name} is not listed");
        }
        assert!(compiled.contains(&format!("{name:?}")), "gateway/src/lib.rs does not compile {name}");
    }
}

#[test]
fn both_languages_of_the_guide_have_the_same_content() {
    for name in chapters("en") {
        let (english, chinese) = (chapter("en", &name), chapter("zh", &name));
        let blocks = |text: &str| text.split("```").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(blocks(&english), blocks(&chinese), "{name}: code blocks");
        let outside = |text: &str| text.split("```").step_by(2).collect::<String>();
        let (english, chinese) = (outside(&english), outside(&chinese));
        // The order of words differs between the languages.
        let spans = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(spans(&english), spans(&chinese), "{name}: code spans");
        for (what, starts) in [("headings", &["#"][..]), ("table rows", &["|"]), ("list items", &["- ", "1. "])] {
            let count =
                |text: &str| text.lines().filter(|line| starts.iter().any(|start| line.starts_with(start))).count();
            assert_eq!(count(&english), count(&chinese), "{name}: {what}");
        }
    }
}

/// The library is not built as a test program, so unit tests would not run.
#[test]
fn the_sdk_has_no_unit_tests() {
    for path in files(&root().join("generated-sdk/src"), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("#[test]") && !text.contains("#[cfg(test)]"), "{}", path.display());
    }
}
