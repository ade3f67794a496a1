//! Times to live: seconds, or numbers with units as BIND, Knot and NSD read them.

/// The largest TTL: 2^31 − 1 (RFC 2181 §8).
pub(super) const MAX_TTL: u32 = (1 << 31) - 1;

/// Reads `3600`, `1h30m`, `2W`: seconds, or numbers each followed by one of `w d h m s` in either case. The
/// error says what is wrong and what would be valid.
pub(super) fn ttl(word: &[u8]) -> Result<u32, String> {
    let seconds = seconds(word).ok_or_else(|| {
        format!("'{}' is not a time; write seconds, or units as in 1h30m (w, d, h, m, s)", quote(word))
    })?;
    match u32::try_from(seconds) {
        Ok(seconds) if seconds <= MAX_TTL => Ok(seconds),
        _ => Err(format!("'{}' is over {MAX_TTL} seconds, the largest TTL (RFC 2181 §8)", quote(word))),
    }
}

/// As [`ttl`], for the timers of an SOA, which have all 32 bits (RFC 1035 §3.3.13).
pub(super) fn timer(word: &[u8]) -> Result<u32, String> {
    match seconds(word).map(u32::try_from) {
        Some(Ok(seconds)) => Ok(seconds),
        Some(Err(_)) => Err(format!("'{}' is over {} seconds, the longest timer", quote(word), u32::MAX)),
        None => ttl(word),
    }
}

/// Whether a word has the form of a time, of whatever length.
pub(super) fn is_time(word: &[u8]) -> bool {
    seconds(word).is_some()
}

/// The sum, saturating; `None` unless it has the form of a time.
fn seconds(word: &[u8]) -> Option<u64> {
    let mut total = 0_u64;
    let mut number: Option<u64> = None;
    let mut units = false;
    for &byte in word {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            continue;
        }
        let unit = match byte.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total = total.saturating_add(number.take()?.saturating_mul(unit));
        units = true;
    }
    match number {
        Some(_) if units => None,
        Some(number) => Some(number),
        None => units.then_some(total),
    }
}

/// A user's word for a message: without control characters, and not longer than a line can bear.
pub(super) fn quote(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(&word[..word.len().min(250)]);
    let mut short = String::new();
    for letter in text.chars().take(60) {
        match letter.is_control() {
            true => short.extend(letter.escape_default()),
            false => short.push(letter),
        }
    }
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_units() {
        let rows: [(&str, Option<u32>); 14] = [
            ("0", Some(0)),
            ("3600", Some(3600)),
            ("1h30m", Some(5400)),
            ("1H30M", Some(5400)),
            ("2w", Some(1_209_600)),
            ("1w1d1h1m1s", Some(694_861)),
            ("2147483647", Some(MAX_TTL)),
            ("2147483648", None),
            ("99999999999999999999w", None),
            ("1h30", None),
            ("h", None),
            ("", None),
            ("-1", None),
            ("1y", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(ttl(text.as_bytes()).ok(), seconds, "{text}");
        }
    }

    #[test]
    fn errors_quote_the_word_and_say_what_is_valid() {
        let text = "'1y' is not a time; write seconds, or units as in 1h30m (w, d, h, m, s)";
        assert_eq!(ttl(b"1y"), Err(text.to_owned()));
        let text = "'4000000000' is over 2147483647 seconds, the largest TTL (RFC 2181 §8)";
        assert_eq!(ttl(b"4000000000"), Err(text.to_owned()));
        assert_eq!(quote(b"\x1b[2J\xff"), "\\u{1b}[2J\u{fffd}");
    }
}
