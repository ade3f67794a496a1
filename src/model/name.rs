//! Domain names in the one form in which they are compared: wire format, lower case.

use std::fmt;
use std::str::FromStr;

/// A fully qualified domain name: uncompressed wire format with ASCII letters in lower case
/// (RFC 1035 §3.1, RFC 4343), 1 to 255 octets, the root label included.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<[u8]>);

/// A text that is no domain name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Labels of 1 to 63 octets, 255 in all, escapes as in RFC 1035 §5.1.
    #[error("'{0}' is not a domain name: {1}")]
    Malformed(String, String),
    /// Relative names have no meaning here.
    #[error("'{0}' does not end in a dot; write '{0}.'")]
    Relative(String),
}

impl Name {
    /// The root.
    pub fn root() -> Name {
        Name(Box::new([0]))
    }

    /// A name from its wire format, lowercased; `None` unless it is exactly one uncompressed name.
    pub fn from_wire(wire: &[u8]) -> Option<Name> {
        let mut at = 0;
        loop {
            let length = usize::from(*wire.get(at)?);
            if length > 63 {
                return None;
            }
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
        // Length octets are below 64, so lowercasing the whole wire form cannot touch them.
        (at == wire.len() && at <= 255).then(|| Name(wire.to_ascii_lowercase().into()))
    }

    /// The wire format, lower case.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The labels from left to right, without the root's.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let length = usize::from(rest[0]);
            let label = &rest[1..=length];
            rest = rest.get(1 + length..).filter(|_| length > 0)?;
            (length > 0).then_some(label)
        })
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Name> {
        let length = usize::from(self.0[0]);
        (length > 0).then(|| Name(self.0[1 + length..].into()))
    }

    /// Whether this is `ancestor` or a name below it.
    pub fn is_within(&self, ancestor: &Name) -> bool {
        let mut rest = &self.0[..];
        while rest.len() > ancestor.0.len() {
            rest = &rest[1 + usize::from(rest[0])..];
        }
        rest == &ancestor.0[..]
    }

    /// Whether the first label is `*` (RFC 4592 §2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(b"\x01*")
    }
}

impl FromStr for Name {
    type Err = NameError;

    /// Reads an absolute name in zone-file form, with a dot at its end.
    fn from_str(text: &str) -> Result<Name, NameError> {
        let malformed = |why: String| NameError::Malformed(text.to_owned(), why);
        match text {
            "" => return Err(malformed("it is empty; the root is '.'".into())),
            _ if !text.ends_with('.') => return Err(NameError::Relative(text.to_owned())),
            _ => {}
        }
        let name = hickory_proto::rr::Name::from_ascii(text).map_err(|error| malformed(error.to_string()))?;
        let mut wire = Vec::with_capacity(name.len());
        for label in name.iter() {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label);
        }
        wire.push(0);
        Name::from_wire(&wire).ok_or_else(|| malformed("more than 255 octets".into()))
    }
}

impl fmt::Display for Name {
    /// Zone-file form with a dot at the end; odd bytes escaped (RFC 1035 §5.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() == 1 {
            return f.write_str(".");
        }
        for label in self.labels() {
            for &byte in label {
                match byte {
                    b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$' => {
                        write!(f, "\\{}", byte as char)?
                    }
                    0x21..=0x7e => write!(f, "{}", byte as char)?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
            f.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_print() {
        let rows = [
            ("www.GSLB.example.", "www.gslb.example."),
            (".", "."),
            ("*.cust.example.", "*.cust.example."),
            ("a\\.b.example.", "a\\.b.example."),
            ("_443._tcp.example.", "_443._tcp.example."),
        ];
        for (text, printed) in rows {
            assert_eq!(text.parse::<Name>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn bad_names_say_why() {
        assert!(matches!("www.example".parse::<Name>(), Err(NameError::Relative(_))));
        let long = format!("{}.example.", "a".repeat(64));
        for text in [long.as_str(), "a..example.", ""] {
            assert!(matches!(text.parse::<Name>(), Err(NameError::Malformed(..))), "{text}");
        }
    }

    #[test]
    fn ancestry_counts_whole_labels() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        assert!(name("a.example.").is_within(&name("example.")));
        assert!(name("example.").is_within(&Name::root()));
        assert!(!name("anexample.").is_within(&name("example.")));
        assert_eq!(name("a.example.").parent(), Some(name("example.")));
        assert_eq!(Name::root().parent(), None);
        assert_eq!(name("a.b.example.").labels().count(), 3);
    }
}
