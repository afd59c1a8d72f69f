//! Decoding of a JSON object that is not a response.

use super::body::ResponseBody;
use super::budget::MemoryBudget;
use super::decoder::Decoder;
use super::response::Envelope;
use crate::error::DecodeError;
use crate::record::{RecordMut, clear};
use crate::source::{Event, JsonSource, SyntaxError};

/// Decodes a JSON object into `record`, and replaces its values. The result has no request id.
pub(crate) fn decode_object(text: &str, record: &mut dyn RecordMut) -> Result<Envelope, Box<DecodeError>> {
    clear(record);
    let body = ResponseBody::default();
    let mut decoder = Decoder::new(JsonSource::new(text), MemoryBudget::of_body(text.len())).of_body(&body, 0);
    let read = read(&mut decoder, text, record);
    read.map_err(|error| {
        let mut error = Box::<DecodeError>::from(error);
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

fn read(decoder: &mut Decoder<'_, JsonSource<'_>>, text: &str, record: &mut dyn RecordMut) -> Result<(), SyntaxError> {
    if decoder.next()? != Event::StartObject {
        return Err(SyntaxError::unexpected("a JSON object", text, 0));
    }
    decoder.members(record, None)?;
    // The source reports text after the object.
    decoder.next().map(|_| ())
}
