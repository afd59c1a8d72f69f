//! Sessions that are refreshed before they end, once, however many wait for them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::{SessionProvider, SessionStore, StoreError};
use crate::client::oauth::Clock;
use crate::client::trace;
use crate::client::{BoxFuture, Refresh, Token};
use crate::protocol::{Error, SessionError};

/// Sessions out of a store, refreshed before they end and when the platform refuses them.
///
/// However many calls wait for a user's session, one refresh is made, and machines that share a store make one among
/// them. It goes on when the calls that wait for it are given up, because a refresh token may be good for one answer
/// only.
///
/// ```no_run
/// use generated_sdk::Client;
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::client::{MemorySessionStore, OAuth, RefreshingSessions};
/// use std::sync::Arc;
///
/// # async fn example(code: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("https://eco.taobao.com/router/rest", "app key", "app secret").build()?;
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
/// tried again later, and so is one for which the store cannot be read. After that calls fail with [`Error::Session`],
/// which tells whether the user must authorise again.
pub struct RefreshingSessions {
    shared: Arc<Shared>,
}

struct Shared {
    refresh: Box<dyn Refresh>,
    store: Box<dyn SessionStore>,
    margin: Duration,
    timeout: Duration,
    clock: Clock,
    /// Who this process is where it locks. It stays the same, so that a lock whose grant was not heard of is its own.
    holder: String,
    users: Mutex<HashMap<String, User>>,
}

/// What is known of a user in this process.
#[derive(Default)]
struct User {
    token: Option<Arc<Token>>,
    /// When to look for another token, if ever.
    until: Option<SystemTime>,
    /// The store is without the token, or may be.
    unsaved: Option<Unsaved>,
    /// The session that the platform has refused.
    refused: Option<String>,
    /// The refresh tokens that were refused, and how: they need not be asked for again. One may be this process's, and
    /// the other the store's.
    dead: VecDeque<(String, SessionError)>,
    /// How refreshes have failed of late.
    failed: Option<Failed>,
    /// How long a token is to have been good for a refusal of it to be worth a refresh.
    worth: Duration,
    /// The latest renewal, which is going on if it has a sender.
    renewal: Option<Renewal>,
}

/// A refresh that failed, or several in a row.
struct Failed {
    error: SessionError,
    at: SystemTime,
    /// For how long its error is the answer to all who ask.
    pause: Duration,
}

/// A token that is still to be stored.
struct Unsaved {
    /// The session that it has replaced, if that is known: the store may have it still.
    over: Option<String>,
    /// When to try again.
    again: Instant,
}

impl Unsaved {
    fn over(old: Option<&Token>) -> Self {
        Self { over: old.map(|token| token.access_token.clone()), again: Instant::now() + PAUSE }
    }
}

/// The outcome of a renewal, once there is one.
type Renewal = watch::Receiver<Option<Result<Arc<Token>, SessionError>>>;

/// A token that can be used, and for how long without another thought.
type Found = (Arc<Token>, Option<SystemTime>);

/// How long a session is used further that could not be refreshed in time.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a session is used further that another machine is refreshing.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// How often a machine looks whether another one has the new token.
const POLL: Duration = Duration::from_millis(50);

/// How much longer a lock holds than a refresh may take: the store is read and written under it too.
const SPARE: Duration = Duration::from_secs(5);

/// A token that is younger and refused is so for a reason that a refresh does not change. The time doubles with every
/// refresh that a refusal leads to, up to [`OLD`]: the platform refuses sessions for some methods that it takes for
/// others (code 53), and a refresh changes nothing there.
const YOUNG: Duration = Duration::from_secs(10);

/// A token that is refused after twice this time was good before.
const OLD: Duration = Duration::from_secs(3600);

impl RefreshingSessions {
    /// Sessions out of `store`, refreshed through `refresh`: an [`OAuth`](crate::client::OAuth) or a
    /// [`TokenMethods`](crate::client::TokenMethods).
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

    /// How long before its end a session is refreshed; 5 minutes unless set, and never more than half of its life.
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

