//! The sections of a reply: the walk of RFC 1034 §4.3.2 from the question's name along aliases (CNAME) and other
//! names for whole trees (DNAME, RFC 6672), as far as the zones that are served.

use super::client::Asker;
use super::hints::Hints;
use super::message::{Message, Section};
use super::query::{HEADER, Rcode};
use super::records::{Owner, is_within, put_alias, put_extras, put_rrset, split_name};
use super::slot::{CLASS_IN, Slot};
use super::steered::{Chosen, note_alias, note_hints, put_addresses};
use super::worker::Worker;
use super::{Now, chaos, whoami};
use crate::model::{Family, ServiceId};
use crate::snapshot::Snapshot;
use crate::steer::{Answer, Why};
use crate::zone::dname::{MAX_NAME, substitute};
use crate::zone::rtype;
use crate::zone::svcb::is_hinted;
use crate::zone::table::{Asked, EntryId, Found, Names, Records, Steers};

/// Aliases followed for one query, inside the zones that are served.
pub(super) const MAX_CHAIN: usize = 16;

/// None in the answer yet.
pub(super) const NO_DNAMES: [Option<EntryId>; MAX_CHAIN] = [None; MAX_CHAIN];

/// Where the question's name stands.
pub(super) const QUESTION: u16 = HEADER as u16;

/// Extended errors (RFC 8914 §4).
const EDE_OTHER: u16 = 0;
const EDE_NOT_AUTHORITATIVE: u16 = 20;

/// What the sections came to.
pub(super) struct Outcome {
    pub rcode: Rcode,
    pub authoritative: bool,
    pub truncated: bool,
    pub scope: u8,
    pub error: Option<(u16, &'static str)>,
}

impl Outcome {
    pub fn of(rcode: Rcode) -> Outcome {
        Outcome { rcode, authoritative: false, truncated: false, scope: 0, error: None }
    }
}

/// Writes the sections of one reply.
pub(super) struct Sections<'a, 'm> {
    pub slot: &'a Slot,
    pub snapshot: &'a Snapshot,
    pub now: Now,
    pub worker: &'a mut Worker,
    pub message: &'a mut Message<'m>,
    /// DNAMEs in the answer.
    pub dnames: [Option<EntryId>; MAX_CHAIN],
}

/// The name being answered: the question's, or one that an alias or a DNAME put in its place.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub found: Found,
    pub steers: Option<Steers>,
    /// Where it stands in the message.
    pub name: u16,
}

