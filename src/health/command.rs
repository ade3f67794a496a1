//! A program of the operator's: exit code 0 is a yes, anything else a no with the first line of what it wrote.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use tokio::time::timeout_at;

use super::line::{ANSWER_BYTES, Line};
use super::reason::quote;
use super::{CommandFault, End, Fault, OwnFault, Reason};
use crate::model::CommandRequest;
use crate::system::{Order, start};

/// Where programs are looked for by a program, unless this process knows better.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs it once; at the timeout it is killed, with all that it started.
pub(super) async fn ask(line: &mut Line<'_>, ask: &CommandRequest) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        let what = format!("'{}' cannot be run: {error}", ask.program());
        Fault::from(OwnFault::System(quote(&what, 240)))
    };
    let mut running = start(&order(line, ask)).map_err(failed)?;
    match timeout_at(line.deadline.at, running.ended(ANSWER_BYTES)).await {
        Ok(ended) => judge(ended.map_err(failed)?),
        Err(_) => {
            running.kill().await;
            Err(Reason::StillRunning(line.deadline.timeout).into())
        }
    }
}

fn order(line: &Line<'_>, ask: &CommandRequest) -> Order {
    let (address, port) = (line.address.ip(), line.address.port());
    let path = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    let mut environment: Vec<(&str, OsString)> =
        vec![("PATH", path), ("MERIDIAN_ADDRESS", address.to_string().into())];
    if port > 0 {
        environment.push(("MERIDIAN_PORT", port.to_string().into()));
    }
    Order { program: ask.program().into(), arguments: ask.filled(address, port), environment }
}

fn judge((status, output): (ExitStatus, Vec<u8>)) -> Result<(), Fault> {
    let end = match (status.code(), status.signal()) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) => End::Exit(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    };
    let line = output.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let said = quote(String::from_utf8_lossy(line).trim(), 120);
    Err(Reason::Command(CommandFault { end, said }).into())
}

#[cfg(test)]
mod tests;
