//! The settings of a gateway, before it is built or started.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use codegen::spec::{Platform, Specs};
use tokio::sync::oneshot;

use crate::dialect::Dialects;
use crate::example_cache::ExampleCache;
use crate::fault::{Fault, Faults};
use crate::gateway::Gateway;
use crate::journal::{CallLog, Journal};
use crate::messages::MessageBroker;
use crate::method::Method;
use crate::mock::Mocks;
use crate::quota::{Quota, Quotas};
use crate::running::RunningGateway;
use crate::server::{Server, ServerLimits};

/// The settings of a [`Gateway`].
#[must_use]
pub struct GatewayBuilder {
    pub(crate) platform: Platform,
    pub(crate) methods: BTreeMap<String, Method>,
    /// The AppSecrets by AppKey.
    pub(crate) applications: BTreeMap<String, String>,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) list_length: Option<i64>,
    messages: MessageBroker,
    sessions: BTreeSet<String>,
    quotas: Vec<Quota>,
    faults: Vec<Fault>,
    seed: u64,
    limits: ServerLimits,
    log: Box<dyn Fn(&str) + Send + Sync>,
    call_log: Option<Box<dyn Write + Send>>,
}

impl fmt::Debug for GatewayBuilder {
    /// Without the secrets of the applications.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayBuilder")
            .field("methods", &self.methods.len())
            .field("applications", &self.applications.keys())
            .finish_non_exhaustive()
    }
}

impl GatewayBuilder {
    pub(crate) fn new(specs: Specs) -> Self {
        let messages = MessageBroker::new(&specs.topics);
        let methods = specs.methods.into_iter().map(|method| (method.spec.method.value.clone(), Method::new(method)));
        Self {
            platform: specs.platform,
            methods: methods.collect(),
            applications: BTreeMap::new(),
            clock: SystemTime::now,
            list_length: None,
            messages,
            sessions: BTreeSet::new(),
            quotas: Vec::new(),
            faults: Vec::new(),
            seed: 0,
            limits: ServerLimits::default(),
            log: Box::new(|_| {}),
            call_log: None,
        }
    }

    /// Adds an application that may call the methods. Default: none, so that every call is refused.
    pub fn application(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.applications.insert(key.into(), secret.into());
        self
    }

    /// Sets the clock. Default: the system's.
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the number of items of each paged list. Default: the example of the total in the spec, or 100.
    ///
    /// A list over a time window always has one item per minute.
    pub fn list_length(mut self, items: u32) -> Self {
        self.list_length = Some(items.into());
        self
    }

    /// Adds a known session. Calls with an unknown one are refused with code 27. Default: every session is known.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.sessions.insert(session.into());
        self
    }

    /// Adds a quota. Calls above it are refused with code 7. Default: none.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quotas.push(quota);
        self
    }

    /// Adds a fault. Default: none.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets the seed of the random numbers that select calls for faults. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the limits of the server that [`start`](Self::start) starts.
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Passes the console lines of each call to `log`. Default: they are dropped.
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Box::new(log);
        self
    }

    /// Writes each call to `writer` as a line of JSON, with its secret values replaced. Default: calls are not written.
    pub fn call_log(mut self, writer: impl Write + Send + 'static) -> Self {
        self.call_log = Some(Box::new(writer));
        self
    }

    /// Builds the gateway without a server.
    pub fn build(self) -> Gateway {
        Gateway {
            dialects: Dialects::new(&self.platform),
            platform: self.platform,
            methods: self.methods,
            applications: self.applications,
            clock: self.clock,
            list_length: self.list_length,
            messages: self.messages,
            sessions: self.sessions,
            quotas: Quotas::new(self.quotas),
            faults: Faults::new(self.faults, self.seed),
            mocks: Mocks::default(),
            examples: ExampleCache::default(),
            journal: Journal::default(),
            call_log: CallLog::new(self.call_log),
        }
    }

    /// Starts the gateway on a free loopback port, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If no loopback port is available.
    pub async fn start(self) -> io::Result<RunningGateway> {
        let (running, server) = self.bind().await?;
        tokio::spawn(server);
        Ok(running)
    }

    /// Starts the gateway on a free loopback port, on a thread of its own. For tests without a runtime.
    ///
    /// # Errors
    ///
    /// If no loopback port or no thread is available.
    pub fn start_blocking(self) -> io::Result<RunningGateway> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (running, server) = runtime.block_on(self.bind())?;
        std::thread::Builder::new().name("top-gateway".to_owned()).spawn(move || runtime.block_on(server))?;
        Ok(running)
    }

    /// Returns the gateway, and its server, which runs until the gateway is dropped.
    async fn bind(mut self) -> io::Result<(RunningGateway, impl Future<Output = ()> + Send + 'static)> {
        let log = std::mem::replace(&mut self.log, Box::new(|_| {}));
        let limits = self.limits;
        let server = Server::bind(self.build(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?.limits(limits);
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let running = RunningGateway::new(Arc::clone(server.gateway()), server.address()?, stop);
        // The sender is dropped without a message.
        let server = server.serve_until(log, async { drop(stopped.await) });
        Ok((running, server))
    }
}
