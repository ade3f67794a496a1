//! Fit, or why not.

use std::net::SocketAddr;

/// What has to hold before clients are sent here. The world is loaded before any of this exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latches {
    /// Every target has its first verdict, or the time for that is over.
    pub first_verdicts: bool,
    /// Listeners that did not answer their last question, and why; `None` until all were asked once.
    pub silent: Option<Vec<(SocketAddr, &'static str, String)>>,
    /// The node was told to stop.
    pub stopping: bool,
    /// Nobody outside answers the node's probes: its own network seems cut.
    pub cut_off: bool,
    /// A node that seems cut off is unfit, because the operator wants it so.
    pub unready_when_cut: bool,
}

/// Fit → announce; unfit → withdraw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitness {
    /// In words, what is missing; empty: fit.
    pub missing: Vec<String>,
    /// In words, what is wrong with a node that is fit nonetheless.
    pub degraded: Vec<String>,
}

impl Fitness {
    /// Whether clients may be sent here.
    pub fn is_fit(&self) -> bool {
        self.missing.is_empty()
    }
}

impl Latches {
    /// What the latches amount to.
    pub fn fitness(&self) -> Fitness {
        let mut missing = Vec::new();
        if self.stopping {
            missing.push("the node is stopping".to_owned());
        }
        if !self.first_verdicts {
            missing.push("first verdicts are not in yet".to_owned());
        }
        match &self.silent {
            None => missing.push("the node has not answered its own query yet".to_owned()),
            Some(silent) => missing.extend(silent.iter().map(|(address, transport, why)| {
                format!("{address} does not answer over {transport}: {why}")
            })),
        }
        let mut degraded = Vec::new();
        if self.cut_off {
            let words = "nobody outside answers: this node's own network seems cut, and verdicts are frozen"
                .to_owned();
            if self.unready_when_cut { missing.push(words) } else { degraded.push(words) }
        }
        Fitness { missing, degraded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latch_has_its_words() {
        let fit = Latches { first_verdicts: true, silent: Some(Vec::new()), ..Latches::default() };
        assert!(fit.fitness().is_fit());
        let address = "127.0.0.1:53".parse().unwrap();
        let rows = [
            (Latches { stopping: true, ..fit.clone() }, "the node is stopping"),
            (Latches { first_verdicts: false, ..fit.clone() }, "first verdicts are not in yet"),
            (Latches { silent: None, ..fit.clone() }, "the node has not answered its own query yet"),
            (
                Latches { silent: Some(vec![(address, "UDP", "timed out".into())]), ..fit.clone() },
                "127.0.0.1:53 does not answer over UDP: timed out",
            ),
        ];
        for (latches, words) in rows {
            assert_eq!(latches.fitness().missing, [words]);
        }
        let cut = Latches { cut_off: true, ..fit };
        let words = "nobody outside answers: this node's own network seems cut, and verdicts are frozen";
        assert_eq!((cut.fitness().missing.len(), &cut.fitness().degraded[..]), (0, &[words.to_owned()][..]));
        let unfit = Latches { unready_when_cut: true, ..cut };
        assert_eq!(
            (unfit.fitness().degraded.len(), &unfit.fitness().missing[..]),
            (0, &[words.to_owned()][..])
        );
    }
}
