//! What a certificate authority is to find at a steered name, and until when (ACME, RFC 8555 §8.4).

use std::time::SystemTime;

use super::Name;

/// TXT values at `_acme-challenge` of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The name that a certificate is for, without `*.`: a wildcard is validated at what it stands below.
    pub name: Name,
    /// 1 to [`MOST_VALUES`](Challenge::MOST_VALUES) of them, no two the same, each of 1 to
    /// [`LONGEST_VALUE`](Challenge::LONGEST_VALUE) visible ASCII characters.
    pub values: Vec<String>,
    /// The token's name, or `local` where there are no tokens.
    pub who: String,
    /// When it was set, to the second.
    pub since: SystemTime,
    /// When it ends by itself, to the second.
    pub until: SystemTime,
}

impl Challenge {
    /// The label before the name, in wire format.
    pub const LABEL: &[u8; 16] = b"\x0f_acme-challenge";
    /// A name and its wildcard are validated at once, perhaps by several authorities.
    pub const MOST_VALUES: usize = 8;
    /// In octets: one character string of a TXT record (RFC 1035 §3.3).
    pub const LONGEST_VALUE: usize = 255;
    /// Names that may have values at once.
    pub const MOST_NAMES: usize = 1_000;

    /// The name that a certificate is for, as it is kept: what clients put before it is taken away, be it the
    /// asterisk of a wildcard or the label of the challenge itself.
    pub fn subject(name: &Name) -> Name {
        let wire = name.as_wire();
        let rest = wire.strip_prefix(Self::LABEL).unwrap_or(wire);
        let rest = rest.strip_prefix(b"\x01*").unwrap_or(rest);
        Name::from_wire(rest).unwrap_or_else(|| name.clone())
    }

    /// Where the values of a name stand; `None` where that name would be too long.
    pub fn owner(name: &Name) -> Option<Name> {
        Name::from_wire(&[Self::LABEL, name.as_wire()].concat())
    }

    /// Whether it still counts at `now`.
    pub fn in_force(&self, now: SystemTime) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_whatever_clients_call_it() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        for (said, kept, owner) in [
            ("www.example.", "www.example.", "_acme-challenge.www.example."),
            ("*.example.", "example.", "_acme-challenge.example."),
            ("_ACME-challenge.www.example.", "www.example.", "_acme-challenge.www.example."),
            ("_acme-challenge.*.example.", "example.", "_acme-challenge.example."),
            (
                "_acme-challenges.example.",
                "_acme-challenges.example.",
                "_acme-challenge._acme-challenges.example.",
            ),
        ] {
            let subject = Challenge::subject(&name(said));
            assert_eq!((&subject, Challenge::owner(&subject)), (&name(kept), Some(name(owner))), "{said}");
        }
        let long = format!("{}example.", "abcdefghi.".repeat(24));
        assert_eq!(Challenge::owner(&name(&long)), None);
    }
}
