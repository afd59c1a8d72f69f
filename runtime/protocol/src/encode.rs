//! Records as request parameters (docs/protocol.md section 3).

use std::borrow::Cow;
use std::fmt::Display;

use super::serde::Written;
use super::{Field, File, Limit, Parameters, Record, View, secrets};

/// A file that goes with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The parameter's name.
    pub name: Cow<'static, str>,
    /// The file.
    pub file: File,
    /// How many bytes it may have, where that can be seen only while it is sent.
    pub most: Option<u64>,
}

impl Attachment {
    fn new(field: &Field, file: &File) -> Self {
        let most = field.limits.iter().find_map(|limit| match limit {
            Limit::MaxLength(most) => Some(*most),
            _ => None,
        });
        Self { name: Cow::Borrowed(field.name), file: file.clone(), most }
    }
}

/// Sets a parameter for every field of `request` that has a value, empty or not, and returns its files, which are not
/// signed.
pub(crate) fn encode(request: &dyn Record, parameters: &mut Parameters) -> Vec<Attachment> {
    let mut files = Vec::new();
    for (index, field) in request.schema().fields.iter().enumerate() {
        let view = request.view(index);
        match view {
            View::Absent => {}
            View::File(file) => files.push(Attachment::new(field, file)),
            View::Files(several) => files.extend(several.iter().map(|file| Attachment::new(field, file))),
            _ => parameters.set_holding(field.name, text(view), field.secret, secrets::of_view(view, field.secret)),
        }
    }
    files
}

/// The value of one parameter: text as it is, scalars in their one spelling, lists of them joined by commas, and
/// everything that has structure as compact JSON.
pub(crate) fn text(view: View<'_>) -> Cow<'static, str> {
    match view {
        View::Absent | View::File(_) | View::Files(_) => Cow::Borrowed(""),
        View::Text(text) => Cow::Owned(text.to_owned()),
        View::Number(number) => Cow::Owned(number.to_string()),
        View::Boolean(true) => Cow::Borrowed("true"),
        View::Boolean(false) => Cow::Borrowed("false"),
        View::Date(date) => Cow::Owned(date.to_string()),
        View::Decimal(decimal) => Cow::Owned(decimal.to_string()),
        View::OpenEnums(values) => Cow::Owned(values.iter().collect::<Vec<_>>().join(",")),
        View::Texts(texts) => joined(texts),
        View::Numbers(numbers) => joined(numbers),
        View::Booleans(booleans) => joined(booleans),
        View::Dates(dates) => joined(dates),
        View::Decimals(decimals) => joined(decimals),
        // A text under a parameter that takes JSON is the JSON that the caller wrote already.
        View::Json(serde_json::Value::String(text)) => Cow::Owned(text.clone()),
        // Writing a tree of texts and numbers to memory cannot fail.
        _ => Cow::Owned(serde_json::to_string(&Written(view)).unwrap_or_default()),
    }
}

fn joined(values: &[impl Display]) -> Cow<'static, str> {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&value.to_string());
    }
    Cow::Owned(text)
}
