//! Requests that are validated and encoded once and signed for each attempt.

use std::borrow::Cow;

use crate::application::{Application, SignedRequest, VERSION};
use crate::dialect::{ParameterPlacement, TimestampForm};
use crate::encode::{Attachment, encode};
use crate::error::Error;
use crate::format::Format;
use crate::parameters::{PUBLIC_PARAMETERS, Parameter, Parameters};
use crate::record::{Record, record};
use crate::request::{Authorization, Request};
use crate::sign::signature;
use crate::structured;
use crate::time::DateTime;
use crate::untyped::{UntypedParameter, UntypedParameters};
use crate::validate::{Problem, Violation, Violations, check_extra, check_request};

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
        let encoded = self.encode(R::METHOD.into(), request, request.extra_parameters(), missing)?;
        Ok(self.prepared(R::METHOD.into(), encoded, requires_session))
    }

    /// The part of [`prepare`](Self::prepare) without a type parameter, so that it is compiled once.
    fn encode(
        &self,
        method: Cow<'static, str>,
        request: &dyn Record,
        extra: &[UntypedParameter],
        missing: Option<Violation>,
    ) -> Result<SignedRequest, Error> {
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
        let placement = self.dialect.parameters;
        let content = match placement {
            ParameterPlacement::JsonBody => structured::json(request, extra),
            ParameterPlacement::XmlBody => structured::xml(request, extra),
            ParameterPlacement::Form | ParameterPlacement::Query => {
                return Ok(SignedRequest { placement, parameters, files, content: None });
            }
        };
        let is_xml = placement == ParameterPlacement::XmlBody;
        let is_name = |parameter: &&UntypedParameter| !is_xml || structured::is_xml_name(parameter.name());
        let names = extra.iter().filter(|parameter| !is_name(parameter));
        let names = names.map(|parameter| Violation::new(parameter.name(), Problem::InvalidXmlName));
        let files = files.iter().map(|file| Violation::new(file.name.clone(), Problem::FileInBody));
        let violations: Vec<_> = names.chain(files).collect();
        if !violations.is_empty() {
            return Err(Error::Invalid(Violations::new(method, violations)));
        }
        let secrets = parameters.secrets().map(str::to_owned).collect();
        let content = Some(Parameter::containing("body", content, secrets));
        Ok(SignedRequest { placement, parameters: Parameters::new(), files: Vec::new(), content })
    }

    /// Validates and encodes a call of a method without a generated type.
    ///
    /// # Errors
    ///
    /// Those of [`sign_untyped`](Self::sign_untyped).
    #[doc(hidden)]
    pub fn prepare_untyped(&self, method: &str, parameters: &UntypedParameters) -> Result<PreparedRequest<'_>, Error> {
        let method: Cow<'static, str> = method.to_owned().into();
        let encoded = self.encode(method.clone(), &Undocumented, &parameters.parameters, None)?;
        Ok(self.prepared(method, encoded, false))
    }

    /// Adds the public parameters that are the same for every attempt.
    fn prepared(
        &self,
        method: Cow<'static, str>,
        mut request: SignedRequest,
        requires_session: bool,
    ) -> PreparedRequest<'_> {
        request.parameters.set("method", method);
        self.set_public(&mut request.parameters);
        PreparedRequest { application: self, requires_session, request }
    }

    /// Sets the public parameters that are the same for every call.
    #[doc(hidden)]
    pub fn set_public(&self, parameters: &mut Parameters) {
        parameters.set("app_key", self.key().to_owned());
        parameters.set("v", VERSION);
        parameters.set("format", self.format.name());
        parameters.set("sign_method", self.dialect.name_of(self.sign_method));
        if self.simplify && self.format == Format::Json {
            parameters.set("simplify", "true");
        }
        let optional = [
            (&Cow::Borrowed("partner_id"), &self.partner_id),
            (&Cow::Borrowed("target_app_key"), &self.target_app_key),
            (&self.dialect.customer_parameter, &self.customer_id),
        ];
        for (name, value) in optional {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                parameters.set(name.clone(), value.clone());
            }
        }
    }

    /// Sets the timestamp.
    #[doc(hidden)]
    pub fn set_timestamp(&self, timestamp: DateTime, parameters: &mut Parameters) {
        let text = match self.dialect.timestamp {
            TimestampForm::Text => timestamp.to_string(),
            TimestampForm::Milliseconds => timestamp.to_epoch_milliseconds().to_string(),
        };
        parameters.set("timestamp", text);
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
        let Application { dialect, sign_method, .. } = self.application;
        let SignedRequest { parameters, content, .. } = &mut self.request;
        self.application.set_timestamp(timestamp, parameters);
        match session.filter(|session| !session.is_empty()) {
            Some(session) => parameters.set_secret(dialect.session_parameter.clone(), session.to_owned()),
            None => parameters.remove(&dialect.session_parameter),
        }
        let content = content.as_ref().map_or(&[][..], |content| content.value().as_bytes());
        let sign = signature(*sign_method, self.application.secret(), parameters.pairs(), content);
        parameters.set("sign", sign);
        Ok(&self.request)
    }

    /// Returns the secrets of the request: values that are never printed, and the secrets in them.
    pub fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        let SignedRequest { parameters, content, .. } = &self.request;
        parameters.secrets().chain(content.iter().flat_map(Parameter::secrets)).chain([self.application.secret()])
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

/// The request of a method without a generated type.
struct Undocumented;

record!(Undocumented {});

fn missing_session() -> Violation {
    Violation::new("session", Problem::Missing)
}
