//! What signals are made of, and what is made of them.

use toml::de::DeValue;

use super::{Leaf, Word, Wrong, leaf_schema, string};
use crate::model::{Formula, Signal, Then, check_matchers};

/// The load balancers that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// HAProxy's own exporter.
    Haproxy,
    /// nginx' `stub_status`.
    Nginx,
    /// The exporter beside nginx.
    NginxExporter,
    /// Envoy's admin interface.
    Envoy,
    /// Traefik's own exporter.
    Traefik,
    /// Anything that Prometheus can scrape.
    Prometheus,
}

impl Word for Preset {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("haproxy", Preset::Haproxy),
        ("nginx", Preset::Nginx),
        ("nginx-exporter", Preset::NginxExporter),
        ("envoy", Preset::Envoy),
        ("traefik", Preset::Traefik),
        ("prometheus", Preset::Prometheus),
    ];
}

/// The signals that can speak against an endpoint.
impl Word for Signal {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("errors", Signal::Errors),
        ("timeouts", Signal::Timeouts),
        ("latency", Signal::Latency),
        ("utilization", Signal::Utilization),
    ];
}

impl Word for Then {
    const WORDS: &'static [(&'static str, Self)] =
        &[("degraded", Then::Degraded), ("unhealthy", Then::Unhealthy)];
}

//------------ FormulaText ---------------------------------------------------

/// Series of metrics, perhaps divided by others, perhaps times a number.
#[derive(Clone, Debug)]
pub struct FormulaText(pub Formula);

impl Leaf for FormulaText {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a selector of metrics of 1 to 1024 octets, like 'name{label=\"value\"}'";
        let word = string(value, WANTS)?;
        if !(1..=1024).contains(&word.len()) || word.chars().any(char::is_control) {
            return Err(Wrong::not(WANTS));
        }
        Formula::parse(word).map(FormulaText).map_err(|why| Wrong::not(format!("{WANTS}: {why}")))
    }
}

leaf_schema!(FormulaText, "Formula", { "type": "string", "minLength": 1, "maxLength": 1024 });

//------------ Labels --------------------------------------------------------

/// Matchers as they stand between braces.
#[derive(Clone, Debug)]
pub struct Labels(pub String);

impl Leaf for Labels {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "labels and what they must be, like 'proxy=\"www\"'";
        let word = string(value, WANTS)?;
        if word.len() > 512 || word.chars().any(char::is_control) {
            return Err(Wrong::not(WANTS));
        }
        check_matchers(word).map_err(|why| Wrong::not(format!("{WANTS}: {why}")))?;
        Ok(Labels(word.to_owned()))
    }
}

leaf_schema!(Labels, "Labels", { "type": "string", "maxLength": 512 });
