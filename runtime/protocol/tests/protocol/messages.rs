//! Frames and commands of the message channel (docs/protocol.md section 7.2).

use std::borrow::Cow;
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use expect_test::{Expect, expect};
use proptest::prelude::*;
use top_protocol::generated::record;
use top_protocol::messages::{
    Ack, ClientCommand, CommandError, ConnectAck, ConnectRequest, ContentEncoding, ContentError, Frame, FrameError,
    FrameKind, HandshakeError, HeaderValue, Message, Refusal, ServerCommand, Topic,
};
use top_protocol::{AppCredentials, DateTime};

const PULL: &str = "0202 0500 03000000 746f6b 0100 06000000 5f5f6b696e64 02 01 0000";
const CONFIRM: &str =
    "0202 0500 03000000 746f6b 0100 06000000 5f5f6b696e64 02 02 0100 02000000 6964 05 f0a1346f378b9762 0000";
const CONNECT: &str = "\
    02000400010000000100070000006170705f6b65790108000000313233343536373801000a00000067726f75705f6e616d65010700000064656661756c74\
    01000900000074696d657374616d70010d000000313435313632303830303030300100040000007369676e01200000003245303344313334384437423635\
    4133363646384442344244313433353938330000";
const TOKEN: &str = "32e88d28-20b1-40dd-8e2d-abec197277fe";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn connect_ack() -> Vec<u8> {
    [bytes("02 01 0400 01000000 0500 24000000"), TOKEN.as_bytes().to_vec(), bytes("0000")].concat()
}

#[test]
fn vectors() {
    let confirm = ClientCommand::Confirm { id: 7104300007405429232 };
    for (command, vector) in [(ClientCommand::Pull, PULL), (confirm, CONFIRM)] {
        assert_eq!(command.to_frame("tok").encode().unwrap(), bytes(vector), "{command:?}");
        let vector = bytes(vector);
        let frame = Frame::decode(&vector).unwrap();
        assert_eq!(frame.token.as_deref(), Some("tok"));
        assert_eq!(ClientCommand::from_frame(&frame).unwrap(), command);
    }

    let now = UNIX_EPOCH + Duration::from_secs(1_451_620_800);
    let request = ConnectRequest::new(&AppCredentials::new("12345678", "helloworld"), "default", now);
    assert_eq!(request.sign, "2E03D1348D7B65A366F8DB4BD1435983");
    assert_eq!(request.to_frame(1).encode().unwrap(), bytes(CONNECT));
    let vector = bytes(CONNECT);
    let read = ConnectRequest::from_frame(&Frame::decode(&vector).unwrap()).unwrap();
    assert_eq!(read, request);
    assert!(read.is_signed_with("helloworld"));
    assert!(!read.is_signed_with("guess"));

    let ack = ConnectAck::Accepted { token: TOKEN.to_owned() };
    assert_eq!(ack.to_frame(Some(1)).encode().unwrap(), connect_ack());
    let vector = connect_ack();
    assert_eq!(ConnectAck::token_of(&Frame::decode(&vector).unwrap(), 1).as_deref(), Ok(TOKEN));
}

#[test]
fn every_format_and_header() {
    let vector = bytes(
        "0203 0200 05000000 0300 02000000 6e6f 0400 ffffffff 0500 01000000 74 \
         0100 01000000 61 00 \
         0100 01000000 62 01 03000000 e7abaf \
         0100 01000000 63 02 80 \
         0100 01000000 64 03 0080 \
         0100 01000000 65 04 00000080 \
         0100 01000000 66 05 0000000000000080 \
         0100 01000000 67 06 009857fb51010000 \
         0100 01000000 68 07 02000000 00ff 0000",
    );
    let mut frame = Frame::new(FrameKind::SendAck);
    frame.status_code = Some(5);
    frame.status_phrase = Some("no".into());
    frame.flag = Some(-1);
    frame.token = Some("t".into());
    frame.push("a", HeaderValue::Void);
    frame.push_text("b", "端");
    frame.push("c", HeaderValue::Byte(i8::MIN));
    frame.push("d", HeaderValue::Short(i16::MIN));
    frame.push("e", HeaderValue::Int(i32::MIN));
    frame.push("f", HeaderValue::Long(i64::MIN));
    frame.push("g", HeaderValue::Date(1_451_620_800_512));
    frame.push("h", HeaderValue::Bytes(Cow::Borrowed(&[0, 0xff])));
    assert_eq!(Frame::decode(&vector).unwrap(), frame);
    assert_eq!(frame.encode().unwrap(), vector);
}

