//! Samples of what one worker answers: who asks for what, and for how long it lasts. Control estimates demand from them.
//!
//! A ring of slots: the worker writes over the oldest, control reads what is new once a second and sets the stride, so
//! that some two hundred samples come a second however many queries do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use crate::model::ServiceId;
use crate::telemetry::counters::Count;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Of which service.
    pub service: ServiceId,
    /// The client's network: a whole IPv4 address, or the first 64 bits of an IPv6 address.
    pub client: IpAddr,
    /// For so many seconds it may be cached.
    pub ttl: u16,
    /// For so many answers it stands.
    pub stride: u16,
}

impl Sample {
    fn pack(self) -> [u64; 2] {
        let (client, six) = match self.client {
            IpAddr::V4(four) => (u64::from(four.to_bits()), 0),
            IpAddr::V6(six) => ((six.to_bits() >> 64) as u64, 1),
        };
        let ttl = u64::from(self.ttl.min(0x7fff));
        [client, u64::from(self.service.0) << 32 | u64::from(self.stride) << 16 | ttl << 1 | six]
    }

    fn unpack([client, rest]: [u64; 2]) -> Sample {
        let client = match rest & 1 {
            0 => Ipv4Addr::from_bits(client as u32).into(),
            _ => Ipv6Addr::from_bits(u128::from(client) << 64).into(),
        };
        let (ttl, stride) = ((rest >> 1) as u16 & 0x7fff, (rest >> 16) as u16);
        Sample { service: ServiceId((rest >> 32) as u32), client, ttl, stride }
    }
}

/// A sample where its worker writes it and control reads it: `number` is 0 while it is written.
#[derive(Debug, Default)]
struct Slot {
    number: AtomicU64,
    words: [AtomicU64; 2],
}

/// One worker's samples. Its own lines: no other worker's stand in a pair with them.
#[derive(Debug)]
#[repr(align(128))]
pub struct Samples {
    slots: Box<[Slot]>,
    /// Answers until the next sample.
    left: AtomicU32,
    stride: AtomicU32,
    written: Count,
}

impl Default for Samples {
    fn default() -> Samples {
        let slots = (0..Samples::MOST).map(|_| Slot::default()).collect();
        Samples { slots, left: AtomicU32::new(0), stride: AtomicU32::new(1), written: Count::default() }
    }
}

impl Samples {
    /// So many are kept until control reads them.
    pub const MOST: usize = 256;

    /// Notes an answer, if it is its turn; `random` gives a number below its argument. Only its worker may.
    #[inline]
    pub fn note(&self, service: ServiceId, client: IpAddr, ttl: u32, random: impl FnOnce(u32) -> u32) {
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 {
            self.left.store(left - 1, Ordering::Relaxed);
            return;
        }
        let stride = self.stride.load(Ordering::Relaxed);
        // On average every `stride`th, but never in step with anybody who asks in a rhythm.
        self.left.store(random(2 * stride - 1), Ordering::Relaxed);
        self.write(Sample { service, client, ttl: ttl.min(0x7fff) as u16, stride: stride as u16 });
    }

    fn write(&self, sample: Sample) {
        let number = self.written.read();
        let slot = &self.slots[number as usize % Samples::MOST];
        slot.number.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        for (place, word) in slot.words.iter().zip(sample.pack()) {
            place.store(word, Ordering::Relaxed);
        }
        slot.number.store(number + 1, Ordering::Release);
        self.written.add();
    }

    /// What was written since `seen`, and how many samples that stands for: more, where some were written over.
    pub fn read(&self, seen: &mut u64) -> (Vec<Sample>, u64) {
        let written = self.written.read();
        let new = written.wrapping_sub(*seen);
        let kept = new.min(Samples::MOST as u64);
        let samples = (written - kept..written).filter_map(|number| self.slot(number)).collect();
        *seen = written;
        (samples, new)
    }

