//! The pictures of policies in `docs/steering.md`, and what `explain` prints there: drawn from what the server decides, and
//! held to it. `MERIDIAN_PICTURES=docs/pictures` draws them anew.
#![allow(missing_docs, reason = "a test")]

#[path = "common/mmdb.rs"]
mod mmdb;

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use meridian::control::{Node, Threads, load};
use meridian::model::{Family, ServiceId};
use meridian::snapshot::{Asked, Snapshot};
use meridian::steer::{Answer, Keep, Tier, Word};

const PAGE: &str = "docs/steering.md";

/// Clients in a row, from the date line to the date line.
const CLIENTS: usize = 64;

/// The one in the middle of Europe whose decision is explained.
const EXPLAINED: &str = "20.33.1.7";

const LETTERS: [char; 4] = ['V', 'D', 'S', 'B'];

//------------ The page ------------------------------------------------------

/// A block of the page that is drawn, or drawn from.
#[derive(Clone, Copy, Debug)]
struct Block<'t> {
    start: usize,
    text: &'t str,
}

/// The next block with this fence from `from` on, before the next one of a fragment.
fn block<'t>(page: &'t str, fence: &str, from: usize) -> Option<Block<'t>> {
    let opening = format!("\n```{fence}\n");
    let start = from + page[from..].find(&opening)? + opening.len();
    let end = start - 1 + page[start - 1..].find("\n```")? + 1;
    Some(Block { start, text: &page[start..end] })
}

/// Everything that a policy's part of the page is drawn from, and where what is drawn stands.
struct Part<'t> {
    fragment: &'t str,
    measured: Option<&'t str>,
    picture: Block<'t>,
    explained: Block<'t>,
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(fragment) = block(page, "toml fragment", from) {
        from = fragment.start;
        let next = block(page, "toml fragment", from).map_or(page.len(), |next| next.start);
        let own = |fence| block(page, fence, from).filter(|block| block.start < next);
        parts.push(Part {
            fragment: fragment.text,
            measured: own("text latency.txt").map(|block| block.text),
            picture: own("text picture").expect("a picture behind a fragment"),
            explained: own("text explain").expect("an explanation behind a fragment"),
        });
    }
    parts
}

//------------ The world -----------------------------------------------------

fn database() -> Vec<u8> {
    let mut writer = mmdb::Writer::new(true, 24);
    for at in 0..CLIENTS {
        let lon = -180.0 + (at as f64 + 0.5) * 360.0 / CLIENTS as f64;
        let record = mmdb::Record { at: Some((40.0, lon)), ..mmdb::Record::default() };
        let value = record.value(mmdb::Layout::Nested, mmdb::Precision::Double);
        writer.insert(&format!("20.{at}.0.0/16"), &value);
    }
    writer.finish()
}

/// The page's own configuration, with a fragment in place of its last line.
fn write(directory: &Path, page: &str, part: &Part<'_>) {
    let base = block(page, "toml", page.find("## Presets").unwrap()).unwrap().text;
    let (base, last) = base.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(last, "policy = \"nearest\"", "the line that fragments replace");
    std::fs::create_dir_all(directory.join("geoip")).unwrap();
    std::fs::write(directory.join("geoip/country.mmdb"), database()).unwrap();
    std::fs::write(directory.join("meridian.toml"), format!("{base}\n{}", part.fragment)).unwrap();
    let zone = "$TTL 1h\n@ SOA ns1 host 1 1h 15m 1w 5m\n@ NS ns1\nns1 A 198.51.100.53\n";
    std::fs::write(directory.join("gslb.example.zone"), zone).unwrap();
    std::fs::write(directory.join("latency.txt"), part.measured.unwrap_or_default()).unwrap();
}

fn world(directory: &Path) -> Snapshot {
    let node = Node { host_name: "host".into(), cookie_secret: [7; 16] };
    let (built, problems) = load(&directory.join("meridian.toml"), &node, Threads::One);
    built.unwrap_or_else(|| panic!("{problems}")).at_rest(SystemTime::now(), 1)
}

//------------ Pictures ------------------------------------------------------

