//! Parameters that a request's type lacks, in lists and through the blocking client.

use generated_sdk::Error;
use generated_sdk::api::trade::TradesSoldGetRequest;
use generated_sdk::protocol::{Request, WithParameters};

use crate::support::{Reply, Script, parameter};

fn page(items: &str) -> Reply {
    let body = format!(
        r#"{{"trades_sold_get_response":{{"trades":{{"trade":[{items}]}},"has_next":{},"request_id":"r"}}}}"#,
        !items.is_empty()
    );
    Reply::Response(200, Vec::new(), body)
}

fn pages() -> Script {
    Script::new([page(r#"{"tid":1}"#), page(r#"{"tid":2}"#), page("")])
}

fn request() -> WithParameters<TradesSoldGetRequest> {
    TradesSoldGetRequest::new(["tid"]).with_parameter("biz_type", "3").with_empty("buyer_nick")
}

fn sent(script: &Script) {
    let bodies = script.bodies();
    assert_eq!(bodies.len(), 3);
    for (index, body) in bodies.iter().enumerate() {
        assert_eq!(parameter(body, "biz_type"), "3", "{body}");
        assert!(body.contains("&buyer_nick=&"), "{body}");
        assert_eq!(parameter(body, "page_no"), (index + 1).to_string());
    }
}

#[tokio::test]
async fn every_page_has_the_added_parameters() {
    let script = pages();
    let client = script.builder().build().unwrap().with_session("session");
    let mut items = client.items(request());
    let mut tids = Vec::new();
    while let Some(trade) = items.next().await {
        tids.extend(trade.unwrap().tid);
    }
    assert_eq!(tids, [1, 2]);
    sent(&script);
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_pages_have_the_added_parameters() {
    let script = pages();
    let client = script.builder().build_blocking().unwrap().with_session("session");
    let counts: Vec<_> = client.pages(request()).map(|page| page.unwrap().trades.len()).collect();
    assert_eq!(counts, [1, 1, 0]);
    sent(&script);
    client.execute(&request()).unwrap();
    assert_eq!(parameter(&script.bodies()[3], "biz_type"), "3");
}

#[tokio::test]
async fn the_page_number_replaces_an_empty_parameter() {
    let script = pages();
    let client = script.builder().build().unwrap().with_session("session");
    let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).with_empty("page_no"));
    assert_eq!(pages.next().await.unwrap().unwrap().trades.len(), 1);
    assert_eq!(parameter(&script.bodies()[0], "page_no"), "1");
    // A final error ends the list.
    let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).buyer_nick(""));
    assert!(matches!(pages.next().await, Some(Err(Error::Invalid(_)))));
    assert!(pages.next().await.is_none());
}
