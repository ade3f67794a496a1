//! One query on its way through the four phases.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::edns::{Cookie, Edns, Said};
use super::frames::MIN_ROOM;
use super::message::{Labels, Message, Section};
use super::query::{Question, Rcode, Read, read};
use super::sections::{NO_DNAMES, Outcome, Sections};
use super::steered::Chosen;
use super::worker::{HandedOut, Worker};
use super::{Now, Reply, cookie};
use crate::model::Family;
use crate::snapshot::{Snapshot, World};
use crate::telemetry::{DropWhy, Transport};
use crate::zone::rtype;
use crate::zone::table::{Asked, EntryId, Found, Steers};

/// Classes: the Internet, and "any" (RFC 1035 §3.2.4).
pub(super) const CLASS_IN: u16 = 1;
const CLASS_ANY: u16 = 255;

/// How long a connection may stay idle, in tenths of a second (RFC 7828 §3.1).
const KEEPALIVE: u16 = (super::TCP_IDLE.as_millis() / 100) as u16;

/// One query: what was read, where its name is, what was picked.
#[derive(Debug)]
pub struct Slot {
    pub(super) peer: SocketAddr,
    transport: Transport,
    pub(super) question: Question,
    pub(super) edns: Option<Edns>,
    read: Read,
    readable: bool,
    pub(super) found: Found,
    pub(super) steers: Option<Steers>,
    /// Whether a service steers the name: then `chosen` is for this query, else it is left from another.
    pub(super) steered: bool,
    pub(super) chosen: Chosen,
    /// What its reply put into endpoints' tallies.
    handed_out: HandedOut,
}

impl Default for Slot {
    fn default() -> Self {
        Slot {
            peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            transport: Transport::Udp,
            question: Question::default(),
            edns: None,
            read: Read::CookieOnly,
            readable: false,
            found: Found::Outside,
            steers: None,
            steered: false,
            chosen: Chosen::default(),
            handed_out: HandedOut::default(),
        }
    }
}

/// What a reply is written with.
pub struct With<'a> {
    /// What it is written from.
    pub snapshot: &'a Snapshot,
    /// When.
    pub now: Now,
    /// Who writes it.
    pub worker: &'a mut Worker,
    /// Scratch for the compression of names.
    pub labels: &'a mut Labels,
}

impl Slot {
    /// Phase 1: reads the query, which is the first `length` octets of the frame.
    #[inline]
    pub fn parse(
        &mut self,
        frame: &[u8],
        length: usize,
        peer: SocketAddr,
        transport: Transport,
        worker: &Worker,
    ) {
        (self.peer, self.transport) = (peer, transport);
        (self.edns, self.steers, self.steered) = (None, None, false);
        (self.read, self.readable) = read(frame, length, &mut self.question, &mut self.edns);
        if let (Some(edns), Transport::Udp) = (&mut self.edns, transport) {
            // RFC 7828 §3.3.1: over UDP it is ignored.
            edns.keepalive = false;
        }
        if peer.port() == 0 && transport == Transport::Udp {
            self.read = Read::Drop(DropWhy::PortZero);
        }
        self.count(worker);
    }

    /// The name that is asked for.
    pub fn asked(&self) -> &Asked {
        &self.question.asked
    }

    /// Why there is no reply, if there is none.
    pub fn dropped(&self) -> Option<DropWhy> {
        if let Read::Drop(why) = self.read { Some(why) } else { None }
    }

    fn count(&self, worker: &Worker) {
        let counters = &worker.counters;
        counters.queries[self.transport as usize][Family::of(self.peer.ip()).index()].add();
        if let Read::Drop(why) = self.read {
            counters.dropped[why as usize].add();
        }
        if self.readable {
            counters.qtype(self.question.qtype);
        }
        if let Some(edns) = &self.edns {
            edns.ecs.inspect(|_| counters.ecs.add());
            edns.cookie.inspect(|_| counters.cookies.add());
        }
    }

    /// Phase 2: walks to the name and, where a service steers it, begins the walk to the client's cell.
    #[inline]
    pub fn find(&mut self, snapshot: &Snapshot) {
        if self.read != Read::Query || !self.is_internet() {
            return;
        }
        let world = &*snapshot.world;
        self.found = world.names.find(&self.question.asked, self.question.qtype == rtype::DS);
        let Found::Node(entry) = self.found else { return };
        self.steers = world.names.steers(entry);
        let (service, family) = match (self.steers, self.family()) {
            (Some(Steers::Service(service)), Some(family)) => (service, family),
            (Some(Steers::Alias(service)), _) => (service, Family::ALIAS),
            // Both families are picked for hints; the walk to the client's cell is the same.
            (Some(Steers::Service(service)), None) if self.wants_hints(world, entry) => (service, Family::V4),
            _ => return,
        };
        self.steered = true;
        self.chosen.begin(snapshot, service, family, self.edns.as_ref(), self.peer.ip());
    }

    /// Whether there are records that hold addresses as hints.
    fn wants_hints(&self, world: &World, entry: EntryId) -> bool {
        let qtype = self.question.qtype;
        matches!(qtype, rtype::HTTPS | rtype::SVCB) && world.names.rrset(entry, qtype).is_some()
    }

    /// One step of that walk; whether there are more.
    #[inline]
    pub fn step(&mut self, snapshot: &Snapshot) -> bool {
        self.steered && self.chosen.step(snapshot)
    }

    /// The end of that walk.
    #[inline]
    pub fn resolve(&mut self, snapshot: &Snapshot) {
        if self.steered {
            self.chosen.resolve(snapshot);
        }
    }

    /// Phase 3: picks for the client.
    pub fn pick(&mut self, snapshot: &Snapshot, now: Now, worker: &mut Worker) {
        if self.steered {
            self.chosen.pick(snapshot, now, worker);
        }
    }

