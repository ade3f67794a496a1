//! Record data against other implementations: hickory-proto reads the same text and writes its own wire form;
//! what it cannot read is compared with octets from RFCs or with the form of RFC 3597.

use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use super::*;

/// Our wire form of a record; names in `fields` are absolute.
fn ours(rtype: &str, fields: &str) -> Vec<u8> {
    let (text, index) = match rtype {
        "SOA" => (format!("$TTL 1\n@ SOA {fields}\n@ NS a.\n"), 0),
        _ => (format!("{HEAD}a {rtype} {fields}\n"), 2),
    };
    let (zone, problems) = read_with(text.as_bytes(), &[]);
    let mut zone = zone.unwrap_or_else(|| panic!("{rtype} {fields}: {problems}"));
    zone.rrsets.remove(index).rdata.iter().next().unwrap().to_vec()
}

/// What hickory-proto makes of the same text.
fn theirs(rtype: &str, fields: &str) -> Vec<u8> {
    let parsed = RData::try_from_str(rtype.parse::<RecordType>().unwrap(), fields);
    let data = parsed.unwrap_or_else(|error| panic!("{rtype} {fields}: {error}"));
    let mut wire = Vec::new();
    let mut encoder = BinEncoder::new(&mut wire);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    data.emit(&mut encoder).unwrap();
    wire
}

#[test]
fn wire_forms_are_those_of_hickory_proto() {
    let rows = [
        ("A", "192.0.2.255"),
        ("AAAA", "2001:db8::53"),
        ("AAAA", "::ffff:192.0.2.1"),
        ("NS", "ns1.example.net."),
        ("CNAME", "."),
        ("PTR", "a\\.b.c-d.example."),
        ("MX", "65535 mail.example."),
        ("SOA", "ns.example. host\\.master.example. 4294967295 1h 15m 1w 5m"),
        ("TXT", "\"v=spf1 -all\" plain \"\" \"a;b\""),
        ("TXT", "\"quote \\\" and backslash \\\\ \""),
        ("SRV", "1 2 443 target.example."),
        ("CAA", "0 issue \"ca.example.net; policy=ev\""),
        ("CAA", "128 iodef \"mailto:a@b.example\""),
        ("HTTPS", "1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2"),
        ("HTTPS", "0 pool.example."),
        ("HTTPS", "1 . mandatory=alpn alpn=\"h2\" no-default-alpn ipv6hint=2001:db8::1"),
        ("SVCB", "16 foo.example. mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1"),
        ("SVCB", "1 foo.example. key667=hello"),
        ("TLSA", "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"),
        ("SMIMEA", "3 1 1 d2abde24 0d7cd3ee"),
        ("SSHFP", "2 1 123456789abcdef67890123456789abcdef67890"),
        ("NAPTR", "100 50 \"s\" \"http+I2L+I2C+I2R\" \"\" _http._tcp.example."),
        ("HINFO", "\"Intel Xeon\" linux"),
        ("OPENPGPKEY", "mQENBFit2jsBCAC0"),
    ];
    for (rtype, fields) in rows {
        assert_eq!(hex::encode(ours(rtype, fields)), hex::encode(theirs(rtype, fields)), "{rtype} {fields}");
    }
}

