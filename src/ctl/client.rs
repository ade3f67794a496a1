//! The one file that speaks HTTP to the API.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CtlError;
use super::args::CtlArgs;
use crate::api::wire::ProblemBody;

/// A little longer than the API itself takes at most.
const PATIENCE: Duration = Duration::from_secs(35);

/// A stream says something at least every 15 seconds; after so long a silence nobody is there.
const SILENCE: Duration = Duration::from_secs(60);

/// Longer than any node lets a stream last.
const LONGEST_STREAM: Duration = Duration::from_secs(86_400);

/// The longest line of a stream, in octets.
const LONGEST_LINE: usize = 1 << 20;

/// The longest token file that is read, in octets.
const LONGEST_TOKEN: u64 = 4 << 10;

/// A way to one node.
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

/// What came back, whole.
pub struct Reply {
    status: StatusCode,
    address: String,
    /// The body.
    pub text: String,
}

impl Reply {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body as what it should be.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, CtlError> {
        serde_json::from_str(&self.text).map_err(|_| CtlError::Foreign(self.address.clone()))
    }
}

impl Client {
    /// A client for what was typed, with the token that goes with it.
    pub fn new(args: &CtlArgs) -> Result<Client, CtlError> {
        let base = Url::parse(&args.api)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.ok_or_else(|| CtlError::Address(args.api.clone()))?;
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        if let Some(token) = token(args)? {
            let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| CtlError::Token)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        // A redirect or a proxy would carry the token elsewhere.
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build();
        let http = http.map_err(|error| unreachable_at(&base, &error))?;
        Ok(Client { http, base })
    }

    /// `GET`, with a query.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Reply, CtlError> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(self.http.request(Method::GET, url)).await
    }

    /// `GET` of what has no end, from behind the event `after` on.
    pub async fn stream(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        after: Option<u64>,
    ) -> Result<Stream, CtlError> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(Method::GET, url).timeout(LONGEST_STREAM);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let asked = tokio::time::timeout(PATIENCE, request.send()).await.map_err(|_| self.silent())?;
        let response = asked.map_err(|error| unreachable_at(&self.base, &error))?;
        if !response.status().is_success() {
            self.read(response).await?;
            return Err(CtlError::Foreign(self.base.to_string()));
        }
        let silent = self.silent();
        Ok(Stream { response, text: Vec::new(), silent: Some(silent) })
    }

    fn silent(&self) -> CtlError {
        let why = format!("nothing came for {} seconds", SILENCE.as_secs());
        CtlError::Unreachable { address: self.base.to_string(), why }
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, CtlError> {
        self.send(self.http.request(Method::PUT, self.url(path)?).json(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &[&str]) -> Result<Reply, CtlError> {
        self.send(self.http.request(Method::DELETE, self.url(path)?)).await
    }

    /// `POST` of nothing.
    pub async fn post(&self, path: &[&str]) -> Result<Reply, CtlError> {
        self.send(self.http.request(Method::POST, self.url(path)?)).await
    }

    /// The same with a body.
    pub async fn post_body(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, CtlError> {
        self.send(self.http.request(Method::POST, self.url(path)?).json(body)).await
    }

    /// Every part is escaped, so that a name cannot become a path.
    fn url(&self, path: &[&str]) -> Result<Url, CtlError> {
        let mut url = self.base.clone();
        let refuse = |()| CtlError::Address(self.base.to_string());
        url.path_segments_mut().map_err(refuse)?.pop_if_empty().extend(path);
        Ok(url)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, CtlError> {
        let response = request.send().await.map_err(|error| unreachable_at(&self.base, &error))?;
        self.read(response).await
    }

    /// A problem becomes an error, with its own words.
    async fn read(&self, response: Response) -> Result<Reply, CtlError> {
        let status = response.status();
        let text = response.text().await.map_err(|error| unreachable_at(&self.base, &error))?;
        let reply = Reply { status, address: self.base.to_string(), text };
        if reply.is_success() {
            return Ok(reply);
        }
        match serde_json::from_str::<ProblemBody>(&reply.text) {
            Ok(problem) => Err(CtlError::Refused { detail: problem.detail, status: status.as_u16() }),
            // Reloads that fail and nodes that are not ready answer in shapes of their own.
            Err(_) if matches!(status.as_u16(), 422 | 503) => Ok(reply),
            Err(_) => Err(CtlError::Foreign(reply.address)),
        }
    }
}

/// What comes line by line.
pub struct Stream {
    response: Response,
    text: Vec<u8>,
    /// What is said of a silence.
    silent: Option<CtlError>,
}

impl Stream {
    /// The next line; `None`: the node ended the stream, or the way to it broke.
    pub async fn line(&mut self) -> Result<Option<String>, CtlError> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            let Ok(piece) = tokio::time::timeout(SILENCE, self.response.chunk()).await else {
                return self.silent.take().map_or(Ok(None), Err);
            };
            match piece {
                Ok(Some(piece)) if self.text.len() <= LONGEST_LINE => self.text.extend_from_slice(&piece),
                _ => return Ok(None),
            }
        }
    }
}

fn unreachable_at(base: &Url, error: &reqwest::Error) -> CtlError {
    let mut why = error as &dyn std::error::Error;
    while let Some(cause) = why.source() {
        why = cause;
    }
    CtlError::Unreachable { address: base.to_string(), why: why.to_string() }
}

/// The file that was named, else `MERIDIAN_TOKEN`.
fn token(args: &CtlArgs) -> Result<Option<String>, CtlError> {
    let Some(path) = &args.token_file else {
        return Ok(std::env::var("MERIDIAN_TOKEN")
            .ok()
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty()));
    };
    let read = || {
        let mut text = String::new();
        let file = std::fs::File::open(path)?;
        std::io::Read::read_to_string(&mut std::io::Read::take(file, LONGEST_TOKEN), &mut text)?;
        Ok(text.trim().to_owned())
    };
    read().map(Some).map_err(|error| CtlError::TokenFile(path.display().to_string(), error))
}
