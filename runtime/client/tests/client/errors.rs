//! The classification and the messages of errors.

use std::error::Error as StdError;
use std::time::Duration;

use generated_sdk::Error;
use generated_sdk::platform::CODES;
use generated_sdk::protocol::{
    ConfigurationError, ConfigurationKind, File, LimitError, PlatformError, RawBody, SessionError, StatusError,
    Timeout, TransportError, TransportKind, Violations, decode,
};

fn refusal(code: i64, sub_code: &str) -> PlatformError {
    let mut refusal = PlatformError::new(code, "");
    refusal.sub_code = Some(sub_code.to_owned()).filter(|code| !code.is_empty());
    refusal
}

/// Returns the names of the classes of an error.
fn classes(error: &Error) -> String {
    let answers = [
        ("retryable", error.is_retryable()),
        ("not-processed", error.was_not_processed()),
        ("session", error.is_session_invalid()),
        ("authorize", error.needs_authorization()),
        ("caller", error.is_client_error()),
    ];
    let yes: Vec<_> = answers.into_iter().filter(|(_, yes)| *yes).map(|(word, _)| word).collect();
    yes.join(" ")
}

#[test]
fn refusals() {
    for (code, sub_code, expected) in [
        (3, "", "caller"),
        (4, "", "retryable not-processed"),
        (5, "", "retryable not-processed"),
        (6, "", "retryable not-processed"),
        (7, "accesscontrol.limited-by-api-access-count", "retryable not-processed"),
        (7, "isv.access-limited-by-app-access-count", "retryable not-processed"),
        (8, "", "retryable not-processed"),
        (9, "", "not-processed caller"),
        // A busy platform may have processed the call.
        (10, "", "retryable"),
        (11, "isv.permission-api-package-empty", "not-processed caller"),
        (12, "", "not-processed caller"),
        (13, "", "not-processed caller"),
        (15, "isp.remote-service-timeout", "retryable"),
        (15, "isv.BUSINESS_LIMIT_CONTROL", "caller"),
        (15, "ISP.unknown-error", "retryable"),
        (15, "", ""),
        (21, "", "not-processed caller"),
        (22, "", "not-processed caller"),
        (23, "", "not-processed caller"),
        (24, "", "not-processed caller"),
        (25, "", "not-processed caller"),
        (26, "", "not-processed session"),
        (27, "session-is-blank", "not-processed session"),
        (28, "", "not-processed caller"),
        (29, "isv.appkey-not-exists", "not-processed caller"),
        (30, "", "not-processed caller"),
        (31, "", "not-processed caller"),
        (32, "", "not-processed caller"),
        (33, "", "not-processed caller"),
        (34, "", "not-processed caller"),
        // The documents exclude these codes from the checks before the service.
        (40, "isv.missing-parameter:tid", "caller"),
        (41, "isv.invalid-parameter:tid", "caller"),
        (42, "", "not-processed authorize"),
        (43, "", "caller"),
        (44, "", "not-processed session"),
        (47, "", "not-processed caller"),
        (50, "isp.top-remote-connection-timeout", "retryable"),
        (50, "isp.top-remote-service-unavailable-tmall", "retryable"),
        (50, " isp.top-mapping-parse-error ", ""),
        (50, "isp.top-parse-error", ""),
        (50, "isp.invalid-parameters:a", ""),
        (50, "isv.invalid-parameter", "caller"),
        (50, "invalid-sessionkey", "session"),
        (50, "isv.invalid-sessionkey", "session"),
        (50, "20005", ""),
        (53, "", "not-processed session"),
        // Codes without a documented meaning.
        (45, "", ""),
        (0, "isp.system-busy", "retryable"),
        (560, "isv.item-not-exist", "caller"),
        (-1, "", ""),
    ] {
        let error = Error::Platform(Box::new(refusal(code, sub_code)));
        assert_eq!(classes(&error), expected, "{code} {sub_code}");
    }
}

#[test]
fn classifies_doubtful_sessions() {
    for (code, sub_code, doubtful) in [
        (53, "", true),
        (53, "isv.security-level", true),
        (53, "isv.invalid-sessionkey", false),
        (26, "", false),
        (27, "session-is-blank", false),
        (44, "", false),
        (15, "isv.invalid-sessionkey", false),
        (42, "", false),
    ] {
        assert_eq!(refusal(code, sub_code).is_session_ambiguous(), doubtful, "{code} {sub_code}");
    }
}