    /// Keeps the token that `user` has granted, in place of an older one.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down. The token is used all the same, by this process, which stores
    /// it when it can.
    pub async fn put(&self, user: &str, token: Token) -> Result<(), SessionError> {
        self.shared.settled(user).await;
        let token = Arc::new(token);
        {
            let mut users = self.shared.users();
            let known = users.entry(user.to_owned()).or_default();
            known.until = self.shared.renew_at(&token);
            known.token = Some(token.clone());
            known.unsaved = Some(Unsaved::over(None));
            known.refused = None;
            known.failed = None;
            known.worth = YOUNG;
        }
        self.shared.save(user, &token).await.map_err(|error| SessionError::unavailable(error).of(user))
    }

    /// Forgets the token of `user`, here and in the store. Another machine that has it in use does not: it stores it
    /// again, as after a loss of the store's data. Remove it there too.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down.
    pub async fn remove(&self, user: &str) -> Result<(), SessionError> {
        self.shared.settled(user).await;
        self.shared.users().remove(user);
        self.shared.store.remove(user).await.map_err(|error| SessionError::unavailable(error).of(user))
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

    fn refused<'a>(&'a self, user: &'a str, session: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async { self.shared.refused(user, session) })
    }
}

impl Shared {
    fn users(&self) -> MutexGuard<'_, HashMap<String, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token at hand, or the outcome of the one renewal.
    async fn token(self: &Arc<Self>, user: &str) -> Result<Arc<Token>, SessionError> {
        let mut renewal = match self.at_hand(user) {
            Ok(token) => return Ok(token),
            Err(renewal) => renewal,
        };
        let token = outcome(&mut renewal).await?;
        // The platform may have refused it while the renewal was under way that has brought it.
        let refused = self.users().get(user).is_some_and(|known| known.refuses(&token));
        match refused.then(|| self.at_hand(user)) {
            None => Ok(token),
            Some(Ok(token)) => Ok(token),
            Some(Err(mut renewal)) => outcome(&mut renewal).await,
        }
    }

    /// The token that needs no other thought, or the renewal to wait for.
    fn at_hand(self: &Arc<Self>, user: &str) -> Result<Arc<Token>, Renewal> {
        let mut users = self.users();
        let now = (self.clock)();
        if let Some(known) = users.get_mut(user)
            && let Some(token) = known.at_hand(now)
        {
            if known.is_to_be_saved() {
                known.renewal = Some(self.start(user, known.refused.clone()));
            }
            return Ok(token);
        }
        let known = users.entry(user.to_owned()).or_default();
        let refused = known.refused.clone();
        let running = known.renewal.clone().filter(|renewal| renewal.has_changed().is_ok());
        Err(running.unwrap_or_else(|| known.renewal.insert(self.start(user, refused)).clone()))
    }

    /// Waits until no renewal is under way.
    async fn settled(&self, user: &str) {
        let renewal = self.users().get(user).and_then(|known| known.renewal.clone());
        if let Some(mut renewal) = renewal {
            let _ = outcome(&mut renewal).await;
        }
    }

    /// Whether `session` is no longer at hand after the platform has refused it.
    fn refused(&self, user: &str, session: &str) -> bool {
        let mut users = self.users();
        let Some(known) = users.get_mut(user) else {
            return true;
        };
        if let Some(token) = &known.token
            && token.access_token == session
        {
            if known.refuses(token) {
                return true;
            }
            let age = (self.clock)().duration_since(token.received_at).unwrap_or_default();
            let worth = if age > 2 * OLD { YOUNG } else { known.worth.max(YOUNG) };
            if age < worth {
                return false;
            }
            known.worth = (2 * worth).min(OLD);
            known.refused = Some(session.to_owned());
        }
        true
    }

    /// Starts the renewal of a user's token. It is nobody's in particular: whoever waits for it may stop.
    fn start(self: &Arc<Self>, user: &str, refused: Option<String>) -> Renewal {
        let (sender, renewal) = watch::channel(None);
        let (shared, user) = (self.clone(), user.to_owned());
        tokio::spawn(async move {
            let found = shared.renewed(&user, refused.as_deref()).await;
            sender.send_replace(Some(shared.known(&user, found)));
        });
        renewal
    }

