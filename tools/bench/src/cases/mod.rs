//! What is measured.

mod client;
mod decode;
mod encode;
#[cfg(feature = "gateway")]
mod gateway;
mod messages;
mod sensitive;
mod sign;
mod spi;
mod trades;

use std::error::Error;

use crate::measure::Case;

/// Returns the cases that run on the processor alone: without sockets, and the same instructions in each run.
pub(crate) fn computing() -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = sign::cases();
    cases.extend(encode::cases()?);
    cases.extend(decode::cases());
    cases.extend(spi::cases()?);
    cases.extend(sensitive::cases()?);
    cases.push(client::without_http()?);
    cases.extend(messages::computing()?);
    Ok(cases)
}

/// Returns the cases that wait for sockets.
pub(crate) fn waiting() -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = client::cases()?;
    cases.extend(messages::waiting()?);
    #[cfg(feature = "gateway")]
    cases.extend(gateway::cases()?);
    Ok(cases)
}
