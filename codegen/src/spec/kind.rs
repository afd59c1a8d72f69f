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

    /// The type that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
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

    /// The key or element that holds each element of a list of this type (protocol.md 4.3): `_` before every capital but
    /// the first letter, all in lower case, without regard to acronyms.
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
