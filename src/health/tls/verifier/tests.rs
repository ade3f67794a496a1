//! What was found good is believed as long as it must be good, and no longer.

use std::time::UNIX_EPOCH;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::RootCertStore;

use super::super::{against, provider};
use super::*;
use crate::health::tests::{AUTHORITY, authority_named, leaf};

/// Believes this authority.
fn verifier(authority: &CertifiedIssuer<'_, KeyPair>) -> Verifier {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    Verifier::new(against(roots, Arc::new(provider())).unwrap())
}

/// A certificate until 2050, and one until 2040 of whoever has signed it, whom the authority has signed.
fn chain() -> [CertificateDer<'static>; 2] {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(2040, 1, 1);
    let between = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &*AUTHORITY).unwrap();
    let (params, key) = leaf(2050);
    [params.signed_by(&key, &between).unwrap().der().clone(), between.der().clone()]
}

fn at(year: i32) -> UnixTime {
    let since = SystemTime::from(date_time_ymd(year, 6, 1)).duration_since(UNIX_EPOCH);
    UnixTime::since_unix_epoch(since.unwrap())
}

fn named(name: &str) -> ServerName<'_> {
    ServerName::try_from(name).unwrap()
}

/// Verifies, and says whether it was good, and whether it now counts as known in each of these years.
#[track_caller]
fn check(verifier: &Verifier, name: &str, year: i32, good: bool, known: &[(i32, bool)]) {
    let [leaf, between] = &*CHAIN;
    let between = std::slice::from_ref(between);
    let verified = verifier.verify_server_cert(leaf, between, &named(name), &[], at(year));
    assert_eq!(verified.is_ok(), good, "{verified:?}");
    for (year, expected) in known {
        let shown = Shown::new(leaf, between, &named(name));
        assert_eq!(verifier.known.holds(&shown, at(*year)), *expected, "{year}");
    }
}

static CHAIN: std::sync::LazyLock<[CertificateDer<'static>; 2]> = std::sync::LazyLock::new(chain);

#[test]
fn what_was_found_good_is_known_until_the_first_certificate_ends() {
    let verifier = verifier(&AUTHORITY);
    let known = [(2029, false), (2030, true), (2039, true), (2040, false), (2045, false)];
    check(&verifier, "www.example.com", 2030, true, &known);
    check(&verifier, "www.example.com", 2039, true, &known);
    // The clock was turned back, to before anything was verified: all the same it is good.
    check(&verifier, "www.example.com", 2029, true, &[(2029, true), (2030, true), (2040, false)]);
    check(&verifier, "www.example.com", 2040, false, &[]);
}

#[test]
fn for_another_name_or_authority_nothing_is_known() {
    let own = verifier(&AUTHORITY);
    check(&own, "www.example.com", 2030, true, &[(2030, true)]);
    check(&own, "other.example.com", 2030, false, &[(2030, false)]);
    check(&verifier(&authority_named("Stranger")), "www.example.com", 2030, false, &[(2030, false)]);
}

#[test]
fn what_is_shown_is_told_apart_wherever_it_differs() {
    let [leaf, between] = &*CHAIN;
    let shown = |intermediates: &[CertificateDer<'_>], name| Shown::new(leaf, intermediates, &named(name));
    let all = [
        shown(&[], "a.example"),
        shown(&[], "b.example"),
        shown(std::slice::from_ref(between), "a.example"),
        shown(&[between.clone(), between.clone()], "a.example"),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one));
    }
}
