//! What good texts mean: owners, TTLs, origins, includes, `$GENERATE`.

use super::*;

fn check(text: &str, expected: &[&str]) {
    assert_eq!(lines(&good(text)), expected, "{text}");
}

#[test]
fn owners_are_written_left_out_or_relative() {
    check(
        "a A 192.0.2.1\n  AAAA ::1\n",
        &["a.example. 3600 A c0000201", "a.example. 3600 AAAA 00000000000000000000000000000001"],
    );
    check(
        "@ A 192.0.2.1\nB.Example. A 192.0.2.2\n",
        &["example. 3600 A c0000201", "b.example. 3600 A c0000202"],
    );
    check(
        "$ORIGIN sub\na A 192.0.2.1\n$ORIGIN c\n@ A 192.0.2.1",
        &["a.sub.example. 3600 A c0000201", "c.sub.example. 3600 A c0000201"],
    );
    check("a\\.b/c\\255 TXT x", &["a\\.b/c\\255.example. 3600 TXT 0178"]);
}

#[test]
fn ttl_and_class_stand_in_either_order_or_not_at_all() {
    for head in ["1m IN", "IN 1m", "60", "class1 60", "in 0m60s"] {
        check(&format!("a {head} a 192.0.2.1"), &["a.example. 60 A c0000201"]);
    }
    check(
        "$ttl 1h30m\na A 192.0.2.1\nb 7 A 192.0.2.1\nc A 192.0.2.1",
        &["a.example. 5400 A c0000201", "b.example. 7 A c0000201", "c.example. 5400 A c0000201"],
    );
}

#[test]
fn without_a_ttl_line_the_last_ttl_or_the_soa_speaks() {
    let soa = "@ SOA ns hm 1 1h 15m 1w 5m\n@ NS ns.other.\n";
    let (zone, problems) = read_with(format!("{soa}a 9 A 192.0.2.1\nb A 192.0.2.1").as_bytes(), &[]);
    assert_eq!(problems, "");
    let ttls: Vec<_> = zone.unwrap().rrsets.iter().map(|rrset| rrset.ttl).collect();
    assert_eq!(ttls, [300, 300, 9, 9]);
    let (_, problems) = read_with(format!("@ NS ns.other.\n{soa}").as_bytes(), &[]);
    assert_eq!(problems, "z:1:1: this record has no TTL; write one, or a $TTL line before it");
}

#[test]
fn records_are_grouped_in_written_order_without_duplicates() {
    let zone = good("a A 192.0.2.2\nb A 192.0.2.1\na A 192.0.2.1\nA A 192.0.2.2\na TXT x\n");
    assert_eq!(
        lines(&zone),
        [
            "a.example. 3600 A c0000202",
            "a.example. 3600 A c0000201",
            "b.example. 3600 A c0000201",
            "a.example. 3600 TXT 0178",
        ]
    );
    assert_eq!(zone.rrsets[3].place, Place::file("z").at(5, 1));
}

#[test]
fn names_in_data_keep_their_letter_case() {
    check("a CNAME WwW.Example.", &["a.example. 3600 CNAME 03577757074578616d706c6500"]);
    check("a CNAME B", &["a.example. 3600 CNAME 0142076578616d706c6500"]);
}

#[test]
fn included_files_have_their_own_origin_ttl_and_owner() {
    let text = format!("{HEAD}a A 192.0.2.1\n$INCLUDE sub s\n TXT x\n$INCLUDE \"s\\117b\"\n");
    let (zone, problems) = read_with(text.as_bytes(), &[("sub", " HINFO a b\n$TTL 5\nb A 192.0.2.2\n")]);
    assert_eq!(problems, "");
    let zone = zone.unwrap();
    let expected = [
        "a.example. 3600 A c0000201",
        "a.example. 3600 HINFO 01610162",
        "b.s.example. 5 A c0000202",
        "a.example. 3600 TXT 0178",
        "b.example. 5 A c0000202",
    ];
    assert_eq!(lines(&zone), expected);
    assert_eq!(zone.rrsets[4].place, Place::file("sub").at(3, 1));
}

