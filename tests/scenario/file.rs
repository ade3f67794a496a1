//! Scenario files: sections that begin with `--- `, and steps with what they expect.

use std::fmt;
use std::path::Path;

/// A file of scenarios that share a beginning.
pub struct File {
    /// Without its ending.
    pub name: String,
    /// Path and text of every file that is there before a server starts, `meridian.toml` among them.
    pub texts: Vec<(String, String)>,
    /// Path and rows of every geographic database.
    pub databases: Vec<(String, String)>,
    pub scenarios: Vec<Scenario>,
}

/// One server's life.
pub struct Scenario {
    pub name: String,
    pub steps: Vec<Step>,
}

/// One step, and what it is expected to come to.
pub struct Step {
    /// From 1, in its file.
    pub line: usize,
    /// Before `=>`.
    pub words: String,
    /// After `=>`.
    pub brief: Option<String>,
    /// The indented lines below.
    pub block: Vec<String>,
}

/// What a scenario did not come to.
#[derive(Debug)]
pub struct Failure {
    pub file: String,
    pub line: usize,
    pub scenario: String,
    pub words: String,
    pub expected: String,
    pub got: String,
}

impl fmt::Display for Failure {
    /// The place, then a diff: `-` was expected, `+` came instead.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "tests/scenarios/{}.scenario:{}: {}: {}",
            self.file, self.line, self.scenario, self.words
        )?;
        for line in self.expected.lines() {
            let mark = if self.got.lines().any(|got| got == line) { ' ' } else { '-' };
            writeln!(f, "  {mark} {line}")?;
        }
        let mut new =
            self.got.lines().filter(|line| !self.expected.lines().any(|expected| expected == *line));
        new.try_for_each(|line| writeln!(f, "  + {line}"))
    }
}

impl File {
    /// Reads `name`.scenario; one that says `--- like OTHER` begins as the other does.
    pub fn read(directory: &Path, name: &str) -> Result<File, String> {
        let path = directory.join(format!("{name}.scenario"));
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut file =
            File { name: name.into(), texts: Vec::new(), databases: Vec::new(), scenarios: Vec::new() };
        let mut section = String::new();
        for (line, number) in text.lines().zip(1..) {
            match line.strip_prefix("--- ") {
                Some(head) => {
                    section = head.split(' ').next().unwrap_or_default().to_owned();
                    file.open(directory, head)?;
                }
                None => file.take(&section, number, line).map_err(|why| format!("{name}:{number}: {why}"))?,
            }
        }
        Ok(file)
    }

    fn open(&mut self, directory: &Path, head: &str) -> Result<(), String> {
        let (word, rest) = head.split_once(' ').unwrap_or((head, ""));
        match word {
            "like" => {
                let other = File::read(directory, rest)?;
                (self.texts, self.databases) = (other.texts, other.databases);
            }
            "file" => {
                self.texts.retain(|(path, _)| path != rest);
                self.texts.push((rest.into(), String::new()));
            }
            "geo" => {
                self.databases.retain(|(path, _)| path != rest);
                self.databases.push((rest.into(), String::new()));
            }
            "scenario" => self.scenarios.push(Scenario { name: rest.into(), steps: Vec::new() }),
            _ => return Err(format!("no section is called '{word}'; sections: like, file, geo, scenario")),
        }
        Ok(())
    }

    fn take(&mut self, section: &str, number: usize, line: &str) -> Result<(), String> {
        let grow = |texts: &mut Vec<(String, String)>| {
            let (_, text) = texts.last_mut().expect("a section has begun");
            text.push_str(line);
            text.push('\n');
        };
        match section {
            "file" => grow(&mut self.texts),
            "geo" => grow(&mut self.databases),
            "scenario" => {
                let steps = &mut self.scenarios.last_mut().expect("a section has begun").steps;
                return step(steps, number, line);
            }
            _ if line.trim().is_empty() || line.starts_with('#') => {}
            _ => return Err("before the first section there are only comments".into()),
        }
        Ok(())
    }
}

fn step(steps: &mut Vec<Step>, line: usize, text: &str) -> Result<(), String> {
    if let Some(expected) = text.strip_prefix("  ") {
        let step = steps.last_mut().ok_or("an indented line belongs below a step")?;
        step.block.push(expected.to_owned());
    } else if !text.trim().is_empty() && !text.starts_with('#') {
        let (words, brief) = match text.split_once(" => ") {
            Some((words, brief)) => (words.trim(), Some(brief.trim().to_owned())),
            None => (text.trim(), None),
        };
        steps.push(Step { line, words: words.into(), brief, block: Vec::new() });
    }
    Ok(())
}
