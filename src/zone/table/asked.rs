//! A name that is asked for: read from a query, lowered and hashed in one go.

use super::hash::{Hasher, hash};

/// The longest name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// Octets that are read at a time; a name has its last word filled with zeros.
const WORD: usize = 8;

/// Where the longest name ends, in whole words.
const ROOM: usize = 256;

/// A name in wire format and lower case, with its hash.
#[derive(Clone, Debug)]
pub struct Asked {
    octets: [u8; ROOM],
    length: u8,
    labels: u8,
    hash: u64,
}

impl Default for Asked {
    /// The root.
    fn default() -> Self {
        Asked { octets: [0; ROOM], length: 1, labels: 0, hash: hash(&[0]) }
    }
}

impl Asked {
    /// The name at the start of `octets`, as [`read`](Asked::read) reads it.
    pub fn of(octets: &[u8]) -> Option<Asked> {
        let mut asked = Asked::default();
        asked.read(octets).map(|()| asked)
    }

    /// Reads the uncompressed name at the start of `octets`, in any letter case; behind its end anything may
    /// stand. `None` leaves no name of use: it has no end, is too long, or has a pointer.
    #[inline]
    pub fn read(&mut self, octets: &[u8]) -> Option<()> {
        match octets.first_chunk() {
            Some(octets) => self.read_room(octets),
            None => {
                let mut room = [0xff; ROOM];
                room[..octets.len()].copy_from_slice(octets);
                self.read_room(&room)
            }
        }
    }

    fn read_room(&mut self, octets: &[u8; ROOM]) -> Option<()> {
        let (mut at, mut labels) = (0, 0);
        loop {
            match octets[at] {
                0 => break,
                length @ 1..=63 => at += 1 + usize::from(length),
                _ => return None,
            }
            labels += 1;
            if at >= MAX_NAME {
                return None;
            }
        }
        (self.length, self.labels) = (at as u8 + 1, labels);
        self.lower(octets);
        Some(())
    }

    fn lower(&mut self, octets: &[u8; ROOM]) {
        let length = usize::from(self.length);
        let mut hasher = Hasher::new(length);
        let (from, _) = octets.as_chunks::<WORD>();
        let (to, _) = self.octets.as_chunks_mut::<WORD>();
        let whole = length / WORD;
        for (from, to) in from.iter().zip(to.iter_mut()).take(whole) {
            let word = lowered(u64::from_le_bytes(*from));
            *to = word.to_le_bytes();
            hasher.add(word);
        }
        if let Some(rest @ 1..) = length.checked_rem(WORD)
            && let (Some(from), Some(to)) = (from.get(whole), to.get_mut(whole))
        {
            let word = lowered(u64::from_le_bytes(*from)) & (u64::MAX >> (8 * (WORD - rest)));
            *to = word.to_le_bytes();
            hasher.add(word);
        }
        self.hash = hasher.finish();
        // Tests make some hashes collide.
        #[cfg(test)]
        (self.hash = hash(self.name()));
    }

    /// The name, in wire format and lower case.
    pub fn name(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    /// Its labels, the root's not counted.
    pub(super) fn labels(&self) -> usize {
        usize::from(self.labels)
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

/// Eight octets in lower case. Lengths of labels are below 64 and so never taken for letters.
fn lowered(word: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let low = word & !HIGH;
    // The top bit of each octet: whether it is at least 'A', and whether it is beyond 'Z'.
    let from_a = low + (HIGH - 0x4141_4141_4141_4141);
    let past_z = low + (HIGH - 0x5b5b_5b5b_5b5b_5b5b);
    let upper = from_a & !past_z & !word & HIGH;
    word | upper >> 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_octets_are_lowered_like_one(octets: [u8; 8]) {
            let expected = octets.to_ascii_lowercase();
            prop_assert_eq!(lowered(u64::from_le_bytes(octets)).to_le_bytes().to_vec(), expected);
        }

        /// Whatever stood in the slot before and stands behind the name.
        #[test]
        fn names_of_every_length_are_read(
            labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..64), 0..6),
            behind in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut wire: Vec<u8> =
                labels.iter().flat_map(|label| [&[label.len() as u8][..], label].concat()).collect();
            wire.push(0);
            let mut asked = Asked::default();
            asked.read(&[&[63; 64][..], &[63; 64], &[63; 64], &[61; 62], &[0]].concat()).unwrap();
            let read = asked.read(&[&wire[..], &behind].concat());
            prop_assert_eq!(read.is_some(), wire.len() <= MAX_NAME);
            if read.is_some() {
                let lower = wire.to_ascii_lowercase();
                prop_assert_eq!(asked.name(), &lower[..]);
                prop_assert_eq!(asked.labels(), labels.len());
                prop_assert_eq!(asked.hash(), hash(&lower));
            }
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        let endless = [1; 300];
        let rows: [&[u8]; 6] = [b"", b"\x03ww", b"\x03www", b"\xc0\x0c", b"\x40", &endless];
        for octets in rows {
            assert!(Asked::default().read(octets).is_none(), "{octets:?}");
        }
    }
}
