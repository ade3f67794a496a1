//! A policy is a chain of filters; each takes the ordered candidates and reorders, thins or cuts them.

use std::fmt;

use super::{Signal, did_you_mean};

/// One link of a chain. A closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Keeps the first tier with anything in it: fit, unknown, idle, then what `on_all_down` says.
    Healthy,
    /// Keeps those whose fences let the client in.
    Fence,
    /// Orders by the client's cell: nearest first.
    Near,
    /// The same, and puts together what stands together: the nearest with all that is in its group, then the next.
    /// Filters behind it order each group by itself.
    NearBy(Grouping),
    /// Orders by measured latency from the client's network, the fastest first; those that nobody measured come behind, as
    /// its cell prefers them.
    Fast,
    /// Orders as the endpoints are written.
    Listed,
    /// Keeps those of the lowest `priority`.
    Priority,
    /// Orders at random, by weight.
    Weighted,
    /// Orders by weighted rendezvous on the client's prefix.
    Hash,
    /// Turns the order to a random place, by weight.
    Rotate,
    /// Orders at random.
    Shuffle,
    /// Orders by a signal divided by weight, the smallest first.
    Least(Signal),
    /// Puts the better of two random ones first, by the same measure.
    TwoChoices(Signal),
    /// Lets an endpoint keep only its fraction of the clients that come to it first.
    Spill,
    /// Keeps the first so many: 1…64.
    First(u8),
    /// Keeps the first group.
    FirstGroup,
}

/// What stands together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// Regions of one continent.
    Continent,
    /// Of one country.
    Country,
    /// Of one subdivision: a state, a province.
    Subdivision,
    /// Those within so many kilometres of the nearest of them: 1…20,015, half the way around.
    Within(u16),
}

impl Grouping {
    /// No two places are further apart.
    const FURTHEST: u16 = 20_015;

    fn of(word: &str) -> Option<Grouping> {
        let named = [Grouping::Continent, Grouping::Country, Grouping::Subdivision];
        let kilometres = || word.strip_suffix("km")?.parse().ok();
        let within = || kilometres().filter(|km| (1..=Grouping::FURTHEST).contains(km)).map(Grouping::Within);
        named.into_iter().find(|one| one.to_string() == word).or_else(within)
    }
}

/// As it is written in a chain.
impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grouping::Continent => f.write_str("continent"),
            Grouping::Country => f.write_str("country"),
            Grouping::Subdivision => f.write_str("subdivision"),
            Grouping::Within(km) => write!(f, "{km}km"),
        }
    }
}

/// Filters without a parameter.
const PLAIN: [Filter; 13] = [
    Filter::Healthy,
    Filter::Fence,
    Filter::Near,
    Filter::Fast,
    Filter::Listed,
    Filter::Priority,
    Filter::Weighted,
    Filter::Hash,
    Filter::Rotate,
    Filter::Shuffle,
    Filter::Spill,
    Filter::First(1),
    Filter::FirstGroup,
];

/// As they are listed to somebody who wrote another one.
const FILTERS: [&str; 17] = [
    "healthy",
    "fence",
    "near",
    "near(GROUP)",
    "fast",
    "listed",
    "priority",
    "weighted",
    "hash",
    "rotate",
    "shuffle",
    "least(SIGNAL)",
    "two-choices(SIGNAL)",
    "spill",
    "first",
    "first(N)",
    "first-group",
];

/// Signals that endpoints can be compared by: the less the better.
const COMPARED: [Signal; 6] = [
    Signal::Connections,
    Signal::Requests,
    Signal::Errors,
    Signal::Timeouts,
    Signal::Latency,
    Signal::Utilization,
];

impl Filter {
    /// The most that `first(N)` may keep: as many as a service has.
    pub const MOST: u8 = 64;

