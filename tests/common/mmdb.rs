//! Writes MaxMind databases: the recipe behind every small one that tests use.
//!
//! Both layouts, floats and doubles, one family or both, and all three record sizes. Networks may be added in
//! any order; a later one replaces what it covers.
#![allow(
    dead_code,
    missing_docs,
    reason = "each test takes what it needs; the room's own tests include this too"
)]

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// A value of the format's data section.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Double(f64),
    Float(f32),
    Short(u16),
    Word(u32),
    Long(u64),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What a record says, whatever its layout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record {
    pub country: Option<&'static str>,
    /// Without its country: `CA`.
    pub subdivision: Option<&'static str>,
    pub continent: Option<&'static str>,
    pub at: Option<(f64, f64)>,
    pub asn: Option<u32>,
}

/// How coordinates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    Double,
    Float,
}

/// Which way records are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// MaxMind's own: `country.iso_code`, `location.latitude`.
    Nested,
    /// `country_code`, `latitude`; has no subdivisions.
    Flat,
}

impl Record {
    pub fn value(&self, layout: Layout, precision: Precision) -> Value {
        let number = |degrees: f64| match precision {
            Precision::Double => Value::Double(degrees),
            Precision::Float => Value::Float(degrees as f32),
        };
        let mut map = Vec::new();
        let point = |(lat, lon)| [("latitude", number(lat)), ("longitude", number(lon))];
        match layout {
            Layout::Nested => {
                let code = |key, code| Value::Map(vec![("geoname_id", Value::Word(7)), (key, text(code))]);
                map.extend(self.continent.map(|continent| ("continent", code("code", continent))));
                map.extend(self.country.map(|country| ("country", code("iso_code", country))));
                map.extend(self.at.map(|at| ("location", Value::Map(point(at).into()))));
                let list = |part| Value::List(vec![code("iso_code", part), code("iso_code", "ZZZ")]);
                map.extend(self.subdivision.map(|part| ("subdivisions", list(part))));
            }
            Layout::Flat => {
                map.extend(self.continent.map(|continent| ("continent_code", text(continent))));
                map.extend(self.country.map(|country| ("country_code", text(country))));
                map.extend(self.at.into_iter().flat_map(point));
                map.extend(self.subdivision.map(|_| ("state1", text("Some State"))));
            }
        }
        map.extend(self.asn.map(|asn| ("autonomous_system_number", Value::Word(asn))));
        Value::Map(map)
    }
}

/// A record of the search tree.
#[derive(Clone, Copy)]
enum Link {
    Nothing,
    Node(usize),
    /// An offset into the data section.
    Data(usize),
}

/// A database in the making.
pub struct Writer {
    six: bool,
    record_bits: u16,
    nodes: Vec<[Link; 2]>,
    data: Vec<u8>,
    offsets: HashMap<Vec<u8>, usize>,
}

impl Writer {
    /// `six`: holds both families, IPv4 below `::/96`. `record_bits`: 24, 28 or 32.
    pub fn new(six: bool, record_bits: u16) -> Writer {
        let nodes = vec![[Link::Nothing; 2]];
        Writer { six, record_bits, nodes, data: Vec::new(), offsets: HashMap::new() }
    }

    pub fn insert(&mut self, network: &str, value: &Value) -> &mut Writer {
        self.insert_network(network.parse().expect("a network"), value)
    }

    /// An IPv6 network in a database without IPv6 is passed over.
    pub fn insert_network(&mut self, network: IpNet, value: &Value) -> &mut Writer {
        let Some((key, depth)) = self.key(network) else { return self };
        let offset = self.store(value);
        self.link(key, depth, Link::Data(offset));
        self
    }

    /// Lets a prefix lead to the IPv4 half, as MaxMind does for `2002::/16` and others.
    pub fn alias(&mut self, network: &str) -> &mut Writer {
        let (key, depth) = self.key(network.parse().expect("a network")).expect("an IPv6 database");
        let target = self.descend(0, 96);
        self.link(key, depth, Link::Node(target));
        self
    }

