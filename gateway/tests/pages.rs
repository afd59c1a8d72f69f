//! Lists walked by the client, in every way that lists are paged, over connections that fail in between.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the files are a crate's public modules, here used in part")]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "as in the crate itself"
)]
#[path = "../../codegen/tests/golden/src/api/fixture/mod.rs"]
mod fixture;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use codegen::spec;
use fixture::fixture_pages_get::PageOption;
use fixture::{FixtureCursorGetRequest, FixtureOffsetGetRequest, FixturePagesGetRequest};
use gateway::{Gateway, Incoming};
use generated_sdk::api::item::ItemsOnsaleGetRequest;
use generated_sdk::api::refund::{RefundMessagesGetRequest, RefundsReceiveGetRequest};
use generated_sdk::api::tbk::tbk_relation_refund::{TopApiRefundRptOption, TopApiRefundRptOptionRequired};
use generated_sdk::api::tbk::{TbkDgNewuserOrderSumRequest, TbkOrderDetailsGetRequest, TbkRelationRefundRequest};
use generated_sdk::api::trade::{TradesSoldGetRequest, TradesSoldIncrementGetRequest};
use generated_sdk::client::{BoxFuture, Limits, SessionProvider};
use generated_sdk::protocol::{Paged, SessionError};
use generated_sdk::{Client, DateTime, Error, Format, RetryPolicy};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use support::hostile::{Step, scripted, whole};
use support::{KEY, SECRET};
use tokio::net::TcpListener;

