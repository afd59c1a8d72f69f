//! Texts and names of specs as tokens of Rust, so that none of them can become anything else.

use proc_macro2::{Ident, Literal, Span};

use crate::identifier::is_keyword;

/// A text as a Rust literal.
pub(super) fn literal(text: &str) -> String {
    Literal::string(text).to_string()
}

/// A name as Rust writes it, with the `r#` of a keyword.
pub(super) fn ident(name: &str) -> Ident {
    if is_keyword(name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}

/// A text as a raw Rust literal, which is readable if it has many lines.
pub(super) fn raw_literal(text: &str) -> String {
    // A raw literal cannot hold a carriage return.
    if text.contains('\r') {
        return literal(text);
    }
    let longest = text.split(|character| character != '#').map(str::len).max().unwrap_or_default();
    let hashes = "#".repeat(longest + 1);
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_literals_hold_the_text() {
        for text in ["", "a: \"b\"\n# c\n", "\"#", "\"##\" and \"#\"", "a\rb", "\\ \u{feff}"] {
            let literal: syn::LitStr = syn::parse_str(&raw_literal(text)).unwrap();
            assert_eq!(literal.value(), text);
        }
    }
}
