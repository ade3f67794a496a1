//! One query on its way through the four phases.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::client::Asker;
use super::edns::{Edns, Said};
use super::frames::MIN_ROOM;
use super::message::{Labels, Message, Section};
use super::query::{HEADER, Question, Rcode, Read, read};
use super::records::{Owner, name_length, put_extras, put_rrset};
use super::steered::{Chosen, put_addresses};
use super::worker::Worker;
use super::{Now, Reply, cookie, whoami};
use crate::model::{Family, ServiceId};
use crate::snapshot::{Snapshot, World};
use crate::steer::{Answer, Why};
use crate::telemetry::{DropWhy, Transport};
use crate::zone::rtype;
use crate::zone::table::{Asked, EntryId, Found, Names, Records, Steers};

/// Aliases followed for one query, inside the zones that are served.
const MAX_CHAIN: usize = 16;

/// Classes: the Internet, and "any" (RFC 1035 §3.2.4).
const CLASS_IN: u16 = 1;
const CLASS_ANY: u16 = 255;

/// Extended errors (RFC 8914 §4).
const EDE_OTHER: u16 = 0;
const EDE_NOT_AUTHORITATIVE: u16 = 20;

/// One query: what was read, where its name is, what was picked.
#[derive(Debug)]
pub struct Slot {
    peer: SocketAddr,
    transport: Transport,
    question: Question,
    edns: Option<Edns>,
    read: Read,
    readable: bool,
    found: Found,
    steers: Option<Steers>,
    /// Whether a service steers the name: then `chosen` is for this query, else it is left from another.
    steered: bool,
    chosen: Chosen,
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

/// What the sections came to.
struct Outcome {
    rcode: Rcode,
    authoritative: bool,
    truncated: bool,
    scope: u8,
    error: Option<(u16, &'static str)>,
}

impl Outcome {
    fn of(rcode: Rcode) -> Outcome {
        Outcome { rcode, authoritative: false, truncated: false, scope: 0, error: None }
    }
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
        if let (Some(Steers::Service(service)), Some(family)) = (self.steers, self.family()) {
            self.steered = true;
            self.chosen.begin(world, service, family, self.edns.as_ref(), self.peer.ip());
        }
    }

    /// One step of that walk; whether there are more.
    #[inline]
    pub fn step(&mut self, world: &World) -> bool {
        self.steered && self.chosen.step(world)
    }

    /// The end of that walk.
    #[inline]
    pub fn resolve(&mut self, world: &World) {
        if self.steered {
            self.chosen.resolve(world);
        }
    }

    /// Phase 3: picks for the client.
    pub fn pick(&mut self, snapshot: &Snapshot, now: Now) {
        if self.steered {
            self.chosen.pick(snapshot, now);
        }
    }

    /// Phase 4: writes the reply over the query.
    #[inline]
    pub fn write(&self, frame: &mut [u8], with: With<'_>) -> Reply {
        if let Read::Drop(why) = self.read {
            return Reply::Drop(why);
        }
        let With { snapshot, now, worker, labels } = with;
        let with = With { snapshot, now, worker: &mut *worker, labels };
        let (length, rcode) = self.compose(frame, self.limit(&snapshot.world), with);
        worker.counters.rcode(rcode.0);
        Reply::Send(length)
    }

    /// Writes the reply anew, as short as any resolver may want it; gives its length.
    pub fn shorten(&self, frame: &mut [u8], with: With<'_>) -> usize {
        self.compose(frame, MIN_ROOM, with).0
    }