/// A gateway whose every third call fails: refused, broken off or answered by something else in front of it.
struct Flaky {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Flaky {
    async fn start(gateway: Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let flaky = Self { address: listener.local_addr().unwrap(), calls: Arc::default() };
        let (gateway, calls) = (Arc::new(gateway), Arc::clone(&flaky.calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (gateway, calls) = (Arc::clone(&gateway), Arc::clone(&calls));
                let service = service_fn(move |request| {
                    let (gateway, call) = (Arc::clone(&gateway), calls.fetch_add(1, Ordering::Relaxed));
                    async move { respond(&gateway, call, request).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        flaky
    }

    fn client(&self) -> Client {
        support::client(self.address).build().unwrap().with_session("a session")
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn respond(gateway: &Gateway, call: usize, request: Request<Body>) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let text = |text: &str| Response::new(Full::new(Bytes::from(text.to_owned())));
    match (call % 3, call / 3 % 3) {
        (2, 0) => return Ok(text(r#"{"error_response":{"code":10,"msg":"Service Currently Unavailable"}}"#)),
        (2, 1) => {
            let mut response = text("<html>try later</html>");
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return Ok(response);
        }
        (2, _) => return Err(io::ErrorKind::ConnectionReset.into()),
        _ => {}
    }
    let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let incoming = Incoming { verb: head.method.as_str(), query: "", content_type, body: &body };
    Ok(text(&gateway.answer(&incoming).body))
}

fn moment(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// Walks a list to its end, calling again after every failure, and returns what `number` says of its items.
async fn walked<R: Paged>(client: &Client, request: R, number: impl Fn(R::Item) -> i64) -> (Vec<i64>, usize) {
    let (mut items, mut numbers, mut failures) = (client.items(request), Vec::new(), 0);
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => numbers.push(number(item)),
            Err(Error::Platform(_) | Error::Status(_) | Error::Transport(_)) => failures += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(items.next().await.is_none(), "the end is the end");
    (numbers, failures)
}

/// As many numbers as there are items, from the first one on.
fn numbers(first: i64, count: i64) -> Vec<i64> {
    (first..first + count).collect()
}

#[tokio::test]
async fn the_shipped_lists() {
    let flaky = Flaky::start(support::gateway().list_length(345)).await;
    let client = flaky.client();
    let whole = |first| numbers(first, 345);

    // By number, with a total.
    let request = ItemsOnsaleGetRequest::new(["num_iid"]).page_size(20);
    let (items, failures) = walked(&client, request, |item| item.num_iid.unwrap()).await;
    assert_eq!((items, failures), (whole(610_000_000_001), 8));
    let request = RefundMessagesGetRequest::new(["id"], 3_001_000_000_000_001).page_size(40);
    let (items, failures) = walked(&client, request, |item| item.id.unwrap()).await;
    assert_eq!((items.len(), items.windows(2).all(|pair| pair[1] == pair[0] + 1)), (345, true));
    assert!(failures > 3, "{failures}");
    // By number, with the word on whether there are more in place of the total, or with the total where that is asked for.
    for word in [None, Some(true), Some(false)] {
        let request = |mut request: TradesSoldGetRequest| {
            request.use_has_next = word;
            request
        };
        let request = request(TradesSoldGetRequest::new(["tid"]).page_size(50));
        assert_eq!(walked(&client, request, |trade| trade.tid.unwrap()).await.0, whole(2_001_000_000_000_001));
    }
    let request = RefundsReceiveGetRequest::new(["refund_id"]).page_size(100);
    let (items, _) = walked(&client, request, |refund| refund.refund_id.unwrap().parse().unwrap()).await;
    assert_eq!(items, whole(items[0]));
    // By a required number, with a word and no total.
    let request = TbkDgNewuserOrderSumRequest::new(40, 1, "119013_2");
    let (items, _) = walked(&client, request, |day| day.relation_id.unwrap().parse().unwrap()).await;
    assert_eq!(items, whole(123_123));
    // By a number in an object of the request, with a total that is a text.
    for (page_no, from) in [(1, 0), (3, 80)] {
        let (start_time, page_size) = (moment("2024-06-18 00:00:00"), 40);
        let request = TbkRelationRefundRequest::new(TopApiRefundRptOption::new(TopApiRefundRptOptionRequired {
            page_size,
            search_type: 1,
            refund_type: 1,
            start_time,
            page_no,
            biz_type: 1,
        }));
        let (items, _) = walked(&client, request, |refund| refund.tb_trade_id.unwrap()).await;
        assert_eq!(items, whole(2_001_000_000_000_002)[from..]);
    }
}

#[tokio::test]
async fn lists_over_a_span_of_time() {
    let flaky = Flaky::start(support::gateway()).await;
    let client = flaky.client();
    // By number and cursor, in slices of three hours that end where the next begins: an item for every minute.
    let (from, to) = ("2024-06-18 10:00:00", "2024-06-18 20:20:30");
    let request = TbkOrderDetailsGetRequest::new(to, from).page_size(100);
    let order = |order: generated_sdk::api::tbk::tbk_order_details_get::PublisherOrderDto| -> i64 {
        order.trade_id.unwrap().parse().unwrap()
    };
    let (items, failures) = walked(&client, request, order).await;
    assert_eq!((items.clone(), failures), (numbers(items[0], 621), 3));
    // From a page of the first slice on, whose cursor is nothing to the slices behind it.
    let request = || TbkOrderDetailsGetRequest::new(to, from).page_size(100);
    let index = client.pages(request()).next().await.unwrap().unwrap().data.as_ref().unwrap().position_index.clone();
    let (rest, _) = walked(&client, request().page_no(2).position_index(index.unwrap()), order).await;
    assert_eq!(rest, items[100..]);
    // In shorter slices, as on the days of a sale.
    let request = TbkOrderDetailsGetRequest::new(to, from);
    let mut orders = client.items(request).slices_of(Duration::from_secs(20 * 60));
    let mut shorter = Vec::new();
    while let Some(item) = orders.next().await {
        shorter.extend(item.ok().map(order));
    }
    assert_eq!(shorter, items);

    // By number from the last page to the first, in slices of a day.
    let (from, to) = (moment("2024-06-18 00:00:00"), moment("2024-06-20 08:59:59"));
    let request = TradesSoldIncrementGetRequest::new(["tid"], from, to).page_size(100);
    let (items, failures) = walked(&client, request, |trade| trade.tid.unwrap()).await;
    assert!(failures > 10, "{failures}");
    let (all, mut expected) = (numbers(*items.iter().min().unwrap(), 2 * 1440 + 540), Vec::new());
    for day in all.chunks(1440) {
        day.chunks(100).rev().for_each(|page| expected.extend_from_slice(page));
    }
    assert_eq!(items, expected);
}

#[tokio::test]
async fn other_ways() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs");
    let gateway = || Gateway::new(spec::read(&specs).unwrap()).application(KEY, SECRET);
    for count in [0, 1, 19, 20, 21, 40, 345] {
        let flaky = Flaky::start(gateway().list_length(count)).await;
        let whole = |first| numbers(first, count.into());
        for (format, simplify) in [(Format::Json, false), (Format::Json, true), (Format::Xml, false)] {
            let client = support::client(flaky.address).format(format).simplify(simplify).build().unwrap();
            // By number from 0, in an object that the request is without; the items are texts.
            let name = |name: String| name.strip_prefix("端-").unwrap().parse().unwrap();
            assert_eq!(walked(&client, FixturePagesGetRequest::new(), name).await.0, whole(0));
            let request = FixturePagesGetRequest::new().option(PageOption::new().size(7));
            assert_eq!(walked(&client, request, name).await.0, whole(0));
            // By how many come before, with no word on the end.
            let request = FixtureOffsetGetRequest::new("0", 20);
            assert_eq!(walked(&client, request, |id| id).await.0, whole(7_104_300_007_405_429_232));
            // By the id of the last one.
            let record = |record: fixture::fixture_cursor_get::PagedRecord| record.record_id.unwrap();
            assert_eq!(walked(&client, FixtureCursorGetRequest::new(), record).await.0, whole(9_007_199_254_740_993));
        }
    }
}

#[tokio::test]
async fn pages_as_they_came() {
    let flaky = Flaky::start(support::gateway().list_length(45)).await;
    let client = flaky.client();
    let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).page_size(20));
    let (mut sizes, mut words) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let Ok(page) = page else { continue };
        assert!(page.request_id().is_some() && page.mismatches().is_empty());
        sizes.push(page.trades.len());
        words.push(page.has_next);
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(words, [Some(true), Some(true), Some(false)]);
    assert_eq!(flaky.calls(), 4, "three pages, and one call that failed");
}

#[tokio::test]
async fn a_client_that_calls_again_by_itself() {
    let flaky = Flaky::start(support::gateway().list_length(345)).await;
    let client = flaky.client().with_retry(RetryPolicy::new().first_pause(Duration::from_millis(1)));
    let request = TradesSoldGetRequest::new(["tid"]).page_size(50);
    let walk = walked(&client, request, |trade| trade.tid.unwrap()).await;
    assert_eq!(walk, (numbers(2_001_000_000_000_001, 345), 0));
    for _ in 0..9 {
        assert!(client.call("taobao.time.get", ()).await.unwrap()["time"].is_string());
    }
}

#[test]
fn without_async() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let flaky = runtime.block_on(Flaky::start(support::gateway().list_length(45)));
    let client = support::client(flaky.address).build_blocking().unwrap().with_session("a session");
    let request = || TradesSoldGetRequest::new(["tid"]).page_size(20);
    let tids: Vec<_> = client.items(request()).filter_map(|trade| trade.ok()?.tid).collect();
    assert_eq!(tids, numbers(2_001_000_000_000_001, 45));
    let sizes: Vec<_> = client.pages(request()).flatten().map(|page| page.trades.len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    // An error that cannot go away does not make such a loop endless, wherever it comes from.
    let invalid = || TradesSoldGetRequest::new(["tid"]).page_size(400);
    assert_eq!((client.items(invalid()).flatten().count(), client.pages(invalid()).count()), (0, 1));
    let refused = br#"{"error_response":{"code":11,"msg":"Insufficient ISV Permissions"}}"#;
    let address = runtime.block_on(scripted(move |_| whole("200 OK", "", refused)));
    let other = support::client(address).build_blocking().unwrap().with_session("a session");
    assert_eq!((other.items(request()).count(), other.pages(request()).flatten().count()), (1, 0));
    let ended = br#"{"error_response":{"code":27,"msg":"Invalid session"}}"#;
    let address = runtime.block_on(scripted(move |_| whole("200 OK", "", ended)));
    let other = support::client(address).build_blocking().unwrap().with_session("a session");
    assert_eq!((other.items(request()).take(9).count(), other.pages(request()).take(9).count()), (1, 1));
    let answers = std::iter::repeat_with(|| client.call("taobao.time.get", ()));
    assert!(answers.take(2).flatten().next().unwrap()["time"].is_string());
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_not_lost() {
    let flaky = Flaky::start(support::gateway().list_length(45)).await;
    let mut items = flaky.client().items(TradesSoldGetRequest::new(["tid"]).page_size(40));
    for _ in 0..3 {
        tokio::select! {
            biased;
            _ = items.next() => panic!("an answer before anything was sent"),
            () = std::future::ready(()) => {}
        }
    }
    assert!(items.next().await.unwrap().is_ok());
    assert_eq!(flaky.calls(), 1);
}

#[tokio::test]
async fn an_error_that_cannot_go_away_ends_the_walk() {
    let flaky = Flaky::start(support::gateway()).await;
    let mut items = flaky.client().items(TradesSoldGetRequest::new(["tid"]).page_size(400));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "taobao.trades.sold.get was not sent: page_size is greater than 100");
    assert!(items.next().await.is_none() && items.next().await.is_none());
    assert_eq!(flaky.calls(), 0);
    assert_eq!(format!("{items:?}"), r#"Items { method: "taobao.trades.sold.get", .. }"#);
}

/// A session that is refused stays refused, unless there is somebody to ask for another.
#[tokio::test]
async fn a_session_that_is_refused() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let address = scripted(move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        match request.parameter("session").as_str() {
            "good" => whole("200 OK", "", trades(1, 2, r#","has_next":false"#)),
            _ => whole("200 OK", "", br#"{"error_response":{"code":27,"msg":"Invalid session"}}"#),
        }
    })
    .await;
    let client = support::client(address).build().unwrap();
    let mut items = client.with_session("bad").items(TradesSoldGetRequest::new(["tid"]));
    assert!(items.next().await.unwrap().unwrap_err().is_session_invalid());
    assert!(items.next().await.is_none());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let client = client.with_session_from(Arc::new(Granted(AtomicUsize::new(0))), "a seller");
    let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
    assert!(items.next().await.unwrap().unwrap_err().is_session_invalid());
    assert_eq!(items.next().await.unwrap().unwrap().tid, Some(1));
}

/// A user who grants a good session in the end.
struct Granted(AtomicUsize);

impl SessionProvider for Granted {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let asked = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(if asked == 0 { "bad" } else { "good" }.to_owned()) })
    }
}

/// A page of trades, and what stands beside them.
fn trades(first: i64, count: i64, beside: &str) -> String {
    let trades: Vec<_> = numbers(first, count).iter().map(|tid| format!("{{\"tid\":{tid}}}")).collect();
    format!("{{\"trades_sold_get_response\":{{\"trades\":{{\"trade\":[{}]}}{beside}}}}}", trades.join(","))
}

/// A page that does not fit is not the end of the list, and what is lost with it is told.
#[tokio::test]
async fn pages_that_do_not_fit() {
    let root = |fields: &str| format!("{{\"trades_sold_get_response\":{{{fields}}}}}");
    for (page, expected) in [
        (
            root(r#""trades":{"trade":[{"tid":41}],"count":2},"has_next":true"#),
            "trades: expected object[], found an object with several members",
        ),
        (
            root(r#""trades":{"trade":[{"tid":41},"oops"]},"has_next":true"#),
            r#"trades[1]: expected object, found "oops""#,
        ),
        (trades(41, 40, r#","has_next":"maybe""#), r#"has_next: expected Boolean, found "maybe""#),
        // Of a field of an item, only the field is lost.
        (root(r#""trades":{"trade":[{"tid":"abc"}]},"has_next":false"#), ""),
    ] {
        let address = scripted(move |request| match request.parameter("page_no").as_str() {
            "1" => whole("200 OK", "", trades(1, 40, r#","has_next":true"#)),
            _ => whole("200 OK", "", page.clone()),
        })
        .await;
        let client = support::client(address).build().unwrap().with_session("a session");
        let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
        for _ in 0..40 {
            assert!(items.next().await.unwrap().is_ok());
        }
        let next = items.next().await.unwrap();
        assert!(items.next().await.is_none());
        match next {
            Ok(trade) => assert_eq!((trade.tid, expected), (None, "")),
            Err(Error::Decode(error)) => assert_eq!(error.problem, expected),
            Err(error) => panic!("{error}"),
        }
        let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).page_no(2));
        assert_eq!(pages.next().await.unwrap().unwrap().mismatches().len(), 1);
    }
}

/// A gateway that gives the same page whatever it is asked for is told of, and one that does not is not, be the items of its
/// pages alike and a page that is far behind refused.
#[tokio::test]
async fn pages_that_are_alike() {
    let refused =
        r#"{"error_response":{"code":40,"sub_code":"isv.invalid-parameter","msg":"Invalid arguments:page_no"}}"#;
    let told = "the answer cannot be read: the page before came again for page_no 2, and for page_no 1000002 too, where there \
                can be none";
    for (heeds, far, expected) in
        [(false, "", (1, told, 3)), (true, "", (4, "", 4 + 2)), (true, refused, (4, "", 4 + 2 * 2))]
    {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let address = scripted(move |request| {
            counter.fetch_add(1, Ordering::Relaxed);
            let body = match request.parameter("page_no").parse().unwrap() {
                1..=3 => trades(7, 1, r#","has_next":true"#),
                _ if !heeds => trades(7, 1, r#","has_next":true"#),
                4 => trades(7, 1, r#","has_next":false"#),
                _ if far.is_empty() => trades(7, 0, r#","has_next":false"#),
                _ => far.to_owned(),
            };
            whole("200 OK", "", body)
        })
        .await;
        let client = support::client(address).build().unwrap().with_session("a session");
        let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
        let (mut count, mut problem) = (0, String::new());
        while let Some(item) = items.next().await {
            match item {
                Ok(_) => count += 1,
                Err(error) => problem = error.to_string(),
            }
        }
        assert_eq!((count, problem.as_str(), calls.load(Ordering::Relaxed)), expected);
    }
}

/// A call that nobody waits for any more does not keep its place in the limiter.
#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_makes_way() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let address = scripted(move |_| match counter.fetch_add(1, Ordering::Relaxed) {
        0 => vec![Step::Hang],
        _ => whole("200 OK", "", trades(1, 2, r#","has_next":false"#)),
    })
    .await;
    let limits = Limits::new().concurrency(1);
    let client = support::client(address).limiter(limits).build().unwrap().with_session("a session");
    let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
    tokio::select! {
        _ = items.next() => panic!("an answer before there was one"),
        () = async { while calls.load(Ordering::Relaxed) == 0 { tokio::task::yield_now().await } } => {}
    }
    client.execute(&TradesSoldGetRequest::new(["tid"])).await.unwrap();
    let mut count = 0;
    while let Some(item) = items.next().await {
        count += usize::from(item.is_ok());
    }
    assert_eq!((count, calls.load(Ordering::Relaxed)), (2, 3));
}

/// Both can be handed to another task, and to whatever takes a stream.
#[test]
fn streams() {
    fn stream<S: futures_core::Stream + Send + Unpin>() {}
    stream::<generated_sdk::client::Pages<TradesSoldGetRequest>>();
    stream::<generated_sdk::client::Items<TradesSoldGetRequest>>();
}

/// What the gateway refuses of a page, so that the tests above prove something.
#[tokio::test]
async fn what_the_gateway_refuses() {
    let (address, _) = support::start().await;
    let client = support::client(address).validate(false).build().unwrap().with_session("a session");
    let refused = async |request: TbkOrderDetailsGetRequest| match client.execute(&request).await {
        Err(Error::Platform(error)) => format!("{}: {}", error.msg, error.sub_msg.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    let span = |from: &str, to: &str| TbkOrderDetailsGetRequest::new(to, from);
    let hour = || span("2024-06-18 10:00:00", "2024-06-18 11:00:00");
    for (request, expected) in [
        (
            span("2024-06-18 10:00:00", "2024-06-18 13:00:01"),
            "Invalid arguments:end_time: end_time must be at most 180 minutes after start_time",
        ),
        (
            span("2024-06-18 10:00:00", "2024-06-18 09:00:00"),
            "Invalid arguments:end_time: end_time must be no earlier than start_time",
        ),
        (
            span("today", "2024-06-18 09:00:00"),
            "Invalid arguments:start_time: start_time must be a date as yyyy-MM-dd HH:mm:ss",
        ),
        (hour().page_no(2), "Missing required arguments:position_index: position_index is required"),
        (
            hour().page_no(2).position_index("what"),
            "Invalid arguments:position_index: position_index must be what the page before returned as data.position_index",
        ),
        (hour().page_no(0), "Invalid arguments:page_no: page_no must be at least 1"),
    ] {
        assert_eq!(refused(request).await, expected);
    }
}
