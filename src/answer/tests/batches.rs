//! A batch says what its queries would be told one by one, whatever stood in its slots and frames before.

use std::collections::BTreeMap;

use super::*;

/// Queries of every kind by the thousand: names that exist, that a wildcard stands for, that do not exist and that
/// are elsewhere, of odd lengths and letters; every type; each way to say who asks; and some that are broken.
fn corpus(count: usize) -> Vec<(Vec<u8>, Peer)> {
    let mut random = fastrand::Rng::with_seed(42);
    (0..count).map(|_| (one(&mut random), who(&mut random))).collect()
}

const NAMES: [&str; 19] = [
    "plain.example.",
    "parts.example.",
    "ruled.example.",
    "nested.example.",
    "unknown.example.",
    "whoami.example.",
    "a.b.wild.example.",
    "wild.example.",
    "nope.example.",
    "a.b.c.d.nope.example.",
    "alias.example.",
    "loop.example.",
    "many.example.",
    "x.any.example.",
    "www.cut.example.",
    "ent.example.",
    "example.",
    "elsewhere.test.",
    ".",
];

fn one(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut name = NAMES[random.usize(..NAMES.len())].to_owned();
    if random.u8(..8) == 0 {
        // Long ones: the zone's limit is 255 octets.
        name = format!("{}.{name}", ["x".repeat(63), "y".repeat(random.usize(1..63))].join("."));
    }
    let letter = |letter: char| if random.bool() { letter.to_ascii_uppercase() } else { letter };
    let name: String = name.chars().map(letter).collect();
    let qtype = [1, 1, 1, 1, 28, 28, 2, 5, 6, 15, 16, 43, 65, 255, 252][random.usize(..15)];
    let four = IpAddr::from(random.u32(..).to_be_bytes());
    let six = IpAddr::from((0x2000_u128 << 112 | random.u128(..) >> 4).to_be_bytes());
    let subnets = [subnet(four, random.u8(0..=32)), subnet(six, random.u8(0..=128)), vec![0, 0, 0, 0]];
    let cookies = [vec![7; 8], vec![9; 24], vec![1; 5]];
    let mut options: Vec<(u16, &[u8])> = Vec::new();
    if random.bool() {
        options.push((8, &subnets[random.usize(..3)]));
    }
    if random.u8(..3) == 0 {
        options.push((10, &cookies[random.usize(..3)]));
    }
    if random.u8(..8) == 0 {
        options.push((3, &[]));
    }
    let mut packet = query(&name, qtype, (random.u8(..4) > 0).then_some(&options[..]));
    match random.u8(..24) {
        0 => packet.truncate(random.usize(2..packet.len())),
        1 => packet[random.usize(..12)] ^= 1 << random.u8(..8),
        2 => packet.extend([0; 3]),
        _ => {}
    }
    packet[..2].copy_from_slice(&random.u16(..).to_be_bytes());
    packet
}

fn who(random: &mut fastrand::Rng) -> Peer {
    let address = ["20.17.3.9", "192.0.2.1", "2a10:77::1", "::ffff:16.1.1.1"][random.usize(..4)];
    let port = if random.u8(..40) == 0 { 0 } else { 5353 };
    let address = SocketAddr::new(address.parse().unwrap(), port);
    Peer { address, transport: Transport::Udp }
}

/// Frames in memory.
struct Held(Vec<(Vec<u8>, usize, SocketAddr)>);

impl Held {
    const ROOM: usize = 4096;

    fn new(queries: &[(Vec<u8>, Peer)], garbage: u8) -> Held {
        let frame = |(query, peer): &(Vec<u8>, Peer)| {
            let mut octets = query.clone();
            octets.resize(Held::ROOM, garbage);
            (octets, query.len(), peer.address)
        };
        Held(queries.iter().map(frame).collect())
    }

    fn replies(&self) -> Vec<Option<Vec<u8>>> {
        self.0.iter().map(|(octets, length, _)| (*length > 0).then(|| octets[..*length].to_vec())).collect()
    }
}

impl Frames for Held {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn peer(&self, index: usize) -> SocketAddr {
        self.0[index].2
    }

    fn frame(&mut self, index: usize) -> (&mut [u8], usize) {
        let (octets, length, _) = &mut self.0[index];
        (octets, *length)
    }

    fn reply(&mut self, index: usize, length: usize) {
        self.0[index].1 = length;
    }
}

const COUNT: usize = 40_000;

#[test]
fn a_batch_says_what_its_queries_are_told_one_by_one() {
    let corpus = corpus(COUNT);
    let (mut batched, mut single) = (worker(0), worker(0));
    let (mut batch, mut random) = (Batch::new(64), fastrand::Rng::with_seed(1));
    let (mut codes, mut rest) = (BTreeMap::new(), &corpus[..]);
    while !rest.is_empty() {
        // Batches of every size, so that slots hold what was asked at another place before.
        let (now, later) = rest.split_at(random.usize(1..=64).min(rest.len()));
        rest = later;
        let mut held = Held::new(now, random.u8(..));
        batch.answer(snapshot(), &mut held, Transport::Udp, NOW, &mut batched);
        for ((query, peer), reply) in now.iter().zip(held.replies()) {
            assert_eq!(ask(query, peer, &mut single), reply, "{}", hex::encode(query));
            *codes.entry(reply.map(|reply| reply[3] & 15)).or_insert(0) += 1;
        }
    }
    for code in [None, Some(0), Some(1), Some(3), Some(4), Some(5)] {
        assert!(codes.get(&code).is_some_and(|count| *count > 50), "{code:?} in {codes:?}");
    }
    let counted = |worker: &Worker| worker.counters.rcodes.each_ref().map(|count| count.read());
    assert_eq!(counted(&batched), counted(&single));
    let batches: u64 = batched.counters.batches.iter().map(|count| count.read()).sum();
    assert!(batches > (COUNT / 64) as u64);
}

