//! What is wrong with endpoints that are other names.

use super::*;

/// Services from line 5 on; what is said of them.
fn services(text: &str, expected: &str) {
    check(&format!("[regions]\na = {{}}\nb = {{}}\nc = {{}}\n{text}"), expected);
}

#[test]
fn a_name_stands_alone() {
    services(
        "[services.www]
names = ['www.example.']
endpoints.a = { cname = 'lb.example.net.', addresses = ['192.0.2.1'], service = 'inner' }
endpoints.b = { cname = '*.example.net.', resolve = true, probe_addresses = ['192.0.2.1'] }
endpoints.c = { addresses = ['192.0.2.1'], resolve = true }
[services.inner]
endpoints.a.addresses = ['192.0.2.9']",
        "m.toml:7:56: service and addresses exclude each other: service 'inner' answers here
m.toml:7:56: cname and addresses exclude each other: clients are sent on to it
m.toml:7:81: cname and service exclude each other: clients are sent on to it
m.toml:8:11: service 'www' sends clients on to other names (cname), so all of its endpoints have to; write resolve = true where it does, to mix them
m.toml:8:25: cname '*.example.net.' is the name of no host; clients would ask for it as it is
m.toml:8:77: cname and probe_addresses exclude each other: its own are looked up
m.toml:8:77: warning: probe_addresses has no effect: the service has no check
m.toml:9:11: service 'www' sends clients on to other names (cname), so all of its endpoints have to; write resolve = true where it does, to mix them
m.toml:9:54: resolve looks up a cname, and there is none; write cname = \"lb.example.net.\"",
    );
}

#[test]
fn a_service_of_names_has_no_addresses() {
    services(
        "[services.www]
names = ['www.example.']
policy = 'all'
families = 'together'
fallback = ['192.0.2.9']
check = { kind = 'http', port = 80 }
endpoints.a.cname = 'www.example.'
endpoints.b.cname = 'lb.example.net.'
[services.outer]
names = ['outer.example.']
endpoints.a.service = 'www'
endpoints.b.addresses = ['192.0.2.1']
endpoints.c = { cname = 'lb.example.net.', resolve = true }",
        "m.toml:7:10: a name has one CNAME (RFC 1034 §3.6.2), and this policy answers with several endpoints; end it with \"first\"
m.toml:8:12: warning: families has no effect: a cname is for both
m.toml:9:12: fallback addresses cannot stand beside a cname (RFC 1034 §3.6.2)
m.toml:11:11: cname 'www.example.' is a name of service 'www' itself: clients would go in a circle
m.toml:12:11: a name has no addresses to be probed; write probe_addresses, or check = { kind = \"none\" }
m.toml:16:11: service 'outer' sends clients on to other names (cname), so all of its endpoints have to; write resolve = true where it does, to mix them
m.toml:17:11: service 'outer' sends clients on to other names (cname), so all of its endpoints have to; write resolve = true where it does, to mix them",
    );
}

#[test]
fn names_of_one_kind_are_fine() {
    services(
        "[services.www]
names = ['www.example.']
check = { kind = 'http', port = 80 }
endpoints.a = { cname = 'a.example.net.', probe_addresses = ['192.0.2.1', '2001:db8::1'] }
endpoints.b.service = 'inner'
[services.inner]
endpoints.a.cname = 'lb.example.net.'
[services.mixed]
names = ['mixed.example.']
check = { kind = 'http', port = 80 }
endpoints.a = { cname = 'a.example.net.', resolve = true }
endpoints.b.addresses = ['192.0.2.1']",
        "",
    );
}