#[test]
fn types_that_hickory_proto_cannot_read_have_the_octets_of_their_rfc() {
    let rows = [
        // RFC 1876 appendix A's form; octets computed by hand from its §2.
        ("LOC", "32 7 19 S 116 2 25 E 10m", "00121613791b7d2898e6486800989a68"),
        ("LOC", "42 21 54 N 71 06 18 W -24m 30m", "0033161389172dd070be15f000988d20"),
        ("LOC", "0 N 180 W -100000m 0m 90000000m 1.5m", "000099128000000059604e0000000000"),
        ("DNAME", "Other.example.", "054f74686572076578616d706c6500"),
        // RFC 4034 §5.4
        (
            "DS",
            "60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )",
            "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
        ),
        // RFC 8078 §4: "delete the DS".
        ("CDS", "0 0 0 00", "0000000000"),
        ("SPF", "\"v=spf1\" \"-all\"", "06763d73706631042d616c6c"),
        ("URI", "10 1 \"ftp://a.example/\"", "000a00016674703a2f2f612e6578616d706c652f"),
        ("AFSDB", "1 b.example.", "00010162076578616d706c6500"),
        ("KX", "10 .", "000a00"),
        ("PX", "50 a. b.", "0032016100016200"),
        ("X25", "311061700956", "0c333131303631373030393536"),
        // RFC 6742 §2 and RFC 7043 §3.2, §4.2: their own examples.
        ("NID", "10 0014:4fff:ff20:ee64", "000a00144fffff20ee64"),
        ("L64", "10 2001:0DB8:1140:1000", "000a20010db811401000"),
        ("L32", "10 10.1.2.0", "000a0a010200"),
        ("EUI48", "00-00-5e-00-53-2a", "00005e00532a"),
        ("EUI64", "00-00-5e-ef-10-00-00-2a", "00005eef1000002a"),
        ("GPOS", "-32.6882 116.8652 10.0", "082d33322e36383832083131362e383635320431302e30"),
        ("RESINFO", "qnamemin exterr=15-17", "08716e616d656d696e0c6578746572723d31352d3137"),
        ("DHCID", "AAIB Y2/A", "000201636fc0"),
        ("CERT", "1 2 3 AQI=", "00010002030102"),
        ("CERT", "PGP 2 rsasha256 AQI=", "00030002080102"),
        ("DLV", "1 NSEC3RSASHA1 1 ab", "00010701ab"),
        ("KEY", "512 3 RSAMD5 AQI=", "020003010102"),
        // RFC 2535 §7.2's form; octets as named-checkzone of BIND 9.18 writes them.
        (
            "SIG",
            "NS 1 2 3600 20260102030405 19700101000001 7 Signer.example. AQ ID",
            "0002010200000e10695735a5000000010007065369676e6572076578616d706c6500010203",
        ),
        ("NXT", "a.example. A NS TYPE127", "0161076578616d706c650060000000000000000000000000000001"),
        ("NXT", ".", "00"),
        // RFC 2874 §5.1's forms.
        ("A6", "0 2345:00C1:CA11:0001:1234:5678:9ABC:DEF0", "00234500c1ca110001123456789abcdef0"),
        ("A6", "64 0::1234:5678:9ABC:DEF0 p.", "40123456789abcdef0017000"),
        ("A6", "60 ::9:1:2:3:4 p.", "3c090001000200030004017000"),
        ("A6", "128 p.", "80017000"),
        ("RP", "a. b.", "016100016200"),
        ("TYPE65280", "\\# 4 0A 0b0C 0d", "0a0b0c0d"),
        ("TYPE731", "\\# 0", ""),
        ("A", "\\# 4 C0000201", "c0000201"),
        ("TYPE1", "192.0.2.1", "c0000201"),
        // RFC 9460 §2.1: parameters may stand in any order, and go out by number.
        ("SVCB", "1 . port=53 alpn=\"dot\"", "0001000001000403646f74000300020035"),
        // RFC 9460 appendix D.2, figures 2 to 10.
        ("HTTPS", "0 foo.example.com.", "000003666f6f076578616d706c6503636f6d00"),
        ("SVCB", "1 .", "000100"),
        ("SVCB", "16 foo.example.com. port=53", "001003666f6f076578616d706c6503636f6d00000300020035"),
        (
            "SVCB",
            "1 foo.example.com. key667=\"hello\\210qoo\"",
            "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f",
        ),
        (
            "SVCB",
            "1 foo.example.com. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
            "000103666f6f076578616d706c6503636f6d000006002020010db800000000000000000000000120010db8000000000000000000530001",
        ),
        (
            "SVCB",
            "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
            "001003666f6f076578616d706c65036f72670000000004000100040001000902683205\
             68332d313900040004c0000201",
        ),
        (
            "SVCB",
            "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
            "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832",
        ),
        (
            "SVCB",
            "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
            "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832",
        ),
        (
            "HTTPS",
            "1 . key65299=z dohpath=/q{?dns} ohttp alpn=dot",
            "0001000001000403646f74000700082f717b3f646e737d00080000ff1300017a",
        ),
        ("TXT", "\u{e9} \\195\\169", "02c3a902c3a9"),
        // As dnspython writes them.
        ("APL", "1:192.0.2.0/24 !2:2001:db8::/32 1:0.0.0.0/0", "00011803c000020002208420010db800010000"),
        (
            "HIP",
            "2 200100107B1A74DF365639CC39F1D578 AwEAAbdx rvs.example.com.",
            "10020006200100107b1a74df365639cc39f1d57803010001b77103727673076578616d706c6503636f6d00",
        ),
        (
            "CSYNC",
            "66 3 A NS AAAA TYPE731",
            "000000420003000460000008021c00000000000000000000000000000000000000000000000000000010",
        ),
        ("ISDN", "150862028003217 004", "0f31353038363230323830303332313703303034"),
        ("ISDN", "150862028003217", "0f313530383632303238303033323137"),
        (
            "NSAP",
            "0x47.0005.80.005a00.0000.0001.e133.ffffff000162.00",
            "47000580005a0000000001e133ffffff00016200",
        ),
        ("CERT", "PKIX 65534 254 MIIC AQ==", "0001fffefe30820201"),
        ("AMTRELAY", "10 0 1 203.0.113.15", "0a01cb00710f"),
        ("AMTRELAY", "10 1 3 relay.example.", "0a830572656c6179076578616d706c6500"),
        ("AMTRELAY", "10 0 0 .", "0a00"),
        ("AMTRELAY", "10 0 2 2001:db8::1", "0a0220010db8000000000000000000000001"),
        ("WKS", "192.0.2.1 6 25 0", "c00002010680000040"),
        ("WKS", "192.0.2.1 udp 53", "c00002011100000000000004"),
        ("DSYNC", "CDS NOTIFY 5300 a.example.", "003b0114b40161076578616d706c6500"),
        ("HHIT", "aGVs", "68656c"),
        // By hand from their registrations.
        ("DLV", "12345 8 2 8CB08FC6", "303908028cb08fc6"),
        ("TALINK", "a. b.", "016100016200"),
        ("SINK", "64 0 0 aGVs", "40000068656c"),
        ("DOA", "1 2 3 text aGVs", "000000010000000203047465787468656c"),
        ("RKEY", "0 255 3 aGVs", "0000ff0368656c"),
    ];
    for (rtype, fields, wire) in rows {
        assert_eq!(hex::encode(ours(rtype, fields)), wire, "{rtype} {fields}");
        // RFC 3597 §5: the same octets in the form for types that nobody knows.
        let unknown = format!("\\# {} {wire}", wire.len() / 2);
        assert_eq!(hex::encode(ours(rtype, &unknown)), wire, "{rtype} {unknown}");
    }
}

