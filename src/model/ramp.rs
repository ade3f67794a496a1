//! A ramp: an operator's word that moves with time, from one share of the configured weight to another.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A part of a whole, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// Nothing of it.
    pub const NONE: Share = Share(0);
    /// All of it.
    pub const ALL: Share = Share(10_000);

    /// So many hundredths of a percent; `None`: more than all.
    pub fn of_hundredths(hundredths: u16) -> Option<Share> {
        (hundredths <= Share::ALL.0).then_some(Share(hundredths))
    }

    /// In hundredths of a percent.
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// 0.0…1.0.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Share::ALL.0)
    }
}

impl FromStr for Share {
    type Err = ();

    /// As operators write it: `1%`, `0.25%`, `100 %`.
    fn from_str(word: &str) -> Result<Share, ()> {
        let number = word.trim().strip_suffix('%').ok_or(())?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str, most| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 3) || !digits(part, 2) {
            return Err(());
        }
        let part: u32 = format!("{part:0<2}").parse().map_err(|_| ())?;
        let whole: u32 = whole.parse().map_err(|_| ())?;
        let hundredths = u16::try_from(whole * 100 + part).map_err(|_| ())?;
        Share::of_hundredths(hundredths).ok_or(())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 100.0)
    }
}

/// The schedule, and what makes it go back. It begins when it is acknowledged; where it stands is a function of that
/// moment and of now alone, so that every restart finds it where it would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ramp {
    /// The share of the configured weight at the beginning, and after going back.
    pub from: Share,
    /// The share at the end, and from then on.
    pub to: Share,
    /// How long it takes.
    pub over: Duration,
    /// For so long after its end it may still go back.
    pub watch: Duration,
    /// A larger share of requests answered with 5xx brings it back; `None`: [`Ramp::MAX_ERRORS`], and only what is also
    /// twice the mean of the service's other endpoints.
    pub max_errors: Option<Share>,
}

impl Ramp {
    /// The bound of errors where nobody gave one.
    pub const MAX_ERRORS: Share = Share(500);

    /// How long it is watched after its end where nobody said.
    pub const WATCH: Duration = Duration::from_secs(600);

    /// Whether it gives an endpoint more clients: what goes down is a drain, and nothing to go back from.
    pub fn climbs(&self) -> bool {
        self.to > self.from
    }

    /// The share of the configured weight so long after the beginning: 0.0…1.0.
    pub fn after(&self, elapsed: Duration) -> f64 {
        if elapsed >= self.over {
            return self.to.fraction();
        }
        let (from, to) = (self.from.fraction(), self.to.fraction());
        from + (to - from) * (elapsed.as_secs_f64() / self.over.as_secs_f64())
    }
}

/// Where a ramp stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On its way.
    Moving,
    /// At its end.
    Arrived,
    /// At its beginning again, until an operator says something else.
    RolledBack,
}

impl Stage {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Moving => "moving",
            Stage::Arrived => "arrived",
            Stage::RolledBack => "rolled_back",
        }
    }
}

/// When and why a ramp went back by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// When, to the second.
    pub at: SystemTime,
    /// Why, in words.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_and_print() {
        let rows = [
            ("1%", Some("1%")),
            ("0%", Some("0%")),
            ("100 %", Some("100%")),
            ("0.5%", Some("0.5%")),
            ("0.05%", Some("0.05%")),
            (" 012.30% ", Some("12.3%")),
            ("100.01%", None),
            ("101%", None),
            ("999%", None),
            ("1000%", None),
            ("0.005%", None),
            ("-1%", None),
            ("1", None),
            ("%", None),
            (".5%", None),
            ("5.%", None),
            ("1e1%", None),
            ("٣%", None),
            ("", None),
        ];
        for (word, printed) in rows {
            let share = word.parse::<Share>().ok();
            assert_eq!(share.map(|share| share.to_string()).as_deref(), printed, "{word}");
        }
    }

    /// From, to, over; and the share after so many seconds.
    fn check(course: (&str, &str, u64), seconds: u64, share: f64) {
        let (from, to, over) = course;
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let over = Duration::from_secs(over);
        let ramp = Ramp { from, to, over, watch: Ramp::WATCH, max_errors: None };
        let found = ramp.after(Duration::from_secs(seconds));
        assert!((found - share).abs() < 1e-9, "{course:?} after {seconds} s: {found}, not {share}");
    }

    #[test]
    fn it_moves_evenly_up_or_down_and_stays_at_its_end() {
        let (up, down) = (("1%", "100%", 1800), ("100%", "0%", 600));
        check(up, 0, 0.01);
        check(up, 900, 0.505);
        check(up, 1799, 0.99945);
        check(up, 1800, 1.0);
        check(up, u64::MAX, 1.0);
        check(down, 0, 1.0);
        check(down, 60, 0.9);
        check(down, 599, 1.0 / 600.0);
        check(down, 600, 0.0);
        check(("0.5%", "20%", 100), 50, 0.1025);
        check(("0%", "50%", 0), 0, 0.5);
        check(("0%", "100%", u64::MAX), 3600, 0.0);
    }
}
