//! Who is let in: hosts, origins, tokens, roles, paths and methods.

use super::*;

#[tokio::test]
async fn hosts_and_origins() {
    let node = Node::new().await;
    let rows: &[(&str, &str, &[&str], u16)] = &[
        ("GET", "/v1/status", &["Host: localhost:8053"], 200),
        ("GET", "/v1/status", &["Host: [::1]:8053"], 200),
        ("GET", "/v1/status", &["Host: lhr1:8053"], 200),
        ("GET", "/v1/status", &["Host: evil.example"], 421),
        ("GET", "/metrics", &["Host: evil.example"], 421),
        ("GET", "/openapi.json", &["Host: evil.example"], 421),
        ("GET", "/healthz", &["Host: evil.example"], 200),
        ("GET", "/v1/status", &["Host: a", "Host: b"], 400),
        ("DELETE", "/v1/regions/eu/override", &["Origin: http://127.0.0.1:8053"], 204),
        ("DELETE", "/v1/regions/eu/override", &["Origin: http://127.0.0.1:9999"], 403),
        ("DELETE", "/v1/regions/eu/override", &["Origin: https://evil.example"], 403),
        ("DELETE", "/v1/regions/eu/override", &["Origin: null"], 403),
        ("POST", "/v1/reload", &["Origin: https://evil.example"], 403),
        ("GET", "/v1/status", &["Origin: https://evil.example"], 200),
    ];
    for (method, path, headers, status) in rows {
        let said = node.ask(method, path, headers, "").await;
        assert_eq!(said.status, *status, "{method} {path} {headers:?}: {}", said.text);
    }
}

#[tokio::test]
async fn no_host_at_all_is_a_bad_request() {
    let node = Node::new().await;
    let said = node.send(Request::get("/v1/status").body(Body::empty()).unwrap()).await;
    assert_eq!(said.status, 400);
    let said = node.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(said.status, 503, "load balancers may leave it out");
}

#[tokio::test]
async fn roles_include_the_lesser() {
    let node = Node::with_tokens().await;
    let down = r#"{"state":"down","reason":"drill"}"#;
    let values = r#"{"values":["x"]}"#;
    // path, method, then what nobody, a stranger, reader, oncall, root and certbot get
    let rows = [
        ("GET", "/v1/status", [401, 401, 200, 200, 200, 403]),
        ("GET", "/v1/nowhere", [401, 401, 404, 404, 404, 403]),
        ("GET", "/metrics", [401, 401, 200, 200, 200, 403]),
        ("PUT", "/v1/regions/eu/override", [401, 401, 403, 200, 200, 403]),
        ("DELETE", "/v1/regions/eu/override", [401, 401, 403, 204, 204, 403]),
        ("PUT", "/v1/acme/www.gslb.example", [401, 401, 403, 200, 200, 200]),
        ("GET", "/v1/acme", [401, 401, 200, 200, 200, 200]),
        ("DELETE", "/v1/acme/www.gslb.example", [401, 401, 403, 204, 204, 204]),
        ("POST", "/v1/reload", [401, 401, 403, 403, 200, 403]),
        ("GET", "/healthz", [200; 6]),
        ("GET", "/readyz", [503; 6]),
        ("GET", "/openapi.json", [200; 6]),
    ];
    let tokens = ["", "stranger-secret", "reader-secret", "oncall-secret", "root-secret", "certbot-secret"];
    for (method, path, statuses) in rows {
        for (token, status) in tokens.iter().zip(statuses) {
            let bearer = format!("Authorization: Bearer {token}");
            let mut headers = vec!["Content-Type: application/json"];
            headers.extend((!token.is_empty()).then_some(bearer.as_str()));
            let word = if path.starts_with("/v1/acme") { values } else { down };
            let body = if method == "PUT" { word } else { "" };
            let said = node.ask(method, path, &headers, body).await;
            assert_eq!(said.status, status, "{method} {path} with '{token}': {}", said.text);
            if status == 401 {
                assert_eq!(said.header(header::WWW_AUTHENTICATE), "Bearer realm=\"meridian\"");
            }
        }
    }
}

#[tokio::test]
async fn a_token_may_be_limited_to_names() {
    let limits = "names = [\"*.cust.gslb.example.\"]\n";
    let node = Node::with(format!("{CONFIG}{}{limits}", tokens()));
    // name, then what certbot and oncall get
    let rows = [
        ("cust.gslb.example", [200, 200]),
        ("*.cust.gslb.example.", [200, 200]),
        ("_acme-challenge.cust.gslb.example", [200, 200]),
        ("a.cust.gslb.example", [403, 200]),
        ("www.gslb.example", [403, 200]),
    ];
    for (name, statuses) in rows {
        for (token, status) in ["certbot", "oncall"].into_iter().zip(statuses) {
            let bearer = format!("Authorization: Bearer {token}-secret");
            let headers = ["Content-Type: application/json", &bearer];
            let path = format!("/v1/acme/{name}");
            let said = node.ask("PUT", &path, &headers, r#"{"values":["x"]}"#).await;
            assert_eq!(said.status, status, "{name} by {token}: {}", said.text);
            if status == 403 {
                assert!(said.text.contains("'certbot' may set challenges for cust.gslb.example. alone"));
            }
            let cleared = if status == 403 { 403 } else { 204 };
            assert_eq!(node.ask("DELETE", &path, &headers, "").await.status, cleared, "{name} by {token}");
        }
    }
}

#[tokio::test]
async fn the_token_s_name_is_who() {
    let node = Node::with_tokens().await;
    let headers = ["Content-Type: application/json", "Authorization: bearer oncall-secret"];
    let body = r#"{"state":"drain","reason":"drill"}"#;
    let said = node.ask("PUT", "/v1/regions/eu/override", &headers, body).await;
    assert_eq!((said.status, &said.json()["who"]), (200, &"oncall".into()));
    let node = Node::new().await;
    assert_eq!(node.put("/v1/regions/eu/override", body).await.json()["who"], "local");
}

#[tokio::test]
async fn tokens_follow_reloads() {
    let node = Node::new().await;
    std::fs::write(node.directory.path().join("meridian.toml"), format!("{CONFIG}{}", tokens())).unwrap();
    assert_eq!(node.get("/v1/status").await.status, 200);
    let said = node.ask("POST", "/v1/reload", &[], "").await;
    assert_eq!((said.status, &said.json()["generation"]), (200, &2.into()));
    assert_eq!(node.get("/v1/status").await.status, 401);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let node = Node::new().await;
    let said = node.get("/nowhere").await;
    assert_eq!((said.status, said.header(header::CONTENT_TYPE)), (404, "application/problem+json"));
    let body = said.json();
    assert_eq!(body["type"], "urn:meridian:problem:unknown-path");
    assert_eq!(body["detail"], "there is nothing at '/nowhere'; /openapi.json lists every path");
    let said = node.ask("POST", "/v1/regions/eu/override", &[], "").await;
    assert_eq!((said.status, said.header(header::CONTENT_TYPE)), (405, "application/problem+json"));
    let mut allowed: Vec<_> = said.header(header::ALLOW).split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PUT"]);
    assert_eq!(said.json()["known"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn long_words_are_quoted_short() {
    let node = Node::new().await;
    let said = node.get(&format!("/v1/regions/{}", "x".repeat(8_000))).await;
    assert_eq!(said.status, 404);
    assert!(said.text.len() < 1_000, "{}", said.text.len());
}
