//! Words out of a closed set.

use toml::de::DeValue;

use super::{Leaf, Wrong};
use crate::config::Role;
use crate::model::{CapacityUnit, Families, OnAllDown, did_you_mean};

/// A closed set of words and what each stands for.
pub trait Word: Copy + 'static {
    /// As they are written.
    const WORDS: &'static [(&'static str, Self)];
}

/// One word of a closed set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneOf<E>(pub E);

impl<E: Word> Leaf for OneOf<E> {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        let word = value.as_str();
        let known = E::WORDS.iter().find(|(known, _)| Some(*known) == word);
        known.map(|(_, meaning)| OneOf(*meaning)).ok_or_else(|| {
            let words = || E::WORDS.iter().map(|(word, _)| *word);
            let hint = word.map_or(String::new(), |word| did_you_mean(word, words()));
            Wrong::not(format!("one of {}{hint}", words().collect::<Vec<_>>().join(", ")))
        })
    }
}

impl Word for Families {
    const WORDS: &'static [(&'static str, Self)] =
        &[("independent", Families::Independent), ("together", Families::Together)];
}

impl Word for OnAllDown {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("all", OnAllDown::All),
        ("fallback", OnAllDown::Fallback),
        ("nodata", OnAllDown::Nodata),
        ("servfail", OnAllDown::Servfail),
    ];
}

impl Word for Role {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("acme", Role::Acme),
        ("signals", Role::Signals),
        ("read", Role::Read),
        ("operate", Role::Operate),
        ("admin", Role::Admin),
    ];
}

/// What a check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: every address is always healthy.
    None,
    /// A request over plain HTTP.
    Http,
    /// A request inside TLS.
    Https,
    /// A connection, and perhaps a few bytes each way.
    Tcp,
    /// One question of the DNS.
    Dns,
    /// The standard health protocol of gRPC.
    Grpc,
    /// An ICMP echo.
    Icmp,
    /// A program of the operator's.
    Command,
    /// Nothing by itself: what is believed of another service.
    Service,
}

impl Word for Kind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Kind::None),
        ("http", Kind::Http),
        ("https", Kind::Https),
        ("tcp", Kind::Tcp),
        ("dns", Kind::Dns),
        ("grpc", Kind::Grpc),
        ("icmp", Kind::Icmp),
        ("command", Kind::Command),
        ("service", Kind::Service),
    ];
}

/// How many of several checks must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Every one.
    All,
    /// One at least.
    Any,
}

impl Word for Combine {
    const WORDS: &'static [(&'static str, Self)] = &[("all", Combine::All), ("any", Combine::Any)];
}

impl Word for CapacityUnit {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("connections", CapacityUnit::Connections),
        ("requests", CapacityUnit::Requests),
        ("demand", CapacityUnit::Demand),
    ];
}
