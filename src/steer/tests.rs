//! Services for tests, from rows of words.

use super::chain::Program;
use super::hash::EndpointKey;
use super::pick::Scene;
use super::shares::Shares;
use super::steered::Steered;
use super::word::{Keep, Live, Load, Tier, Word};
use crate::model::{EndpointId, Families, OnAllDown, Policy, RegionId, TtlRange};

/// A service from `f100 u100 i0 x100 b-`: a letter for the tier, then the weight of 100; `-` has no address.
pub struct Table {
    /// Its endpoints stand in regions 0, 1, …
    pub service: Steered,
    /// By endpoint, then family.
    pub live: Vec<Live>,
    /// By endpoint.
    pub loads: Vec<Load>,
}

impl Table {
    /// What a pick sees of it at `now`.
    pub fn scene(&self, now: u64) -> Scene<'_> {
        Scene { live: &self.live, loads: &self.loads, now }
    }

    /// The same with another policy: a preset's name, or filters with spaces between them.
    pub fn policy(mut self, words: &str) -> Table {
        let chain = || Policy::chain(&words.split(' ').collect::<Vec<_>>()).unwrap();
        let policy = Policy::preset(words).unwrap_or_else(|_| chain());
        self.service.program = Program::new("www", &policy.filters, false);
        self
    }
}

/// Where no random number is needed.
pub fn none() -> u64 {
    unreachable!("nobody wants to draw")
}

/// A live word, `f30` for one that is fit and weighs 30 of 100.
pub fn word(text: &str) -> Word {
    let (tier, weight) = text.split_at(1);
    let tier = match tier {
        "f" => Tier::Fit,
        "?" => Tier::Unknown,
        "i" => Tier::Idle,
        "x" => Tier::Failing,
        "b" => Tier::Barred,
        _ => return Word::ABSENT,
    };
    let mask = if tier == Tier::Barred { 0 } else { 1 };
    Word { tier, keep: Keep::of_weights(weight.parse().unwrap(), 100), ttl: 60, deadline: 0, mask }
}

/// A service from two rows of words; its policy is `nearest`.
pub fn table(four: &str, six: &str) -> Table {
    let words: Vec<(Word, Word)> =
        four.split(' ').zip(six.split(' ')).map(|(four, six)| (word(four), word(six))).collect();
    let count = words.len();
    let weight = |text: &str| text.get(1..).and_then(|weight| weight.parse().ok()).unwrap_or(100);
    let weights = four
        .split(' ')
        .map(|text| (Keep::of_weights(weight(text), 100), (u32::from(weight(text)) << 20) / 100));
    let service = Steered {
        program: Program::new("www", &Policy::default().filters, false),
        shares: Shares::new(weights),
        priorities: vec![0; count].into(),
        together: Box::default(),
        first: EndpointId(0),
        regions: (0..count).map(|i| RegionId(i as u16)).collect(),
        keys: (0..count).map(|i| EndpointKey::new("www", &format!("r{i}"))).collect(),
        by_region: (0..count).map(|i| i as u8 + 1).collect(),
        ttl: TtlRange { min: 5, max: 60 },
        families: Families::Independent,
        on_all_down: OnAllDown::All,
        has_fallback: [false; 2],
        has_family: [true; 2],
        counted: None,
        inner: Box::default(),
    };
    let live = words.into_iter().flat_map(|(four, six)| [Live::new(four), Live::new(six)]).collect();
    let loads = (0..count).map(|_| Load::default()).collect();
    Table { service, live, loads }
}