#[test]
fn malformed_frames_are_errors() {
    for (hex, expected) in [
        ("", expect!["invalid frame: expected more bytes at byte 0, found the end"]),
        ("01", expect!["invalid frame: unsupported version 1: expected 2"]),
        ("474554", expect!["invalid frame: unsupported version 71: expected 2"]),
        ("0204 0000", expect!["invalid frame: unknown kind 4: expected 0 to 3"]),
        ("0202", expect!["invalid frame: expected more bytes at byte 2, found the end"]),
        ("0202 0600 0000", expect!["invalid frame: unknown header type 6 at byte 2: expected 0 to 5"]),
        ("0202 ffff", expect!["invalid frame: unknown header type 65535 at byte 2: expected 0 to 5"]),
        ("0202 0500 ffffff7f 74", expect!["invalid frame: expected more bytes at byte 8, found the end"]),
        ("0202 0500 ffffffff", expect!["invalid frame: invalid length -1 at byte 4: expected 0 or more"]),
        ("0202 0100 00000080", expect!["invalid frame: invalid length -2147483648 at byte 4: expected 0 or more"]),
        ("0202 0100 01000000 61 08", expect!["invalid frame: unknown value format 8 at byte 9: expected 0 to 7"]),
        ("0202 0100 01000000 61 07 ffffff7f", expect!["invalid frame: expected more bytes at byte 14, found the end"]),
        ("0202 0100 01000000 61 05 00", expect!["invalid frame: expected more bytes at byte 10, found the end"]),
    ] {
        expected.assert_eq(&Frame::decode(&bytes(hex)).unwrap_err().to_string());
    }
    // Every part of a frame is not a frame.
    let whole = bytes(CONFIRM);
    for end in 0..whole.len() {
        assert!(matches!(Frame::decode(&whole[..end]), Err(FrameError::Truncated { .. })), "{end}");
    }
}

#[test]
fn bytes_after_the_end_are_ignored() {
    let vector = [bytes(PULL), b"garbage".to_vec()].concat();
    assert_eq!(ClientCommand::from_frame(&Frame::decode(&vector).unwrap()).unwrap(), ClientCommand::Pull);
}

#[test]
fn the_number_of_headers_is_limited() {
    let header = bytes("0100 00000000 00");
    let frame = |headers: usize| [bytes("0202"), header.repeat(headers), bytes("0000")].concat();
    assert_eq!(Frame::decode(&frame(Frame::MAX_HEADERS)).unwrap().headers.len(), Frame::MAX_HEADERS);
    assert_eq!(Frame::decode(&frame(Frame::MAX_HEADERS + 1)), Err(FrameError::TooManyHeaders));
    let mut frame = Frame::new(FrameKind::Send);
    frame.headers = vec![("a".into(), HeaderValue::Void); Frame::MAX_HEADERS + 1];
    assert_eq!(frame.encode(), Err(FrameError::TooManyHeaders));
}

#[test]
fn invalid_utf8_is_replaced() {
    let vector = bytes("0202 0500 02000000 74ff 0100 01000000 61 01 01000000 ff 0000");
    let frame = Frame::decode(&vector).unwrap();
    assert_eq!(frame.token.as_deref(), Some("t\u{fffd}"));
    assert_eq!(frame.text("a").as_deref(), Some("\u{fffd}"));
}

