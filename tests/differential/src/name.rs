//! Domain names: lower case, label by label, in text and on the wire.

use std::fmt;

/// The most octets of a name on the wire (RFC 1035 §2.3.4).
pub const MOST_OCTETS: usize = 255;

/// The most octets of a label.
pub const MOST_LABEL: usize = 63;

/// An absolute name in lower case. Its labels stand as they are written, the root's left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Vec<Vec<u8>>);

impl Name {
    /// A name from its labels, all of them lawful.
    pub fn of(labels: &[&str]) -> Name {
        Name(labels.iter().map(|label| label.to_ascii_lowercase().into_bytes()).collect())
    }

    /// Reads uncompressed wire format.
    pub fn from_wire(mut wire: &[u8]) -> Option<Name> {
        let mut labels = Vec::new();
        while let (length @ 1.., rest) =
            wire.split_first().map(|(length, rest)| (usize::from(*length), rest))?
        {
            let (label, tail) = rest.split_at_checked(length)?;
            labels.push(label.to_ascii_lowercase());
            wire = tail;
        }
        Some(Name(labels))
    }

    /// One label below, if the name does not become too long.
    pub fn child(&self, label: &[u8]) -> Option<Name> {
        let fits = (1..=MOST_LABEL).contains(&label.len()) && self.octets() + 1 + label.len() <= MOST_OCTETS;
        let labels = || [label.to_ascii_lowercase()].into_iter().chain(self.0.iter().cloned()).collect();
        fits.then(|| Name(labels()))
    }

    /// The wildcard directly below.
    pub fn wildcard(&self) -> Option<Name> {
        self.child(b"*")
    }

    /// One label above; the root has none.
    pub fn parent(&self) -> Option<Name> {
        self.0.split_first().map(|(_, rest)| Name(rest.to_vec()))
    }

    /// The name, what is above it, and so on to the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Name> {
        (0..=self.0.len()).map(|skip| Name(self.0[skip..].to_vec()))
    }

    /// Whether it is the other name or below it.
    pub fn is_in(&self, other: &Name) -> bool {
        self.0.ends_with(&other.0)
    }

    /// Whether it is below the other name.
    pub fn is_below(&self, other: &Name) -> bool {
        self != other && self.is_in(other)
    }

    /// Whether its first label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0.first().is_some_and(|label| label == b"*")
    }

    /// How many labels it has, the root's not counted.
    pub fn labels(&self) -> usize {
        self.0.len()
    }

    /// How many octets it takes on the wire.
    pub fn octets(&self) -> usize {
        1 + self.0.iter().map(|label| 1 + label.len()).sum::<usize>()
    }

    /// Uncompressed wire format.
    pub fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(self.octets());
        for label in &self.0 {
            wire.push(label.len() as u8);
            wire.extend(label);
        }
        wire.push(0);
        wire
    }
}

/// As master files write it: what is not a letter, a digit, `-`, `_` or `*` stands as `\DDD` (RFC 1035 §5.1).
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in &self.0 {
            label.iter().try_for_each(|octet| match octet {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'*' => write!(f, "{}", char::from(*octet)),
                _ => write!(f, "\\{octet:03}"),
            })?;
            f.write_str(".")?;
        }
        if self.0.is_empty() { f.write_str(".") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_to_the_wire_and_back() {
        let rows = [Name::default(), Name::of(&["a"]), Name::of(&["*", "b", "example"])];
        for name in rows {
            assert_eq!(Name::from_wire(&name.wire()), Some(name.clone()));
            assert_eq!(name.wire().len(), name.octets());
        }
        assert_eq!(Name::from_wire(b"\x01A\0"), Some(Name::of(&["a"])));
        assert_eq!(Name::from_wire(b"\x02a"), None);
    }

    #[test]
    fn names_grow_no_longer_than_they_may() {
        let mut name = Name::default();
        while let Some(child) = name.child(b"a") {
            name = child;
        }
        assert_eq!((name.labels(), name.octets()), (127, 255));
        assert_eq!(Name::default().child(&[b'a'; 64]), None);
        assert_eq!(Name::default().child(b""), None);
    }

    #[test]
    fn odd_octets_are_escaped() {
        let name = Name::of(&["a"]).child(b"\0. B\xff").unwrap();
        assert_eq!(name.to_string(), "\\000\\046\\032b\\255.a.");
        assert_eq!(Name::default().to_string(), ".");
    }

    #[test]
    fn who_stands_below_whom() {
        let (example, www) = (Name::of(&["example"]), Name::of(&["www", "example"]));
        assert!(www.is_below(&example) && www.is_in(&www) && !www.is_below(&www) && !example.is_in(&www));
        assert!(!Name::of(&["myexample"]).is_in(&example));
        assert_eq!(www.ancestors().collect::<Vec<_>>(), [www, example, Name::default()]);
    }
}
