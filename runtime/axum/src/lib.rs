//! An axum extractor for SPI calls, which the platform makes to an HTTP endpoint of the application.
//!
//! The state of the router has a [`SpiVerifier`]. A handler that takes a [`Verified`] runs only for calls that the platform
//! signed; other calls are answered with the refusal that the platform expects, and logged with `tracing`.
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
//! Put a `SpiVerifier` into a larger state with axum's `FromRef`. The size of a body is limited by axum's `DefaultBodyLimit`,
//! 2 MB unless it is set.

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
        // The limit of the body is an extension.
        *request.extensions_mut() = std::mem::take(&mut parts.extensions);
        let body = Bytes::from_request(request, state).await.map_err(Refused::Body)?;
        verifier.verify_parts(query, &parts.headers, &body).map(Self).map_err(|error| {
            tracing::warn!(target: "top_axum", %error, "an SPI call is refused");
            Refused::Call { error, refusal: SpiRefusal::of_parts(query, &parts.headers) }
        })
    }
}

/// A call that the handler does not see.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The call is not signed by the platform, or too old.
    Call {
        /// Why.
        error: SpiError,
        /// The response.
        refusal: SpiRefusal,
    },
    /// The body is too large, or did not arrive.
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
