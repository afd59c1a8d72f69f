//! A TOP gateway on loopback, built from the specs.
//!
//! It checks requests as the platform does, refuses them with the platform's codes, and responds with the examples of the
//! specs. [`Gateway::respond`] works without HTTP; [`Server`] serves it.
//!
//! The server has a message channel (TMC) too, at `ws://ADDRESS/`. [`Gateway::send_message`] sends a message, and
//! [`MessageBroker`] has the queues.
//!
//! In a test, start a gateway on a free port, program responses, and inspect the calls that arrived:
//!
//! ```
//! use gateway::{Gateway, spec};
//! use generated_sdk::api::top::TopClientTokenGetRequest;
//! use generated_sdk::{AppCredentials, Client};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let specs = spec::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref())?;
//! let gateway = Gateway::builder(specs).application("12345678", "helloworld").start().await?;
//! gateway.on("taobao.top.client.token.get").respond(serde_json::json!({ "token": "t1" }));
//!
//! let client = Client::builder(gateway.url(), AppCredentials::new("12345678", "helloworld")).build()?;
//! let response = client.execute(&TopClientTokenGetRequest::new("a")).await?;
//! assert_eq!(response.token.as_deref(), Some("t1"));
//!
//! let calls = gateway.calls_of("taobao.top.client.token.get");
//! assert_eq!((calls.len(), calls[0].parameter("sec_token")), (1, Some("a")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admin;
mod batch;
mod builder;
mod console;
mod content;
mod delivery;
mod dialect;
mod example_cache;
mod excerpt;
mod explain;
mod fault;
mod fuzzing;
mod gateway;
mod http;
mod journal;
mod messages;
mod method;
mod mock;
mod object_types;
mod page;
mod pagination;
mod quota;
#[cfg(feature = "record")]
mod record;
mod refusal;
mod request;
mod response;
mod response_folder;
mod running;
mod secret_keys;
mod server;
mod signing;
mod spi;
mod state;
mod template;
mod timestamp;
mod validation;
mod value;

pub use builder::GatewayBuilder;
pub use codegen::spec;
pub use dialect::client_dialect;
pub use explain::{ExplainedSignature, Explanation};
pub use fault::{Fault, ParseFaultError};
pub use gateway::Gateway;
pub use journal::{Call, CallRefusal};
pub use messages::{GroupStatus, MessageBroker, OutgoingMessage, PublishedMessage, SendMessageError};
pub use mock::{Mock, TypedMock};
pub use quota::{ParseQuotaError, Quota};
#[cfg(feature = "record")]
pub use record::{ForwardError, Recorder};
pub use request::Request;
pub use response::{Outcome, Response};
pub use response_folder::LoadResponsesError;
pub use running::RunningGateway;
pub use server::{Server, ServerLimits};
pub use spi::SpiSpecError;
pub use state::{OpenStateError, PutRecordError, Resource, ShopState};
pub use template::{ParseTemplateError, Template};

// The examples of the README need the SDK with every category, which this crate has for its tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The chapters of the guide. The Chinese chapters have the same code: `xtask/tests/documents.rs` checks it.
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
        Messages "messages.md",
        LocalGateway "gateway.md",
        Export "export.md",
        Specs "specs.md",
        Trimmed "trimmed.md",
        Troubleshooting "troubleshooting.md",
        OtherSdks "other-sdks.md",
    }
}

/// Code that must not compile, next to code that does. A required parameter cannot be left out.
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
/// An open enum takes its values and any other text, but no number. A number takes no text.
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
