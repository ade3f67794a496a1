//! The one file that speaks HTTP to the API.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CtlError;
use super::args::CtlArgs;
use crate::api::wire::ProblemBody;

/// A little longer than the API itself takes at most.
const PATIENCE: Duration = Duration::from_secs(35);

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

    /// Every part is escaped, so that a name cannot become a path.
    fn url(&self, path: &[&str]) -> Result<Url, CtlError> {
        let mut url = self.base.clone();
        let refuse = |()| CtlError::Address(self.base.to_string());
        url.path_segments_mut().map_err(refuse)?.pop_if_empty().extend(path);
        Ok(url)
    }

    /// A problem becomes an error, with its own words.
    async fn send(&self, request: RequestBuilder) -> Result<Reply, CtlError> {
        let response = request.send().await.map_err(|error| unreachable_at(&self.base, &error))?;
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
