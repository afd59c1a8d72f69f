//! The vocabulary of the platform's documents: labels, markers and type names.

use crate::spec::{Authorization, Kind, TypeName, inferred_number};

/// Returns the authorization that a label states; `None` for other labels.
pub(super) fn authorization(label: &str) -> Option<Authorization> {
    let has = |words: &[&str]| words.iter().any(|word| label.contains(word));
    let english = label.to_ascii_lowercase();
    if let Some(kind) = english.contains("authoriz").then_some(english) {
        let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
        return match () {
            () if says(&["no ", "not ", "without", "free of"]) => Some(Authorization::None),
            () if says(&["optional"]) => Some(Authorization::Optional),
            () if says(&["require", "need", "must"]) => Some(Authorization::Required),
            () => None,
        };
    }
    if !has(&["授权"]) {
        None
    } else if has(&["不需", "无需", "无须", "不必", "不用", "免授权"]) {
        Some(Authorization::None)
    } else if has(&["可选"]) {
        Some(Authorization::Optional)
    } else if has(&["需", "必须", "须"]) {
        Some(Authorization::Required)
    } else {
        None
    }
}

/// Returns whether a cell of the column "required" means yes or no.
pub(super) fn required(cell: &str) -> Option<bool> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "是" | "必须" | "必需" | "必填" | "必选" | "必传" | "true" | "yes" | "y" | "required" | "mandatory" => {
            Some(true)
        }
        "否" | "可选" | "选填" | "非必须" | "非必需" | "非必填" | "不必须" | "特殊可选" | "false" | "no" | "n"
        | "optional" | "special" => Some(false),
        _ => None,
    }
}

/// Returns the trimmed text of a cell; empty for markers of an empty cell, such as `null` and `-`.
pub(super) fn cell_text(cell: &str) -> &str {
    const EMPTY: [&str; 5] = ["null", "-", "--", "n/a", "无"];
    let cell = cell.trim();
    if EMPTY.iter().any(|marker| marker.eq_ignore_ascii_case(cell)) { "" } else { cell }
}

/// Removes invisible characters other than white space; pages and records contain many.
pub(super) fn strip_invisible(text: &str) -> String {
    let hidden = |character: char| {
        (character.is_control() && !character.is_whitespace())
            || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{ffff}')
    };
    text.chars().filter(|character| !hidden(*character)).collect()
}

/// The type of a parameter, parsed from the spelling of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentType {
    /// The type of one element if it is a list.
    pub(super) name: String,
    pub(super) list: bool,
}

impl DocumentType {
    pub(super) fn new(kind: Kind, list: bool) -> Self {
        Self { name: kind.name().to_owned(), list }
    }

    /// Parses a spelling: `Trade []`, `List<Trade>` and `com.taobao.Trade[]` are all a list of `Trade`. The name is
    /// empty if the document states no type.
    pub(super) fn parse(text: &str) -> Self {
        let mut text: String = cell_text(text).split_whitespace().collect();
        let mut list = false;
        // A list of lists keeps one pair of brackets, which is not a valid type.
        if let Some(inner) = type_argument(&text, LIST_TYPES) {
            let lists = type_argument(&inner, LIST_TYPES).is_some();
            (text, list) = (if lists { format!("{inner}[]") } else { inner }, true);
        } else if let (Some(inner), false) = (text.strip_suffix("[]"), text.eq_ignore_ascii_case("byte[]")) {
            let inner = type_argument(inner, LIST_TYPES).map_or_else(|| inner.to_owned(), |inner| format!("{inner}[]"));
            (text, list) = (inner, true);
        }
        if type_argument(&text, &["map", "hashmap"]).is_some() {
            text = Kind::Map.name().to_owned();
        }
        // A Java class is identified by its last name.
        if text.contains('.') && text.split('.').all(|part| !part.is_empty()) {
            text = text.rsplit('.').next().unwrap_or_default().to_owned();
        }
        let name = match text.to_ascii_lowercase().as_str() {
            "string" | "str" | "text" | "char" | "varchar" => Kind::String.name().to_owned(),
            "number" | "long" | "int" | "integer" | "short" => Kind::Number.name().to_owned(),
            "boolean" | "bool" => Kind::Boolean.name().to_owned(),
            "date" | "datetime" => Kind::Date.name().to_owned(),
            "price" => Kind::Price.name().to_owned(),
            "bigdecimal" | "decimal" | "double" | "float" => Kind::BigDecimal.name().to_owned(),
            "json" => Kind::Json.name().to_owned(),
            "map" | "hashmap" => Kind::Map.name().to_owned(),
            "fieldlist" => Kind::FieldList.name().to_owned(),
            "byte" => Kind::Byte.name().to_owned(),
            "byte[]" | "file" => Kind::File.name().to_owned(),
            _ => text,
        };
        Self { name, list }
    }

    /// Returns whether a spec accepts `text` as an example of this type.
    pub(super) fn accepts(&self, text: &str) -> bool {
        self.as_type_name().accepts(text)
    }

    /// Returns whether `text` can be the example in a document, from which the type of a number may be inferred. The example
    /// of an object is the name of its type.
    pub(super) fn may_have_example(&self, text: &str) -> bool {
        match self.kind() {
            None => text == self.name,
            Some(Kind::Number | Kind::Byte) => self.accepts(text) || inferred_number(text).is_some(),
            Some(_) => self.accepts(text),
        }
    }

