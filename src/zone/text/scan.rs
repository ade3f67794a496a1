//! Bytes to entries: the line structure of master files (RFC 1035 §5.1), and where every token stands.
//!
//! An entry is what stands on one line, or on several held together by parentheses. Nothing is decoded here:
//! a [`Token`] is a range of the text, so that an entry costs no allocation and a complaint about it can quote
//! the user's own word. Works on bytes; the text may be in any encoding that keeps ASCII.

/// A word or a quoted string, as a range of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Offset of its first byte; behind the opening quote of a quoted string.
    pub start: u32,
    /// Offset behind its last byte; at the closing quote of a quoted string.
    pub end: u32,
    /// From 1.
    pub line: u32,
    /// Whether it stood in double quotes.
    pub quoted: bool,
    /// Whether it follows the token before it without any white space: `alpn="h2"` is two such tokens.
    pub glued: bool,
}

impl Token {
    /// Its bytes, escapes and all, without quotes.
    pub fn bytes(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }
}

/// What stopped an entry from being one, and the offset and line where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What is wrong, and the cure.
    pub why: &'static str,
    /// Offset into the text.
    pub at: u32,
    /// From 1.
    pub line: u32,
}

/// What [`Lines::read`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Tokens; `blank` when the first of them does not stand in the first column, so that the owner is the
    /// last one again.
    Entry {
        /// Whether the owner was left out.
        blank: bool,
    },
    /// Something that is no entry; the next one can be read.
    Broken(Broken),
    /// Nothing more.
    End,
}

/// Reads entries off a text.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

/// Tokens of one entry: more than the longest record data has, one hexadecimal digit in each.
const MOST_TOKENS: usize = 2 * 65_535 + 16;

const TOO_MANY: &str = "this entry has more fields than any record; is a ')' missing before here?";
const UNCLOSED: &str = "this '(' is never closed; the rest of the file was not read";
const UNOPENED: &str = "')' without a '(' before it";
const UNQUOTED: &str = "this quote is not closed on its line; write '\\\"' for a quote inside a string";

impl<'a> Lines<'a> {
    /// Starts at the first line of `text`, which is shorter than 4 GiB.
    pub fn new(text: &'a [u8]) -> Lines<'a> {
        // Editors on some systems begin a file with a byte order mark.
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Lines { text, at, line: 1 }
    }

    /// Puts the next entry into `tokens`, skipping empty lines.
    pub fn read(&mut self, tokens: &mut Vec<Token>) -> Found {
        loop {
            tokens.clear();
            let blank = matches!(self.text.get(self.at), Some(b' ' | b'\t'));
            if self.at >= self.text.len() {
                return Found::End;
            }
            match self.entry(tokens) {
                Some(broken) => return Found::Broken(broken),
                None if tokens.is_empty() => {}
                None => return Found::Entry { blank },
            }
        }
    }

    /// Reads up to the end of one entry and returns the first thing wrong with it.
    fn entry(&mut self, tokens: &mut Vec<Token>) -> Option<Broken> {
        let mut open = None;
        let mut depth = 0_usize;
        let mut broken = None;
        let mut glued = false;
        while let Some(&byte) = self.text.get(self.at) {
            let here = self.at;
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    if depth == 0 {
                        return broken;
                    }
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b';' => self.skip_comment(),
                b'(' => {
                    self.at += 1;
                    depth += 1;
                    open = open.or_else(|| Some(self.broken(UNCLOSED, here)));
                }
                b')' => {
                    self.at += 1;
                    if depth == 0 {
                        broken = broken.or_else(|| Some(self.broken(UNOPENED, here)));
                    }
                    depth = depth.saturating_sub(1);
                    open = open.filter(|_| depth > 0);
                }
                b'"' => match self.quoted(glued) {
                    Ok(token) => tokens.push(token),
                    Err(unclosed) => broken = broken.or(Some(unclosed)),
                },
                _ => tokens.push(self.word(glued)),
            }
            if tokens.len() > MOST_TOKENS {
                tokens.pop();
                broken = broken.or_else(|| Some(self.broken(TOO_MANY, here)));
            }
            glued = !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')');
        }
        broken.or(open)
    }

    fn broken(&self, why: &'static str, at: usize) -> Broken {
        Broken { why, at: at as u32, line: self.line }
    }

    fn skip_comment(&mut self) {
        while self.text.get(self.at).is_some_and(|&byte| byte != b'\n') {
            self.at += 1;
        }
    }

    fn word(&mut self, glued: bool) -> Token {
        let start = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')' | b'"' => break,
                b'\\' => self.skip_escape(),
                _ => self.at += 1,
            }
        }
        Token { start: start as u32, end: self.at as u32, line: self.line, quoted: false, glued }
    }

    /// A string from its opening quote to its closing one. A line's end ends it too, so that one forgotten
    /// quote does not swallow the rest of the file.
    fn quoted(&mut self, glued: bool) -> Result<Token, Broken> {
        let quote = self.at;
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    let (start, end) = (quote as u32 + 1, self.at as u32 - 1);
                    return Ok(Token { start, end, line: self.line, quoted: true, glued });
                }
                b'\n' => break,
                b'\\' => self.skip_escape(),
                _ => self.at += 1,
            }
        }
        Err(self.broken(UNQUOTED, quote))
    }

    /// Steps over a backslash and the byte that it takes the meaning from; never over the end of the line.
    fn skip_escape(&mut self) {
        let escaped = self.text.get(self.at + 1).is_some_and(|&byte| byte != b'\n' && byte != b'\r');
        self.at += if escaped { 2 } else { 1 };
    }
}

