//! The substitution of a NAPTR (RFC 3402 §3.2): `!expression!replacement!flags`.

/// Why a substitution is none; `None` if it is one, or empty.
pub(super) fn fault(octets: &[u8]) -> Option<&'static str> {
    let (&delimiter, rest) = octets.split_first()?;
    if delimiter.is_ascii_digit() || matches!(delimiter, 0 | b'i' | b'I' | b'\\') {
        return Some("it begins with its delimiter, which is no digit, 'i', or backslash");
    }
    let parts = parts(rest, delimiter);
    let [expression, replacement, flags] = &parts[..] else {
        return Some("it has the form !expression!replacement!, with the flag i at most behind it");
    };
    if !matches!(&flags[..], b"" | b"i" | b"I") {
        return Some("the one flag that there is, is i");
    }
    let Some(groups) = groups(expression) else { return Some("a bracket of its expression stays open") };
    match references(replacement).all(|digit| (1..=groups).contains(&digit)) {
        true => None,
        false => Some("its replacement refers to a group that its expression does not have"),
    }
}

/// What stands between the delimiters that have no backslash before them.
fn parts(octets: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let (mut parts, mut last) = (Vec::new(), Vec::new());
    let mut octets = octets.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b'\\' => last.extend([octet].iter().chain(octets.next())),
            _ if octet == delimiter => parts.push(std::mem::take(&mut last)),
            _ => last.push(octet),
        }
    }
    parts.push(last);
    parts
}

/// How many groups an extended regular expression has; `None` if a group or a bracket stays open, or a group is
/// closed that was not opened.
fn groups(expression: &[u8]) -> Option<u8> {
    let (mut open, mut all) = (0_usize, 0_u8);
    let mut rest = expression;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'\\' => rest = behind.get(1..)?,
            b'[' => rest = behind_bracket(behind)?,
            b'(' => (open, all) = (open + 1, all.saturating_add(1)),
            b')' => open = open.checked_sub(1)?,
            _ => {}
        }
    }
    (open == 0).then_some(all)
}

/// What follows a bracket expression; a `]` that comes first in it is one of its characters.
fn behind_bracket(inside: &[u8]) -> Option<&[u8]> {
    let first = usize::from(inside.first() == Some(&b'^'));
    let end = inside.iter().skip(first + 1).position(|octet| *octet == b']')?;
    inside.get(first + 1 + end + 1..)
}

/// The digits behind backslashes.
fn references(replacement: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut octets = replacement.iter();
    std::iter::from_fn(move || {
        loop {
            if *octets.next()? == b'\\' {
                let octet = octets.next()?;
                if octet.is_ascii_digit() {
                    return Some(octet - b'0');
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitutions_are_whole() {
        for sound in ["", "!^.*$!mailto:a@b.example!", "/(a)(b|[)(])/\\2\\1/i", "!\\!!x\\!!", "!!!", "![]]!!"]
        {
            assert_eq!(fault(sound.as_bytes()), None, "{sound}");
        }
        for bad in [
            "b",
            "bad",
            "!a!b",
            "!a!b!c",
            "!a!b!i!",
            "1a1b1",
            "iaibi",
            "!(a!b!",
            "!a)!b!",
            "!a!\\1!",
            "!(a)!\\0!",
            "![a!b!",
            "!a\\",
        ] {
            assert!(fault(bad.as_bytes()).is_some(), "{bad}");
        }
    }
}
