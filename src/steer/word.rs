//! The live word: all that a query may see of one endpoint and family that changes between reloads.
//!
//! ```text
//!  63      48 47      32 31     17 16      3 2    0
//! ┌──────────┬──────────┬─────────┬─────────┬──────┐
//! │ deadline │   mask   │   ttl   │  keep   │ tier │
//! └──────────┴──────────┴─────────┴─────────┴──────┘
//!   16 bits    16 bits    15 bits   14 bits   3 bits
//! ```
//!
//! One word is read by one load, so a query never sees half of a change. `deadline` is the Unix time, modulo
//! 2^16 seconds, at which an override ends; it is only written while it is less than 2^15 seconds away, and
//! control folds every word anew more often than that.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Where an endpoint stands for one family: the first tier with anything in it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tier {
    /// It has no address of this family.
    Absent = 0,
    /// Healthy or forced up, with a weight.
    Fit = 1,
    /// Not probed yet.
    Unknown = 2,
    /// Healthy or unknown, but at weight 0 or draining.
    Idle = 3,
    /// Unhealthy: answered only as `on_all_down` says.
    Failing = 4,
    /// Overridden down: never answered.
    Barred = 5,
}

impl Tier {
    #[inline]
    fn from_bits(bits: u64) -> Tier {
        match bits & 7 {
            1 => Tier::Fit,
            2 => Tier::Unknown,
            3 => Tier::Idle,
            4 => Tier::Failing,
            5 => Tier::Barred,
            _ => Tier::Absent,
        }
    }

    /// As the API and `explain` name it.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Absent => "absent",
            Tier::Fit => "fit",
            Tier::Unknown => "unknown",
            Tier::Idle => "idle",
            Tier::Failing => "failing",
            Tier::Barred => "barred",
        }
    }
}

/// The fraction of its own clients that an endpoint keeps, in 1/16,383.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keep(u16);

impl Keep {
    /// Every client.
    pub const ALL: Keep = Keep((1 << 14) - 1);
    /// No client.
    pub const NONE: Keep = Keep(0);

    /// `weight ÷ largest`, at most all; anything above zero keeps at least the smallest step.
    pub fn of_weights(weight: u16, largest: u16) -> Keep {
        match (weight, largest) {
            (0, _) => Keep::NONE,
            (weight, largest) if weight >= largest => Keep::ALL,
            (weight, largest) => {
                let all = u32::from(Keep::ALL.0);
                let steps = (u32::from(weight) * all + u32::from(largest) / 2) / u32::from(largest);
                Keep(steps.clamp(1, all - 1) as u16)
            }
        }
    }

    /// A share of it, 0.0…1.0; anything above zero keeps at least the smallest step.
    pub fn of(self, share: f64) -> Keep {
        match self {
            Keep::NONE => Keep::NONE,
            Keep(steps) => Keep(((f64::from(steps) * share) as u16).clamp(1, steps)),
        }
    }

    /// A share of it, 0.0…1.0, which may be nothing: what an operator takes to zero keeps nobody.
    pub fn part(self, share: f64) -> Keep {
        if share > 0.0 { self.of(share) } else { Keep::NONE }
    }

    /// Whether it depends on the client at all.
    #[inline]
    pub fn is_fractional(self) -> bool {
        self != Keep::ALL && self != Keep::NONE
    }

    /// Whether a client with this hash stays; `hash` is uniform over 64 bits.
    pub fn keeps(self, hash: u64) -> bool {
        // The top 32 bits against the fraction scaled to 32 bits: no step of the hash is lost to rounding.
        (hash >> 32) * u64::from(Keep::ALL.0) < u64::from(self.0) << 32
    }

    /// Its bits, where they stand in a live word.
    pub fn in_word(self) -> u64 {
        u64::from(self.0) << 3
    }

    /// In 1/16,383.
    #[inline]
    pub fn steps(self) -> u32 {
        self.0.into()
    }

    /// 0.0…1.0, for people.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Keep::ALL.0)
    }
}

/// A live word, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands.
    pub tier: Tier,
    /// How many of its own clients it keeps.
    pub keep: Keep,
    /// Seconds for which what we believe may be believed; 0…32,767.
    pub ttl: u16,
    /// Unix seconds modulo 2^16 at which an override ends; 0: none does soon.
    pub deadline: u16,
    /// Which of its addresses of this family are handed out, by position.
    pub mask: u16,
}

impl Word {
    /// No address of this family.
    pub const ABSENT: Word = Word { tier: Tier::Absent, keep: Keep::NONE, ttl: 0, deadline: 0, mask: 0 };

    /// The 8 bytes.
    pub fn pack(self) -> u64 {
        u64::from(self.tier as u8)
            | u64::from(self.keep.0) << 3
            | u64::from(self.ttl & 0x7fff) << 17
            | u64::from(self.mask) << 32
            | u64::from(self.deadline) << 48
    }

