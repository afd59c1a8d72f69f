//! Connections to Redis, one per runtime.

use std::sync::Mutex;
use top_protocol::internal::locked;

use redis::RedisResult;
use redis::aio::ConnectionManager;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

/// Connections by runtime. A runtime drives the connections that it made: they end with it, and stop while a thread of
/// another runtime blocks on them.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Connection>>);

struct Connection {
    runtime: Id,
    manager: ConnectionManager,
    /// Closed when the runtime ends. A new runtime may get the same id.
    alive: oneshot::Sender<()>,
}

impl Connections {
    /// Returns the connection of `runtime`, which is the caller's, or makes one.
    pub(super) fn get(
        &self,
        runtime: &Handle,
        connect: impl FnOnce() -> RedisResult<ConnectionManager>,
    ) -> RedisResult<ConnectionManager> {
        let mut connections = locked(&self.0);
        connections.retain(|connection| !connection.alive.is_closed());
        if let Some(connection) = connections.iter().find(|connection| connection.runtime == runtime.id()) {
            return Ok(connection.manager.clone());
        }
        let (manager, (alive, ended)) = (connect()?, oneshot::channel());
        // The task ends when the sender is dropped, at the latest.
        runtime.spawn(ended);
        connections.push(Connection { runtime: runtime.id(), manager: manager.clone(), alive });
        Ok(manager)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is a test's verdict")]
mod tests {
    use tokio::runtime::{Builder, Handle};

    use super::{ConnectionManager, Connections, locked};

    #[test]
    fn drops_connections_of_ended_runtimes() {
        let client = redis::Client::open("redis://127.0.0.1:1/").unwrap();
        let connections = Connections::default();
        let used = || {
            let config = redis::aio::ConnectionManagerConfig::new();
            let connect = || ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
            connections.get(&Handle::current(), connect).unwrap();
            connections.get(&Handle::current(), || panic!("expected the existing connection")).unwrap();
            locked(&connections.0).len()
        };
        let runtimes = [0, 1].map(|_| Builder::new_current_thread().enable_all().build().unwrap());
        assert_eq!([runtimes[0].block_on(async { used() }), runtimes[1].block_on(async { used() })], [1, 2]);
        drop(runtimes);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(async { used() }), 1);
    }
}
