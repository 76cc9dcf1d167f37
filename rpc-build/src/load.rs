//! Reads and checks `.proto` files: from paths to descriptors, or to diagnostics.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use miette::Diagnostic as _;
use prost_types::FileDescriptorProto;
use protox::Compiler;

use crate::diagnostic::{Diagnostic, Location};
use crate::include::{IncludeFolders, Opened, Source};
use crate::{Error, Result};

/// The files given to the compiler and all that they import, checked.
pub(crate) struct Loaded {
    /// In an order in which imports come before their importers.
    pub(crate) files: Vec<LoadedFile>,
    /// What was read from disk, by import name.
    pub(crate) sources: BTreeMap<String, Source>,
}

/// One checked file.
pub(crate) struct LoadedFile {
    /// With comments and positions.
    pub(crate) descriptor: FileDescriptorProto,
    /// The same, encoded. Unlike `descriptor` it has the options that extensions define.
    pub(crate) encoded: Vec<u8>,
}

/// Loads `protos`, given as paths or as names relative to one of the folders `includes`.
pub(crate) fn load(protos: &[PathBuf], includes: &[PathBuf]) -> Result<Loaded> {
    let mut diagnostics = missing(protos, includes);
    if !diagnostics.is_empty() {
        return Err(Error::new(diagnostics));
    }
    let opened = Rc::new(RefCell::new(Opened::default()));
    let mut compiler =
        Compiler::with_file_resolver(IncludeFolders::new(includes.to_vec(), Rc::clone(&opened)));
    compiler.include_imports(true).include_source_info(true);
    for proto in protos {
        let outcome = compiler.open_file(proto).map(|_| ());
        let mut opened = opened.borrow_mut();
        match outcome {
            Ok(()) => {}
            Err(_) if !opened.unsupported.is_empty() => diagnostics.append(&mut opened.unsupported),
            Err(error) => diagnostics.extend(explain(&error, &opened.sources, includes)),
        }
    }
    if !diagnostics.is_empty() {
        return Err(Error::new(diagnostics));
    }
    let pool = compiler.descriptor_pool();
    let files = pool.files().map(|file| LoadedFile {
        descriptor: file.file_descriptor_proto().clone(),
        encoded: file.encode_to_vec(),
    });
    Ok(Loaded {
        files: files.collect(),
        sources: opened.take().sources,
    })
}

/// Complains about folders and files that do not exist, which would only confuse the compiler.
fn missing(protos: &[PathBuf], includes: &[PathBuf]) -> Vec<Diagnostic> {
    let complain = |message| {
        let help = "paths in a build script are relative to the folder of its package";
        Diagnostic::without_location(message).with_help(Some(help.to_owned()))
    };
    let folders: Vec<Diagnostic> = includes
        .iter()
        .filter(|folder| !folder.is_dir())
        .map(|folder| {
            complain(format!(
                "include folder {} does not exist",
                folder.display()
            ))
        })
        .collect();
    if !folders.is_empty() {
        return folders;
    }
    let is_there = |proto: &Path| {
        proto.is_file() || includes.iter().any(|folder| folder.join(proto).is_file())
    };
    protos
        .iter()
        .filter(|proto| !is_there(proto))
        .map(|proto| complain(format!("file {} does not exist", proto.display())))
        .collect()
}

/// All that the compiler found wrong at once, with the places in the files.
fn explain(
    error: &protox::Error,
    sources: &BTreeMap<String, Source>,
    includes: &[PathBuf],
) -> Vec<Diagnostic> {
    let source = error.file().and_then(|name| sources.get(name));
    let looked_in = error.is_file_not_found().then(|| {
        let folders: Vec<String> = includes
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        format!("looked in {}", folders.join(", "))
    });
    let first: &dyn miette::Diagnostic = error;
    std::iter::once(first)
        .chain(error.related().into_iter().flatten())
        .map(|mistake| {
            let help = mistake
                .help()
                .map(|help| help.to_string())
                .or_else(|| looked_in.clone());
            let message = mistake.to_string();
            match source {
                Some(source) => Diagnostic::new(message, locate(mistake, error, source)),
                None => Diagnostic::without_location(message),
            }
            .with_help(help)
        })
        .collect()
}

/// Where in `source` the compiler found `mistake`.
fn locate(mistake: &dyn miette::Diagnostic, error: &protox::Error, source: &Source) -> Location {
    // Of two places, such as both definitions of one name, the user wants the one that is wrong.
    let is_background = |label: &miette::LabeledSpan| {
        label
            .label()
            .is_some_and(|text| text.contains("first") || text.contains("range"))
    };
    let labels: Vec<miette::LabeledSpan> = mistake.labels().into_iter().flatten().collect();
    let label = labels
        .iter()
        .find(|label| !is_background(label))
        .or(labels.first());
    let span = match label {
        Some(label) => label.offset()..label.offset() + label.len(),
        // The only mistake in a file's syntax that has no place is that the file ends too early.
        None if error.is_parse() => source.text.trim_end().len()..source.text.len(),
        None => 0..0,
    };
    Location::from_span(&source.path, &source.text, span)
}
