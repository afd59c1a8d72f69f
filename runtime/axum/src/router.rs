//! The route of typed SPI calls.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use top_protocol::spi::{Decoded, Spi, SpiCall, SpiRefusal, SpiResponse, SpiVerifier};

use crate::Verified;

/// Dispatches the SPI calls of one URL to handlers by their method.
///
/// The response has the format of the call. A call that is not signed, that has no handler or that cannot be decoded gets an
/// [`SpiRefusal`], and is logged with `tracing`. [The crate](crate) has an example.
#[derive(Clone)]
pub struct SpiRouter {
    verifier: SpiVerifier,
    handlers: Vec<Handler>,
}

/// The handler of one method.
#[derive(Clone)]
struct Handler {
    method: &'static str,
    accepts: fn(&SpiCall) -> bool,
    handle: Arc<dyn Fn(SpiCall) -> SpiFuture + Send + Sync>,
}

type SpiFuture = Pin<Box<dyn Future<Output = SpiResponse> + Send>>;

impl SpiRouter {
    /// Creates a router without handlers.
    pub fn new(verifier: SpiVerifier) -> Self {
        Self { verifier, handlers: Vec::new() }
    }

    /// Adds the handler of the SPI method `R`, which the argument of the handler names. The first handler of a method is used.
    #[must_use]
    pub fn method<R, H, F>(mut self, handler: H) -> Self
    where
        R: Spi,
        H: Fn(TypedCall<R>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R::Response, SpiRefusal>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let handle = move |call: SpiCall| -> SpiFuture {
            let handler = Arc::clone(&handler);
            Box::pin(async move { respond(call, &*handler).await })
        };
        self.handlers.push(Handler { method: R::METHOD, accepts: SpiCall::is::<R>, handle: Arc::new(handle) });
        self
    }

    /// Returns the route of the URL that the platform calls.
    pub fn into_route<S: Clone + Send + Sync + 'static>(self) -> MethodRouter<S> {
        let router = Arc::new(self);
        any(move |request: Request| {
            let router = Arc::clone(&router);
            async move { router.call(request).await }
        })
    }

    async fn call(&self, request: Request) -> Response {
        let Verified(call) = match Verified::from_request(request, &self.verifier).await {
            Ok(call) => call,
            Err(refused) => return refused.into_response(),
        };
        let response = match self.handlers.iter().find(|handler| (handler.accepts)(&call)) {
            Some(handler) => (handler.handle)(call).await,
            None => {
                tracing::warn!(target: "top_axum", method = call.method(), "SPI call without a handler");
                call.refusal().with_code("invalid-method", "Invalid method").into()
            }
        };
        response.into_response().into_response()
    }
}

async fn respond<R: Spi, F>(call: SpiCall, handler: &impl Fn(TypedCall<R>) -> F) -> SpiResponse
where
    F: Future<Output = Result<R::Response, SpiRefusal>>,
{
    let request = match call.decode::<R>() {
        Ok(request) => request,
        Err(error) => {
            tracing::warn!(target: "top_axum", method = R::METHOD, %error, "SPI call refused");
            return call.refusal().with_code("invalid-parameter", "Invalid request").into();
        }
    };
    for mismatch in request.mismatches() {
        tracing::warn!(target: "top_axum", method = R::METHOD, %mismatch, "value of an SPI call dropped");
    }
    let format = call.format();
    match handler(TypedCall { request, call }).await {
        Ok(response) => SpiResponse::new(format, R::RESPONSE_NODE, &response),
        Err(refusal) => refusal.in_format(format).into(),
    }
}

impl fmt::Debug for SpiRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.handlers.iter().map(|handler| handler.method).collect();
        f.debug_struct("SpiRouter").field("verifier", &self.verifier).field("methods", &methods).finish()
    }
}

/// A verified call and its decoded request. It dereferences to the request.
#[derive(Clone, Debug)]
pub struct TypedCall<R: 'static> {
    request: Decoded<R>,
    call: SpiCall,
}

impl<R> TypedCall<R> {
    /// Returns the request with its mismatches and unknown fields.
    pub fn request(&self) -> &Decoded<R> {
        &self.request
    }

    /// Returns the request.
    pub fn into_request(self) -> R {
        self.request.into_value()
    }

    /// Returns the verified call, with the public parameters such as `customerId`.
    pub fn call(&self) -> &SpiCall {
        &self.call
    }
}

impl<R> Deref for TypedCall<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.request
    }
}
