//! A gateway that speaks the TOP protocol on loopback, made from the specs.
//!
//! It checks what the platform checks, refuses with the platform's codes, and answers with the specs' examples. What it
//! decides is [`Gateway::answer`], without any HTTP; [`Server`] puts that behind a socket.

mod answer;
mod check;
mod console;
mod example;
mod excerpt;
mod fuzzing;
mod incoming;
mod objects;
mod pages;
mod server;
mod signing;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use codegen::spec::{Platform, Specs};

pub use answer::{Answer, Outcome};
pub use incoming::Incoming;
pub use server::{Server, ServerLimits};

use check::Method;

/// A gateway: methods, and the applications that may call them.
pub struct Gateway {
    platform: Platform,
    methods: BTreeMap<String, Method>,
    applications: BTreeMap<String, String>,
    clock: fn() -> SystemTime,
    list_length: Option<i64>,
}

impl fmt::Debug for Gateway {
    /// Without the applications' secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("methods", &self.methods.len())
            .field("applications", &self.applications.keys())
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway for the methods that `specs` describe, open to no application yet.
    pub fn new(specs: Specs) -> Self {
        let methods =
            specs.methods.into_iter().map(|method| (method.spec.method.value.clone(), Method::new(method.spec)));
        Self {
            platform: specs.platform,
            methods: methods.collect(),
            applications: BTreeMap::new(),
            clock: SystemTime::now,
            list_length: None,
        }
    }

    /// Opens the gateway to an application.
    #[must_use]
    pub fn application(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.applications.insert(key.into(), secret.into());
        self
    }

    /// Sets the clock that timestamps are held against.
    #[must_use]
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how many items each list has that is paged. Unless it is set, they are as many as the example of their number in
    /// the spec, or 100; and a list over a span of time has one for every minute, whatever is set here.
    #[must_use]
    pub fn list_length(mut self, items: u32) -> Self {
        self.list_length = Some(items.into());
        self
    }

    /// How many methods it answers.
    pub fn methods(&self) -> usize {
        self.methods.len()
    }

    /// The keys of the applications that it is open to.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.applications.keys().map(String::as_str)
    }
}

// Here, because the examples of the README call the SDK with every category.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The chapters of the guide. The Chinese ones have the same code, which a test of the documents checks.
#[cfg(doctest)]
mod guide {
    macro_rules! chapters {
        ($($name:ident $path:literal,)*) => {
            $(#[doc = include_str!(concat!("../../docs/guide/en/src/", $path))] struct $name;)*
        };
    }

    chapters! {
        QuickStart "quick-start.md",
        Application "application.md",
        Sessions "sessions.md",
        Pagination "pagination.md",
        Errors "errors.md",
        Limits "limits.md",
        Uploads "uploads.md",
        Recipes "recipes.md",
        Methods "methods.md",
        Callbacks "callbacks.md",
        LocalGateway "gateway.md",
        Specs "specs.md",
        Trimmed "trimmed.md",
        Troubleshooting "troubleshooting.md",
        OtherSdks "other-sdks.md",
    }
}

/// What must not compile, beside its twin that does: of nineteen required parameters none can be forgotten.
///
/// ```
/// use generated_sdk::api::logistics::LogisticsConsignOrderCreateandsendRequired;
/// let required = LogisticsConsignOrderCreateandsendRequired {
///     s_address: "".into(), s_city_name: "".into(), s_name: "".into(), s_prov_name: "".into(), s_area_id: 1,
///     s_zip_code: "".into(), company_id: 1, r_prov_name: "".into(), r_address: "".into(), r_city_name: "".into(),
///     r_zip_code: "".into(), r_name: "".into(), r_area_id: 1, trade_id: 1, order_source: 1, user_id: 1, logis_type: 1,
///     order_type: 1, item_json_string: "[]".into(),
/// };
/// ```
///
/// ```compile_fail,E0063
/// use generated_sdk::api::logistics::LogisticsConsignOrderCreateandsendRequired;
/// let required = LogisticsConsignOrderCreateandsendRequired {
///     s_address: "".into(), s_city_name: "".into(), s_name: "".into(), s_prov_name: "".into(), s_area_id: 1,
///     s_zip_code: "".into(), company_id: 1, r_prov_name: "".into(), r_address: "".into(), r_city_name: "".into(),
///     r_zip_code: "".into(), r_name: "".into(), r_area_id: 1, trade_id: 1, order_source: 1, user_id: 1, logis_type: 1,
///     order_type: 1,
/// };
/// ```
///
/// A choice takes its values and any other text, but nothing else; a number takes no text.
///
/// ```
/// use generated_sdk::api::refund::RefundRefuseRequest;
/// let request = RefundRefuseRequest::new(1, "why").refund_phase("onsale").refuse_reason_id(2);
/// ```
///
/// ```compile_fail,E0277
/// use generated_sdk::api::refund::RefundRefuseRequest;
/// let request = RefundRefuseRequest::new(1, "why").refund_phase(1);
/// ```
///
/// ```compile_fail,E0308
/// use generated_sdk::api::refund::RefundRefuseRequest;
/// let request = RefundRefuseRequest::new(1, "why").refuse_reason_id("2");
/// ```
#[cfg(doctest)]
struct MustNotCompile;
