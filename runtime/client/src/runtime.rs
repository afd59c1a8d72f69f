//! Checks of the tokio runtime of a call.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::{Handle, Id};

use crate::error::{ConfigurationError, ConfigurationKind};

/// Returns the runtime of the caller, which has a time driver.
///
/// Without a runtime, or without its time driver, tokio panics when a timer is created.
pub(super) fn current() -> Result<Handle, ConfigurationError> {
    let handle = Handle::try_current().map_err(|error| {
        let message = "no tokio runtime: await the call within one, or use the blocking client";
        wrong(message).with_source(error)
    })?;
    thread_local!(static CHECKED: Cell<Option<Id>> = const { Cell::new(None) });
    check(&handle, &CHECKED, "time", "enable_time", || drop(tokio::time::sleep(Duration::ZERO)))?;
    Ok(handle)
}

/// Checks that the runtime of the caller has an I/O driver, which a connection needs.
pub(super) fn check_io() -> Result<(), ConfigurationError> {
    thread_local!(static CHECKED: Cell<Option<Id>> = const { Cell::new(None) });
    let register = || {
        // If the system has no socket, the connection reports that.
        let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0));
        if let Ok(socket) = socket
            && socket.set_nonblocking(true).is_ok()
        {
            let _ = tokio::net::UdpSocket::from_std(socket);
        }
    };
    check(&current()?, &CHECKED, "I/O", "enable_io", register)
}

/// Checks that `probe`, which uses a driver of the runtime, does not panic. Tokio has no query for its drivers.
///
/// This is the only place where a panic is caught. A probe runs no code of a caller. Each runtime is probed once per
/// thread. The panic of a failed probe still reaches the panic hook.
fn check(
    runtime: &Handle,
    checked: &'static std::thread::LocalKey<Cell<Option<Id>>>,
    driver: &str,
    method: &str,
    probe: fn(),
) -> Result<(), ConfigurationError> {
    let id = Some(runtime.id());
    if checked.get() == id {
        return Ok(());
    }
    match catch_unwind(probe) {
        Ok(()) => {
            checked.set(id);
            Ok(())
        }
        Err(_) => {
            Err(wrong(format!("the tokio runtime has no {driver} driver: build it with `enable_all` or `{method}`")))
        }
    }
}

fn wrong(message: impl Into<String>) -> ConfigurationError {
    ConfigurationError::new(ConfigurationKind::Runtime, message)
}
