//! What people read: one difference in full, and the summary.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::base::iana::Rtype;

use crate::compare::{Case, Facet, Verdict, sorted};
use crate::name::Name;
use crate::reply::{ADDITIONAL, ANSWER, Record, Reply};
use crate::servers::Server;
use crate::tally::Tally;
use crate::world::{Set, Zone};

/// Records of one RRset of a zone that are shown.
const SHOWN: usize = 4;

/// Records of one section that are shown.
const MOST: usize = 40;

/// A difference: the question, what the zones say about its names, and the replies, facet by facet.
pub fn full(case: &Case, verdicts: &[(Facet, Verdict)]) -> String {
    let mut text = format!("== {} by {}\n", case.question, case.way.title());
    text += &zone_lines(case);
    for (facet, verdict) in verdicts {
        let mark = match verdict {
            Verdict::Agrees => String::new(),
            Verdict::Sides(server) => format!("   (as {})", server.title()),
            Verdict::Explained(reason) => format!("   (explained: {}, {})", reason.title, reason.source),
            Verdict::Unexplained => "   <== unexplained".to_owned(),
        };
        text += &match facet.section() {
            Some(section) => format!("  {}{mark}\n{}", facet.title(), section_lines(case, section)),
            None => format!("  {:<10} {}{mark}\n", facet.title(), value_line(case, *facet)),
        };
    }
    text
}

/// Meridian, NSD and Knot, in this order; once where all say the same.
fn value_line(case: &Case, facet: Facet) -> String {
    let values = case.replies().map(|reply| value(reply, facet));
    if values.iter().all(|value| *value == values[0]) { values[0].clone() } else { values.join(" | ") }
}

fn value(reply: &Reply, facet: Facet) -> String {
    match facet {
        Facet::Code => reply.code_text(),
        Facet::Authoritative => reply.authoritative.to_string(),
        Facet::Truncated => format!("{} ({} octets)", reply.truncated, reply.octets),
        Facet::Flags => reply.flags.clone(),
        Facet::Question => clipped(&reply.question.escape_ascii().to_string()),
        Facet::Opt => {
            reply.opt.map_or("none".into(), |opt| format!("version {}, payload {}", opt.version, opt.payload))
        }
        Facet::Answer | Facet::Authority | Facet::Additional => String::new(),
    }
}

/// Every record that any reply has, marked with who has it; in the answer, in the order of whoever has it first.
fn section_lines(case: &Case, section: usize) -> String {
    let mut all: Vec<&Record> = Vec::new();
    for reply in case.replies() {
        let records: Vec<&Record> = match section {
            ANSWER => reply.sections[section].iter().collect(),
            _ => sorted(&reply.sections[section]),
        };
        records.into_iter().for_each(|record| {
            if !all.contains(&record) {
                all.push(record)
            }
        });
    }
    let mut text = String::new();
    let left = all.len().saturating_sub(MOST);
    for record in all.into_iter().take(MOST) {
        let marks = case.replies().map(|reply| places(reply, section, record));
        writeln!(text, "    {} {record}", marks.join(" ")).expect("a text takes all");
    }
    if left > 0 {
        writeln!(text, "    … and {left} more").expect("a text takes all");
    }
    text
}

/// `M`, `N` or `K` for each time that a section holds a record; in the answer, its place instead.
fn places(reply: &Reply, section: usize, record: &Record) -> String {
    let records = reply.sections[section].iter().enumerate();
    let places: Vec<String> =
        records.filter(|(_, other)| *other == record).map(|(place, _)| (place + 1).to_string()).collect();
    format!("{:>3}", if places.is_empty() { "-".into() } else { places.join("+") })
}

