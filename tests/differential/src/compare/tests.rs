//! Facets, verdicts, and wrong replies that have to be found.

use super::*;
use crate::name::Name;
use crate::reply::tests::{ADDRESS, ALIAS, BACK, OPT, SOA, message};
use crate::spoil::{SPOILERS, spoil};

fn reply(flags: [u8; 2], counts: [u8; 3], records: &[&[u8]]) -> Reply {
    Reply::read(&message(flags, counts, records)).unwrap()
}

/// The verdicts on three replies that no reason explains.
fn judge(meridian: &Reply, nsd: &Reply, knot: &Reply) -> Vec<(Facet, Verdict)> {
    let (world, question) = (World::default(), question());
    Case { world: &world, question: &question, way: Way::Datagram, whole: 0, meridian, nsd, knot }.judge()
}

fn question() -> Question {
    Question {
        name: Name::of(&["a"]),
        wire: b"\x01A\0".to_vec(),
        rtype: Rtype::A,
        payload: Some(1232),
        recursion: false,
    }
}

/// What differs from agreement.
fn check(meridian: &Reply, nsd: &Reply, knot: &Reply, expected: &[(Facet, Verdict)]) {
    let verdicts = judge(meridian, nsd, knot);
    let found: Vec<_> = verdicts.into_iter().filter(|(_, verdict)| *verdict != Verdict::Agrees).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_facet_is_compared_by_itself() {
    use Facet as F;
    use Verdict::{Sides, Unexplained};
    let plain = reply([0x84, 0], [1, 0, 0], &[ADDRESS]);
    let denied = reply([0x84, 3], [0, 1, 0], &[SOA]);
    let soa = reply([0x84, 0], [1, 1, 0], &[ADDRESS, SOA]);
    let opt = reply([0x84, 0], [1, 0, 1], &[ADDRESS, OPT]);
    check(&plain, &plain, &plain, &[]);
    let sides = [
        (F::Code, Sides(Server::Knot)),
        (F::Answer, Sides(Server::Knot)),
        (F::Authority, Sides(Server::Knot)),
    ];
    check(&plain, &denied, &plain, &sides);
    check(&plain, &soa, &soa, &[(F::Authority, Unexplained)]);
    check(
        &plain,
        &soa,
        &denied,
        &[(F::Code, Sides(Server::Nsd)), (F::Answer, Sides(Server::Nsd)), (F::Authority, Unexplained)],
    );
    check(&opt, &plain, &plain, &[(F::Code, Unexplained), (F::Opt, Unexplained)]);
}

#[test]
fn order_matters_to_chains_alone() {
    let forth = reply([0x84, 0], [2, 0, 0], &[ALIAS, BACK]);
    let round = reply([0x84, 0], [2, 0, 0], &[BACK, ALIAS]);
    check(&round, &forth, &forth, &[(Facet::Answer, Verdict::Unexplained)]);
    let other: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x02";
    let one = reply([0x84, 0], [2, 0, 0], &[ADDRESS, other]);
    let two = reply([0x84, 0], [2, 0, 0], &[other, ADDRESS]);
    check(&one, &two, &two, &[]);
}

#[test]
fn letter_case_of_data_does_not_matter() {
    let upper = reply([0x84, 0], [1, 0, 0], &[ALIAS]);
    let lower = reply([0x84, 0], [1, 0, 0], &[b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x03\x01b\0"]);
    check(&upper, &lower, &lower, &[]);
}

/// Every way to be wrong is noticed, on a reply in which every way is possible.
#[test]
fn wrong_replies_are_found() {
    let reply = reply([0x84, 0], [2, 1, 2], &[ALIAS, BACK, SOA, ADDRESS, OPT]);
    let (world, question) = (World::default(), question());
    let case = Case {
        world: &world,
        question: &question,
        way: Way::Datagram,
        whole: 0,
        meridian: &reply,
        nsd: &reply,
        knot: &reply,
    };
    assert_eq!(spoil(&case).unwrap(), SPOILERS.len());
}

/// A comparison that lets something pass is itself found out.
#[test]
fn what_goes_unnoticed_is_told() {
    let wrong = reply([0x86, 0], [0, 0, 0], &[]);
    let (world, question) = (World::default(), question());
    let case = Case {
        world: &world,
        question: &question,
        way: Way::Ahead,
        whole: 0,
        meridian: &wrong,
        nsd: &wrong,
        knot: &wrong,
    };
    let error = spoil(&case).unwrap_err().to_string();
    let told = "another code (code) goes unnoticed: explained as 'an alias leads into another zone";
    assert!(error.contains(told), "{error}");
}
