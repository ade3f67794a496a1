//! Habits: doors, clocks, panics, fences, and how files look.

use crate::Finding;
use crate::source::{Source, is_test};

/// Where a foreign crate comes in: files, or directories that end in `/`. An upgrade touches these alone.
const DOORS: &[(&str, &[&str])] = &[
    ("arc_swap", &["src/snapshot/mod.rs"]),
    ("aws_lc_rs", &["src/webhook/letter.rs"]),
    ("axum", &["src/api/", "src/demo/backends.rs"]),
    ("clap", &["src/cli/", "src/ctl/", "src/demo/", "src/daemon/log.rs"]),
    ("clap_complete", &["src/cli/"]),
    ("domain", &["src/zone/text/", "src/health/dns.rs"]),
    ("futures_util", &["src/api/events.rs"]),
    ("getrandom", &["src/cli/", "src/daemon/", "src/demo/"]),
    ("h2", &["src/health/http2.rs"]),
    ("hickory_proto", &["src/model/name.rs", "src/zone/"]),
    ("hickory_resolver", &["src/resolver/ask.rs"]),
    ("http_body_util", &["src/health/http/http1.rs", "src/api/desire.rs"]),
    (
        "hyper",
        &[
            "src/health/http.rs", // beside the client, its words for requests and fields: h2's are the same
            "src/health/http/http1.rs",
            "src/health/http2.rs",
            "src/health/grpc.rs",
            "src/health/told.rs", // fields of the head
            "src/api/serve.rs",
            "src/config/leaf/http.rs", // what it would not send is refused at load
        ],
    ),
    ("hyper_util", &["src/health/http/http1.rs", "src/api/serve.rs"]),
    ("ipnet", &["src/model/address.rs", "src/config/leaf/address.rs"]),
    ("libc", &["src/health/reason/system.rs", "src/system/fence.rs"]),
    ("maxminddb", &["src/geo/mmdb.rs"]),
    ("notify", &["src/daemon/"]),
    ("prometheus_client", &["src/api/metrics.rs", "src/api/metrics/"]),
    ("redb", &["src/control/store.rs"]),
    ("regex", &["src/model/pattern.rs"]),
    ("reqwest", &["src/ctl/client.rs", "src/webhook/post.rs"]),
    ("rustix", &["src/daemon/", "src/system/"]),
    ("rustls", &["src/health/tls.rs", "src/health/tls/", "src/config/build/check/trust.rs"]),
    ("rustls_native_certs", &["src/health/tls.rs"]),
    ("schemars", &["src/config/"]),
    ("siphasher", &["src/steer/hash.rs", "src/answer/cookie.rs"]),
    ("socket2", &["src/server/bind.rs", "src/health/icmp.rs", "src/health/line.rs"]),
    ("tokio_rustls", &["src/health/tls.rs"]),
    ("toml", &["src/config/"]),
    ("tracing_subscriber", &["src/daemon/log.rs", "src/telemetry/"]),
    ("utoipa", &["src/api/"]),
    ("utoipa_axum", &["src/api/"]),
    ("webpki_roots", &["src/health/tls.rs"]),
    ("x509_parser", &["src/health/tls/verifier.rs"]),
];

/// A foreign crate enters by its door.
pub fn doors(file: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, doors) in DOORS.iter().filter(|(_, doors)| !stands_in(file, doors)) {
        let path = format!("{name}::");
        // `crate::name::` and `self::name::` are ours.
        let foreign = |at: &usize| !file.code[..*at].ends_with("::");
        for (_, line) in file.words(&path).filter(|(at, _)| foreign(at)) {
            findings.push(at(file, line, format!("{name} enters by {}", doors.join(", "))));
        }
    }
    findings
}

/// Where the wire is: elsewhere a serialised shape would be a promise that nobody meant to make.
const EDGE: &[&str] = &[
    "src/config/",
    "src/api/",
    "src/ctl/",
    "src/webhook/",
    "src/control/store.rs",
    "src/control/store/",
    "src/control/memory.rs",
    "src/control/latency/saved.rs",
    "src/geo/record.rs",
];

/// `Serialize` and `Deserialize` stay at the edge.
pub fn wire_types(file: &Source) -> Vec<Finding> {
    let text = "wire types live at the edge (config, api, ctl, webhook, control/store, control/memory.rs, control/latency/saved.rs, geo/record.rs)";
    if stands_in(file, EDGE) { Vec::new() } else { each(file, &["Serialize", "Deserialize"], text) }
}

/// Where time is an argument.
const TIMELESS: &[&str] = &[
    "src/model/",
    "src/zone/",
    "src/geo/",
    "src/steer/",
    "src/snapshot/",
    "src/answer/",
    "src/health/ladder.rs",
    "src/health/passive.rs",
    "src/health/schedule.rs",
    "src/health/scrape/",
    "src/health/signal.rs",
    "src/health/signal/",
    "src/health/table.rs",
    "src/health/ttl.rs",
    "src/control/latency.rs",
    "src/control/latency/",
    "src/control/state.rs",
    "src/control/store.rs",
    "src/control/words.rs",
    "src/resolver/book.rs",
    "src/webhook/queue.rs",
];