#[test]
fn algorithms_have_mnemonics() {
    let digest = "ab".repeat(32);
    let rows = [
        ("DS", format!("1 RSASHA256 2 {digest}"), format!("00010802{digest}")),
        ("DS", format!("1 ecdsap256sha256 2 {digest}"), format!("00010d02{digest}")),
        ("CDS", format!("1 ED25519 2 {digest}"), format!("00010f02{digest}")),
        ("CDNSKEY", "257 3 RSASHA256 AwEAAag=".into(), "010103080301 0001a8".replace(' ', "")),
    ];
    for (rtype, fields, wire) in rows {
        assert_eq!(hex::encode(ours(rtype, &fields)), wire, "{rtype} {fields}");
    }
}

#[test]
fn bad_data_is_refused() {
    let rows = [
        "A 192.0.2.256",
        "A 192.0.2.1 192.0.2.2",
        "A \\# 5 c000020101",
        "AAAA 1::2::3",
        "MX 65536 a.",
        "MX 10",
        "TXT",
        "SRV 1 2 a.",
        "CAA 256 issue x",
        "CAA 0 iss-ue x",
        "HTTPS 1",
        "HTTPS 1 . alpn=h2 alpn=h3",
        "SVCB 1 . port=70000",
        "SVCB 1 . ipv4hint=x",
        // RFC 9460 appendix D.3
        "SVCB 1 foo. key123=abc key123=def",
        "SVCB 1 foo. mandatory",
        "SVCB 1 foo. alpn",
        "SVCB 1 foo. port",
        "SVCB 1 foo. ipv4hint",
        "SVCB 1 foo. ipv6hint",
        "SVCB 1 foo. no-default-alpn=abc",
        "SVCB 1 foo. no-default-alpn",
        "SVCB 1 foo. mandatory=key123",
        "SVCB 1 foo. mandatory=mandatory",
        "SVCB 1 foo. key123=abc mandatory=key123,key123",
        "SVCB 1 . key65535=x",
        "SVCB 1 . key01=x",
        "SVCB 1 . alpn=a,,b",
        "SVCB 1 . ech=?",
        "SVCB 1 . =x",
        "SVCB 1 . \"\"",
        "TLSA 3 1 1 xyz",
        "TLSA 3 1 1 abc",
        "SSHFP 1 1 0",
        "SMIMEA 3 1 1 abc",
        "SMIMEA 3 1 1",
        "SMIMEA 3 1 1 \"\"",
        "NAPTR 1 2 a b c",
        "HINFO one",
        "URI 1 2",
        "URI -1 2 x",
        "LOC 91 N 0 E 0m",
        "LOC 90 0 1 N 0 E 0m",
        "LOC 1 60 N 0 E 0m",
        "LOC 1 N 0 E -100001m",
        "LOC 1 N 0 E 0m 1m 1m 1m 1m",
        "LOC 1 N 1",
        "TYPE65280 abcd",
        "EUI48 00-00-5e-00-53",
        "EUI48 00-00-5e-00-53-2",
        "EUI64 00-00-5e-00-53-2a",
        "NID 1 1:2:3",
        "NID 1 1:2:3:00004",
        "L64 1 1:2:3:+4",
        "L32 1 1.2.3",
        "DHCID A",
        "DHCID \"\"",
        "CERT 1 2 3",
        "CERT 1 2 RSA AQI=",
        "SIG NS 1 2 3600 20260102030405 19700101000001 7 a.",
        "SIG NS 1 2 3600 2026 now 7 a. AQID",
        "SIG NS 1 2 3600 20261302030405 19700101000001 7 a. AQID",
        "NXT a. TYPE128",
        "NXT a. nothing",
        "A6 129 ::1 p.",
        "A6 0 192.0.2.1",
        "A6 64 ::1",
        "A6 128",
        "GPOS 1 2",
        "TYPE65280 \\# 2 ab",
        "TYPE65280 \\# 2 abc",
        "TYPE65280 \\# x",
        "SOA a. b. 1 2 3 4",
        "SOA a. b. 4294967296 1 1 1 1",
        "SOA a. b. 1 1 1 1 3000000000",
        "CNAME",
        "DS 1 8 2 x",
        "DS 1 8 2",
        "DS 1 8 2 00",
        "DS 1 RSA 2 00",
        "CDS 1 8 2",
        "SSHFP 1 1",
        "TLSA 3 1 1",
        "OPENPGPKEY",
        "ZONEMD 1 1 1",
        "CAA 0 \"\" x",
        "CAA 0 a-b x",
        "TXT \\# 0",
        "SVCB 1 . key3=a",
        "SVCB 1 . key4=abc",
        "SVCB 1 . key1=h2",
        // A parameter that is cut short; out of order; with a value that it cannot have.
        "TYPE64 \\# 11 0001000003000200350001",
        "SVCB \\# 13 00010000040004c00002010003",
        "HTTPS \\# 8 0001000003000135",
    ];
    for row in rows {
        let (zone, problems) = read_with(format!("{HEAD}a {row}\n").as_bytes(), &[]);
        assert!(zone.is_none() && problems.starts_with("z:4:"), "{row}: {problems}");
    }
}
