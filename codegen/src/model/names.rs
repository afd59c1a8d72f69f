//! Rust names for wire names: readable, stable, and distinct without regard to the order of files.

use std::collections::{BTreeMap, BTreeSet};

use unicode_ident::{is_xid_continue, is_xid_start};

/// The keywords of the edition that the SDK is written in, reserved ones among them.
const KEYWORDS: [&str; 51] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Whether Rust has another use for a name.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name) || name == "yield"
}

/// `pageSize`, `page-size` and `page.size` as `page_size`: the name of a field.
pub(super) fn snake(name: &str) -> String {
    let name = words(name).join("_");
    let mut name = if name.is_empty() { "unnamed".to_owned() } else { name };
    if !name.starts_with(is_xid_start) {
        name.insert(0, '_');
    }
    // What not even `r#` makes a name, and the function that every request has.
    if matches!(name.as_str(), "self" | "super" | "crate" | "new") {
        name.push('_');
    }
    name
}

/// The same as the name of a module, which is the name of a file too.
pub(super) fn module(name: &str) -> String {
    let name = snake(name);
    if is_keyword(&name) { name + "_" } else { name }
}

/// `page_size` and `page.size` as `PageSize`: the name of a type.
pub(super) fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    for word in words(name) {
        // Two numbers would run into one: 2013-07-01.
        if word.starts_with(char::is_numeric) && pascal.ends_with(char::is_numeric) {
            pascal.push('_');
        }
        let mut characters = word.chars();
        if let Some(first) = characters.next() {
            pascal.extend(first.to_uppercase());
            pascal.push_str(characters.as_str());
        }
    }
    if pascal.is_empty() {
        pascal.push_str("Unnamed");
    }
    if !pascal.starts_with(is_xid_start) {
        pascal.insert(0, 'N');
    }
    pascal
}

/// The lower-case words of a name: runs of what a Rust name may hold, parted where a capital begins a word (`userInfo`,
/// `HTTPServer`).
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in name.split(|character: char| !is_xid_continue(character) || character == '_') {
        let characters: Vec<char> = run.chars().collect();
        let mut word = String::new();
        for (index, character) in characters.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| characters[before]);
            let after = characters.get(index + 1);
            let begins = character.is_uppercase()
                && (before.is_some_and(|before| before.is_lowercase())
                    || after.is_some_and(|after| after.is_lowercase()));
            if begins && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(character.to_lowercase().filter(|lower| is_xid_continue(*lower)));
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// A name for each of `wires`, made by `make` and told apart where that gives the same one.
///
/// The wire name that is its own Rust name keeps it; the others that share it are numbered from 2 in byte order. So a
/// name depends on the names beside it and not on where they stand.
pub(super) fn distinct(wires: &[&str], make: fn(&str) -> String) -> Vec<String> {
    let made: Vec<String> = wires.iter().map(|wire| make(wire)).collect();
    let mut sharing: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in made.iter().enumerate() {
        sharing.entry(name).or_default().push(index);
    }
    let mut taken: BTreeSet<String> = sharing.keys().map(|name| (*name).to_owned()).collect();
    let mut names = made.clone();
    for (name, mut indexes) in sharing {
        indexes.sort_by_key(|index| (wires[*index] != name, wires[*index]));
        for index in indexes.into_iter().skip(1) {
            names[index] = numbered(name, &taken);
            taken.insert(names[index].clone());
        }
    }
    names
}

