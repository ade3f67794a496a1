//! Who may ask what: in time, by a known name, from no other site, with a token of the role that it takes.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::{Shared, serve};
use crate::config::{Config, Role, Token};
use crate::model::Name;

/// Who asks: the token's name, or `local` where there are no tokens.
#[derive(Clone, Debug)]
pub struct Who(pub String);

/// The names for which whoever asks may set challenges; none: all of them.
#[derive(Clone, Debug)]
pub struct Names(pub Vec<Name>);

/// Everything that stands before a handler, and what stands behind it.
pub async fn guard(State(edge): State<Shared>, request: Request, next: Next) -> Response {
    match admit(&edge, request) {
        Ok(request) => match tokio::time::timeout(serve::REQUEST, next.run(request)).await {
            Ok(response) => finish(response),
            Err(_) => late().into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}

fn late() -> Problem {
    let detail = format!("it took longer than {} s", serve::REQUEST.as_secs());
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail)
}

fn admit(edge: &Shared, mut request: Request) -> Result<Request, Problem> {
    let (path, headers) = (request.uri().path(), request.headers());
    if !is_for_balancers(path) {
        let host = host(&request)?;
        let identity = &edge.context.handle.shared.load().world.identity;
        known_host(host, identity)?;
        if is_write(request.method()) {
            same_origin(headers, host)?;
        }
    }
    let config = edge.context.config.borrow().clone();
    let token = identify(&config, request.method(), path, headers)?;
    let who = token.map_or_else(|| "local".to_owned(), |token| token.name.clone());
    let names = token.map_or_else(Vec::new, |token| token.names.clone());
    request.extensions_mut().insert(Who(who));
    request.extensions_mut().insert(Names(names));
    Ok(request)
}

/// Router's own refusals have no body of ours.
fn finish(response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let allow = allow.unwrap_or(HeaderValue::from_static("GET"));
    let detail = format!("only {} can be done here", allow.to_str().unwrap_or("GET"));
    let known: Vec<_> =
        allow.to_str().unwrap_or_default().split(',').map(|one| one.trim().to_owned()).collect();
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail).knowing(known);
    problem.with(header::ALLOW, allow).into_response()
}

fn is_for_balancers(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

//------------ Host and Origin -----------------------------------------------

/// RFC 9112 §3.2: exactly one `Host`; the target's authority beats it.
fn host(request: &Request) -> Result<&str, Problem> {
    if let Some(authority) = request.uri().authority() {
        return Ok(authority.as_str());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
        (Some(Ok(host)), None) => Ok(host),
        _ => Err(Problem::bad("exactly one readable Host header is needed")),
    }
}

fn known_host(host: &str, identity: &str) -> Result<(), Problem> {
    let name = without_port(host);
    let plain = name.strip_suffix('.').unwrap_or(name);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let known = ["localhost", identity.strip_suffix('.').unwrap_or(identity)];
    if is_address || known.iter().any(|known| known.eq_ignore_ascii_case(plain)) {
        return Ok(());
    }
    let detail = format!(
        "'{}' is not a name of this node; use 'localhost', '{identity}' or an IP address",
        super::problem::shortened(name)
    );
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", detail).knowing(["localhost", identity]))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => {
            // An IPv6 address has colons of its own, and brackets when a port follows.
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

/// A page of another site may not write, whatever the browser that shows it can reach.
fn same_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    if site.is_some_and(|site| site.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let detail = format!("pages of '{}' may not write here", super::problem::shortened(origin));
    Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail))
}

//------------ Tokens --------------------------------------------------------

/// The role that a call takes; `None`: anybody may.
//
// path                                   GET    other
// /healthz /readyz /openapi.json         –      –        (nothing to write there)
// /v1/reload                             admin  admin
// /v1/… and /metrics                     read   operate  (acme: /v1/acme alone; signals: POST of /v1/signals and
//                                                       /v1/latency alone)
// anything else                          –      –        (nothing there)
fn needed(method: &Method, path: &str) -> Option<Role> {
    match path {
        "/v1/reload" => Some(Role::Admin),
        _ if path != "/metrics" && path != "/v1" && !path.starts_with("/v1/") => None,
        _ if is_write(method) => Some(Role::Operate),
        _ => Some(Role::Read),
    }
}

/// Each role includes the ones before it, but for `acme` and `signals`, which have their own calls and nothing else.
fn may(role: Role, needed: Role, path: &str) -> bool {
    let is_acme = || path == "/v1/acme" || path.starts_with("/v1/acme/");
    match role {
        Role::Acme => is_acme(),
        Role::Signals => path == "/v1/signals" || path == "/v1/latency" && needed == Role::Operate,
        _ => role >= needed,
    }
}

