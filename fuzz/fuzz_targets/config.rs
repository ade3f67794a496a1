//! A configuration of any text; the files of networks that it names hold what stands behind the first NUL.
//!
//! Whatever comes: no panic; a configuration or an error, never both and never neither; and every problem has a
//! place in a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use meridian::config::parse;

fuzz_target!(|text: &str| {
    let (text, networks) = text.split_once('\0').unwrap_or((text, ""));
    let read = |_: &std::path::Path| Ok(networks.to_owned());
    let (config, problems) = parse("m.toml".as_ref(), text, &read);
    assert_eq!(config.is_none(), problems.has_errors(), "{problems}");
    let lines = 1 + text.lines().count().max(networks.lines().count());
    for problem in problems.sorted() {
        assert!(problem.place.line as usize <= lines, "{problem}");
        assert!(!problem.text.is_empty() && !problem.text.contains('\n'), "{problem}");
    }
});