/// The name with the first number from 2 that makes it free, parted from it as names of its kind are.
fn numbered(name: &str, taken: &BTreeSet<String>) -> String {
    let type_like = name.starts_with(char::is_uppercase) && !name.ends_with(char::is_numeric);
    let part = if type_like { "" } else { "_" };
    let mut number = 2;
    loop {
        let candidate = format!("{name}{part}{number}");
        if !taken.contains(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// The type names that are given away in one module.
#[derive(Debug)]
pub(super) struct Taken(BTreeSet<String>);

/// The names that generated code uses for other things.
const USED: [&str; 27] = [
    "Authorization",
    "Box",
    "Choice",
    "Clone",
    "DateTime",
    "Decimal",
    "Default",
    "ErrorCode",
    "Field",
    "File",
    "Into",
    "IntoIterator",
    "Json",
    "Kind",
    "Limit",
    "None",
    "Option",
    "Record",
    "RecordMut",
    "Request",
    "Schema",
    "Self",
    "Slot",
    "Some",
    "String",
    "Vec",
    "View",
];

impl Taken {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(USED.into_iter().map(str::to_owned).chain(names).collect())
    }

    /// Whether a name is given away.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// `name` if it is free; numbered otherwise.
    pub(super) fn take_or_number(&mut self, name: String) -> String {
        let name = if self.0.contains(&name) { numbered(&name, &self.0) } else { name };
        self.0.insert(name.clone());
        name
    }

    /// `name` if it is free; else with `suffix` behind it, or `Object` for want of one; else numbered.
    pub(super) fn take(&mut self, name: &str, suffix: &str) -> String {
        let suffix = if suffix.is_empty() { "Object" } else { suffix };
        let suffixed = format!("{name}{suffix}");
        let name = if self.0.contains(name) { suffixed } else { name.to_owned() };
        self.take_or_number(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        for (wire, name) in [
            ("sec_token", "sec_token"),
            ("pageSize", "page_size"),
            ("ID", "id"),
            ("is_3D", "is_3d"),
            ("_a", "a"),
            ("reentry.employee.account", "reentry_employee_account"),
            ("HTTPServer2Go", "http_server2_go"),
            ("3d", "_3d"),
            ("self", "self_"),
            ("Self", "self_"),
            ("type", "type"),
            ("端口", "端口"),
            ("___", "unnamed"),
            ("area_m²", "area_m"),
            ("①", "unnamed"),
            ("gen", "gen"),
        ] {
            assert_eq!(snake(wire), name, "{wire}");
        }
    }

    #[test]
    fn types() {
        for (wire, name) in [
            ("top.client.token.get", "TopClientTokenGet"),
            ("miniapp.userInfo.get", "MiniappUserInfoGet"),
            ("m-kvstore.aliyuncs.com.CreateInstance.2015-03-01", "MKvstoreAliyuncsComCreateInstance2015_03_01"),
            ("ItemTaoSirElDO", "ItemTaoSirElDo"),
            ("tmc_message", "TmcMessage"),
            ("3d", "N3d"),
            ("订单", "订单"),
            ("Foo²", "Foo"),
        ] {
            assert_eq!(pascal(wire), name, "{wire}");
        }
    }

    #[test]
    fn modules() {
        for (stem, name) in [("type", "type_"), ("mod", "mod_"), ("gen", "gen_"), ("item.get", "item_get")] {
            assert_eq!(module(stem), name);
        }
    }

    #[test]
    fn collisions_do_not_depend_on_order() {
        assert_eq!(
            distinct(&["pageSize", "page_size", "page.size"], snake),
            ["page_size_3", "page_size", "page_size_2"]
        );
        assert_eq!(
            distinct(&["page.size", "page_size", "pageSize"], snake),
            ["page_size_2", "page_size", "page_size_3"]
        );
        assert_eq!(distinct(&["a", "A", "a_2"], snake), ["a", "a_3", "a_2"]);
    }

    #[test]
    fn names_in_use_are_told_apart() {
        let mut taken = Taken::new(["ItemGetRequest".to_owned()]);
        assert_eq!(taken.take("Item", ""), "Item");
        assert_eq!(taken.take("Item", "Input"), "ItemInput");
        assert_eq!(taken.take("Item", "Input"), "ItemInput2");
        assert_eq!(taken.take("Option", ""), "OptionObject");
    }
}
