//! An axum extractor and a router for SPI calls, which the platform makes to an HTTP endpoint of the application.
//!
//! The state of the router contains a [`SpiVerifier`]. A handler with a [`Verified`] argument runs only for calls that the
//! platform signed. Other calls get the refusal that the platform expects, and are logged with `tracing`.
//!
//! ```
//! use axum::Router;
//! use axum::routing::post;
//! use top_axum::Verified;
//! use top_protocol::spi::SpiVerifier;
//!
//! async fn callback(Verified(call): Verified) -> &'static str {
//!     match call.method() {
//!         Some("taobao.qimen.test") => r#"{"flag":"success"}"#,
//!         _ => r#"{"flag":"failure","sub_code":"invalid-method"}"#,
//!     }
//! }
//!
//! let router: Router = Router::new().route("/spi", post(callback)).with_state(SpiVerifier::new("app secret"));
//! ```
//!
//! [`SpiRouter`] decodes calls as generated types, and encodes the responses in the format of the call:
//!
//! ```
//! use axum::Router;
//! use generated_sdk::api::qimen::{QimenOrderCancelSpiRequest, QimenOrderCancelSpiResponse};
//! use top_axum::{SpiRouter, TypedCall};
//! use top_protocol::spi::{SpiRefusal, SpiVerifier};
//!
//! async fn cancel(
//!     call: TypedCall<QimenOrderCancelSpiRequest>,
//! ) -> Result<QimenOrderCancelSpiResponse, SpiRefusal> {
//!     match call.order_code.as_deref() {
//!         Some(order) if order.starts_with("JY") => Ok(QimenOrderCancelSpiResponse::new().flag("success")),
//!         _ => Err(call.call().refusal().with_code("unknown-order", "Unknown order")),
//!     }
//! }
//!
//! let callbacks = SpiRouter::new(SpiVerifier::new("app secret")).method(cancel);
//! let router: Router = Router::new().route("/qimen", callbacks.into_route());
//! ```
//!
//! Use axum's `FromRef` for a larger state. Axum's `DefaultBodyLimit` limits the size of a body. Default: 2 MB.

mod router;

pub use self::router::{SpiRouter, TypedCall};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRef, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use top_protocol::spi::{SpiCall, SpiError, SpiRefusal, SpiVerifier};

/// A call that the platform signed.
#[derive(Clone, Debug)]
pub struct Verified(pub SpiCall);

impl<S> FromRequest<S> for Verified
where
    S: Send + Sync,
    SpiVerifier: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let verifier = SpiVerifier::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default();
        let mut request = Request::new(body);
        // The body limit is an extension.
        *request.extensions_mut() = std::mem::take(&mut parts.extensions);
        let body = Bytes::from_request(request, state).await.map_err(Refused::Body)?;
        verifier.verify_parts(query, &parts.headers, &body).map(Self).map_err(|error| {
            tracing::warn!(target: "top_axum", %error, "SPI call refused");
            Refused::Call { error, refusal: SpiRefusal::of_parts(query, &parts.headers) }
        })
    }
}

/// The rejection of a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The signature is invalid, or the timestamp is too old.
    Call {
        /// The reason.
        error: SpiError,
        /// The response to the platform.
        refusal: SpiRefusal,
    },
    /// The body is too large, or cannot be read.
    Body(BytesRejection),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Call { refusal, .. } => refusal.into_response().into_response(),
            Self::Body(rejection) => rejection.into_response(),
        }
    }
}