    pub fn finish(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for [left, right] in &self.nodes {
            let (left, right) = (self.record(*left), self.record(*right));
            match self.record_bits {
                24 => {
                    bytes.extend(&left.to_be_bytes()[1..]);
                    bytes.extend(&right.to_be_bytes()[1..]);
                }
                28 => {
                    bytes.extend(&left.to_be_bytes()[1..]);
                    bytes.push(((left >> 24) as u8) << 4 | (right >> 24) as u8);
                    bytes.extend(&right.to_be_bytes()[1..]);
                }
                _ => bytes.extend([left.to_be_bytes(), right.to_be_bytes()].concat()),
            }
        }
        bytes.extend([0; 16]);
        bytes.extend(&self.data);
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        encode(&self.metadata(), &mut bytes);
        bytes
    }

    fn metadata(&self) -> Value {
        Value::Map(vec![
            ("binary_format_major_version", Value::Short(2)),
            ("binary_format_minor_version", Value::Short(0)),
            ("build_epoch", Value::Long(1_700_000_000)),
            ("database_type", text("Meridian-Test")),
            ("description", Value::Map(vec![("en", text("made by a test"))])),
            ("ip_version", Value::Short(if self.six { 6 } else { 4 })),
            ("languages", Value::List(vec![text("en")])),
            ("node_count", Value::Word(self.nodes.len() as u32)),
            ("record_size", Value::Short(self.record_bits)),
        ])
    }

    fn record(&self, link: Link) -> u32 {
        let number = match link {
            Link::Nothing => self.nodes.len(),
            Link::Node(node) => node,
            Link::Data(offset) => self.nodes.len() + 16 + offset,
        };
        u32::try_from(number).expect("a small database")
    }

    /// Where a network stands in the tree: bits from the top, and how many.
    fn key(&self, network: IpNet) -> Option<(u128, u8)> {
        match (network.network(), self.six) {
            (IpAddr::V4(four), false) => Some((u128::from(four.to_bits()) << 96, network.prefix_len())),
            (IpAddr::V4(four), true) => Some((four.to_bits().into(), network.prefix_len() + 96)),
            (IpAddr::V6(six), true) => Some((six.to_bits(), network.prefix_len())),
            (IpAddr::V6(_), false) => None,
        }
    }

    fn link(&mut self, key: u128, depth: u8, link: Link) {
        match depth.checked_sub(1) {
            None => self.nodes[0] = [link; 2],
            Some(above) => {
                let node = self.descend(key, above);
                self.nodes[node][bit(key, above)] = link;
            }
        }
    }

    /// The node at the end of so many bits; a leaf on the way becomes a node with two such leaves.
    fn descend(&mut self, key: u128, depth: u8) -> usize {
        (0..depth).fold(0, |node, level| match self.nodes[node][bit(key, level)] {
            Link::Node(below) => below,
            leaf => {
                self.nodes.push([leaf; 2]);
                self.nodes[node][bit(key, level)] = Link::Node(self.nodes.len() - 1);
                self.nodes.len() - 1
            }
        })
    }

    fn store(&mut self, value: &Value) -> usize {
        let mut bytes = Vec::new();
        encode(value, &mut bytes);
        if let Some(&offset) = self.offsets.get(&bytes) {
            return offset;
        }
        let offset = self.data.len();
        self.data.extend(&bytes);
        self.offsets.insert(bytes, offset);
        offset
    }
}

fn bit(key: u128, level: u8) -> usize {
    (key >> (127 - level) & 1) as usize
}

/// The data section's encoding (MaxMind DB format 2.0, "Output Data Section").
fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            control(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::Double(number) => {
            control(3, 8, out);
            out.extend(number.to_be_bytes());
        }
        Value::Float(number) => {
            control(15, 4, out);
            out.extend(number.to_be_bytes());
        }
        Value::Short(number) => {
            control(5, 2, out);
            out.extend(number.to_be_bytes());
        }
        Value::Word(number) => {
            control(6, 4, out);
            out.extend(number.to_be_bytes());
        }
        Value::Long(number) => {
            control(9, 8, out);
            out.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            control(7, entries.len(), out);
            for (key, value) in entries {
                encode(&text(key), out);
                encode(value, out);
            }
        }
        Value::List(values) => {
            control(11, values.len(), out);
            values.iter().for_each(|value| encode(value, out));
        }
    }
}

/// A control byte: the type, or 0 and the type in a second byte, and the size.
fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (length, more) = match size {
        0..29 => (size as u8, None),
        _ => (29, Some(u8::try_from(size - 29).expect("a short value"))),
    };
    match kind {
        1..8 => out.push(kind << 5 | length),
        _ => out.extend([length, kind - 7]),
    }
    out.extend(more);
}
