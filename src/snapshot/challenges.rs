//! ACME challenges, as queries look them up.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::model::Challenge;

/// Challenges in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<[Arc<Challenge>]>);

impl Challenges {
    /// A table of these; no two for one name.
    pub fn new(challenges: impl IntoIterator<Item = Arc<Challenge>>) -> Challenges {
        let mut all: Vec<_> = challenges.into_iter().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Challenges(all.into())
    }

    /// The challenge that stands at a name (wire format, any letter case) and counts at `unix`, in Unix seconds.
    pub fn at(&self, owner: &[u8], unix: u64) -> Option<&Challenge> {
        let (label, name) = owner.split_first_chunk::<16>()?;
        if !label.eq_ignore_ascii_case(Challenge::LABEL) {
            return None;
        }
        let name = || name.iter().map(u8::to_ascii_lowercase);
        let place = |one: &Arc<Challenge>| one.name.as_wire().iter().copied().cmp(name());
        let challenge = &self.0[self.0.binary_search_by(place).ok()?];
        challenge.in_force(SystemTime::UNIX_EPOCH + Duration::from_secs(unix)).then_some(challenge)
    }

    /// Whether there is none at all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them counts no more.
    pub fn have_ended(&self, now: SystemTime) -> bool {
        self.0.iter().any(|challenge| !challenge.in_force(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn challenge(name: &str, until: u64) -> Arc<Challenge> {
        let (name, values, who) = (name.parse().unwrap(), vec![name.to_owned()], "local".into());
        Arc::new(Challenge { name, values, who, since: at(0), until: at(until) })
    }

    #[test]
    fn names_are_found_in_any_letter_case_until_they_end() {
        let rows = [("b.example.", 20), ("a.example.", 10), ("example.", 30), ("z.example.", 40)];
        let table = Challenges::new(rows.map(|(name, until)| challenge(name, until)));
        let find = |owner: &[u8], unix| table.at(owner, unix).map(|found| found.values[0].as_str());
        for (owner, unix, found) in [
            (&b"\x0f_acme-challenge\x01a\x07example\x00"[..], 9, Some("a.example.")),
            (b"\x0f_acme-challenge\x01a\x07example\x00", 10, None),
            (b"\x0f_aCMe-ChallengE\x01B\x07exAMPle\x00", 10, Some("b.example.")),
            (b"\x0f_acme-challenge\x07example\x00", 29, Some("example.")),
            (b"\x0f_acme-challenge\x01z\x07example\x00", 29, Some("z.example.")),
            (b"\x0f_acme-challenge\x01c\x07example\x00", 0, None),
            (b"\x0f_acme-challenge\x00", 0, None),
            (b"\x0f_acme-challengx\x01a\x07example\x00", 0, None),
            (b"\x01a\x07example\x00", 0, None),
            (b"\x00", 0, None),
        ] {
            assert_eq!(find(owner, unix), found, "{owner:?} at {unix}");
        }
        assert!(Challenges::default().at(b"\x0f_acme-challenge\x00", 0).is_none());
        assert_eq!([9, 10].map(|seconds| table.have_ended(at(seconds))), [false, true]);
    }
}