    /// Takes note of what a renewal has found.
    fn known(&self, user: &str, found: Result<Found, SessionError>) -> Result<Arc<Token>, SessionError> {
        let mut users = self.users();
        let known = users.entry(user.to_owned()).or_default();
        if let Ok((token, until)) = &found {
            if !known.refuses(token) {
                known.refused = None;
            }
            known.token = Some(token.clone());
            known.until = *until;
        } else if known.token.is_none() && known.dead.is_empty() && known.failed.is_none() {
            // Nothing need be remembered of users that there are not.
            users.remove(user);
        }
        found.map(|(token, _)| token)
    }

    /// A token other than the one that is refused: out of the store, by a refresh, or as it is while it is good.
    async fn renewed(&self, user: &str, refused: Option<&str>) -> Result<Found, SessionError> {
        let token = self.newest(user).await?;
        if let Some(found) = self.fresh(&token, refused) {
            return Ok(found);
        }
        match self.refreshed(user, refused).await {
            Ok(found) => Ok(found),
            Err(error) => {
                let token = self.usable(&token, refused).ok_or_else(|| error.clone())?;
                trace::not_refreshed(user, &error);
                Ok(self.for_now(token, PAUSE))
            }
        }
    }

    /// A token that this machine or another one refreshes.
    async fn refreshed(&self, user: &str, refused: Option<&str>) -> Result<Found, SessionError> {
        let began = Instant::now();
        loop {
            let locked = match self.store.try_lock(user, &self.holder, self.timeout + SPARE).await {
                Ok(locked) => locked,
                Err(error) => {
                    // The lock may be had all the same, and its answer lost.
                    let _ = self.store.unlock(user, &self.holder).await;
                    return Err(SessionError::unavailable(error));
                }
            };
            let outcome = self.refreshed_by(locked, user, refused).await;
            if locked {
                // A lock that is not released ends by itself.
                let _ = self.store.unlock(user, &self.holder).await;
            }
            if let Some(outcome) = outcome.transpose() {
                return outcome;
            }
            if began.elapsed() > 2 * (self.timeout + SPARE) {
                let problem = "other machines are refreshing the token and do not come to an end";
                return Err(SessionError::unavailable(problem));
            }
            sleep(POLL).await;
        }
    }

    /// What another machine has refreshed, or this one if it has the lock, or uses meanwhile; `None` if there is
    /// nothing yet.
    async fn refreshed_by(&self, this: bool, user: &str, refused: Option<&str>) -> Result<Option<Found>, SessionError> {
        let old = self.newest(user).await?;
        if let Some(found) = self.fresh(&old, refused) {
            return Ok(Some(found));
        }
        if !this {
            return Ok(self.usable(&old, refused).map(|token| self.for_now(token, SHORT_PAUSE)));
        }
        let seen = self.store.get(user).await.map_err(SessionError::unavailable)?;
        let new = Arc::new(self.ask(user, &old).await?.following(&old));
        trace::refreshed(user);
        let new = self.keep(user, new, seen.as_ref()).await;
        Ok(Some((new.clone(), self.renew_at(&new))))
    }

    /// Asks for a token in place of `old`.
    async fn ask(&self, user: &str, old: &Token) -> Result<Token, SessionError> {
        let Some(refresh_token) = old.refresh_token.as_deref() else {
            return Err(SessionError::unauthorized("the session has ended, and no refresh token came with it"));
        };
        if !old.is_refreshable((self.clock)()) {
            return Err(SessionError::unauthorized("the session and its refresh token have ended"));
        }
        let now = (self.clock)();
        let known = |known: &User| known.refusal(refresh_token).or_else(|| known.failure(now));
        if let Some(error) = self.users().get(user).and_then(known) {
            return Err(error);
        }
        match timeout(self.timeout, self.refresh.refresh(refresh_token)).await {
            Ok(Ok(token)) => {
                if let Some(known) = self.users().get_mut(user) {
                    known.failed = None;
                }
                Ok(token)
            }
            Ok(Err(error)) if is_dead(&error) => {
                let error = SessionError::unauthorized(error);
                if let Some(known) = self.users().get_mut(user) {
                    known.dead.truncate(1);
                    known.dead.push_front((refresh_token.to_owned(), error.clone()));
                }
                Err(error)
            }
            Ok(Err(error)) => Err(self.failed(user, SessionError::unavailable(error))),
            Err(_) => Err(self.failed(user, SessionError::unavailable("the refresh took too long"))),
        }
    }

