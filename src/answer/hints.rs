//! HTTPS and SVCB records of a steered name, with the addresses that the same client gets by A and AAAA as hints (RFC 9460
//! §7.3): who connects to a hint lands where its address queries would have sent it.

use super::message::{Message, Section};
use super::records::{Owner, split_name};
use super::sections::Outcome;
use super::steered::Chosen;
use super::worker::Worker;
use crate::model::Family;
use crate::snapshot::Snapshot;
use crate::steer::Answer;
use crate::steer::chain::lot::bits;
use crate::zone::svcb::{IPV4HINT, IPV6HINT, is_hinted, params};
use crate::zone::table::{Names, Records};

/// What is picked for one client, by family.
pub(super) struct Hints<'a> {
    pub picked: [Chosen; 2],
    pub snapshot: &'a Snapshot,
}

impl Hints<'_> {
    /// For so many seconds all of it may be kept.
    fn ttl(&self, records: &Records) -> u32 {
        self.picked.iter().map(|chosen| chosen.pick.ttl).fold(records.ttl, u32::min)
    }

    /// Writes an RRset of the name `own`, whose owner stands at `owner`; says whether it fitted.
    pub fn put(
        &self,
        message: &mut Message<'_>,
        names: &Names,
        (owner, own): (u16, &[u8]),
        records: &Records,
        worker: &mut Worker,
    ) -> bool {
        let (mark, ttl) = (message.mark(), self.ttl(records));
        for data in names.rdata(records) {
            Owner::At(owner).put(message);
            message.put(&records.rtype.to_be_bytes());
            message.put(&[0, 1]);
            message.put(&ttl.to_be_bytes());
            let length_at = message.len();
            message.put(&[0; 2]);
            match is_hinted(data, own) {
                true => self.put_data(message, data, worker),
                false => message.put(data),
            }
            let length = message.len().saturating_sub(length_at + 2);
            message.patch(length_at, &(length as u16).to_be_bytes());
        }
        let fits = message.keep_since(mark);
        if fits {
            message.count(Section::Answer, records.count);
        }
        fits
    }

    /// Priority, target and parameters, with ours among them: keys ascend (RFC 9460 §2.2).
    fn put_data(&self, message: &mut Message<'_>, data: &[u8], worker: &mut Worker) {
        let (priority, rest) = data.split_at(data.len().min(2));
        let (target, rest) = split_name(rest);
        message.put(priority);
        message.put(target);
        let mut due = [(IPV4HINT, Family::V4), (IPV6HINT, Family::V6)].into_iter().peekable();
        for (key, whole) in params(rest) {
            while let Some((_, family)) = due.next_if(|(hint, _)| *hint <= key) {
                self.put_hint(message, family, worker);
            }
            if !matches!(key, IPV4HINT | IPV6HINT) {
                message.put(whole);
            }
        }
        due.for_each(|(_, family)| self.put_hint(message, family, worker));
    }

    /// One parameter: key, length, addresses. None of the family: no parameter.
    fn put_hint(&self, message: &mut Message<'_>, family: Family, worker: &mut Worker) {
        let (mark, key) = (message.mark(), if family == Family::V4 { IPV4HINT } else { IPV6HINT });
        message.put(&key.to_be_bytes());
        let length_at = message.len();
        message.put(&[0; 2]);
        self.put_addresses(message, family, worker);
        match message.len().saturating_sub(length_at + 2) {
            0 => message.back_to(mark),
            length => message.patch(length_at, &(length as u16).to_be_bytes()),
        }
    }

    fn put_addresses(&self, message: &mut Message<'_>, family: Family, worker: &mut Worker) {
        let (chosen, world) = (&self.picked[family.index()], &*self.snapshot.world);
        let steered = &world.services[chosen.service().index()].steered;
        let mut put = |(first, count): (u32, u8), mask: u16| {
            let start = if count > 1 { worker.generator.u8(..count) } else { 0 };
            let turned = (0..count).map(|step| (start + step) % count.max(1));
            for place in
                turned.filter(|place| mask.checked_shr((*place).into()).is_none_or(|bits| bits & 1 == 1))
            {
                let id = first + u32::from(place);
                match family {
                    Family::V4 => message.put_array(&world.addresses.four(id)),
                    Family::V6 => message.put_array(&world.addresses.six(id)),
                }
            }
        };
        match chosen.pick.answer {
            Answer::Endpoint { position, mask } => {
                put(world.addresses.endpoint(steered.live_index(position, family)), mask);
            }
            Answer::Endpoints(set) => {
                for live_index in bits(set).map(|position| steered.live_index(position, family)) {
                    let mask = self.snapshot.live[live_index].load().mask;
                    put(world.addresses.endpoint(live_index), if mask == 0 { u16::MAX } else { mask });
                }
            }
            Answer::Fallback => put(world.addresses.fallback(chosen.service(), family), u16::MAX),
            Answer::Nodata | Answer::Servfail => {}
        }
    }

    /// What both picks make of the whole reply.
    pub fn decide(&self, outcome: &mut Outcome) {
        self.picked.iter().for_each(|chosen| super::sections::decided(chosen, outcome));
    }
}