#[test]
fn generate_writes_many_records() {
    check("$GENERATE 1-3/2 h$ 60 A 192.0.2.$", &["h1.example. 60 A c0000201", "h3.example. 60 A c0000203"]);
    check(
        "$GENERATE 9-10 h${0,3,d} TXT \"\\$ ${1,0,x}\" y",
        &["h009.example. 3600 TXT 032420610179", "h010.example. 3600 TXT 032420620179"],
    );
    check("$GENERATE 1-1 h$ 1m IN MX \"1$ m$.\"", &["h1.example. 60 MX 000b026d3100"]);
    assert_eq!(good("\n$GENERATE 1-1 h$ A 192.0.2.$").rrsets[2].place, Place::file("z").at(5, 11));
    check("$GENERATE 18-18 ${0,5,n} PTR a${-18}.other.", &["2.1.0.example. 3600 PTR 026130056f7468657200"]);
}

#[test]
fn odd_bytes_and_line_ends_are_fine() {
    check(
        "a TXT \u{e9}\r\nb TXT \"\ttab\"\r\n",
        &["a.example. 3600 TXT 02c3a9", "b.example. 3600 TXT 0409746162"],
    );
    let (zone, problems) = read_with(&[HEAD.as_bytes(), b"\xff TXT x ; \xfe\n"].concat(), &[]);
    assert_eq!(
        (zone.unwrap().rrsets[2].owner.to_string(), problems),
        ("\\255.example.".into(), String::new())
    );
}

#[test]
fn the_root_is_a_zone_too() {
    let mut problems = Problems::default();
    let text = "$TTL 1h\n. SOA a. b. 1 1 1 1 1\n. NS a.\na A 192.0.2.1\n";
    let zone = parse(&Name::root(), source(text.as_bytes()), &mut |_, _| Err("none".into()), &mut problems);
    assert_eq!(problems.to_string(), "");
    assert_eq!(zone.unwrap().rrsets[2].owner.to_string(), "a.");
}

#[test]
fn duplicates_are_dropped_among_few_and_among_many() {
    for count in [2, 8, 9, 300] {
        let rows: String = (0..count).map(|number| format!("a TXT {}\nb TXT x\n", number % 7)).collect();
        let zone = good(&rows);
        let texts: Vec<_> = zone.rrsets[2].rdata.iter().map(|data| data[1] - b'0').collect();
        assert_eq!(texts, (0..count.min(7) as u8).collect::<Vec<_>>());
        assert_eq!(zone.rrsets[3].rdata.len(), 1);
    }
}

#[test]
fn records_that_differ_in_letter_case_alone_are_one() {
    let one = |text: &str| lines(&good(text)).len();
    for text in [
        "d NS NS1.other.\nd NS ns1.Other.",
        "d MX 1 A.other.\nd MX 1 a.other.",
        "d CNAME a.other.\nd CNAME A.other.",
        "d DNAME a.other.\nd DNAME A.other.",
        "d SVCB 1 A.other. alpn=h2\nd SVCB 1 a.other. alpn=h2",
        "d RP A. B.\nd RP a. b.",
    ] {
        assert_eq!(one(text), 1, "{text}");
    }
    // Case matters in what is no name.
    assert_eq!(one("d TXT A\nd TXT a"), 2);
    assert_eq!(one("d MX 65 a.other.\nd MX 97 a.other."), 2);
    assert_eq!(one("d SVCB 1 a.other. alpn=h2\nd SVCB 1 a.other. alpn=H2"), 2);
    let twice = "@ SOA NS hm 1 1h 15m 1w 5m\n";
    let (_, problems) = read_with(format!("{twice}{}@ NS a.other.\n", twice.to_lowercase()).as_bytes(), &[]);
    assert_eq!(problems, "", "the same SOA again");
}

#[test]
fn generate_knows_dollars_and_quotes_as_bind_does() {
    check("$GENERATE 1-1 a$$ TXT $", &["a\\$.example. 3600 TXT 0131"]);
    check("$GENERATE 5-5 a TXT \"cost $$$\"", &["a.example. 3600 TXT 04636f7374022435"]);
    check("$GENERATE 5-5 a TXT \"\\\"x $\\\"\"", &["a.example. 3600 TXT 03782035"]);
}

#[test]
fn timers_of_an_soa_have_all_their_bits() {
    let text = "$TTL 1\n@ SOA a. b. 1 4294967295 900 4294967295 4294967295\n@ NS a.\n";
    let (zone, problems) = read_with(text.as_bytes(), &[]);
    assert_eq!(problems, "");
    let soa = zone.unwrap().rrsets.remove(0);
    assert!(soa.rdata.iter().next().unwrap().ends_with(&[0xff; 8]));
}