    /// A filter as it is written in a chain.
    fn of(word: &str) -> Result<Filter, BadPolicy> {
        if let Some(plain) = PLAIN.into_iter().find(|plain| plain.to_string() == word) {
            return Ok(plain);
        }
        let (name, inside) =
            word.strip_suffix(')').and_then(|word| word.split_once('(')).unwrap_or((word, ""));
        let signal = || COMPARED.into_iter().find(|signal| signal.name() == inside);
        let signal = || signal().ok_or_else(|| BadPolicy::Signal(word.to_owned()));
        match name {
            "near" => {
                Grouping::of(inside).map(Filter::NearBy).ok_or_else(|| BadPolicy::Grouping(word.to_owned()))
            }
            "least" => signal().map(Filter::Least),
            "two-choices" => signal().map(Filter::TwoChoices),
            "first" => {
                let count = inside.parse().ok().filter(|count| (1..=Filter::MOST).contains(count));
                count.map(Filter::First).ok_or_else(|| BadPolicy::Count(word.to_owned()))
            }
            _ => Err(BadPolicy::Filter(word.to_owned())),
        }
    }

    /// The signal that it compares endpoints by.
    pub fn signal(self) -> Option<Signal> {
        match self {
            Filter::Least(signal) | Filter::TwoChoices(signal) => Some(signal),
            _ => None,
        }
    }

    /// What it takes to stand together.
    pub fn grouping(self) -> Option<Grouping> {
        if let Filter::NearBy(grouping) = self { Some(grouping) } else { None }
    }

    /// Whether it orders by the client's cell.
    pub fn is_near(self) -> bool {
        matches!(self, Filter::Near | Filter::NearBy(_))
    }

    /// Whether the same client may be given something else the next time.
    pub fn is_random(self) -> bool {
        matches!(self, Filter::Weighted | Filter::Rotate | Filter::Shuffle | Filter::TwoChoices(_))
    }
}

/// As it is written in a chain.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Healthy => f.write_str("healthy"),
            Filter::Fence => f.write_str("fence"),
            Filter::Near => f.write_str("near"),
            Filter::NearBy(grouping) => write!(f, "near({grouping})"),
            Filter::Fast => f.write_str("fast"),
            Filter::Listed => f.write_str("listed"),
            Filter::Priority => f.write_str("priority"),
            Filter::Weighted => f.write_str("weighted"),
            Filter::Hash => f.write_str("hash"),
            Filter::Rotate => f.write_str("rotate"),
            Filter::Shuffle => f.write_str("shuffle"),
            Filter::Least(signal) => write!(f, "least({})", signal.name()),
            Filter::TwoChoices(signal) => write!(f, "two-choices({})", signal.name()),
            Filter::Spill => f.write_str("spill"),
            Filter::First(1) => f.write_str("first"),
            Filter::First(count) => write!(f, "first({count})"),
            Filter::FirstGroup => f.write_str("first-group"),
        }
    }
}

/// A chain and what the operator called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The preset's name, or `chain` for one that was written out.
    pub name: &'static str,
    /// In the order in which they work; the first is `healthy`.
    pub filters: Vec<Filter>,
}

/// The presets: names for chains (DESIGN 4.4).
const PRESETS: &[(&str, &[Filter])] = &[
    ("nearest", &[Filter::Healthy, Filter::Near, Filter::Spill, Filter::First(1)]),
    ("failover", &[Filter::Healthy, Filter::Listed, Filter::First(1)]),
    ("round-robin", &[Filter::Healthy, Filter::Rotate]),
    ("weighted", &[Filter::Healthy, Filter::Weighted, Filter::First(1)]),
    ("least-connections", &[Filter::Healthy, Filter::Least(Signal::Connections), Filter::First(1)]),
    ("two-choices", &[Filter::Healthy, Filter::TwoChoices(Signal::Connections), Filter::First(1)]),
    ("consistent-hash", &[Filter::Healthy, Filter::Hash, Filter::First(1)]),
    ("latency", &[Filter::Healthy, Filter::Fast, Filter::Spill, Filter::First(1)]),
    ("all", &[Filter::Healthy, Filter::Near, Filter::First(8)]),
];

impl Policy {
    /// Filters that a chain may have.
    pub const LONGEST: usize = 16;

