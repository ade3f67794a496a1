//! What the operator may have meant.

/// ` (did you mean '…'?)` with the closest of the known words, or nothing where none is close.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match closest(word, known) {
        Some(meant) => format!(" (did you mean '{meant}'?)"),
        None => String::new(),
    }
}

/// The known word with the fewest edits, if they are at most a third of its letters; of equals the first.
fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &&str| {
        let letters = candidate.chars().count();
        let apart = letters.abs_diff(word.chars().count());
        apart * 3 <= letters.max(3)
    };
    let measured = known.into_iter().filter(near).map(|candidate| (distance(word, candidate), candidate));
    let (edits, meant) = measured.min_by_key(|(edits, _)| *edits)?;
    (edits * 3 <= meant.chars().count().max(3)).then_some(meant)
}

/// Letters to insert, delete, replace, or swap with their neighbour; case does not count.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|word| word.to_lowercase().chars().collect::<Vec<_>>());
    let mut before = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            next[j] = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

/// The most names that one message lists.
const LISTED: usize = 12;

/// Names with commas between them; of many the first dozen and how many more there are.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown = names.take(LISTED).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_meant() {
        let regions = ["eu-west", "us-east", "ap-northeast"];
        let rows = [
            ("eu-wset", " (did you mean 'eu-west'?)"),
            ("EU-WEST", " (did you mean 'eu-west'?)"),
            ("us-eest", " (did you mean 'us-east'?)"),
            ("ap-north-east", " (did you mean 'ap-northeast'?)"),
            ("tokyo", ""),
            ("", ""),
        ];
        for (word, hint) in rows {
            assert_eq!(did_you_mean(word, regions), hint, "{word}");
        }
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..14).map(|number| format!("r{number}")).collect();
        let text = listed(names.iter().map(String::as_str));
        assert!(text.ends_with("r11 and 2 more"), "{text}");
        assert_eq!(listed(["a", "b"].into_iter()), "a, b");
    }
}
