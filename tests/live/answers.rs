//! The same answers to every client that asks, over UDP and over TCP.

use super::client::{Shown, dig, kdig, steer};
use super::node::Node;
use super::scene::{LONDON, NEW_YORK, SAO_PAULO, Scene, TOKYO};

const SOA: &str =
    "gslb.example. IN SOA ns1.gslb.example. hostmaster.gslb.example. 2026010100 3600 900 604800 300";

/// What is asked, and the status, answer and authority that are due; `{region}` stands for its address.
const ROWS: [(&str, &str, &[&str], &[&str]); 18] = [
    ("static.gslb.example A", "NOERROR", &["static.gslb.example. IN A 198.51.100.90"], &[]),
    ("STATIC.gslb.EXAMPLE A", "NOERROR", &["STATIC.gslb.EXAMPLE. IN A 198.51.100.90"], &[]),
    ("gslb.example MX", "NOERROR", &["gslb.example. IN MX 10 mail.gslb.example."], &[]),
    ("gslb.example HTTPS", "NOERROR", &["gslb.example. IN HTTPS 1 . alpn=\"h2\""], &[]),
    ("gslb.example SOA", "NOERROR", &[SOA], &[]),
    (
        "gslb.example NS",
        "NOERROR",
        &["gslb.example. IN NS ns1.gslb.example.", "gslb.example. IN NS ns2.gslb.example."],
        &[],
    ),
    (
        "_sip._tcp.gslb.example SRV",
        "NOERROR",
        &["_sip._tcp.gslb.example. IN SRV 0 5 5060 sip.gslb.example."],
        &[],
    ),
    ("any.thing.dev.gslb.example A", "NOERROR", &["any.thing.dev.gslb.example. IN A 198.51.100.99"], &[]),
    ("fixed.dev.gslb.example A", "NOERROR", &["fixed.dev.gslb.example. IN A 198.51.100.98"], &[]),
    ("any.dev.gslb.example AAAA", "NOERROR", &[], &[SOA]),
    ("below.fixed.dev.gslb.example A", "NXDOMAIN", &[], &[SOA]),
    ("no.such.name.gslb.example A", "NXDOMAIN", &[], &[SOA]),
    ("static.gslb.example TXT", "NOERROR", &[], &[SOA]),
    ("www.gslb.example A +subnet=133.11.0.0/24", "NOERROR", &["www.gslb.example. IN A {ap-northeast}"], &[]),
    (
        "one.cust.gslb.example A +subnet=143.107.0.0/24",
        "NOERROR",
        &["one.cust.gslb.example. IN A {sa-east}"],
        &[],
    ),
    (
        "shop.gslb.example A +subnet=193.60.0.0/24",
        "NOERROR",
        &["shop.gslb.example. IN CNAME www.gslb.example.", "www.gslb.example. IN A {eu-west}"],
        &[],
    ),
    ("www.gslb.example AAAA +subnet=133.11.0.0/24", "NOERROR", &[], &[SOA]),
    ("www.example.net A", "REFUSED", &[], &[]),
];

#[test]
fn udp_and_tcp_say_the_same() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    for (question, status, answer, authority) in ROWS {
        let udp = dig(node.dns, &format!("{question} +notcp +ignore")).timeless();
        let tcp = dig(node.dns, &format!("{question} +tcp")).timeless();
        assert_eq!(udp, tcp, "{question}");
        let kdig = kdig(node.dns, question).remove(0).timeless();
        assert_eq!((&kdig.status, &kdig.scope), (&udp.status, &udp.scope), "{question}");
        assert_eq!(kdig.authority, udp.authority, "{question}");
        let due: Vec<_> = answer.iter().map(|record| with_addresses(record, &scene)).collect();
        assert_eq!((udp.status.as_str(), udp.answer), (status, due), "{question}");
        assert_eq!(udp.authority, authority, "{question}");
    }
}

fn with_addresses(record: &str, scene: &Scene) -> String {
    let Some((start, rest)) = record.split_once('{') else { return record.to_owned() };
    let region = rest.trim_end_matches('}');
    format!("{start}{}", scene.address(region))
}

#[test]
fn a_referral_has_its_glue_and_no_authority_of_ours() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let due = Shown {
        status: "NOERROR".into(),
        flags: "qr rd".into(),
        authority: vec![
            "partner.gslb.example. IN NS ns.example.net.".into(),
            "partner.gslb.example. IN NS ns.partner.gslb.example.".into(),
        ],
        additional: vec![
            "ns.partner.gslb.example. IN A 203.0.113.53".into(),
            "ns.partner.gslb.example. IN AAAA 2001:db8:203::53".into(),
        ],
        ..Shown::default()
    };
    for transport in ["+notcp +ignore", "+tcp"] {
        assert_eq!(dig(node.dns, &format!("deep.partner.gslb.example A {transport}")), due, "{transport}");
    }
    let ours = dig(node.dns, "static.gslb.example A");
    assert_eq!(ours.flags, "qr aa rd");
}

#[test]
fn every_client_gets_its_nearest_region() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let rows = [
        (NEW_YORK, "us-east"),
        (LONDON, "eu-west"),
        (TOKYO, "ap-northeast"),
        (SAO_PAULO, "sa-east"),
        ("2001:200::/48", "ap-northeast"),
        ("::ffff:143.107.0.0/120", "sa-east"),
    ];
    for (subnet, region) in rows {
        for name in ["www.gslb.example", "some.body.cust.gslb.example"] {
            assert_eq!(steer(node.dns, name, subnet), [scene.address(region)], "{name} from {subnet}");
        }
        let shown = dig(node.dns, &format!("www.gslb.example A +subnet={subnet}"));
        assert!(shown.scope.is_some_and(|scope| scope > 0), "{subnet}: {shown:?}");
        assert!(shown.ttls.iter().all(|ttl| (1..=10).contains(ttl)), "{subnet}: {shown:?}");
    }
    // What does not depend on the client says so; and who asks not to be told apart is not.
    for question in ["static.gslb.example A +subnet=133.11.0.0/24", "www.gslb.example A +subnet=0.0.0.0/0"] {
        assert_eq!(dig(node.dns, question).scope, Some(0), "{question}");
    }
}

#[test]
fn kdig_asks_several_questions_over_one_connection() {
    let scene = Scene::new();
    let node = Node::start(scene.path());
    let questions = [(TOKYO, "ap-northeast"), (LONDON, "eu-west"), (SAO_PAULO, "sa-east")];
    let asked = questions.map(|(subnet, _)| format!("www.gslb.example A +tcp +keepopen +subnet={subnet}"));
    let replies =
        kdig(node.dns, &format!("+tcp +keepopen {} static.gslb.example A +tcp +keepopen", asked.join(" ")));
    let answers: Vec<_> = replies.into_iter().map(|reply| reply.answer.join("; ")).collect();
    let due = questions.map(|(_, region)| format!("www.gslb.example. IN A {}", scene.address(region)));
    assert_eq!(answers[..3], due);
    assert_eq!(answers[3..], ["static.gslb.example. IN A 198.51.100.90"]);
}
