//! Any octets at all: no panic, and every reply is one that two other codecs read.

use proptest::prelude::*;

use super::*;

/// Real queries, to be mutated: every way through the core.
fn queries() -> Vec<Vec<u8>> {
    let four: IpAddr = "20.17.3.9".parse().unwrap();
    let six: IpAddr = "2a10:77::1".parse().unwrap();
    let ecs = subnet(four, 24);
    let ecs_six = subnet(six, 56);
    let cookie = [7; 8];
    let all: &[(u16, &[u8])] = &[(3, &[]), (8, &ecs), (10, &cookie), (65001, b"odd")];
    let mut queries = vec![
        query("plain.example.", 1, None),
        query("pLaIn.ExAmPlE.", 28, Some(&[])),
        query("parts.example.", 1, Some(all)),
        query("ruled.example.", 1, Some(&[(8, &ecs_six)])),
        query("unknown.example.", 1, Some(&[(8, &[0, 0, 0, 0])])),
        query("a.b.wild.example.", 28, Some(all)),
        query("whoami.example.", 16, Some(all)),
        query("whoami.example.", 1, Some(all)),
        query("Nope.example.", 1, Some(all)),
        query("outside.test.", 1, Some(all)),
        query(".", 2, None),
        query("plain.example.", 65, Some(&[(10, &[9; 24])])),
    ];
    for (name, qtype) in [
        ("example.", 6),
        ("example.", 2),
        ("example.", 15),
        ("many.example.", 1),
        ("alias.example.", 1),
        ("alias.example.", 28),
        ("loop.example.", 1),
        ("lost.example.", 1),
        ("x.any.example.", 16),
        ("www.cut.example.", 1),
        ("cut.example.", 43),
        ("ent.example.", 1),
        ("plain.example.", 255),
    ] {
        queries.push(query(name, qtype, None));
        queries.push(query(name, qtype, Some(all)));
    }
    queries
}

/// What every reply must be, whatever was asked.
fn check(query: &[u8], peer: &Peer, reply: &[u8]) -> Result<(), TestCaseError> {
    let shown = format!("{} to {}", hex::encode(reply), hex::encode(query));
    prop_assert!(reply.len() >= 12, "{shown}");
    prop_assert!(reply.len() <= limit(query, peer), "too long: {shown}");
    prop_assert_eq!(&reply[..2], &query[..2], "id: {}", shown);
    prop_assert_eq!(reply[2] & 0x80, 0x80, "QR: {}", shown);
    prop_assert_eq!(reply[2] & 0x79, query[2] & 0x79, "opcode and RD: {}", shown);
    prop_assert_eq!(reply[3] & 0xf0, 0, "RA, Z, AD, CD: {}", shown);
    if reply[4..6] == [0, 1] {
        let end = 12 + question_length(reply);
        prop_assert_eq!(reply.get(12..end), query.get(12..end), "question: {}", shown);
    } else {
        prop_assert_eq!(&reply[4..6], &[0, 0], "{}", shown);
    }
    let read = parts(reply);
    prop_assert!(read.is_ok(), "domain: {read:?}");
    let read = hickory_proto::op::Message::from_vec(&readable(reply));
    prop_assert!(read.is_ok(), "hickory: {read:?}: {shown}");
    Ok(())
}

/// hickory cannot read an ECS option of family 0, which RFC 7871 §7.1.2 allows: it gets another code.
fn readable(reply: &[u8]) -> Vec<u8> {
    let mut reply = reply.to_vec();
    if let Some(at) = reply.windows(8).position(|window| window == [0, 8, 0, 4, 0, 0, 0, 0]) {
        reply[at..at + 2].copy_from_slice(&[0xfd, 0xe9]);
    }
    reply
}

fn question_length(message: &[u8]) -> usize {
    let mut at = 12;
    while let Some(length) = message.get(at).filter(|length| **length > 0) {
        at += 1 + usize::from(*length);
    }
    at + 5 - 12
}

/// RFC 6891 §6.2.3, as another codec reads the query; 1232 is what the server sends at most.
fn limit(query: &[u8], peer: &Peer) -> usize {
    let opt = domain::base::Message::from_octets(query).ok().and_then(|query| query.opt());
    match (peer.transport, opt) {
        (Transport::Tcp, _) => MAX_REPLY,
        (Transport::Udp, Some(opt)) => usize::from(opt.udp_payload_size().clamp(512, 1232)),
        (Transport::Udp, None) => 512,
    }
}

