//! Decoding of a call that the platform makes to the application (docs/protocol.md section 7.3).

use serde_json::{Map, Value};

use super::body::ResponseBody;
use super::budget::MemoryBudget;
use super::decoder::{Decoder, Evidence};
use super::response::Envelope;
use crate::error::DecodeError;
use crate::record::{Field, Kind, RecordMut, View, clear};
use crate::source::{Event, JsonSource, Source, TreeSource, XmlSource};

/// The root of a JSON or XML document that contains the request.
const ROOT: &str = "request";

/// Decodes the body and the parameters of a call into `record`, and replaces its values.
///
/// The body is JSON, XML or empty. A parameter fills a field that the body lacks.
pub(crate) fn decode_call<'p>(
    body: &str,
    parameters: impl Iterator<Item = (&'p str, &'p str)>,
    record: &mut dyn RecordMut,
) -> Result<Envelope, Box<DecodeError>> {
    clear(record);
    let start = body.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    let budget = MemoryBudget::of_body(start.len());
    let mut envelope = if start.is_empty() {
        Envelope::default()
    } else if start.starts_with('<') {
        decode_body(XmlSource::new(start), budget, record)?
    } else {
        decode_body(JsonSource::new(start), budget, record)?
    };
    let absent = |name: &str| {
        let fields = record.schema().fields;
        let index = fields.iter().position(|field| field.name == name)?;
        matches!(record.view(index), View::Absent).then(|| &fields[index])
    };
    let members: Map<String, Value> = parameters
        .filter_map(|(name, text)| absent(name).map(|field| (name.to_owned(), parameter(field, text))))
        .collect();
    if !members.is_empty() {
        let members = Value::Object(members);
        // Values are text, so they need at most a multiple of memory that is already used.
        let parameters = decode_body(TreeSource::new(&members), MemoryBudget::of_body(0), record)?;
        envelope.mismatches.extend(parameters.mismatches);
    }
    Ok(envelope)
}

/// Returns the value of a parameter. A list of scalars is joined by commas, or JSON (docs/protocol.md section 3).
fn parameter(field: &Field, text: &str) -> Value {
    let is_joined = field.list && !matches!(field.kind, Kind::Object | Kind::Json | Kind::Map | Kind::FieldList);
    if !is_joined {
        return Value::String(text.to_owned());
    }
    match serde_json::from_str(text) {
        Ok(list @ Value::Array(_)) => list,
        _ => text.split(',').map(|element| Value::String(element.trim().to_owned())).collect(),
    }
}

fn decode_body<'a, S: Source<'a>>(
    source: S,
    budget: MemoryBudget,
    record: &mut dyn RecordMut,
) -> Result<Envelope, Box<DecodeError>> {
    let body = ResponseBody::default();
    let mut decoder = Decoder::new(source, budget).of_body(&body, 0);
    read(&mut decoder, record).map_err(|mut error| {
        error.path = decoder.path();
        error
    })?;
    decoder.report_replacements_outside();
    let context = decoder.context;
    Ok(Envelope {
        request_id: None,
        mismatches: context.mismatches,
        unknown: context.unknown.fields,
        dropped: context.unknown.dropped,
    })
}

/// Reads a document. The fields are in the root element of XML. In JSON they are at the top level or in `request`.
fn read<'a, S: Source<'a>>(decoder: &mut Decoder<'_, S>, record: &mut dyn RecordMut) -> Result<(), Box<DecodeError>> {
    let is_xml = S::KEYS_REPEAT;
    if decoder.next()? != Event::StartObject {
        let expected = "a JSON object or an XML element";
        return Err(DecodeError::new(format!("expected {expected}"), expected, "another value"));
    }
    let is_root = |key: &str, record: &dyn RecordMut| {
        is_xml || key == ROOT && record.schema().fields.iter().all(|field| field.name != ROOT)
    };
    let mut expected = 0;
    while let Event::Key(key) = decoder.next()? {
        if is_root(&key, record) {
            match decoder.next()? {
                Event::StartObject => {
                    decoder.members(record, None)?;
                }
                Event::Text(text) if text.trim().is_empty() => {}
                value => decoder.type_mismatch(&Field::new("", Kind::Object), value)?,
            }
        } else if decoder.member(&key, record, &mut expected)? == Evidence::None {
            let value = decoder.next()?;
            decoder.unknown(&key, value, None)?;
        }
    }
    // The source reports text after the document.
    decoder.next()?;
    Ok(())
}
