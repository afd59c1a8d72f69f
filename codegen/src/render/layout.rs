//! The layout of a file: prettyplease's, with the empty lines that it leaves out.

use syn::{File, Item};

/// The text of a file: its inner docs, then its items with an empty line between, but for runs of `mod` and of `use`.
pub(super) fn text(mut file: File) -> String {
    let items = std::mem::take(&mut file.items);
    let mut text = prettyplease::unparse(&file);
    file.attrs.clear();
    let mut run_before = Run::None;
    for item in items {
        let run = Run::of(&item);
        if !text.is_empty() && (run == Run::None || run != run_before) {
            text.push('\n');
        }
        run_before = run;
        file.items = vec![item];
        text.push_str(&between_members(&prettyplease::unparse(&file)));
    }
    text
}

/// Items that stand together without empty lines.
#[derive(Clone, Copy, PartialEq)]
enum Run {
    None,
    Mod,
    Use,
}

impl Run {
    fn of(item: &Item) -> Self {
        match item {
            Item::Mod(_) => Self::Mod,
            Item::Use(_) => Self::Use,
            _ => Self::None,
        }
    }
}

/// One item with an empty line around the functions of an impl. A line that only closes a brace at the first level ends such
/// a function, as no other item in the templates has braces there.
fn between_members(item: &str) -> String {
    let mut text = String::with_capacity(item.len());
    let mut lines = item.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let next = lines.peek().copied().unwrap_or_default();
        if (line == "    }" && next != "}")
            || (line == "    };" && next.starts_with("    ///"))
            || (line.starts_with("    type ") && next.starts_with("    fn "))
        {
            text.push('\n');
        }
    }
    text
}
