//! Checks of the text in the repository: phrases to avoid, and the length of doc summaries.

use std::fs;
use std::path::{Path, PathBuf};

use codegen::commands::line;

use crate::failure::Failure;

/// The folders and files with text that people write.
const CHECKED: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "README.md",
    "SECURITY.md",
    "cli",
    "codegen",
    "docs",
    "fuzz",
    "gateway",
    "generated-sdk",
    "runtime",
    "templates",
    "tools",
    "xtask",
];

/// The file extensions of such text.
const EXTENSIONS: &[&str] = &["md", "rs", "toml"];

/// Phrases to avoid, each with the advice that is printed.
const PHRASES: &[(&str, &str)] = &[
    ("as it is", "write \"unchanged\""),
    ("at hand", "write \"available\""),
    ("be it", "write \"whether\""),
    ("begun", "write \"started\""),
    ("by far", "state the figure"),
    ("carried out", "write \"processed\""),
    ("carries out", "write \"processes\""),
    ("for want of", "write \"without\""),
    ("goes without", "write \"has no\""),
    ("hollow", "write \"empty\""),
    ("mended", "write \"corrected\""),
    ("nobody", "name the person or program"),
    ("somebody", "name the person or program"),
    ("such a one", "repeat the noun"),
    ("tells of", "write \"describes\""),
    ("the house", "write \"this workspace\""),
    ("there is none", "repeat the noun"),
    ("told", "write \"reported\""),
    ("twice over", "write \"twice\""),
    ("whoever", "name the person or program"),
];

/// The length of the first paragraph of a doc comment, in characters.
const SUMMARY: usize = 240;

/// Checks the text below `root`, and prints what is wrong.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for path in CHECKED {
        for file in files(&root.join(path))? {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            // This file lists the phrases.
            if Path::new(&name) != Path::new(file!()) {
                findings.extend(check_text(&text).into_iter().map(|(number, text)| format!("{name}:{number}: {text}")));
            }
        }
    }
    findings.iter().for_each(line);
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 text to change")),
        count => Err(Failure::new(format!("{count} texts to change"))),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read {}: {error}", path.display()))
}

/// Returns the text files at or below a path, in order, without build output, hidden files and data of tests.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut paths = vec![path.to_owned()];
    while let Some(path) = paths.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let skipped = ["target", "golden", "fixtures", "samples", "corpus", "artifacts", "book", "api"];
            if name.starts_with('.') || skipped.contains(&&*name) {
                continue;
            }
            for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
                paths.push(entry.map_err(|error| unreadable(&path, &error))?.path());
            }
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|other| extension == *other)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Returns the lines of `text` to change, with the reason.
fn check_text(text: &str) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    let mut summary = Summary::default();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let lower = line.to_lowercase();
        for (phrase, advice) in PHRASES {
            if contains_words(&lower, phrase) {
                findings.push((number, format!("avoid \"{phrase}\": {advice}")));
            }
        }
        if let Some((start, length)) = summary.next(number, line).filter(|(_, length)| *length > SUMMARY) {
            findings.push((start, format!("a doc summary of {length} characters: expected at most {SUMMARY}")));
        }
    }
    findings
}

/// Returns whether `text` contains `phrase` between word boundaries.
fn contains_words(text: &str, phrase: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric();
    text.match_indices(phrase).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + phrase.len()..]);
        !before.ends_with(is_letter) && !after.starts_with(is_letter)
    })
}

/// The first paragraph of the doc comment that is being read.
#[derive(Default)]
enum Summary {
    /// The line before has no doc comment.
    #[default]
    Outside,
    /// The first paragraph, with its first line and its length.
    Paragraph(usize, usize),
    /// Behind the first paragraph of a doc comment.
    Behind,
}

impl Summary {
    /// Reads a line, and returns the first line and the length of a paragraph that ends before it.
    fn next(&mut self, number: usize, line: &str) -> Option<(usize, usize)> {
        let trimmed = line.trim_start();
        let comment = trimmed.strip_prefix("///").or_else(|| trimmed.strip_prefix("//!"));
        let text = comment.map(str::trim);
        let (next, ended) = match (&*self, text) {
            (Self::Paragraph(start, length), Some("") | None) => (Self::Behind, Some((*start, *length))),
            (Self::Paragraph(start, length), Some(text)) => {
                (Self::Paragraph(*start, length + 1 + text.chars().count()), None)
            }
            (Self::Outside, Some(text)) if !text.is_empty() => (Self::Paragraph(number, text.chars().count()), None),
            (Self::Outside, _) => (Self::Outside, None),
            (Self::Behind, _) => (Self::Behind, None),
        };
        *self = if comment.is_none() { Self::Outside } else { next };
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_words() {
        let text = "/// Nobody knows.\nlet bold = \"told\";\n// foretold, begun_at\n";
        let lines: Vec<_> = check_text(text).into_iter().map(|(number, _)| number).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert_eq!(check_text("// foretold and unbegun\n"), []);
    }

    #[test]
    fn summaries_are_limited() {
        let long = "x".repeat(SUMMARY);
        assert_eq!(check_text(&format!("/// {long}\nfn a() {{}}\n")), []);
        let found = check_text(&format!("//! A.\n\n/// B.\n///\n/// {long}{long}\nfn a() {{}}\n/// {long}\n/// c\n\n"));
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7]);
    }
}
