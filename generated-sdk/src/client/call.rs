//! One call, whatever its types: from a way to sign it to an answer that is no refusal.

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::Client;
use super::transport::{HttpRequest, Verb};
use crate::protocol::{Authorization, DateTime, Envelope, Error, Head, SignedRequest};

/// What is called.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) authorization: Authorization,
    pub(super) https_only: bool,
    /// Signs the request. Every attempt is signed anew, with its own session and time.
    pub(super) sign: &'a Sign<'a>,
}

/// Signs a request for a session, as of a time.
pub(super) type Sign<'a> = dyn Fn(Option<&str>, DateTime) -> Result<SignedRequest, Error> + Sync + 'a;

/// Reads a body: into the call's response, or as a refusal. It is asked once for every attempt that has an answer, and
/// what an earlier one has left in the response is not to be there any more.
pub(super) type Read<'a> = &'a mut (dyn FnMut(&str) -> Result<Envelope, Error> + Send);

/// An answer that is a response: what was around it, and the body as it came.
pub(super) struct Answer {
    pub(super) envelope: Envelope,
    pub(super) head: Head,
    pub(super) body: String,
}

impl Client {
    /// Carries out `call`: asks for its session, signs it, sends it, and has the answer read.
    pub(super) async fn carry_out(&self, call: &Call<'_>, read: Read<'_>) -> Result<Answer, Error> {
        let gateway = &self.shared.gateway;
        if call.https_only && gateway.is_plain() {
            let problem = format!("{} goes over https alone, not to {}", call.method, gateway.url());
            return Err(Error::Configuration(problem));
        }
        let deadline = Instant::now() + self.shared.timeouts.attempt;
        let mut renewed = false;
        loop {
            let session = self.session.get(call.authorization).await?;
            let error = match self.attempt(call, session.as_ref(), read, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // The platform looks at the session before anything happens, so the call can go out again with a new one.
            let again = match &session {
                Some(session) if error.is_session_invalid() && !renewed => self.session.refused(session).await,
                _ => false,
            };
            if !again {
                return Err(error);
            }
            renewed = true;
        }
    }

    /// One attempt at `call`: signed as of now, on behalf of `session`.
    async fn attempt(
        &self,
        call: &Call<'_>,
        session: Option<&SecretString>,
        read: Read<'_>,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let signed = (call.sign)(session.map(ExposeSecret::expose_secret), DateTime::now())?;
        let body = signed.body();
        let request = HttpRequest::new(Verb::Post, self.shared.gateway.url(), body.bytes)
            .header("Content-Type", body.content_type);
        let (head, body) = self.shared.exchange(request, deadline).await?;
        let envelope = read(&body)?;
        match envelope.mismatches.first() {
            Some(first) if self.shared.strict => Err(Error::mismatch(first, &body)),
            _ => Ok(Answer { envelope, head, body }),
        }
    }
}