    /// Phase 4: writes the reply over the query.
    #[inline]
    pub fn write(&mut self, frame: &mut [u8], with: With<'_>) -> Reply {
        if let Read::Drop(why) = self.read {
            return Reply::Drop(why);
        }
        let With { snapshot, now, worker, labels } = with;
        let with = With { snapshot, now, worker: &mut *worker, labels };
        let (length, rcode) = self.compose(frame, self.limit(&snapshot.world), with);
        self.handed_out = std::mem::take(&mut worker.handed_out);
        worker.counters.rcode(rcode.0);
        Reply::Send(length)
    }

    /// Writes the reply anew, as short as any resolver may want it; gives its length.
    pub fn shorten(&mut self, frame: &mut [u8], with: With<'_>) -> usize {
        let With { snapshot, now, worker, labels } = with;
        self.lost(snapshot, worker);
        let with = With { snapshot, now, worker: &mut *worker, labels };
        let (length, _) = self.compose(frame, MIN_ROOM, with);
        self.handed_out = std::mem::take(&mut worker.handed_out);
        length
    }

    /// The reply did not leave: what it handed out, nobody got.
    pub fn lost(&mut self, snapshot: &Snapshot, worker: &Worker) {
        let handed_out = std::mem::take(&mut self.handed_out);
        let tally = &snapshot.tallies[worker.index];
        tally.take_back(handed_out.first as usize, handed_out.set);
        handed_out.others().for_each(|live_index| tally.take_back(live_index, 1));
    }

    /// The reply, in at most `limit` octets: its length and its code.
    #[inline]
    fn compose(&self, frame: &mut [u8], limit: usize, with: With<'_>) -> (usize, Rcode) {
        let With { snapshot, now, worker, labels } = with;
        let world = &*snapshot.world;
        let limit = limit.min(frame.len());
        let sent = self.edns.as_ref().and_then(|edns| edns.cookie.as_ref());
        let cookie = sent.and_then(|c| cookie::server_half(c, self.peer.ip(), now.unix, &world.cookies));
        let reserved =
            self.edns.as_ref().map_or(0, |edns| edns.reserve(world.identity.as_bytes(), cookie.is_some()));
        // An identity has at most 64 octets, so header, question and OPT fit into 512.
        let question = if self.readable { self.question.octets() } else { 0 };
        let mut message = Message::over(frame, labels, question, limit.saturating_sub(reserved));
        let outcome = match self.read {
            Read::Query if world.cookie_required && self.lacks_cookie(sent, world, now) => {
                Outcome::of(Rcode::BADCOOKIE)
            }
            Read::Query => {
                let (message, worker) = (&mut message, &mut *worker);
                Sections { slot: self, snapshot, now, worker, message, dnames: NO_DNAMES }.query()
            }
            Read::Reject(rcode) => Outcome::of(rcode),
            // RFC 7873 §5.4: who only wants to know whether a cookie is good is told so.
            Read::CookieOnly if self.brings_bad_cookie(sent, world, now) => Outcome::of(Rcode::BADCOOKIE),
            Read::CookieOnly | Read::Drop(_) => Outcome::of(Rcode::NOERROR),
        };
        message.raise_limit(limit);
        if let Some(edns) = &self.edns {
            let said = Said {
                extended: (outcome.rcode.0 >> 4) as u8,
                payload: world.payload,
                scope: outcome.scope,
                cookie,
                identity: world.identity.as_bytes(),
                keepalive: edns.keepalive.then_some(KEEPALIVE),
                agent: &world.agent,
                error: outcome.error,
            };
            edns.write(&mut message, &said);
            message.count(Section::Additional, 1);
        }
        // RA, AD and CD are clear.
        let flags = u8::from(outcome.authoritative) << 2 | u8::from(outcome.truncated) << 1;
        let length = message.finish(self.readable, flags, outcome.rcode.0 as u8 & 0x0f);
        if outcome.truncated {
            worker.counters.truncated.add();
        }
        (length, outcome.rcode)
    }

    /// RFC 7873 §5.2.3: whoever speaks cookies has to hold a good one, so that nobody's address can be borrowed. A
    /// TCP connection proves as much.
    #[cold]
    fn lacks_cookie(&self, sent: Option<&Cookie>, world: &World, now: Now) -> bool {
        self.transport == Transport::Udp && sent.is_some_and(|sent| !self.is_good(sent, world, now))
    }

    /// Whether there is a server's half, and it is not good.
    #[cold]
    fn brings_bad_cookie(&self, sent: Option<&Cookie>, world: &World, now: Now) -> bool {
        sent.is_some_and(|sent| sent.server.is_some() && !self.is_good(sent, world, now))
    }

    fn is_good(&self, sent: &Cookie, world: &World, now: Now) -> bool {
        cookie::is_good(sent, self.peer.ip(), now.unix, &world.cookies)
    }

    pub(super) fn is_internet(&self) -> bool {
        matches!(self.question.qclass, CLASS_IN | CLASS_ANY)
    }

    /// The family of addresses asked for.
    #[inline]
    pub(super) fn family(&self) -> Option<Family> {
        match self.question.qtype {
            rtype::A => Some(Family::V4),
            rtype::AAAA => Some(Family::V6),
            _ => None,
        }
    }

    /// RFC 6891 §6.2.3–5: a payload below 512 counts as 512; no OPT means 512.
    #[inline]
    fn limit(&self, world: &World) -> usize {
        match (self.transport, &self.edns) {
            (Transport::Tcp, _) => super::MAX_REPLY,
            (Transport::Udp, Some(edns)) => usize::from(edns.payload.clamp(512, world.payload.max(512))),
            (Transport::Udp, None) => MIN_ROOM,
        }
    }
}
