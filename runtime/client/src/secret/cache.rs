//! The cache of keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use top_protocol::internal::locked;

use secrecy::{ExposeSecret, SecretString};
use top_protocol::sensitive::{EncryptionSettings, SecretError, SecretKey};

use super::error::SecretKeyError;
use super::request::{GetSecret, Secret};
use crate::client::Client;
use crate::error::Error;
use crate::{runtime, trace};

/// The maximum number of cached keys. Beyond that, expired keys are removed, then the key that expires first.
const CAPACITY: usize = 10_000;

/// The default intervals in seconds, also for a missing key.
const DEFAULT_INTERVALS: (u64, u64) = (300, 600);

/// The longest interval, in seconds: 30 days.
const LONGEST_INTERVAL: u64 = 30 * 24 * 3600;

/// The pause after a failed background refresh.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);

/// The owner of a key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Application,
    Session(Arc<str>),
    Customer(i64),
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application => f.write_str("Application"),
            Self::Session(_) => f.write_str("Session([hidden])"),
            Self::Customer(id) => f.debug_tuple("Customer").field(id).finish(),
        }
    }
}

/// The version of an owner's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Version {
    Current,
    Previous,
    Number(u64),
}

/// A key from the platform, or the fact that the platform has no key.
pub(super) struct CachedKey {
    pub(super) key: Option<SecretKey>,
    pub(super) settings: Arc<EncryptionSettings>,
    fresh_until: Instant,
    usable_until: Instant,
}

/// The time of this machine.
pub(super) type MonotonicClock = Arc<dyn Fn() -> Instant + Send + Sync>;

pub(super) struct Cache {
    client: Client,
    security_code: SecretString,
    clock: MonotonicClock,
    entries: Mutex<HashMap<(Owner, Version), Arc<Entry>>>,
    /// The latest settings of the application. A response may lack them.
    settings: Mutex<Arc<EncryptionSettings>>,
}

/// The cache entry of one key.
#[derive(Default)]
struct Entry {
    state: Mutex<EntryState>,
    /// Held while the key is fetched.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct EntryState {
    cached: Option<Arc<CachedKey>>,
    /// The number of fetches that have ended, and the error of the last one.
    fetches: u64,
    failure: Option<SecretKeyError>,
    /// The earliest time of a refresh in the background.
    refresh_after: Option<Instant>,
}

impl EntryState {
    fn usable(&self, now: Instant) -> Option<&Arc<CachedKey>> {
        self.cached.as_ref().filter(|cached| now < cached.usable_until)
    }
}

impl Cache {
    pub(super) fn new(client: Client, security_code: String, clock: MonotonicClock) -> Self {
        Self {
            client,
            security_code: security_code.into(),
            clock,
            entries: Mutex::default(),
            settings: Mutex::default(),
        }
    }

    pub(super) fn with_clock(&self, clock: MonotonicClock) -> Self {
        Self::new(self.client.clone(), self.security_code.expose_secret().to_owned(), clock)
    }

    /// Returns the current key of `owner` if it is cached and has this version.
    pub(super) fn current_of_version(&self, owner: &Owner, version: u64) -> Option<Arc<CachedKey>> {
        let entry = locked(&self.entries).get(&(owner.clone(), Version::Current)).cloned()?;
        let now = (self.clock)();
        let state = locked(&entry.state);
        let cached = state.usable(now).filter(|cached| now < cached.fresh_until)?;
        (cached.key.as_ref()?.version() == version).then(|| Arc::clone(cached))
    }

    /// Returns a key: from the cache, or from the platform.
    pub(super) async fn get(
        self: &Arc<Self>,
        owner: &Owner,
        version: Version,
    ) -> Result<Arc<CachedKey>, SecretKeyError> {
        let entry = self.entry(owner, version);
        let fetches = {
            let (now, state) = ((self.clock)(), locked(&entry.state));
            match state.usable(now) {
                Some(cached) if now < cached.fresh_until => return Ok(Arc::clone(cached)),
                Some(cached) => {
                    let cached = Arc::clone(cached);
                    if state.refresh_after.is_none_or(|time| now >= time) {
                        drop(state);
                        self.refresh(&entry, owner, version);
                    }
                    return Ok(cached);
                }
                None => state.fetches,
            }
        };
        let _fetching = entry.fetching.lock().await;
        {
            let (now, state) = ((self.clock)(), locked(&entry.state));
            if let Some(cached) = state.usable(now) {
                return Ok(Arc::clone(cached));
            }
            if let (true, Some(error)) = (state.fetches > fetches, &state.failure) {
                return Err(error.clone());
            }
        }
        let result = self.fetch(owner, version).await;
        self.store(&entry, &result);
        result
    }

    /// Refreshes a key in the background, unless it is being fetched already.
    fn refresh(self: &Arc<Self>, entry: &Arc<Entry>, owner: &Owner, version: Version) {
        let (Ok(fetching), Ok(runtime)) = (Arc::clone(&entry.fetching).try_lock_owned(), runtime::current()) else {
            return;
        };
        let (cache, entry, owner) = (Arc::clone(self), Arc::clone(entry), owner.clone());
        runtime.spawn(async move {
            let result = cache.fetch(&owner, version).await;
            if let Err(SecretKeyError::Fetch(error)) = &result {
                trace::key_not_refreshed(error);
            }
            cache.store(&entry, &result);
            drop(fetching);
        });
    }

