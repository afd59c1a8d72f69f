//! Calls of methods without a generated type.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use top_protocol::internal::{decode_value, is_read_only_method};
use top_protocol::{Authorization, Format, Json, Response, SignedRequest, UntypedParameters};

impl Client {
    /// Calls a method without a generated type, or one whose type is not compiled in. It is signed, sent, retried and
    /// refused like any other call.
    ///
    /// ```no_run
    /// # async fn example(client: &generated_sdk::Client) -> Result<(), generated_sdk::Error> {
    /// let response = client.call("taobao.trade.fullinfo.get", [("tid", "2001000000000001"), ("fields", "tid,status")]).await?;
    /// println!("{}", response["trade"]["status"]);
    ///
    /// let time = client.call("taobao.time.get", ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Parameters are pairs of a name and a wire value, or [`UntypedParameters`], which can contain files. They are
    /// not checked against the documented limits. An [empty value](top_protocol::Request::with_empty) is an error
    /// unless it is declared as empty. A public parameter such as `session` is an error, because the client sets it:
    /// see [`with_session`](Self::with_session) and the builder.
    ///
    /// # The response
    ///
    /// The value is the content of the root node, unchanged. The [`Response`] around it has the request id, the body,
    /// the status and the headers. Without a type, lists are not recognized:
    ///
    /// - In JSON, a list is an object around an array, `{"trade": […]}`, unless responses are simplified
    ///   (docs/protocol.md section 4.3).
    /// - In XML, an element with child elements is an object, and any other is a string, also numbers and empty
    ///   elements. Repeated elements are an array, so a list of one item is an object.
    ///
    /// A simplified response has no root node. If its own fields have the names of a refusal, such as `message`, it is an
    /// [`Error::Platform`]: use the plain format, or a typed request.
    ///
    /// Numbers of up to 64 bits are exact. A number that neither a 64-bit integer nor a float represents exactly is a
    /// string of its digits.
    ///
    /// `Debug` of the [`Response`] redacts secrets by their names. Printing its JSON does not.
    ///
    /// # Errors
    ///
    /// Every error of a call: see [`Error`].
    pub async fn call(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<Response<Json>, Error> {
        self.call_untyped(method, &parameters.into()).await
    }

    /// [`call`](Self::call) without its type parameter, to compile it once.
    async fn call_untyped(&self, method: &str, parameters: &UntypedParameters) -> Result<Response<Json>, Error> {
        let application = &self.shared.application;
        let simplified = application.simplify && application.format == Format::Json;
        let call = Call {
            method,
            authorization: Authorization::Optional,
            https_only: false,
            reads: is_read_only_method(method),
            prepare: &|| application.prepare_untyped(method, parameters),
        };
        self.execute_attempts(call, &|body| decode_value(body, method, simplified)).await
    }

    /// Returns the request that [`call`](Self::call) would send now. `Debug` redacts its secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] as in [`Application::sign_untyped`](top_protocol::Application::sign_untyped).
    pub fn sign_untyped(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<SignedRequest, Error> {
        let session = self.session.fixed();
        Ok(self.shared.application.sign_untyped(method, &parameters.into(), session, self.shared.clock.now())?)
    }
}

#[cfg(feature = "blocking")]
impl crate::blocking::client::Client {
    /// Calls a method without a generated type: see [`call`](crate::Client::call) of the async client.
    ///
    /// # Errors
    ///
    /// Every error of a call: see [`Error`].
    pub fn call(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<Response<Json>, Error> {
        self.wait(self.client.call_untyped(method, &parameters.into()))
    }
}
