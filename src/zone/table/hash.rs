//! A fast hash of names. Not secret: only an operator's own names are ever in the table, so a stranger cannot
//! lengthen a probe sequence, and names are compared in full wherever hashes agree.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a name in wire format, 8 octets at a time.
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
    let mut state = MULTIPLIER ^ name.len() as u64;
    let (words, tail) = name.as_chunks::<8>();
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    mix(state ^ u64::from_le_bytes(last))
}

/// Both halves of a full product: every bit of the input reaches every bit of the output.
fn mix(value: u64) -> u64 {
    let wide = u128::from(value) * u128::from(MULTIPLIER);
    (wide as u64) ^ (wide >> 64) as u64
}
