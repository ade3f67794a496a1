//! `$GENERATE`: many entries from one template, in the form that BIND gave it.
//!
//! `$GENERATE 1-254/2 host$ 1h IN A 192.0.2.$`: every `$` in owner and data becomes the number; `\$` or `$$` is a
//! dollar; `${offset,width,base}` adds an offset, pads with zeros, and writes in base `d`, `o`, `x`, `X`, or as
//! reversed nibbles, `n` or `N`.

use super::scan::Token;
use super::ttl::quote;

/// Records that one directive may make.
const MOST_AT_ONCE: u64 = 65_536;
/// Records that all directives of a zone may make.
pub(super) const MOST_IN_A_ZONE: u64 = 1 << 20;
/// Digits that a width may ask for: more fit no label.
const MOST_DIGITS: usize = 255;

/// Octets of one made entry: the longest record data with every octet escaped by number, and what stands before it.
const MOST_OCTETS: usize = 4 * 65_535 + 4_096;

const RANGE: &str = "write start-stop or start-stop/step, as in 1-254/2";
const MODIFIER: &str = "a modifier has the form ${offset,width,base}, base one of d o x X n N";

/// The numbers of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generate {
    start: u32,
    stop: u32,
    step: u32,
}

impl Generate {
    /// Reads `start-stop[/step]`.
    pub fn new(word: &[u8]) -> Result<Generate, String> {
        let parse = || {
            let text = str::from_utf8(word).ok()?;
            let (range, step) = text.split_once('/').unwrap_or((text, "1"));
            let (start, stop) = range.split_once('-')?;
            let (start, stop, step) = (start.parse().ok()?, stop.parse().ok()?, step.parse().ok()?);
            (start <= stop && step > 0 && stop <= i32::MAX as u32).then_some(Generate { start, stop, step })
        };
        let range = parse().ok_or_else(|| format!("'{}' is not a range; {RANGE}", quote(word)))?;
        match range.count() {
            ..=MOST_AT_ONCE => Ok(range),
            count => Err(format!(
                "'{}' makes {count} records; one $GENERATE makes at most {MOST_AT_ONCE}",
                quote(word)
            )),
        }
    }

    /// How many numbers there are; at least one.
    pub fn count(&self) -> u64 {
        u64::from((self.stop - self.start) / self.step) + 1
    }

    /// The numbers in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        (self.start..=self.stop).step_by(self.step as usize)
    }
}

/// The entry that the template's tokens make for a number; an error goes with the token it is about. `bare`: the last
/// token stood in quotes as a whole, so that quotes inside it were escaped.
pub(super) fn entry(
    text: &[u8],
    template: &[Token],
    bare: bool,
    number: u32,
) -> Result<Vec<u8>, (Token, String)> {
    let mut out = Vec::new();
    for (index, &token) in template.iter().enumerate() {
        if index > 0 && !token.glued {
            out.push(b' ');
        }
        if token.quoted {
            out.push(b'"');
        }
        let unquote = bare && index + 1 == template.len();
        expand(token.bytes(text), unquote, number, &mut out).map_err(|why| (token, why))?;
        if token.quoted {
            out.push(b'"');
        }
    }
    Ok(out)
}

fn expand(word: &[u8], unquote: bool, number: u32, out: &mut Vec<u8>) -> Result<(), String> {
    let mut rest = word;
    while let Some((&byte, behind)) = rest.split_first() {
        if out.len() > MOST_OCTETS {
            return Err(format!(
                "for {number} this makes over {MOST_OCTETS} octets, more than a record can have"
            ));
        }
        rest = behind;
        match (byte, behind) {
            (b'\\', [b'"', behind @ ..]) if unquote => {
                out.push(b'"');
                rest = behind;
            }
            // An escaped dollar stays escaped: it could begin the entry, and would be a directive then.
            (b'\\', [next, behind @ ..]) => {
                out.extend([b'\\', *next]);
                rest = behind;
            }
            (b'$', [b'{', inside @ ..]) => {
                let end = inside.iter().position(|&byte| byte == b'}');
                let (modifier, behind) =
                    end.map(|end| inside.split_at(end)).ok_or_else(|| MODIFIER.to_owned())?;
                write(modifier, number, out).ok_or_else(|| no_number(modifier, number))?;
                rest = &behind[1..];
            }
            // BIND's older way to write a dollar.
            (b'$', [b'$', behind @ ..]) => {
                out.extend(b"\\$");
                rest = behind;
            }
            (b'$', _) => out.extend(number.to_string().bytes()),
            _ => out.push(byte),
        }
    }
    Ok(())
}

/// Why a modifier makes nothing of a number.
fn no_number(modifier: &[u8], number: u32) -> String {
    let offset = modifier.split(|&byte| byte == b',').next().and_then(|word| str::from_utf8(word).ok());
    let sum =
        offset.and_then(|word| word.parse::<i32>().ok()).map(|offset| i64::from(number) + i64::from(offset));
    match sum {
        Some(sum @ ..0) => format!("'{}' makes {sum} of {number}; begin the range higher", quote(modifier)),
        _ => format!("'{}': {MODIFIER}", quote(modifier)),
    }
}

/// Writes a number as `offset,width,base` wants it.
fn write(modifier: &[u8], number: u32, out: &mut Vec<u8>) -> Option<()> {
    let mut parts = str::from_utf8(modifier).ok()?.split(',');
    let offset: i64 = parts.next()?.parse::<i32>().ok()?.into();
    let width =
        parts.next().map_or(Some(0), |width| width.parse().ok().filter(|&width| width <= MOST_DIGITS))?;
    let value = u32::try_from(i64::from(number) + offset).ok()?;
    let text = match parts.next().unwrap_or("d") {
        "d" => format!("{value:0width$}"),
        "o" => format!("{value:0width$o}"),
        "x" => format!("{value:0width$x}"),
        "X" => format!("{value:0width$X}"),
        "n" => nibbles(&format!("{value:x}"), width),
        "N" => nibbles(&format!("{value:X}"), width),
        _ => return None,
    };
    out.extend(text.bytes());
    parts.next().is_none().then_some(())
}

/// Hexadecimal digits from the last to the first with dots between them, as in names under ip6.arpa. The width
/// counts the dots too, as in BIND.
fn nibbles(digits: &str, width: usize) -> String {
    let mut out = String::new();
    for digit in digits.chars().rev() {
        out.extend((!out.is_empty()).then_some('.'));
        out.push(digit);
    }
    while out.len() < width {
        out.push_str(if out.len() + 1 < width { ".0" } else { "." });
    }
    out
}
