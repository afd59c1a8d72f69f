//! The page's type words.

/// A type that needs no further description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date and time at GMT+8.
    Date,
    /// Money.
    Price,
    /// An exact decimal.
    BigDecimal,
    /// JSON text.
    Json,
    /// A JSON object with keys of the caller's choosing.
    Map,
    /// Names of fields to return.
    FieldList,
    /// A whole number of one byte.
    Byte,
    /// A file.
    File,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::String,
        Self::Number,
        Self::Boolean,
        Self::Date,
        Self::Price,
        Self::BigDecimal,
        Self::Json,
        Self::Map,
        Self::FieldList,
        Self::Byte,
        Self::File,
    ];

    /// The page's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Price => "Price",
            Self::BigDecimal => "BigDecimal",
            Self::Json => "Json",
            Self::Map => "Map",
            Self::FieldList => "Field List",
            Self::Byte => "byte",
            Self::File => "byte[]",
        }
    }

    /// Whether a text can be a value of this type. The unit of a price and any spelling of a date and a truth value count,
    /// as documents use them.
    pub fn accepts(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::String | Self::FieldList | Self::File | Self::Json => true,
            Self::Number => text.parse::<i64>().is_ok(),
            Self::Byte => text.parse::<i16>().is_ok_and(|byte| (-128..256).contains(&byte)),
            Self::Price => is_decimal(text.strip_suffix('元').unwrap_or(text)),
            Self::BigDecimal => is_decimal(text),
            Self::Boolean => matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1"),
            Self::Date => is_date(text),
            Self::Map => serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok(),
        }
    }

    /// The type that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Whether a text is a decimal number without an exponent.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a text is a day, with or without a time of the day: `2024-06-18 10:00:00`, `2024/6/18`, `2024-06-18T10:00`.
fn is_date(text: &str) -> bool {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, parts: &[char]| {
        let read = text.split(parts).map(|part| part.parse::<u16>().ok().filter(|_| part.len() <= 4));
        read.collect::<Option<Vec<u16>>>()
    };
    let seconds = time.trim().trim_end_matches('Z');
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let day = matches!(
        numbers(day, &['-', '/', '.']).as_deref(),
        Some([year, month, day]) if (1000..=9999).contains(year) && (1..=12).contains(month) && (1..=31).contains(day)
    );
    day && match numbers(seconds, &[':']).as_deref() {
        Some([hour, minute]) => *hour < 24 && *minute < 60,
        Some([hour, minute, second]) => *hour < 24 && *minute < 60 && *second <= 60,
        _ => false,
    }
}

/// The elements that an example of a list shows: parted by commas, or as a JSON array.
pub(crate) fn elements(example: &str) -> Vec<&str> {
    let example = example.trim();
    let inside = example.strip_prefix('[').and_then(|example| example.strip_suffix(']')).unwrap_or(example);
    let elements = inside.split([',', '，']).map(|element| element.trim().trim_matches('"'));
    elements.filter(|_| !inside.trim().is_empty()).collect()
}

/// A type as a spec spells it, taken apart: `Trade[]` is a list of `Trade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeName<'a> {
    /// The word, of one element if it is a list.
    pub word: &'a str,
    /// Whether it is a list.
    pub list: bool,
}

impl<'a> TypeName<'a> {
    /// Takes a spelling apart.
    pub fn parse(text: &'a str) -> Self {
        match text.strip_suffix("[]") {
            // A list of bytes is a file, which is one thing.
            Some("byte") => Self { word: text, list: false },
            Some(word) => Self { word, list: true },
            None => Self { word: text, list: false },
        }
    }

    /// The key or element that holds each element of a list of this type (docs/protocol.md section 4.3): `_` before
    /// every capital but the first letter, all in lower case, without regard to acronyms.
    pub fn inner_key(self) -> String {
        let mut key = String::new();
        for (index, character) in self.word.chars().enumerate() {
            if character.is_ascii_uppercase() && index > 0 {
                key.push('_');
            }
            key.push(character.to_ascii_lowercase());
        }
        key
    }