/// One change to a packet.
#[derive(Clone, Debug)]
enum Mutation {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Append(Vec<u8>),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, octet)| Mutation::Set(at, octet)),
        (at(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, octet)| Mutation::Insert(at, octet)),
        at().prop_map(Mutation::Remove),
        at().prop_map(Mutation::Cut),
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Mutation::Append),
    ]
}

fn mutate(packet: &mut Vec<u8>, mutation: &Mutation) {
    let length = packet.len();
    if length == 0 {
        return;
    }
    match mutation {
        Mutation::Set(at, octet) => packet[at.index(length)] = *octet,
        Mutation::Flip(at, bit) => packet[at.index(length)] ^= 1 << bit,
        Mutation::Insert(at, octet) => packet.insert(at.index(length), *octet),
        Mutation::Remove(at) => _ = packet.remove(at.index(length)),
        Mutation::Cut(at) => packet.truncate(at.index(length)),
        Mutation::Append(octets) => packet.extend(octets),
    }
}

fn peers() -> impl Strategy<Value = Peer> {
    let address = prop::sample::select(vec!["20.17.3.9", "192.0.2.1", "2a10:77::1", "::ffff:16.1.1.1"]);
    let transport = prop::sample::select(vec![Transport::Udp, Transport::Tcp]);
    (address, transport).prop_map(|(address, transport)| peer(address, transport))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_octets_never_panic(
        octets in prop::collection::vec(any::<u8>(), 0..600), peer in peers(),
    ) {
        if let Some(reply) = ask(&octets, &peer, &mut worker(0)) {
            check(&octets, &peer, &reply)?;
        }
    }

    #[test]
    fn mutated_queries_get_replies_that_others_read(
        which in any::<prop::sample::Index>(), mutations in prop::collection::vec(mutation(), 0..4), peer in peers(),
    ) {
        let mut packet = which.get(&queries()).clone();
        mutations.iter().for_each(|mutation| mutate(&mut packet, mutation));
        if let Some(reply) = ask(&packet, &peer, &mut worker(0)) {
            check(&packet, &peer, &reply)?;
        }
    }

    /// Which worker answers decides in which order addresses stand, and nothing else.
    #[test]
    fn two_workers_say_the_same(
        which in any::<prop::sample::Index>(), mutations in prop::collection::vec(mutation(), 0..2), peer in peers(),
    ) {
        let mut packet = which.get(&queries()).clone();
        mutations.iter().for_each(|mutation| mutate(&mut packet, mutation));
        let [one, two] = [0, 1].map(|index| ask(&packet, &peer, &mut worker(index)));
        prop_assert_eq!(one.as_ref().map(Vec::len), two.as_ref().map(Vec::len));
        let read = |reply: Option<Vec<u8>>| reply.map(|reply| parts(&reply));
        prop_assert_eq!(read(one), read(two));
    }
}

/// The corpus is what it says: mutations of queries that are all dropped or refused would test nothing.
#[test]
fn the_queries_go_every_way() {
    let peer = peer("192.0.2.1", Transport::Udp);
    let mut seen = std::collections::BTreeMap::new();
    for query in queries() {
        let reply = ask(&query, &peer, &mut worker(0)).expect("a reply");
        check(&query, &peer, &reply).unwrap();
        *seen.entry((reply[3] & 15, reply[2] & 2 != 0, reply[7] > 0)).or_insert(0) += 1;
    }
    let ways: Vec<_> = seen.into_keys().collect();
    // Code, TC, whether there is an answer: data, NODATA, too long, NXDOMAIN with and without an alias, refused.
    let expected = [
        (0, false, false),
        (0, false, true),
        (0, true, false),
        (3, false, false),
        (3, false, true),
        (5, false, false),
    ];
    assert_eq!(ways, expected);
}

#[test]
fn address_sets_are_rotated() {
    let (mut worker, peer) = (worker(0), peer("192.0.2.1", Transport::Udp));
    let query = query("plain.example.", 1, None);
    let firsts: std::collections::BTreeSet<_> =
        (0..100).map(|_| ask(&query, &peer, &mut worker).unwrap()[46]).collect();
    assert_eq!(firsts.into_iter().collect::<Vec<_>>(), [10, 11, 12]);
}
