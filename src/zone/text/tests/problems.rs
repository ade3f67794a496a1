//! What bad texts are told, word for word.

use std::collections::HashSet;

use super::*;

/// The problems of a text behind the good head, so that the text's own lines begin with line 4.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (_, problems) = read_with(
        format!("{HEAD}{text}").as_bytes(),
        &[("loop", "$INCLUDE loop2"), ("loop2", "$INCLUDE loop")],
    );
    assert_eq!(problems.lines().collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn owners() {
    check(
        "www.example.org. A 192.0.2.1\n TXT x\nb A 192.0.2.1",
        &["z:4:1: www.example.org. is outside the zone example."],
    );
    check(
        "aé..b A 192.0.2.1",
        &["z:4:4: 'aé..b' is not a name: a name has no empty labels; one dot too many"],
    );
    check("a\n", &["z:4:1: 'a' is not followed by a record type, as in A or MX"]);
    check("a IN 5\n", &["z:4:6: '5' is not followed by a record type, as in A or MX"]);
    let (_, problems) = read_with(b" A 192.0.2.1", &[]);
    assert!(problems.contains("z:1:2: this record has no TTL"), "{problems}");
    let (_, problems) = read_with(b" 5 A 192.0.2.1", &[]);
    assert!(problems.contains("z:1:2: the first record has no owner; write '@' for the zone"), "{problems}");
}

#[test]
fn soa_and_ns() {
    check("@ SOA ns hm 2 1h 15m 1w 5m", &["z:4:1: a second SOA; a zone has one, and it stands at z:2:1"]);
    check(
        "sub SOA ns hm 2 1h 15m 1w 5m",
        &["z:4:1: SOA at sub.example.; a zone's SOA stands at its apex example."],
    );
    let (_, problems) = read_with(b"", &[]);
    assert_eq!(
        problems,
        "z: the zone example. has no SOA; its first record is one, as in @ SOA ns1 hostmaster 2026010100 1h 15m 1w 5m\n\
         z: the zone example. has no NS at its apex; name its servers, as in @ NS ns1"
    );
    // What was there but wrong is not called missing as well.
    let (_, problems) = read_with(b"$TTL 1\n@ SOA ns hm 1 1h 15x 1w 5m\n@ NS a..b\n", &[]);
    assert_eq!(
        problems,
        "z:2:18: SOA: '15x' is not a time; write seconds, or units as in 1h30m (w, d, h, m, s)\n\
         z:3:8: 'a..b' in NS: a name has no empty labels; one dot too many"
    );
}

#[test]
fn aliases_stand_alone() {
    check(
        "a A 192.0.2.1\na CNAME b.other.",
        &["z:5:1: CNAME for a.example. beside its A at z:4:1; a CNAME stands alone"],
    );
    check(
        "a CNAME b.other.\nb A 192.0.2.1\na TXT x",
        &["z:6:1: TXT for a.example. beside its CNAME at z:4:1; a CNAME stands alone"],
    );
    check(
        "a CNAME b.other.\na CNAME c.other.",
        &["z:5:1: a second CNAME for a.example.; the first stands at z:4:1"],
    );
    check("a CNAME b.other.\na CNAME b.other.", &[]);
    check("@ CNAME b.other.", &["z:4:1: CNAME for example. beside its SOA at z:2:1; a CNAME stands alone"]);
    check(
        "d DNAME a.other.\nd DNAME b.other.",
        &["z:5:1: a second DNAME for d.example.; the first stands at z:4:1"],
    );
    check(
        "d DNAME a.other.\nx.d A 192.0.2.1",
        &[
            "z:5:1: A for x.d.example. below the DNAME of d.example.; nothing stands below a DNAME (RFC 6672 §2.4)",
        ],
    );
    check(
        "d DNAME a.other.\nd NS a.other.",
        &["z:4:1: DNAME beside NS of d.example. at z:5:1; a name is delegated or redirected, not both"],
    );
}

#[test]
fn ttls_and_classes() {
    check(
        "a 5 A 192.0.2.1\na 9 A 192.0.2.2",
        &[
            "z:5:1: warning: TTL 9 differs from 5 of the other A records of a.example. at z:4:1; all get 5 (RFC 2181 §5.2)",
        ],
    );
    check(
        "a 3000000000 A 192.0.2.1",
        &["z:4:3: '3000000000' is over 2147483647 seconds, the largest TTL (RFC 2181 §8)"],
    );
    check("$TTL soon", &["z:4:6: 'soon' is not a time; write seconds, or units as in 1h30m (w, d, h, m, s)"]);
    check(
        "a 192.0.2.1",
        &["z:4:3: '192.0.2.1' is neither a TTL, as in 1h30m, nor a record type, as in A or MX"],
    );
    check("a CH TXT x", &["z:4:3: class 'CH' is not served; write IN, or nothing"]);
}

#[test]
fn types() {
    check(
        "a AAA ::1",
        &["z:4:3: no record type is called 'AAA'; for new types write TYPE123 \\# (RFC 3597)"],
    );
    check("a TYPE255 \\# 0", &["z:4:3: ANY is for questions and messages; a zone holds data types only"]);
    let (_, problems) = read_with(format!("{HEAD}@ DNSKEY 257 3 13 abcd").as_bytes(), &[]);
    assert!(problems.starts_with("z:4:3: DNSKEY is refused: signing does not exist yet"), "{problems}");
    check("@ DS 1 8 9 abcd", &["z:4:1: DS at the apex of example.; it belongs into the parent zone"]);
    check(
        "a DS 1 8 9 abcd",
        &["z:4:1: warning: DS for a.example., which has no NS; it is of use at delegations only"],
    );
}

#[test]
fn data() {
    check(
        "a A 1.2.3",
        &["z:4:5: A wants an IPv4 address, as in 192.0.2.1; found '1.2.3': expected IPv4 address"],
    );
    check("a A", &["z:4:4: A ends too early; it wants an IPv4 address, as in 192.0.2.1"]);
    check(
        "a MX 10 b.other. c",
        &["z:4:18: 'c' is one field too many; MX wants preference and host, as in 10 mail.example.com."],
    );
    check(
        "a MX ten b.other.",
        &[
            "z:4:6: MX wants preference and host, as in 10 mail.example.com.; found 'ten': expected decimal number",
        ],
    );
    check("a TXT ok \"b\\300\"", &["z:4:12: 'b\\300' in TXT: an escape's number is at most 255"]);
    check(
        "a TYPE1 \\# 3 aabbcc",
        &[
            "z:4:14: A wants an IPv4 address, as in 192.0.2.1; found 'aabbcc': these octets are no valid data of this type",
        ],
    );
    // A compression pointer has no place in a file.
    check(
        "a NS \\# 2 c000",
        &[
            "z:4:11: NS wants a name server's name, as in ns1.example.com.; found 'c000': these octets are no valid data of this type",
        ],
    );
    let long = "x".repeat(256);
    let (_, problems) = read_with(format!("{HEAD}a TXT ok {long}").as_bytes(), &[]);
    assert!(
        problems.starts_with("z:4:10: 'xxxxx")
            && problems.ends_with("split it into several strings in quotes")
    );
    let big: String = (0..300).map(|number| format!("a TXT {number} {}\n", "x".repeat(250))).collect();
    let (_, problems) = read_with(format!("{HEAD}{big}").as_bytes(), &[]);
    assert!(problems.starts_with("z:4:1: the TXT records of a.example. take 80017 octets"), "{problems}");
}

#[test]
fn lines_that_are_broken() {
    check("a A ( 192.0.2.1\nb A 1", &["z:4:5: this '(' is never closed; the rest of the file was not read"]);
    check(
        "a A 192.0.2.1 )\nb A 1",
        &[
            "z:4:15: ')' without a '(' before it",
            "z:5:5: A wants an IPv4 address, as in 192.0.2.1; found '1': expected IPv4 address",
        ],
    );
    check(
        "a TXT \"x\n",
        &["z:4:7: this quote is not closed on its line; write '\\\"' for a quote inside a string"],
    );
}

#[test]
fn directives() {
    check(
        "$FOO\n $TTL 1",
        &[
            "z:4:1: '$FOO' is no directive; $ORIGIN, $TTL, $INCLUDE, $GENERATE are",
            "z:5:2: a directive stands in the first column",
        ],
    );
    check(
        "$TTL 1 2\n$ORIGIN",
        &[
            "z:4:8: this directive has the form $TTL 1h",
            "z:5:1: this directive has the form $ORIGIN sub.example.com.",
        ],
    );
    check("$INCLUDE gone\n$INCLUDE loop", &["loop2:1:10: 'loop' includes itself", "z:4:10: no such file"]);
    check(
        "$GENERATE 0-65536 h$ A 192.0.2.1",
        &["z:4:11: '0-65536' makes 65537 records; one $GENERATE makes at most 65536"],
    );
    check(
        "$GENERATE 1-3 h${1,x} A 192.0.2.1",
        &["z:4:15: '1,x': a modifier has the form ${offset,width,base}, base one of d o x X n N"],
    );
    check(
        "$GENERATE 255-256 h$ A 192.0.2.$",
        &["z:4:11: for 256 this makes 'h256 A 192.0.2.256': A wants an IPv4 address, as in 192.0.2.1; \
         found '192.0.2.256': expected IPv4 address"],
    );
    check(
        "$GENERATE 9-1 h$ A 192.0.2.$",
        &["z:4:11: '9-1' is not a range; write start-stop or start-stop/step, as in 1-254/2"],
    );
}

#[test]
fn targets_and_cuts_are_warned_of() {
    check(
        "a MX 5 b\nb CNAME c.other.",
        &["z:4:1: warning: MX names b.example., which is a CNAME at z:5:1; name the host itself"],
    );
    check(
        "a SRV 1 1 1 b",
        &[
            "z:4:1: warning: SRV names b.example., which has no A or AAAA here; add one, or let a service answer it",
        ],
    );
    check("a MX 5 b\n* A 192.0.2.1\nb.c AAAA ::1\nd MX 0 .", &[]);
    check(
        "s NS ns.s",
        &[
            "z:4:1: warning: NS of s.example. names ns.s.example. without its address; nobody can reach it without glue, \
         as in ns.s.example. A 192.0.2.1",
        ],
    );
    check(
        "s NS ns.s\nns.s A 192.0.2.1\nx.s A 192.0.2.1\ns TXT x\ns DS 1 8 9 ab\ny.t.s NS ns.other.",
        &[
            "z:6:1: warning: A for x.s.example. is never answered: s.example. is delegated, and this is not glue",
            "z:7:1: warning: TXT for s.example. is never answered: the name is delegated by its NS",
            "z:9:1: warning: NS for y.t.s.example. is never answered: s.example. is delegated, and this is not glue",
        ],
    );
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    let host = "is no host name (RFC 1123 §2.1)";
    check(
        "a_b A 192.0.2.1",
        &[&format!("z:4:1: warning: A for a_b.example., which {host}; use letters, digits and hyphens")],
    );
    check(
        "*.-a AAAA ::1",
        &[&format!("z:4:1: warning: AAAA for *.-a.example., which {host}; use letters, digits and hyphens")],
    );
    check("a SRV 1 1 1 b_c.other.", &[&format!("z:4:1: warning: SRV names b_c.other., which {host}")]);
    check("_sip._udp SRV 1 1 1 b.other.\n*.a A ::1".replace("A ::1", "AAAA ::1").as_str(), &[]);
    check(
        "a.*.b TXT x",
        &[
            "z:4:1: warning: a.*.b.example. has a '*' that is not its first label: it is no wildcard, but a name like any other",
        ],
    );
    check(
        "*.s NS ns.other.",
        &["z:4:1: warning: NS for *.s.example.: what a wildcard delegates is undefined (RFC 4592 §4.2)"],
    );
    check(
        "a X25 123",
        &["z:4:1: warning: X25 for a.example.: it has four digits at least, and nothing else"],
    );
    check(
        "a SSHFP 1 2 00",
        &["z:4:1: warning: SSHFP for a.example.: a digest of kind 2 has 32 octets; this one has 1"],
    );
    check(
        "a ZONEMD 1 1 1 00",
        &["z:4:1: warning: ZONEMD for a.example.: a digest of kind 1 has 48 octets; this one has 1"],
    );
    check(
        "a NAPTR 1 2 S x bad .",
        &[
            "z:4:1: warning: NAPTR for a.example.: its substitution is none: it has the form !expression!replacement!, with the flag i at most behind it",
        ],
    );
    check(
        "a SVCB 1 . alpn=h2 dohpath=/q",
        &[
            "z:4:1: warning: SVCB for a.example.: dohpath is a path with the variable dns, as in dohpath=/dns-query{?dns} (RFC 9461 §5)",
        ],
    );
    check("a SVCB 1 . dohpath=/q{?a,dns}\nb SSHFP 1 3 00\nc NAPTR 1 2 S x \"!(a)!\\\\1!\" .", &[]);
    check("m MD a.other.", &["z:4:1: warning: MD is obsolete (RFC 973 §3); use MX"]);
    check(
        "m SPF x\nn SPF x\nn TXT x",
        &[
            "z:4:1: warning: SPF for m.example. without a TXT: nobody reads it any more (RFC 7208 §3.1); write it as TXT",
        ],
    );
}

#[test]
fn files_stay_in_the_directory_of_the_zone() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("zones"), folder.path().join("outside"));
    std::fs::create_dir_all(inside.join("sub")).unwrap();
    let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
    write(&inside.join("sub/good"), "a A 192.0.2.1\n");
    write(&outside, "stolen A 192.0.2.1\n");
    std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
    let names =
        ["sub/good", "../outside", "/etc/passwd", "link", "sub", "gone", "\"\"", "sub/../good", "zone"];
    let lines: String = names.iter().map(|name| format!("$INCLUDE {name}\n")).collect();
    let path = inside.join("zone");
    write(&path, &format!("{HEAD}{lines}"));
    let mut problems = Problems::default();
    assert_eq!(load(&origin(), &path, &HashSet::new(), &mut problems), None);
    let shown = problems.to_string().replace(&format!("{}/", inside.display()), "");
    let leads =
        "leads out of the zone's directory; name a file in or below it, without '/' at the start or '..'";
    let expected = [
        format!("zone:5:10: '../outside' {leads}"),
        format!("zone:6:10: '/etc/passwd' {leads}"),
        "zone:7:10: 'link' is a link that leads out of the zone's directory; put the file itself there"
            .into(),
        "zone:8:10: 'sub' is not a file".into(),
        "zone:9:10: cannot read 'gone': No such file or directory (os error 2)".into(),
        format!("zone:10:11: '' {leads}"),
        format!("zone:11:10: 'sub/../good' {leads}"),
        "zone:12:10: 'zone' includes itself".into(),
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
    let mut problems = Problems::default();
    assert_eq!(load(&origin(), &inside.join("none"), &HashSet::new(), &mut problems), None);
    assert!(problems.to_string().contains("none: zone example.: cannot read"), "{problems}");
}

