//! Texts and names of specs as tokens of Rust, so that none of them can become anything else.

use proc_macro2::{Ident, Literal, Span};

use crate::model::is_keyword;

/// A text as a Rust literal.
pub(super) fn literal(text: &str) -> String {
    Literal::string(text).to_string()
}

/// A name as Rust writes it, with the `r#` of a keyword.
pub(super) fn ident(name: &str) -> Ident {
    if is_keyword(name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}
