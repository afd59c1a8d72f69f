//! On whose behalf calls are made.

use secrecy::{ExposeSecret, SecretString};

use crate::protocol::{Authorization, Error};

/// Where a call's session comes from.
#[derive(Clone, Debug)]
pub(super) enum Session {
    /// There is none.
    None,
    /// The caller has it.
    Fixed(SecretString),
}

impl Session {
    /// The session for an attempt at a call. It is asked for anew for every attempt.
    pub(super) async fn get(&self, _authorization: Authorization) -> Result<Option<SecretString>, Error> {
        Ok(match self {
            Self::None => None,
            Self::Fixed(session) => Some(session.clone()),
        })
    }

    /// The session that the caller has.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Fixed(session) => Some(session.expose_secret()),
        }
    }

    /// Takes note that the platform has refused `session`. Returns whether another one can be had, so that the call is
    /// worth another attempt.
    pub(super) async fn refused(&self, _session: &SecretString) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
        }
    }
}