/// What the zones say about the names of a case, wildcards beside them, and apexes and cuts above them.
fn zone_lines(case: &Case) -> String {
    let names = names_of(case);
    let mut text = String::new();
    for zone in &case.world.zones {
        let below = names.iter().filter(|name| name.is_in(&zone.apex));
        let above =
            |name: &Name| name.ancestors().take_while(|name| name.is_in(&zone.apex)).collect::<Vec<_>>();
        let around: BTreeSet<Name> =
            below.flat_map(above).flat_map(|name| [name.wildcard(), Some(name)]).flatten().collect();
        for (name, sets) in around.iter().filter_map(|name| Some((name, zone.at(name)?))) {
            let whole = names.contains(name) || name.is_wildcard();
            let shown = |rtype: Rtype| {
                matters(case, rtype) && (whole || matches!(rtype, Rtype::NS | Rtype::SOA | Rtype::DNAME))
            };
            sets.iter()
                .filter(|(rtype, _)| shown(**rtype))
                .for_each(|(rtype, set)| text += &set_lines(zone, name, *rtype, set));
        }
    }
    text
}

/// Types that decide where a walk ends, and the one asked for.
fn matters(case: &Case, rtype: Rtype) -> bool {
    use Rtype as R;
    rtype == case.question.rtype || matches!(rtype, R::NS | R::SOA | R::CNAME | R::DNAME | R::A | R::AAAA)
}

fn set_lines(zone: &Zone, name: &Name, rtype: Rtype, set: &Set) -> String {
    let line =
        |data: &String| format!("  {} | {} {} {rtype} {}\n", zone.apex, short(name), set.ttl, clipped(data));
    let mut text: String = set.data.iter().take(SHOWN).map(line).collect();
    if set.data.len() > SHOWN {
        text += &format!("  {} | … {} in all\n", zone.apex, set.data.len());
    }
    text
}

/// The beginning of what is too long for a line.
fn clipped(text: &str) -> String {
    let start: String = text.chars().take(100).collect();
    if start.len() < text.len() { start + "…" } else { start }
}

/// A name; its first and last labels, if it has many.
pub fn short(name: &Name) -> String {
    let text = name.to_string();
    match (text.get(..40), text.get(text.len().saturating_sub(60)..)) {
        (Some(head), Some(tail)) if text.len() > 110 => format!("{head}…{}…{tail}", name.labels()),
        _ => text,
    }
}

/// The name asked for, owners in answer and authority, and where aliases lead.
fn names_of(case: &Case) -> BTreeSet<Name> {
    let records = case.replies().into_iter().flat_map(|reply| reply.sections[..ADDITIONAL].iter().flatten());
    let mut names = BTreeSet::from([case.question.name.clone()]);
    for record in records {
        names.insert(record.owner.clone());
        if matches!(record.rtype, Rtype::CNAME | Rtype::DNAME) {
            names.extend(Name::from_wire(&record.data));
        }
    }
    names
}

/// The counts.
pub fn summary(tally: &Tally) -> String {
    let mut text = format!(
        "\n{:>8} questions by UDP\n{:>8} of them again by TCP, because a reply was truncated\n{:>8} of them again by \
         TCP, because an alias leads into another zone\n{:>8} of type ANY\n",
        tally.datagrams, tally.streams, tally.followed, tally.any
    );
    let mut put = |count: usize, line: String| text += &format!("{count:>8} {line}\n");
    tally.codes.iter().for_each(|(code, count)| put(*count, format!("replies {code}")));
    put(tally.agreed, "replies on which all three agree in everything".into());
    let others = |server: &str| {
        Server::ALL
            .iter()
            .find(|other| other.title() != server && **other != Server::Meridian)
            .map_or("", |other| other.title())
    };
    for ((facet, server, detail), count) in &tally.sides {
        put(*count, format!("times {} as {server}, unlike {}{detail}", facet.title(), others(server)));
    }
    for ((title, source, facet), count) in &tally.explained {
        put(*count, format!("times {} unlike both: {title} ({source})", facet.title()));
    }
    put(tally.silent, "questions left out, because a peer fell silent and was started anew".into());
    put(tally.spoiled, "replies spoiled on purpose, every one noticed".into());
    put(tally.unexplained(), "replies with differences that nothing explains".into());
    tally.wrong.iter().for_each(|(kind, count)| put(*count, format!("  {kind}")));
    text
}
