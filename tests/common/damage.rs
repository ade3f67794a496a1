//! Damage to databases, by rules that find their place in a sound one: what is changed, and what is said of it.

use super::mmdb::{Layout, Precision, Record, Value, Writer, text};

pub const DUBLIN: &str = "192.0.2.0/24";
pub const TOKYO: &str = "203.0.113.0/24";

/// What the metadata begins with.
const MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Said of what has no sound frame.
const NO_DATABASE: &str = "damaged, or cut short, or no MaxMind database at all: fetch it again";
/// Said of trees that have no end.
const LOOPS: &str = "damaged, its search tree loops: fetch it again";
/// Said of data that cannot be what it has to be.
const NO_RECORD: &str = "damaged, a record does not say what a record says: fetch it again";

/// Said of those that say nothing.
const MUTE: &str = "of no use: nowhere in it is a country, a continent, a subdivision, a place or an ASN; give a \
                    Country, City or ASN database";

/// A damaged database.
pub struct Damage {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// What follows the file's name and "is".
    pub says: &'static str,
}

/// Two countries, so that a world made of it can be told from one without.
pub fn sound() -> Vec<u8> {
    with(&country("IE"))
}

fn country(code: &'static str) -> Value {
    let record = Record { country: Some(code), ..Record::default() };
    record.value(Layout::Nested, Precision::Double)
}

/// The sound one, with another record for Dublin.
fn with(dublin: &Value) -> Vec<u8> {
    Writer::new(true, 28).insert(DUBLIN, dublin).insert(TOKYO, &country("JP")).finish()
}

/// Octets of the tree of [`sound`], which has 7 a node.
fn tree(bytes: &[u8]) -> usize {
    let end = find(bytes, &[0; 16]);
    // The last node may end in zeros.
    end.next_multiple_of(NODE)
}

const NODE: usize = 7;

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).expect("it is there")
}

/// The sound one after a change.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = sound();
    change(&mut bytes);
    bytes
}

/// The sound one with other octets behind a key of its metadata.
fn metadata(key: &str, behind: usize, octets: &[u8]) -> Vec<u8> {
    changed(|bytes| {
        let mark = find(bytes, MARK);
        let at = mark + find(&bytes[mark..], key.as_bytes()) + key.len() + behind;
        bytes[at..at + octets.len()].copy_from_slice(octets);
    })
}

/// The sound one with both records of these nodes leading to those.
fn linked(links: &[(usize, u32)]) -> Vec<u8> {
    changed(|bytes| {
        for &(node, to) in links {
            let [high, a, b, c] = to.to_be_bytes();
            let octets = [a, b, c, high << 4 | high, a, b, c];
            bytes[node * NODE..][..NODE].copy_from_slice(&octets);
        }
    })
}

/// All kinds of damage that can be written into a file.
pub fn damages() -> Vec<Damage> {
    [foreign(), mute(), cut(), zeroed(), described(), trees(), data(), records()]
        .into_iter()
        .flatten()
        .collect()
}

fn all(says: &'static str, rows: Vec<(&'static str, Vec<u8>)>) -> Vec<Damage> {
    rows.into_iter().map(|(name, bytes)| Damage { name, bytes, says }).collect()
}

/// Sound ones that say nothing of anybody.
fn mute() -> Vec<Damage> {
    let zeros = changed(|bytes| {
        let (from, to) = (tree(bytes) + 16, find(bytes, MARK));
        bytes[from..to].fill(0);
    });
    let other = Writer::new(true, 28).insert(DUBLIN, &Value::Map(vec![("isp", text("Example"))])).finish();
    let rows = vec![
        ("no network", Writer::new(true, 28).finish()),
        ("of providers", other),
        ("zeros for data", zeros),
    ];
    all(MUTE, rows)
}

/// What operators hand over by mistake.
fn foreign() -> Vec<Damage> {
    let rows: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "empty: fetch it again"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "compressed: unpack it with gunzip or tar first"),
        ("zip", b"PK\x03\x04\x14\0", "a zip archive: unpack it first"),
        (
            "html",
            b"<!DOCTYPE html><title>Log in</title>",
            "a web page: log in where it comes from, and fetch it again",
        ),
        ("text", b"network,country\n192.0.2.0/24,IE\n", NO_DATABASE),
    ];
    rows.map(|(name, bytes, says)| Damage { name, bytes: bytes.to_vec(), says }).into()
}

/// Shorter than it was, at either end.
fn cut() -> Vec<Damage> {
    let sound = sound();
    let (tree, mark) = (tree(&sound), find(&sound, MARK));
    let short = |length: usize| sound[..length].to_vec();
    all(
        NO_DATABASE,
        vec![
            ("one octet is left", short(1)),
            ("cut inside the tree", short(tree / 2)),
            ("cut behind the tree", short(tree)),
            ("cut inside the data", short((tree + mark) / 2)),
            ("cut before the metadata", short(mark)),
            ("cut inside the mark", short(mark + MARK.len() / 2)),
            ("cut behind the mark", short(mark + MARK.len())),
            ("cut inside the metadata", short(mark + 40)),
            ("cut by one octet", short(sound.len() - 1)),
            ("only the metadata is left", sound[mark..].to_vec()),
        ],
    )
}