fn message() -> Message {
    let mut message = Message::new(i64::MAX, "taobao_trade_TradeCreate", r#"{"tid":9007199254740993}"#);
    message.publisher = Some("12497914".to_owned());
    message.time = DateTime::from_epoch_milliseconds(1_451_620_800_000);
    message.user_nick = Some("小二".to_owned());
    message.user_id = Some(3);
    message.data_id = Some("9007199254740993".to_owned());
    message.outgoing_time = DateTime::from_epoch_milliseconds(1_451_620_801_000);
    message
}

#[test]
fn messages_are_the_same_after_both_encodings() {
    let command = ServerCommand::Message(message());
    for encoding in [ContentEncoding::Plain, ContentEncoding::Gzip] {
        let bytes = command.to_frame_with("t", encoding).encode().unwrap();
        assert_eq!(ServerCommand::from_frame(&Frame::decode(&bytes).unwrap()).unwrap(), command, "{encoding:?}");
    }
}

/// A frame with a message, as a server that is not this one writes it.
fn data(headers: &[(&'static str, HeaderValue<'static>)]) -> Frame<'static> {
    let mut frame = Frame::new(FrameKind::Send);
    frame.push("__kind", HeaderValue::Byte(3));
    frame.headers.extend(headers.iter().map(|(name, value)| ((*name).into(), value.clone())));
    frame
}

#[test]
fn headers_may_have_other_types() {
    let frame = data(&[
        ("id", HeaderValue::Text("7104300007405429232".into())),
        ("topic", HeaderValue::Text("t".into())),
        ("dataid", HeaderValue::Long(9_007_199_254_740_993)),
        ("userid", HeaderValue::Int(7)),
        ("nick", HeaderValue::Text("".into())),
        ("publisher", HeaderValue::Void),
        ("time", HeaderValue::Long(1_451_620_800_999)),
        ("outtime", HeaderValue::Date(i64::MAX)),
        ("new", HeaderValue::Text("value".into())),
    ]);
    let ServerCommand::Message(found) = ServerCommand::from_frame(&frame).unwrap() else { panic!("not a message") };
    let mut expected = Message::new(7104300007405429232, "t", "");
    expected.data_id = Some("9007199254740993".to_owned());
    expected.user_id = Some(7);
    expected.time = DateTime::from_epoch_milliseconds(1_451_620_800_000);
    assert_eq!(found, expected);
}