    /// Returns the spelling of a spec.
    pub(super) fn spec_type(&self) -> String {
        if self.list { format!("{}[]", self.name) } else { self.name.clone() }
    }

    /// Borrows the type as that of a spec.
    pub(super) fn as_type_name(&self) -> TypeName<'_> {
        TypeName { name: &self.name, list: self.list }
    }

    /// Returns the platform type; `None` for an object.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.as_type_name().kind()
    }

    /// Returns whether a value is a number or a boolean, so that few texts are examples or defaults.
    pub(super) fn is_number_or_boolean(&self) -> bool {
        self.as_type_name().is_numeric() || self.kind() == Some(Kind::Boolean)
    }
}

/// The list types of Java.
const LIST_TYPES: &[&str] = &["list", "arraylist", "set", "collection", "array"];

/// Returns the type argument of one of the type_argument types `names`.
fn type_argument(text: &str, names: &[&str]) -> Option<String> {
    let (name, rest) = text.split_once('<')?;
    let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let inner = rest.strip_suffix('>')?;
    names.contains(&name.as_str()).then(|| inner.to_owned())
}

/// Derives a type name from the name of a field: `PriceInfo` from `price_info` and `price.info`.
pub(super) fn type_name(field: &str) -> String {
    let words = field.split(['_', '-', '.']).filter(|word| !word.is_empty());
    let mut name: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect();
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || Kind::from_name(&name).is_some() {
        name.insert_str(0, "Of");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_authorization_labels() {
        for (label, meaning) in [
            ("不需要授权", Some(Authorization::None)),
            ("不需用户授权", Some(Authorization::None)),
            ("无需授权", Some(Authorization::None)),
            ("不用授权", Some(Authorization::None)),
            ("免授权", Some(Authorization::None)),
            ("可选授权", Some(Authorization::Optional)),
            ("可选用户授权", Some(Authorization::Optional)),
            ("需要授权", Some(Authorization::Required)),
            ("必须用户授权", Some(Authorization::Required)),
            ("用户授权介绍", None),
            ("￥免费", None),
            ("查看API收费规则", None),
            ("", None),
        ] {
            assert_eq!(authorization(label), meaning, "{label}");
        }
    }

    #[test]
    fn reads_required_cells() {
        for (cell, meaning) in
            [("是", Some(true)), ("必须", Some(true)), ("TRUE", Some(true)), ("否", Some(false)), ("可选", Some(false))]
        {
            assert_eq!(required(cell), meaning, "{cell}");
        }
        assert_eq!(required("sec_token"), None);
    }

    #[test]
    fn parses_type_spellings() {
        for (text, expected) in [
            ("String", "String"),
            ("String []", "String[]"),
            ("Trade[ ]", "Trade[]"),
            ("byte[]", "byte[]"),
            ("byte[][]", "byte[][]"),
            ("byte [] []", "byte[][]"),
            ("Field List", "Field List"),
            ("FieldList", "Field List"),
            ("Long", "Number"),
            ("boolean", "Boolean"),
            ("java.util.Date", "Date"),
            ("List<Trade>", "Trade[]"),
            ("java.util.List<com.taobao.top.Trade>", "Trade[]"),
            ("List<String>[]", "String[][]"),
            ("List<List<Long>>", "List<Long>[][]"),
            ("HashMap<String,Object>", "Map"),
            ("double", "BigDecimal"),
            ("decimal", "BigDecimal"),
            ("float", "BigDecimal"),
            ("Map<String, Object>", "Map"),
            ("Result<Trade>", "Result<Trade>"),
            ("", ""),
            ("null", ""),
            ("[]", "[]"),
            ("...", "..."),
        ] {
            assert_eq!(DocumentType::parse(text).spec_type(), expected, "{text}");
        }
    }

    #[test]
    fn recognizes_empty_cells() {
        for cell in ["", " - ", "--", "NULL", "null", "N/A", "无"] {
            assert_eq!(cell_text(cell), "", "{cell}");
        }
        for cell in ["0", "无效", "- a", "nullable"] {
            assert_eq!(cell_text(cell), cell);
        }
    }

    #[test]
    fn recognizes_examples_of_types() {
        for (document_type, example, expected) in [
            ("Number", "1.5", true),
            ("Number", "1，2", true),
            ("Number", "数量", false),
            ("Date", "2024-06-18", true),
            ("Date", "开始", false),
            ("Boolean", "True", true),
            ("Boolean", "是否", false),
            ("Trade", "Trade", true),
            ("Trade", "交易", false),
        ] {
            assert_eq!(
                DocumentType::parse(document_type).may_have_example(example),
                expected,
                "{document_type} {example}"
            );
        }
    }

    #[test]
    fn derives_type_names() {
        for (field, name) in [
            ("price_info", "PriceInfo"),
            ("a.b-c", "ABC"),
            ("price", "OfPrice"),
            ("3d", "Of3d"),
            ("_", "Of"),
            ("端口", "端口"),
        ] {
            assert_eq!(type_name(field), name, "{field}");
        }
    }
}