/// TCP says the same as UDP, as far as UDP could say it.
#[test]
fn tcp_says_what_udp_says() {
    let mut compared = 0;
    let (mut over_udp, mut over_tcp) = (worker(0), worker(0));
    for (query, udp) in corpus(COUNT) {
        let tcp = Peer { transport: Transport::Tcp, ..udp };
        let (Some(short), Some(long)) = (ask(&query, &udp, &mut over_udp), ask(&query, &tcp, &mut over_tcp))
        else {
            // Port 0 is a reason for UDP alone; its turn of the generator is not taken.
            over_tcp.generator = over_udp.generator.clone();
            continue;
        };
        over_tcp.generator = over_udp.generator.clone();
        // More than the smallest payload may be cut, or lack the additional section.
        if long.len() <= 512 {
            assert_eq!(short, long, "{}", hex::encode(&query));
            compared += 1;
        }
    }
    assert!(compared > COUNT * 8 / 10, "{compared}");
}

/// Nothing that a name's place in a batch could lend it: a client's subnet changes nothing here.
#[test]
fn what_depends_on_nobody_has_scope_0_in_the_midst_of_steered_names() {
    let ecs = subnet("20.17.3.9".parse().unwrap(), 24);
    let options: &[(u16, &[u8])] = &[(8, &ecs)];
    let names =
        ["plain.example.", "nope.example.", "example.", "x.any.example.", "ns.example.", "www.cut.example."];
    let asked: Vec<_> = (0..63).map(|at| names[at % names.len()]).collect();
    let peer = peer("192.0.2.1", Transport::Udp);
    let queries: Vec<_> = asked.iter().map(|name| (query(name, 1, Some(options)), peer)).collect();
    let mut held = Held::new(&queries, 0xff);
    Batch::new(64).answer(snapshot(), &mut held, Transport::Udp, NOW, &mut worker(0));
    for (name, reply) in asked.iter().zip(held.replies()) {
        let options = parts(&reply.unwrap()).unwrap().options;
        let scope = options.iter().find(|(code, _)| *code == 8).unwrap().1[3];
        assert_eq!(scope, if *name == "plain.example." { 25 } else { 0 }, "{name}");
    }
}

#[test]
fn a_reply_too_long_to_leave_is_written_anew_and_shorter() {
    let peer = peer("192.0.2.1", Transport::Udp);
    let mut asked = query("MANY.example.", 1, Some(&[(10, &[7; 8])]));
    asked[12 + 14 + 4 + 3..][..2].copy_from_slice(&4096_u16.to_be_bytes());
    let (mut held, mut worker) = (Held::new(&[(asked.clone(), peer)], 0), worker(0));
    let mut batch = Batch::new(64);
    batch.answer(snapshot(), &mut held, Transport::Udp, NOW, &mut worker);
    let whole = held.replies().remove(0).unwrap();
    assert!(whole.len() > 512 && whole[2] & 2 == 0);
    batch.shorten(0, snapshot(), &mut held, NOW, &mut worker);
    let short = held.replies().remove(0).unwrap();
    assert!(short.len() <= 512 && short[2] & 2 == 2);
    assert_eq!(short[12..26], asked[12..26], "the question, letter case and all");
    assert_eq!(parts(&short).unwrap().options, parts(&whole).unwrap().options);
}

#[test]
fn what_did_not_leave_was_not_handed_out() {
    let snapshot = compiled();
    let peer = peer("16.0.0.1", Transport::Udp);
    let asked = |name: &str| (query(name, 1, None), peer);
    let packets = ["plain.example.", "ns.example.", "plain.example.", "twice.example."].map(asked);
    let (mut held, mut worker) = (Held::new(&packets, 0), worker(0));
    let handed_out = || (0..snapshot.live.len()).map(|index| snapshot.tallies[0].read(index).0).sum::<u64>();
    let mut batch = Batch::new(64);
    batch.answer(&snapshot, &mut held, Transport::Udp, NOW, &mut worker);
    assert_eq!(handed_out(), 3);
    batch.shorten(0, &snapshot, &mut held, NOW, &mut worker);
    batch.shorten(1, &snapshot, &mut held, NOW, &mut worker);
    assert_eq!(handed_out(), 3, "written twice, and handed out once");
    for (index, left) in [(1, 3), (0, 2), (0, 2), (3, 1)] {
        batch.lost(index, &snapshot, &worker);
        assert_eq!(handed_out(), left, "frame {index}");
    }
}