#[test]
fn classifies_codes_that_are_words() {
    for (code, sub_code, expected) in [
        ("IllegalAccessToken", "", "not-processed session"),
        ("illegalaccesstoken", "", "not-processed session"),
        ("InvalidAccessToken", "", "not-processed session"),
        ("invalid-sessionkey", "", "not-processed session"),
        ("15", "IllegalAccessToken", "session"),
        ("", "IllegalAccessToken", "not-processed session"),
        ("ApiCallLimit", "", "retryable not-processed"),
        ("AppCallLimit", "", "retryable not-processed"),
        ("IncompleteSignature", "", "not-processed caller"),
        ("InvalidSignature", "", "not-processed caller"),
        ("sign-check-failure", "", "not-processed caller"),
        ("MissingParameter", "", "caller"),
        ("isv.bad", "", "caller"),
        ("isp.system-busy", "", "retryable"),
        ("Y100", "Y10009", ""),
        ("Y100", "isp.system-busy", "retryable"),
        ("B0001", "", ""),
    ] {
        let mut refusal = refusal(0, sub_code);
        refusal.code = code.into();
        assert_eq!(classes(&Error::Platform(Box::new(refusal))), expected, "{code} {sub_code}");
    }
    assert!(PlatformError::new("AppCallLimit", "").is_limit_of_application());
    assert!(!PlatformError::new("ApiCallLimit", "").is_limit_of_application());
    let limit = PlatformError::new("ApiCallLimit", "The call limit is reached. This ban will last for 3 more seconds");
    assert_eq!(limit.retry_after(), Some(Duration::from_secs(3)));
    let limit = PlatformError::new("ApiCallLimit", "The call limit is reached. This ban will last 3 more seconds");
    assert_eq!(limit.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn codes_are_readable() {
    let text = |code: &str, msg: &str, sub_code: &str| {
        let mut refusal = refusal(0, sub_code);
        (refusal.code, refusal.msg) = (code.into(), msg.to_owned());
        refusal.to_string()
    };
    for (text, expected) in [
        (text("Y100", "m", "Y10009"), "the gateway refused the call: Y100 m (Y10009)"),
        (text("Y100", "", ""), "the gateway refused the call: Y100"),
        (text("1000", "m", ""), "the gateway refused the call: 1000 m"),
        (text("", "m", "x"), "the gateway refused the call: m (x)"),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn documented_codes_have_a_meaning_and_one_class() {
    for known in CODES {
        let error = Error::Platform(Box::new(refusal(known.code, "isp.x")));
        assert_eq!(error.meaning(), Some(known.meaning));
        let ways = [error.is_retryable(), error.is_session_invalid() || error.needs_authorization()];
        let ways = ways.iter().chain([&error.is_client_error()]).filter(|yes| **yes).count();
        assert_eq!(ways, 1, "{}: {}", known.code, classes(&error));
    }
    assert_eq!(Error::Platform(Box::new(refusal(1000, ""))).meaning(), None);
}

#[test]
fn bans() {
    for (sub_msg, expected) in [
        ("This ban will last for 1 more seconds", Some(1)),
        ("this BAN will last for  31000  More Seconds.", Some(31_000)),
        ("App Call Limited. This ban will last for 5 second", Some(5)),
        ("limit 40 per minute, this ban will last for 7 more seconds", Some(7)),
        ("QPS limit 10 per 60 seconds. This ban will last for 5 more seconds", Some(5)),
        ("10 calls in 60 seconds are allowed; this ban will last for 5 seconds", Some(5)),
        ("该接口将被禁用 12 秒", Some(12)),
        ("This ban will last for 1,234 more seconds", Some(1234)),
        ("This ban will last for 1.5 more seconds", Some(2)),
        ("This ban will last for 2.0 more seconds", Some(2)),
        ("This ban will last for 2 more minutes", Some(120)),
        ("This ban will last for 17 s.", Some(17)),
        ("60s后重试", Some(60)),
        ("禁用 3 分钟", Some(180)),
        ("This ban will last for 1 hour", Some(3600)),
        ("This ban will last for 1 more day", Some(86_400)),
        ("10000 calls a day are allowed", None),
        ("9 shops, 3 sizes", None),
        ("error 7, sec. 9", None),
        ("This ban will last for some more seconds", None),
        ("This ban will last for 99999999999999999999999 more seconds", None),
        ("99 bottles", None),
        ("12", None),
        ("", None),
    ] {
        for (msg, sub_msg) in [("App Call Limited", Some(sub_msg)), (sub_msg, None)] {
            let mut error = PlatformError::new(7, msg);
            error.sub_msg = sub_msg.map(str::to_owned);
            assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{error:?}");
        }
    }
    // A number of seconds in a permanent refusal is not a ban.
    let mut error = refusal(41, "");
    error.sub_msg = Some("within 5 seconds".to_owned());
    assert_eq!(error.retry_after(), None);
    let mut error = refusal(50, "isp.remote-service-timeout");
    error.sub_msg = Some("request timed out after 30 seconds".to_owned());
    assert!(error.is_retryable() && error.retry_after().is_none());
    let of_day = refusal(7, "accesscontrol.limited-by-app-access-count");
    assert!(of_day.is_limit_of_application() && of_day.is_limit());
    assert!(!refusal(7, "accesscontrol.limited-by-app-api-access-count").is_limit_of_application());
    assert!(!refusal(15, "accesscontrol.limited-by-app-access-count").is_limit_of_application());
}

#[test]
fn classifies_other_errors() {
    let transport = |kind| Error::Transport(TransportError::new(kind, "x"));
    let timeout = |timeout| transport(TransportKind::Timeout(timeout));
    let status = |status| Error::Status(StatusError::new(status, "x"));
    let unreadable = decode::<generated_sdk::api::top::TopClientTokenGetRequest>("[]".to_owned()).unwrap_err();
    for (error, expected) in [
        (ConfigurationError::new(ConfigurationKind::Gateway, "x").into(), "not-processed caller"),
        (Error::Invalid(Violations::new("m", Vec::new())), "not-processed caller"),
        (Error::Limit(LimitError::too_late(Duration::from_secs(1))), "retryable not-processed"),
        (Error::Limit(LimitError::failed("down")), "retryable not-processed"),
        (transport(TransportKind::Connect), "retryable not-processed"),
        (transport(TransportKind::Tls), "not-processed"),
        (transport(TransportKind::Interrupted), "retryable"),
        (transport(TransportKind::TooLong), ""),
        (transport(TransportKind::Upload), ""),
        (timeout(Timeout::Connect), "retryable not-processed"),
        (timeout(Timeout::Read), "retryable"),
        (timeout(Timeout::Attempt), "retryable"),
        (timeout(Timeout::BeforeSend), "not-processed"),
        (status(302), ""),
        (status(403), ""),
        (status(408), "retryable"),
        (status(429), "retryable"),
        (status(500), "retryable"),
        (status(501), ""),
        (status(503), "retryable"),
        (status(505), ""),
        (unreadable.into(), ""),
        (SessionError::unauthorized("x").into(), "not-processed authorize"),
        (SessionError::unavailable("x").into(), "retryable not-processed"),
        // Errors of a provider that calls the platform itself.
        (SessionError::from(Error::from(SessionError::unauthorized("x"))).into(), "not-processed authorize"),
        (SessionError::from(Error::Platform(Box::new(refusal(42, "")))).into(), "not-processed authorize"),
        (SessionError::from(status(503)).into(), "retryable not-processed"),
    ] {
        assert_eq!(classes(&error), expected, "{error:?}");
        assert_eq!((error.platform().is_some(), error.request_id(), error.meaning()), (false, None, None));
    }
}

/// The messages of an error and its sources.
fn messages(error: &(dyn StdError + 'static)) -> Vec<String> {
    let (mut messages, mut next) = (vec![error.to_string()], error.source());
    while let Some(source) = next {
        messages.push(source.to_string());
        next = source.source();
    }
    messages
}

#[test]
fn error_chains_print_each_message_once() {
    use ConfigurationKind as C;
    let io = || std::io::Error::other("the cause");
    let mut errors: Vec<Error> = [
        TransportKind::Connect,
        TransportKind::Exhausted,
        TransportKind::Tls,
        TransportKind::Timeout(Timeout::Connect),
        TransportKind::Timeout(Timeout::Read),
        TransportKind::Timeout(Timeout::Attempt),
        TransportKind::Timeout(Timeout::Call),
        TransportKind::Timeout(Timeout::BeforeSend),
        TransportKind::Redirected,
        TransportKind::Interrupted,
        TransportKind::TooLong,
        TransportKind::Upload,
    ]
    .into_iter()
    .map(|kind| Error::Transport(TransportError::new(kind, io())))
    .collect();
    let kinds =
        [C::Credentials, C::Environment, C::Gateway, C::AuthorizationServer, C::HttpsRequired, C::Tls, C::Proxy];
    for kind in kinds.into_iter().chain([C::Transport, C::Redis, C::Runtime]) {
        errors.push(ConfigurationError::new(kind, "the setting is wrong").with_source(io()).into());
    }
    errors.push(Error::Limit(LimitError::failed(io())));
    errors.push(Error::Limit(LimitError::too_late(Duration::from_secs(300))));
    errors.push(SessionError::unavailable(io()).into());
    errors.push(SessionError::unauthorized(Error::Transport(TransportError::new(TransportKind::Tls, io()))).into());
    errors.push(File::open("/nowhere/cup.jpg").unwrap_err().into());
    errors.push(Error::Status(StatusError::new(503, "x")));
    errors.push(Error::Platform(Box::new(refusal(25, ""))));
    errors.push(Error::Invalid(Violations::new("m", Vec::new())));
    errors.push(decode::<generated_sdk::api::top::TopClientTokenGetRequest>("[]".to_owned()).unwrap_err().into());
    for error in errors {
        let messages = messages(&error);
        for (index, message) in messages.iter().enumerate() {
            let others = messages[..index].iter().chain(&messages[index + 1..]);
            assert!(!message.is_empty() && others.clone().all(|other| !other.contains(message)), "{messages:?}");
        }
        assert_eq!(messages.len() > 1, error.source().is_some());
        if format!("{error:?}").contains("the cause") {
            assert_eq!(messages.last().map(String::as_str), Some("the cause"), "{messages:?}");
        }
    }
}

#[test]
fn messages_say_what_happened_and_what_was_expected() {
    let transport = |kind| TransportError::new(kind, "the cause").to_string();
    for (text, expected) in [
        (
            transport(TransportKind::Tls),
            "cannot make a secure connection to the gateway: its certificate is not valid, or it has no TLS",
        ),
        (transport(TransportKind::Timeout(Timeout::Read)), "no bytes from the gateway within the read timeout"),
        (
            transport(TransportKind::Timeout(Timeout::Attempt)),
            "no complete response from the gateway within the timeout",
        ),
        (
            transport(TransportKind::Timeout(Timeout::Call)),
            "no complete response from the gateway before the deadline of the call's retry policy",
        ),
        (
            LimitError::too_late(Duration::from_secs(300)).to_string(),
            "the request was not sent: the limiter allows it in 300 seconds, after the deadline of the call's retry policy",
        ),
        (LimitError::failed("connection refused").to_string(), "the request was not sent: the limiter failed"),
        (
            SessionError::unavailable("down").to_string(),
            "no session for the user \"\": temporarily unavailable, call again later",
        ),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn bodies_are_kept_within_a_limit() {
    let short = RawBody::from("端");
    assert_eq!((&*short, short.is_truncated(), format!("{short:?}")), ("端", false, "[3 bytes]".to_owned()));
    // The limit falls into a character.
    let long = RawBody::from(format!("x{}", "端".repeat(RawBody::LIMIT / 3 + 1)).as_str());
    assert!(long.is_truncated() && long.len() <= RawBody::LIMIT && long.len() > RawBody::LIMIT - 3);
    assert_eq!(format!("{long:?}"), format!("[the first {} bytes]", long.len()));
    assert!(long.to_string().ends_with("端… (truncated)"));
}