    /// Whether `example` can be a value of this type. The example of an object is JSON.
    pub fn accepts(self, example: &str) -> bool {
        match self.kind() {
            None => example.trim_start().starts_with(['{', '[']),
            // The elements are JSON themselves, which holds commas.
            Some(Kind::Json | Kind::Map) if self.list => true,
            Some(kind) if self.list => elements(example).into_iter().all(|element| kind.accepts(element)),
            Some(kind) => kind.accepts(example),
        }
    }

    /// The type if the word is one of the page's own, `None` for an object.
    pub fn kind(self) -> Option<Kind> {
        Kind::from_word(self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_taken_apart() {
        for (text, word, list) in [
            ("String", "String", false),
            ("String[]", "String", true),
            ("byte", "byte", false),
            ("byte[]", "byte[]", false),
            ("byte[][]", "byte[]", true),
            ("Field List", "Field List", false),
        ] {
            assert_eq!(TypeName::parse(text), TypeName { word, list }, "{text}");
            assert!(TypeName::parse(text).kind().is_some(), "{text}");
        }
        assert_eq!(TypeName::parse("Trade[]").kind(), None);
    }

    #[test]
    fn examples_that_a_type_accepts() {
        for (kind, accepted, refused) in [
            ("String", vec!["", "x", "1,2"], vec![]),
            (
                "Number",
                vec!["0", "-1", "9223372036854775807"],
                vec!["0.5", "1,2,3", "x", "", "9223372036854775808", "1e3"],
            ),
            ("Number[]", vec!["", "1", "1,2,3", "1，2", "[1, 2]", "[]"], vec!["0.5", "1,x", "1,,2"]),
            ("BigDecimal", vec!["0.5", "-1", "12345678901234567890.5"], vec![".5", "5.", "1,2", "x", "1.2.3"]),
            ("BigDecimal[]", vec!["0.5,1"], vec!["0.5,x"]),
            ("Price", vec!["1.50", "100.00元"], vec!["元", "x"]),
            ("Boolean", vec!["true", "False", "0", "1"], vec!["是", "yes", "2", "true,false"]),
            ("Boolean[]", vec!["true,false"], vec!["true,x"]),
            (
                "Date",
                vec!["2024-06-18 10:00:00", "2024-06-18", "2024/06/18 10:00", "2024-06-18T10:00:00.000Z"],
                vec![
                    "2024-13-01",
                    "2024-06-18 24:00:00",
                    "2024-06-18 10:00:00.",
                    "2024-06-18 10:00.0间",
                    "yyyy-MM-dd",
                    "1718676000000",
                    "x",
                    "2024-06",
                ],
            ),
            ("byte", vec!["0", "-128", "255"], vec!["256", "x"]),
            ("byte[]", vec!["x"], vec![]),
            ("byte[][]", vec!["x,y"], vec![]),
            ("Field List", vec!["a,b"], vec![]),
            ("Json", vec!["{", "1"], vec![]),
            ("Map", vec!["{}", "{\"a\": 1}"], vec!["x", "[]", "{"]),
            ("Map[]", vec!["{},{}"], vec![]),
            ("Trade", vec!["{\"tid\": 1}"], vec!["Trade", ""]),
            ("Trade[]", vec!["[{}]"], vec!["1"]),
        ] {
            for (examples, accepts) in [(accepted, true), (refused, false)] {
                for example in examples {
                    assert_eq!(TypeName::parse(kind).accepts(example), accepts, "{kind} {example:?}");
                }
            }
        }
    }

    #[test]
    fn inner_keys() {
        for (word, key) in [
            ("String[]", "string"),
            ("Number[]", "number"),
            ("Price[]", "price"),
            ("Trade[]", "trade"),
            ("ItemTaoSirElDO[]", "item_tao_sir_el_d_o"),
            ("TaohuaItemPVPair[]", "taohua_item_p_v_pair"),
            ("TopAtBleDeviceVO[]", "top_at_ble_device_v_o"),
            ("MapData[]", "map_data"),
            ("Top2Item[]", "top2_item"),
        ] {
            assert_eq!(TypeName::parse(word).inner_key(), key, "{word}");
        }
    }
}
