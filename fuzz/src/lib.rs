//! What must hold of any answer, whatever it is written in.

#[rustfmt::skip]
#[allow(dead_code, unused_imports, reason = "the files are a crate's public modules, here used in part")]
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

/// Reads `body` as the answer of a method with fields of every type. It is read or refused, and what is read can be
/// written, and is the same when it is read again.
pub fn answer(body: String) {
    match decode::<FixtureEverythingGetRequest>(body.clone()) {
        Ok(response) => {
            assert!(response.mismatches().len() <= 256);
            assert_eq!(response.body(), body);
            let _ = format!("{response:?} {:?}", response.mismatches());
            let text = serde_json::to_string(&*response).expect("a response can be written");
            let again: FixtureEverythingGetResponse = serde_json::from_str(&text).expect("and read again");
            assert_eq!(again, *response, "{text}");
        }
        Err(error @ (Error::Platform(_) | Error::Decode(_))) => {
            let _ = format!("{error} {error:?}");
            assert!(error.body().is_some_and(|kept| body.starts_with(&**kept)));
        }
        Err(other) => panic!("{other:?}"),
    }
}
