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
            .pool_max_idle_per_host(1)
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
