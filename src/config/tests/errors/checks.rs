//! What is wrong with a check, or has no effect in it.

use super::*;

/// A check of that text, from line 6 on; what is said of it.
fn checks(text: &str, expected: &str) {
    check(&service(&format!("[services.www.check]\n{text}")), expected);
}

#[test]
fn kinds_need_what_they_cannot_do_without() {
    let rows = [
        ("kind = 'tcp'", "m.toml:5:1: the check has no 'port', and kind 'tcp' has none of its own"),
        ("kind = 'grpc'", "m.toml:5:1: the check has no 'port', and kind 'grpc' has none of its own"),
        (
            "kind = 'dns'",
            "m.toml:5:1: the check has no 'name'; write the name to ask about, like 'www.example.com.'",
        ),
        (
            "kind = 'command'",
            "m.toml:5:1: the check has no 'command'; write command = [\"/path/program\", \"{address}\"]",
        ),
        ("kind = 'command'\ncommand = []", "m.toml:7:11: command is empty; name a program"),
        (
            "kind = 'command'\ncommand = ['true']",
            "m.toml:7:12: command 'true' is not an absolute path; no shell looks for it",
        ),
        (
            "kind = 'command'\ncommand = ['/nowhere/check']",
            "m.toml:7:12: command '/nowhere/check' cannot be run: No such file or directory (os error 2)",
        ),
        ("kind = 'command'\ncommand = ['/etc']", "m.toml:7:12: command '/etc' is not a file"),
        (
            "kind = 'command'\ncommand = ['/etc/passwd']",
            "m.toml:7:12: command '/etc/passwd' is not executable; chmod +x /etc/passwd",
        ),
        (
            "kind = 'command'\ncommand = ['/bin/sh', '{address}:{port}']",
            "m.toml:7:23: '{port}' is not known; write port in this check",
        ),
    ];
    for (text, expected) in rows {
        checks(text, expected);
    }
}

#[test]
fn values_of_each_kind() {
    let rows = [
        ("kind = 'http'\nmethod = 'PUT'", "m.toml:7:10: method 'PUT' is not one of GET, HEAD, POST, OPTIONS"),
        (
            "kind = 'http'\nmethod = 'HEAD'\nbody = 'ok'",
            "m.toml:8:8: an answer to HEAD has no body; take this away, or write another method",
        ),
        (
            "kind = 'http'\nbody = 'ok'\nbody_regex = 'ok'",
            "m.toml:8:14: body and body_regex are both written; keep one",
        ),
        (
            "kind = 'http'\nbody_regex = '(ok'",
            "m.toml:7:14: body_regex '(ok' is not a regular expression that can be used: unclosed group",
        ),
        ("kind = 'http'\nbody = ''", "m.toml:7:8: body '' is not a text of 1 to 1024 octets"),
        (
            "kind = 'http'\nheaders = { Host = 'a', 'x y' = 'b', Connection = 'c', A = '1', a = '2' }",
            "m.toml:7:13: header 'Host' is written as the key 'host' of the check\n\
             m.toml:7:25: 'x y' cannot name a header; names are 1 to 64 letters, digits or '-'\n\
             m.toml:7:38: header 'Connection' says how a request is sent; take it away\n\
             m.toml:7:65: header 'a' is written twice",
        ),
        (
            "kind = 'http'\nheaders = { authorization = \"secret\\r\\nX: y\" }",
            "m.toml:7:29: the value of a header is a string of up to 1024 visible ASCII characters, with blanks \
             between them, which this is not",
        ),
        (
            "kind = 'dns'\nname = 'www.example.'\ntype = 'AXFR'",
            "m.toml:8:8: type 'AXFR' is not a type of records; write it like 'A', 'AAAA', 'SOA' or 'TYPE65280'",
        ),
        (
            "kind = 'dns'\nname = 'www.example.'\ntype = 'MX'\nanswers = ['192.0.2.1']",
            "m.toml:9:11: answers are addresses, which type 'MX' does not ask for; write type = \"A\" or \"AAAA\"",
        ),
        (
            "kind = 'dns'\nname = 'www.example.'\nrcode = 'NXDOMAIN'\nanswers = ['192.0.2.1']",
            "m.toml:9:11: an answer with NXDOMAIN has no addresses; keep one of the two",
        ),
        (
            "kind = 'dns'\nname = 'www.example.'\nanswers = ['2001:db8::1']",
            "m.toml:8:11: none of these answers is one of type 'A'",
        ),
        (
            "kind = 'http'\ntimeout = '1s'\nslow = '1s'",
            "m.toml:8:8: slow '1s' is not shorter than the timeout '1s'; nothing would ever be slow",
        ),
    ];
    for (text, expected) in rows {
        checks(text, expected);
    }
}

