//! Rust names for wire names: readable, stable, and unique regardless of file order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::identifier::{is_identifier_character, is_keyword, is_windows_device};

/// Returns the name of a field: `page_size` for `pageSize`, `page-size` and `page.size`.
pub(super) fn snake_case(name: &str) -> String {
    let name = words(name).join("_");
    let mut name = if name.is_empty() { "unnamed".to_owned() } else { name };
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, 'n');
    }
    // `r#` does not apply to these keywords; `new` is the constructor of a request.
    if matches!(name.as_str(), "self" | "super" | "crate" | "new") {
        name.push('_');
    }
    name
}

/// Returns the name of a module, which is also a file name.
pub(super) fn module_name(name: &str) -> String {
    let name = snake_case(name);
    if is_keyword(&name) || is_windows_device(&name) { name + "_" } else { name }
}

/// Returns the name of a type: `PageSize` for `page_size` and `page.size`.
pub(super) fn pascal_case(name: &str) -> String {
    let mut pascal = String::new();
    for word in words(name) {
        // An underscore separates numbers: 2013-07-01.
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
    if pascal.starts_with(|first: char| first.is_ascii_digit()) {
        pascal.insert(0, 'N');
    }
    // `r#` does not apply to `Self`.
    if pascal == "Self" {
        pascal.push('_');
    }
    pascal
}

/// Splits a name into lower-case words, at other characters and at capitals (`userInfo`, `HTTPServer`).
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in name.split(|character: char| !is_identifier_character(character)) {
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
            word.push(character.to_ascii_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// The kind of a name, which determines its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// A field or a function: `page_size`.
    Field,
    /// A module and its file: `snake_case`, but not a keyword.
    Module,
    /// A type or a variant: `PageSize`.
    Type,
}

impl Case {
    /// Returns the Rust name for a wire name.
    fn name(self, wire: &str) -> String {
        match self {
            Self::Field => snake_case(wire),
            Self::Module => module_name(wire),
            Self::Type => pascal_case(wire),
        }
    }
}

/// Returns a unique name for each of `wires`.
///
/// A wire name that equals its Rust name keeps it. Others with the same Rust name are numbered from 2 in byte order, so
/// that names do not depend on the order of `wires`.
pub(super) fn unique_names(wires: &[&str], case: Case) -> Vec<String> {
    unique_names_except(wires, case, &[])
}

/// Returns unique names that also differ from `reserved`.
pub(super) fn unique_names_except(wires: &[&str], case: Case, reserved: &[&str]) -> Vec<String> {
    let rust_names: Vec<String> = wires.iter().map(|wire| case.name(wire)).collect();
    let mut sharing: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in rust_names.iter().enumerate() {
        sharing.entry(name).or_default().push(index);
    }
    let names = sharing.keys().chain(reserved).map(|name| (*name).to_owned());
    let mut used = Names::new(names);
    let mut names = rust_names.clone();
    for (name, mut indexes) in sharing {
        indexes.sort_by_key(|index| (wires[*index] != name, wires[*index]));
        let kept = usize::from(!reserved.contains(&name));
        for index in indexes.into_iter().skip(kept) {
            names[index] = used.numbered(name, case);
        }
    }
    names
}

/// Returns unique names for the types of messages. They differ from the names that generated code uses from elsewhere.
pub(super) fn unique_message_names(stems: &[&str]) -> Vec<String> {
    const MORE: [&str; 7] = ["ContentError", "Decoded", "Message", "Ok", "Topic", "TopicMessage", "Unknown"];
    let reserved: Vec<&str> = RESERVED.into_iter().chain(MORE).collect();
    unique_names_except(stems, Case::Type, &reserved)
}

/// The used names of one scope.
#[derive(Debug, Default)]
struct Names {
    used: BTreeSet<String>,
    /// The next number to try for each name, so that many equal names take linear time.
    next: HashMap<String, u32>,
}

impl Names {
    fn new(names: impl Iterator<Item = String>) -> Self {
        Self { used: names.collect(), next: HashMap::new() }
    }

    /// Uses the name with the first free number from 2. The separator avoids warnings: in camel case, an underscore is
    /// valid only between digits or letters without case.
    fn numbered(&mut self, name: &str, case: Case) -> String {
        let name = name.trim_end_matches('_');
        let cased = name.ends_with(|last: char| last.is_lowercase() || last.is_uppercase());
        let part = if case == Case::Type && cased { "" } else { "_" };
        let number = self.next.entry(format!("{name}{part}")).or_insert(2);
        loop {
            let candidate = format!("{name}{part}{number}");
            *number += 1;
            if self.used.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

/// The used type names of one module.
#[derive(Debug)]
pub(super) struct TypeNames(Names);

/// The type names that generated code and its examples use from elsewhere.
const RESERVED: [&str; 30] = [
    "Authorization",
    "Box",
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
    "OpenEnum",
    "Option",
    "Paged",
    "Paging",
    "Record",
    "RecordMut",
    "Request",
    "Result",
    "Schema",
    "Self",
    "Slot",
    "Some",
    "String",
    "Vec",
    "View",
];

impl TypeNames {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Names::new(RESERVED.into_iter().map(str::to_owned).chain(names)))
    }

    /// Returns whether a name is used.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.used.contains(name)
    }

    /// Uses `name` if it is free; numbers it otherwise.
    pub(super) fn unique(&mut self, name: String) -> String {
        if self.0.used.insert(name.clone()) { name } else { self.0.numbered(&name, Case::Type) }
    }

    /// Uses `name` if it is free; otherwise appends `suffix` (default: `Object`), and numbers the result if needed.
    pub(super) fn unique_with_suffix(&mut self, name: &str, suffix: &str) -> String {
        let suffix = if suffix.is_empty() { "Object" } else { suffix };
        // `Self_Input` is not camel case.
        let suffixed = format!("{}{suffix}", name.trim_end_matches('_'));
        let name = if self.contains(name) { suffixed } else { name.to_owned() };
        self.unique(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::KEYWORDS;

    #[test]
    fn names_fields() {
        for (wire, name) in [
            ("sec_token", "sec_token"),
            ("pageSize", "page_size"),
            ("ID", "id"),
            ("is_3D", "is_3d"),
            ("_a", "a"),
            ("reentry.employee.account", "reentry_employee_account"),
            ("HTTPServer2Go", "http_server2_go"),
            ("3d", "n3d"),
            ("1", "n1"),
            ("self", "self_"),
            ("Self", "self_"),
            ("type", "type"),
            ("端口", "端口"),
            ("___", "unnamed"),
            ("area_m²", "area_m"),
            ("①", "unnamed"),
            ("gen", "gen"),
        ] {
            assert_eq!(snake_case(wire), name, "{wire}");
        }
    }

    #[test]
    fn names_types() {
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
            assert_eq!(pascal_case(wire), name, "{wire}");
        }
    }

    #[test]
    fn names_modules() {
        for (stem, name) in
            [("type", "type_"), ("mod", "mod_"), ("con", "con_"), ("LPT1", "lpt1_"), ("item.get", "item_get")]
        {
            assert_eq!(module_name(stem), name);
        }
    }

    #[test]
    fn unique_names_ignore_order() {
        assert_eq!(
            unique_names(&["pageSize", "page_size", "page.size"], Case::Field),
            ["page_size_3", "page_size", "page_size_2"]
        );
        assert_eq!(
            unique_names(&["page.size", "page_size", "pageSize"], Case::Field),
            ["page_size_2", "page_size", "page_size_3"]
        );
        assert_eq!(unique_names(&["a", "A", "a_2"], Case::Field), ["a", "a_3", "a_2"]);
    }

    #[test]
    fn unique_names_avoid_reserved_names() {
        assert_eq!(
            unique_names_except(&["Unknown", "unknown", "a"], Case::Type, &["Unknown"]),
            ["Unknown2", "Unknown3", "A"]
        );
        assert_eq!(unique_names(&["self", "Self"], Case::Type), ["Self2", "Self_"]);
        assert_eq!(unique_names(&["self", "Self"], Case::Field), ["self_2", "self_"]);
        assert_eq!(unique_names(&["new", "New", "new_2"], Case::Field), ["new_3", "new_", "new_2"]);
    }

    /// Returns whether rustc accepts a name as snake case: lower case, without consecutive underscores.
    fn is_snake(name: &str) -> bool {
        let inner = name.trim_matches('_');
        !inner.contains("__") && !inner.chars().any(char::is_uppercase)
    }

    /// Returns whether rustc accepts a name as camel case: no underscore next to a letter with case.
    fn is_camel(name: &str) -> bool {
        let inner: Vec<char> = name.trim_matches('_').chars().collect();
        let cased = |letter: char| letter.is_lowercase() || letter.is_uppercase();
        let beside = inner.windows(2).any(|pair| match pair {
            [letter, '_'] | ['_', letter] => cased(*letter) || *letter == '_',
            _ => false,
        });
        inner.first().is_some_and(|first| !first.is_lowercase()) && !beside
    }

    #[test]
    fn names_cause_no_warnings() {
        let mut wires = vec![
            "self",
            "Self",
            "SELF",
            "self_",
            "_self",
            "self_2",
            "Self2",
            "super",
            "Super",
            "crate",
            "Crate",
            "new",
            "New",
            "new_",
            "new_2",
            "type",
            "Type",
            "TYPE",
            "fn",
            "Fn",
            "a",
            "A",
            "_a",
            "a_",
            "a__b",
            "a_b",
            "aB",
            "AB",
            "ab",
            "a.b",
            "a-b",
            "3d",
            "n3d",
            "N3D",
            "_3d",
            "1",
            "_1",
            "1_2",
            "12",
            "a1",
            "a_1",
            "A1",
            "a1_2",
            "端口",
            "_端口",
            "端口_2",
            "端口2",
            "端_口",
            "端口a",
            "端口A",
            "_",
            "__",
            "unnamed",
            "Unnamed",
            "²",
            "HTTPServer",
            "http_server",
            "gen",
            "yield",
            "Option",
            "Vec",
        ];
        wires.extend(KEYWORDS);
        wires.sort_unstable();
        wires.dedup();
        for (case, is_valid) in
            [(Case::Field, is_snake as fn(&str) -> bool), (Case::Module, is_snake), (Case::Type, is_camel)]
        {
            let together = unique_names(&wires, case);
            assert_eq!(together.iter().collect::<BTreeSet<_>>().len(), wires.len());
            for (wire, name) in wires.iter().zip(&together) {
                assert!(is_valid(name), "{wire} as {name} beside all others");
            }
            for (first, second) in wires.iter().flat_map(|first| wires.iter().map(move |second| (*first, *second))) {
                let names = unique_names(&[first, second], case);
                assert!(names.iter().all(|name| is_valid(name)), "{first} and {second} as {names:?}");
            }
        }
        let mut names = TypeNames::new([]);
        for wire in wires.iter().chain(&wires) {
            let name = names.unique_with_suffix(&pascal_case(wire), "Input");
            assert!(is_camel(&name), "{wire} as the type {name}");
        }
    }

    #[test]
    fn used_type_names_get_a_suffix_or_number() {
        let mut names = TypeNames::new(["ItemGetRequest".to_owned()]);
        assert_eq!(names.unique_with_suffix("Item", ""), "Item");
        assert_eq!(names.unique_with_suffix("Item", "Input"), "ItemInput");
        assert_eq!(names.unique_with_suffix("Item", "Input"), "ItemInput2");
        assert_eq!(names.unique_with_suffix("Option", ""), "OptionObject");
    }
}
