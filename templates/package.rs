// {{ package.banner }}

//! Requests and responses of {{ package.count }} of the Taobao Open Platform, and the client that calls them.

pub mod api;

pub use top_client::*;
