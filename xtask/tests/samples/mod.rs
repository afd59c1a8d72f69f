//! Samples of complete documents, decoded as the types generated from these documents. A test runs this file in a generated
//! package.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use sdk::api::{tbk, tbtrade};
use sdk::protocol::{Request, decode};
use serde_json::Value;

/// Decodes the three samples of a document and prints the results. Fails if decoded samples differ.
fn samples<R: Request>(category: &str)
where
    R::Response: Debug + PartialEq,
{
    let folder = PathBuf::from(std::env::var_os("TOP_DOCUMENTS").unwrap());
    let text = fs::read_to_string(folder.join(category).join(format!("{}.json", R::METHOD))).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut values = Vec::new();
    for name in ["rspSampleJson", "rspSampleSimplifyJson", "rspSampleXml"] {
        let result = match decode::<R>(document[name].as_str().unwrap().to_owned()) {
            Ok(response) => {
                let mismatches = response.mismatches().iter().map(|mismatch| format!("; {mismatch}")).collect::<String>();
                values.push((name, response.into_value()));
                format!("decoded{mismatches}")
            }
            Err(error) => error.to_string(),
        };
        println!("{} {name}: {result}", R::METHOD);
    }
    for pair in values.windows(2) {
        assert_eq!(pair[0].1, pair[1].1, "{}: {} and {}", R::METHOD, pair[0].0, pair[1].0);
    }
    assert_ne!(values[0].1, R::Response::default(), "{}", R::METHOD);
}

#[test]
fn samples_of_a_document_decode_to_the_same_value() {
    samples::<tbk::TbkCouponConvertRequest>("tbk");
    samples::<tbk::TbkDgGeneralLinkParseRequest>("tbk");
    samples::<tbk::TbkOrderDetailsGetRequest>("tbk");
    samples::<tbk::TbkRelationRefundRequest>("tbk");
    samples::<tbtrade::AlibabaTaobaoUdSmartOrderDetailPullRequest>("tbtrade");
}