    /// Takes note of a refresh that failed for now: those who come next have its error, and not each a refresh of
    /// their own.
    fn failed(&self, user: &str, error: SessionError) -> SessionError {
        let mut users = self.users();
        let known = users.entry(user.to_owned()).or_default();
        let pause = known.failed.as_ref().map_or(SHORT_PAUSE, |failed| (2 * failed.pause).min(PAUSE));
        known.failed = Some(Failed { error: error.clone(), at: (self.clock)(), pause });
        error
    }

    /// Puts a new token into the store in place of the one that was `seen` there. That one is worth nothing now, so it
    /// is tried more than once, and later again; and this process has the new one in any case. Returns the token to
    /// use: a user may have granted another one meanwhile, which another machine has put there.
    async fn keep(&self, user: &str, token: Arc<Token>, seen: Option<&Token>) -> Arc<Token> {
        self.users().entry(user.to_owned()).or_default().unsaved = Some(Unsaved::over(seen));
        for pause in [Some(2 * POLL), Some(20 * POLL), None] {
            match (self.replace(user, &token, seen).await, pause) {
                (Ok(None), _) => break,
                (Ok(Some(other)), _) => return Arc::new(other),
                (Err(_), Some(pause)) => sleep(pause).await,
                (Err(error), None) => trace::not_kept(user, &error),
            }
        }
        token
    }

    /// Puts a token into the store in place of the one that was `seen` there, or returns the one that is there instead.
    async fn replace(&self, user: &str, token: &Token, seen: Option<&Token>) -> Result<Option<Token>, StoreError> {
        let expected = |stored: &Token| stored == token || Some(stored) == seen;
        if let Some(other) = self.store.get(user).await?.filter(|stored| !expected(stored)) {
            self.saved(user);
            return Ok(Some(other));
        }
        self.save(user, token).await?;
        Ok(None)
    }

    /// Puts a token into the store.
    async fn save(&self, user: &str, token: &Token) -> Result<(), StoreError> {
        self.store.put(user, token).await?;
        self.saved(user);
        Ok(())
    }

    /// Takes note that the store has what it is to have.
    fn saved(&self, user: &str) {
        if let Some(known) = self.users().get_mut(user) {
            known.unsaved = None;
        }
    }

    /// The newest token that this process or the store has. The store is given what it has missed or lost.
    async fn newest(&self, user: &str) -> Result<Arc<Token>, SessionError> {
        let stored = self.store.get(user).await;
        let (here, unsaved) = self.here(user, stored.as_ref().ok().and_then(Option::as_ref));
        match (stored, here) {
            (Ok(Some(stored)), None) => Ok(Arc::new(stored)),
            (Ok(None), None) => Err(SessionError::unauthorized("the store has no token")),
            (Ok(stored), Some(here)) => {
                if (unsaved || stored.is_none())
                    && let Err(error) = self.save(user, &here).await
                {
                    trace::not_kept(user, &error);
                }
                Ok(here)
            }
            (Err(_), Some(here)) => Ok(here),
            (Err(error), None) => Err(SessionError::unavailable(error)),
        }
    }

    /// The token of this process if it is newer than the store's, and whether it is still to be stored.
    fn here(&self, user: &str, stored: Option<&Token>) -> (Option<Arc<Token>>, bool) {
        let mut users = self.users();
        let Some(known) = users.get_mut(user) else {
            return (None, false);
        };
        let replaces = |unsaved: &Unsaved, stored: &Token| unsaved.over.as_ref() == Some(&stored.access_token);
        let newer = |here: &Arc<Token>| {
            stored.is_none_or(|stored| match &known.unsaved {
                // Clocks of machines differ, and a refusal is no matter of clocks.
                _ if known.is_spent(here) && here.access_token != stored.access_token => false,
                Some(unsaved) => replaces(unsaved, stored) || here.received_at >= stored.received_at,
                None => here.received_at > stored.received_at,
            })
        };
        let here = known.token.clone().filter(newer);
        if here.is_none() {
            known.unsaved = None;
        }
        (here, known.unsaved.is_some())
    }

