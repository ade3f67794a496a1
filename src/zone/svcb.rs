//! What is looked at in the data of HTTPS and SVCB records of steered names (RFC 9460 §2.2): priority, target, parameters.

/// Keys of parameters (RFC 9460 §14.3.2).
pub const MANDATORY: u16 = 0;
/// Addresses of the target, IPv4.
pub const IPV4HINT: u16 = 4;
/// Likewise IPv6.
pub const IPV6HINT: u16 = 6;

/// The parameters behind the target: each one's key, and all its octets, key and length included. Ends at whatever is none.
pub fn params(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [key, more, high, low] = *rest.first_chunk()?;
        let end = 4 + usize::from(u16::from_be_bytes([high, low]));
        let whole = rest.get(..end)?;
        rest = rest.get(end..)?;
        Some((u16::from_be_bytes([key, more]), whole))
    })
}

/// Whether the record is of a service (its priority is not 0) at its owner itself, `own` in lower case: then the addresses
/// of the owner are the service's.
pub fn is_hinted(data: &[u8], own: &[u8]) -> bool {
    let Some((priority, rest)) = data.split_first_chunk::<2>() else { return false };
    let target = rest.get(..name_length(rest)).unwrap_or_default();
    *priority != [0, 0] && (target == [0] || target.eq_ignore_ascii_case(own))
}

/// The parameters of a whole record.
pub fn params_of(data: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let rest = data.get(2..).unwrap_or_default();
    params(rest.get(name_length(rest)..).unwrap_or_default())
}

/// Octets of the uncompressed name at the start.
fn name_length(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = data.get(at).filter(|length| **length > 0) {
        at += 1 + usize::from(*length);
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = b"\x00\x01\x00\x00\x01\x00\x03\x02h2\x00\x03\x00\x02\x01\xbb\x00\x06\x00\x00";

    #[test]
    fn parameters_come_one_by_one() {
        let all: Vec<_> = params_of(DATA).map(|(key, whole)| (key, whole.len())).collect();
        assert_eq!(all, [(1, 7), (3, 6), (6, 4)]);
        for cut in 0..DATA.len() {
            assert!(params_of(&DATA[..cut]).count() < 3, "what is cut off is none");
        }
    }

    #[test]
    fn aliases_and_others_are_left_alone() {
        let rows: [(&[u8], bool); 7] = [
            (DATA, true),
            (b"\x00\x01\x03WWW\x00", true),
            (b"\x00\x00\x00", false),
            (b"\x00\x01\x01a\x00", false),
            (b"\x00\x01", false),
            (b"\x00\x01\x03ww", false),
            (b"", false),
        ];
        for (data, hinted) in rows {
            assert_eq!(is_hinted(data, b"\x03www\x00"), hinted, "{data:?}");
        }
    }
}
