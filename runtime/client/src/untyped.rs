//! Calls of methods that have no type here.

use super::Client;
use super::call::Call;
use crate::error::Error;
use top_protocol::internal::{decode_value, is_read_only_method};
use top_protocol::{Authorization, Format, Json, Response, SignedRequest, UntypedParameters};

impl Client {
    /// Calls a method that has no type here, or whose type is not compiled in. It is signed, sent and tried again like any
    /// other, and refused with the same errors.
    ///
    /// ```no_run
    /// # async fn example(client: &generated_sdk::Client) -> Result<(), generated_sdk::Error> {
    /// let answer = client.call("taobao.trade.fullinfo.get", [("tid", "2001000000000001"), ("fields", "tid,status")]).await?;
    /// println!("{}", answer["trade"]["status"]);
    ///
    /// let time = client.call("taobao.time.get", ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Parameters are pairs of a name and a value as the wire has them, or [`UntypedParameters`], which takes files too. None
    /// is checked against the documents before it is sent. An [empty value](top_protocol::Request::with_empty) is
    /// refused unless it is named as one; a public parameter, such as `session`, is refused, because the client sets it: see [`with_session`](Self::with_session) and the client's builder.
    ///
    /// # The answer
    ///
    /// It is what stands under the root node, in the shape that it comes in, and a [`Response`] around it: with the
    /// request id, the body, the status and the headers. Without a type nobody
    /// knows what is a list: unless the client asks for simplified answers, a JSON answer has a list as an object around it,
    /// `{"trade": […]}` (docs/protocol.md section 4.3). Of XML, an element with elements in it is an object, any other
    /// is a text, and elements that repeat in one place are an array; so a list of one is an object, numbers are texts,
    /// and an element without content is an empty text.
    ///
    /// Numbers up to 64 bits are numbers, exact to the last digit. A number that neither they nor a float hold exactly is the
    /// text of its digits.
    ///
    /// Printing the [`Response`] with `{:?}` hides the values of secret names. Printing the JSON in it does not.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail.
    pub async fn call(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<Response<Json>, Error> {
        self.call_untyped(method, &parameters.into()).await
    }

    /// [`call`](Self::call) without its type parameter, so that it is compiled once.
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

    /// The request as [`call`](Self::call) would send it now. Printing it hides what is secret.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] as of [`Application::sign_untyped`](top_protocol::Application::sign_untyped).
    pub fn sign_untyped(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<SignedRequest, Error> {
        let session = self.session.fixed();
        Ok(self.shared.application.sign_untyped(method, &parameters.into(), session, self.shared.clock.now())?)
    }
}

#[cfg(feature = "blocking")]
impl super::blocking::Client {
    /// Calls a method that has no type here: see [`call`](crate::Client::call) of the async client.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail.
    pub fn call(&self, method: &str, parameters: impl Into<UntypedParameters>) -> Result<Response<Json>, Error> {
        self.wait(self.client.call_untyped(method, &parameters.into()))
    }
}
