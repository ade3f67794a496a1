//! What an operator writes: one struct a table, one field a key, in the order of the documentation.
//!
//! Doc comments here are what editors show, by way of [`super::schema`]. Each field's `default` is the one that
//! `build` applies; a test holds them together.

use schemars::JsonSchema;

use super::Role;
use super::config::CookieSecret;
use super::leaf::{
    Address, Cidr, Combine, Continent, Country, Decimal, Digest, Domain, FilePath, Identity, Lasting,
    NameServer, OneOf, Percent, PolicyWords, Socket, SteeredAddress, Subdivision, Ttl, Whole,
};
use super::reader::{Entry, List, Map, Read, Reader, Tree};
use crate::model::{CapacityUnit, Families, OnAllDown};

/// A table of the file: each key an [`Entry`], keys that are not listed refused.
macro_rules! table {
    ($(#[$about:meta])* $table:ident { $($(#[$doc:meta])* $key:ident: $value:ty,)* }) => {
        #[derive(Clone, Default, JsonSchema)]
        #[schemars(default, deny_unknown_fields)]
        $(#[$about])*
        pub struct $table {
            $($(#[$doc])* pub $key: Entry<$value>,)*
        }

        impl Read for $table {
            fn read(value: &Tree<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                const KEYS: &[&str] = &[$(unraw(stringify!($key))),*];
                let table = reader.table(value, KEYS)?;
                Some($table { $($key: reader.entry(table, unraw(stringify!($key))),)* })
            }
        }
    };
}

/// An identifier as it is written in the file: Rust keeps `override` for itself.
const fn unraw(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

mod check;
mod signals;
mod webhook;
pub use check::Check;
pub use signals::{Metrics, Passive, Signals};
pub use webhook::Webhook;

table! {
    /// The configuration of one Meridian node.
    File {
        /// What this node serves and how it calls itself.
        server: Server,
        /// The HTTP API for operators and load balancers.
        api: Api,
        /// How an address becomes a place.
        geo: Geo,
        /// How measured latency steers, where a policy has the filter `fast`.
        latency: Latency,
        /// The zones by origin, each a master file: `[zones."gslb.example."]`.
        zones: Map<Zone>,
        /// The datacenters by name; their written order decides ties.
        regions: Map<Region>,
        /// What steered names answer, by the service's name.
        services: Map<Service>,
        /// How much may be probed.
        probes: Probes,
        /// Who is probed for nothing but the proof that this node's own network works, by a name of your choice.
        witnesses: Map<Witness>,
        /// Who is asked for the names of endpoints with `resolve = true`.
        resolver: Resolver,
        /// Who is told by HTTP of what happens.
        #[schemars(extend("default" = []))]
        webhooks: List<Webhook>,
    }
}

table! {
    /// How much may be probed.
    Probes {
        /// Attempts at once.
        #[schemars(extend("default" = 1024))]
        in_flight: Whole<1, 65_536>,
        /// Attempts begun in a second, of all targets; 0: no limit.
        #[schemars(extend("default" = 5000))]
        per_second: Whole<0, 1_000_000>,
        /// Attempts begun in a second at one address, of all its ports and requests; 0: no limit.
        #[schemars(extend("default" = 100))]
        per_address: Whole<0, 1_000_000>,
    }
}

table! {
    /// Who is asked for the names of endpoints with `resolve = true`.
    Resolver {
        /// Addresses, with a port if it is not 53; without any, those of `/etc/resolv.conf`.
        #[schemars(extend("default" = []))]
        servers: List<NameServer>,
    }
}

table! {
    /// Somebody outside, whose answers prove that this node's own network works.
    #[schemars(extend("required" = ["address", "check"]))]
    Witness {
        /// Who is probed.
        address: Address,
        /// How; an answer of any kind will do.
        check: Check,
    }
}

table! {
    /// What this node serves and how it calls itself.
    Server {
        /// Addresses that answer DNS over UDP and TCP.
        #[schemars(extend("default" = ["127.0.0.1:5300", "[::1]:5300"]))]
        listen: List<Socket>,
        /// Threads that answer UDP; 0: one per CPU.
        #[schemars(extend("default" = 0))]
        workers: Whole<0, 1024>,
        /// NSID (RFC 5001), and the node's name in logs and metrics; without it the host name.
        identity: Identity,
        /// The region where this node itself stands.
        region: String,
        /// DNS cookies (RFC 7873).
        cookies: Cookies,
        /// What the class CHAOS tells of this server; nothing, unless it is written here.
        chaos: Chaos,
        /// The domain to which resolvers report what went wrong with our answers (RFC 9567).
        error_reports: Domain,
        /// A limit on answers to one client network.
        rate_limit: RateLimit,
        /// A name that answers TXT and addresses with what the server knows of the asker: resolver, ECS prefix, cell
        /// and order.
        whoami: Domain,
        /// The largest UDP payload in octets that this server sends and says it takes (RFC 6891).
        #[schemars(extend("default" = 1232))]
        payload: Whole<512, 4096>,
        /// How long to wait for first verdicts before serving without them.
        #[schemars(extend("default" = "10s"))]
        start_timeout: Lasting<0, 600_000>,
        /// On SIGTERM, from not being ready to closing: time for anycast and load balancers to turn away.
        #[schemars(extend("default" = "5s"))]
        drain: Lasting<0, 3_600_000>,
        /// Whether the node is unready, not only degraded, while its own network seems cut.
        #[schemars(extend("default" = false))]
        unready_when_cut: bool,
        /// The directory of what must last, relative to this file.
        #[schemars(extend("default" = "state"))]
        state: FilePath,
    }
}

table! {
    /// DNS cookies (RFC 7873).
    Cookies {
        /// 32 hex digits each (RFC 9018); the first signs, all are accepted; the same on all nodes.
        #[schemars(extend("default" = []))]
        secrets: List<CookieSecret>,
        /// Whether a client that sends a cookie over UDP has to hold a good one of ours; else it is answered with
        /// BADCOOKIE and a cookie to come back with (RFC 7873 §5.2.3).
        #[schemars(extend("default" = false))]
        require: bool,
    }
}

table! {
    /// What the class CHAOS tells of this server (RFC 4892).
    Chaos {
        /// TXT of version.bind and version.server.
        version: Identity,
        /// TXT of id.server and hostname.bind.
        id: Identity,
    }
}

table! {
    /// A limit on answers to one client network.
    RateLimit {
        /// Answers a second per client network and answer; 0: no limit.
        #[schemars(extend("default" = 0))]
        responses_per_second: Whole<0, 1_000_000>,
    }
}

table! {
    /// The HTTP API for operators and load balancers.
    Api {
        /// Where it listens; anything but loopback demands tokens.
        #[schemars(extend("default" = "127.0.0.1:8053"))]
        listen: Socket,
        /// Who may call it; without tokens anybody who can connect.
        #[schemars(extend("default" = []))]
        tokens: List<Token>,
    }
}

table! {
    /// One caller of the API.
    #[schemars(extend("required" = ["name", "sha256", "role"]))]
    Token {
        /// What the log calls the caller.
        name: String,
        /// The SHA-256 of the token in hex; `meridian token` makes both.
        sha256: Digest,
        /// What the caller may do.
        role: OneOf<Role>,
        /// With the role `acme`: the names for which it may set challenges, a wildcard as itself; none: all of them.
        #[schemars(extend("default" = []))]
        names: List<Domain>,
    }
}

table! {
    /// How an address becomes a place.
    Geo {
        /// MaxMind-format databases; later files refine earlier ones.
        #[schemars(extend("default" = []))]
        databases: List<FilePath>,
        /// The operator's word, which beats every database.
        #[schemars(extend("default" = []))]
        r#override: List<OrderRule>,
    }
}

table! {
    /// How measured latency steers, where a policy has the filter `fast`.
    Latency {
        /// Measurements to begin with: `NETWORK-or-AS REGION MILLISECONDS [SAMPLES]`, one a line, with `#` comments;
        /// watched.
        file: FilePath,
        /// Samples that make a network's latency to a region count.
        #[schemars(extend("default" = 10))]
        min_samples: Whole<1, 1_000_000>,
        /// After this long a report weighs half.
        #[schemars(extend("default" = "1h"))]
        half_life: Lasting<60_000, 2_592_000_000>,
        /// A region takes another one's place only where it is faster by more than this.
        #[schemars(extend("default" = "10%"))]
        hysteresis: Percent,
        /// What nobody has reported for this long is dropped.
        #[schemars(extend("default" = "24h"))]
        expires: Lasting<60_000, 2_592_000_000>,
        /// Rows, networks times regions, that are kept; beyond them those with the fewest samples go.
        #[schemars(extend("default" = 100_000))]
        max_entries: Whole<1, 1_000_000>,
    }
}

table! {
    /// Which regions some clients get, or where they stand. Networks beat ASNs, then subdivisions, countries and
    /// continents.
    OrderRule {
        /// Networks in CIDR form.
        #[schemars(extend("default" = []))]
        networks: List<Cidr>,
        /// A file of networks, one a line, with `#` comments; watched.
        networks_file: FilePath,
        /// Autonomous system numbers.
        #[schemars(extend("default" = []))]
        asns: List<Whole<1, 4_294_967_295>>,
        /// ISO 3166-2 codes with their country, like `US-CA`.
        #[schemars(extend("default" = []))]
        subdivisions: List<Subdivision>,
        /// ISO 3166-1 codes of two letters.
        #[schemars(extend("default" = []))]
        countries: List<Country>,
        /// AF, AN, AS, EU, NA, OC or SA.
        #[schemars(extend("default" = []))]
        continents: List<Continent>,
        /// These regions in this order first, the rest by distance; an empty list answers NODATA.
        regions: List<String>,
        /// Instead of regions: as if the clients stood here.
        location: Location,
    }
}

table! {
    /// A point on the globe.
    #[schemars(extend("required" = ["lat", "lon"]))]
    Location {
        /// Degrees north.
        lat: Decimal<-90, 90>,
        /// Degrees east.
        lon: Decimal<-180, 180>,
    }
}

table! {
    /// A zone of static records.
    #[schemars(extend("required" = ["file"]))]
    Zone {
        /// The master file (RFC 1035 section 5), relative to this file.
        file: FilePath,
    }
}

table! {
    /// A datacenter.
    Region {
        /// Where it stands; regions without a location stand behind those that have one.
        location: Location,
        /// How much it takes, in the unit that its services report; 0: no limit known.
        #[schemars(extend("default" = 0))]
        capacity: Whole<0, { i64::MAX }>,
        /// Draws clients nearer (1 to 99) or pushes them away (-99 to -1).
        #[schemars(extend("default" = 0))]
        bias: Whole<-99, 99>,
        /// AF, AN, AS, EU, NA, OC or SA: for policies that group by continent.
        continent: Continent,
        /// ISO 3166-1 code of two letters: for policies that group by country.
        country: Country,
        /// ISO 3166-2 code with its country, like `US-CA`: for policies that group by subdivision.
        subdivision: Subdivision,
    }
}

table! {
    /// What steered names answer.
        #[schemars(extend("required" = ["endpoints"]))]
    Service {
        /// The names it answers; a first label `*` is a wildcard (RFC 4592).
        names: List<Domain>,
        /// How one endpoint is chosen: a preset or a chain of filters.
        #[schemars(extend("default" = "nearest"))]
        policy: PolicyWords,
        /// The bounds of every answer's TTL.
        ttl: TtlRange,
        /// Whether an EDNS Client Subnet is honoured (RFC 7871).
        #[schemars(extend("default" = true))]
        ecs: bool,
        /// Whether A and AAAA may come from different regions, or NODATA is answered instead.
        #[schemars(extend("default" = "independent"))]
        families: OneOf<Families>,
        /// What to answer when nothing is fit.
        #[schemars(extend("default" = "all"))]
        on_all_down: OneOf<OnAllDown>,
        /// Addresses for `on_all_down = "fallback"`, and for when every endpoint is overridden down.
        #[schemars(extend("default" = []))]
        fallback: List<SteeredAddress>,
        /// The most of the service's capacity that soft failures may take out.
        #[schemars(extend("default" = "50%"))]
        max_ejected: Percent,
        /// Fit addresses, of each family that it has, that make an endpoint fit.
        #[schemars(extend("default" = 1))]
        min_addresses: Whole<1, 16>,
        /// What capacity counts where utilization is not reported: a signal, or `demand`, the node's own estimate.
        #[schemars(extend("default" = "connections"))]
        capacity_unit: OneOf<CapacityUnit>,
        /// The utilization above which an endpoint sheds load to others that are less full.
        #[schemars(extend("default" = 0.8))]
        soft: Decimal<0, 10>,
        /// The utilization at which an endpoint is full: it sheds at once what it must.
        #[schemars(extend("default" = 1.0))]
        hard: Decimal<0, 10>,
        /// How long a recovered endpoint takes to get its full share back.
        #[schemars(extend("default" = "0s"))]
        slow_start: Lasting<0, 3_600_000>,
        /// Whether an endpoint that fell stays out until an operator resumes it.
        #[schemars(extend("default" = false))]
        manual_resume: bool,
        /// How fast it is to answer its probes: what autoscalers are told to keep; without it they are told nothing.
        latency_objective: Lasting<1, 600_000>,
        /// How its addresses are probed; without it all are always healthy.
        check: Check,
        /// Several checks by name, instead of one.
        checks: Map<Check>,
        /// How many of several checks must pass.
        #[schemars(extend("default" = "all"))]
        combine: OneOf<Combine>,
        /// Instead of `combine`: so many of several checks must pass.
        at_least: Whole<1, 16>,
        /// Where its endpoints' load balancers are asked for signals.
        signals: Signals,
        /// When signals speak against an endpoint.
        #[schemars(extend("default" = []))]
        passive: List<Passive>,
        /// Order rules for this service alone; they come before those of `geo`.
        #[schemars(extend("default" = []))]
        r#override: List<OrderRule>,
        /// Its endpoints by region; their written order decides ties.
        endpoints: Map<Endpoint>,
    }
}

table! {
    /// The bounds of TTLs, in whole seconds.
    TtlRange {
        /// Given when the verdict may flip with the next probe.
        #[schemars(extend("default" = "5s"))]
        min: Ttl,
        /// Given when it cannot flip soon.
        #[schemars(extend("default" = "60s"))]
        max: Ttl,
    }
}

table! {
    /// One service in one region.
        Endpoint {
        /// What clients are sent to, and what is probed; at most 16 of each family.
        addresses: List<SteeredAddress>,
        /// Another service that answers here, instead of addresses.
        service: String,
        /// Another name that clients are sent on to, instead of addresses: where a provider has its own.
        cname: Domain,
        /// Whether that name is looked up in the background, and its addresses answered instead of it.
        #[schemars(extend("default" = false))]
        resolve: bool,
        /// Against the service's largest: the share of its own clients that it keeps.
        #[schemars(extend("default" = 100))]
        weight: Whole<0, 10_000>,
        /// For the filter `priority`: the lowest that is left goes first.
        #[schemars(extend("default" = 0))]
        priority: Whole<0, 255>,
        /// In the service's capacity unit; 0: no limit known.
        #[schemars(extend("default" = 0))]
        capacity: Whole<0, { i64::MAX }>,
        /// What is probed instead of the addresses: as many, position by position; of a `cname`, any.
        probe_addresses: List<SteeredAddress>,
        /// The port that is probed here, instead of the check's.
        probe_port: Whole<1, 65_535>,
        /// For the filter `fence`: these clients may be sent here, and nobody else.
        allow: Clients,
        /// For the filter `fence`: these may not, allowed or not.
        deny: Clients,
    }
}

table! {
    /// A set of clients: whoever any of these holds.
    Clients {
        /// Networks in CIDR form.
        #[schemars(extend("default" = []))]
        networks: List<Cidr>,
        /// Autonomous system numbers.
        #[schemars(extend("default" = []))]
        asns: List<Whole<1, 4_294_967_295>>,
        /// ISO 3166-2 codes with their country, like `US-CA`.
        #[schemars(extend("default" = []))]
        subdivisions: List<Subdivision>,
        /// ISO 3166-1 codes of two letters.
        #[schemars(extend("default" = []))]
        countries: List<Country>,
        /// AF, AN, AS, EU, NA, OC or SA.
        #[schemars(extend("default" = []))]
        continents: List<Continent>,
    }
}
