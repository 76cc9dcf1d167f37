//! Reads files and all that they import, each by itself: nothing is looked up in another file yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;
use protox::file::File;

use super::explain;
use crate::diagnostic::Diagnostic;
use crate::edition;
use crate::include::{self, IncludeFolders, Source};
use crate::location::Location;

/// Every file that was read, by import name.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) files: BTreeMap<String, ParsedFile>,
    /// Files that are there, and are not understood.
    pub(super) broken: BTreeSet<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A file of which the syntax is right.
pub(super) struct ParsedFile {
    /// With names as the file has them.
    pub(super) descriptor: FileDescriptorProto,
    /// None for files that are built in.
    pub(super) source: Option<Source>,
}

impl ParsedFile {
    /// The place of the element that `path` leads to, if the file has a text.
    pub(super) fn location(&self, path: &[i32]) -> Option<Location> {
        let source = self.source.as_ref()?;
        Some(Location::of_element(&self.descriptor, path, source))
    }

    /// Says that the element at `path` is wrong.
    pub(super) fn complain(&self, path: &[i32], message: String) -> Diagnostic {
        match self.location(path) {
            Some(location) => Diagnostic::new(message, location),
            None => Diagnostic::without_location(message),
        }
    }

    /// Says that `word` is wrong, which the element at `path` contains.
    pub(super) fn complain_about(&self, word: &str, path: &[i32], message: String) -> Diagnostic {
        match &self.source {
            Some(source) => {
                let location = Location::of_word(&self.descriptor, path, source, word);
                Diagnostic::new(message, location)
            }
            None => Diagnostic::without_location(message),
        }
    }
}

/// Reads `protos` and what they import from `folders`.
pub(super) fn parse(protos: &[PathBuf], folders: &IncludeFolders<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut waiting = VecDeque::new();
    for proto in protos {
        match root_name(proto, folders) {
            Ok(name) => waiting.push_back(name),
            Err(diagnostic) => parsed.diagnostics.push(diagnostic),
        }
    }
    while let Some(name) = waiting.pop_front() {
        if parsed.files.contains_key(&name) || parsed.broken.contains(&name) {
            continue;
        }
        match parse_file(&name, folders) {
            Ok(Some(file)) => {
                waiting.extend(file.descriptor.dependency.iter().cloned());
                parsed.files.insert(name, file);
            }
            // Its importers are told, each at its own line.
            Ok(None) => {}
            Err(diagnostics) => {
                parsed.diagnostics.extend(diagnostics);
                parsed.broken.insert(name);
            }
        }
    }
    parsed
}

/// The import name of a file that the build script asks for.
fn root_name(proto: &Path, folders: &IncludeFolders<'_>) -> Result<String, Diagnostic> {
    let name = folders.import_name(proto);
    let is_found = |name: &String| !matches!(folders.read(name), Ok(None));
    if !proto.is_file() && !name.as_ref().is_some_and(is_found) {
        return Err(does_not_exist("file", proto));
    }
    let name = name.ok_or_else(|| {
        let message = format!("file '{}' is not in any include path", proto.display());
        let help = format!("looked in {}", folders.list());
        Diagnostic::without_location(message).with_help(Some(help))
    })?;
    if let Ok(Some(found)) = folders.read(&name)
        && let (Ok(asked_for), Ok(read)) = (fs::canonicalize(proto), fs::canonicalize(&found.path))
        && asked_for != read
    {
        let message = format!(
            "file '{}' cannot be imported: '{name}' is {}",
            proto.display(),
            found.path.display()
        );
        let help = "put its include folder before the other one";
        return Err(Diagnostic::without_location(message).with_help(Some(help.to_owned())));
    }
    Ok(name)
}

/// Says that a path in the build script leads nowhere.
pub(super) fn does_not_exist(what: &str, path: &Path) -> Diagnostic {
    let help = "paths in a build script are relative to the folder of its package";
    Diagnostic::without_location(format!("{what} {} does not exist", path.display()))
        .with_help(Some(help.to_owned()))
}

/// Reads one file, or nothing if there is none of this name.
fn parse_file(
    name: &str,
    folders: &IncludeFolders<'_>,
) -> Result<Option<ParsedFile>, Vec<Diagnostic>> {
    let source = folders
        .read(name)
        .map_err(|error| error.diagnostics().to_vec())?;
    let built_in = || {
        let descriptor = include::built_in(name)?;
        Some(ParsedFile {
            descriptor,
            source: None,
        })
    };
    let Some(source) = source else {
        return Ok(built_in());
    };
    parse_text(name, source)
        .map(Some)
        // A copy may be of a later protobuf, which the user cannot change.
        .or_else(|mistakes| built_in().map(Some).ok_or(mistakes))
}

/// Understands the text of the file called `name`.
fn parse_text(name: &str, source: Source) -> Result<ParsedFile, Vec<Diagnostic>> {
    if let Some(span) = edition::find(&source.text) {
        return Err(vec![edition_not_supported(&source, span)]);
    }
    let file = File::from_source(name, &source.text)
        .map_err(|error| explain::compiler_error(&error, &source))?;
    Ok(ParsedFile {
        descriptor: file.file_descriptor_proto().clone(),
        source: Some(source),
    })
}

fn edition_not_supported(source: &Source, span: std::ops::Range<usize>) -> Diagnostic {
    let stem = source.path.file_stem().unwrap_or_default().display();
    let help = format!(
        "call `use_protoc()`, or have protoc write a descriptor set, \
         `protoc --include_imports --include_source_info -o {stem}.bin {}`, and call \
         `compile_descriptor_set(\"{stem}.bin\")`",
        source.path.display()
    );
    Diagnostic::new(
        "only protoc can read protobuf editions",
        Location::from_span(&source.path, &source.text, span),
    )
    .with_help(Some(help))
}
