//! The properties that the fuzz targets check.

#[rustfmt::skip]
#[allow(dead_code, unexpected_cfgs, unused_imports, reason = "the fuzz targets use a part of the generated module")]
#[path = "../../codegen/tests/golden/src/api/fixture/mod.rs"]
mod fixture;

pub mod formats;
mod input;
pub mod oauth;
pub mod page;
pub mod request;
pub mod signature;

use fixture::{FixtureEverythingGetRequest, FixtureEverythingGetResponse};
use generated_sdk::protocol::{Error, decode};

/// Decodes `body` as the response of a method with fields of every type. A decoded response survives serialization.
///
/// # Panics
///
/// If the response differs after serde wrote and read it, or if an error has the wrong kind or body.
pub fn response(body: String) {
    match decode::<FixtureEverythingGetRequest>(body.clone()) {
        Ok(response) => {
            assert!(response.mismatches().len() <= 256);
            assert_eq!(response.body(), body);
            let _ = format!("{response:?} {:?}", response.mismatches());
            let text = serde_json::to_string(&*response).expect("a response is serializable");
            let again: FixtureEverythingGetResponse =
                serde_json::from_str(&text).expect("a serialized response is deserializable");
            assert_eq!(again, *response, "{text}");
        }
        Err(error @ (Error::Platform(_) | Error::Decode(_))) => {
            let _ = format!("{error} {error:?}");
            assert!(error.body().is_some_and(|start| body.starts_with(&**start)));
        }
        Err(other) => panic!("{other:?}"),
    }
}
