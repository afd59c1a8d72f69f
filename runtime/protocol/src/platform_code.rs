//! The documentation of the platform's codes.

/// A documented code of the platform (docs/protocol.md section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlatformCode {
    /// The code.
    pub code: i64,
    /// The platform's name of the code.
    pub name: &'static str,
    /// The meaning of the code, and what to do.
    pub meaning: &'static str,
    /// Whether repeating the call can help.
    pub retry: Retry,
    /// The words for the code on other gateways.
    pub words: &'static [&'static str],
}

/// Whether repeating a refused call can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// No. The caller must change something first.
    Never,
    /// Yes, after a pause.
    Later,
    /// Yes, with a refreshed session.
    RenewSession,
    /// Yes, if the sub code starts with `isp.`.
    IfServerSide,
}
