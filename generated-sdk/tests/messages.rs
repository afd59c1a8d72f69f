//! The types of topics, with the golden files of the generator and with the shipped topics.

#![cfg(feature = "messages")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use generated_sdk::api::messages::{TopicMessage, TradeSuccess};
use generated_sdk::protocol::messages::{ContentError, Message, Topic};

#[rustfmt::skip]
#[allow(clippy::large_enum_variant, dead_code, unreachable_pub, reason = "generated code")]
#[path = "../../codegen/tests/golden/src/api/messages/mod.rs"]
mod golden;

use golden::fixture_everything_changed::Status;

#[test]
fn decodes_every_type() {
    let content = r#"{
        "tid": 9007199254740993, "text": "订单", "flag": true, "moment": "2016-01-01 12:00:00", "money": "5.00", "exact": 0.1,
        "json": {"a": 1}, "map": {"b": [2]}, "fields": "desc,num", "octet": 1, "picture": "aGk=", "numbers": [1, 2],
        "status": "PAID", "type": "t", "access_token": "s3cret", "receiver": "s3cret",
        "order": {"oid": "12", "parent": {"oid": 13}}, "orders": [{"oid": 1}, {"oid": 2}]
    }"#;
    let message = Message::new(1, "taobao_fixture_EverythingChanged", content);
    let decoded = golden::TopicMessage::from_message(&message).unwrap();
    assert!(decoded.mismatches().is_empty(), "{:?}", decoded.mismatches());
    assert!(decoded.unknown_fields().is_empty(), "{:?}", decoded.unknown_fields());
    let golden::TopicMessage::FixtureEverythingChanged(message) = decoded.into_value() else { panic!("another topic") };
    assert_eq!(message.tid, Some(9_007_199_254_740_993));
    assert_eq!(message.text.as_deref(), Some("订单"));
    assert_eq!(message.moment.unwrap().to_string(), "2016-01-01 12:00:00");
    assert_eq!((message.money, message.exact), (Some("5.00".parse().unwrap()), Some("0.1".parse().unwrap())));
    assert_eq!(message.numbers, [1, 2]);
    assert!(matches!(message.status, Some(Status::Paid)), "{:?}", message.status);
    let order = message.order.as_ref().unwrap();
    assert_eq!((order.oid, order.parent.as_ref().unwrap().oid), (Some(12), Some(13)));
    assert_eq!(message.orders.len(), 2);
    let debug = format!("{message:?}");
    assert!(!debug.contains("s3cret"), "{debug}");
}

/// A field that the spec requires may be missing all the same, and other fields may be present.
#[test]
fn decodes_messages_that_differ_from_the_spec() {
    let message = Message::new(1, TradeSuccess::NAME, r#"{"oid": "x", "tid": 2, "extra": 1}"#);
    let decoded = TopicMessage::from_message(&message).unwrap();
    assert_eq!(decoded.mismatches().len(), 1, "{decoded:?}");
    assert_eq!(decoded.unknown_fields().len(), 1, "{decoded:?}");
    assert!(
        matches!(&*decoded, TopicMessage::TradeSuccess(TradeSuccess { tid: Some(2), oid: None, .. })),
        "{decoded:?}"
    );
}

#[test]
fn keeps_the_content_of_unknown_topics() {
    for content in [r#"{"price": 0.10, "id": 9223372036854775808}"#, "<xml/>", ""] {
        let message = Message::new(1, "acme_stock_Changed", content);
        match TopicMessage::from_message(&message).unwrap().into_value() {
            TopicMessage::Unknown { topic, content: kept } => {
                assert_eq!((topic.as_str(), kept.as_str()), ("acme_stock_Changed", content));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn reports_contents_that_are_not_objects() {
    for content in ["", "[]", "1", "<xml/>", r#"{"tid": 1"#] {
        let message = Message::new(1, TradeSuccess::NAME, content);
        let error = TopicMessage::from_message(&message).unwrap_err();
        assert!(matches!(error, ContentError::Syntax { .. }), "{content}: {error:?}");
    }
}
