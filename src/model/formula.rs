//! What a signal is made of: sums over series of metrics, one of them perhaps divided by another.
//!
//! ```text
//! haproxy_backend_current_sessions{proxy="www"}
//! traefik_service_requests_total{code=~"5.."} / traefik_service_requests_total
//! envoy_http_downstream_rq_time_sum / envoy_http_downstream_rq_time_count * 0.001
//! ```

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::Pattern;

/// The most matchers of one selector.
const MOST_MATCHERS: usize = 16;

/// Series by name and labels: their values are summed.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The metric's name.
    pub metric: String,
    /// All of them must hold.
    pub matchers: Vec<Matcher>,
}

/// What a label must be, or must not be. A label that is not there is empty.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// `=`, `!=` or `=~`.
    pub must: Must,
}

/// What is asked of a label's value.
#[derive(Clone, Debug)]
pub enum Must {
    /// Be this.
    Be(String),
    /// Be anything else.
    NotBe(String),
    /// Match this as a whole.
    Match(Pattern),
}

impl Matcher {
    /// Whether a label's value is as it must be.
    pub fn holds(&self, value: &str) -> bool {
        match &self.must {
            Must::Be(wanted) => value == wanted,
            Must::NotBe(unwanted) => value != unwanted,
            Must::Match(pattern) => pattern.is_in(value.as_bytes()),
        }
    }
}

/// A selector, perhaps divided by another, perhaps times a number. Two are equal when they are written alike.
#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    /// What is summed.
    pub above: Selector,
    /// By what that is divided.
    pub below: Option<Selector>,
    /// By what the result is multiplied, as where milliseconds are to be seconds.
    pub factor: f64,
}

impl Formula {
    /// Reads one, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Formula, String> {
        let mut rest = Rest(text);
        let above = rest.selector()?;
        let below = if rest.takes("/") { Some(rest.selector()?) } else { None };
        let factor = if rest.takes("*") { rest.number()? } else { 1.0 };
        match rest.0.trim() {
            "" => Ok(Formula { text: text.to_owned(), above, below, factor }),
            more => Err(format!("'{more}' is left over")),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Formula {}

impl Hash for Formula {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Formula {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Formula {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

/// Reads labels as they stand between braces, as `proxy="www"`, or says what is wrong with them.
pub fn check_matchers(text: &str) -> Result<(), String> {
    Formula::parse(&format!("x{{{text}}}")).map(drop)
}

//------------ Reading -------------------------------------------------------

/// What is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Takes this sign, if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.0.trim_start();
        let taken = rest.strip_prefix(sign);
        self.0 = taken.unwrap_or(rest);
        taken.is_some()
    }

    fn demand(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        let found = self.0.chars().next().map_or("its end".to_owned(), |c| format!("'{c}'"));
        Err(format!("there is {found} where '{sign}' should be"))
    }

    /// The name of a metric or a label.
    fn name(&mut self, what: &str) -> Result<&'a str, String> {
        let rest = self.0.trim_start();
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let end = rest.find(|c| !letter(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        self.0 = &rest[end..];
        match name.chars().next() {
            Some(first) if !first.is_ascii_digit() => Ok(name),
            _ => Err(format!("the name of a {what} is missing before '{}'", short(rest))),
        }
    }

    fn selector(&mut self) -> Result<Selector, String> {
        let metric = self.name("metric")?.to_owned();
        let mut matchers = Vec::new();
        if self.takes("{") {
            while !self.takes("}") {
                matchers.push(self.matcher()?);
                if !self.takes(",") {
                    self.demand("}")?;
                    break;
                }
            }
        }
        match matchers.len() > MOST_MATCHERS {
            true => Err(format!("a selector has at most {MOST_MATCHERS} labels")),
            false => Ok(Selector { metric, matchers }),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let label = self.name("label")?.to_owned();
        let must: fn(String) -> Result<Must, String> = if self.takes("=~") {
            |value| Pattern::regex(&format!("^(?s:{value})$")).map(Must::Match)
        } else if self.takes("!=") {
            |value| Ok(Must::NotBe(value))
        } else {
            self.demand("=")?;
            |value| Ok(Must::Be(value))
        };
        Ok(Matcher { label, must: must(self.value()?)? })
    }

    /// A text in quotes, with `\"`, `\\` and `\n` in it.
    fn value(&mut self) -> Result<String, String> {
        self.demand("\"")?;
        let mut value = String::new();
        let mut signs = self.0.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Ok(value);
                }
                '\\' => match signs.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, sign @ ('"' | '\\'))) => value.push(sign),
                    // What an expression escapes stays escaped.
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                },
                sign => value.push(sign),
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn number(&mut self) -> Result<f64, String> {
        let word = std::mem::take(&mut self.0).trim();
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        number.ok_or_else(|| format!("'{}' is not a number above 0", short(word)))
    }
}

/// The beginning of what an operator wrote.
fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let selector = |selector: &Selector| {
            let labels: Vec<_> =
                selector.matchers.iter().map(|one| format!("{} {:?}", one.label, one.must)).collect();
            format!("{} [{}]", selector.metric, labels.join(", "))
        };
        match Formula::parse(text) {
            Ok(formula) => {
                let below = formula.below.as_ref().map(|below| format!(" / {}", selector(below)));
                format!("{}{} * {}", selector(&formula.above), below.unwrap_or_default(), formula.factor)
            }
            Err(why) => why,
        }
    }

    #[test]
    fn formulas_read_as_they_are_written() {
        let rows = [
            ("a", "a [] * 1"),
            (" a:b_c { } ", "a:b_c [] * 1"),
            (r#"a{x="y",}"#, r#"a [x Be("y")] * 1"#),
            (r#"a{x!="\"\\\n", z=~"5.."}"#, "a [x NotBe(\"\\\"\\\\\\n\"), z Match(\"^(?s:5..)$\")] * 1"),
            (r#"a{c=~"5\d"} / a * 0.001"#, r#"a [c Match("^(?s:5\\d)$")] / a [] * 0.001"#),
            ("", "the name of a metric is missing before ''"),
            ("5a", "the name of a metric is missing before '5a'"),
            ("a{", "the name of a label is missing before ''"),
            ("a{x}", "there is '}' where '=' should be"),
            ("a{x=\"y}", "a quote is not closed"),
            ("a{x=~\"(\"}", "unclosed group"),
            ("a b", "'b' is left over"),
            ("a / ", "the name of a metric is missing before ''"),
            ("a * 0", "'0' is not a number above 0"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn labels_match_as_a_whole() {
        let formula = Formula::parse(r#"a{x="",y!="q",z=~"5..|-1"}"#).unwrap();
        let holds = |values: [&str; 3]| {
            formula.above.matchers.iter().zip(values).all(|(matcher, value)| matcher.holds(value))
        };
        assert!(holds(["", "", "503"]) && holds(["", "r", "-1"]));
        for values in [["1", "", "503"], ["", "q", "503"], ["", "", "5030"], ["", "", "1503"]] {
            assert!(!holds(values), "{values:?}");
        }
        assert!(check_matchers(r#"proxy="www""#).is_ok() && check_matchers("proxy").is_err());
    }
}
