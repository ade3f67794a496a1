//! Bodies as operators and their clients send them, and what each comes to.

use super::*;

const NOW: u64 = 1_790_000_000;

/// The state, and how long it lasts; or a part of what is refused.
fn check(body: &str, region: bool, wanted: Result<(OverrideState, Option<u64>), &str>) {
    let (name, service) = ("eu-west".to_owned(), "www".to_owned());
    let subject = if region { Subject::Region(name) } else { Subject::Endpoint { service, region: name } };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let found = word(body.as_bytes(), &subject, now);
    match (found, wanted) {
        (Ok(word), Ok((state, lasts))) => {
            let left = word.until.map(|until| until.duration_since(now).unwrap().as_secs());
            assert_eq!((word.state, left, word.reason.as_str()), (state, lasts, "drill"), "{body}");
        }
        (Err(problem), Err(part)) => {
            assert!(format!("{problem:?}").contains(part), "{body}: {problem:?}")
        }
        (found, wanted) => panic!("{body}: {found:?}, not {wanted:?}"),
    }
}

#[test]
fn bodies_become_words_or_say_why_not() {
    use OverrideState::{Down, Drain, Up, Weight};
    let with = |fields: &str| format!("{{{fields},\"reason\":\" drill \"}}");
    check(&with(r#""state":"down""#), true, Ok((Down, None)));
    check(&with(r#""state":"drain","expires_in":"1h30m""#), true, Ok((Drain, Some(5_400))));
    check(&with(r#""state":"up","expires_at":"2026-09-21T14:14:20Z""#), false, Ok((Up, Some(60))));
    check(&with(r#""state":"up","expires_at":"2026-09-21T16:14:20+02:00""#), false, Ok((Up, Some(60))));
    check(&with(r#""weight":5"#), false, Ok((Weight(5), None)));
    check(&with(r#""state":"weight","weight":10000"#), false, Ok((Weight(10_000), None)));
    check(&with(r#""weight":5"#), true, Err("a region has no weight"));
    check(&with(r#""weight":10001"#), false, Err("weight 10001 is not from 0 to 10000"));
    check(&with(r#""weight":-1"#), false, Err("invalid value"));
    check(&with(r#""state":"weight""#), false, Err("needs a weight"));
    check(&with(r#""state":"down","weight":5"#), false, Err("not both"));
    check(&with(r#""state":"dwon""#), true, Err("no state is called 'dwon'; states: up, down"));
    check(&with(r#""expires_in":"1h""#), true, Err("state or weight is needed"));
    check(&with(r#""state":"down","expires_in":"0s""#), true, Err("from 1s to 365d"));
    check(&with(r#""state":"down","expires_in":"366d""#), true, Err("from 1s to 365d"));
    check(&with(r#""state":"down","expires_in":"soon""#), true, Err("'soon' is not a duration"));
    check(&with(r#""state":"down","expires_at":"1999-01-01T00:00:00Z""#), true, Err("from 1s to 365d"));
    check(&with(r#""state":"down","expires_at":"tomorrow""#), true, Err("'tomorrow' is no time"));
    let both = r#""state":"down","expires_in":"1s","expires_at":"2030-01-01T00:00:00Z""#;
    check(&with(both), true, Err("not both"));
    check(&with(r#""state":"down","raeson":"x""#), true, Err("unknown field `raeson`, expected one of"));
    check("", true, Err("there is no body"));
    check("{", true, Err("line 1 column 1"));
    check(r#"["down",null,"drill"]"#, true, Err("the body is not a JSON object"));
}

/// The ramp as it would be said, and its guard; or a part of what is refused.
fn check_ramp(fields: &str, region: bool, wanted: Result<&str, &str>) {
    let body = format!(r#"{{"state":"ramp",{fields},"reason":"drill"}}"#);
    let (name, service) = ("eu-west".to_owned(), "www".to_owned());
    let subject = if region { Subject::Region(name) } else { Subject::Endpoint { service, region: name } };
    let found = word(body.as_bytes(), &subject, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    match (found, wanted) {
        (Ok(WishedWord { state: OverrideState::Ramp(ramp), .. }), Ok(said)) => {
            let (state, watch) = (OverrideState::Ramp(ramp), print_duration(ramp.watch));
            let errors = ramp.max_errors.map_or("default".to_owned(), |share| share.to_string());
            assert_eq!(format!("{state}, {watch}, {errors}"), said, "{body}");
        }
        (Err(problem), Err(part)) => assert!(format!("{problem:?}").contains(part), "{body}: {problem:?}"),
        (found, wanted) => panic!("{body}: {found:?}, not {wanted:?}"),
    }
}

#[test]
fn bodies_become_ramps_or_say_why_not() {
    let way = |more: &str| format!(r#""from":"1%","to":"100%","over":"30m"{more}"#);
    let plain = "ramped from 1% to 100% of its weight over 30m, 10m, default";
    check_ramp(&way(""), false, Ok(plain));
    check_ramp(&way(""), true, Ok(plain));
    check_ramp(&way(r#","guard":{}"#), false, Ok(plain));
    check_ramp(&way(r#","expires_in":"30m""#), false, Ok(plain));
    let guarded = "ramped from 1% to 100% of its weight over 30m, 1h, 2.5%";
    check_ramp(&way(r#","guard":{"watch":"1h","max_errors":"2.5%"}"#), false, Ok(guarded));
    let down = r#""from":"100%","to":"0%","over":"1500ms""#;
    check_ramp(down, false, Ok("ramped from 100% to 0% of its weight over 2s, 10m, default"));
    check_ramp(&format!(r#"{down},"guard":{{}}"#), false, Err("nothing to go back from"));
    check_ramp(&way(r#","expires_in":"29m""#), false, Err("would end before the ramp does"));
    check_ramp(&way(r#","weight":5"#), false, Err("give a state or a weight, not both"));
    check_ramp(&way(r#","guard":{"watch":"25h"}"#), false, Err("at most 1d"));
    check_ramp(&way(r#","guard":{"watch":"soon"}"#), false, Err("'soon' is not a duration"));
    check_ramp(&way(r#","guard":{"max_errors":"5"}"#), false, Err("'5' is no share"));
    check_ramp(&way(r#","guard":{"errors":"5%"}"#), false, Err("unknown field `errors`"));
    check_ramp(r#""to":"100%","over":"30m""#, false, Err("a ramp needs 'from'"));
    check_ramp(r#""from":"1%","over":"30m""#, false, Err("a ramp needs 'to'"));
    check_ramp(r#""from":"1%","to":"100%""#, false, Err("a ramp needs a time"));
    check_ramp(
        r#""from":"1%","to":"101%","over":"30m""#,
        false,
        Err("'101%' is no share; write one from 0%"),
    );
    check_ramp(r#""from":"5%","to":"5%","over":"30m""#, false, Err("from 5% to 5% is no way"));
    check_ramp(r#""from":"1%","to":"9%","over":"0s""#, false, Err("from 1s to 365d"));
    check_ramp(r#""from":"1%","to":"9%","over":"366d""#, false, Err("from 1s to 365d"));
    let with = |fields: &str| format!("{{{fields},\"reason\":\"drill\"}}");
    check(&with(r#""state":"down","over":"30m""#), true, Err("'over' goes with the state 'ramp' alone"));
    check(&with(r#""weight":5,"guard":{}"#), false, Err("'guard' goes with the state 'ramp' alone"));
    check(
        &with(r#""from":"1%","to":"2%","over":"1m""#),
        false,
        Err("'from' goes with the state 'ramp' alone"),
    );
}

/// The values, whether they are added, and for how many seconds; or a part of what is refused.
type Values<'a> = Result<(&'a str, bool, u64), &'a str>;

#[test]
fn bodies_become_values_or_say_why_not() {
    let now = SystemTime::UNIX_EPOCH + Duration::new(NOW, 1);
    let many: Vec<_> = (0..9).map(|n| format!("\"{n}\"")).collect();
    let (longest, long) = ("x".repeat(255), "x".repeat(256));
    let rows: &[(&str, Values<'_>)] = &[
        (r#"{"values":["a-_Z9"]}"#, Ok(("a-_Z9", false, 601))),
        (r#"{"values":["a","b"],"add":true,"expires_in":"24h"}"#, Ok(("a b", true, 86_401))),
        (r#"{"values":["a"],"expires_in":"1s"}"#, Ok(("a", false, 2))),
        (r#"{"values":["a"],"expires_at":"2026-09-21T14:14:20Z"}"#, Ok(("a", false, 60))),
        (&format!(r#"{{"values":["{longest}"]}}"#), Ok((&longest, false, 601))),
        (&format!(r#"{{"values":["{long}"]}}"#), Err("has 256 characters; a value may have 255")),
        (r#"{"values":[""]}"#, Err("'' is no value; write visible ASCII")),
        (r#"{"values":["a b"]}"#, Err("'a b' is no value")),
        (r#"{"values":["é"]}"#, Err("'é' is no value")),
        (r#"{"values":[]}"#, Err("no value is given; DELETE")),
        (&format!(r#"{{"values":[{}]}}"#, many.join(",")), Err("9 values are too many; 8 may be")),
        (r#"{"values":["a"],"expires_in":"0s"}"#, Err("from 1s to 1d from now")),
        (r#"{"values":["a"],"expires_in":"1441m"}"#, Err("from 1s to 1d from now")),
        (r#"{"values":["a"],"expires_in":"1m","expires_at":"2030-01-01T00:00:00Z"}"#, Err("not both")),
        (r#"{"values":"a"}"#, Err("invalid type: string")),
        (r#"{"value":["a"]}"#, Err("unknown field `value`, expected one of `values`")),
        (r#"{"add":true}"#, Err("missing field `values`")),
        (r#"["a"]"#, Err("the body is not a JSON object")),
        ("", Err("there is no body; send one like {\\\"values\\\"")),
    ];
    for (body, wanted) in rows {
        match (values(body.as_bytes(), now), wanted) {
            (Ok(found), Ok((all, add, lasts))) => {
                let left = found.until.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() - NOW;
                assert_eq!((&*found.values.join(" "), found.add, left), (*all, *add, *lasts), "{body}");
            }
            (Err(problem), Err(part)) => {
                assert!(format!("{problem:?}").contains(part), "{body}: {problem:?}");
            }
            (found, _) => panic!("{body}: {found:?}, not {wanted:?}"),
        }
    }
}

#[test]
fn reasons_are_one_line_that_says_something() {
    let refused = |text: &str| format!("{:?}", reason(Some(text)).unwrap_err());
    assert!(refused("  ").contains("a reason is needed"));
    assert!(refused("a\nb").contains("control characters"));
    assert!(refused(&"é".repeat(1_001)).contains("1001 characters"));
    assert_eq!(reason(Some(&"é".repeat(1_000))).unwrap().chars().count(), 1_000);
    assert!(reason(None).is_err());
}