#[test]
fn invalid_messages_are_errors() {
    let topic = || ("topic", HeaderValue::Text("t".into()));
    let id = || ("id", HeaderValue::Long(1));
    for (headers, id, expected) in [
        (vec![topic()], None, expect!["invalid command: the header `id` is missing, or its value has the wrong type"]),
        (
            vec![topic(), ("id", HeaderValue::Text("x".into()))],
            None,
            expect!["invalid command: the header `id` is missing, or its value has the wrong type"],
        ),
        (
            vec![id()],
            Some(1),
            expect!["invalid command: message 1 lacks the header `topic`, or its value has the wrong type"],
        ),
        (
            vec![id(), topic(), ("content", HeaderValue::Long(1))],
            Some(1),
            expect!["invalid command: cannot read the content of message 1: expected text or gzip, found a number"],
        ),
        (
            vec![id(), topic(), ("content", HeaderValue::Bytes(vec![0x1f, 0x8b, 8].into()))],
            Some(1),
            expect!["invalid command: cannot read the content of message 1: expected gzip, found invalid data"],
        ),
    ] {
        let error = ServerCommand::from_frame(&data(&headers)).unwrap_err();
        expected.assert_eq(&error.to_string());
        assert_eq!(error.message_id(), id);
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn contents_are_limited_after_decompression() {
    let read = |content: HeaderValue<'static>| {
        let headers = [("id", HeaderValue::Long(1)), ("topic", HeaderValue::Text("t".into())), ("content", content)];
        match ServerCommand::from_frame(&data(&headers)) {
            Ok(ServerCommand::Message(message)) => Ok(message.content),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        }
    };
    let longest = vec![b' '; Message::MAX_CONTENT];
    let longer = vec![b' '; Message::MAX_CONTENT + 1];
    let compressed = gzip(&longer);
    assert!(compressed.len() < 20_000);
    assert_eq!(read(HeaderValue::Bytes(gzip(&longest).into())).map(|text| text.len()), Ok(Message::MAX_CONTENT));
    let too_long = Err(CommandError::InvalidContent { id: 1, problem: "it is longer than the limit" });
    assert_eq!(read(HeaderValue::Bytes(compressed.into())), too_long);
    assert_eq!(read(HeaderValue::Bytes(longer.clone().into())), too_long);
    assert_eq!(read(HeaderValue::Text(String::from_utf8(longer).unwrap().into())), too_long);
    // Text without compression, and invalid UTF-8.
    assert_eq!(read(HeaderValue::Bytes("端".as_bytes().into())).as_deref(), Ok("端"));
    assert_eq!(read(HeaderValue::Bytes(gzip(b"a\xff").into())).as_deref(), Ok("a\u{fffd}"));
}

#[test]
fn commands_of_other_clients() {
    // The npm package `tmc.js` sends `Failed` as SENDACK.
    let failed = ClientCommand::Failed { id: 7, reason: "no stock".to_owned() };
    let mut frame = failed.to_frame("t");
    frame.kind = FrameKind::SendAck;
    assert_eq!(ClientCommand::from_frame(&frame).unwrap(), failed);

    let publish = ClientCommand::Publish {
        flag: Some(9),
        topic: "t".to_owned(),
        content: "{}".to_owned(),
        session: Some("s3cr3t".to_owned()),
    };
    let frame = publish.to_frame("t");
    assert_eq!(ClientCommand::from_frame(&frame).unwrap(), publish);
    for output in [format!("{publish:?}"), format!("{frame:?}")] {
        assert!(!output.contains("s3cr3t"), "{output}");
    }

    let mut other = Frame::new(FrameKind::Send);
    assert_eq!(ClientCommand::from_frame(&other), Err(CommandError::MissingKind));
    other.push("__kind", HeaderValue::Byte(99));
    assert_eq!(ClientCommand::from_frame(&other), Err(CommandError::UnknownKind(99)));
    assert_eq!(ServerCommand::from_frame(&other), Err(CommandError::UnknownKind(99)));
    assert_eq!(ClientCommand::from_frame(&Frame::new(FrameKind::Connect)), Err(CommandError::UnexpectedFrame));
}

#[test]
fn reasons_have_at_most_128_units() {
    for (reason, length) in
        [("端".repeat(200), 128), ("😀".repeat(100), 64), ("x".repeat(128), 128), (String::new(), 0)]
    {
        let command = ClientCommand::Failed { id: 1, reason };
        let frame = command.to_frame("t");
        assert_eq!(frame.text("msg").unwrap_or_default().chars().count(), length);
    }
}

#[test]
fn acknowledgements() {
    for refusal in [None, Some(Refusal::new(3, "")), Some(Refusal::new(0, "no")), Some(Refusal::new(3, "no"))] {
        let command = ServerCommand::Ack(Ack::new(5, refusal));
        let bytes = command.to_frame("t").encode().unwrap();
        assert_eq!(ServerCommand::from_frame(&Frame::decode(&bytes).unwrap()).unwrap(), command);
    }
}

#[test]
fn handshakes_that_fail() {
    let check = |change: &dyn Fn(&mut Frame<'_>), expected: Expect| {
        let vector = connect_ack();
        let mut frame = Frame::decode(&vector).unwrap();
        change(&mut frame);
        expected.assert_eq(&ConnectAck::token_of(&frame, 1).unwrap_err().to_string());
    };
    check(
        &|frame| frame.status_code = Some(43),
        expect!["handshake failed: the server refused the connection with status code 43"],
    );
    check(
        &|frame| frame.status_phrase = Some("invalid signature".into()),
        expect!["handshake failed: the server refused the connection with status code 0: invalid signature"],
    );
    check(&|frame| frame.token = None, expect!["handshake failed: expected a token in CONNECTACK, found none"]);
    check(&|frame| frame.flag = None, expect!["handshake failed: expected a response with the flag 1, found no flag"]);
    check(
        &|frame| frame.flag = Some(2),
        expect!["handshake failed: expected a response with the flag 1, found the flag 2"],
    );
    check(
        &|frame| frame.kind = FrameKind::Send,
        expect!["handshake failed: expected a CONNECT or CONNECTACK frame, found another kind"],
    );
    let mut request = Frame::new(FrameKind::Connect);
    request.push_text("app_key", "1");
    assert_eq!(ConnectRequest::from_frame(&request), Err(HandshakeError::MissingHeader("group_name")));
}

#[test]
fn debug_output_has_no_secrets() {
    let mut request = ConnectRequest::new(&AppCredentials::new("1", "s3cr3t"), "g", UNIX_EPOCH);
    request.token = Some("t0k3n".to_owned());
    let ack = ConnectAck::Accepted { token: "t0k3n".to_owned() };
    let message = ServerCommand::Message(Message::new(1, "t", r#"{"session":"s3cr3t"}"#));
    for output in [
        format!("{request:?} {:?}", request.to_frame(1)),
        format!("{ack:?} {:?}", ack.to_frame(None)),
        format!("{message:?} {:?}", message.to_frame("t0k3n")),
    ] {
        for secret in ["s3cr3t", "t0k3n", &request.sign] {
            assert!(!output.contains(secret), "{output}");
        }
    }
}

/// The content of a topic.
#[derive(Clone, Default)]
struct TradeCreate {
    tid: Option<i64>,
    payment: Option<String>,
}

impl Topic for TradeCreate {
    const NAME: &'static str = "taobao_trade_TradeCreate";
}

record! {
    mut TradeCreate {
        0 => tid: Number("tid", Number);
        1 => payment: Text("payment", String);
    }
}

#[test]
fn contents_are_decoded_leniently() {
    let content = r#"{"payment":1.50,"tid":"9007199254740993","notify":{"a":1},"session":"s3cr3t"}"#;
    let decoded = Message::new(1, TradeCreate::NAME, content).decode::<TradeCreate>().unwrap();
    assert_eq!((decoded.tid, decoded.payment.as_deref()), (Some(9007199254740993), Some("1.50")));
    assert!(decoded.mismatches().is_empty());
    let unknown: Vec<_> = decoded.unknown_fields().iter().map(|field| field.path.as_str()).collect();
    assert_eq!(unknown, ["notify", "session"]);
    assert_eq!(decoded.dropped_unknown_fields(), 0);

    let decoded = Message::new(1, TradeCreate::NAME, r#" {"tid":[1],"payment":"a"} "#).decode::<TradeCreate>().unwrap();
    assert_eq!((decoded.tid, decoded.payment.as_deref()), (None, Some("a")));
    assert_eq!(decoded.mismatches()[0].path, "tid");
    expect![[r#"Decoded { value: TradeCreate { payment: "a" }, mismatches: [Mismatch { path: "tid", kind: Number, list: false, found: "a list", replaced: false }], .. }"#]]
        .assert_eq(&format!("{decoded:?}"));
}

#[test]
fn contents_that_are_not_those_of_the_topic_are_errors() {
    let error = Message::new(1, "other", "{}").decode::<TradeCreate>().unwrap_err();
    let found = "other".to_owned();
    assert_eq!(error, ContentError::OtherTopic { expected: TradeCreate::NAME, found });
    for (content, expected) in [
        ("", "expected a JSON value, found the end of the body at line 1 column 1"),
        ("<a/>", "expected a JSON value, found '<' at line 1 column 1"),
        ("[1]", "expected a JSON object, found '[' at line 1 column 1"),
        (r#"{"tid":1} x"#, "expected the end of the body, found 'x' at line 1 column 11"),
        (r#"{"tid":1"#, "expected ',' or '}', found the end of the body at line 1 column 9"),
    ] {
        let error = Message::new(1, TradeCreate::NAME, content).decode::<TradeCreate>().unwrap_err();
        assert_eq!(error.to_string(), format!("cannot decode the content of the message: {expected}"));
    }
}

fn text() -> impl Strategy<Value = Cow<'static, str>> {
    any::<String>().prop_map(Cow::Owned)
}

fn value() -> impl Strategy<Value = HeaderValue<'static>> {
    prop_oneof![
        Just(HeaderValue::Void),
        text().prop_map(HeaderValue::Text),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Short),
        any::<i32>().prop_map(HeaderValue::Int),
        any::<i64>().prop_map(HeaderValue::Long),
        any::<i64>().prop_map(HeaderValue::Date),
        any::<Vec<u8>>().prop_map(|bytes| HeaderValue::Bytes(bytes.into())),
    ]
}

fn not_empty() -> impl Strategy<Value = Option<Cow<'static, str>>> {
    any::<Option<String>>().prop_map(|text| text.filter(|text| !text.is_empty()).map(Cow::Owned))
}

prop_compose! {
    fn frame()(
        kind in prop_oneof![
            Just(FrameKind::Connect), Just(FrameKind::ConnectAck), Just(FrameKind::Send), Just(FrameKind::SendAck),
        ],
        status_code in any::<Option<i32>>(),
        status_phrase in not_empty(),
        flag in any::<Option<i32>>(),
        token in not_empty(),
        headers in proptest::collection::vec((text(), value()), 0..12),
    ) -> Frame<'static> {
        let mut frame = Frame::new(kind);
        frame.status_code = status_code;
        frame.status_phrase = status_phrase;
        frame.flag = flag;
        frame.token = token;
        frame.headers = headers;
        frame
    }
}

proptest! {
    #[test]
    fn frames_are_the_same_after_encoding(frame in frame()) {
        let bytes = frame.encode().unwrap();
        prop_assert_eq!(Frame::decode(&bytes).unwrap(), frame);
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(mut bytes in any::<Vec<u8>>(), start in 0_usize..3) {
        for (byte, fixed) in bytes.iter_mut().zip([2, 2].iter().take(start)) {
            *byte = *fixed;
        }
        if let Ok(frame) = Frame::decode(&bytes) {
            let again = frame.encode().unwrap();
            prop_assert_eq!(Frame::decode(&again).unwrap(), frame);
        }
    }

    #[test]
    fn messages_are_the_same_after_encoding(id: i64, topic in "[a-z_]{1,20}", content: String, user: Option<i64>, gzip: bool) {
        let mut message = Message::new(id, topic, content);
        message.user_id = user;
        let command = ServerCommand::Message(message);
        let encoding = if gzip { ContentEncoding::Gzip } else { ContentEncoding::Plain };
        let bytes = command.to_frame_with("t", encoding).encode().unwrap();
        prop_assert_eq!(ServerCommand::from_frame(&Frame::decode(&bytes).unwrap()).unwrap(), command);
    }
}

#[test]
fn the_phrase_of_a_server_is_bounded_and_printable() {
    for (phrase, expected) in [
        ("\u{1b}[2J", "\u{fffd}[2J".to_owned()),
        ("\n", "\u{fffd}".to_owned()),
        (&"很".repeat(5000), "很".repeat(Refusal::MAX_PHRASE)),
    ] {
        let vector = connect_ack();
        let mut frame = Frame::decode(&vector).unwrap();
        frame.status_phrase = Some(phrase.into());
        let refused = ConnectAck::token_of(&frame, 1).unwrap_err();
        assert_eq!(refused, HandshakeError::Refused(Refusal::new(0, expected)));

        let mut frame = Frame::new(FrameKind::SendAck);
        frame.flag = Some(1);
        frame.status_phrase = Some(phrase.into());
        let read = ServerCommand::from_frame(&frame).unwrap();
        let bytes = read.to_frame("t").encode().unwrap();
        assert_eq!(ServerCommand::from_frame(&Frame::decode(&bytes).unwrap()), Ok(read));
    }
}
