//! Whatever stands in a configuration that loads can be sent.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::parse;
use crate::health::grpc;

const SERVICE: &str = "[regions.eu]\n[services.www]\nnames = ['www.example.']\n\
                       endpoints.eu = { addresses = ['192.0.2.1'] }\n[services.www.check]\n";

/// The request of a check with these keys, and whether it loads; what is said of it names the place.
fn loaded(keys: &str) -> Option<Asked> {
    let (config, problems) = parse(Path::new("m.toml"), &format!("{SERVICE}{keys}"), &|_| unreachable!());
    let Some(config) = config.filter(|_| !problems.has_errors()) else {
        assert!(problems.to_string().starts_with("m.toml:"), "{keys}: {problems}");
        return None;
    };
    config.services[0].checks[0].probe.as_ref().map(|probe| probe.request.clone())
}

/// Whether it can be sent, in all ways.
fn is_sent(asked: &Asked) -> Result<(), OwnFault> {
    let at = SocketAddr::from(([192, 0, 2, 1], 8443));
    let host = match asked {
        Asked::Http(ask) => {
            for http2 in [false, true] {
                request(at, &HttpRequest { http2, ..ask.clone() })?;
            }
            ask.host.as_deref()
        }
        Asked::Grpc(ask) => {
            let (tls, target) =
                (Tls::new(&[]).unwrap(), Target { address: at.ip(), port: 1, request: asked.clone() });
            grpc::request(&Line::new(&tls, &target, LONG), ask)?;
            ask.host.as_deref()
        }
        Asked::Tcp(ask) => ask.host.as_deref(),
        _ => None,
    };
    crate::health::tls::server_name(host, at.ip()).map(drop)
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect::<String>())
}

#[test]
fn paths_that_nobody_could_send_do_not_load() {
    for (path, loads) in [
        ("/", true),
        ("//a", true),
        ("/a?b=c%20d&e=`|^~", true),
        ("/a{b}\"c\"", true),
        ("/a<b", false),
        ("/a>b", false),
        ("/a`b", false),
        ("/a?<", false),
        ("/a?>", false),
        ("/a\u{7f}", false),
    ] {
        assert_eq!(loaded(&format!("kind = 'http'\npath = {}", quoted(path))).is_some(), loads, "{path}");
    }
}

proptest! {
    #[test]
    fn what_loads_is_sent(
        path in prop_oneof!["/[ -~]{0,12}", "/[!-~]{0,3}\\?[!-~]{0,5}", "\\PC{0,6}"],
        host in prop_oneof!["[a-z0-9_.:-]{0,12}", "[0-9a-f:.%]{1,12}", "[a-z_-]{1,4}\\.[a-z0-9_-]{1,4}", "\\PC{0,6}"],
        name in prop_oneof!["[!-~]{1,8}", "[A-Za-z-]{1,8}", "\\PC{0,4}"],
        value in prop_oneof!["[ -~]{0,12}", "\\PC{0,6}"],
        method in prop_oneof!["GET", "HEAD", "POST", "OPTIONS", "[A-Z]{1,5}"],
    ) {
        let [path, host, name, value, method] = [&path, &host, &name, &value, &method].map(|word| quoted(word));
        // Each by itself: one that is refused must not hide another.
        for keys in [
            format!("kind = 'http'\npath = {path}"),
            format!("kind = 'https'\nhost = {host}"),
            format!("kind = 'grpc'\nport = 1\ntls = true\nhost = {host}"),
            format!("kind = 'tcp'\nport = 1\ntls = true\nhost = {host}"),
            format!("kind = 'http'\nheaders = {{ {name} = {value} }}"),
            format!("kind = 'http'\nmethod = {method}"),
        ] {
            let sent = loaded(&keys).as_ref().map_or(Ok(()), is_sent);
            prop_assert!(sent.is_ok(), "{keys}: {sent:?}");
        }
    }
}
