//! The names that specs may contain.

use crate::identifier::{is_identifier_character, is_keyword, is_windows_device};

/// Returns whether a text is a valid method name. It is also a file name.
pub fn is_method_name(name: &str) -> bool {
    name.len() <= 200
        && name.contains('.')
        && name.split('.').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// Returns whether a text is a valid topic name. It is also a file name.
pub fn is_topic_name(name: &str) -> bool {
    name.len() <= 200
        && name.contains('_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns whether a text is a valid category. It is also a folder, a module and a feature.
pub fn is_category(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 64
        && !name.contains("__")
        && !name.ends_with('_')
        && !is_keyword(name)
        && !is_windows_device(name)
        && !RESERVED.contains(&name)
}

/// Features of the SDK that are not categories, and other reserved module names.
const RESERVED: &[&str] = &[
    "blocking",
    "client",
    "default",
    "full",
    "gzip",
    "hyper",
    "messages",
    "mod",
    "native-tls",
    "redis",
    "reqwest-0_13",
    "rustls",
    "rustls-no-provider",
    "rustls-ring",
    "socks",
    "std",
    "system-proxy",
    "test",
];

/// Returns whether a text is a valid name of a parameter or a node: ASCII letters and digits, Chinese characters, `_`,
/// `-`, `.`.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 200
        && name.chars().any(is_identifier_character)
        && name.chars().all(|character| is_identifier_character(character) || matches!(character, '_' | '-' | '.'))
}

/// Returns whether a text is a valid name of an object.
pub(crate) fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| is_identifier_character(first) && !first.is_ascii_digit())
        && name.len() <= 200
        && name.chars().all(|character| is_identifier_character(character) || character == '_')
}
