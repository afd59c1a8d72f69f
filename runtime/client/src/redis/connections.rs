//! Connections, one in each runtime.

use std::sync::Mutex;

use redis::RedisResult;
use redis::aio::ConnectionManager;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use crate::lock::locked;

/// The connections of the runtimes that there are. A connection is driven by the runtime that made it: it ends with that
/// one, and stands still while a thread of another waits in it.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Connection>>);

struct Connection {
    runtime: Id,
    manager: ConnectionManager,
    /// Closed when the runtime ends, whose number another may have then.
    life: oneshot::Sender<()>,
}

impl Connections {
    /// The connection of `runtime`, the one that the caller is in, or a new one.
    pub(super) fn of(
        &self,
        runtime: &Handle,
        connect: impl FnOnce() -> RedisResult<ConnectionManager>,
    ) -> RedisResult<ConnectionManager> {
        let mut connections = locked(&self.0);
        connections.retain(|connection| !connection.life.is_closed());
        if let Some(connection) = connections.iter().find(|connection| connection.runtime == runtime.id()) {
            return Ok(connection.manager.clone());
        }
        let (manager, (life, over)) = (connect()?, oneshot::channel());
        // It ends when the other end is dropped, at the latest.
        runtime.spawn(over);
        connections.push(Connection { runtime: runtime.id(), manager: manager.clone(), life });
        Ok(manager)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is a test's verdict")]
mod tests {
    use tokio::runtime::{Builder, Handle};

    use super::{ConnectionManager, Connections, locked};

    #[test]
    fn those_of_runtimes_that_are_gone_are_dropped() {
        let client = redis::Client::open("redis://127.0.0.1:1/").unwrap();
        let connections = Connections::default();
        let used = || {
            let config = redis::aio::ConnectionManagerConfig::new();
            let connect = || ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
            connections.of(&Handle::current(), connect).unwrap();
            connections.of(&Handle::current(), || panic!("there is one")).unwrap();
            locked(&connections.0).len()
        };
        let runtimes = [0, 1].map(|_| Builder::new_current_thread().enable_all().build().unwrap());
        assert_eq!([runtimes[0].block_on(async { used() }), runtimes[1].block_on(async { used() })], [1, 2]);
        drop(runtimes);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(async { used() }), 1);
    }
}
