//! The calls of one request, and their responses.

use std::sync::Arc;

use top_protocol::SignedRequest;
use top_protocol::internal::ResponseHead;

use super::error::BatchError;
use crate::client::Client;
use crate::error::Error;

/// A call that can be sent.
pub(super) struct EncodedCall {
    pub(super) method: &'static str,
    pub(super) reads: bool,
    /// The call as a request of its own, with its parameters and secrets.
    pub(super) signed: SignedRequest,
    /// The encoded form of the call in the batch.
    pub(super) form: String,
}

/// The calls of one request.
pub(super) struct Chunk(pub(super) Vec<EncodedCall>);

/// The response to one call, as received.
pub(super) struct ResponsePart {
    pub(super) head: ResponseHead,
    pub(super) body: Vec<u8>,
    pub(super) chunk: Arc<Chunk>,
}

impl Chunk {
    /// Returns the secrets to redact in errors.
    pub(super) fn secrets<'a>(&'a self, client: &'a Client) -> impl Iterator<Item = &'a str> + Clone {
        let secrets = self.0.iter().flat_map(|call| call.signed.parameters().secrets());
        secrets.chain([client.shared.application.secret()])
    }
}

impl ResponsePart {
    /// Creates the error of a call without a response.
    pub(super) fn missing() -> BatchError {
        let error = top_protocol::DecodeError::new("no response for the call", "a response for every call", "fewer");
        BatchError::of_request(Arc::new(Error::Decode(error)))
    }
}
