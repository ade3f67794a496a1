//! The documentation holds what it promises: links lead somewhere, examples load, every key is described with its
//! true default, and every dependency has its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path from the root.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "geoip/README.md"]
        .iter()
        .map(PathBuf::from)
        .collect();
    for directory in ["docs", "docs/decisions"] {
        for entry in std::fs::read_dir(root().join(directory)).unwrap() {
            let name = PathBuf::from(directory).join(entry.unwrap().file_name());
            paths.extend(
                Some(name).filter(|name| name.extension().is_some_and(|extension| extension == "md")),
            );
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

//------------ Links ---------------------------------------------------------

/// A page without its blocks of code.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// What links of a page lead to, addresses of the world left out.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// The anchors that headings make: lower case, blanks to hyphens, other signs gone.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings =
        prose(text).lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let anchor = |heading: &String| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.iter().map(anchor).collect()
}

/// What is wrong with a link from a page, if anything.
fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => root().join(page),
        path => root().join(page.parent().unwrap_or(Path::new(""))).join(path),
    };
    if !target.exists() {
        return Some(format!("{}: '{link}' leads nowhere", page.display()));
    }
    let there =
        if path.is_empty() { text.to_owned() } else { std::fs::read_to_string(&target).unwrap_or_default() };
    (!anchor.is_empty() && !anchors(&there).contains(anchor))
        .then(|| format!("{}: '{link}': no such heading", page.display()))
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let all =
        pages.iter().flat_map(|(path, text)| links(text).into_iter().map(move |link| (path, text, link)));
    let all: Vec<_> = all.collect();
    assert!(all.len() > 20, "only {} links were found", all.len());
    let wrong: Vec<_> = all.iter().filter_map(|(path, text, link)| broken(path, text, link)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_broken_link_is_found() {
    let here = Path::new("docs/quickstart.md");
    let text =
        "# A `b` page\n[x](configuration.md) [y](nowhere.md) [z](#a-b-page) [w](#c)\n```\n[q](r)\n```\n";
    let wrong: Vec<_> = links(text).into_iter().filter(|link| broken(here, text, link).is_some()).collect();
    assert_eq!(wrong, ["nowhere.md", "#c"]);
}

//------------ Examples ------------------------------------------------------

/// The blocks of one language, each with its first line.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<(usize, &'t str)> {
    let fence = format!("```{language}\n");
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&fence) {
        let start = at + fence.len();
        let end = start + text[start..].find("\n```").unwrap() + 1;
        found.push((1 + text[..start].matches('\n').count(), &text[start..end]));
    }
    found
}

fn problems(text: &str) -> String {
    let read = |_: &Path| -> std::io::Result<String> { Ok("192.0.2.0/24\n".into()) };
    let (config, problems) = meridian::config::parse("example.toml".as_ref(), text, &read);
    assert_eq!(config.is_none(), problems.has_errors());
    problems.to_string()
}

