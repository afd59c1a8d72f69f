//! Sessions that are refreshed before they end, once, however many wait for them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use tracing::instrument::WithSubscriber;

use super::known::Known;
use super::renewing::{Outcome, PAUSE, Renewal, Renewing};
use super::{SessionProvider, SessionStore};
use crate::error::SessionError;
use crate::lock::locked;
use crate::oauth::Clock;
use crate::{BoxFuture, Refresh, Token, runtime};
use top_protocol::PlatformError;

/// Sessions out of a store, refreshed before they end and when the platform refuses them.
///
/// However many calls wait for a user's session, one refresh is made, and machines that share a store make one among
/// them. It goes on when the calls that wait for it are given up, because a refresh token may be good for one answer
/// only.
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway};
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::client::{MemorySessionStore, OAuth, RefreshingSessions};
/// use std::sync::Arc;
///
/// # async fn example(code: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
/// let sessions = Arc::new(RefreshingSessions::new(oauth.clone(), MemorySessionStore::new()));
///
/// // Once, when the seller comes back from the authorisation page:
/// sessions.put("seller 1", oauth.token(code, "https://shop.test/back").await?).await?;
///
/// // From then on:
/// let seller = client.with_session_from(sessions.clone(), "seller 1");
/// match seller.execute(&TopClientTokenGetRequest::new("sec_token")).await {
///     Err(error) if error.needs_authorization() => println!("send the seller to the authorisation page"),
///     other => println!("{:?}", other?.token),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # When something is down
///
/// As long as the platform takes the session at hand, a call has it: a refresh that fails before the session ends is
/// tried again later, and so is one for which the store cannot be read. After that calls fail with
/// [`Error::Session`](crate::Error::Session), which tells whether the user must authorise again.
///
/// # When the platform refuses a session
///
/// Another is looked for at once: in the store, where another machine may have put it, and then by a refresh. A token
/// younger than a minute is not refreshed for it, because a platform that refuses that one refuses the next as well. If
/// the platform [does not say clearly](PlatformError::is_session_ambiguous) that it is the session's fault, this is done
/// once an hour for a user, and the session stays in use if nothing comes of it.
pub struct RefreshingSessions {
    shared: Arc<Shared>,
}

/// The age before which no token is refreshed. Without it, a server that issues tokens with no lifetime would be asked for
/// another one by every call.
const MIN_REFRESH_AGE: Duration = Duration::from_secs(1);

/// What a renewal needs too, which goes on when nobody waits.
pub(super) struct Shared {
    pub(super) refresh: Box<dyn Refresh>,
    pub(super) store: Box<dyn SessionStore>,
    margin: Duration,
    pub(super) timeout: Duration,
    clock: Clock,
    /// Who this process is where it locks. It stays the same, so that a lock whose grant was not heard of is its own.
    pub(super) holder: String,
    users: Mutex<HashMap<String, Known>>,
}

impl RefreshingSessions {
    /// Sessions out of `store`, refreshed through `refresh`: an [`OAuth`](crate::OAuth) or a
    /// [`TokenMethods`](crate::TokenMethods).
    pub fn new(refresh: impl Refresh, store: impl SessionStore) -> Self {
        let shared = Shared {
            refresh: Box::new(refresh),
            store: Box::new(store),
            margin: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            clock: Arc::new(SystemTime::now),
            holder: random(),
            users: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sets how long before its end a session is refreshed. Default: 5 minutes, and at most half of its lifetime. A token
    /// is used for at least a second.
    #[must_use]
    pub fn with_margin(self, margin: Duration) -> Self {
        self.with(|shared| shared.margin = margin)
    }

    /// How long a refresh may take; 30 seconds unless set. Other machines wait a little longer for one that does not
    /// come back.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.timeout = timeout)
    }

    /// The same with another clock. For tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|shared| shared.clock = Arc::new(clock))
    }

    /// The same with another setting. It is nobody else's before it is used.
    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            change(shared);
        }
        self
    }

    /// Keeps the token that `user` has granted, in place of any other: of one that is being refreshed too, whose refresh
    /// is of no account then.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down. The token is used all the same, by this process, which stores
    /// it when it can.
    pub async fn put(&self, user: &str, token: Token) -> Result<(), SessionError> {
        let token = Arc::new(token);
        let until = self.shared.renew_at(&token);
        self.shared.users().entry(user.to_owned()).or_default().granted(token.clone(), until);
        match self.shared.store.put(user, &token).await {
            Ok(()) => {
                if let Some(known) = self.shared.users().get_mut(user) {
                    known.stored(&token);
                }
                Ok(())
            }
            Err(error) => {
                self.shared.store_later(user, token);
                Err(SessionError::unavailable(error).of(user))
            }
        }
    }

    /// Forgets the token of `user`, here and in the store. Another machine that has it in use does not: it stores it
    /// again, as after a loss of the store's data. Remove it there too.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down.
    pub async fn remove(&self, user: &str) -> Result<(), SessionError> {
        self.shared.users().remove(user);
        self.shared.store.remove(user).await.map_err(|error| SessionError::unavailable(error).of(user))?;
        // A call may have had it out of the store meanwhile.
        self.shared.users().remove(user);
        Ok(())
    }

    /// The token of `user`, refreshed if its time has come.
    ///
    /// # Errors
    ///
    /// [`SessionError::unauthorized`] if the user must authorise the application, [`SessionError::unavailable`] if the
    /// store or the one who refreshes is down and there is no token that is still good.
    pub async fn token(&self, user: &str) -> Result<Token, SessionError> {
        self.shared.token(user).await.map(Arc::unwrap_or_clone).map_err(|error| error.of(user))
    }
}

