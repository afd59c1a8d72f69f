//! The types of the platform.

/// A built-in type of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A string.
    String,
    /// An integer.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date and time in GMT+8.
    Date,
    /// An amount of money.
    Price,
    /// A decimal number.
    BigDecimal,
    /// A string of JSON.
    Json,
    /// A JSON object with arbitrary keys.
    Map,
    /// The names of the fields to return.
    FieldList,
    /// An integer of one byte.
    Byte,
    /// A file.
    File,
}

impl Kind {
    /// All types.
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

    /// Returns the platform's name.
    pub const fn name(self) -> &'static str {
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

    /// Returns whether a text is a value of this type, as documents write it: with the unit of a price, and any
    /// spelling of a date or a boolean.
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

    /// Returns the type with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Returns whether a text is a decimal number without an exponent.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns whether a text is a date with an optional time: `2024-06-18 10:00:00`, `2024/6/18`, `2024-06-18T10:00`.
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

/// Returns the elements in the example of a list: comma-separated or a JSON array.
pub(crate) fn elements(example: &str) -> Vec<&str> {
    let example = example.trim();
    let inside = example.strip_prefix('[').and_then(|example| example.strip_suffix(']')).unwrap_or(example);
    let elements = inside.split([',', '，']).map(|element| element.trim().trim_matches('"'));
    elements.filter(|_| !inside.trim().is_empty()).collect()
}

/// Returns the numeric type of an example, `Number` or `BigDecimal`, and whether the example is a list.
pub(crate) fn inferred_number(example: &str) -> Option<(Kind, bool)> {
    let elements = elements(example);
    let is_list = elements.len() > 1 || example.trim_start().starts_with('[');
    let accepts = |kind: &Kind| !elements.is_empty() && elements.iter().all(|element| kind.accepts(element));
    [Kind::Number, Kind::BigDecimal].into_iter().find(accepts).map(|kind| (kind, is_list))
}

/// A parsed type: `Trade[]` is a list of `Trade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeName<'a> {
    /// The name; of one element if the type is a list.
    pub name: &'a str,
    /// Whether the type is a list.
    pub list: bool,
}

impl<'a> TypeName<'a> {
    /// Parses a type.
    pub fn parse(text: &'a str) -> Self {
        match text.strip_suffix("[]") {
            // A list of bytes is a file.
            Some("byte") => Self { name: text, list: false },
            Some(name) => Self { name, list: true },
            None => Self { name: text, list: false },
        }
    }

    /// Returns the key of the elements of a list (docs/protocol.md section 4.3): lower case, with `_` before every
    /// capital except the first letter. Acronyms are not special.
    pub fn inner_key(self) -> String {
        let mut key = String::new();
        for (index, character) in self.name.chars().enumerate() {
            if character.is_ascii_uppercase() && index > 0 {
                key.push('_');
            }
            key.push(character.to_ascii_lowercase());
        }
        key
    }

    /// Returns whether `example` is a value of this type. The example of an object is JSON.
    pub fn accepts(self, example: &str) -> bool {
        match self.kind() {
            None => example.trim_start().starts_with(['{', '[']),
            // The elements are JSON, which may contain commas.
            Some(Kind::Json | Kind::Map) if self.list => true,
            Some(kind) if self.list => elements(example).into_iter().all(|element| kind.accepts(element)),
            Some(kind) => kind.accepts(example),
        }
    }

    /// Returns whether `max_length` applies.
    pub(crate) fn has_length(self) -> bool {
        match self.kind() {
            Some(Kind::String | Kind::FieldList | Kind::File) => true,
            Some(Kind::Json | Kind::Map) => !self.list,
            _ => false,
        }
    }

    /// Returns whether `max_list_size` applies. In many documents a list is a comma-separated string.
    pub(crate) fn has_list_size(self) -> bool {
        self.list || matches!(self.kind(), Some(Kind::String | Kind::FieldList))
    }

    /// Returns whether `min_value` and `max_value` apply.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self.kind(), Some(Kind::Number | Kind::Byte | Kind::Price | Kind::BigDecimal))
    }

    /// Returns whether an example violates limits. Elements of lists are not checked.
    pub(crate) fn violates_limits(
        self,
        example: &str,
        max_length: Option<i64>,
        min_value: Option<i64>,
        max_value: Option<i64>,
    ) -> bool {
        let length = i64::try_from(example.encode_utf16().count()).unwrap_or(i64::MAX);
        let is_long = self.kind() == Some(Kind::String) && max_length.is_some_and(|max| length > max);
        let is_outside = example
            .parse::<i64>()
            .is_ok_and(|number| min_value.is_some_and(|min| number < min) || max_value.is_some_and(|max| number > max));
        !self.list && (is_long || is_outside)
    }

    /// Returns the built-in type; `None` for an object.
    pub fn kind(self) -> Option<Kind> {
        Kind::from_name(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_types() {
        for (text, name, list) in [
            ("String", "String", false),
            ("String[]", "String", true),
            ("byte", "byte", false),
            ("byte[]", "byte[]", false),
            ("byte[][]", "byte[]", true),
            ("Field List", "Field List", false),
        ] {
            assert_eq!(TypeName::parse(text), TypeName { name, list }, "{text}");
            assert!(TypeName::parse(text).kind().is_some(), "{text}");
        }
        assert_eq!(TypeName::parse("Trade[]").kind(), None);
    }

    #[test]
    fn accepts_examples() {
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
    fn infers_numeric_types_from_examples() {
        for (example, inferred) in [
            ("5", Some((Kind::Number, false))),
            ("0.5", Some((Kind::BigDecimal, false))),
            ("1,2", Some((Kind::Number, true))),
            ("1，0.5", Some((Kind::BigDecimal, true))),
            ("[5]", Some((Kind::Number, true))),
            ("[]", None),
            ("x", None),
        ] {
            assert_eq!(inferred_number(example), inferred, "{example}");
        }
    }

    #[test]
    fn derives_inner_keys() {
        for (name, key) in [
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
            assert_eq!(TypeName::parse(name).inner_key(), key, "{name}");
        }
    }
}
