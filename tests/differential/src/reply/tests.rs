//! Messages octet by octet, and what is read in them.

use super::*;

/// A reply with a question for `a.` and whatever follows it: counts of the sections, then their records.
pub fn message(flags: [u8; 2], counts: [u8; 3], records: &[&[u8]]) -> Vec<u8> {
    let [answer, authority, additional] = counts;
    let mut message = vec![0, 7, flags[0], flags[1], 0, 1, 0, answer, 0, authority, 0, additional];
    message.extend(b"\x01A\0\0\x01\0\x01");
    records.iter().for_each(|record| message.extend(*record));
    message
}

/// `a. 60 IN A 192.0.2.1`, its owner a pointer to the question.
pub const ADDRESS: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";

/// `a. 60 IN CNAME B.`
pub const ALIAS: &[u8] = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x03\x01B\0";

/// `b. 60 IN CNAME a.`, its target a pointer to the question.
pub const BACK: &[u8] = b"\x01b\0\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c";

/// `. 5 IN SOA b. b. 1 2 3 4 5`
pub const SOA: &[u8] =
    b"\0\0\x06\0\x01\0\0\0\x05\0\x1a\x01b\0\x01b\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05";

/// Version 0, payload 1232, extended code 1.
pub const OPT: &[u8] = b"\0\0\x29\x04\xd0\x01\0\0\0\0\0";

#[test]
fn everything_is_read() {
    let octets = message([0x87, 0x83], [2, 1, 2], &[ALIAS, BACK, SOA, ADDRESS, OPT]);
    let reply = Reply::read(&octets).unwrap();
    assert_eq!((reply.code, reply.authoritative, reply.truncated), (0x13, true, true));
    assert!(reply.flags.ends_with("qr rd ra"), "{}", reply.flags);
    assert_eq!(reply.question, b"\x01A\0\0\x01\0\x01");
    assert_eq!(reply.opt, Some(Opt { version: 0, payload: 1232 }));
    let lines: Vec<String> = reply.sections.iter().flatten().map(Record::to_string).collect();
    let expected =
        ["a. 60 IN CNAME B.", "b. 60 IN CNAME A.", ". 5 IN SOA b. b. 1 2 3 4 5", "a. 60 IN A 192.0.2.1"];
    assert_eq!(lines, expected);
    assert_eq!(reply.sections[ANSWER][0].data, b"\x01b\0");
}

#[test]
fn what_cannot_be_read_is_told() {
    let rows: &[(&[u8], &str)] = &[
        (b"\0\x07", "header"),
        (&message([0x80, 0], [1, 0, 0], &[]), "answer"),
        (&message([0x80, 0], [0, 1, 0], &[b"\xc0\x0c\0\x01"]), "authority"),
        (&message([0x80, 0], [0, 0, 1], &[&ADDRESS[..12]]), "additional"),
        (&message([0x80, 0], [0, 0, 0], &[ADDRESS]), "behind the last record"),
    ];
    for (octets, word) in rows {
        let error = Reply::read(octets).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
