//! Reads and checks `.proto` files: from paths to descriptors and diagnostics.
//!
//! [`parse`] reads each file by itself, [`imports`] puts them in order, [`symbols`] and [`resolve`]
//! find what their names stand for, and [`link`] has the descriptor pool of `prost-reflect` check the rest
//! and interpret options. Every step adds what is wrong to one list and goes on with what is right, so that
//! no mistake hides another one.

mod advice;
mod explain;
mod imports;
mod link;
mod nearest;
mod parse;
mod repair;
mod resolve;
mod suggest;
mod symbols;

use std::collections::BTreeMap;
use std::path::PathBuf;

use prost_types::FileDescriptorProto;
use protox::prost_reflect::DescriptorPool;

use crate::diagnostic::Diagnostic;
use crate::include::{IncludeFolders, Source};
use crate::{Error, Result};

pub(crate) use nearest::nearest;

/// The files given to the compiler and all that they import, with what is wrong in them.
pub(crate) struct Loaded {
    /// In an order in which imports come before their importers.
    pub(crate) files: Vec<LoadedFile>,
    /// The same files, linked: without those parts that are wrong.
    pub(crate) pool: DescriptorPool,
    /// What was read from disk, by import name.
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// One file.
pub(crate) struct LoadedFile {
    /// With comments and positions.
    pub(crate) descriptor: FileDescriptorProto,
    /// The same, encoded. Unlike `descriptor` it has the options that extensions define. Empty
    /// once a mistake was found: nothing is written then.
    pub(crate) encoded: Vec<u8>,
}

/// Loads `protos`, given as paths or as names relative to one of the folders `includes`.
///
/// # Errors
///
/// One of the folders does not exist, so that most imports would be missing. All other mistakes are in
/// [`Loaded::diagnostics`].
pub(crate) fn load(protos: &[PathBuf], includes: &[PathBuf]) -> Result<Loaded> {
    let missing = includes.iter().filter(|folder| !folder.is_dir());
    let missing: Vec<Diagnostic> = missing
        .map(|folder| parse::does_not_exist("include folder", folder))
        .collect();
    if !missing.is_empty() {
        return Err(Error::new(missing));
    }
    let folders = IncludeFolders::new(includes);
    let mut parsed = parse::parse(protos, &folders);
    let mut diagnostics = std::mem::take(&mut parsed.diagnostics);
    let (pool, files) = link::link(&parsed, &folders, &mut diagnostics);
    let sources = parsed.files.into_iter();
    Ok(Loaded {
        files,
        pool,
        sources: sources
            .filter_map(|(name, file)| Some((name, file.source?)))
            .collect(),
        diagnostics,
    })
}
