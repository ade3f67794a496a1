//! What is counted.

use std::collections::BTreeMap;

use domain::base::iana::Rtype;

use crate::compare::{Case, Facet, Verdict, Way, unexplained};
use crate::servers::Server;

/// Counts of everything.
#[derive(Debug, Default)]
pub struct Tally {
    /// Questions by datagram.
    pub datagrams: usize,
    /// Questions asked again by stream, because a reply was truncated.
    pub streams: usize,
    /// Questions asked again by stream, because an alias leads into another zone.
    pub followed: usize,
    /// Of all of them, those of type ANY.
    pub any: usize,
    /// Replies on which all agree.
    pub agreed: usize,
    /// Meridian's codes.
    pub codes: BTreeMap<String, usize>,
    /// Where the others differ, and whom Meridian sides with.
    pub sides: BTreeMap<(Facet, &'static str, String), usize>,
    /// Differences by facet and reason.
    pub explained: BTreeMap<(&'static str, &'static str, Facet), usize>,
    /// Replies with differences that nothing explains, by kind.
    pub wrong: BTreeMap<String, usize>,
    /// Questions that were left out, because a peer fell silent.
    pub silent: usize,
    /// Wrong replies made on purpose, all of which were noticed.
    pub spoiled: usize,
}

impl Tally {
    /// Counts one case.
    pub fn count(&mut self, case: &Case, verdicts: &[(Facet, Verdict)]) {
        *match case.way {
            Way::Datagram | Way::Ahead => &mut self.datagrams,
            Way::Stream => &mut self.streams,
            Way::Followed => &mut self.followed,
        } += 1;
        self.any += usize::from(case.question.rtype == Rtype::ANY);
        self.agreed += usize::from(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Agrees));
        *self.codes.entry(case.meridian.code_text()).or_default() += 1;
        for (facet, verdict) in verdicts {
            match verdict {
                Verdict::Sides(server) => {
                    *self
                        .sides
                        .entry((*facet, server.title(), against(case, *facet, *server)))
                        .or_default() += 1
                }
                Verdict::Explained(reason) => {
                    *self.explained.entry((reason.title, reason.source, *facet)).or_default() += 1;
                }
                Verdict::Agrees | Verdict::Unexplained => {}
            }
        }
        let wrong: Vec<&str> = unexplained(verdicts).iter().map(|facet| facet.title()).collect();
        if !wrong.is_empty() {
            *self.wrong.entry(kind(case, &wrong.join(", "))).or_default() += 1;
        }
    }

    /// Replies with differences that nothing explains.
    pub fn unexplained(&self) -> usize {
        self.wrong.values().sum()
    }
}

/// What the one that Meridian does not side with says, if that is a code.
fn against(case: &Case, facet: Facet, server: Server) -> String {
    let other = if server == Server::Nsd { case.knot } else { case.nsd };
    match facet {
        Facet::Code => format!(": {}, not {}", case.meridian.code_text(), other.code_text()),
        _ => String::new(),
    }
}

fn kind(case: &Case, facets: &str) -> String {
    let codes = case.replies().map(|reply| reply.code_text()).join("/");
    format!("{facets}: {}, {codes}, {}", case.question.rtype, case.way.title())
}
