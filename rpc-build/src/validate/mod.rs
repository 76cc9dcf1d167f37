//! Mistakes that the linker lets pass: names that clash in Rust, and names that are reserved.

mod claims;
mod message;
mod package;
mod reserved;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::include::Source;
use crate::load::{Loaded, LoadedFile};

/// What code is generated for; the rest can have no clash.
pub(crate) struct Generated<'a> {
    /// Whether the Rust type for a full name, with a leading dot, comes from somewhere else.
    pub(crate) is_extern: &'a dyn Fn(&str) -> bool,
    /// Whether code is written for the service with a full name, with a leading dot.
    pub(crate) is_wanted: &'a dyn Fn(&str) -> bool,
    /// Whether services have proxies.
    pub(crate) client: bool,
    /// Whether services have a trait and a server.
    pub(crate) server: bool,
}

/// Finds everything in `loaded` that cannot be generated as it is.
pub(crate) fn check(loaded: &Loaded, generated: &Generated<'_>) -> Vec<Diagnostic> {
    let files: Vec<File<'_>> = loaded
        .files
        .iter()
        .map(|file| File::new(file, &loaded.sources))
        .collect();
    let mut diagnostics = package::check(&files, generated);
    // Files that come with the compiler are right.
    for file in files.iter().filter(|file| file.source.is_some()) {
        reserved::check(*file, &mut diagnostics);
    }
    diagnostics
}

/// A file and its text, if it was read from disk.
#[derive(Clone, Copy)]
struct File<'a> {
    descriptor: &'a prost_types::FileDescriptorProto,
    source: Option<&'a Source>,
}

impl<'a> File<'a> {
    fn new(file: &'a LoadedFile, sources: &'a BTreeMap<String, Source>) -> Self {
        Self {
            descriptor: &file.descriptor,
            source: sources.get(file.descriptor.name()),
        }
    }

    /// Says that the element at `path` is wrong.
    fn complain(self, path: &[i32], message: String) -> Diagnostic {
        match self.source {
            Some(source) => Diagnostic::at_element(message, self.descriptor, path, source),
            None => Diagnostic::without_location(format!("{}: {message}", self.descriptor.name())),
        }
    }
}
