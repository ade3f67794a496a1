//! Prometheus' text format 0.0.4 and OpenMetrics, line by line, without a copy: what no line has is nobody's series.

use std::borrow::Cow;

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until its process starts anew.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name.
    pub metric: &'a str,
    /// What stands between its braces, as it stands there.
    pub labels: &'a str,
    /// Finite.
    pub value: f64,
    /// By its `# TYPE`, or where it has none by its name.
    pub kind: Kind,
}

impl<'a> Sample<'a> {
    /// The value of a label; empty where it is not there.
    pub fn label(&self, name: &str) -> Cow<'a, str> {
        let mut rest = self.labels;
        while let Some((label, value, after)) = next_label(rest) {
            if label == name {
                return unescaped(value);
            }
            rest = after;
        }
        Cow::Borrowed("")
    }
}

/// The samples of a page. Lines that cannot be read are counted and passed over.
#[derive(Clone, Debug)]
pub struct Exposition<'a> {
    rest: &'a [u8],
    typed: Option<(&'a str, Typed)>,
    /// So many lines could not be read.
    pub unreadable: usize,
    /// The first of them.
    pub first: Option<&'a [u8]>,
}

/// What `# TYPE` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Counter,
    Gauge,
    /// A histogram or summary: its sums and counts grow.
    Spread,
}

impl<'a> Exposition<'a> {
    /// Of a whole page.
    pub fn new(page: &'a [u8]) -> Exposition<'a> {
        Exposition { rest: page, typed: None, unreadable: 0, first: None }
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(line)
    }

    fn comment(&mut self, line: &'a str) {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (Some("TYPE"), Some(metric), Some(kind)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        let typed = match kind {
            "counter" => Some(Typed::Counter),
            "gauge" => Some(Typed::Gauge),
            "histogram" | "summary" => Some(Typed::Spread),
            _ => None,
        };
        self.typed = typed.map(|typed| (metric, typed));
    }

    // typed        suffix                           kind
    // counter      none, _total                     counter
    // gauge        none                             gauge
    // histogram    _sum, _count, _bucket            counter
    // none of it   _total, _sum, _count, _bucket    counter
    // none of it   another                          gauge
    fn kind(&self, metric: &str) -> Kind {
        let own = self.typed.and_then(|(base, typed)| Some((metric.strip_prefix(base)?, typed)));
        let grows = ["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| metric.ends_with(suffix));
        match own {
            Some(("" | "_total", Typed::Counter)) => Kind::Counter,
            Some(("", Typed::Gauge | Typed::Spread)) => Kind::Gauge,
            _ if grows => Kind::Counter,
            _ => Kind::Gauge,
        }
    }

    fn sample(&self, line: &'a str) -> Option<Sample<'a>> {
        let end = line.find(|c: char| !is_name(c))?;
        let (metric, rest) = line.split_at(end);
        let rest = rest.trim_start_matches([' ', '\t']);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => braces(inside)?,
            None => ("", rest),
        };
        // A time and an exemplar may follow.
        let value: f64 = rest.split_ascii_whitespace().next()?.parse().ok()?;
        (!metric.is_empty()).then_some(Sample { metric, labels, value, kind: self.kind(metric) })
    }
}

impl<'a> Iterator for Exposition<'a> {
    type Item = Sample<'a>;

    fn next(&mut self) -> Option<Sample<'a>> {
        while let Some(line) = self.line() {
            let text = std::str::from_utf8(line).map(str::trim).ok();
            match text {
                Some("") => {}
                Some(text) if text.starts_with('#') => self.comment(text),
                text => match text.and_then(|text| self.sample(text)) {
                    Some(sample) if sample.value.is_finite() => return Some(sample),
                    // Not a number is what a summary without observations says.
                    Some(_) => {}
                    None => {
                        self.unreadable += 1;
                        self.first.get_or_insert(line);
                    }
                },
            }
        }
        None
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// What stands before the brace that closes, and what behind it.
fn braces(inside: &str) -> Option<(&str, &str)> {
    let mut rest = inside;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((&inside[..inside.len() - rest.len()], after));
        }
        rest = next_label(rest)?.2;
    }
}

/// A label, its value still escaped, and what follows.
fn next_label(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (label, rest) = text.split_once('=')?;
    let inside = rest.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    let label = label.trim_end();
    (!label.is_empty() && label.chars().all(is_name)).then_some((label, &inside[..end], &inside[end + 1..]))
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut signs = value.chars();
    let mut text = String::with_capacity(value.len());
    while let Some(sign) = signs.next() {
        match (sign, sign == '\\') {
            (_, true) => match signs.next() {
                Some('n') => text.push('\n'),
                Some(sign) => text.push(sign),
                None => {}
            },
            (sign, false) => text.push(sign),
        }
    }
    Cow::Owned(text)
}
