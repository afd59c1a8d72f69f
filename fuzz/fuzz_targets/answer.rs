//! Any text as a response is decoded or refused.

#![no_main]

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradeFullinfoGetRequest;
use generated_sdk::protocol::{decode, decode_untyped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    let _ = decode::<TopClientTokenGetRequest>(body.to_owned());
    for simplified in [false, true] {
        let _ = decode_untyped(body.to_owned(), "taobao.top.client.token.get", simplified);
    }
    if let Ok(response) = decode::<TradeFullinfoGetRequest>(body.to_owned()) {
        assert_eq!(*response, (*response).clone());
        let _ = format!("{response:?}");
    }
});
