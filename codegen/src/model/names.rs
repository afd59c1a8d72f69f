//! Rust names for wire names: readable, stable, and distinct without regard to the order of files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, 'n');
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
    if is_keyword(&name) || is_device(&name) { name + "_" } else { name }
}

/// Whether Windows takes a file of this name, whatever its extension, for a device.
pub(crate) fn is_device(name: &str) -> bool {
    let numbered = |prefix| name.strip_prefix(prefix).is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']));
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
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
    if pascal.starts_with(|first: char| first.is_ascii_digit()) {
        pascal.insert(0, 'N');
    }
    // The one keyword that looks like a type, which not even `r#` makes a name.
    if pascal == "Self" {
        pascal.push('_');
    }
    pascal
}

/// Whether a character is one that names are made of: a letter or digit of ASCII, or a Chinese character. Of others there
/// are some that Rust takes for each other, or warns of.
pub(crate) fn is_named(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// The lower-case words of a name, parted by what names are not made of and where a capital begins a word (`userInfo`,
/// `HTTPServer`).
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in name.split(|character: char| !is_named(character)) {
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

/// What a name is the name of, and so how it is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// A field or a function: `page_size`.
    Field,
    /// A module and its file: a field's name that is not a keyword.
    Module,
    /// A type or a variant: `PageSize`.
    Type,
}

impl Case {
    /// The name for a wire name.
    fn name(self, wire: &str) -> String {
        match self {
            Self::Field => snake(wire),
            Self::Module => module(wire),
            Self::Type => pascal(wire),
        }
    }
}

/// A name for each of `wires`, spelled as `case` and told apart where that gives the same one.
///
/// The wire name that is its own Rust name keeps it; the others that share it are numbered from 2 in byte order. So a
/// name depends on the names beside it and not on where they stand.
pub(super) fn distinct(wires: &[&str], case: Case) -> Vec<String> {
    distinct_from(wires, case, &[])
}

/// The same with names that are given away to something else.
pub(super) fn distinct_from(wires: &[&str], case: Case, given_away: &[&str]) -> Vec<String> {
    let made: Vec<String> = wires.iter().map(|wire| case.name(wire)).collect();
    let mut sharing: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in made.iter().enumerate() {
        sharing.entry(name).or_default().push(index);
    }
    let names = sharing.keys().chain(given_away).map(|name| (*name).to_owned());
    let mut taken = Names::new(names);
    let mut names = made.clone();
    for (name, mut indexes) in sharing {
        indexes.sort_by_key(|index| (wires[*index] != name, wires[*index]));
        let kept = usize::from(!given_away.contains(&name));
        for index in indexes.into_iter().skip(kept) {
            names[index] = taken.numbered(name, case);
        }
    }
    names
}

/// The names that are given away in one scope.
#[derive(Debug, Default)]
struct Names {
    taken: BTreeSet<String>,
    /// The number to try next for each numbered name, so that many equal names take linear time.
    next: HashMap<String, u32>,
}

impl Names {
    fn new(names: impl Iterator<Item = String>) -> Self {
        Self { taken: names.collect(), next: HashMap::new() }
    }

    /// Takes the name with the first number from 2 that makes it free, parted from it so that rustc does not warn: in camel
    /// case an underscore is only between digits or letters without a case, and two are nowhere side by side.
    fn numbered(&mut self, name: &str, case: Case) -> String {
        let name = name.trim_end_matches('_');
        let cased = name.ends_with(|last: char| last.is_lowercase() || last.is_uppercase());
        let part = if case == Case::Type && cased { "" } else { "_" };
        let number = self.next.entry(format!("{name}{part}")).or_insert(2);
        loop {
            let candidate = format!("{name}{part}{number}");
            *number += 1;
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

/// The type names that are given away in one module.
#[derive(Debug)]
pub(super) struct Taken(Names);

/// The names that generated code uses for other things.
const USED: [&str; 29] = [
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
    "Paged",
    "Paging",
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
        Self(Names::new(USED.into_iter().map(str::to_owned).chain(names)))
    }

    /// Whether a name is given away.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.taken.contains(name)
    }

    /// `name` if it is free; numbered otherwise.
    pub(super) fn take_or_number(&mut self, name: String) -> String {
        if self.0.taken.insert(name.clone()) { name } else { self.0.numbered(&name, Case::Type) }
    }

    /// `name` if it is free; else with `suffix` behind it, or `Object` for want of one; else numbered.
    pub(super) fn take(&mut self, name: &str, suffix: &str) -> String {
        let suffix = if suffix.is_empty() { "Object" } else { suffix };
        // `Self_Input` would not be camel case.
        let suffixed = format!("{}{suffix}", name.trim_end_matches('_'));
        let name = if self.has(name) { suffixed } else { name.to_owned() };
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
        for (stem, name) in
            [("type", "type_"), ("mod", "mod_"), ("con", "con_"), ("LPT1", "lpt1_"), ("item.get", "item_get")]
        {
            assert_eq!(module(stem), name);
        }
    }

    #[test]
    fn collisions_do_not_depend_on_order() {
        assert_eq!(
            distinct(&["pageSize", "page_size", "page.size"], Case::Field),
            ["page_size_3", "page_size", "page_size_2"]
        );
        assert_eq!(
            distinct(&["page.size", "page_size", "pageSize"], Case::Field),
            ["page_size_2", "page_size", "page_size_3"]
        );
        assert_eq!(distinct(&["a", "A", "a_2"], Case::Field), ["a", "a_3", "a_2"]);
    }

    #[test]
    fn names_that_are_given_away() {
        assert_eq!(
            distinct_from(&["Unknown", "unknown", "a"], Case::Type, &["Unknown"]),
            ["Unknown2", "Unknown3", "A"]
        );
        assert_eq!(distinct(&["self", "Self"], Case::Type), ["Self2", "Self_"]);
        assert_eq!(distinct(&["self", "Self"], Case::Field), ["self_2", "self_"]);
        assert_eq!(distinct(&["new", "New", "new_2"], Case::Field), ["new_3", "new_", "new_2"]);
    }

    /// Whether rustc takes a name for snake case: in lower case, without two underscores side by side.
    fn is_snake(name: &str) -> bool {
        let inner = name.trim_matches('_');
        !inner.contains("__") && !inner.chars().any(char::is_uppercase)
    }

    /// Whether rustc takes a name for camel case: no underscore beside a letter that has a case.
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
    fn no_names_side_by_side_give_a_warning() {
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
        for (case, is_good) in
            [(Case::Field, is_snake as fn(&str) -> bool), (Case::Module, is_snake), (Case::Type, is_camel)]
        {
            let together = distinct(&wires, case);
            assert_eq!(together.iter().collect::<BTreeSet<_>>().len(), wires.len());
            for (wire, name) in wires.iter().zip(&together) {
                assert!(is_good(name), "{wire} as {name} beside all others");
            }
            for (first, second) in wires.iter().flat_map(|first| wires.iter().map(move |second| (*first, *second))) {
                let names = distinct(&[first, second], case);
                assert!(names.iter().all(|name| is_good(name)), "{first} and {second} as {names:?}");
            }
        }
        let mut taken = Taken::new([]);
        for wire in wires.iter().chain(&wires) {
            let name = taken.take(&pascal(wire), "Input");
            assert!(is_camel(&name), "{wire} as the type {name}");
        }
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