/// The token that makes the call; `None` where it takes none.
fn identify<'a>(
    config: &'a Config,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<&'a Token>, Problem> {
    let tokens = &config.api.tokens;
    let Some(needed) = needed(method, path).filter(|_| !tokens.is_empty()) else {
        return Ok(None);
    };
    let Some(shown) = bearer(headers) else {
        return Err(unauthorized("a token is needed: 'Authorization: Bearer …'"));
    };
    let Some(token) = matching(tokens, shown) else {
        return Err(unauthorized("the token is not known"));
    };
    if !may(token.role, needed, path) {
        let (has, needs) = (role_name(token.role), role_name(needed));
        let detail = format!("'{}' has the role {has}; this takes {needs}", token.name);
        return Err(Problem::new(StatusCode::FORBIDDEN, "role", detail));
    }
    Ok(Some(token))
}

/// RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_first_chunk::<7>()?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token.trim_ascii())
}

/// Every token is compared whole, so that time tells nothing of how near a guess came.
fn matching<'a>(tokens: &'a [Token], shown: &[u8]) -> Option<&'a Token> {
    let digest: [u8; 32] = Sha256::digest(shown).into();
    let mut found = None;
    for token in tokens {
        if bool::from(token.sha256.ct_eq(&digest)) {
            found = Some(token);
        }
    }
    found
}

fn unauthorized(detail: &str) -> Problem {
    let challenge = HeaderValue::from_static("Bearer realm=\"meridian\"");
    Problem::new(StatusCode::UNAUTHORIZED, "token", detail).with(header::WWW_AUTHENTICATE, challenge)
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Acme => "acme",
        Role::Signals => "signals",
        Role::Read => "read",
        Role::Operate => "operate",
        Role::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_ports_and_nothing_else() {
        let rows = [
            ("localhost:8053", "localhost"),
            ("localhost", "localhost"),
            ("[::1]:8053", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
            ("lhr1.example.:80", "lhr1.example."),
            (":80", ":80"),
        ];
        for (host, name) in rows {
            assert_eq!(without_port(host), name);
        }
    }

    #[test]
    fn names_must_be_known_and_addresses_need_not() {
        for host in
            ["localhost", "LOCALHOST:1", "127.0.0.1:8053", "[::1]:8053", "192.0.2.1", "lhr1", "LHR1.:9"]
        {
            assert!(known_host(host, "lhr1").is_ok(), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8053", "lhr2", ""] {
            assert!(known_host(host, "lhr1").is_err(), "{host}");
        }
    }

    #[test]
    fn acme_has_its_own_calls_and_nothing_else() {
        let rows = [
            (Method::GET, "/v1/acme", true),
            (Method::PUT, "/v1/acme/www.example.", true),
            (Method::DELETE, "/v1/acme/www.example.", true),
            (Method::GET, "/v1/acmes", false),
            (Method::GET, "/v1/status", false),
            (Method::GET, "/metrics", false),
            (Method::PUT, "/v1/regions/acme/override", false),
            (Method::POST, "/v1/reload", false),
        ];
        for (method, path, wanted) in rows {
            let needed = needed(&method, path).unwrap();
            assert_eq!(may(Role::Acme, needed, path), wanted, "{method} {path}");
        }
        assert!(
            may(Role::Operate, Role::Operate, "/v1/acme/a") && !may(Role::Read, Role::Operate, "/v1/acme/a")
        );
    }

    #[test]
    fn signals_have_their_own_call_and_nothing_else() {
        for (method, path) in [
            (Method::GET, "/v1/status"),
            (Method::GET, "/metrics"),
            (Method::PUT, "/v1/acme/www.example."),
            (Method::PUT, "/v1/regions/signals/override"),
            (Method::POST, "/v1/signals/more"),
            (Method::POST, "/v1/reload"),
            (Method::GET, "/v1/latency"),
            (Method::POST, "/v1/latency/more"),
        ] {
            assert!(!may(Role::Signals, needed(&method, path).unwrap(), path), "{method} {path}");
        }
        let needed = needed(&Method::POST, "/v1/signals").unwrap();
        let roles = [Role::Signals, Role::Operate, Role::Admin, Role::Acme, Role::Read];
        for path in ["/v1/signals", "/v1/latency"] {
            assert_eq!(roles.map(|role| may(role, needed, path)), [true, true, true, false, false], "{path}");
        }
    }

    #[test]
    fn calls_take_roles() {
        let rows = [
            (Method::GET, "/healthz", None),
            (Method::GET, "/openapi.json", None),
            (Method::GET, "/metrics", Some(Role::Read)),
            (Method::GET, "/v1/status", Some(Role::Read)),
            (Method::HEAD, "/v1/status", Some(Role::Read)),
            (Method::PUT, "/v1/regions/a/override", Some(Role::Operate)),
            (Method::DELETE, "/v1/nowhere", Some(Role::Operate)),
            (Method::POST, "/v1/reload", Some(Role::Admin)),
            (Method::GET, "/v1", Some(Role::Read)),
            (Method::GET, "/v10", None),
        ];
        for (method, path, role) in rows {
            assert_eq!(needed(&method, path), role, "{method} {path}");
        }
    }
}
