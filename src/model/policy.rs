//! A policy is a chain of filters; each takes the ordered candidates and reorders, thins or cuts them.

use std::fmt;

/// One link of a chain. A closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Keeps the first tier with anything in it: fit, unknown, idle, then what `on_all_down` says.
    Healthy,
    /// Orders by the client's cell: nearest first.
    Near,
    /// Lets an endpoint keep only its fraction of the clients that come to it first.
    Spill,
    /// Keeps the first endpoint.
    First,
}

impl Filter {
    /// As it is written in a chain.
    pub fn name(self) -> &'static str {
        match self {
            Filter::Healthy => "healthy",
            Filter::Near => "near",
            Filter::Spill => "spill",
            Filter::First => "first",
        }
    }
}

/// A chain and what the operator called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The preset's name, or `chain` for one that was written out.
    pub name: &'static str,
    /// In the order in which they work.
    pub filters: Vec<Filter>,
}

/// The presets: names for chains.
const PRESETS: &[(&str, &[Filter])] =
    &[("nearest", &[Filter::Healthy, Filter::Near, Filter::Spill, Filter::First])];

impl Policy {
    /// The policy of that preset's name.
    pub fn preset(name: &str) -> Result<Policy, UnknownPolicy> {
        let (name, filters) = PRESETS
            .iter()
            .find(|(preset, _)| *preset == name)
            .ok_or_else(|| UnknownPolicy { word: name.to_owned() })?;
        Ok(Policy { name, filters: filters.to_vec() })
    }

    /// The policy of a written chain, which must be one of the presets' chains: this version walks no other.
    pub fn chain<S: AsRef<str>>(words: &[S]) -> Result<Policy, UnknownPolicy> {
        let same = |filters: &[Filter]| filters.iter().map(|f| f.name()).eq(words.iter().map(AsRef::as_ref));
        let known = PRESETS.iter().find(|(_, filters)| same(filters));
        let word = || words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        let (_, filters) = known.ok_or_else(|| UnknownPolicy { word: word() })?;
        Ok(Policy { name: "chain", filters: filters.to_vec() })
    }
}

impl Default for Policy {
    fn default() -> Self {
        let (name, filters) = PRESETS[0];
        Policy { name, filters: filters.to_vec() }
    }
}

/// A preset or chain that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownPolicy {
    /// What was written.
    pub word: String,
}

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = |filters: &[Filter]| filters.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
        let known: Vec<_> =
            PRESETS.iter().map(|(name, filters)| format!("{name} ({})", chain(filters))).collect();
        write!(f, "no policy is called '{}'; policies: {}", self.word, known.join("; "))
    }
}