/// The column of `at` in its line, in characters from 1. Bytes that continue a UTF-8 character do not count.
pub(super) fn column(text: &[u8], at: u32) -> u32 {
    let before = &text[..at as usize];
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before[start..].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&before[start..]);
    1 + line.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries as `line|word|word`, a leading `~` for a blank owner, `"` before quoted words, `+` before glued.
    fn check(text: &str, expected: &[&str]) {
        let (mut lines, mut tokens, mut seen) = (Lines::new(text.as_bytes()), Vec::new(), Vec::new());
        loop {
            match lines.read(&mut tokens) {
                Found::End => break,
                Found::Broken(broken) => {
                    let column = column(text.as_bytes(), broken.at);
                    seen.push(format!("{}:{column} {}", broken.line, &broken.why[..10]));
                }
                Found::Entry { blank } => {
                    let mut entry = if blank { "~".to_owned() } else { String::new() };
                    entry += &tokens[0].line.to_string();
                    for token in &tokens {
                        entry += if token.glued { "+" } else { "|" };
                        entry += if token.quoted { "\"" } else { "" };
                        entry += &String::from_utf8_lossy(token.bytes(text.as_bytes()));
                    }
                    seen.push(entry);
                }
            }
        }
        assert_eq!(seen, expected, "{text:?}");
    }

    #[test]
    fn entries_are_lines_or_parentheses() {
        check("a A 1\n b\tB ; c\r\n\n  ; only\nc", &["1|a|A|1", "~2|b|B", "5|c"]);
        check("a ( b ; x )\n c ) d\ne", &["1|a|b|c|d", "3|e"]);
        check("a((b)\nc)\nd", &["1|a|b|c", "3|d"]);
        check("\u{feff}a b", &["1|a|b"]);
    }

    #[test]
    fn quotes_and_escapes_hide_what_separates() {
        check("a \"b ; (c\" d", &["1|a|\"b ; (c|d"]);
        check("a\\ b\\;c \"\\\"\"", &["1|a\\ b\\;c|\"\\\""]);
        check("k=\"v\" \"a\"\"b\"", &["1|k=+\"v|\"a+\"b"]);
        check("\"\"", &["1|\""]);
        check("a\\\nb", &["1|a\\", "2|b"]);
    }

    #[test]
    fn what_is_unbalanced_is_found_and_reading_goes_on() {
        check("a )b\nc", &["1:3 ')' withou", "2|c"]);
        check("a \"b\nc", &["1:3 this quote", "2|c"]);
        check("a \"b\\", &["1:3 this quote"]);
        check("é (b\nc", &["1:3 this '(' i"]);
        check("a ( \"b\n c )\nd", &["1:5 this quote", "3|d"]);
    }
}
