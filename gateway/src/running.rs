//! A started gateway.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::gateway::Gateway;

/// A gateway that serves a loopback port until it is dropped.
///
/// It is a [`Gateway`], so a test can program responses and inspect calls.
#[derive(Debug)]
#[must_use = "the gateway stops when it is dropped"]
pub struct RunningGateway {
    gateway: Arc<Gateway>,
    address: SocketAddr,
    /// Stops the server when it is dropped.
    _stop: oneshot::Sender<Infallible>,
}

impl RunningGateway {
    pub(crate) fn new(gateway: Arc<Gateway>, address: SocketAddr, stop: oneshot::Sender<Infallible>) -> Self {
        Self { gateway, address, _stop: stop }
    }

    /// Returns the address of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL that clients call.
    pub fn url(&self) -> String {
        format!("http://{}/router/rest", self.address)
    }
}

impl Deref for RunningGateway {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.gateway
    }
}
