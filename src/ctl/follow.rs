//! `meridian ctl events`: a line for each event, until the reader has had enough.

use std::io::{self, Write};
use std::time::Duration;

use super::CtlError;
use super::client::{Client, Stream};
use crate::api::wire::{EventBody, LostBody};

/// Between the end of one stream and the next: nodes end streams once an hour.
const PAUSE: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Kinds, with commas between them.
    pub kind: Option<&'a str>,
    /// One service.
    pub service: Option<&'a str>,
    /// Whether what is kept comes first.
    pub all: bool,
    /// Whether events are printed as they come.
    pub json: bool,
}

/// Prints events as they come; returns when nobody reads any more, or the node is gone.
pub async fn follow(client: &Client, asked: Asked<'_>) -> Result<(), CtlError> {
    let query: Vec<_> = [("kind", asked.kind), ("service", asked.service)]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect();
    let mut after = asked.all.then_some(0);
    loop {
        let mut stream = client.stream(&["v1", "events"], &query, after).await?;
        while let Some(message) = next(&mut stream).await? {
            after = message.id.or(after);
            let Some(line) = line(&message, asked.json) else { continue };
            if !print(&line)? {
                return Ok(());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One message of a stream.
#[derive(Debug, Default, PartialEq)]
struct Message {
    id: Option<u64>,
    kind: String,
    data: String,
}

impl Message {
    /// Takes in a line; what is no field of ours is passed over, comments too.
    fn take(&mut self, line: &str) {
        match line.split_once(": ") {
            Some(("id", id)) => self.id = id.parse().ok(),
            Some(("event", kind)) => self.kind = kind.to_owned(),
            Some(("data", data)) => self.data += data,
            _ => {}
        }
    }
}

/// The next message; `None`: the stream is over.
async fn next(stream: &mut Stream) -> Result<Option<Message>, CtlError> {
    let mut message = Message::default();
    while let Some(line) = stream.line().await? {
        if line.is_empty() && !message.data.is_empty() {
            return Ok(Some(message));
        }
        message.take(&line);
    }
    Ok(None)
}

/// What is printed of a message; nothing of what cannot be read.
fn line(message: &Message, json: bool) -> Option<String> {
    if json {
        return Some(message.data.clone());
    }
    if message.kind == "lost" {
        let LostBody { lost } = serde_json::from_str(&message.data).ok()?;
        return Some(format!("({lost} events were lost)"));
    }
    let EventBody { at, kind, text, services, .. } = serde_json::from_str(&message.data).ok()?;
    // Of an endpoint and an override the text says it itself.
    let of = if kind == "transition" && !services.is_empty() {
        format!(" ({})", services.join(", "))
    } else {
        String::new()
    };
    Some(format!("{at}  {kind:<10}  {text}{of}"))
}

/// Whether somebody still reads.
fn print(line: &str) -> Result<bool, CtlError> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{line}").and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CtlError::Output(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_lines() {
        let event = r#"{"id":7,"at":"2026-09-21T14:13:20.5Z","node":"lhr1","kind":"transition","text":"t is up","services":["www","mail"]}"#;
        let rows = [
            (
                format!(": alive\nid: 7\nevent: transition\ndata: {event}"),
                false,
                "2026-09-21T14:13:20.5Z  transition  t is up (www, mail)",
            ),
            (format!("id: 7\nevent: transition\ndata: {event}"), true, event),
            ("event: lost\ndata: {\"lost\":3}".to_owned(), false, "(3 events were lost)"),
        ];
        for (text, json, wanted) in rows {
            let mut message = Message::default();
            text.lines().for_each(|line| message.take(line));
            assert_eq!(line(&message, json).as_deref(), Some(wanted));
            assert_eq!(message.id, text.contains("id: 7").then_some(7));
        }
    }
}
