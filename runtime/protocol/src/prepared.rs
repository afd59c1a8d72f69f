//! Requests that are validated and encoded once and signed for each attempt.

use std::borrow::Cow;

use crate::application::{Application, SignedRequest, VERSION};
use crate::encode::{Attachment, encode};
use crate::error::Error;
use crate::format::Format;
use crate::parameters::{PUBLIC_PARAMETERS, Parameters};
use crate::record::Record;
use crate::request::{Authorization, Request};
use crate::sign::signature;
use crate::time::DateTime;
use crate::untyped::{UntypedParameter, UntypedParameters};
use crate::validate::{Problem, Violation, Violations, check_extra, check_names, check_request, empty_parameters};

/// A validated and encoded request. Each attempt signs it again with its session and time.
pub struct PreparedRequest<'a> {
    application: &'a Application,
    requires_session: bool,
    /// The request without session, timestamp and signature, which [`sign`](Self::sign) sets.
    request: SignedRequest,
}

impl Application {
    /// Validates, encodes and signs `request` for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every violation of the request.
    pub fn sign<R: Request>(
        &self,
        request: &R,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        let has_session = session.is_some_and(|session| !session.is_empty());
        self.prepare(request, has_session)?.into_signed(session, timestamp)
    }

    /// Signs a call of a method without a generated type for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for each of these parameters:
    ///
    /// - a [public parameter](crate::parameters::PUBLIC_PARAMETERS), such as `session`, which signing sets;
    /// - an empty value that is not set with [`with_empty`](UntypedParameters::with_empty);
    /// - an empty name, or a name with a quote or a line break if the request has files.
    pub fn sign_untyped(
        &self,
        method: &str,
        parameters: &UntypedParameters,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        self.prepare_untyped(method, parameters)?.into_signed(session, timestamp)
    }

    /// Validates and encodes `request`. `has_session` says whether a session is expected for signing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every violation of the request.
    #[doc(hidden)]
    pub fn prepare<R: Request>(&self, request: &R, has_session: bool) -> Result<PreparedRequest<'_>, Error> {
        let requires_session = self.validate && R::AUTHORIZATION == Authorization::Required;
        let missing = (requires_session && !has_session).then(missing_session);
        let (parameters, files) = self.encode(R::METHOD, request, request.extra_parameters(), missing)?;
        Ok(self.prepared(R::METHOD.into(), parameters, files, requires_session))
    }

    /// The part of [`prepare`](Self::prepare) without a type parameter, so that it is compiled once.
    fn encode(
        &self,
        method: &'static str,
        request: &dyn Record,
        extra: &[UntypedParameter],
        missing: Option<Violation>,
    ) -> Result<(Parameters, Vec<Attachment>), Error> {
        let mut violations = check_extra(request, extra);
        if self.validate {
            violations.extend(check_request(request, extra));
        }
        violations.extend(missing);
        if !violations.is_empty() {
            return Err(Error::Invalid(Violations::new(method, violations)));
        }
        let mut parameters = Parameters::with_capacity(2 * PUBLIC_PARAMETERS.len());
        let mut files = encode(request, &mut parameters);
        if !self.validate {
            files.iter_mut().for_each(|attachment| attachment.limit = None);
        }
        extra.iter().for_each(|parameter| parameter.encode(&mut parameters, &mut files));
        Ok((parameters, files))
    }

    /// Validates and encodes a call of a method without a generated type.
    ///
    /// # Errors
    ///
    /// Those of [`sign_untyped`](Self::sign_untyped).
    #[doc(hidden)]
    pub fn prepare_untyped(&self, method: &str, parameters: &UntypedParameters) -> Result<PreparedRequest<'_>, Error> {
        let has_files = parameters.parameters.iter().any(UntypedParameter::is_file);
        let mut violations = check_names(&parameters.parameters, has_files);
        if self.validate {
            violations.extend(empty_parameters(&parameters.parameters));
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(Violations::new(method.to_owned(), violations)));
        }
        let (mut texts, mut files) = (Parameters::new(), Vec::new());
        parameters.parameters.iter().for_each(|parameter| parameter.encode(&mut texts, &mut files));
        Ok(self.prepared(method.to_owned().into(), texts, files, false))
    }

    /// Adds the public parameters that are the same for every attempt.
    fn prepared(
        &self,
        method: Cow<'static, str>,
        mut parameters: Parameters,
        files: Vec<Attachment>,
        requires_session: bool,
    ) -> PreparedRequest<'_> {
        parameters.set("method", method);
        self.set_public(&mut parameters);
        PreparedRequest { application: self, requires_session, request: SignedRequest { parameters, files } }
    }

    /// Sets the public parameters that are the same for every call.
    #[doc(hidden)]
    pub fn set_public(&self, parameters: &mut Parameters) {
        parameters.set("app_key", self.key().to_owned());
        parameters.set("v", VERSION);
        parameters.set("format", self.format.name());
        parameters.set("sign_method", self.sign_method.name());
        if self.simplify && self.format == Format::Json {
            parameters.set("simplify", "true");
        }
        for (name, value) in [("partner_id", &self.partner_id), ("target_app_key", &self.target_app_key)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                parameters.set(name, value.clone());
            }
        }
    }
}

impl PreparedRequest<'_> {
    /// Checks that there is a session if the method requires one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the session is absent or empty.
    pub fn check_session(&self, session: Option<&str>) -> Result<(), Error> {
        if self.requires_session && session.unwrap_or_default().is_empty() {
            let method = self.request.parameters.get("method").unwrap_or_default().to_owned();
            return Err(Error::Invalid(Violations::new(method, vec![missing_session()])));
        }
        Ok(())
    }

    /// Sets the session and the timestamp, and signs the parameters. Replaces those of an earlier attempt.
    ///
    /// # Errors
    ///
    /// Those of [`check_session`](Self::check_session).
    pub fn sign(&mut self, session: Option<&str>, timestamp: DateTime) -> Result<&SignedRequest, Error> {
        self.check_session(session)?;
        let parameters = &mut self.request.parameters;
        parameters.set("timestamp", timestamp.to_string());
        match session.filter(|session| !session.is_empty()) {
            Some(session) => parameters.set_secret("session", session.to_owned()),
            None => parameters.remove("session"),
        }
        let Application { sign_method, .. } = self.application;
        let sign = signature(*sign_method, self.application.secret(), parameters.pairs(), b"");
        parameters.set("sign", sign);
        Ok(&self.request)
    }

    /// Returns the secrets of the request: values that are never printed, and the secrets in them.
    pub fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        self.request.parameters.secrets().chain([self.application.secret()])
    }

    /// Returns a file that cannot be sent again.
    pub fn consumed(&self) -> Option<&Attachment> {
        self.request.files.iter().find(|attachment| !attachment.file.is_fresh())
    }

    /// [`sign`](Self::sign) for a request that is sent once.
    pub(crate) fn into_signed(mut self, session: Option<&str>, timestamp: DateTime) -> Result<SignedRequest, Error> {
        self.sign(session, timestamp)?;
        Ok(self.request)
    }
}

fn missing_session() -> Violation {
    Violation::new("session", Problem::Missing)
}