    /// The token, if its time to be refreshed has not come.
    fn fresh(&self, token: &Arc<Token>, refused: Option<&str>) -> Option<Found> {
        let until = self.renew_at(token);
        let fresh = until.is_none_or(|until| (self.clock)() < until);
        (fresh && refused != Some(&token.access_token)).then(|| (token.clone(), until))
    }

    /// The token, if the platform takes it still.
    fn usable(&self, token: &Arc<Token>, refused: Option<&str>) -> Option<Arc<Token>> {
        let usable = !token.is_expired((self.clock)()) && refused != Some(&token.access_token);
        usable.then(|| token.clone())
    }

    /// A token that is used for some time further, if it does not end before.
    fn for_now(&self, token: Arc<Token>, time: Duration) -> Found {
        let until = (self.clock)() + time;
        let until = token.expires_at().map_or(until, |end| end.min(until));
        (token, Some(until))
    }

    /// When a token is to be refreshed, or ends if it cannot be then.
    fn renew_at(&self, token: &Token) -> Option<SystemTime> {
        let life = token.expires_in?;
        let early = token.received_at.checked_add(life - self.margin.min(life / 2))?;
        if token.is_refreshable(early) { Some(early) } else { token.expires_at() }
    }
}

impl User {
    /// The token that needs no other thought.
    fn at_hand(&self, now: SystemTime) -> Option<Arc<Token>> {
        let good = |token: &Arc<Token>| self.until.is_none_or(|until| now < until) && !self.refuses(token);
        self.token.clone().filter(good)
    }

    /// Whether it is time to store the token again, and nothing is under way. It is not again for some time.
    fn is_to_be_saved(&mut self) -> bool {
        let rests = self.renewal.as_ref().is_none_or(|renewal| renewal.has_changed().is_err());
        let now = Instant::now();
        let due = self.unsaved.as_mut().filter(|unsaved| rests && unsaved.again <= now);
        due.map(|unsaved| unsaved.again = now + PAUSE).is_some()
    }

    fn refuses(&self, token: &Token) -> bool {
        self.refused.as_ref() == Some(&token.access_token)
    }

    /// Whether the platform has refused the token, or its refresh token.
    fn is_spent(&self, token: &Token) -> bool {
        self.refuses(token) || token.refresh_token.as_ref().is_some_and(|token| self.refusal(token).is_some())
    }

    /// How the latest refresh failed, if that is not long ago.
    fn failure(&self, now: SystemTime) -> Option<SessionError> {
        let recent = |failed: &&Failed| now.duration_since(failed.at).is_ok_and(|time| time < failed.pause);
        self.failed.as_ref().filter(recent).map(|failed| failed.error.clone())
    }

    /// How this refresh token was refused, if it was.
    fn refusal(&self, refresh_token: &str) -> Option<SessionError> {
        self.dead.iter().find(|(token, _)| token == refresh_token).map(|(_, error)| error.clone())
    }
}

async fn outcome(renewal: &mut Renewal) -> Result<Arc<Token>, SessionError> {
    match renewal.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone(),
        _ => Err(SessionError::unavailable("the refresh was broken off")),
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

/// Whether an error says that the refresh token is no good: the authorisation server's refusal, or that of the method
/// for which the token was its only parameter.
fn is_dead(error: &Error) -> bool {
    let of_token = |code| matches!(code, 15 | 40 | 41 | 43 | 50);
    error.needs_authorization()
        || error.is_session_invalid()
        || error.platform().is_some_and(|refusal| !refusal.is_retryable() && of_token(refusal.code))
}

/// A text that nobody else has.
fn random() -> String {
    format!("{:032x}", fastrand::u128(..))
}
