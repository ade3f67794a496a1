//! Sources as the rules read them.

use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// As it is written.
    pub text: String,
    /// The same lines and columns, but comments, the insides of texts, and tests are blank.
    pub code: String,
}

impl Source {
    /// The file of that path and text.
    pub fn new(path: &str, text: &str) -> Source {
        let code = if is_test(path) { String::new() } else { without_tests(&without_comments(text)) };
        Source { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// The room it stands in: the directory or file below `src`.
    pub fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        below.split(['/', '.']).next()
    }

    /// Every place where `word` stands in the code and is not part of a longer one: byte and line, from 1.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let whole = move |at: &usize| {
            let (before, after) = (&self.code[..*at], &self.code[at + word.len()..]);
            !joined(before, word) && !joined(word, after)
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(whole).map(|at| (at, self.line(at)))
    }

    /// The line, from 1, of a byte of the code.
    pub fn line(&self, at: usize) -> usize {
        1 + self.code[..at].matches('\n').count()
    }
}

/// Whether two texts, side by side, make one word where they meet.
fn joined(left: &str, right: &str) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    part(left.as_bytes().last()) && part(right.as_bytes().first())
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All sources of the package, by path.
pub fn tree() -> Vec<Source> {
    let mut files = Vec::new();
    for directory in ["src", "tests", "benches"] {
        collect(&root().join(directory), &mut files);
    }
    files.sort();
    assert!(files.len() > 100, "only {} sources were found", files.len());
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        Source::new(&path, &text)
    };
    files.iter().map(read).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether a whole file is tests.
pub fn is_test(path: &str) -> bool {
    !path.starts_with("src/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Blanks comments, and what stands inside texts and characters.
fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    while code.len() < bytes.len() {
        let at = code.len();
        let (keep_front, until, keep_back) = stretch(bytes, at);
        for (i, byte) in bytes[at..until].iter().enumerate() {
            let kept = i < keep_front || at + i >= until - keep_back || *byte == b'\n';
            code.push(if kept { *byte } else { b' ' });
        }
    }
    // Blanks took the place of whole characters, octet by octet.
    String::from_utf8(code).unwrap()
}

/// What begins at `at`: how many octets of it are kept in front, where it ends, and how many are kept there.
fn stretch(bytes: &[u8], at: usize) -> (usize, usize, usize) {
    let rest = &bytes[at..];
    let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => (0, at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()), 0),
        [b'/', b'*', ..] => (0, at + comment(rest), 0),
        [b'"', ..] => (1, at + quoted(rest, b'"'), 1),
        [b'r', b'"' | b'#', ..] if !after_word => {
            raw(rest).map_or((1, at + 1, 0), |(front, end)| (front, at + end, front - 1))
        }
        [b'\'', b'\\', ..] => (1, at + quoted(rest, b'\''), 1),
        [b'\'', _, b'\'', ..] => (1, at + 3, 1),
        _ => (1, at + 1, 0),
    }
}

/// The length of a comment that may hold others.
fn comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a text with escapes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The length of a raw text's front, and of all of it.
fn raw(rest: &[u8]) -> Option<(usize, usize)> {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    (rest.get(1 + hashes) == Some(&b'"')).then_some(())?;
    let front = hashes + 2;
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = rest[front..].windows(end.len()).position(|window| window == end.as_bytes())?;
    Some((front, front + inside + end.len()))
}

/// Blanks every item that exists for tests alone.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut code = code.to_owned();
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item(&code[start + MARK.len()..]);
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// The length of the next item: to its semicolon, or to the brace that closes it.
fn item(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}
