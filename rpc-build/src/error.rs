//! The error of a compilation: every mistake that was found.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::Path;

use crate::Diagnostic;

/// The result of a compilation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why no code was generated: all the mistakes that were found, by file and line.
///
/// Both `Display` and `Debug` are one short line, because the build script has already printed each
/// mistake in full and cargo shows the returned error below them.
pub struct Error {
    diagnostics: Vec<Diagnostic>,
}

impl Error {
    /// Collects `diagnostics`, which must not be empty, without those that say the same again: two
    /// files that import a third one both report its mistakes.
    pub(crate) fn new(mut diagnostics: Vec<Diagnostic>) -> Self {
        debug_assert!(!diagnostics.is_empty());
        // Those without a place come first: they often are the reason for the others.
        diagnostics.sort_by(|one, other| one.start().cmp(&other.start()));
        let mut seen = HashSet::new();
        diagnostics.retain(|each| seen.insert(each.clone()));
        Self { diagnostics }
    }

    /// Reports that a file could not be read or written; `action` completes "cannot ...".
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot {action} {}: {error}", path.display());
        Diagnostic::without_location(message).into()
    }

    /// Every mistake, each with its place in the `.proto` file where it has one.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(vec![diagnostic])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.diagnostics.first() {
            f.write_str(&first.headline())?;
        }
        match self.diagnostics.len() {
            0 | 1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
