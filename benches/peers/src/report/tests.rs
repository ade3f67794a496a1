//! Tables and the page, made of lines that nobody measured.

use std::collections::BTreeMap;

use super::*;
use crate::load::Tally;
use crate::results::{Alone, Limit, Line, Note};

/// Eight rounds of two servers: one costs a tenth more, whatever mood the machine has.
fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for round in 1..=8 {
        for (server, factor) in [(Server::Floor, 10), (Server::Meridian32, 11)] {
            let answered = 1_000;
            let processor = answered * 300 * round as u64 * factor;
            let tally =
                Tally { sent: answered, answered, per_second: 1e6 / factor as f64, ..Tally::default() };
            lines.push(Line::Run(Run {
                round,
                server,
                workload: Workload::Plain,
                pace: Kind::Saturated,
                processor,
                elapsed: processor,
                tally,
            }));
        }
    }
    let (what, unit) = ("a reload".to_owned(), "ms".to_owned());
    lines.push(Line::Alone(Alone {
        what,
        unit,
        samples: vec![1.0, 3.0],
        limit: Some(Limit::Median(0.5)),
        remark: "a | b".into(),
    }));
    lines.push(Line::Note(Note { text: "They agree.".into() }));
    lines
}

#[test]
fn ratios_are_paired_by_round() {
    let sorted = Sorted::new(&lines());
    // However wide the columns are.
    let text: Vec<String> =
        tables(&sorted).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        // 3 to 24 µs, and yet the ratio is sure.
        "| Meridian, 32 regions | 14.85 | 1.10 (1.10–1.10) | 90909 | 0.91 (0.91–0.91) | 1.00 |",
        "| CPU a query | Meridian, 32 regions | echo (the floor) | plain | ≤ 1.03 | 1.10 (1.10–1.10) | **no** |",
        "| a reload | ms | 2.00 | 1.00–3.00 | 3.00 | median ≤ 0.5 | **no** | a \\| b |",
        "- They agree.",
    ];
    for line in expected {
        assert!(text.iter().any(|other| other == line), "{line}\n{}", text.join("\n"));
    }
}

#[test]
fn lines_survive_their_file() {
    let written: Vec<String> = lines().iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let read: Vec<Line> = written.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(tables(&Sorted::new(&read)), tables(&Sorted::new(&lines())));
    let mut tally = Tally { wrong: BTreeMap::from([(crate::verify::Wrong::Code, 2)]), ..Tally::default() };
    let text = serde_json::to_string(&tally).unwrap();
    assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), tally);
    tally.wrong.clear();
    assert!(!serde_json::to_string(&tally).unwrap().contains("wrong"));
}

#[test]
fn what_was_written_by_hand_is_kept() {
    let sorted = Sorted::new(&lines());
    let first = page::page(&sorted, "").unwrap();
    let mended = first.replace("Nothing has been written here yet.", "The kernel, 93 %.\n\nAnd more.");
    assert_ne!(first, mended);
    assert_eq!(page::page(&sorted, &mended).unwrap(), mended);
    for broken in [mended.replace("<!-- by hand: end -->", ""), mended.clone() + &mended] {
        assert!(page::page(&sorted, &broken).is_err());
    }
    let crossed = "<!-- by hand: end --> mine <!-- by hand: begin -->";
    assert!(page::page(&sorted, crossed).is_err());
}

#[test]
fn limits_are_of_the_median_or_of_all() {
    let samples = [0.0, 0.0, 7.0];
    let rows = [(Limit::Median(0.0), true), (Limit::Worst(0.0), false), (Limit::Worst(7.0), true)];
    for (limit, met) in rows {
        assert_eq!(limit.is_met(&samples), met, "{limit}");
    }
    assert!(!Limit::Median(0.0).is_met(&[1.0, 1.0, 0.0]));
}
