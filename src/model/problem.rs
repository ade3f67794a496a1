//! What is wrong with a text, and where: collected, so that an operator sees all of it at once.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A place in a file; lines and columns count from 1, columns in characters. Line 0: the file as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// As the operator named it.
    pub file: Arc<PathBuf>,
    /// From 1; 0 for the whole file.
    pub line: u32,
    /// From 1; 0 for the whole line.
    pub column: u32,
}

impl Place {
    /// The file as a whole.
    pub fn file(path: impl Into<PathBuf>) -> Place {
        Place { file: Arc::new(path.into()), line: 0, column: 0 }
    }

    /// Another place in the same file.
    pub fn at(&self, line: u32, column: u32) -> Place {
        Place { file: Arc::clone(&self.file), line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match (self.line, self.column) {
            (0, _) => Ok(()),
            (line, 0) => write!(f, ":{line}"),
            (line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

/// One thing to mend, or to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, the user's word, what would be valid: lower case, no full stop.
    pub text: String,
    /// A warning does not stop anything from loading.
    pub warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.warning { "warning: " } else { "" };
        write!(f, "{}: {warning}{}", self.place, self.text)
    }
}

/// All of them, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes an error: what is being loaded will not be used.
    pub fn error(&mut self, place: &Place, text: impl Into<String>) {
        self.0.push(Problem { place: place.clone(), text: text.into(), warning: false });
    }

    /// Notes something that loads but may surprise.
    pub fn warn(&mut self, place: &Place, text: impl Into<String>) {
        self.0.push(Problem { place: place.clone(), text: text.into(), warning: true });
    }

    /// Takes over what another load found.
    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// Whether anything stops the load.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Nothing at all, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stops the load.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(|problem| !problem.warning)
    }

    /// Everything, by place.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by(|a, b| a.place.cmp(&b.place));
        all
    }
}

impl fmt::Display for Problems {
    /// A line each, by place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.sorted().iter().enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