    /// The reply, in at most `limit` octets: its length and its code.
    #[inline]
    fn compose(&self, frame: &mut [u8], limit: usize, with: With<'_>) -> (usize, Rcode) {
        let With { snapshot, now, worker, labels } = with;
        let world = &*snapshot.world;
        let limit = limit.min(frame.len());
        let cookie = self.edns.as_ref().and_then(|edns| edns.cookie.as_ref());
        let cookie = cookie.and_then(|c| cookie::server_half(c, self.peer.ip(), now.unix, &world.cookies));
        let reserved =
            self.edns.as_ref().map_or(0, |edns| edns.reserve(world.identity.as_bytes(), cookie.is_some()));
        // An identity has at most 64 octets, so header, question and OPT fit into 512.
        let question = if self.readable { self.question.octets() } else { 0 };
        let mut message = Message::over(frame, labels, question, limit.saturating_sub(reserved));
        let outcome = match self.read {
            Read::Query => {
                Sections { slot: self, snapshot, now, worker: &mut *worker, message: &mut message }.query()
            }
            Read::Reject(rcode) => Outcome::of(rcode),
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
                error: outcome.error,
            };
            edns.write(&mut message, &said, reserved);
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

    fn is_internet(&self) -> bool {
        matches!(self.question.qclass, CLASS_IN | CLASS_ANY)
    }

    /// The family of addresses asked for.
    #[inline]
    fn family(&self) -> Option<Family> {
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

/// Phase 4's sections.
struct Sections<'a, 'm> {
    slot: &'a Slot,
    snapshot: &'a Snapshot,
    now: Now,
    worker: &'a mut Worker,
    message: &'a mut Message<'m>,
}

/// The name being answered: the question's, or an alias' target.
#[derive(Clone, Copy)]
struct At<'n> {
    found: Found,
    steers: Option<Steers>,
    owner: Owner<'n>,
}

impl<'a> Sections<'a, '_> {
    /// RFC 1034 §4.3.2, with every question of the walk answered by the table.
    #[inline]
    fn query(&mut self) -> Outcome {
        if !self.slot.is_internet() {
            return Outcome::of(Rcode::REFUSED);
        }
        let mut outcome = Outcome::of(Rcode::NOERROR);
        let owner = Owner::At(HEADER as u16);
        let mut at = At { found: self.slot.found, steers: self.slot.steers, owner };
        if at.found == Found::Outside {
            return Outcome { error: Some((EDE_NOT_AUTHORITATIVE, "")), ..Outcome::of(Rcode::REFUSED) };
        }
        if matches!(self.slot.question.qtype, rtype::IXFR | rtype::AXFR) {
            // NODATA would say that the zone is empty (RFC 5936 §2.2.1).
            return Outcome::of(Rcode::REFUSED);
        }
        outcome.authoritative = !matches!(at.found, Found::Cut(_));
        if let (true, Found::Node(entry)) = (self.slot.steered, at.found) {
            // Most replies: addresses alone, and no other name.
            self.steered(entry, owner, &self.slot.chosen, &mut outcome);
            return outcome;
        }
        self.message.remember(HEADER);
        let mut passed = [Found::Outside; MAX_CHAIN];
        for turn in 0..MAX_CHAIN {
            passed[turn] = at.found;
            match self.step(at, &mut outcome) {
                // An alias leads to the same target whichever way one came: what was passed is a loop.
                Some(next) if next.found == Found::Outside || !passed.contains(&next.found) => at = next,
                _ => return outcome,
            }
        }
        outcome
    }

    /// Answers at one name; the next one where it is an alias.
    fn step(&mut self, at: At<'a>, outcome: &mut Outcome) -> Option<At<'a>> {
        match at.found {
            Found::Node(entry) => return self.node(entry, at, outcome),
            Found::Cut(entry) => self.referral(entry, outcome),
            Found::Missing(entry) => {
                outcome.rcode = Rcode::NXDOMAIN;
                self.negative(entry, at.owner, u32::MAX, outcome);
            }
            // The end of a chain that leaves our zones: the resolver goes on from there.
            Found::Outside => {}
        }
        None
    }

    fn names(&self) -> &'a Names {
        &self.snapshot.world.names
    }

    fn node(&mut self, entry: EntryId, at: At<'a>, outcome: &mut Outcome) -> Option<At<'a>> {
        let (names, qtype) = (self.names(), self.slot.question.qtype);
        match (at.steers, self.slot.family()) {
            (Some(Steers::Service(service)), Some(family)) => {
                let chosen = self.choose(service, family);
                self.steered(entry, at.owner, &chosen, outcome);
                return None;
            }
            (Some(Steers::Whoami), _) if matches!(qtype, rtype::A | rtype::AAAA | rtype::TXT) => {
                self.whoami(entry, at.owner, outcome);
                return None;
            }
            _ => {}
        }
        // RFC 8482 §4.2: one record for all, but an alias says so, and what has no data has none.
        let has_data = at.steers.is_some() || !names.rrsets(entry).is_empty();
        if qtype == rtype::ANY && has_data && names.rrset(entry, rtype::CNAME).is_none() {
            put_minimal_any(self.message, at.owner);
            return None;
        }
        if let Some(records) = names.rrset(entry, qtype) {
            self.put(Section::Answer, at.owner, records, outcome);
            if !outcome.truncated {
                put_extras(self.message, names, records);
            }
            return None;
        }
        let Some(alias) = names.rrset(entry, rtype::CNAME) else {
            self.negative(entry, at.owner, u32::MAX, outcome);
            return None;
        };
        // ANY is answered by the alias itself: it matches every type asked for (RFC 1034 §3.6.2).
        self.alias(alias, at.owner, outcome).filter(|_| qtype != rtype::ANY)
    }

    /// Writes a CNAME and goes to its target.
    fn alias(&mut self, alias: &'a Records, owner: Owner<'a>, outcome: &mut Outcome) -> Option<At<'a>> {
        let names = self.names();
        let target = names.rdata(alias).next()?;
        let (target, _) = target.split_at(name_length(target));
        if !self.put(Section::Answer, owner, alias, outcome) {
            return None;
        }
        let asked = Asked::of(target)?;
        let found = names.find(&asked, self.slot.question.qtype == rtype::DS);
        let steers = if let Found::Node(entry) = found { names.steers(entry) } else { None };
        Some(At { found, steers, owner: Owner::Name(target) })
    }

    /// An RRset that the reply needs; without it, it is truncated (RFC 2181 §9).
    fn put(&mut self, section: Section, owner: Owner<'_>, records: &Records, outcome: &mut Outcome) -> bool {
        let fits = put_rrset(self.message, section, self.names(), owner, records, u32::MAX);
        outcome.truncated |= !fits;
        fits
    }

    /// NS records of the cut, DS if it is there, and glue. In-domain glue is not optional (RFC 9471 §2).
    fn referral(&mut self, cut: EntryId, outcome: &mut Outcome) {
        let names = self.names();
        let Some(records) = names.rrset(cut, rtype::NS) else { return };
        self.put(Section::Authority, Owner::Name(names.name(cut)), records, outcome);
        if !outcome.truncated {
            outcome.truncated = !put_extras(self.message, names, records);
        }
    }

    /// The zone's SOA, for as long as what is missing may be believed to be missing (RFC 2308 §3). `below`: the
    /// name that is missing, which is the question's if it stands in the message already.
    fn negative(&mut self, entry: EntryId, below: Owner<'_>, ttl: u32, outcome: &mut Outcome) {
        let names = self.names();
        let (soa, apex, minimum) = names.soa(entry);
        let owner = match below {
            // The zone's name is the end of the question's: nothing has to be searched for.
            Owner::At(at) if apex.len() > 1 => {
                Owner::At(at + (self.slot.asked().name().len() - apex.len()) as u16)
            }
            _ => Owner::Name(apex),
        };
        let fits = put_rrset(self.message, Section::Authority, names, owner, soa, ttl.min(minimum));
        outcome.truncated |= !fits;
    }

    #[inline]
    fn steered(&mut self, entry: EntryId, owner: Owner<'_>, chosen: &Chosen, outcome: &mut Outcome) {
        let pick = &chosen.pick;
        outcome.scope = outcome.scope.max(chosen.asker.scope(pick.scope));
        if pick.why == Why::AllDown {
            outcome.error = Some((EDE_OTHER, "no endpoint is healthy: answered by on_all_down"));
        }
        match pick.answer {
            Answer::Nodata => self.negative(entry, owner, pick.ttl, outcome),
            Answer::Servfail => outcome.rcode = Rcode::SERVFAIL,
            Answer::Endpoint { .. } | Answer::Fallback => {
                let fits = put_addresses(self.message, owner, chosen, self.snapshot, self.now, self.worker);
                outcome.truncated |= !fits;
            }
        }
    }

    /// For an alias' target: phases 2 and 3 at once.
    fn choose(&self, service: ServiceId, family: Family) -> Chosen {
        let (world, resolver) = (&self.snapshot.world, self.slot.peer.ip());
        let mut chosen = Chosen::default();
        chosen.begin(world, service, family, self.slot.edns.as_ref(), resolver);
        chosen.resolve(world);
        chosen.pick(self.snapshot, self.now);
        chosen
    }

    fn whoami(&mut self, entry: EntryId, owner: Owner<'_>, outcome: &mut Outcome) {
        let ecs = self.slot.edns.as_ref().and_then(|edns| edns.ecs);
        // The answer names the whole subnet, so it holds for no other.
        outcome.scope = ecs.map_or(0, |ecs| ecs.source);
        let asker = Asker::new(self.slot.edns.as_ref(), true, self.slot.peer.ip());
        let asked =
            whoami::Asked { qtype: self.slot.question.qtype, resolver: self.slot.peer.ip(), ecs, asker };
        match whoami::put(self.message, owner, &self.snapshot.world, &asked) {
            whoami::Put::Nothing => self.negative(entry, owner, 0, outcome),
            whoami::Put::Truncated => outcome.truncated = true,
            whoami::Put::Whole => {}
        }
    }
}

/// RFC 8482 §4.2: ANY gets one small record that says so.
fn put_minimal_any(message: &mut Message<'_>, owner: Owner<'_>) {
    let mark = message.mark();
    owner.put(message);
    message.put(&rtype::HINFO.to_be_bytes());
    message.put(&[0, 1]);
    message.put(&3600u32.to_be_bytes());
    message.put(b"\x00\x09\x07RFC8482\x00");
    if message.keep_since(mark) {
        message.count(Section::Answer, 1);
    }
}