#[test]
fn probes_that_confirm_have_no_longer_than_until_the_next() {
    let warned = |at, timeout| {
        format!(
            "m.toml:{at}: warning: fast_interval '200ms' is shorter than the timeout '{timeout}': after a failure, who takes \
             longer than '200ms' fails again; make it at least the timeout, or the timeout '200ms'"
        )
    };
    let rows = [
        ("fast_interval = '200ms'", warned("7:17", "2s")),
        ("fast_interval = '200ms'\ninterval = '1s'", warned("7:17", "1s")),
        ("timeout = '201ms'\nfast_interval = '200ms'", warned("8:17", "201ms")),
        ("timeout = '200ms'\nfast_interval = '200ms'", String::new()),
        ("fast_interval = '2s'", String::new()),
        ("fast_interval = '6s'", "m.toml:7:17: fast_interval '6s' is longer than the interval '5s'".to_owned()),
        (
            "timeout = 'soon'\nfast_interval = '200ms'",
            "m.toml:7:11: timeout 'soon' is not a duration from 10ms to 1h; write it like '5s', '500ms' or '1m30s'".to_owned(),
        ),
    ];
    for (text, expected) in rows {
        checks(&format!("kind = 'http'\n{text}"), &expected);
    }
}

#[test]
fn authorities_are_read_and_tried() {
    let rows = [
        ("ca = 'ca.pem'", ""),
        ("ca = 'none.pem'", "m.toml:8:6: ca 'none.pem' cannot be read: entity not found"),
        (
            "ca = 'key.pem'",
            "m.toml:8:6: ca 'key.pem' holds no certificate; it takes PEM, from '-----BEGIN CERTIFICATE-----' on",
        ),
        (
            "verify = false",
            "m.toml:8:10: warning: verify is false: whoever answers there is believed; write ca to trust an authority \
             of your own",
        ),
        ("ca = 'ca.pem'\nverify = false", "m.toml:8:6: warning: ca has no effect: verify is false"),
    ];
    for (text, expected) in rows {
        checks(&format!("kind = 'https'\nhost = 'a.example'\n{text}"), expected);
    }
    for file in ["junk.pem", "cut.pem"] {
        let text =
            service(&format!("[services.www.check]\nkind = 'https'\nhost = 'a.example'\nca = '{file}'"));
        let said = parsed(&text).1.to_string();
        assert!(said.starts_with(&format!("m.toml:8:6: ca '{file}' ")), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn keys_of_other_kinds_have_no_effect() {
    let rows = [
        (
            "kind = 'icmp'\nport = 80\npath = '/'",
            "m.toml:7:8: warning: port has no effect: it does not belong to kind 'icmp' but to http, https, tcp, dns, \
             grpc, command\n\
             m.toml:8:8: warning: path has no effect: it does not belong to kind 'icmp' but to http, https",
        ),
        (
            "kind = 'http'\nsend = 'x'\ncertificate_warning = '14d'",
            "m.toml:7:8: warning: send has no effect: it does not belong to kind 'http' but to tcp\n\
             m.toml:8:23: warning: certificate_warning has no effect: it does not belong to kind 'http' but to https, \
             tcp, grpc",
        ),
        (
            "kind = 'tcp'\nport = 1\nhost = 'a.example'\nverify = false",
            "m.toml:8:8: warning: host has no effect without tls = true\n\
             m.toml:9:10: warning: verify has no effect without tls = true",
        ),
        ("kind = 'grpc'\nport = 1\nhost = 'a.example'", ""),
        (
            "kind = 'tcp'\nport = 1\ntls = true",
            "m.toml:6:8: warning: without 'host' the certificate must name the endpoint's own address; most \
             certificates name hosts; write 'host'",
        ),
        ("kind = 'none'\nslow = '1s'", "m.toml:7:8: warning: slow has no effect: kind 'none' never probes"),
    ];
    for (text, expected) in rows {
        checks(text, expected);
    }
}

#[test]
fn what_is_probed_instead_stands_position_by_position() {
    let endpoint = |kind: &str, more: &str| {
        let check = format!("[services.www.check]\nkind = '{kind}'\n");
        service(&format!("{check}[services.www.endpoints.us]\naddresses = ['192.0.2.2']\n{more}"))
    };
    let rows = [
        ("http", "probe_addresses = ['10.0.0.1']\nprobe_port = 8080", ""),
        (
            "http",
            "probe_addresses = ['10.0.0.1', '10.0.0.2']",
            "m.toml:9:19: there are 2 probe_addresses for 1 addresses; write one for each, in the same order",
        ),
        (
            "none",
            "probe_addresses = ['10.0.0.1']\nprobe_port = 8080",
            "m.toml:9:19: warning: probe_addresses has no effect: the service has no check\n\
             m.toml:10:14: warning: probe_port has no effect: the service has no check",
        ),
        (
            "icmp",
            "probe_port = 8080",
            "m.toml:9:14: warning: probe_port has no effect: kind 'icmp' knows no port",
        ),
    ];
    for (kind, more, expected) in rows {
        check(&endpoint(kind, more), expected);
    }
}

#[test]
fn broken_combinations() {
    let several = "[services.www.checks.a]\nkind = 'icmp'\n[services.www.checks.b]\nkind = 'tcp'\nport = 1\n";
    let two = |keys: &str| service(&format!("{keys}\n{several}"));
    let rows = [
        (
            two("check = { kind = 'icmp' }"),
            "m.toml:6:15: check and checks are both written; give the one a name, and put it among the others",
        ),
        (two("combine = 'some'"), "m.toml:5:11: combine 'some' is not one of all, any"),
        (two("at_least = 3"), "m.toml:5:12: at_least 3 of 2 checks can never pass"),
        (
            service("at_least = 3"),
            "m.toml:5:12: warning: this has no effect: there are not several checks to combine",
        ),
        (
            service("at_least = 3\ncheck = { kind = 'icpm' }"),
            "m.toml:5:12: warning: this has no effect: there are not several checks to combine\n\
             m.toml:6:18: kind 'icpm' is not one of none, http, https, tcp, dns, grpc, icmp, command, service (did \
             you mean 'icmp'?)",
        ),
        (service("at_least = 3\nchecks = 5"), "m.toml:6:10: checks is a whole number, not a table"),
        (
            two("at_least = 1\ncombine = 'all'"),
            "m.toml:5:12: combine and at_least are both written; keep one",
        ),
        (
            service("combine = 'any'"),
            "m.toml:5:11: warning: this has no effect: there are not several checks to combine",
        ),
        (
            service("[services.www.checks.a]\nkind = 'none'"),
            "m.toml:6:8: check 'a' never probes, and so has no say; take it away",
        ),
        (
            service("[services.www.check]\nkind = 'service'"),
            "m.toml:5:1: kind 'service' has no 'service'; name the other service that counts",
        ),
        (
            service("[services.www.check]\nkind = 'service'\nservice = 'wwww'"),
            "m.toml:7:11: no service is called 'wwww' (did you mean 'www'?); services: www",
        ),
        (
            service("[services.www.check]\nkind = 'service'\nservice = 'www'"),
            "m.toml:3:11: services depend on each other in a circle: www → www",
        ),
    ];
    for (text, expected) in rows {
        check(&text, expected);
    }
}

#[test]
fn rows_of_services_have_an_end() {
    let row = |count: usize| {
        let service = |at: usize| {
            format!(
                "[services.s{at}]\nnames = ['s{at}.example.']\ncheck = {{ kind = 'service', service = 's{}' }}\n\
                 endpoints.eu.addresses = ['192.0.2.1']\n",
                at + 1
            )
        };
        let last = format!(
            "[services.s{count}]\nnames = ['s{count}.example.']\nendpoints.eu.addresses = ['192.0.2.1']\n"
        );
        let text = (1..count).map(service).collect::<String>() + &last;
        parsed(&format!("[regions.eu]\n{text}")).1.to_string()
    };
    assert_eq!(row(16), "");
    let said = row(17);
    assert!(said.contains("services depend on each other more than 16 deep from here"), "{said}");
}
