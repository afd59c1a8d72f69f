//! Records as request parameters (docs/protocol.md section 3).

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use crate::file::File;
use crate::parameters::Parameters;
use crate::record::{Field, Limit, Record, View};
use crate::secrets;
use crate::serde::SerializedView;

/// A file of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name of the parameter.
    pub name: Cow<'static, str>,
    /// The file.
    pub file: File,
    /// The maximum length in bytes, which is checked while a stream of unknown length is sent.
    pub limit: Option<u64>,
}

impl Attachment {
    fn new(field: &Field, file: &File) -> Self {
        let limit = field.limits.iter().find_map(|limit| match limit {
            Limit::MaxLength(limit) => Some(*limit),
            _ => None,
        });
        Self { name: Cow::Borrowed(field.name), file: file.clone(), limit }
    }
}

/// Sets a parameter for every field of `request` that has a value, even an empty one. Returns the files, which are not
/// signed.
pub(crate) fn encode(request: &dyn Record, parameters: &mut Parameters) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    for (index, field) in request.schema().fields.iter().enumerate() {
        let view = request.view(index);
        match view {
            View::Absent => {}
            View::File(file) => attachments.push(Attachment::new(field, file)),
            View::Files(files) => attachments.extend(files.iter().map(|file| Attachment::new(field, file))),
            _ => parameters.set_containing(field.name, text(view), field.secret, secrets::of_view(view, field.secret)),
        }
    }
    attachments
}

/// Returns the value of a parameter: scalars as text, lists of scalars joined by commas, other values as compact JSON.
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
        View::Texts(texts) => Cow::Owned(texts.join(",")),
        View::Numbers(numbers) => joined(numbers),
        View::Booleans(booleans) => joined(booleans),
        View::Dates(dates) => joined(dates),
        View::Decimals(decimals) => joined(decimals),
        // A text for a JSON parameter is already JSON.
        View::Json(serde_json::Value::String(text)) => Cow::Owned(text.clone()),
        // Serializing to memory cannot fail.
        _ => Cow::Owned(serde_json::to_string(&SerializedView(view)).unwrap_or_default()),
    }
}

fn joined(values: &[impl Display]) -> Cow<'static, str> {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{value}");
    }
    Cow::Owned(text)
}
