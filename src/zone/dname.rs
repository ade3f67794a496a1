//! What a DNAME does to names below it (RFC 6672 §2.2).

/// The longest name, in octets (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;

/// `name`, which is below `owner`, with that end replaced by `target`: all uncompressed wire format, in any letter
/// case. `None` if it would be too long, which is YXDOMAIN.
pub fn substitute<'r>(
    name: &[u8],
    owner: &[u8],
    target: &[u8],
    room: &'r mut [u8; MAX_NAME],
) -> Option<&'r [u8]> {
    let below = &name[..name.len().checked_sub(owner.len())?];
    let length = below.len() + target.len();
    let made = room.get_mut(..length)?;
    made[..below.len()].copy_from_slice(below);
    made[below.len()..].copy_from_slice(target);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_another_end() {
        let rows = [
            [&b"\x01A\x01b\x00"[..], b"\x01b\x00", b"\x01c\x00", b"\x01A\x01c\x00"],
            [b"\x01a\x01b\x00", b"\x01b\x00", b"\x00", b"\x01a\x00"],
            [b"\x01a\x00", b"\x00", b"\x03net\x00", b"\x01a\x03net\x00"],
            [b"\x01a\x01b\x01c\x00", b"\x01c\x00", b"\x01c\x01c\x00", b"\x01a\x01b\x01c\x01c\x00"],
        ];
        for [name, owner, target, made] in rows {
            assert_eq!(substitute(name, owner, target, &mut [0; MAX_NAME]), Some(made));
        }
    }

    #[test]
    fn names_have_255_octets() {
        let long = [&[63; 64][..], &[63; 64], &[63; 64], &[60; 61], &[0]].concat();
        assert_eq!(long.len(), 254);
        let room = &mut [0; MAX_NAME];
        assert!(substitute(b"\x01a\x00", b"\x00", &long[2..], room).is_some());
        assert_eq!(substitute(b"\x01a\x00", b"\x00", &long, room), None);
        assert_eq!(substitute(b"\x00", b"\x01a\x00", b"\x00", room), None, "not below it");
    }
}
