//! Words to octets: escapes, character strings and names (RFC 1035 §5.1, RFC 4343 §2.1).

/// What is wrong with a word, and how many bytes into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, and what would be valid.
    pub why: &'static str,
    /// Bytes from the start of the word.
    pub at: usize,
}

/// One octet of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Octet {
    /// As it stands in the text.
    Plain(u8),
    /// Behind a backslash: `\.` or `\046`; it never separates anything.
    Escaped(u8),
}

impl Octet {
    /// Its value, however it was written.
    pub fn value(self) -> u8 {
        match self {
            Octet::Plain(byte) | Octet::Escaped(byte) => byte,
        }
    }
}

/// The octet at `at`, and how many bytes of text it takes; `None` at the end of the word.
pub(super) fn octet(word: &[u8], at: usize) -> Option<Result<(Octet, usize), Fault>> {
    let bad = |why| Some(Err(Fault { why, at }));
    match *word.get(at)? {
        b'\\' => match word.get(at + 1..) {
            Some([a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..]) => {
                let digit = |byte: u8| u32::from(byte - b'0');
                match u8::try_from(digit(*a) * 100 + digit(*b) * 10 + digit(*c)) {
                    Ok(value) => Some(Ok((Octet::Escaped(value), 4))),
                    Err(_) => bad("an escape's number is at most 255"),
                }
            }
            Some([b'0'..=b'9', ..]) => bad("an escape by number has three digits, as in \\046"),
            Some([byte, ..]) => Some(Ok((Octet::Escaped(*byte), 2))),
            _ => bad("a backslash at the end of a line escapes nothing; write \\\\ for a backslash"),
        },
        byte => Some(Ok((Octet::Plain(byte), 1))),
    }
}

/// All octets of a word.
pub(super) fn octets(word: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(word.len());
    let mut at = 0;
    while let Some(next) = octet(word, at) {
        let (octet, length) = next?;
        out.push(octet.value());
        at += length;
    }
    Ok(out)
}

/// A character string with its length octet, appended to `out` (RFC 1035 §3.3).
pub(super) fn string(word: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let octets = octets(word)?;
    let Ok(length) = u8::try_from(octets.len()) else {
        let why = "a string holds at most 255 octets; split it into several strings in quotes";
        return Err(Fault { why, at: 0 });
    };
    out.push(length);
    out.extend_from_slice(&octets);
    Ok(())
}

/// A name in uncompressed wire form, its letter case kept; relative names get `origin` (wire form) appended,
/// and a bare `@` is the origin.
pub(super) fn name(word: &[u8], origin: &[u8]) -> Result<Vec<u8>, Fault> {
    match word {
        b"@" => return Ok(origin.to_vec()),
        b"." => return Ok(vec![0]),
        b"" => return Err(Fault { why: "a name is not empty; '@' is the origin, '.' the root", at: 0 }),
        _ => {}
    }
    let mut wire = Vec::with_capacity(word.len() + 1 + origin.len());
    let (mut at, mut label, mut label_at) = (0, 0, 0);
    wire.push(0);
    while let Some(next) = octet(word, at) {
        let (octet, length) = next?;
        if octet == Octet::Plain(b'.') {
            close_label(&mut wire, label, label_at)?;
            (label, label_at) = (wire.len(), at + 1);
            wire.push(0);
        } else {
            wire.push(octet.value());
        }
        at += length;
    }
    let absolute = wire.len() - label == 1;
    if !absolute {
        close_label(&mut wire, label, label_at)?;
        wire.extend_from_slice(origin);
    }
    match wire.len() {
        ..=255 => Ok(wire),
        _ if absolute => Err(Fault { why: "a name takes at most 255 octets", at: 0 }),
        _ => Err(Fault { why: "with the origin behind it, this name takes over 255 octets", at: 0 }),
    }
}

/// Writes the length of the label that begins at `label` in `wire` and at `at` in the word.
fn close_label(wire: &mut [u8], label: usize, at: usize) -> Result<(), Fault> {
    match wire.len() - label - 1 {
        0 => Err(Fault { why: "a name has no empty labels; one dot too many", at }),
        length @ 1..=63 => {
            wire[label] = length as u8;
            Ok(())
        }
        _ => Err(Fault { why: "a label holds at most 63 octets", at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &[u8] = b"\x07Example\x00";

    #[test]
    fn names_become_wire() {
        let rows: [(&str, &[u8]); 9] = [
            ("@", ORIGIN),
            (".", b"\x00"),
            ("www", b"\x03www\x07Example\x00"),
            ("WWW.a.", b"\x03WWW\x01a\x00"),
            ("*.a", b"\x01*\x01a\x07Example\x00"),
            ("a\\.b.", b"\x03a.b\x00"),
            ("\\064.", b"\x01@\x00"),
            ("\\@", b"\x01@\x07Example\x00"),
            ("a/b.\\255.", b"\x03a/b\x01\xff\x00"),
        ];
        for (text, wire) in rows {
            assert_eq!(name(text.as_bytes(), ORIGIN).as_deref(), Ok(wire), "{text}");
        }
        assert_eq!(name(b"\xe9\x00.", ORIGIN).as_deref(), Ok(&b"\x02\xe9\x00\x00"[..]));
    }

    #[test]
    fn bad_names_point_at_what_is_bad() {
        let long = format!("ok.{}", "a".repeat(64));
        let labels = "a.".repeat(127);
        let rows = [
            ("", "a name is not empty", 0),
            ("a..b", "a name has no empty labels", 2),
            (".a", "a name has no empty labels", 0),
            (long.as_str(), "a label holds at most 63", 3),
            (&labels[..labels.len() - 1], "with the origin behind it", 0),
            ("ab\\25x", "an escape by number has three digits", 2),
            ("\\256", "an escape's number is at most 255", 0),
            ("a\\", "a backslash at the end", 1),
        ];
        for (text, why, at) in rows {
            let fault = name(text.as_bytes(), ORIGIN).unwrap_err();
            assert!(fault.why.starts_with(why) && fault.at == at, "{text}: {fault:?}");
        }
        assert_eq!(name(labels.as_bytes(), ORIGIN).map(|wire| wire.len()), Ok(255));
    }

    #[test]
    fn strings_hold_255_octets() {
        let mut out = Vec::new();
        string(b"a\\\"\\000", &mut out).unwrap();
        assert_eq!(out, b"\x03a\"\x00");
        string("x".repeat(255).as_bytes(), &mut out).unwrap();
        assert!(string("x".repeat(256).as_bytes(), &mut out).is_err());
    }
}