/// Parts of it are zeros, as after a copy to a full disk.
fn zeroed() -> Vec<Damage> {
    let sound = sound();
    let (tree, mark, end) = (tree(&sound), find(&sound, MARK), sound.len());
    let zeros = |from: usize, to: usize| changed(|bytes| bytes[from..to].fill(0));
    let mut damages = all(
        NO_DATABASE,
        vec![
            ("zeros alone", zeros(0, end)),
            ("zeros for metadata", zeros(mark + MARK.len(), end)),
            ("zeros from the data on", zeros(tree + 16, end)),
        ],
    );
    damages.extend(all(LOOPS, vec![("zeros for a tree", zeros(0, tree))]));
    damages
}

/// Metadata that is not true.
fn described() -> Vec<Damage> {
    let sound = sound();
    let mark = find(&sound, MARK);
    let garbage = changed(|bytes| bytes[mark + MARK.len()..].fill(0xff));
    let again = [&sound[..], MARK].concat();
    all(
        NO_DATABASE,
        vec![
            ("metadata of garbage", garbage),
            ("a second mark with nothing behind it", again),
            ("a record size of 0", metadata("record_size", 1, &[0, 0])),
            ("a record size of 20", metadata("record_size", 1, &[0, 20])),
            ("a record size of 64", metadata("record_size", 1, &[0, 64])),
            ("a record size of text", metadata("record_size", 0, &[0x42])),
            ("a node count past the end", metadata("node_count", 1, &[0, 1, 0, 0])),
            ("a node count without end", metadata("node_count", 1, &[0xff; 4])),
            ("another IP version", metadata("ip_version", 1, &[0, 5])),
            ("a key that is missing", metadata("node_coun", 0, b"X")),
            ("a map of more than there is", changed(|bytes| bytes[mark + MARK.len()] = 0xfc)),
        ],
    )
}

/// Trees that lead nowhere, or nowhere else.
fn trees() -> Vec<Damage> {
    let nodes = (tree(&sound()) / NODE) as u32;
    let mut damages = all(
        LOOPS,
        vec![
            ("the root leads to itself", linked(&[(0, 0)])),
            ("a node leads to itself", linked(&[(96, 96)])),
            ("two nodes lead to each other", linked(&[(96, 97), (97, 96)])),
            ("a node leads back to the root", linked(&[(100, 0)])),
        ],
    );
    damages.extend(all(
        NO_RECORD,
        vec![
            ("a pointer into the separator", linked(&[(100, nodes + 8)])),
            ("a pointer past the data", linked(&[(100, nodes + 16 + 60_000)])),
            ("a pointer as far as pointers go", linked(&[(100, 0x0fff_ffff)])),
        ],
    ));
    damages
}

/// Data that cannot be read.
fn data() -> Vec<Damage> {
    let at = tree(&sound()) + 16;
    let put = |octets: &[u8]| changed(|bytes| bytes[at..at + octets.len()].copy_from_slice(octets));
    let country = find(&sound(), b"iso_code");
    all(
        NO_RECORD,
        vec![
            ("a pointer to itself for a record", put(&[0x20, 0])),
            ("two pointers to each other", put(&[0x20, 2, 0x20, 0])),
            ("a pointer past the end", put(&[0x38, 0xff, 0xff, 0xff, 0xff])),
            ("a number for a record", put(&[0xa1, 7])),
            ("a type that does not exist", put(&[0x01, 0xff])),
            ("a map of sixteen million", put(&[0xff, 0xff, 0xff, 0xff])),
            ("a string of sixteen million", put(&[0xe1, 0x5f, 0xff, 0xff, 0xff])),
            ("a code that is no UTF-8", changed(|bytes| bytes[country + 9..country + 11].fill(0xff))),
        ],
    )
}

/// Values of types that they cannot have.
fn records() -> Vec<Damage> {
    let map = |key: &'static str, value: Value| with(&Value::Map(vec![(key, value)]));
    all(
        NO_RECORD,
        vec![
            ("a list for a country", map("country", Value::List(vec![]))),
            ("a number for a code", map("country", Value::Map(vec![("iso_code", Value::Word(7))]))),
            ("a number for a flat code", map("country_code", Value::Word(7))),
            ("a text for a location", map("location", text("Dublin"))),
            ("a list for a location", map("location", Value::List(vec![]))),
            ("a text for a latitude", map("location", Value::Map(vec![("latitude", text("north"))]))),
            ("a text for a flat longitude", map("longitude", text("west"))),
            ("a list for an AS number", map("asn", Value::List(vec![]))),
        ],
    )
}

/// What can be read, but tells nothing of Tokyo: places that are not on Earth, codes that are none.
pub fn silent() -> Vec<(String, Vec<u8>)> {
    let tokyo =
        |value: &Value| Writer::new(true, 28).insert(DUBLIN, &country("IE")).insert(TOKYO, value).finish();
    let at = |lat: f64, lon: f64| {
        let point = vec![("latitude", Value::Double(lat)), ("longitude", Value::Double(lon))];
        (format!("at {lat}, {lon}"), tokyo(&Value::Map(vec![("location", Value::Map(point))])))
    };
    vec![
        at(f64::NAN, 139.69),
        at(35.68, f64::NAN),
        at(f64::INFINITY, 139.69),
        at(91.0, 139.69),
        at(35.68, -181.0),
        ("no country's code".into(), tokyo(&country("??"))),
        ("half of a place".into(), tokyo(&Value::Map(vec![("latitude", Value::Double(35.68))]))),
    ]
}
