//! The layout of a file: prettyplease's, with the empty lines that it leaves out, and with a row of a table on each line.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{File, Item, Macro};

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
        match item {
            Item::Macro(item) if item.mac.path.is_ident("record") => text.push_str(&table(&item.mac)),
            item => {
                file.items = vec![item];
                text.push_str(&between_members(&prettyplease::unparse(&file)));
            }
        }
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

/// The table of a record, which prettyplease would fill into lines.
fn table(table: &Macro) -> String {
    let mut head = TokenStream::new();
    let mut rows = Vec::new();
    for tree in table.tokens.clone() {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<_> = group.stream().into_iter().collect();
                rows.extend(tokens.split(is_semicolon).filter(|row| !row.is_empty()).map(row));
            }
            tree => head.extend([tree]),
        }
    }
    if rows.is_empty() {
        return format!("record!({head} {{}});\n");
    }
    let rows: String = rows.iter().map(|row| format!("        {row};\n")).collect();
    format!("record! {{\n    {head} {{\n{rows}    }}\n}}\n")
}

fn is_semicolon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

/// A row: `0 => name: Text("name", String, required, [MaxLength(20)])`.
fn row(tokens: &[TokenTree]) -> String {
    let mut text = String::new();
    write_row(tokens, &mut text);
    text
}

fn write_row(tokens: &[TokenTree], text: &mut String) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Bracket => ('[', ']'),
                    _ => ('(', ')'),
                };
                text.push(open);
                write_row(&group.stream().into_iter().collect::<Vec<_>>(), text);
                text.push(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '=' => text.push_str(" ="),
                '-' => text.push('-'),
                other => text.extend([other, ' ']),
            },
            other => text.push_str(&other.to_string()),
        }
    }
}
