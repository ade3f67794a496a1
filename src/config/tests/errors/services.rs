//! What is wrong with a service.

use super::*;

#[test]
fn broken_services() {
    let rows = [
        (
            r#"[services.api]
names = ["www.example"]
[services.api.endpoints.eu]
addresses = ["192.0.2.9"]"#,
            r"m.toml:6:10: 'www.example' does not end in a dot; write 'www.example.'",
        ),
        (
            r#"[services.api]
names = ["a..example."]
[services.api.endpoints.eu]
addresses = ["192.0.2.9"]"#,
            r"m.toml:6:10: 'a..example.' is not a domain name; labels have 1 to 63 octets, a name has at most 255 in all",
        ),
        (
            r#"[services.api]
names = ["a.*.example."]
[services.api.endpoints.eu]
addresses = ["192.0.2.9"]"#,
            r"m.toml:6:10: 'a.*.example.' is not a name that can be served; a '*' can only be the whole first label, as in '*.gslb.example.'",
        ),
        (
            r"nams = []",
            r"m.toml:5:1: unknown key 'nams' (did you mean 'names'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, manual_resume, latency_objective, check, checks, combine, at_least, signals, passive, override, endpoints",
        ),
        (
            r#"policy = "nearst""#,
            r"m.toml:5:10: no policy is called 'nearst' (did you mean 'nearest'?); policies: nearest, failover, round-robin, weighted, least-connections, two-choices, consistent-hash, latency, all; or a list of filters",
        ),
        (
            r#"policy = ["near", "first"]"#,
            r"m.toml:5:10: a chain begins with 'healthy', or with 'fence' and 'healthy': which endpoints may answer is decided before which of them do",
        ),
        (
            r#"policy = ["healthy", "furthest"]"#,
            r"m.toml:5:10: no filter is called 'furthest'; filters: healthy, fence, near, near(GROUP), fast, listed, priority, weighted, hash, rotate, shuffle, least(SIGNAL), two-choices(SIGNAL), spill, first, first(N), first-group",
        ),
        (
            r#"policy = ["healthy", "near(continent)", "first"]"#,
            r"m.toml:5:10: near(continent) needs the continent of every region; missing: eu",
        ),
        (
            r#"policy = ["healthy", "near(500km)", "first"]"#,
            r"m.toml:5:10: near(500km) needs the location of every region; missing: eu",
        ),
        (r"policy = 1", r"m.toml:5:10: policy 1 is not the name of a policy or a list of filters"),
        (r#"ttl = { min = "60s", max = "5s" }"#, r"m.toml:5:28: ttl.max (5s) is less than ttl.min (60s)"),
        (r#"ttl = { max = "2s" }"#, r"m.toml:5:15: ttl.max (2s) is less than ttl.min (5s, the default)"),
        (
            r#"ttl = { min = "0s", max = "10h" }"#,
            r"m.toml:5:15: min '0s' is not a duration of whole seconds from 1s to 9h6m7s
m.toml:5:27: max '10h' is not a duration of whole seconds from 1s to 9h6m7s",
        ),
        (
            r#"ttl = { min = "1500ms", max = 60 }"#,
            r"m.toml:5:15: min '1500ms' is not a duration of whole seconds from 1s to 9h6m7s
m.toml:5:31: max 60 is not a duration of whole seconds from 1s to 9h6m7s",
        ),
        (r#"ecs = "yes""#, r"m.toml:5:7: ecs 'yes' is not true or false"),
        (
            r#"families = "independant""#,
            r"m.toml:5:12: families 'independant' is not one of independent, together (did you mean 'independent'?)",
        ),
        (
            r#"on_all_down = "drop""#,
            r"m.toml:5:15: on_all_down 'drop' is not one of all, fallback, nodata, servfail",
        ),
        (
            r#"on_all_down = "fallback""#,
            r#"m.toml:5:15: on_all_down is 'fallback', but there are no fallback addresses; write fallback = ["…"]"#,
        ),
        (
            r#"fallback = ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::ffff:192.0.2.1", "host"]"#,
            r"m.toml:5:13: no client can be sent to '0.0.0.0': it is the unspecified address
m.toml:5:24: no client can be sent to '224.0.0.1': it is a multicast address
m.toml:5:37: no client can be sent to '255.255.255.255': it is the broadcast address
m.toml:5:56: no client can be sent to '::ffff:192.0.2.1': it is an IPv4 address inside IPv6; write '192.0.2.1'
m.toml:5:76: fallback 'host' is not an IP address",
        ),
        (
            r#"fallback = ["192.0.2.1", "192.0.2.1"]"#,
            r"m.toml:5:26: address '192.0.2.1' is written twice; first on line 5",
        ),
        (
            r"min_addresses = 2",
            r"m.toml:6:25: min_addresses is 2, but this endpoint has 1 IPv4 address; it would never be fit",
        ),
        (r"min_addresses = 0", r"m.toml:5:17: min_addresses 0 is not a whole number from 1 to 16"),
        (
            r#"max_ejected = "101%""#,
            r"m.toml:5:15: max_ejected '101%' is not a percentage from '0%' to '100%'",
        ),
        (
            r#"max_ejected = "10%"
capacity_unit = "requests"
soft = 0.5
hard = 0.9
slow_start = "30s""#,
            "",
        ),
        (
            r#"policy = "failover"
capacity_unit = "requests"
soft = 0.5
hard = 0.9"#,
            r"m.toml:6:17: warning: capacity_unit has no effect: the policy has no filter 'spill'
m.toml:7:8: warning: soft has no effect: the policy has no filter 'spill'
m.toml:8:8: warning: hard has no effect: the policy has no filter 'spill'",
        ),
        (
            r#"capacity_unit = "demand""#,
            r"m.toml:5:17: warning: capacity_unit 'demand' sheds nothing: no endpoint has a capacity; it is how many client networks one takes, as in endpoints.eu-west.capacity = 20000",
        ),
        (r"soft = 1.5", r"m.toml:5:8: soft (1.5) is greater than hard (1)"),
        (
            r#"capacity_unit = "bytes""#,
            r"m.toml:5:17: capacity_unit 'bytes' is not one of connections, requests, demand",
        ),
        (
            r"[services.www.check]
port = 80",
            r"m.toml:5:1: the check has no 'kind'; kinds: none, http, https, tcp, dns, grpc, icmp, command, service",
        ),
        (
            r#"[services.www.check]
kind = "snmptrap""#,
            r"m.toml:6:8: kind 'snmptrap' is not one of none, http, https, tcp, dns, grpc, icmp, command, service",
        ),
        (
            r#"[services.www.check]
kind = "none"
port = 80"#,
            r"m.toml:7:8: warning: port has no effect: kind 'none' never probes",
        ),
        (
            r#"[services.www.check]
kind = "http"
port = 0"#,
            r"m.toml:7:8: port 0 is not a whole number from 1 to 65535",
        ),
        (
            r#"[services.www.check]
kind = "http"
path = "healthz""#,
            r"m.toml:7:8: path 'healthz' is not a path that starts with '/', of at most 2048 visible ASCII characters without '#'",
        ),
        (
            r#"[services.www.check]
kind = "http"
path = "/a\r\nX-Evil: 1""#,
            r"m.toml:7:8: path '/a\r\nX-Evil: 1' is not a path that starts with '/', of at most 2048 visible ASCII characters without '#'",
        ),
        (
            r#"[services.www.check]
kind = "http"
host = "https://www.example.com""#,
            r"m.toml:7:8: host 'https://www.example.com' is not a host name or address; write it without scheme, port, or dot at its end",
        ),
        (
            r#"[services.www.check]
kind = "https""#,
            r"m.toml:6:8: warning: without 'host' the certificate must name the endpoint's own address; most certificates name hosts; write 'host'",
        ),
        (
            r#"[services.www.check]
kind = "http"
expect = "ok""#,
            r#"m.toml:7:10: expect 'ok' is not a status from 100 to 599; write 200, "2xx", "200-299" or a list of these"#,
        ),
        (
            r#"[services.www.check]
kind = "http"
expect = [200, 600]"#,
            r#"m.toml:7:10: expect [200, 600] is not a status from 100 to 599; write 200, "2xx", "200-299" or a list of these"#,
        ),
        (
            r#"[services.www.check]
kind = "http"
interval = "50ms""#,
            r"m.toml:7:12: interval '50ms' is not a duration from 100ms to 1h; write it like '5s', '500ms' or '1m30s'",
        ),
        (
            r#"[services.www.check]
kind = "http"
interval = "2s"
timeout = "3s""#,
            r"m.toml:8:11: timeout '3s' is longer than the interval '2s'",
        ),
        (
            r#"[services.www.check]
kind = "http"
rise = 0
fall = 101"#,
            r"m.toml:7:8: rise 0 is not a whole number from 1 to 100
m.toml:8:8: fall 101 is not a whole number from 1 to 100",
        ),
        (
            "endpoints.us = { service = 'nobody', addresses = ['192.0.2.1'], probe_port = 80 }",
            r"m.toml:5:28: no service is called 'nobody'; services: www
m.toml:5:50: service and addresses exclude each other: service 'nobody' answers here
m.toml:5:78: service and probe_port exclude each other: service 'nobody' answers here
m.toml:5:78: warning: probe_port has no effect: the service has no check",
        ),
        (
            r"endpoints.us.service = 'a'
check.kind = 'http'
[services.a]
endpoints.us.service = 'b'
[services.b]
endpoints.us.service = 'c'
[services.c]
endpoints.us.service = 'd'
[services.d]
endpoints.us.addresses = ['192.0.2.1']",
            "m.toml:3:11: services stand inside 'www' more than 4 deep; every query would go all that way",
        ),
        ("endpoints.us.service = 'www'", "m.toml:3:11: services depend on each other in a circle: www → www"),
        (
            r"policy = 'round-robin'
endpoints.us.service = 'inner'
[services.inner]
endpoints.us.addresses = ['192.0.2.1']",
            r#"m.toml:5:10: this policy answers with several endpoints at once, so none of them can be a service; end it with "first", or have the inner service answer with several"#,
        ),
        (
            r"check = { kind = 'service', service = 'outer' }
[services.outer]
names = ['outer.example.']
endpoints.us.service = 'inner'
[services.inner]
endpoints.us.addresses = ['192.0.2.1']",
            "m.toml:3:11: a check of 'www' looks at 'outer', which answers by other services; look at those",
        ),
        (
            r"[services.www.endpoints.us]
addresses = []",
            r"m.toml:6:13: endpoint 'us' has no addresses",
        ),
        (
            r"[services.www.endpoints.us]
weight = 10001",
            r"m.toml:5:25: endpoint 'us' has no addresses
m.toml:6:10: weight 10001 is not a whole number from 0 to 10000",
        ),
        (
            r#"[services.www.endpoints.us]
addresses = ["192.0.2.2"]
weight = 1.5"#,
            r"m.toml:7:10: weight 1.5 is not a whole number from 0 to 10000",
        ),
        (
            r#"[services.www.endpoints.su]
addresses = ["192.0.2.2"]"#,
            r"m.toml:5:25: no region is called 'su' (did you mean 'eu'?); regions: eu, us",
        ),
        (
            r#"[services.www.endpoints.us]
addresses = ["192.0.2.2", "192.0.2.2"]"#,
            r"m.toml:6:27: address '192.0.2.2' is written twice; first on line 6",
        ),
        (
            r#"[services.www.endpoints.us]
addresses = "192.0.2.2""#,
            r"m.toml:6:13: addresses is a string, not a list",
        ),
        (
            r#"[services.api]
names = ["WWW.example."]
[services.api.endpoints.eu]
addresses = ["192.0.2.9"]"#,
            r"m.toml:6:10: 'www.example.' is already answered by service 'www' (line 4)",
        ),
        (
            r#"[[services.www.override]]
regions = ["eu"]"#,
            r"m.toml:5:1: the override is for nobody; name networks, networks_file, asns, subdivisions, countries or continents",
        ),
        (
            r#"[services."a/b"]
names = ["b.example."]
[services."a/b".endpoints.eu]
addresses = ["192.0.2.9"]"#,
            r"m.toml:5:11: 'a/b' cannot name a service; names are 1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit",
        ),
        (
            r#"[server]
whoami = "www.example.""#,
            r"m.toml:4:10: 'www.example.' is already answered by the server's whoami (line 6)",
        ),
        (r"check = []", r"m.toml:5:9: check is a list, not a table"),
        (
            r#"policy = ["healthy", "near", "spill", 1]"#,
            r"m.toml:5:10: policy ['healthy', 'near', 'spill', 1] is not the name of a policy or a list of filters",
        ),
        (r"ecs = 1979-05-27", r"m.toml:5:7: ecs 1979-05-27 is not true or false"),
        (
            r#"addresses = ["192.0.2.1"]"#,
            r"m.toml:5:1: unknown key 'addresses' (did you mean 'min_addresses'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, manual_resume, latency_objective, check, checks, combine, at_least, signals, passive, override, endpoints",
        ),
    ];
    for (more, expected) in rows {
        check(&service(more), expected);
    }
}