/// Machines take `now`.
pub fn clocks(file: &Source) -> Vec<Finding> {
    let text = "no clock here; take `now` as an argument";
    if stands_in(file, TIMELESS) {
        each(file, &["SystemTime::now", "Instant::now"], text)
    } else {
        Vec::new()
    }
}

/// Where a lock hurts nobody, and why.
const MAY_LOCK: &[&str] = &[
    "src/api/databases.rs", // databases opened for `explain`: a second asker waits for the first
    "src/demo/",            // the backends' board, which no answer reads
    "src/health/tls.rs",    // what handshakes go by, made once; a second probe waits while it is made
    "src/health/tls/",      // certificates that were found good; a second probe waits for a look-up
];

/// One task writes, everyone else reads one pointer.
pub fn locks(file: &Source) -> Vec<Finding> {
    let text = "no locks; one task writes and everyone else reads one pointer: send it a message";
    if stands_in(file, MAY_LOCK) { Vec::new() } else { each(file, &["Mutex", "RwLock"], text) }
}

/// Where a thread may stand still: a worker whose socket is broken has nothing else to do.
const MAY_SLEEP: &[&str] = &["src/server/udp.rs"];

/// Threads have names, and do not sleep: a task that sleeps holds up all others of its thread.
pub fn threads(file: &Source) -> Vec<Finding> {
    let mut findings = each(file, &["thread::spawn"], "name the thread: thread::Builder::new().name(…)");
    if !stands_in(file, MAY_SLEEP) {
        findings.extend(each(
            file,
            &["thread::sleep"],
            "no sleeping thread; tokio::time, or a timeout of the socket",
        ));
    }
    findings
}

/// What ends a thread.
const PANICS: &[&str] = &[".unwrap()", ".expect(", "panic!", "unreachable!", "unimplemented!", "todo!"];

/// Where one of them is right after all, and why.
const MAY_PANIC: &[(&str, &str)] = &[];

/// Nothing outside tests panics on purpose.
pub fn panics(file: &Source) -> Vec<Finding> {
    let text = "nothing here may panic; return what to do, or an error (MAY_PANIC in tests/tidy/habits.rs takes reasons)";
    let excused = MAY_PANIC.iter().any(|(path, why)| *path == file.path && !why.is_empty());
    if excused || is_test(&file.path) { Vec::new() } else { each(file, PANICS, text) }
}

/// The files that may be unsafe; each says so in its module doc, and every block has a `SAFETY:` sentence.
const FENCED: &[&str] = &["src/system/fence.rs"];

/// Unsafe code stays inside its fence.
pub fn fences(file: &Source) -> Vec<Finding> {
    let text = "unsafe code stands in fenced files alone (FENCED in tests/tidy/habits.rs)";
    if stands_in(file, FENCED) { Vec::new() } else { each(file, &["unsafe", "unsafe_code"], text) }
}

/// The longest file.
const MOST_LINES: usize = 800;

/// A file fits in the head.
pub fn length(file: &Source) -> Vec<Finding> {
    let lines = file.text.lines().count();
    let text = format!("{lines} lines are more than {MOST_LINES}; split where the second duty begins");
    if lines > MOST_LINES { vec![at(file, lines, text)] } else { Vec::new() }
}

/// A file says first what it is. Modules of tests are told by what they test.
pub fn module_doc(file: &Source) -> Vec<Finding> {
    let exempt = file.path.starts_with("src/") && is_test(&file.path);
    let fine = exempt || file.text.starts_with("//! ");
    if fine { Vec::new() } else { vec![at(file, 1, "begin with a module doc: `//! What this is.`".into())] }
}

/// Who speaks to a terminal.
const SPEAKERS: &[&str] = &["src/cli/", "src/ctl/", "src/demo/", "src/main.rs"];

/// Only commands print; everything else logs or returns.
pub fn prints(file: &Source) -> Vec<Finding> {
    let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let text = "only commands print; use tracing, or return it";
    if stands_in(file, SPEAKERS) { Vec::new() } else { each(file, &words, text) }
}

/// Words for work that was put off, taken apart so that this file has none of them.
const LATER: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:")];

/// Nothing is left for later, and no line ends in blanks.
pub fn leftovers(file: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        if let Some(word) = LATER.iter().find(|word| text.contains(**word)) {
            findings.push(at(
                file,
                line,
                format!("'{word}': do it, or write down what is missing where users read"),
            ));
        }
        if text.ends_with([' ', '\t']) {
            findings.push(at(file, line, "the line ends in blanks; run cargo fmt".into()));
        }
    }
    findings
}

fn stands_in(file: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| file.path == *place || place.ends_with('/') && file.path.starts_with(place))
}

/// A finding for every place where one of the words stands, by line.
fn each(file: &Source, words: &[&str], text: &str) -> Vec<Finding> {
    let lines = words.iter().flat_map(|word| file.words(word));
    let mut lines: Vec<usize> = lines.map(|(_, line)| line).collect();
    lines.sort_unstable();
    lines.into_iter().map(|line| at(file, line, text.to_owned())).collect()
}

fn at(file: &Source, line: usize, text: String) -> Finding {
    Finding { path: file.path.clone(), line, text }
}
