//! Reads and checks `.proto` files: from paths to descriptors, or to diagnostics.
//!
//! Every step goes on with the files that are right, so that mistakes in several files show at once:
//! [`parse`] reads each file by itself, [`imports`] puts them in order, [`symbols`] and [`resolve`]
//! find what their names stand for, and the descriptor pool of `prost-reflect` checks the rest and
//! interprets options.

mod explain;
mod imports;
mod parse;
mod resolve;
mod suggest;
mod symbols;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;
use protox::prost_reflect::DescriptorPool;

use crate::diagnostic::Diagnostic;
use crate::include::{IncludeFolders, Source};
use crate::{Error, Result};

use parse::{Parsed, ParsedFile};
use symbols::Symbols;

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
    let diagnostics = missing(protos, includes);
    if !diagnostics.is_empty() {
        return Err(Error::new(diagnostics));
    }
    let folders = IncludeFolders::new(includes);
    let parsed = parse::parse(protos, &folders);
    let mut diagnostics = parsed.diagnostics.clone();
    let files = link(&parsed, &folders, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(Error::new(diagnostics));
    }
    let sources = parsed.files.into_iter();
    Ok(Loaded {
        files,
        sources: sources
            .filter_map(|(name, file)| Some((name, file.source?)))
            .collect(),
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

/// Links every file to those that it imports. A file with a mistake is left out together with its
/// importers, of which nothing can be said.
fn link(
    parsed: &Parsed,
    folders: &IncludeFolders<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<LoadedFile> {
    let order = imports::order(parsed, folders, diagnostics);
    let before = diagnostics.len();
    let symbols = Symbols::collect(parsed, &order, diagnostics);
    if diagnostics.len() > before {
        return Vec::new();
    }
    let mut pool = DescriptorPool::new();
    for name in order {
        let file = &parsed.files[name];
        let imports = &file.descriptor.dependency;
        if !imports
            .iter()
            .all(|import| pool.get_file_by_name(import).is_some())
        {
            continue;
        }
        if let Err(mistakes) = add_to_pool(name, file, &symbols, &mut pool) {
            diagnostics.extend(mistakes);
        }
    }
    let files = pool.files().map(|file| LoadedFile {
        descriptor: file.file_descriptor_proto().clone(),
        encoded: file.encode_to_vec(),
    });
    files.collect()
}

fn add_to_pool(
    name: &str,
    file: &ParsedFile,
    symbols: &Symbols<'_>,
    pool: &mut DescriptorPool,
) -> Result<(), Vec<Diagnostic>> {
    let descriptor = resolve::resolve(name, file, symbols)?;
    pool.add_file_descriptor_proto(descriptor).map_err(|error| {
        let source = file.source.as_ref();
        let error = match source {
            Some(source) => error.with_source_code(&source.text),
            None => error,
        };
        explain::descriptor_error(&error, source)
    })
}
