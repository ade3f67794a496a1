//! LOC: a place on Earth (RFC 1876).

use domain::base::scan::Scanner;

use super::rdata::{Complaint, Fields};

/// Metres that RFC 1876 §3 gives where size and precisions are left out, in centimetres.
const DEFAULTS: [u64; 3] = [100, 1_000_000, 1_000];

/// `d1 [m1 [s1]] N|S d2 [m2 [s2]] E|W alt[m] [size[m] [hp[m] [vp[m]]]]`
pub(super) fn wire(fields: &mut Fields<'_>) -> Result<Vec<u8>, Complaint> {
    let latitude = angle(fields, 90, b'N', b'S')?;
    let longitude = angle(fields, 180, b'E', b'W')?;
    let altitude = centimetres(fields.word()?).and_then(|height| u32::try_from(height + 10_000_000).ok());
    let altitude = altitude.ok_or(Complaint::Crate("an altitude from -100000m to 42849672.95m"))?;
    let mut out = vec![0];
    for default in DEFAULTS {
        let length = if fields.continues() { centimetres(fields.word()?) } else { Some(default as i64) };
        let length = length.and_then(precision).ok_or(Complaint::Crate("a length from 0m to 90000000m"))?;
        out.push(length);
    }
    for word in [latitude, longitude, altitude] {
        out.extend(word.to_be_bytes());
    }
    Ok(out)
}

/// Thousandths of a second of arc around 2^31.
fn angle(fields: &mut Fields<'_>, limit: u64, plus: u8, minus: u8) -> Result<u32, Complaint> {
    const BAD: Complaint = Complaint::Crate("degrees [minutes [seconds]] and N, S, E or W");
    let mut total = 0;
    // Degrees, minutes, seconds in thousandths: only the last may have a fraction.
    for (unit, digits, most) in [(3_600_000, 0, limit), (60_000, 0, 59), (1, 3, 59_999)] {
        let word = fields.word()?;
        if let Some(sign) = hemisphere(word, plus, minus).filter(|_| unit < 3_600_000) {
            return offset(total, limit, sign).ok_or(BAD);
        }
        total += decimal(word, digits).filter(|&number| number <= most).ok_or(BAD)? * unit;
    }
    let sign = hemisphere(fields.word()?, plus, minus).ok_or(BAD)?;
    offset(total, limit, sign).ok_or(BAD)
}

fn hemisphere(word: &[u8], plus: u8, minus: u8) -> Option<i64> {
    match word {
        [letter] if letter.eq_ignore_ascii_case(&plus) => Some(1),
        [letter] if letter.eq_ignore_ascii_case(&minus) => Some(-1),
        _ => None,
    }
}

fn offset(total: u64, limit: u64, sign: i64) -> Option<u32> {
    let total = i64::try_from(total).ok().filter(|_| total <= limit * 3_600_000)?;
    u32::try_from((1 << 31) + sign * total).ok()
}

/// A number with at most `digits` decimals, in units of the last of them.
fn decimal(word: &[u8], digits: usize) -> Option<u64> {
    let (whole, fraction) = match word.iter().position(|&byte| byte == b'.') {
        Some(dot) => (&word[..dot], &word[dot + 1..]),
        None => (word, &b""[..]),
    };
    let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
    let some_digit = !whole.is_empty() || !fraction.is_empty();
    if !all_digits || !some_digit || whole.len() > 10 || fraction.len() > digits {
        return None;
    }
    let padded = std::iter::repeat_n(&b'0', digits - fraction.len());
    let number = whole.iter().chain(fraction).chain(padded);
    Some(number.fold(0, |sum, &digit| sum * 10 + u64::from(digit - b'0')))
}

/// `-12.34m` or `+12.34m` in centimetres.
fn centimetres(word: &[u8]) -> Option<i64> {
    let word = word.strip_suffix(b"m").unwrap_or(word);
    let (sign, word) = match word {
        [b'-', word @ ..] => (-1, word),
        [b'+', word @ ..] => (1, word),
        word => (1, word),
    };
    Some(sign * i64::try_from(decimal(word, 2)?).ok()?)
}

/// A length as four bits of mantissa and four of a power of ten (RFC 1876 §2).
fn precision(centimetres: i64) -> Option<u8> {
    let mut mantissa = u64::try_from(centimetres).ok().filter(|&length| length <= 9_000_000_000)?;
    let mut exponent = 0;
    while mantissa > 9 {
        mantissa /= 10;
        exponent += 1;
    }
    Some((mantissa as u8) << 4 | exponent)
}
