//! A TCP connection, plain or inside TLS, and perhaps a few bytes each way.
//!
//! A banner counts as part of the answer: many protocols greet before they are asked.

use tokio::io::AsyncWriteExt;

use super::http::lacks;
use super::line::{ANSWER_BYTES, Line, Stream, of_stream, read_until};
use super::meter::Most;
use super::tls::Alpn;
use super::{Fault, Reason, Stage};
use crate::model::{Pattern, TcpRequest};

/// Connects, and says and hears what it has to.
pub(super) async fn ask(line: &mut Line<'_>, ask: &TcpRequest) -> Result<(), Fault> {
    let mut stream =
        line.open(ask.tls.as_ref(), ask.host.as_deref(), Alpn::Nothing, Most(ANSWER_BYTES)).await?;
    let deadline = line.deadline;
    deadline.within(Stage::Answer, say(&mut stream, &ask.send)).await??;
    match &ask.receive {
        Some(pattern) => deadline.within(Stage::Answer, hear(&mut stream, pattern)).await?,
        None => Ok(()),
    }
}

async fn say(stream: &mut Stream, bytes: &[u8]) -> Result<(), Fault> {
    let broken = |error| of_stream(&error, Stage::Answer);
    if !bytes.is_empty() {
        stream.write_all(bytes).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
    }
    Ok(())
}

/// Reads until `pattern` is there, or cannot come any more.
async fn hear(stream: &mut Stream, pattern: &Pattern) -> Result<(), Fault> {
    let mut bytes = Vec::with_capacity(ANSWER_BYTES);
    match read_until(stream, &mut bytes, |bytes| pattern.is_in(bytes)).await {
        Ok(true) => Ok(()),
        Ok(false) if bytes.is_empty() => Err(Reason::ClosedEarly(Stage::Answer).into()),
        Ok(false) => Err(lacks(&bytes, pattern)),
        Err(error) => Err(of_stream(&error, Stage::Answer)),
    }
}

#[cfg(test)]
mod tests;
