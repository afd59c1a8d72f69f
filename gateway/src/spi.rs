//! Calls of SPI methods, which the platform makes to an application (docs/protocol.md sections 7.3 and 7.4).

use std::error::Error as StdError;
use std::fmt;

use codegen::spec::spi_content;
use top_protocol::Format;
use top_protocol::internal::item_name;
use top_protocol::spi::SpiRequest;

use crate::excerpt::excerpt;
use crate::gateway::Gateway;
use crate::value::{Members, Value};

/// The root element of a request whose spec names no other.
const ROOT: &str = "request";

impl Gateway {
    /// Creates the call of an SPI method with the examples of its spec as the body, signed for the first application.
    ///
    /// A value replaces the field of the request with its name. Other values are parameters of the query.
    ///
    /// ```
    /// use gateway::{Gateway, spec};
    /// use top_protocol::Format;
    /// use top_protocol::spi::SpiVerifier;
    ///
    /// let specs = spec::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref())?;
    /// let gateway = Gateway::builder(specs).application("12345678", "helloworld").build();
    /// let call = gateway.spi_request("taobao.qimen.order.cancel", Format::Xml, &[("orderCode", "JY1"), ("customerId", "c1")])?;
    /// let call = SpiVerifier::new("helloworld").verify(&call.sign("http://127.0.0.1:8080/spi")?)?;
    /// assert!(call.body().contains("<orderCode>JY1</orderCode>"));
    /// assert_eq!(call.parameter("customerId"), Some("c1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SpiSpecError`]: no spec describes the SPI, or the gateway has no application.
    pub fn spi_request(
        &self,
        method: &str,
        format: Format,
        values: &[(&str, &str)],
    ) -> Result<SpiRequest, SpiSpecError> {
        let spec = match self.methods.get(method) {
            None => return Err(SpiSpecError::UnknownMethod(excerpt(method).into_owned())),
            Some(found) if !found.spec.direction.is_spi() => return Err(SpiSpecError::NotSpi(method.to_owned())),
            Some(found) => &found.spec,
        };
        let (app_key, secret) = self.applications.first_key_value().ok_or(SpiSpecError::NoApplication)?;
        let (root, fields) = spi_content(&spec.request);
        let mut members = Value::examples(fields);
        name_elements(&mut members);
        let mut call = SpiRequest::new(method, app_key, secret)
            .parameter("v", &self.platform.version)
            .parameter("format", format.name())
            .parameter("sign_method", "md5");
        for (name, text) in values {
            match fields.iter().position(|field| field.name.value == *name) {
                Some(_) => replace(&mut members, name, text),
                None => call = call.parameter(*name, *text),
            }
        }
        let body = Value::Object(members);
        Ok(match format {
            Format::Json => call.json(body.to_json(None, true)),
            Format::Xml => {
                let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
                body.write_xml(root.unwrap_or(ROOT), &mut xml);
                call.xml(xml)
            }
        })
    }
}

/// Sets a field to a text. A field without an example is added.
fn replace(members: &mut Members, name: &str, text: &str) {
    let value = Value::Text(text.to_owned());
    match members.iter_mut().find(|(member, _)| member == name) {
        Some((_, member)) => *member = value,
        None => members.push((name.to_owned(), value)),
    }
}

/// Names the elements of lists as Qimen does: `orderLine` in `orderLines`, and not `order_line`.
fn name_elements(members: &mut Members) {
    for (name, value) in members {
        match value {
            Value::Object(members) => name_elements(members),
            Value::List(key, items) => {
                *key = item_name(name).to_owned();
                for item in items {
                    if let Value::Object(members) = item {
                        name_elements(members);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The error of an SPI call that cannot be created from a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpiSpecError {
    /// No spec describes the method.
    UnknownMethod(String),
    /// The application calls the method.
    NotSpi(String),
    /// The gateway has no application, whose secret signs the call.
    NoApplication,
}

impl fmt::Display for SpiSpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMethod(method) => {
                write!(f, "unknown method {method}: no spec describes it; add a spec with `direction: spi`")
            }
            Self::NotSpi(method) => write!(
                f,
                "{method} is not an SPI: expected a spec with `direction: spi` or `direction: both`; the application calls \
                 this method"
            ),
            Self::NoApplication => f.write_str("no application: expected one whose AppSecret signs the call"),
        }
    }
}

impl StdError for SpiSpecError {}
