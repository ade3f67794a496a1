//! What becomes of a check of each kind.

use std::time::Duration;

use super::*;
use crate::model::{
    Check, CommandRequest, DnsRequest, GrpcRequest, Header, HttpRequest, Method, Pattern, Probe, Rcode,
    RecordType, Request, TcpRequest, Trust,
};

fn check(text: &str) -> Check {
    let (config, problems) = parsed(&errors::service(&format!("[services.www.check]\n{text}")));
    assert_eq!(problems.to_string(), "", "{text}");
    config.unwrap().services[0].checks[0].clone()
}

fn probe(text: &str) -> Probe {
    check(text).probe.unwrap()
}

#[test]
fn http_is_asked_as_it_is_written() {
    let text = "kind = 'https'\nhost = 'a.example'\nmethod = 'POST'\nhttp2 = true\nbody_regex = '^ok'\nca = 'ca.pem'\n\
        headers = { X-Probe = 'a b', authorization = 'Bearer x' }";
    let probe = probe(text);
    let Request::Http(http) = &probe.request else { panic!("{probe:?}") };
    let field = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let expected = HttpRequest {
        tls: http.tls.clone(),
        http2: true,
        method: Method::Post,
        path: "/".into(),
        host: Some("a.example".into()),
        headers: vec![field("x-probe", "a b"), field("authorization", "Bearer x")],
        body: Some(Pattern::regex("^ok").unwrap()),
        ..HttpRequest::default()
    };
    assert_eq!((probe.port, http), (443, &expected));
    assert!(matches!(&http.tls, Some(Trust::Only(authorities)) if authorities.0.len() == 1));
}

#[test]
fn the_other_kinds_are_asked_as_they_are_written() {
    let tcp = TcpRequest {
        send: b"PING\r\n".to_vec(),
        receive: Some(Pattern::Text("+PONG".into())),
        ..TcpRequest::default()
    };
    let inside =
        TcpRequest { tls: Some(Trust::System), host: Some("a.example".into()), ..TcpRequest::default() };
    let name = "www.example.".parse().unwrap();
    let addresses = vec!["2001:db8::1".parse().unwrap()];
    let plain = DnsRequest { name, ..DnsRequest::default() };
    let dns = DnsRequest { record_type: RecordType::AAAA, answers: addresses, ..plain.clone() };
    let grpc = GrpcRequest { service: "api.Users".into(), ..GrpcRequest::default() };
    let words = ["/bin/sh", "-c", "exit 0", "{address}", "{port}"].map(str::to_owned).to_vec();
    let rows = [
        ("kind = 'tcp'\nport = 6379\nsend = \"PING\\r\\n\"\nreceive = '+PONG'", 6379, Request::Tcp(tcp)),
        ("kind = 'tcp'\nport = 636\ntls = true\nhost = 'a.example'", 636, Request::Tcp(inside)),
        (
            "kind = 'dns'\nname = 'WWW.example.'\ntype = 'aaaa'\nanswers = ['2001:db8::1']",
            53,
            Request::Dns(dns),
        ),
        (
            "kind = 'dns'\nport = 5353\nname = 'www.example.'\nrcode = 'NXDOMAIN'",
            5353,
            Request::Dns(DnsRequest { rcode: Rcode(3), ..plain }),
        ),
        ("kind = 'grpc'\nport = 50051\ngrpc_service = 'api.Users'", 50051, Request::Grpc(grpc)),
        ("kind = 'icmp'", 0, Request::Icmp),
        (
            "kind = 'command'\nport = 80\ncommand = ['/bin/sh', '-c', 'exit 0', '{address}', '{port}']",
            80,
            Request::Command(CommandRequest { arguments: words }),
        ),
    ];
    for (text, port, request) in rows {
        assert_eq!(probe(text), Probe { port, request }, "{text}");
    }
}

#[test]
fn what_the_ladder_needs_is_carried() {
    let text = "kind = 'https'\nhost = 'a.example'\nslow = '500ms'\ncertificate_warning = '14d'";
    let written = check(text);
    let days = Duration::from_secs(14 * 86_400);
    assert_eq!((written.slow, written.certificate_warning), (Some(Duration::from_millis(500)), Some(days)));
    let none = check("kind = 'icmp'");
    assert_eq!((none.slow, none.certificate_warning), (None, None));
}

#[test]
fn authorities_are_read_once_and_watched() {
    let text = "[services.www.check]\nkind = 'https'\nhost = 'a.example'\nca = 'ca.pem'\n\
        [services.api]\nnames = ['api.example.']\ncheck = { kind = 'https', host = 'a.example', ca = 'ca.pem' }\n\
        endpoints.eu.addresses = ['192.0.2.1']\n";
    let (config, problems) = parsed(&errors::service(text));
    assert_eq!(problems.to_string(), "");
    let config = config.unwrap();
    assert_eq!(config.authority_files, [Path::new("ca.pem")]);
    let [first, second] = [0, 1].map(|at: usize| config.services[at].checks[0].probe.clone().unwrap());
    assert_eq!(first, second, "one target where the address is one");
}