#[test]
fn includes_do_not_go_deeper_than_eight_files() {
    let mut include = |name: &[u8], _: u64| {
        let identity: std::path::PathBuf = String::from_utf8_lossy(name).into_owned().into();
        let text = format!("$INCLUDE {}x", identity.display()).into_bytes();
        Ok(Source { place: Place::file(identity.clone()), identity, text: text.into() })
    };
    let mut problems = Problems::default();
    parse(&origin(), source(b"$INCLUDE x"), &mut include, &mut problems);
    assert_eq!(problems.to_string(), "xxxxxxx:1:10: $INCLUDE goes deeper than 8 files");
}

#[test]
fn many_small_includes_come_to_an_end() {
    let mut include = |_: &[u8], _: u64| Ok(Source { identity: "e".into(), ..source(b"") });
    let mut problems = Problems::default();
    let text = [HEAD.as_bytes(), &b"$INCLUDE e\n".repeat(65_600)].concat();
    assert_eq!(parse(&origin(), source(&text), &mut include, &mut problems), None);
    let first = problems.sorted()[0].to_string();
    let over = "with this file the zone's text is over 268435456 octets, the most that is read";
    assert_eq!(first, format!("z:65363:10: {over}"));
}

#[test]
fn generated_text_comes_to_an_end() {
    let dollars = "${0}".repeat(60_000);
    let (_, problems) = read_with(format!("{HEAD}$GENERATE 100000-100001 h TXT {dollars}").as_bytes(), &[]);
    assert_eq!(problems, "z:4:31: for 100000 this makes over 266236 octets, more than a record can have");
    let blanks = "\\000".repeat(1_000);
    let (_, problems) = read_with(format!("{HEAD}$GENERATE 0-65535 h$ TYPE65280 {blanks}").as_bytes(), &[]);
    assert!(problems.starts_with("z:4:11: for 0 this makes 'h0 TYPE65280"), "{problems}");
    // Includes count 4 KiB at least: they use up what a whole zone may have.
    let mut include = |_: &[u8], _: u64| Ok(Source { identity: "e".into(), ..source(b"") });
    let mut problems = Problems::default();
    let strings = "\\120 ".repeat(500);
    let text = format!("{HEAD}{}$GENERATE 0-999 h$ TXT {strings}", "$INCLUDE e\n".repeat(65_200));
    parse(&origin(), source(text.as_bytes()), &mut include, &mut problems);
    let over = "with it the zone's text is over 268435456 octets, the most that is read";
    assert!(problems.to_string().ends_with(over), "{problems}");
}
