//! The one file that speaks HTTP to webhooks.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use super::letter::Letter;
use super::queue::Outcome;

/// A way to receivers.
#[derive(Clone, Debug)]
pub struct Post(Client);

impl Post {
    /// A client that follows nobody elsewhere; why there is none, in words.
    pub fn new() -> Result<Post, String> {
        let client = Client::builder()
            .user_agent(concat!("meridian/", env!("CARGO_PKG_VERSION")))
            // What is signed for one receiver is nobody else's business.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Events are few, and some receivers close an idle connection without a word: a message that took it up
            // would be lost on the way, and told of as a failure.
            .pool_max_idle_per_host(0)
            .build();
        client.map(Post).map_err(words)
    }

    /// Sends a letter: what came of it, and in words where it was not taken. They never name the URL.
    pub async fn send(self, url: String, letter: Letter, timeout: Duration) -> (Outcome, String) {
        let mut request = self.0.post(url).timeout(timeout).header(CONTENT_TYPE, "application/json");
        for (name, value) in letter.headers {
            request = request.header(name, value);
        }
        match request.body(letter.body).send().await {
            Ok(response) => judge(&response),
            Err(error) => (Outcome::Failed(None), words(error)),
        }
    }
}

// status                          outcome
// 2xx                             delivered
// 400 410 413 415 422             refused: it would be again
// anything else                   failed: it may be mended, or pass
fn judge(response: &Response) -> (Outcome, String) {
    let status = response.status();
    let outcome = match status.as_u16() {
        200..300 => Outcome::Delivered,
        400 | 410 | 413 | 415 | 422 => Outcome::Refused,
        _ => Outcome::Failed(wish(response)),
    };
    (outcome, said(status))
}

/// RFC 9110 §10.2.3, in seconds; a date is as good as nothing.
fn wish(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn said(status: StatusCode) -> String {
    if status.is_redirection() {
        format!("it answered {}; redirects are not followed", status.as_u16())
    } else {
        format!("it answered {}", status.as_u16())
    }
}

/// The innermost cause, without the URL.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut why = &error as &dyn std::error::Error;
    while let Some(cause) = why.source() {
        why = cause;
    }
    why.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Takes one message, promises to take more, and hangs up when it comes.
    async fn take(stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut lines = String::new();
        while !lines.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut lines).await.unwrap() > 0, "{lines}");
        }
        let mut body = [0; 2];
        stream.read_exact(&mut body).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        let _ = stream.read_u8().await;
    }

    #[tokio::test]
    async fn a_receiver_that_closes_without_a_word_loses_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream));
            }
        });
        let post = Post::new().unwrap();
        for _ in 0..3 {
            let letter = Letter { body: b"{}".to_vec(), headers: Vec::new() };
            let sent = post.clone().send(url.clone(), letter, Duration::from_secs(20)).await;
            assert_eq!(sent, (Outcome::Delivered, "it answered 200".to_owned()));
        }
    }
}
