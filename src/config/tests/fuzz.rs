//! Whatever the text, there is an answer: a configuration, or problems whose places are in the text.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = include_str!("../../../tests/config/design.toml");

/// Pieces that mean something to the reader.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    "\"",
    "'''",
    "\n",
    ".",
    ",",
    "#",
    "\\u0000",
    "é",
    "\u{202e}",
    "-1",
    "1e400",
    "nan",
    "0x",
    "99999999999999999999",
    "'%'",
    "'xx'",
    "'99999999999999999999s'",
    "'-'",
    "'/'",
    "'::/0'",
    "'*.'",
    "[server]",
    "[services.x]",
    "[services.x.endpoints.y]",
    "[regions.\"\"]",
    "[[geo.override]]",
    "networks_file = 'nets.txt'",
    "[services.\"a\\nb\"]",
    "[regions.\"a\\nb\"]",
    "regions = ['a\\nb', 'a\\nb']",
    "names = [",
    "location = {}",
    "1979-05-27T07:32:00Z",
    "true",
];

/// The one thing that always holds: no configuration means a reason, and every place lies in the text.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let (config, problems) = parsed(text);
    prop_assert_eq!(config.is_none(), problems.has_errors());
    let lines = u32::try_from(text.split('\n').count()).unwrap();
    for problem in problems.sorted().iter().filter(|problem| **problem.place.file == *"m.toml") {
        prop_assert!((1..=lines).contains(&problem.place.line), "{}", problem);
        prop_assert!(!problem.text.contains('\n'), "{}", problem);
    }
    Ok(())
}

/// Pieces of a file of measurements.
const MEASURED: &[&str] = &[
    "198.51.100.0/24",
    "2001:db8::/48",
    "::/0",
    "AS64500",
    "AS0",
    "as7",
    "AS4294967296",
    " ",
    "\t",
    "\u{3000}",
    "\n",
    "#",
    "eu",
    "us",
    "é",
    "1",
    "0",
    "23.5",
    "1e9",
    "-1",
    "NaN",
    "inf",
    "1000001",
    "198.51.100.7",
    "2002::/16",
    "\u{202e}",
    "\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        holds(&text)?;
    }

    #[test]
    fn any_measurements(pieces in prop::collection::vec(prop::sample::select(MEASURED), 0..60)) {
        let text = "[regions.eu]\n[regions.us]\n[latency]\nfile = 'rtt'\n";
        for file in [pieces.concat(), pieces.join(" ")] {
            let (config, problems) = parse(Path::new("m.toml"), text, &|_| Ok(file.clone()));
            prop_assert_eq!(config.is_none(), problems.has_errors());
            let lines = u32::try_from(file.lines().count()).unwrap();
            for problem in problems.errors() {
                prop_assert!(problem.place.line <= lines && !problem.text.contains('\n'), "{}", problem);
            }
            let rows = config.map(|config| config.latency.rows).unwrap_or_default();
            for row in &rows {
                prop_assert!(crate::model::Measured::is_time(row.measured.rtt_ms));
                prop_assert_eq!(row.vantage.to_string().parse(), Ok(row.vantage));
            }
        }
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        holds(&pieces.concat())?;
        holds(&pieces.join(" = "))?;
        holds(&pieces.join("\n"))?;
    }

    #[test]
    fn the_example_with_holes_and_pieces(
        cuts in prop::collection::vec((0..EXAMPLE.chars().count(), 0..30usize, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut characters: Vec<char> = EXAMPLE.chars().collect();
        for (at, length, piece) in cuts {
            let start = at.min(characters.len());
            let end = (at + length).min(characters.len());
            characters.splice(start..end, piece.chars());
        }
        holds(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn any_value_for_any_key(line in 0..EXAMPLE.lines().count(), piece in prop::sample::select(PIECES)) {
        let replaced = EXAMPLE.lines().enumerate().map(|(number, text)| match text.split_once('=') {
            Some((key, _)) if number == line => format!("{key}={piece}\n"),
            _ => format!("{text}\n"),
        });
        holds(&replaced.collect::<String>())?;
    }
}

#[test]
fn depth_is_bounded() {
    for piece in ["[", "{a=", "a.", "[a."] {
        let text = format!("x = {}", piece.repeat(100_000));
        assert!(parsed(&text).0.is_none(), "{piece}");
    }
}

#[test]
fn size_alone_costs_no_quadratic_time() {
    let wrong = "'x',".repeat(100_000);
    let (config, problems) = parsed(&format!("[server]\nlisten = [{wrong}]\n"));
    assert!(config.is_none());
    assert_eq!(problems.errors().count(), 100_000);
}
