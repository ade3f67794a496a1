//! A fast hash of names. Not secret: only an operator's own names are ever in the table, so a stranger cannot
//! lengthen a probe sequence, and names are compared in full wherever hashes agree.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a name in wire format and lower case.
#[cfg(not(test))]
pub fn hash(name: &[u8]) -> u64 {
    spread(name)
}

/// In tests, a name that contains the label `collide` hashes to 7: proof that collisions cost nothing but time.
#[cfg(test)]
pub fn hash(name: &[u8]) -> u64 {
    if name.windows(8).any(|window| window == b"\x07collide") { 7 } else { spread(name) }
}

fn spread(name: &[u8]) -> u64 {
    let (words, tail) = name.as_chunks::<8>();
    let mut state = Hasher::new(name.len());
    words.iter().for_each(|word| state.add(u64::from_le_bytes(*word)));
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        state.add(u64::from_le_bytes(last));
    }
    state.finish()
}

/// The hash of a name, 8 octets at a time, for who has them at hand.
#[derive(Clone, Copy)]
pub(super) struct Hasher(u64);

impl Hasher {
    /// For a name of so many octets.
    pub fn new(length: usize) -> Hasher {
        Hasher(MULTIPLIER ^ length as u64)
    }

    /// The next 8 octets, the first one lowest; zeros behind the end.
    pub fn add(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }

    /// All of it.
    pub fn finish(self) -> u64 {
        mix(self.0)
    }
}

/// Both halves of a full product: every bit of the input reaches every bit of the output.
fn mix(value: u64) -> u64 {
    let wide = u128::from(value) * u128::from(MULTIPLIER);
    (wide as u64) ^ (wide >> 64) as u64
}