    /// Every preset.
    pub fn presets() -> impl Iterator<Item = Policy> {
        PRESETS.iter().map(|(name, filters)| Policy { name, filters: filters.to_vec() })
    }

    /// The policy of that preset's name.
    pub fn preset(name: &str) -> Result<Policy, BadPolicy> {
        let unknown = || BadPolicy::Preset(name.to_owned());
        Policy::presets().find(|preset| preset.name == name).ok_or_else(unknown)
    }

    /// The policy of a written chain.
    pub fn chain<S: AsRef<str>>(words: &[S]) -> Result<Policy, BadPolicy> {
        let filters: Vec<_> = words.iter().map(|word| Filter::of(word.as_ref())).collect::<Result<_, _>>()?;
        // A fence may stand before: then the best of those that may be answered counts, and not the best of all.
        let inside = filters.strip_prefix(&[Filter::Fence]).unwrap_or(&filters);
        if inside.first() != Some(&Filter::Healthy) {
            return Err(BadPolicy::NotHealthyFirst);
        }
        if filters.len() > Policy::LONGEST {
            return Err(BadPolicy::Long(filters.len()));
        }
        let mut signals = filters.iter().filter_map(|filter| filter.signal());
        if let (Some(one), Some(other)) = (signals.next(), signals.next())
            && one != other
        {
            return Err(BadPolicy::TwoSignals(one.name(), other.name()));
        }
        let mut groupings = filters.iter().filter_map(|filter| filter.grouping());
        if let (Some(one), Some(other)) = (groupings.next(), groupings.next()) {
            return Err(BadPolicy::TwoGroupings(one, other));
        }
        let grouped = filters.iter().position(|filter| filter.grouping().is_some());
        let cut = filters.iter().position(|filter| *filter == Filter::FirstGroup);
        if cut.is_some_and(|cut| grouped.is_none_or(|grouped| grouped > cut)) {
            return Err(BadPolicy::NoGroups);
        }
        Ok(Policy { name: "chain", filters })
    }

    /// What it takes to stand together.
    pub fn grouping(&self) -> Option<Grouping> {
        self.filters.iter().find_map(|filter| filter.grouping())
    }

    /// Whether it may answer with several endpoints at once.
    pub fn answers_several(&self) -> bool {
        !self.filters.contains(&Filter::First(1))
    }

    /// Whether endpoints that have too much to do pass clients on.
    pub fn spills(&self) -> bool {
        self.filters.contains(&Filter::Spill)
    }

    /// Whether it looks at measured latency.
    pub fn measures(&self) -> bool {
        self.filters.contains(&Filter::Fast)
    }

    /// Whether it looks at fences.
    pub fn fences(&self) -> bool {
        self.filters.contains(&Filter::Fence)
    }

    /// The signal that it compares endpoints by.
    pub fn signal(&self) -> Option<Signal> {
        self.filters.iter().find_map(|filter| filter.signal())
    }
}

impl Default for Policy {
    fn default() -> Self {
        let (name, filters) = PRESETS[0];
        Policy { name, filters: filters.to_vec() }
    }
}

