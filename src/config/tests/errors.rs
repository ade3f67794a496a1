//! One broken thing a row, and every line that is said of it.

use super::*;

/// A sound service with something added to it, from line 5 on.
pub fn service(more: &str) -> String {
    let endpoint = "[services.www.endpoints.eu]\naddresses = ['192.0.2.1', '2001:db8::1', '2001:db8::2']\n";
    format!("[regions.eu]\n[regions.us]\n[services.www]\nnames = ['www.example.']\n{more}\n{endpoint}")
}

fn check(text: &str, expected: &str) {
    let (config, problems) = parsed(text);
    let said = problems.to_string();
    assert_eq!(said, expected, "\n{text}");
    assert_eq!(config.is_none(), problems.has_errors(), "\n{text}");
}

#[test]
fn broken_files() {
    let rows = [
        (
            r"[sever]",
            r"m.toml:1:2: unknown key 'sever' (did you mean 'server'?); keys here: server, api, geo, zones, regions, services",
        ),
        (r"server = 5", r"m.toml:1:10: server is a whole number, not a table"),
        (
            r"[server]
listen = []",
            r"m.toml:2:10: listen is empty; name at least one address, like '127.0.0.1:5300'",
        ),
        (
            r#"[server]
listen = "127.0.0.1:53""#,
            r"m.toml:2:10: listen is a string, not a list",
        ),
        (
            r#"[server]
listen = ["127.0.0.1"]"#,
            r"m.toml:2:11: listen '127.0.0.1' is not an address with a port; write it like '127.0.0.1:5300' or '[::1]:5300'",
        ),
        (
            r#"[server]
listen = ["127.0.0.1:53", "127.0.0.1:53"]"#,
            r"m.toml:2:27: address '127.0.0.1:53' is written twice; first on line 2",
        ),
        (
            r"[server]
workers = -1",
            r"m.toml:2:11: workers -1 is not a whole number from 0 to 1024",
        ),
        (
            r#"[server]
workers = "two""#,
            r"m.toml:2:11: workers 'two' is not a whole number from 0 to 1024",
        ),
        (
            r#"[server]
identity = """#,
            r"m.toml:2:12: identity '' is not a name of 1 to 255 octets without control characters",
        ),
        (
            r#"[regions.eu-west]
[regions.us-east]
[server]
region = "eu-wset""#,
            r"m.toml:4:10: no region is called 'eu-wset' (did you mean 'eu-west'?); regions: eu-west, us-east",
        ),
        (
            r#"[server]
region = "eu""#,
            r"m.toml:2:10: no region is called 'eu'; there are no regions",
        ),
        (
            r#"[server.cookies]
secrets = ["00112233"]"#,
            r"m.toml:2:12: a cookie secret is a string of 32 hex digits, which this is not",
        ),
        (
            r#"[server.cookies]
secrets = "00112233445566778899aabbccddeeff""#,
            r"m.toml:2:11: secrets is a string, not a list",
        ),
        (
            r#"[server.cookies]
secrets = ["00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF"]"#,
            r"m.toml:2:48: this cookie secret is written twice",
        ),
        (
            r#"[server.cookies]
secrets = ["00000000000000000000000000000000", "00000000000000000000000000000001", "00000000000000000000000000000002", "00000000000000000000000000000003", "00000000000000000000000000000004"]"#,
            r"m.toml:2:11: 5 cookie secrets are too many; at most 4 are possible",
        ),
        (
            r#"[server]
whoami = "whoami.gslb.example""#,
            r"m.toml:2:10: 'whoami.gslb.example' does not end in a dot; write 'whoami.gslb.example.'",
        ),
        (
            r#"[server]
whoami = "*.gslb.example.""#,
            r"m.toml:2:10: whoami '*.gslb.example.' cannot be a wildcard",
        ),
        (
            r"[server]
payload = 100",
            r"m.toml:2:11: payload 100 is not a whole number from 512 to 4096",
        ),
        (
            r#"[server]
start_timeout = "soon""#,
            r"m.toml:2:17: start_timeout 'soon' is not a duration from 0s to 10m; write it like '5s', '500ms' or '1m30s'",
        ),
        (
            r"[server.rate_limit]
responses_per_second = 5",
            r"m.toml:2:24: warning: responses_per_second is read, but has no effect in this version",
        ),
        (
            r#"[api]
listen = "0.0.0.0:8053""#,
            r"m.toml:2:10: listen '0.0.0.0:8053' is not loopback, and there are no tokens; add [[api.tokens]], or listen on a loopback address like '127.0.0.1:8053'",
        ),
        (
            r#"[server]
listen = ["127.0.0.1:8053"]
[api]
listen = "127.0.0.1:8053""#,
            r"m.toml:4:10: listen '127.0.0.1:8053' is already an address of [server]",
        ),
        (
            r#"[[api.tokens]]
name = "a"
sha256 = "swordfish"
role = "read""#,
            r"m.toml:3:10: the SHA-256 of a token is a string of 64 hex digits, which this is not",
        ),
        (
            r#"[[api.tokens]]
name = "a"
role = "root""#,
            r"m.toml:1:1: the token has no 'sha256'
m.toml:3:8: role 'root' is not one of read, operate, admin",
        ),
        (
            r#"[[api.tokens]]
name = "on call"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
role = "read""#,
            r"m.toml:2:8: 'on call' cannot name a token; names are 1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit",
        ),
        (
            r#"[[api.tokens]]
name = "a"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
role = "read"
[[api.tokens]]
name = "a"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
role = "admin""#,
            r"m.toml:6:8: token 'a' is written twice; first on line 2
m.toml:7:10: this token is also that of line 3; give each caller one of its own",
        ),
        (
            r#"[geo]
databases = ["a.mmdb", "a.mmdb", ""]"#,
            r"m.toml:2:24: database 'a.mmdb' is written twice; first on line 2
m.toml:2:34: databases '' is not a path",
        ),
        (
            r#"[[geo.override]]
networks = ["10.20.30.0/16"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:13: '10.20.30.0/16' has bits set after its length; the network is '10.20.0.0/16'",
        ),
        (
            r#"[[geo.override]]
networks = ["10.20.30.40"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:13: '10.20.30.40' is an address, not a network; write '10.20.30.40/32'",
        ),
        (
            r#"[[geo.override]]
networks = ["office", "10.0.0.0/33"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:13: 'office' is not a network; write it like '10.20.0.0/16' or '2001:db8::/32'
m.toml:2:23: '10.0.0.0/33' is not a network; write it like '10.20.0.0/16' or '2001:db8::/32'",
        ),
        (
            r#"[[geo.override]]
networks = ["2002:c633:6400::/40"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:13: '2002:c633:6400::/40' is never looked up: clients in 2002::/16 (6to4) are found by the IPv4 address inside; write that",
        ),
        (
            r#"[[geo.override]]
networks = ["10.1.2.0/25", "2001:db8::/64", "2001:db8::/56"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:13: warning: '10.1.2.0/25' (and 1 more here) is longer than /24: most resolvers send no more of an address than that",
        ),
        (
            r#"[[geo.override]]
networks = ["10.1.0.0/16"]
location = { lat = 1, lon = 1 }
[[geo.override]]
networks = ["10.1.0.0/16"]
countries = ["IE", "ie"]
asns = [64500, 64500]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:5:13: warning: network '10.1.0.0/16' is written twice; the first, at m.toml:2:13, wins
m.toml:6:20: warning: country 'IE' is written twice; the first, at m.toml:6:14, wins
m.toml:7:16: warning: asn 64500 is written twice; the first, at m.toml:7:9, wins",
        ),
        (
            r"[[geo.override]]
regions = []",
            r"m.toml:1:1: the override is for nobody; name networks, networks_file, asns, subdivisions, countries or continents
m.toml:2:11: warning: no regions: these clients get NODATA, which many resolvers then cache for everybody",
        ),
        (
            r"[[geo.override]]
asns = [64500]",
            r"m.toml:1:1: the override gives nothing; write 'regions' or 'location'",
        ),
        (
            r"[[geo.override]]
asns = [64500]
regions = []
location = { lat = 1, lon = 1 }",
            r"m.toml:4:12: the override has both 'regions' and 'location'; write one of them",
        ),
        (
            r"[[geo.override]]
asns = [0, 4294967296]
location = { lat = 1, lon = 1 }",
            r"m.toml:2:9: asns 0 is not a whole number from 1 to 4294967295
m.toml:2:12: asns 4294967296 is not a whole number from 1 to 4294967295",
        ),
        (
            r#"[[geo.override]]
countries = ["UK", "Ireland"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:14: countries 'UK' is not a country's code of two letters (ISO 3166-1), like 'IE' (did you mean 'GB'?)
m.toml:2:20: countries 'Ireland' is not a country's code of two letters (ISO 3166-1), like 'IE'",
        ),
        (
            r#"[[geo.override]]
continents = ["EU", "UE"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:21: continents 'UE' is not a continent; continents: AF, AN, AS, EU, NA, OC, SA",
        ),
        (
            r#"[[geo.override]]
subdivisions = ["California"]
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:17: subdivisions 'California' is not a subdivision's code with its country (ISO 3166-2), like 'US-CA'",
        ),
        (
            r#"[regions.eu]
[[geo.override]]
countries = ["IE"]
regions = ["eu", "us", "eu"]"#,
            r"m.toml:4:18: no region is called 'us'; regions: eu
m.toml:4:24: region 'eu' is written twice; first on line 4",
        ),
        (
            r#"[[geo.override]]
networks_file = "nets.txt"
location = { lat = 1, lon = 1 }"#,
            r"nets.txt:4:3: '10.2.3.4/16' has bits set after its length; the network is '10.2.0.0/16'
nets.txt:5:1: 'nowhere' is not a network; write it like '10.20.0.0/16' or '2001:db8::/32'",
        ),
        (
            r#"[[geo.override]]
networks_file = "none.txt"
location = { lat = 1, lon = 1 }"#,
            r"m.toml:2:17: 'none.txt' cannot be read: entity not found",
        ),
        (
            r#"[[geo.override]]
networks_file = "long.txt"
location = { lat = 1, lon = 1 }"#,
            r"long.txt:1:1: warning: '10.1.2.3/32' (and 1 more here) is longer than /24: most resolvers send no more of an address than that",
        ),
        (
            r#"[zones."gslb.example"]
file = "a.zone""#,
            r"m.toml:1:8: 'gslb.example' does not end in a dot; write 'gslb.example.'",
        ),
        (r#"[zones."gslb.example."]"#, r"m.toml:1:8: zone 'gslb.example.' has no 'file'"),
        (
            r#"[zones."gslb.example."]
file = "a.zone"
[zones."GSLB.example."]
file = "b.zone""#,
            r"m.toml:3:8: zone 'gslb.example.' is written twice; first on line 1",
        ),
        (
            r#"[zones."*.example."]
file = "a.zone""#,
            r"m.toml:1:8: '*.example.' cannot name a zone: it is a wildcard",
        ),
        (
            r#"[regions."eu west"]"#,
            r"m.toml:1:10: 'eu west' cannot name a region; names are 1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit",
        ),
        (
            r"[regions.eu]
location = { lat = 91, lon = -200 }",
            r"m.toml:2:20: lat 91 is not a number from -90 to 90
m.toml:2:30: lon -200 is not a number from -180 to 180",
        ),
        (
            r"[regions.eu]
location = { lat = 53.3 }",
            r"m.toml:2:12: the location has no 'lon'",
        ),
        (
            r#"[regions.eu]
location = { lat = nan, lon = "6W" }"#,
            r"m.toml:2:20: lat nan is not a number from -90 to 90
m.toml:2:31: lon '6W' is not a number from -180 to 180",
        ),
        (
            r"[regions.eu]
bias = 100",
            r"m.toml:2:8: bias 100 is not a whole number from -99 to 99",
        ),
        (
            r"[regions.eu]
capacity = -1",
            r"m.toml:2:12: capacity -1 is not a whole number of at least 0",
        ),
        (
            r"[regions.eu]
weight = 1",
            r"m.toml:2:1: unknown key 'weight'; keys here: location, capacity, bias",
        ),
        (
            r#"[regions]
eu = "Dublin""#,
            r"m.toml:2:6: 'eu' is a string, not a table",
        ),
        (
            r"[services.www]",
            r#"m.toml:1:11: service 'www' has no names; write names = ["www.gslb.example."]
m.toml:1:11: service 'www' has no endpoints; each is a table endpoints.REGION of its own"#,
        ),
        (
            r"[regions.eu]
[regions.eu]",
            r"m.toml:2:10: 'eu' is written twice",
        ),
        (
            r"[server]
workers = 1
workers = 2",
            r"m.toml:3:1: 'workers' is written twice",
        ),
        (
            r"[server
workers = 1",
            r"m.toml:1:8: unclosed table, expected `]`",
        ),
        (
            r#"[server]
identity = "lhr1
workers = x"#,
            r#"m.toml:2:17: invalid basic string, expected `"`
m.toml:3:11: string values must be quoted"#,
        ),
        (
            r#"[server]
listen = ["127.0.0.1:53"
workers = 1
[api]
listen = "x""#,
            r"m.toml:3:1: unclosed array; a comma is missing here, or `]`",
        ),
    ];
    for (text, expected) in rows {
        check(text, expected);
    }
}

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
            r"m.toml:5:1: unknown key 'nams' (did you mean 'names'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, check, override, endpoints",
        ),
        (
            r#"policy = "nearst""#,
            r"m.toml:5:10: no policy is called 'nearst'; policies: nearest (healthy, near, spill, first)",
        ),
        (
            r#"policy = ["healthy", "first"]"#,
            r"m.toml:5:10: no policy is called 'healthy, first'; policies: nearest (healthy, near, spill, first)",
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
            r"m.toml:5:15: warning: max_ejected is read, but has no effect in this version
m.toml:6:17: warning: capacity_unit is read, but has no effect in this version
m.toml:7:8: warning: soft is read, but has no effect in this version
m.toml:8:8: warning: hard is read, but has no effect in this version
m.toml:9:14: warning: slow_start is read, but has no effect in this version",
        ),
        (
            r"soft = 1.5",
            r"m.toml:5:8: soft (1.5) is greater than hard (1)
m.toml:5:8: warning: soft is read, but has no effect in this version",
        ),
        (
            r#"capacity_unit = "bytes""#,
            r"m.toml:5:17: capacity_unit 'bytes' is not one of connections, requests",
        ),
        (
            r"[services.www.check]
port = 80",
            r"m.toml:5:1: the check has no 'kind'; kinds: none, http, https",
        ),
        (
            r#"[services.www.check]
kind = "tcp""#,
            r"m.toml:6:8: kind 'tcp' is not one of none, http, https",
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
            r"m.toml:5:1: unknown key 'addresses' (did you mean 'min_addresses'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, check, override, endpoints",
        ),
    ];
    for (more, expected) in rows {
        check(&service(more), expected);
    }
}

#[test]
fn ten_problems_at_once() {
    let text = r#"
[server]
listen = ["localhost:53"]
region = "eu-wst"
[regions.eu-west]
location = { lat = 153.35, lon = -6.26 }
[services.www]
names = ["www.example"]
policy = "random"
tll = { min = "5s" }
[services.www.check]
kind = "htpp"
interval = "5"
[services.www.endpoints.eu-west]
addresses = ["198.51.100.300"]
weight = 20000
"#;
    let expected = r#"m.toml:3:11: listen 'localhost:53' is not an address with a port; write it like '127.0.0.1:5300' or '[::1]:5300'
m.toml:4:10: no region is called 'eu-wst' (did you mean 'eu-west'?); regions: eu-west
m.toml:6:20: lat 153.35 is not a number from -90 to 90
m.toml:8:10: 'www.example' does not end in a dot; write 'www.example.'
m.toml:9:10: no policy is called 'random'; policies: nearest (healthy, near, spill, first)
m.toml:10:1: unknown key 'tll' (did you mean 'ttl'?); keys here: names, policy, ttl, ecs, families, on_all_down, fallback, max_ejected, min_addresses, capacity_unit, soft, hard, slow_start, check, override, endpoints
m.toml:12:8: kind 'htpp' is not one of none, http, https (did you mean 'http'?)
m.toml:13:12: interval '5' is not a duration from 100ms to 1h; write it like '5s', '500ms' or '1m30s'
m.toml:15:14: addresses '198.51.100.300' is not an IP address
m.toml:16:10: weight 20000 is not a whole number from 0 to 10000"#;
    check(text, expected);
}

#[test]
fn too_many_are_refused_once() {
    let regions: String = (0..=Config::MAX_REGIONS).map(|n| format!("[regions.r{n}]\n")).collect();
    check(&regions, "m.toml:1025:10: 1025 regions are too many; at most 1024 are possible");
    let endpoints: String = (0..=Config::MAX_ENDPOINTS)
        .map(|n| format!("[regions.r{n}]\n[services.a.endpoints.r{n}]\naddresses = ['192.0.2.{n}']\n"))
        .collect();
    let service = "[services.a]\nnames = ['a.example.']\n";
    check(
        &format!("{service}{endpoints}"),
        "m.toml:196:23: 65 endpoints are too many; a service has at most 64",
    );
    let addresses: Vec<_> = (0..17).map(|n| format!("'192.0.2.{n}'")).collect();
    let one = format!(
        "[regions.eu]\n[services.a.endpoints.eu]\naddresses = [\n{}]\n{service}",
        addresses.join(",\n")
    );
    check(&one, "m.toml:20:1: too many IPv4 addresses; at most 16 of each family are possible");
    let many = "[[geo.override]]\nnetworks_file = 'many.txt'\nlocation = { lat = 1, lon = 1 }\n";
    let said = parsed(many).1;
    assert_eq!(said.errors().count(), 21);
    assert!(said.to_string().starts_with("many.txt: 5 more lines are not networks either\n"), "{said}");
}

#[test]
fn places_count_characters() {
    let text = "[regions]\n\"é\" = { bias = 1, \"ü\" = 2 }";
    let expected = "m.toml:2:1: 'é' cannot name a region; names are 1 to 63 letters, digits, '-', '_' or '.', the first a \
        letter or digit\nm.toml:2:19: unknown key 'ü'; keys here: location, capacity, bias";
    check(text, expected);
}
