//! What is typed, what is sent, what is printed: against a stand-in that answers one request.

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: CtlArgs,
}

fn typed(words: &str) -> Result<CtlArgs, clap::Error> {
    Typed::try_parse_from(["ctl"].into_iter().chain(words.split(' '))).map(|typed| typed.args)
}

/// Makes the call against a server that answers with `reply`; what it was sent, and what came of it.
async fn call(words: &str, status: &str, reply: &str) -> (String, Result<Answer, CtlError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut args = typed(words).unwrap();
    args.api = format!("http://{}", listener.local_addr().unwrap());
    let reply =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}", reply.len());
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut sent, mut piece) = (Vec::new(), [0; 4096]);
        while !sent.windows(4).any(|end| end == b"\r\n\r\n") || is_short(&sent) {
            let length = stream.read(&mut piece).await.unwrap();
            sent.extend_from_slice(&piece[..length]);
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        String::from_utf8(sent).unwrap()
    };
    tokio::join!(served, answer(args))
}

/// Whether the body is still coming.
fn is_short(sent: &[u8]) -> bool {
    let text = String::from_utf8_lossy(sent).to_ascii_lowercase();
    let length =
        text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse::<usize>().ok());
    let body = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    length.is_some_and(|length| body < length)
}

#[tokio::test]
async fn words_become_calls() {
    let word = r#"{"state":"down","weight":null,"reason":"r","who":"oncall","since":"s","expires_at":null,"revision":7}"#;
    let ramp = r#"{"state":"ramp","weight":null,"reason":"r","who":"oncall","since":"s","expires_at":null,"revision":7,"ramp":{"stage":"moving","share":0.372,"from":"1%","to":"100%","over_seconds":1800,"arrives_at":"t","watched_until":"u","max_errors":null,"rolled_back":null}}"#;
    let set = r#"{"name":"a.b.","record":"_acme-challenge.a.b.","values":["-x","y"],"who":"certbot","since":"s","expires_at":"e","revision":7}"#;
    let rows = [
        (
            "acme set *.a.b --for 1h --add -- -x y",
            set,
            "PUT /v1/acme/*.a.b ",
            r#"{"values":["-x","y"],"add":true,"expires_in":"1h"}"#,
            "answered until e: _acme-challenge.a.b. TXT -x y\n",
        ),
        ("acme set a.b. y", set, "PUT /v1/acme/a.b. ", r#"{"values":["y"]}"#, "answered until e"),
        ("acme clear a.b", "", "DELETE /v1/acme/a.b ", "", "cleared\n"),
        (
            "acme",
            &format!("[{set}]"),
            "GET /v1/acme ",
            "",
            "RECORD                ENDS  WHO      VALUES\n_acme",
        ),
        (
            "override region eu down --reason r --for 30m",
            word,
            "PUT /v1/regions/eu/override ",
            r#"{"state":"down","reason":"r","expires_in":"30m"}"#,
            "in force at revision 7: down by oncall ('r')\n",
        ),
        (
            "override endpoint www eu --weight 5 --reason r",
            word,
            "PUT /v1/services/www/endpoints/eu/override ",
            r#"{"weight":5,"reason":"r"}"#,
            "in force at",
        ),
        (
            "override endpoint www eu --ramp 1%..100% --over 30m --reason r",
            ramp,
            "PUT /v1/services/www/endpoints/eu/override ",
            r#"{"state":"ramp","from":"1%","to":"100%","over":"30m","reason":"r"}"#,
            "in force at revision 7: ramp 1%..100%, 37.2 % now, there at t, by oncall ('r')\n",
        ),
        (
            "override region eu --ramp 1%..100% --over 30m --watch 1h --max-errors 2% --reason r",
            &ramp.replace("null}", r#"{"at":"t","reason":"refused"}}"#),
            "PUT /v1/regions/eu/override ",
            r#"{"state":"ramp","from":"1%","to":"100%","over":"30m","guard":{"watch":"1h","max_errors":"2%"},"reason":"r"}"#,
            "in force at revision 7: ramp rolled back to 1% at t (refused), by oncall ('r')\n",
        ),
        (
            "resume www eu --reason r",
            "",
            "POST /v1/services/www/endpoints/eu/resume ",
            r#"{"reason":"r"}"#,
            "resumed\n",
        ),
        (
            "latency --network 192.0.2.0/24 --region eu",
            r#"{"rows":[{"network":"192.0.2.0/24","asn":null,"region":"eu","rtt_ms":23.456,"samples":34.0,"counts":true,"place":1,"reported_at":"t","listed":true}],"total":3,"next":"192.0.2.0/24 eu"}"#,
            "GET /v1/latency?limit=1000&network=192.0.2.0%2F24&region=eu ",
            "",
            "FROM          REGION  MS    SAMPLES  PLACE  REPORTED\n192.0.2.0/24  eu      23.5  34       1      file, t\nand 2 more;",
        ),
        (
            "latency --asn 64500",
            r#"{"rows":[],"total":0,"next":null}"#,
            "GET /v1/latency?limit=1000&asn=64500 ",
            "",
            "FROM",
        ),
        ("lift region a/b", "", "DELETE /v1/regions/a%2Fb/override ", "", "lifted\n"),
        ("regions", "[]", "GET /v1/regions ", "", "REGION"),
        ("--json services", "[]", "GET /v1/services ", "", "[]"),
        ("ready", r#"{"ready":true,"missing":[]}"#, "GET /readyz ", "", "ready\n"),
        (
            "reload",
            r#"{"at":"t","swapped":true,"generation":2,"problems":[]}"#,
            "POST /v1/reload ",
            "",
            "in force: generation 2 at t\n",
        ),
    ];
    for (words, reply, line, body, printed) in rows {
        let (sent, result) = call(words, "200 OK", reply).await;
        assert!(sent.starts_with(line), "{words}: {sent}");
        assert!(sent.ends_with(&format!("\r\n\r\n{body}")), "{words}: {sent}");
        let (text, result) = result.unwrap();
        assert!(text.starts_with(printed) && result.is_ok(), "{words}: {text}");
    }
}

#[tokio::test]
async fn refusals_are_one_clear_line() {
    let problem = r#"{"type":"t","title":"t","status":404,"detail":"no region is called 'us'; regions: eu"}"#;
    let (_, result) = call("regions us", "404 Not Found", problem).await;
    assert_eq!(result.unwrap_err().to_string(), "no region is called 'us'; regions: eu (404)");
    let (_, result) = call("status", "200 OK", "<html>").await;
    assert!(matches!(result, Err(CtlError::Foreign(_))));
    let (_, result) =
        call("ready", "503 Service Unavailable", r#"{"ready":false,"missing":["a","b"]}"#).await;
    let (text, result) = result.unwrap();
    assert_eq!(
        (text.as_str(), result.unwrap_err().to_string().as_str()),
        ("a\nb\n", "the node is not ready")
    );
    let failed = r#"{"at":"t","swapped":false,"generation":1,"problems":[{"place":"m:1:2","text":"x","warning":false}]}"#;
    let (_, result) = call("reload", "422 Unprocessable Content", failed).await;
    let (text, result) = result.unwrap();
    assert_eq!(text, "nothing changed: generation 1 at t\nm:1:2: x\n");
    assert!(matches!(result, Err(CtlError::NotReloaded)));
}

#[tokio::test]
async fn tokens_come_from_files_and_nobody_home_is_said() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "secret\n").unwrap();
    let words = format!("--token-file {} regions", file.path().display());
    let (sent, _) = call(&words, "200 OK", "[]").await;
    assert!(sent.to_ascii_lowercase().contains("\r\nauthorization: bearer secret\r\n"), "{sent}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = answer(typed(&format!("--api http://{closed} status")).unwrap()).await.unwrap_err();
    let start = format!("cannot reach the API at http://{closed}/; is meridian serving there? (");
    assert!(error.to_string().starts_with(&start), "{error}");
    let error = answer(typed("--api nonsense status").unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "--api: 'nonsense' is not an address like 'http://127.0.0.1:8053'");
    let error = answer(typed("--token-file /nonexistent/token status").unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot read the token from '/nonexistent/token'");
}

/// What the hooks of `docs/acme.md` call, with what a client's variables would hold.
#[test]
fn documented_hooks_can_be_typed() {
    let page = include_str!("../../docs/acme.md").replace("\\\n", " ");
    let calls = page.lines().filter_map(|line| line.split_once("meridian ctl "));
    let calls = calls.filter_map(|(_, call)| call.split(['|', ';', '`']).next());
    let mut count = 0;
    for call in calls.filter(|call| call.contains("acme ")) {
        let words = call.replace("\"$node\"", "http://192.0.2.53:8053").replace('"', "");
        let words = words.replace("$CERTBOT_VALIDATION", "-v").replace("-- $2", "-- -v").replace("$3", "-v");
        let words: Vec<_> = words.split_whitespace().collect();
        let args = typed(&words.join(" ")).unwrap_or_else(|error| panic!("{call}: {error}"));
        match args.call {
            Call::Acme { call: Some(Acme::Set { values, add, .. }) } => {
                assert_eq!((values, add), (vec!["-v".to_owned()], true), "{call}");
            }
            Call::Acme { call: Some(Acme::Clear { name }) } => assert!(name.starts_with('$'), "{call}"),
            other => panic!("{call}: {other:?}"),
        }
        count += 1;
    }
    assert_eq!(count, 6, "calls");
}

#[test]
fn a_reason_is_required_and_so_is_something_to_say() {
    for words in [
        "override region eu down",
        "override region eu --reason r",
        "override region eu down --weight 5 --reason r",
        "override endpoint www eu --reason r",
        "override endpoint www eu up --weight 5 --reason r",
        "override endpoint www eu --weight 10001 --reason r",
        "override region eu down --ramp 1%..2% --over 1m --reason r",
        "override endpoint www eu up --ramp 1%..2% --over 1m --reason r",
        "override endpoint www eu --weight 5 --ramp 1%..2% --over 1m --reason r",
        "override endpoint www eu --ramp 1%..2% --reason r",
        "override endpoint www eu --ramp 1% --over 1m --reason r",
        "override endpoint www eu down --over 1m --reason r",
        "override endpoint www eu --weight 5 --watch 1m --reason r",
        "--token secret status",
        "acme set a.b",
        "acme clear",
    ] {
        assert!(typed(words).is_err(), "{words}");
    }
}