/// A policy that cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// Nothing is called so.
    #[error("no policy is called '{0}'{hint}; policies: {all}; or a list of filters", all = names().join(", "),
        hint = did_you_mean(.0, names()))]
    Preset(String),
    /// No filter is.
    #[error("no filter is called '{0}'{hint}; filters: {all}", all = FILTERS.join(", "),
        hint = did_you_mean(.0, FILTERS))]
    Filter(String),
    /// It compares by what endpoints are not compared by.
    #[error("'{0}' compares by no signal; signals: {all}", all = COMPARED.map(Signal::name).join(", "))]
    Signal(String),
    /// It keeps nobody, or more than there can be.
    #[error("'{0}' does not keep 1 to {most} endpoints", most = Filter::MOST)]
    Count(String),
    /// What is not healthy would be picked.
    #[error(
        "a chain begins with 'healthy', or with 'fence' and 'healthy': which endpoints may answer is decided before \
         which of them do"
    )]
    NotHealthyFirst,
    /// It has too many links.
    #[error("{0} filters are too many; a chain has at most {most}", most = Policy::LONGEST)]
    Long(usize),
    /// It groups by what nobody says.
    #[error(
        "'{0}' groups by nothing; write near(continent), near(country), near(subdivision) or near(500km), 1 to {most} km",
        most = Grouping::FURTHEST
    )]
    Grouping(String),
    /// Every endpoint is in one group.
    #[error("a chain groups once, not by '{0}' and by '{1}'")]
    TwoGroupings(Grouping, Grouping),
    /// There are none to keep the first of.
    #[error(
        "'first-group' keeps the first group of a near(continent), near(country), near(subdivision) or near(500km) before it"
    )]
    NoGroups,
    /// Every endpoint has room for one.
    #[error("a chain compares by one signal, not by '{0}' and '{1}'")]
    TwoSignals(&'static str, &'static str),
}

fn names() -> [&'static str; PRESETS.len()] {
    std::array::from_fn(|place| PRESETS[place].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(text: &str) -> Result<Policy, BadPolicy> {
        Policy::chain(&text.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn a_chain_reads_back_as_it_was_written() {
        let text = "healthy near near(continent) first-group fast listed priority weighted hash rotate shuffle least(requests) two-choices(requests) \
                    spill first(8) first";
        let written: Vec<_> = chain(text).unwrap().filters.iter().map(ToString::to_string).collect();
        assert_eq!(written.join(" "), text.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(chain("healthy first(1)"), chain("healthy first"));
    }

    #[test]
    fn a_preset_is_its_chain_written_out() {
        for preset in Policy::presets() {
            let words: Vec<_> = preset.filters.iter().map(ToString::to_string).collect();
            assert_eq!(Policy::chain(&words).unwrap().filters, preset.filters, "{}", preset.name);
            assert_eq!(Policy::preset(preset.name), Ok(preset));
        }
    }

    #[test]
    fn what_cannot_be_walked_says_what_could() {
        let rows = [
            ("near first", "a chain begins with 'healthy', or with"),
            (
                "healthy nearest",
                "no filter is called 'nearest'; filters: healthy, fence, near, near(GROUP), fast, listed",
            ),
            ("healthy frist", "no filter is called 'frist' (did you mean 'first'?); filters: "),
            ("healthy least", "'least' compares by no signal; signals: connections, requests, errors"),
            ("healthy least(capacity)", "'least(capacity)' compares by no signal"),
            ("healthy first(0)", "'first(0)' does not keep 1 to 64 endpoints"),
            ("healthy first(65)", "'first(65)' does not keep"),
            ("healthy first()", "'first()' does not keep"),
            ("healthy near(5)", "'near(5)' groups by nothing; write near(continent)"),
            ("healthy near(0km)", "'near(0km)' groups by nothing"),
            ("healthy near(30000km)", "'near(30000km)' groups by nothing"),
            ("healthy near(continent) near(9km)", "a chain groups once, not by 'continent' and by '9km'"),
            ("healthy near first-group", "'first-group' keeps the first group of a near(continent)"),
            ("healthy first-group near(country)", "'first-group' keeps"),
            (
                "healthy least(errors) two-choices(latency)",
                "a chain compares by one signal, not by 'errors' and",
            ),
        ];
        for (text, begin) in rows {
            let said = chain(text).unwrap_err().to_string();
            assert!(said.starts_with(begin), "{text}: {said}");
        }
        assert!(
            chain(&["healthy"; 17].join(" ")).unwrap_err().to_string().starts_with("17 filters are too many")
        );
        let said = Policy::preset("random").unwrap_err().to_string();
        assert!(said.starts_with("no policy is called 'random'; policies: nearest, failover, round-robin"));
        let said = Policy::preset("roundrobin").unwrap_err().to_string();
        assert!(said.starts_with("no policy is called 'roundrobin' (did you mean 'round-robin'?); pol"));
    }
}