/// A moment: its name, and what is made of an endpoint's word.
type Moment = (&'static str, fn(usize, Word) -> Word);

const DUBLIN: usize = 1;

const FIT: Moment = ("all fit", |_, word| word);
const LOST: Moment =
    ("Dublin fails", |at, word| if at == DUBLIN { Word { tier: Tier::Failing, ..word } } else { word });
const HALF: Moment = ("Dublin sheds half", |at, word| match at {
    DUBLIN => Word { keep: Keep::of_weights(1, 2), ..word },
    _ => word,
});
const PRIMARY: Moment =
    ("Virginia fails", |at, word| if at == 0 { Word { tier: Tier::Failing, ..word } } else { word });

/// What the regions' load balancers report, where the policy asks.
const CONNECTIONS: [u32; 4] = [900, 300, 600, 500];

fn moments(fragment: &str) -> Vec<Moment> {
    let policy = fragment.lines().next().unwrap_or_default();
    match policy.split('"').nth(1).unwrap_or_default() {
        "nearest" => vec![FIT, LOST, HALF],
        "failover" => vec![FIT, PRIMARY],
        _ => vec![FIT, LOST],
    }
}

/// By client, the regions that are answered, in written order.
fn answers(snapshot: &Snapshot, seed: u64) -> Vec<Vec<char>> {
    let mut generator = fastrand::Rng::with_seed(seed);
    let mut answer = |client: usize| {
        let address = format!("20.{client}.1.7").parse().unwrap();
        let service = ServiceId(0);
        let resolved = snapshot.locate(service, address);
        let asked = Asked { service, family: Family::V4, address, resolved: &resolved };
        match snapshot.decide::<false>(&asked, 0, || generator.u64(..), |_| {}).answer {
            Answer::Endpoint { position, .. } => vec![LETTERS[position]],
            Answer::Endpoints(set) => (0..4).filter(|at| set & 1 << at != 0).map(|at| LETTERS[at]).collect(),
            other => panic!("{other:?}"),
        }
    };
    (0..CLIENTS).map(&mut answer).collect()
}

fn picture(directory: &Path, fragment: &str) -> String {
    let mut lines = Vec::new();
    let reports = fragment.contains("connections") || fragment.contains("two-choices");
    for (name, change) in moments(fragment) {
        let snapshot = world(directory);
        for (at, pair) in snapshot.live.chunks(2).enumerate() {
            pair[0].store(change(at, pair[0].load()));
        }
        if reports {
            snapshot.loads.iter().zip(CONNECTIONS).for_each(|(place, load)| place.store(load));
        }
        let all = answers(&snapshot, 6);
        for row in 0..all.iter().map(Vec::len).max().unwrap_or(0) {
            let letters = all.iter().map(|one| one.get(row).copied().unwrap_or(' '));
            let label = if row == 0 { name } else { "" };
            lines.push(format!("{label:<19}{}", letters.collect::<String>()).trim_end().to_owned());
        }
    }
    if reports {
        let told = LETTERS.iter().zip(CONNECTIONS).map(|(letter, count)| format!("{letter} {count}"));
        lines.push(format!("{:<19}{}", "connections", told.collect::<Vec<_>>().join(", ")));
    }
    let axis = ["180°", "90°W", "0°", "90°E", "180°"];
    let quarter = CLIENTS / 4;
    let places = axis.iter().enumerate().fold(String::new(), |line, (at, text)| {
        let from = (19 + at * quarter).saturating_sub(if at == 0 { 0 } else { text.chars().count() / 2 });
        let gap = from.saturating_sub(line.chars().count());
        line + &" ".repeat(gap) + text
    });
    lines.push(places);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// So often a draw is tried again that the page shows one of.
const TRIES: usize = 300;

/// What is explained. Where chance has a say, the page shows one draw, which comes again sooner or later.
fn explained(directory: &Path, shown: &str) -> String {
    let mut all = (0..TRIES).map(|_| explained_once(directory));
    let first = all.next().unwrap();
    if first == shown { first } else { all.find(|one| one == shown).unwrap_or(first) }
}

fn explained_once(directory: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meridian"));
    command.args(["explain", "www.gslb.example.", EXPLAINED]).current_dir(directory);
    for variable in ["CONFIG", "LOG", "LOG_FORMAT"] {
        command.env_remove(format!("MERIDIAN_{variable}"));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // The second decision is for AAAA, of which these regions have none.
    let decision = text.split("\n\n").nth(1).unwrap_or_default();
    format!("$ meridian explain www.gslb.example {EXPLAINED}\n…\n{}\n", decision.trim_end())
}

#[test]
fn pictures_show_what_is_answered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let mut drawn = Vec::new();
    for part in parts(&page) {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &page, &part);
        drawn.push((part.picture, picture(directory.path(), part.fragment)));
        drawn.push((part.explained, explained(directory.path(), part.explained.text)));
    }
    assert!(drawn.len() >= 18, "a picture and an explanation for each preset: {}", drawn.len());
    if std::env::var_os("MERIDIAN_PICTURES").is_some() {
        let mut text = page.clone();
        for (block, new) in drawn.iter().rev() {
            text.replace_range(block.start..block.start + block.text.len(), new);
        }
        return std::fs::write(&path, text).unwrap();
    }
    for (block, new) in drawn {
        assert_eq!(block.text, new, "{PAGE} shows something else; make pictures");
    }
}

#[test]
fn every_preset_has_its_part() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let fragments: Vec<_> =
        parts(&page).iter().map(|part| part.fragment.lines().next().unwrap().to_owned()).collect();
    for preset in meridian::model::Policy::presets() {
        let line = format!("policy = \"{}\"", preset.name);
        assert_eq!(fragments.iter().filter(|fragment| **fragment == line).count(), 1, "{line}");
    }
}