    fn slot(&self, number: u64) -> Option<Sample> {
        let slot = &self.slots[number as usize % Samples::MOST];
        if slot.number.load(Ordering::Acquire) != number + 1 {
            return None;
        }
        let words = [0, 1].map(|at: usize| slot.words[at].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        (slot.number.load(Ordering::Relaxed) == number + 1).then(|| Sample::unpack(words))
    }

    /// Every how many answers one is noted from now on, on average; for control alone.
    pub fn set_stride(&self, stride: u16) {
        self.stride.store(stride.max(1).into(), Ordering::Relaxed);
    }

    /// The stride as it is set.
    pub fn stride(&self) -> u16 {
        self.stride.load(Ordering::Relaxed) as u16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(service: u32, client: IpAddr, ttl: u16) -> Sample {
        Sample { service: ServiceId(service), client, ttl, stride: 1 }
    }

    proptest! {
        #[test]
        fn packing_loses_nothing_but_what_is_smaller_than_a_network(service: u32, four: u32, six: u64, is_six: bool, ttl in 0u16..0x8000, stride: u16) {
            let six = IpAddr::from(Ipv6Addr::from_bits(u128::from(six) << 64));
            let client = if is_six { six } else { Ipv4Addr::from_bits(four).into() };
            let sample = Sample { service: ServiceId(service), client, ttl, stride };
            prop_assert_eq!(Sample::unpack(sample.pack()), sample);
        }
    }

    #[test]
    fn what_is_new_is_read_once_and_what_was_written_over_is_counted() {
        let (samples, mut seen) = (Samples::default(), 0);
        let note = |number: u32| {
            samples.note(ServiceId(number), Ipv4Addr::from_bits(number).into(), 60, |_| 0);
        };
        (0..3).for_each(note);
        let wanted: Vec<_> =
            (0..3).map(|number| sample(number, Ipv4Addr::from_bits(number).into(), 60)).collect();
        assert_eq!(samples.read(&mut seen), (wanted, 3));
        assert_eq!(samples.read(&mut seen), (vec![], 0));
        (0..1_000).for_each(note);
        let (read, new) = samples.read(&mut seen);
        assert_eq!((read.len(), new, read[0].service.0), (Samples::MOST, 1_000, 744));
    }

    #[test]
    fn a_stride_stands_for_as_many_answers() {
        let (samples, mut seen) = (Samples::default(), 0);
        let mut generator = fastrand::Rng::with_seed(1);
        samples.set_stride(100);
        let mut stood_for = 0;
        for _ in 0..100 {
            for _ in 0..1_000 {
                samples.note(ServiceId(0), Ipv4Addr::LOCALHOST.into(), 60, |most| generator.u32(..most));
            }
            let (read, _) = samples.read(&mut seen);
            stood_for += read.iter().map(|sample| u32::from(sample.stride)).sum::<u32>();
        }
        assert!((95_000..105_000).contains(&stood_for), "{stood_for}");
    }

    #[test]
    fn nobody_reads_half_a_sample() {
        let (samples, enough) = (Samples::default(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            // Written for as long as it takes to read some, however late either thread gets a processor.
            scope.spawn(|| {
                for number in 0u32.. {
                    samples.note(ServiceId(number), Ipv4Addr::from_bits(number).into(), number % 100, |_| 0);
                    if enough.load(Ordering::Relaxed) > 0 {
                        break;
                    }
                }
            });
            let (mut seen, mut read) = (0, 0);
            while read < 100_000 {
                for Sample { service, client, ttl, .. } in samples.read(&mut seen).0 {
                    read += 1;
                    let wanted = (Ipv4Addr::from_bits(service.0).into(), service.0 % 100);
                    if (client, u32::from(ttl)) != wanted {
                        enough.store(1, Ordering::Relaxed);
                        panic!("{client} and {ttl} s in sample {}", service.0);
                    }
                }
            }
            enough.store(1, Ordering::Relaxed);
        });
    }
}