impl<'a> Sections<'a, '_> {
    /// RFC 1034 §4.3.2, with every question of the walk answered by the table.
    #[inline]
    pub fn query(&mut self) -> Outcome {
        if !self.slot.is_internet() {
            return self.other_class();
        }
        let mut outcome = Outcome::of(Rcode::NOERROR);
        let mut at = At { found: self.slot.found, steers: self.slot.steers, name: QUESTION };
        if at.found == Found::Outside {
            return Outcome { error: Some((EDE_NOT_AUTHORITATIVE, "")), ..Outcome::of(Rcode::REFUSED) };
        }
        if matches!(self.slot.question.qtype, rtype::IXFR | rtype::AXFR) {
            // NODATA would say that the zone is empty (RFC 5936 §2.2.1).
            return Outcome::of(Rcode::REFUSED);
        }
        // RFC 1034 §3.7.1: for any class at all, nobody has authority.
        outcome.authoritative = self.slot.question.qclass == CLASS_IN && !matches!(at.found, Found::Cut(_));
        if let (true, Some(Steers::Service(_)), Found::Node(entry)) = (self.slot.steered, at.steers, at.found)
            && self.slot.family().is_some()
            && self.challenge(at).is_none()
        {
            // Most replies: addresses alone, and no other name.
            self.steered(entry, QUESTION, &self.slot.chosen, &mut outcome);
            return outcome;
        }
        self.message.remember(HEADER);
        let mut passed = [0; MAX_CHAIN];
        for turn in 0..MAX_CHAIN {
            passed[turn] = at.name;
            match self.step(at, &mut outcome) {
                // A name that was passed already is the end of a loop.
                Some(next) if !self.message.is_among(next.name, &passed[..=turn]) => at = next,
                _ => break,
            }
        }
        outcome
    }

    /// Classes beside the Internet: of CHAOS, what the operator wants told (RFC 4892).
    #[cold]
    fn other_class(&mut self) -> Outcome {
        let question = &self.slot.question;
        match chaos::find(question, &self.snapshot.world.chaos) {
            Some(text) => {
                let told = matches!(question.qtype, rtype::TXT | rtype::ANY);
                let truncated = told && !chaos::put(self.message, Owner::At(QUESTION), text);
                Outcome { authoritative: true, truncated, ..Outcome::of(Rcode::NOERROR) }
            }
            None => Outcome::of(Rcode::REFUSED),
        }
    }

    /// Answers at one name; the next one where it is an alias.
    fn step(&mut self, at: At, outcome: &mut Outcome) -> Option<At> {
        if self.challenged(at, outcome) {
            return None;
        }
        match at.found {
            Found::Node(entry) => return self.node(entry, at, outcome),
            Found::Dname(entry) => return self.dname(entry, at, outcome),
            Found::Cut(entry) => self.referral(entry, outcome),
            Found::Missing(entry) => {
                outcome.rcode = Rcode::NXDOMAIN;
                self.negative(entry, at.name, u32::MAX, outcome);
            }
            // The end of a chain that leaves our zones: the resolver goes on from there.
            Found::Outside => {}
        }
        None
    }

    pub fn names(&self) -> &'a Names {
        &self.snapshot.world.names
    }

    fn node(&mut self, entry: EntryId, at: At, outcome: &mut Outcome) -> Option<At> {
        let (names, qtype) = (self.names(), self.slot.question.qtype);
        match (at.steers, self.slot.family()) {
            (Some(Steers::Service(service)), Some(family)) => {
                let chosen = self.choose(service, family);
                self.steered(entry, at.name, &chosen, outcome);
                return None;
            }
            (Some(Steers::Alias(_)), _) if at.name == QUESTION => {
                return self.aliased(entry, at, &self.slot.chosen, outcome);
            }
            (Some(Steers::Alias(service)), _) => {
                let chosen = self.choose(service, Family::ALIAS);
                return self.aliased(entry, at, &chosen, outcome);
            }
            (Some(Steers::Service(service)), None) if matches!(qtype, rtype::HTTPS | rtype::SVCB) => {
                if let Some(records) = names.rrset(entry, qtype) {
                    self.hinted(service, entry, at, records, outcome);
                    return None;
                }
            }
            (Some(Steers::Whoami), _) if matches!(qtype, rtype::A | rtype::AAAA | rtype::TXT) => {
                self.whoami(entry, at.name, outcome);
                return None;
            }
            _ => {}
        }
        // RFC 8482 §4.2: one record for all, but an alias says so, and what has no data has none.
        let has_data = at.steers.is_some() || !names.rrsets(entry).is_empty();
        if qtype == rtype::ANY && has_data && names.rrset(entry, rtype::CNAME).is_none() {
            put_minimal_any(self.message, Owner::At(at.name));
            return None;
        }
        if let Some(records) = names.rrset(entry, qtype) {
            self.put(Section::Answer, Owner::At(at.name), records, outcome);
            if !outcome.truncated {
                put_extras(self.message, names, records, |_| true);
            }
            return None;
        }
        let Some(alias) = names.rrset(entry, rtype::CNAME) else {
            self.negative(entry, at.name, u32::MAX, outcome);
            return None;
        };
        let (target, _) = split_name(names.rdata(alias).next()?);
        // ANY is answered by the alias itself: it matches every type asked for (RFC 1034 §3.6.2).
        self.rename(at, alias.ttl, target, outcome).filter(|_| qtype != rtype::ANY)
    }

    /// RFC 6672 §3.2: the DNAME, and a CNAME made from it, which also answers those who ask for CNAME.
    fn dname(&mut self, entry: EntryId, at: At, outcome: &mut Outcome) -> Option<At> {
        let (names, qtype) = (self.names(), self.slot.question.qtype);
        let records = names.rrset(entry, rtype::DNAME)?;
        if !self.put_once(entry, records, outcome) {
            return None;
        }
        let (mut room, mut made) = ([0; MAX_NAME], [0; MAX_NAME]);
        let name = self.message.name_at(at.name, &mut room);
        let (target, _) = split_name(names.rdata(records).next()?);
        let Some(target) = substitute(name, names.name(entry), target, &mut made) else {
            outcome.rcode = Rcode::YXDOMAIN;
            return None;
        };
        self.rename(at, records.ttl, target, outcome).filter(|_| !matches!(qtype, rtype::CNAME | rtype::ANY))
    }

    /// A DNAME that a chain passes several times stands in the answer once.
    fn put_once(&mut self, entry: EntryId, records: &Records, outcome: &mut Outcome) -> bool {
        if self.dnames.contains(&Some(entry)) {
            return true;
        }
        if let Some(free) = self.dnames.iter_mut().find(|known| known.is_none()) {
            *free = Some(entry);
        }
        self.put(Section::Answer, Owner::Name(self.names().name(entry)), records, outcome)
    }

    /// Writes a CNAME and goes to its target.
    fn rename(&mut self, at: At, ttl: u32, target: &[u8], outcome: &mut Outcome) -> Option<At> {
        let Some(name) = put_alias(self.message, at.name, ttl, target) else {
            outcome.truncated = true;
            return None;
        };
        let asked = Asked::of(target)?;
        let found = self.names().find(&asked, self.slot.question.qtype == rtype::DS);
        let steers = if let Found::Node(entry) = found { self.names().steers(entry) } else { None };
        Some(At { found, steers, name })
    }

    /// An RRset that the reply needs; without it, it is truncated (RFC 2181 §9).
    fn put(&mut self, section: Section, owner: Owner<'_>, records: &Records, outcome: &mut Outcome) -> bool {
        let fits = put_rrset(self.message, section, self.names(), owner, records, u32::MAX);
        outcome.truncated |= !fits;
        fits
    }

    /// NS records of the cut, and glue. In-domain glue is not optional (RFC 9471 §3.1); other servers' addresses are
    /// (§3.2), and a reply without them is whole.
    fn referral(&mut self, cut: EntryId, outcome: &mut Outcome) {
        let names = self.names();
        let Some(records) = names.rrset(cut, rtype::NS) else { return };
        self.put(Section::Authority, Owner::Name(names.name(cut)), records, outcome);
        if !outcome.truncated {
            let below = names.name(cut);
            outcome.truncated = !put_extras(self.message, names, records, |owner| is_within(owner, below));
            put_extras(self.message, names, records, |owner| !is_within(owner, below));
        }
    }

    /// The zone's SOA, for as long as what is missing may be believed to be missing (RFC 2308 §3). `below`: where
    /// the name stands that is missing.
    pub fn negative(&mut self, entry: EntryId, below: u16, ttl: u32, outcome: &mut Outcome) {
        let names = self.names();
        let (soa, apex, minimum) = names.soa(entry);
        let owner = match below {
            // The zone's name is the end of the question's: nothing has to be searched for.
            QUESTION if apex.len() > 1 => {
                Owner::At(QUESTION + (self.slot.asked().name().len() - apex.len()) as u16)
            }
            _ => Owner::Name(apex),
        };
        let fits = put_rrset(self.message, Section::Authority, names, owner, soa, ttl.min(minimum));
        outcome.truncated |= !fits;
    }

    /// The name that was picked, and on to it. A resolver that has it asks for every type there, so one pick answers all.
    fn aliased(&mut self, entry: EntryId, at: At, chosen: &Chosen, outcome: &mut Outcome) -> Option<At> {
        let (pick, qtype) = (&chosen.pick, self.slot.question.qtype);
        decided(chosen, outcome);
        match (pick.answer, chosen.alias(&self.snapshot.world)) {
            (Answer::Servfail, _) => outcome.rcode = Rcode::SERVFAIL,
            (Answer::Endpoint { .. }, Some(target)) => {
                let next = self.rename(at, pick.ttl, target, outcome);
                if !outcome.truncated {
                    note_alias(chosen, self.snapshot, self.now, self.worker);
                }
                return next.filter(|_| !matches!(qtype, rtype::CNAME | rtype::ANY));
            }
            _ => self.negative(entry, at.name, pick.ttl, outcome),
        }
        None
    }

    /// Records of services, with the addresses that the client would get.
    fn hinted(
        &mut self,
        service: ServiceId,
        entry: EntryId,
        at: At,
        records: &Records,
        outcome: &mut Outcome,
    ) {
        let (names, own) = (self.names(), self.names().name(entry));
        if !names.rdata(records).any(|data| is_hinted(data, own)) {
            self.put(Section::Answer, Owner::At(at.name), records, outcome);
            return;
        }
        let four = match at.name {
            QUESTION => self.slot.chosen.clone(),
            _ => self.choose(service, Family::V4),
        };
        let six = four.other_family(self.snapshot, self.now, self.worker);
        let hints = Hints { picked: [four, six], snapshot: self.snapshot };
        hints.decide(outcome);
        let fits = hints.put(self.message, names, (at.name, own), records, self.worker);
        outcome.truncated |= !fits;
        if fits {
            hints.picked.iter().for_each(|chosen| note_hints(chosen, self.snapshot, self.now, self.worker));
        }
    }

    #[inline]
    fn steered(&mut self, entry: EntryId, name: u16, chosen: &Chosen, outcome: &mut Outcome) {
        let pick = &chosen.pick;
        decided(chosen, outcome);
        match pick.answer {
            Answer::Nodata => self.negative(entry, name, pick.ttl, outcome),
            Answer::Servfail => outcome.rcode = Rcode::SERVFAIL,
            Answer::Endpoint { .. } | Answer::Endpoints(_) | Answer::Fallback => {
                let owner = Owner::At(name);
                let fits = put_addresses(self.message, owner, chosen, self.snapshot, self.now, self.worker);
                outcome.truncated |= !fits;
            }
        }
    }

    /// For an alias' target: phases 2 and 3 at once.
    fn choose(&mut self, service: ServiceId, family: Family) -> Chosen {
        let (snapshot, resolver) = (self.snapshot, self.slot.peer.ip());
        let mut chosen = Chosen::default();
        chosen.begin(snapshot, service, family, self.slot.edns.as_ref(), resolver);
        chosen.resolve(snapshot);
        chosen.pick(self.snapshot, self.now, self.worker);
        chosen
    }

    fn whoami(&mut self, entry: EntryId, name: u16, outcome: &mut Outcome) {
        let ecs = self.slot.edns.as_ref().and_then(|edns| edns.ecs);
        // The answer names the whole subnet, so it holds for no other.
        outcome.scope = ecs.map_or(0, |ecs| ecs.source);
        let asker = Asker::new(self.slot.edns.as_ref(), true, self.slot.peer.ip());
        let asked =
            whoami::Asked { qtype: self.slot.question.qtype, resolver: self.slot.peer.ip(), ecs, asker };
        match whoami::put(self.message, Owner::At(name), &self.snapshot.world, &asked) {
            whoami::Put::Nothing => self.negative(entry, name, 0, outcome),
            whoami::Put::Truncated => outcome.truncated = true,
            whoami::Put::Whole => {}
        }
    }
}

/// What a pick makes of the whole reply, beside its records.
#[inline]
pub(super) fn decided(chosen: &Chosen, outcome: &mut Outcome) {
    outcome.scope = outcome.scope.max(chosen.asker.scope(chosen.pick.scope));
    if chosen.pick.why == Why::AllDown {
        outcome.error = Some((EDE_OTHER, "no endpoint is healthy: answered by on_all_down"));
    }
}

/// RFC 8482 §4.2: ANY gets one small record that says so.
pub(super) fn put_minimal_any(message: &mut Message<'_>, owner: Owner<'_>) {
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
