//! Words of the DNS that operators write in checks: types of records (RFC 3597 §5) and codes of answers.

use std::fmt;

/// The type of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordType(pub u16);

impl RecordType {
    /// IPv4 addresses.
    pub const A: RecordType = RecordType(1);
    /// IPv6 addresses.
    pub const AAAA: RecordType = RecordType(28);

    /// Those that have a word here; any other is written like `TYPE65280`.
    pub const WORDS: &'static [(&'static str, u16)] = &[
        ("A", 1),
        ("NS", 2),
        ("CNAME", 5),
        ("SOA", 6),
        ("PTR", 12),
        ("MX", 15),
        ("TXT", 16),
        ("AAAA", 28),
        ("SRV", 33),
        ("NAPTR", 35),
        ("DS", 43),
        ("DNSKEY", 48),
        ("TLSA", 52),
        ("SVCB", 64),
        ("HTTPS", 65),
        ("CAA", 257),
    ];

    /// By its word or number, in any case; what no question may ask (0, OPT, and what is a transfer) is none.
    pub fn parse(word: &str) -> Option<RecordType> {
        let known = Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        let number = || {
            let digits = word.get(4..).filter(|_| word[..4].eq_ignore_ascii_case("TYPE"))?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| plain && !matches!(number, 0 | 41 | 249..=255))
        };
        known.map(|(_, number)| *number).or_else(number).map(RecordType)
    }
}

impl Default for RecordType {
    fn default() -> Self {
        RecordType::A
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::WORDS.iter().find(|(_, number)| *number == self.0) {
            Some((word, _)) => f.write_str(word),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// The code of an answer, as far as the header has room for it (RFC 1035 §4.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rcode(pub u8);

impl Rcode {
    /// No error.
    pub const NOERROR: Rcode = Rcode(0);

    /// Every one that has a word.
    pub const WORDS: &'static [(&'static str, Rcode)] = &[
        ("NOERROR", Rcode(0)),
        ("FORMERR", Rcode(1)),
        ("SERVFAIL", Rcode(2)),
        ("NXDOMAIN", Rcode(3)),
        ("NOTIMP", Rcode(4)),
        ("REFUSED", Rcode(5)),
        ("NOTAUTH", Rcode(9)),
    ];
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::WORDS.iter().find(|(_, code)| code == self) {
            Some((word, _)) => f.write_str(word),
            None => write!(f, "RCODE{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_words_or_numbers() {
        let rows = [
            ("A", Some("A")),
            ("aaaa", Some("AAAA")),
            ("TYPE28", Some("AAAA")),
            ("type65280", Some("TYPE65280")),
            ("TYPE0", None),
            ("TYPE41", None),
            ("TYPE255", None),
            ("TYPE+1", None),
            ("TYPE65536", None),
            ("AXFR", None),
            ("äää", None),
            ("", None),
        ];
        for (word, shown) in rows {
            let read = RecordType::parse(word).map(|found| found.to_string());
            assert_eq!(read.as_deref(), shown, "{word}");
        }
    }
}