#[test]
fn every_example_of_a_configuration_loads() {
    let mut count = 0;
    for (path, text) in
        pages().iter().filter(|(path, _)| path.starts_with("docs") || path.ends_with("README.md"))
    {
        for (line, block) in blocks(text, "toml") {
            // One line of a table is shown as it is; it is that table's.
            let whole =
                if block.starts_with("databases") { format!("[geo]\n{block}") } else { block.to_owned() };
            let said = problems(&whole);
            assert!(said.is_empty(), "{}:{line}: {said}", path.display());
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} examples were found");
}

/// What an answer tells that a page shows whole, with head and body.
fn told(answer: &str) -> meridian::health::Told {
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let headers = fields.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    meridian::health::read_told(&headers, body.as_bytes()).1
}

#[test]
fn every_answer_that_is_shown_tells_something() {
    let page = page("docs/health.md");
    let answers = blocks(&page, "http");
    assert_eq!(answers.len(), 3);
    for (line, answer) in answers {
        let meridian::health::Told::Signals(told) = told(answer) else { panic!("line {line}: nothing") };
        assert!(!told.0.is_empty() && told.1.is_none(), "line {line}: {told:?}");
    }
}

#[test]
fn a_wrong_example_is_found() {
    let blocks = blocks("a\n```toml\n[server]\nworker = 1\n```\n```sh\nx\n```\n", "toml");
    assert_eq!(blocks, [(3, "[server]\nworker = 1\n")]);
    assert!(problems(blocks[0].1).contains("unknown key 'worker'"));
}

//------------ Keys ----------------------------------------------------------

/// Follows references of a schema.
fn resolved<'s>(schema: &'s Value, part: &'s Value) -> &'s Value {
    match part["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

/// Every key that holds a value, by its path, with its default as TOML; `NAME` stands for an operator's name.
fn keys(schema: &Value, part: &Value, path: &str, found: &mut BTreeMap<String, Option<String>>) {
    let table = resolved(schema, part);
    for (key, value) in table["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let inner = resolved(schema, value);
        let tables = |part: &Value| resolved(schema, part)["properties"].is_object();
        if inner["properties"].is_object() {
            keys(schema, inner, &path, found);
        } else if tables(&inner["additionalProperties"]) {
            keys(schema, &inner["additionalProperties"], &format!("{path}.NAME"), found);
        } else if tables(&inner["items"]) {
            keys(schema, &inner["items"], &path, found);
        } else {
            let default =
                value.get("default").map(|default| toml::Value::try_from(default).unwrap().to_string());
            found.insert(path, default);
        }
    }
}

/// The keys that the page describes, by path, with what it says of their defaults.
fn described(text: &str) -> BTreeMap<String, String> {
    let (mut table, mut found) = (String::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## `[") {
            table = heading.trim_end_matches("]`").trim_matches(['[', ']']).to_owned();
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [key, _, default, meaning] = cells[..] else { continue };
        if let Some(key) = key.strip_prefix('`').and_then(|key| key.strip_suffix('`')) {
            assert!(meaning.len() > 10, "{table}.{key} has no meaning");
            let again = found.insert(format!("{table}.{key}"), default.trim_matches('`').to_owned());
            assert_eq!(again, None, "{table}.{key} is described twice");
        }
    }
    found
}

#[test]
fn every_key_is_described_with_its_default() {
    let schema = meridian::config::schema();
    let mut keys_of_schema = BTreeMap::new();
    keys(&schema, &schema, "", &mut keys_of_schema);
    assert!(keys_of_schema.len() > 60, "only {} keys were found", keys_of_schema.len());
    let text = page("docs/configuration.md");
    // Tables that stand in two places are described in one.
    for (again, first, shown) in [
        ("services.NAME.override.", "geo.override.", "[[services.NAME.override]]"),
        ("services.NAME.checks.NAME.", "services.NAME.check.", "[services.NAME.checks.NAME]"),
        ("witnesses.NAME.check.", "services.NAME.check.", "[witnesses.NAME.check]"),
    ] {
        let below = |prefix| {
            keys_of_schema.keys().filter_map(move |key| key.strip_prefix(prefix)).collect::<Vec<_>>()
        };
        assert_eq!(below(again), below(first));
        assert!(text.contains(shown));
        keys_of_schema.retain(|key, _| !key.starts_with(again));
    }
    let described = described(&text);
    let names = |of: Vec<&String>| of.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(names(described.keys().collect()), names(keys_of_schema.keys().collect()));
    for (key, default) in &keys_of_schema {
        if let Some(default) = default {
            assert_eq!(&described[key], default, "the default of {key}");
        }
    }
}

//------------ The API -------------------------------------------------------

/// The sources of the API below a path, in one text.
fn api_sources(path: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            text += &api_sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// The first text in quotes after each place where `mark` stands.
fn quoted_after<'t>(text: &'t str, mark: &str) -> Vec<&'t str> {
    let rests = text.split(mark).skip(1).map(str::trim_start);
    rests.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).collect()
}

#[test]
fn every_call_is_described() {
    let (sources, text) = (api_sources(&root().join("src/api")), page("docs/api.md"));
    let mut count = 0;
    for method in ["get", "put", "post", "delete"] {
        for path in quoted_after(&sources, &format!("utoipa::path({method}, path = ")) {
            // One row tells of reading both kinds of override.
            let path = if method == "get" && path.ends_with("/override") { "…/override" } else { path };
            let call = format!("`{} {path}", method.to_uppercase());
            assert!(text.contains(&call), "docs/api.md says nothing of {call}`");
            count += 1;
        }
    }
    assert!(count > 15, "only {count} calls were found");
}

#[test]
fn every_metric_is_described_and_no_other() {
    let sources = api_sources(&root().join("src/api"));
    let mut made = BTreeSet::new();
    for (mark, prefix, suffix) in [
        (".counter(", "meridian_", "_total"),
        (".gauge(", "meridian_", ""),
        (".histogram(", "meridian_", ""),
        (".info(", "meridian_", "_info"),
        (".plain(", "", ""),
    ] {
        made.extend(quoted_after(&sources, mark).iter().map(|name| format!("{prefix}{name}{suffix}")));
    }
    let page = page("docs/api.md");
    let section = page.split("## Metrics").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let described: BTreeSet<String> =
        rows.flat_map(|names| names.split(", ")).map(|name| name.trim_matches('`').to_owned()).collect();
    assert!(made.len() > 20, "only {} metrics were found", made.len());
    assert_eq!(described, made);
}

//------------ Proofs --------------------------------------------------------

/// Texts of all files with this ending, below a path.
fn texts(path: &Path, ending: &str) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &texts(&path, ending);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// Whether what a page names as a proof is there: `file: a scenario`, `fuzz: a target`, or a test in backticks.
fn is_there(proof: &str, tests: &str) -> bool {
    if let Some(test) = proof.strip_prefix('`').and_then(|proof| proof.strip_suffix('`')) {
        return tests.contains(&format!(" fn {test}(")) || tests.contains(&format!("\nfn {test}("));
    }
    match proof.split_once(": ") {
        Some(("fuzz", target)) => root().join(format!("fuzz/fuzz_targets/{target}.rs")).exists(),
        Some((file, title)) => {
            std::fs::read_to_string(root().join(format!("tests/scenarios/{file}.scenario")))
                .is_ok_and(|text| text.contains(&format!("\n--- scenario {title}")))
        }
        None => false,
    }
}

#[test]
fn every_proof_is_there() {
    let tests = texts(&root().join("src"), "rs") + &texts(&root().join("tests"), "rs");
    let page = page("docs/dns.md");
    let (mut count, mut wrong) = (0, Vec::new());
    // The last column of every table that has one for proofs.
    for table in page.split("\n\n").filter(|table| table.contains("| proven by |")) {
        let cells = table.lines().skip(2).filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
        for proof in cells.flat_map(|cell| cell.split("; ")) {
            count += 1;
            wrong.extend((!is_there(proof, &tests)).then_some(proof));
        }
    }
    assert!(count > 80, "only {count} proofs were found");
    assert!(wrong.is_empty(), "docs/dns.md names what is not there:\n{}", wrong.join("\n"));
    assert!(!is_there("`nobody_wrote_this`", &tests) && !is_there("names: nobody wrote this", &tests));
}

//------------ Dependencies and decisions ------------------------------------

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = page("Cargo.toml").parse().unwrap();
    let text = page("docs/decisions/0002-dependencies.md");
    let mut count = 0;
    for table in ["dependencies", "dev-dependencies"] {
        for name in manifest[table].as_table().unwrap().keys() {
            assert!(
                text.contains(&format!("`{name}`")),
                "docs/decisions/0002-dependencies.md says nothing of {name}"
            );
            count += 1;
        }
    }
    assert!(count > 30, "only {count} dependencies were found");
}

#[test]
fn every_decision_is_listed_and_says_what_follows() {
    let index = page("docs/decisions/README.md");
    for (path, text) in pages().iter().filter(|(path, _)| path.starts_with("docs/decisions")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name != "README.md" {
            assert!(index.contains(&format!("]({name})")), "{name} is not in docs/decisions/README.md");
            for heading in ["## Context", "## Decision", "## Consequence"] {
                assert!(text.lines().any(|line| line == heading), "{name} has no '{heading}'");
            }
        }
    }
}