impl SessionProvider for RefreshingSessions {
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        Box::pin(async { Ok(self.shared.token(user).await?.access_token.clone()) })
    }

    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        let now = self.shared.now();
        let clearly = !refusal.is_session_ambiguous();
        let known = |known: &mut Known| known.refused(session, clearly, now);
        let worth = self.shared.users().get_mut(user).is_none_or(known);
        Box::pin(async move { worth })
    }
}

impl Shared {
    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        locked(&self.users)
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// When a token is to be refreshed, or ends if it cannot be then.
    pub(super) fn renew_at(&self, token: &Token) -> Option<SystemTime> {
        let end = token.expires_at()?;
        let life = end.duration_since(token.received_at).unwrap_or_default();
        let early = (life - self.margin.min(life / 2)).max(MIN_REFRESH_AGE);
        let early = token.received_at.checked_add(early)?;
        Some(if token.is_refreshable(early) { early } else { end })
    }

    /// The token at hand, or the outcome of the one renewal.
    async fn token(self: &Arc<Self>, user: &str) -> Outcome {
        let renewal = match self.at_hand(user) {
            Ok(token) => return Ok(token),
            Err(renewal) => renewal,
        };
        let token = renewal.outcome().await?;
        // The platform may have refused it while the renewal was under way that has brought it.
        let bad = self.users().get(user).is_some_and(|known| known.is_bad(&token));
        match bad.then(|| self.at_hand(user)) {
            None => Ok(token),
            Some(Ok(token)) => Ok(token),
            Some(Err(renewal)) => renewal.outcome().await,
        }
    }

    /// The token that needs no other thought, or the renewal to wait for.
    fn at_hand(self: &Arc<Self>, user: &str) -> Result<Arc<Token>, Renewal> {
        let mut users = self.users();
        if let Some(token) = users.get(user).and_then(|known| known.at_hand(self.now())) {
            return Ok(token);
        }
        Err(self.renewal(user, users.entry(user.to_owned()).or_default()))
    }

    /// The renewal that is under way, or one that begins. It is nobody's in particular: whoever waits for it may stop.
    fn renewal(self: &Arc<Self>, user: &str, known: &mut Known) -> Renewal {
        if let Some(renewal) = known.renewal.clone().filter(Renewal::is_under_way) {
            return renewal;
        }
        let (sender, renewal) = Renewal::begin();
        let renewing = Renewing::new(self.clone(), user.to_owned(), renewal.clone(), known.life.clone());
        let task = async move { drop(sender.send_replace(Some(renewing.outcome().await))) };
        match runtime::current() {
            Ok(runtime) => drop(runtime.spawn(task.with_current_subscriber())),
            Err(error) => return Renewal::ended(Err(SessionError::unavailable(error))),
        }
        known.renewal = Some(renewal.clone());
        renewal
    }

    /// Has the store given a token that it has missed, as soon as it takes it.
    pub(super) fn store_later(self: &Arc<Self>, user: &str, token: Arc<Token>) {
        // Without a runtime to wait in, the next renewal does it.
        let Ok(runtime) = runtime::current() else { return };
        let (shared, user) = (Arc::downgrade(self), user.to_owned());
        let task = async move {
            loop {
                sleep(PAUSE).await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                match shared.users().get_mut(&user).filter(|known| known.is_to_be_stored(&token)) {
                    // A renewal looks at the store, whatever it finds there.
                    Some(known) => drop(shared.renewal(&user, known)),
                    None => return,
                }
            }
        };
        runtime.spawn(task.with_current_subscriber());
    }
}

impl fmt::Debug for RefreshingSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingSessions")
            .field("margin", &self.shared.margin)
            .field("timeout", &self.shared.timeout)
            .field("users", &self.shared.users().len())
            .finish_non_exhaustive()
    }
}

/// A text that nobody else has.
fn random() -> String {
    format!("{:032x}", fastrand::u128(..))
}