    /// What the 8 bytes say.
    #[inline]
    pub fn unpack(bits: u64) -> Word {
        Word {
            tier: Tier::from_bits(bits),
            keep: Keep((bits >> 3) as u16 & Keep::ALL.0),
            ttl: (bits >> 17) as u16 & 0x7fff,
            mask: (bits >> 32) as u16,
            deadline: (bits >> 48) as u16,
        }
    }

    /// The bits of the tier.
    pub const TIER: u64 = 7;
    /// The bits of what an endpoint keeps.
    pub const KEEP: u64 = 0x1_fff8;
    /// The bits of tier, TTL and deadline: words that share them stand alike.
    pub const STANDING: u64 = 0xffff_0000_fffe_0007;

    /// The TTL in a word's 8 bytes, no deadline considered.
    #[inline]
    pub fn ttl_in(bits: u64) -> u64 {
        bits >> 17 & 0x7fff
    }

    /// The deadline in a word's 8 bytes; 0: none.
    #[inline]
    pub fn deadline_in(bits: u64) -> u64 {
        bits >> 48
    }

    /// The TTL at `now` (Unix seconds): clamped by the deadline, at least 1 once there is one.
    #[inline]
    pub fn ttl_at(self, now: u64) -> u32 {
        let ttl = u32::from(self.ttl);
        if self.deadline == 0 {
            return ttl;
        }
        let left = self.deadline.wrapping_sub(now as u16) as i16;
        ttl.min(left.max(1) as u32)
    }

    /// The deadline field for an expiry at `until`, both in Unix seconds.
    pub fn deadline_for(until: u64, now: u64) -> u16 {
        match until.saturating_sub(now) {
            0..=0x7fff => (until as u16).max(1),
            _ => 0,
        }
    }
}

/// What endpoints are compared by: a signal, where control stores it and every worker loads it.
#[derive(Debug, Default)]
pub struct Load(AtomicU32);

impl Load {
    /// The load now, in a unit of its service's own.
    #[inline]
    pub fn load(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Replaces it.
    pub fn store(&self, load: u32) {
        self.0.store(load, Ordering::Relaxed);
    }
}

/// A word where control stores it and every worker loads it.
#[derive(Debug)]
pub struct Live(AtomicU64);

impl Live {
    /// A place for a word.
    pub fn new(word: Word) -> Live {
        Live(AtomicU64::new(word.pack()))
    }

    /// The word now, as its 8 bytes.
    #[inline]
    pub fn bits(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The word now. Words are independent of each other, so no ordering is asked for.
    #[inline]
    pub fn load(&self) -> Word {
        Word::unpack(self.0.load(Ordering::Relaxed))
    }

    /// Replaces the word, and says whether it changed.
    pub fn store(&self, word: Word) -> bool {
        let bits = word.pack();
        self.0.swap(bits, Ordering::Relaxed) != bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packing_loses_nothing(tier in 0u64..6, keep in 0u16..16384, ttl in 0u16..32768, deadline: u16, mask: u16) {
            let word = Word { tier: Tier::from_bits(tier), keep: Keep(keep), ttl, deadline, mask };
            prop_assert_eq!(Word::unpack(word.pack()), word);
        }
    }

    #[test]
    fn deadlines_clamp_the_ttl() {
        let ttl = |now: u64, until: u64, ttl: u16| {
            let deadline = Word::deadline_for(until, now);
            Word { ttl, deadline, ..Word::ABSENT }.ttl_at(now)
        };
        let base = 1_790_000_000;
        assert_eq!(ttl(base, base + 10, 60), 10);
        assert_eq!(ttl(base, base + 600, 60), 60);
        assert_eq!(ttl(base, base, 60), 1, "due now");
        assert_eq!(ttl(base, base + 1_000_000, 32_767), 32_767, "too far away to matter");
        let word = Word { ttl: 60, deadline: Word::deadline_for(base + 5, base), ..Word::ABSENT };
        assert_eq!(word.ttl_at(base + 9), 1, "past");
        // 2^16 seconds wrap without a trace.
        let edge = (base | 0xffff) - 3;
        assert_eq!(ttl(edge, edge + 8, 60), 8);
    }

    #[test]
    fn weights_become_fractions() {
        let rows = [
            (0, 100, 0.0),
            (1, 100, 0.01),
            (30, 100, 0.3),
            (100, 100, 1.0),
            (7, 0, 1.0),
            (1, 10_000, 0.0001),
        ];
        for (weight, largest, fraction) in rows {
            let keep = Keep::of_weights(weight, largest);
            assert!((keep.fraction() - fraction).abs() < 0.00004, "{weight} of {largest}");
        }
        assert!(!Keep::of_weights(9_999, 10_000).eq(&Keep::ALL));
    }

    #[test]
    fn all_keeps_every_hash_and_none_keeps_none() {
        for hash in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(Keep::ALL.keeps(hash));
            assert!(!Keep::NONE.keeps(hash));
        }
    }
}
