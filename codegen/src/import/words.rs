//! The words of the platform's documents, and what they mean.

use crate::spec::{Authorization, Kind};

/// What a label of a document says of authorization, if that is what it speaks of.
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

/// What a cell of the column that says whether a parameter is required means.
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

/// A text without the characters that nobody can see, which pages and records are full of. White space stays.
pub(super) fn visible(text: &str) -> String {
    let hidden = |character: char| {
        (character.is_control() && !character.is_whitespace())
            || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{ffff}')
    };
    text.chars().filter(|character| !hidden(*character)).collect()
}

/// A type as a document spells it, taken apart and put in the words of specs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The word, of one element if it is a list.
    pub(super) word: String,
    pub(super) list: bool,
}

impl Spelling {
    /// Takes a spelling apart: `Trade []`, `List<Trade>` and `com.taobao.Trade[]` are all a list of `Trade`. Its word is
    /// empty if the document says none.
    pub(super) fn parse(text: &str) -> Self {
        let mut text: String = text.split_whitespace().collect();
        let mut list = false;
        // A list of lists keeps a pair of brackets, for which there is no type.
        if let Some(inner) = generic(&text, LISTS) {
            let lists = generic(&inner, LISTS).is_some();
            (text, list) = (if lists { format!("{inner}[]") } else { inner }, true);
        } else if let (Some(inner), false) = (text.strip_suffix("[]"), text.eq_ignore_ascii_case("byte[]")) {
            let inner = generic(inner, LISTS).map_or_else(|| inner.to_owned(), |inner| format!("{inner}[]"));
            (text, list) = (inner, true);
        }
        if generic(&text, &["map", "hashmap"]).is_some() {
            text = Kind::Map.word().to_owned();
        }
        // A class of Java's is its last name.
        if text.contains('.') && text.split('.').all(|part| !part.is_empty()) {
            text = text.rsplit('.').next().unwrap_or_default().to_owned();
        }
        let word = match text.to_ascii_lowercase().as_str() {
            "null" | "-" | "无" => String::new(),
            "string" | "str" | "text" | "char" | "varchar" => Kind::String.word().to_owned(),
            "number" | "long" | "int" | "integer" | "short" => Kind::Number.word().to_owned(),
            "boolean" | "bool" => Kind::Boolean.word().to_owned(),
            "date" | "datetime" => Kind::Date.word().to_owned(),
            "price" => Kind::Price.word().to_owned(),
            "bigdecimal" | "decimal" | "double" | "float" => Kind::BigDecimal.word().to_owned(),
            "json" => Kind::Json.word().to_owned(),
            "map" | "hashmap" => Kind::Map.word().to_owned(),
            "fieldlist" => Kind::FieldList.word().to_owned(),
            "byte" => Kind::Byte.word().to_owned(),
            "byte[]" | "file" => Kind::File.word().to_owned(),
            _ => text,
        };
        Self { word, list }
    }

    /// Whether a text can be a value of this type, or of one element of it.
    pub(super) fn fits(&self, text: &str) -> bool {
        let number = |text: &str| {
            let digits = text.trim_start_matches(['-', '+']).trim_end_matches('元');
            digits.starts_with(|first: char| first.is_ascii_digit())
                && digits.chars().all(|character| character.is_ascii_digit() || matches!(character, '.' | '-'))
        };
        let mut parts = text.split([',', '，']);
        match self.kind() {
            Some(Kind::Number | Kind::Price | Kind::BigDecimal | Kind::Byte) => parts.all(number),
            Some(Kind::Boolean) => {
                parts.all(|word| matches!(word.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1"))
            }
            Some(Kind::Date) => parts.all(number) || text.contains("yyyy"),
            Some(_) => true,
            // An object's example is nothing, or the name of its type.
            None => text == self.word,
        }
    }

    /// As a spec spells it.
    pub(super) fn spelled(&self) -> String {
        if self.list { format!("{}[]", self.word) } else { self.word.clone() }
    }

    /// The type if the word is one of the page's own.
    pub(super) fn kind(&self) -> Option<Kind> {
        Kind::from_word(&self.word)
    }
}

/// What Java calls its lists.
const LISTS: &[&str] = &["list", "arraylist", "set", "collection", "array"];

/// What stands between the angle brackets behind one of `names`.
fn generic(text: &str, names: &[&str]) -> Option<String> {
    let (name, rest) = text.split_once('<')?;
    let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let inner = rest.strip_suffix('>')?;
    names.contains(&name.as_str()).then(|| inner.to_owned())
}

/// `price_info` and `price.info` as `PriceInfo`: a name for the type of a field that has none.
pub(super) fn type_name(field: &str) -> String {
    let words = field.split(['_', '-', '.']).filter(|word| !word.is_empty());
    let mut name: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect();
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || Kind::from_word(&name).is_some() {
        name.insert_str(0, "Of");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
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
    fn required_or_not() {
        for (cell, meaning) in
            [("是", Some(true)), ("必须", Some(true)), ("TRUE", Some(true)), ("否", Some(false)), ("可选", Some(false))]
        {
            assert_eq!(required(cell), meaning, "{cell}");
        }
        assert_eq!(required("sec_token"), None);
    }

    #[test]
    fn spellings() {
        for (text, spelled) in [
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
            assert_eq!(Spelling::parse(text).spelled(), spelled, "{text}");
        }
    }

    #[test]
    fn type_names() {
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
