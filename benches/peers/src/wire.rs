//! Queries, octet by octet, and where in a packet things lie.

/// Where the flags begin (RFC 1035 §4.1.1).
pub const FLAGS_AT: usize = 2;

/// Where the question begins.
pub const QUESTION_AT: usize = 12;

/// Where the first octet of the first label lies: [`MISSING`] or [`THERE`].
pub const LABEL_AT: usize = QUESTION_AT + 1;

/// The first octet of names that exist.
pub const THERE: u8 = b'n';

/// The first octet of names that do not exist.
pub const MISSING: u8 = b'x';

/// The zone in which all names are, label by label.
pub const ZONE: [&str; 2] = ["bench", "example"];

/// The UDP payload that queries announce.
const PAYLOAD: u16 = 1232;

/// Option codes (IANA's DNS EDNS0 option codes).
pub const SUBNET: u16 = 8;
/// See [`SUBNET`].
pub const COOKIE: u16 = 10;

/// The client's half of a cookie.
pub const CLIENT_COOKIE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// The first label of a name: always as long, so that all queries of a workload are.
pub fn label(number: usize, there: bool) -> String {
    format!("{}{number:05}", char::from(if there { THERE } else { MISSING }))
}

/// A name as zone files and configurations write it, with the dot at its end.
pub fn name(number: usize) -> String {
    format!("{}.{}.", label(number, true), ZONE.join("."))
}

/// The zone's name, with the dot at its end.
pub fn zone() -> String {
    format!("{}.", ZONE.join("."))
}

/// A query for the A records of a name in the zone, with an OPT record.
pub fn query(id: u16, label: &str, subnet: Option<[u8; 3]>, cookie: bool) -> Vec<u8> {
    let mut query = id.to_be_bytes().to_vec();
    query.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in [label].iter().chain(&ZONE) {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    let mut options = Vec::new();
    if let Some(prefix) = subnet {
        options.extend(SUBNET.to_be_bytes());
        options.extend([0, 7, 0, 1, 24, 0]);
        options.extend(prefix);
    }
    if cookie {
        options.extend(COOKIE.to_be_bytes());
        options.extend([0, 8]);
        options.extend(CLIENT_COOKIE);
    }
    query.extend([0, 0, 41]);
    query.extend(PAYLOAD.to_be_bytes());
    query.extend([0, 0, 0, 0]);
    query.extend((options.len() as u16).to_be_bytes());
    query.extend(options);
    query
}

/// Where the question of a packet of ours ends.
pub fn question_end(query: &[u8]) -> usize {
    let mut at = QUESTION_AT;
    while let Some(length @ 1..) = query.get(at) {
        at += 1 + usize::from(*length);
    }
    at + 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_as_the_rfcs_say() {
        let plain = query(0x1234, "n00007", None, false);
        assert_eq!(plain[..12], [0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(plain[12..38], *b"\x06n00007\x05bench\x07example\0\0\x01\0\x01");
        assert_eq!(question_end(&plain), 38);
        assert_eq!(plain[question_end(&plain)..], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        let full = query(1, "n00007", Some([192, 0, 2]), true);
        let options = &full[question_end(&full) + 9..];
        assert_eq!(options[..13], [0, 23, 0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2]);
        assert_eq!(options[13..], [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
