//! Sessions: tokens that are created, refreshed and expire (docs/protocol.md section 7.5).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::record::{self, Record};
use super::route::{Action, Call, Change, Route};
use super::store::{Resource, Store, Transaction};
use crate::refusal::Refusal;

/// The start of each token of the gateway. A token with it that the state does not know has expired or was replaced.
const PREFIX: &str = "6200110ca1";

/// The lifetime of a session: 24 hours, as for an application under test (docs/protocol.md section 5.4).
const SESSION_LIFETIME: Duration = Duration::from_secs(86_400);

/// The lifetime of a refresh token.
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// The maximum number of sessions. The oldest ones are dropped.
const MAX_SESSIONS: usize = 1000;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "taobao.top.auth.token.create",
        Action::Create(Resource::Session, &[Change::Copy("app_key", "app_key"), Change::Apply(create)]),
        "",
    ),
    Route::new(
        "taobao.top.auth.token.refresh",
        Action::Update(
            Resource::Session,
            &[("refresh_token", "refresh_token"), ("app_key", "app_key")],
            &[Change::Apply(refresh)],
        ),
        "",
    ),
];

/// What the state knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Valid,
    /// It has expired, was replaced by a refresh, or belongs to another application.
    Invalid(&'static str),
    /// The gateway did not create it.
    Foreign,
}

/// Returns what the state knows of a session that an application sends.
pub(super) fn status(store: &Store, session: &str, app_key: &str, now: SystemTime) -> SessionStatus {
    let known = store.records(Resource::Session).find(|known| record::text(known, "access_token") == session);
    match known {
        None if session.starts_with(PREFIX) => {
            SessionStatus::Invalid("the session was replaced by a refresh, or has expired")
        }
        None => SessionStatus::Foreign,
        Some(known) if record::text(known, "app_key") != app_key => {
            SessionStatus::Invalid("the session belongs to another app_key")
        }
        Some(known) if expires(known, "expires") <= milliseconds(now) => {
            SessionStatus::Invalid("the session has expired: refresh it")
        }
        Some(_) => SessionStatus::Valid,
    }
}

/// Creates the tokens of an authorization code, which is valid once.
fn create(transaction: &mut Transaction<'_>, session: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let code = call.get("code").unwrap_or_default().to_owned();
    if transaction.records(Resource::Session).any(|other| record::text(other, "code") == code) {
        let reason = "the code was used before: expected a new one, each is valid once";
        return Err(Refusal::with_reason(15, "isv.invalid-auth-code", reason));
    }
    record::set(session, "code", code.into());
    let excess = (transaction.records(Resource::Session).count() + 1).saturating_sub(MAX_SESSIONS);
    let oldest: Vec<Record> = transaction.records(Resource::Session).take(excess).cloned().collect();
    oldest.iter().for_each(|session| transaction.delete(Resource::Session, session));
    issue(transaction, session);
    Ok(())
}

/// Replaces the tokens of a session. The old ones are invalid.
fn refresh(transaction: &mut Transaction<'_>, session: &mut Record, _call: &Call<'_>) -> Result<(), Refusal> {
    if expires(session, "refresh_expires") <= milliseconds(transaction.now.to_system_time()) {
        let reason = "the refresh_token has expired: authorize the application again";
        return Err(Refusal::with_reason(15, "isv.invalid-refresh-token", reason));
    }
    issue(transaction, session);
    Ok(())
}

/// Sets new tokens, and the response with them.
fn issue(transaction: &Transaction<'_>, session: &mut Record) {
    let id = record::integer(session, "id").unwrap_or_default();
    let generation = record::integer(session, "generation").unwrap_or_default() + 1;
    let now = transaction.now.to_system_time();
    let (access, refresh) = (token(id, generation, 0), token(id, generation, 1));
    let (expires, refresh_expires) = (milliseconds(now + SESSION_LIFETIME), milliseconds(now + REFRESH_LIFETIME));
    let shop = transaction.records(Resource::Shop).next();
    let seller = |field: &str| shop.map(|shop| record::text(shop, field)).unwrap_or_default();
    let result = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": SESSION_LIFETIME.as_secs(),
        "expire_time": expires,
        "refresh_token": refresh,
        "re_expires_in": REFRESH_LIFETIME.as_secs(),
        "refresh_token_valid_time": refresh_expires,
        "r1_expires_in": SESSION_LIFETIME.as_secs(),
        "r2_expires_in": SESSION_LIFETIME.as_secs(),
        "w1_expires_in": SESSION_LIFETIME.as_secs(),
        "w2_expires_in": SESSION_LIFETIME.as_secs(),
        "taobao_user_id": seller("user_id"),
        "taobao_user_nick": utf8_percent_encode(&seller("nick"), NON_ALPHANUMERIC).to_string(),
        "taobao_open_uid": seller("open_uid"),
    });
    let fields = [
        ("access_token", Json::from(access)),
        ("refresh_token", refresh.into()),
        ("expires", expires.into()),
        ("refresh_expires", refresh_expires.into()),
        ("generation", generation.into()),
        ("token_result", result.to_string().into()),
    ];
    fields.into_iter().for_each(|(field, value)| record::set(session, field, value));
}

/// Returns a token: the same for the same session, so that a run with a seed can be repeated.
fn token(id: i64, generation: i64, kind: u64) -> String {
    let seed = id.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ generation.unsigned_abs().wrapping_mul(4) ^ kind;
    let mut random = fastrand::Rng::with_seed(seed);
    format!("{PREFIX}{:016x}{:016x}{:08x}", random.u64(..), random.u64(..), id)
}

fn expires(session: &Record, field: &str) -> i64 {
    record::integer(session, field).unwrap_or_default()
}

fn milliseconds(time: SystemTime) -> i64 {
    i64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
