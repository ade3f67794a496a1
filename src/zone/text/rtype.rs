//! Record types: their names and numbers, which of them a zone file may hold, and what each wants to be told.

use domain::base::iana::Rtype;

/// IANA's mnemonic of type 23, which the crate has without the hyphen.
const NSAP_PTR: &str = "NSAP-PTR";

/// The number of a type by its mnemonic or as `TYPE65280` (RFC 3597 §5), in either case.
pub(super) fn number(word: &[u8]) -> Option<u16> {
    let known = Rtype::from_bytes(word).map(Rtype::to_int);
    known.or_else(|| word.eq_ignore_ascii_case(NSAP_PTR.as_bytes()).then_some(Rtype::NSAPPTR.to_int()))
}

/// The mnemonic of a type, or `TYPE65280`.
pub(super) fn name(rtype: u16) -> String {
    match Rtype::from_int(rtype) {
        Rtype::NSAPPTR => NSAP_PTR.into(),
        rtype => rtype.to_string(),
    }
}

/// Why no zone file may hold this type; `None` when it may.
pub(super) fn refusal(rtype: u16) -> Option<String> {
    let name = name(rtype);
    match Rtype::from_int(rtype) {
        Rtype::DNSKEY | Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 | Rtype::NSEC3PARAM => Some(format!(
            "{name} is refused: signing does not exist yet, and a half-signed zone fails validation; remove \
             the DNSSEC records from this file, and the DS from the parent zone first (DS at delegations may stay)"
        )),
        // RFC 6895 §3.1: 0, OPT and 128–255 are for questions and messages.
        Rtype::OPT => Some(format!("{name} belongs to messages and has no place in a zone")),
        _ if rtype == 0 || (128..=255).contains(&rtype) => {
            Some(format!("{name} is for questions and messages; a zone holds data types only"))
        }
        _ => None,
    }
}

/// The fields that a type takes, as a sentence continues after `wants`.
pub(super) fn wants(rtype: u16) -> &'static str {
    match Rtype::from_int(rtype) {
        Rtype::A => "an IPv4 address, as in 192.0.2.1",
        Rtype::AAAA => "an IPv6 address, as in 2001:db8::1",
        Rtype::NS => "a name server's name, as in ns1.example.com.",
        Rtype::CNAME | Rtype::DNAME | Rtype::PTR => "one name, as in www.example.com.",
        Rtype::SOA => {
            "primary mailbox serial refresh retry expire minimum, as in \
                       ns1 hostmaster 2026010100 1h 15m 1w 5m"
        }
        Rtype::MX => "preference and host, as in 10 mail.example.com.",
        Rtype::TXT | Rtype::SPF => "strings of at most 255 octets in quotes",
        Rtype::SRV => "priority weight port target, as in 0 5 5060 sip.example.com.",
        Rtype::CAA => "flags tag value, as in 0 issue \"ca.example.net\"",
        Rtype::SVCB | Rtype::HTTPS => "priority target parameters, as in 1 . alpn=h2,h3 port=443",
        Rtype::DS | Rtype::CDS => "key-tag algorithm digest-type hex-digest",
        Rtype::TLSA | Rtype::SMIMEA => "usage selector matching-type hex-data",
        Rtype::SSHFP => "algorithm type hex-fingerprint",
        Rtype::NAPTR => "order preference \"flags\" \"service\" \"regexp\" replacement",
        Rtype::HINFO => "two strings, as in \"CPU\" \"OS\"",
        Rtype::LOC => "latitude longitude altitude, as in 53 21 0 N 6 15 36 W 10m",
        Rtype::URI => "priority weight \"target\", as in 10 1 \"https://www.example.com/\"",
        Rtype::RP => "mailbox and text name",
        Rtype::AFSDB | Rtype::RT | Rtype::KX | Rtype::LP => "preference and name",
        _ => "the fields of its RFC, or \\# length hex-data (RFC 3597)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_names_and_numbers() {
        for (word, rtype) in
            [("A", 1), ("aaaa", 28), ("TYPE1", 1), ("type65280", 65280), ("https", 65), ("SPF", 99)]
        {
            assert_eq!(number(word.as_bytes()), Some(rtype), "{word}");
        }
        for word in ["", "TYPE", "TYPE65536", "TYPE-1", "IN", "é", "AA"] {
            assert_eq!(number(word.as_bytes()), None, "{word}");
        }
        assert_eq!((name(65), name(65280)), ("HTTPS".into(), "TYPE65280".into()));
    }

    #[test]
    fn what_needs_signing_or_is_no_data_is_refused() {
        for rtype in [0, 41, 46, 47, 48, 50, 51, 250, 251, 252, 255] {
            assert!(refusal(rtype).is_some(), "{rtype}");
        }
        for rtype in [1, 10, 43, 59, 60, 63, 65, 99, 256, 65280] {
            assert_eq!(refusal(rtype), None, "{rtype}");
        }
    }
}
