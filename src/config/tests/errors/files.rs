//! What is wrong with a node, its world, or the syntax.

use super::*;

#[test]
fn broken_files() {
    let rows = [
        (
            r"[sever]",
            r"m.toml:1:2: unknown key 'sever' (did you mean 'server'?); keys here: server, api, geo, latency, zones, regions, services, probes, witnesses, resolver, webhooks",
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
listen = ["0.0.0.0:53", "127.0.0.1:53", "[::1]:53", "127.0.0.1:54", "224.0.0.1:53", "255.255.255.255:55"]"#,
            r"m.toml:2:25: listen '127.0.0.1:53' is covered by 0.0.0.0, which has the same port; keep one
m.toml:2:69: listen '224.0.0.1:53' is no address of one host; clients ask one
m.toml:2:85: listen '255.255.255.255:55' is no address of one host; clients ask one",
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
            r"m.toml:2:12: identity '' is not a name of 1 to 64 octets without control characters",
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
m.toml:3:8: role 'root' is not one of acme, signals, read, operate, admin",
        ),
        (
            r#"[[api.tokens]]
name = "a"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
role = "operate"
names = ["www.example."]"#,
            r"m.toml:5:9: names limit a token of the role 'acme' alone; take them away, or give it that role",
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
            r#"[regions.eu]
[latency]
file = "none.txt"
min_samples = 0
half_life = "1s"
hysteresis = 10
expires = "1y"
max_entries = 0"#,
            r#"m.toml:2:1: warning: latency has no effect: no policy has the filter 'fast'; write policy = "latency" in a service
m.toml:3:8: 'none.txt' cannot be read: entity not found
m.toml:4:15: min_samples 0 is not a whole number from 1 to 1000000
m.toml:5:13: half_life '1s' is not a duration from 1m to 30d; write it like '5s', '500ms' or '1m30s'
m.toml:6:14: hysteresis 10 is not a percentage from '0%' to '100%'
m.toml:7:11: expires '1y' is not a duration from 1m to 30d; write it like '5s', '500ms' or '1m30s'
m.toml:8:15: max_entries 0 is not a whole number from 1 to 1000000"#,
        ),
        (
            r#"[regions.eu-west]
[latency]
file = "rtt.txt"
max_entries = 2"#,
            r#"m.toml:2:1: warning: latency has no effect: no policy has the filter 'fast'; write policy = "latency" in a service
rtt.txt: 3 rows are too many; latency.max_entries lets 2 be kept
rtt.txt:4:1: a row is NETWORK-or-AS REGION MILLISECONDS [SAMPLES]; write it like '198.51.100.0/24 eu-west 23.5 40' or 'AS64500 us-east 90'
rtt.txt:5:1: '198.51.100.0/25' is longer than /24, the longest that is told apart; write '198.51.100.0/24'
rtt.txt:6:1: '198.51.100.1/24' has bits set after its length; the network is '198.51.100.0/24'
rtt.txt:7:9: no region is called 'eu-wset' (did you mean 'eu-west'?); regions: eu-west
rtt.txt:8:17: '-3' is not a time in milliseconds, above 0 and at most 60000
rtt.txt:9:17: 'NaN' is not a time in milliseconds, above 0 and at most 60000
rtt.txt:10:19: '0' is not a number of samples from 1 to 1000000
rtt.txt:11:1: 'AS0' is not an AS; write it like 'AS64500'
rtt.txt:12:1: this network and region are written twice; first on line 2
rtt.txt:13:1: a row is NETWORK-or-AS REGION MILLISECONDS [SAMPLES]; write it like '198.51.100.0/24 eu-west 23.5 40' or 'AS64500 us-east 90'"#,
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
country = 'IE'
subdivision = 'us-ca'",
            r"m.toml:3:15: subdivision US-CA is not in country IE",
        ),
        (
            r"[regions.eu]
weight = 1",
            r"m.toml:2:1: unknown key 'weight'; keys here: location, capacity, bias, continent, country, subdivision",
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