    fn store(&self, entry: &Entry, result: &Result<Arc<CachedKey>, SecretKeyError>) {
        let now = (self.clock)();
        let mut state = locked(&entry.state);
        state.fetches += 1;
        match result {
            Ok(cached) => {
                state.cached = Some(Arc::clone(cached));
                (state.failure, state.refresh_after) = (None, None);
            }
            Err(error) => {
                state.failure = Some(error.clone());
                state.refresh_after = now.checked_add(REFRESH_PAUSE);
            }
        }
    }

    async fn fetch(&self, owner: &Owner, version: Version) -> Result<Arc<CachedKey>, SecretKeyError> {
        let request = GetSecret {
            random_num: self.security_code.expose_secret().to_owned(),
            secret_version: match version {
                Version::Current => None,
                Version::Previous => Some(-1),
                // The platform has no such version.
                Version::Number(number) => {
                    let number = i64::try_from(number).map_err(|_| SecretKeyError::NoKey { version: Some(number) });
                    Some(number?)
                }
            },
            customer_user_id: if let Owner::Customer(id) = owner { Some(*id) } else { None },
        };
        let result = match owner {
            Owner::Session(session) => self.client.with_session(&**session).execute(&request).await,
            Owner::Application | Owner::Customer(_) => self.client.execute(&request).await,
        };
        match result {
            Ok(response) => self.cached(owner, version, response.into_value()),
            Err(error) if is_unknown_key(&error) => Ok(self.without_key(Arc::clone(&locked(&self.settings)))),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a response.
    fn cached(&self, owner: &Owner, version: Version, response: Secret) -> Result<Arc<CachedKey>, SecretKeyError> {
        let mut settings = Arc::clone(&locked(&self.settings));
        if let Some(text) = response.app_config.filter(|text| !text.trim().is_empty()) {
            settings = Arc::new(EncryptionSettings::from_json(&text)?);
            *locked(&self.settings) = Arc::clone(&settings);
        }
        let Some(secret) = response.secret.filter(|secret| !secret.trim().is_empty()) else {
            return match version {
                _ if settings.is_beta() => Ok(self.without_key(settings)),
                Version::Number(number) => Err(SecretKeyError::NoKey { version: Some(number) }),
                Version::Current | Version::Previous => Err(SecretKeyError::NoKey { version: None }),
            };
        };
        let number = response.secret_version.map(i64::unsigned_abs);
        let number = number.or(if let Version::Number(number) = version { Some(number) } else { None });
        let key = SecretKey::from_base64(&secret, number.ok_or(SecretError::InvalidKey)?)?;
        let key = if *owner == Owner::Application { key.application_wide() } else { key };
        let seconds = |interval: Option<i64>, default| interval.map_or(default, |time| time.max(0).unsigned_abs());
        let fresh = seconds(response.interval, DEFAULT_INTERVALS.0);
        let usable = seconds(response.max_interval, DEFAULT_INTERVALS.1);
        Ok(self.for_seconds(Some(key), settings, (fresh, usable)))
    }

    fn without_key(&self, settings: Arc<EncryptionSettings>) -> Arc<CachedKey> {
        self.for_seconds(None, settings, DEFAULT_INTERVALS)
    }

    fn for_seconds(
        &self,
        key: Option<SecretKey>,
        settings: Arc<EncryptionSettings>,
        (fresh, usable): (u64, u64),
    ) -> Arc<CachedKey> {
        let now = (self.clock)();
        let until = |seconds: u64| now.checked_add(Duration::from_secs(seconds.min(LONGEST_INTERVAL))).unwrap_or(now);
        Arc::new(CachedKey { key, settings, fresh_until: until(fresh), usable_until: until(usable.max(fresh)) })
    }

    fn entry(&self, owner: &Owner, version: Version) -> Arc<Entry> {
        let id = (owner.clone(), version);
        let mut entries = locked(&self.entries);
        if let Some(entry) = entries.get(&id) {
            return Arc::clone(entry);
        }
        if entries.len() >= CAPACITY {
            let now = (self.clock)();
            let end = |entry: &Entry| locked(&entry.state).usable(now).map(|cached| cached.usable_until);
            // An entry that is fetched now is in use elsewhere too.
            entries.retain(|_, entry| Arc::strong_count(entry) > 1 || end(entry).is_some());
            if entries.len() >= CAPACITY {
                let idle = entries.iter().filter(|(_, entry)| Arc::strong_count(entry) == 1);
                let first = idle.min_by_key(|(_, entry)| end(entry)).map(|(id, _)| id.clone());
                first.and_then(|id| entries.remove(&id));
            }
        }
        let entry = Arc::<Entry>::default();
        entries.insert(id, Arc::clone(&entry));
        entry
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKeys")
            .field("client", &self.client)
            .field("keys", &locked(&self.entries).len())
            .finish_non_exhaustive()
    }
}

/// Returns whether the platform has no key of the requested version.
fn is_unknown_key(error: &Error) -> bool {
    let sub_code = error.platform().and_then(|refusal| refusal.sub_code.as_deref());
    sub_code.is_some_and(|code| code.trim() == "20005")
}
