//! Other ways from `.proto` files to descriptors: `protoc`, or a descriptor set that it wrote before.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;
use protox::prost_reflect::DescriptorPool;

use crate::diagnostic::Diagnostic;
use crate::features::{self, FileSet};
use crate::include::{IncludeFolders, Source};
use crate::load::{Loaded, LoadedFile};
use crate::location::Location;
use crate::{Error, Result, edition, method_options, output};

/// Loads the encoded `FileDescriptorSet` in the file at `path`, which has all imported files too.
pub(crate) fn descriptor_set(path: &Path) -> Result<Loaded> {
    decode(path, &IncludeFolders::new(&[]))
}

/// Loads the set in the file at `path`, of files that come from `folders` as far as they are known.
fn decode(path: &Path, folders: &IncludeFolders<'_>) -> Result<Loaded> {
    let set = fs::read(path).map_err(|error| Error::file("read", path, &error))?;
    let unusable = |message: String| {
        let help = "write it with `protoc --include_imports --include_source_info -o ..`";
        let message = format!("{}: {message}", path.display());
        Diagnostic::without_location(message).with_help(Some(help.to_owned()))
    };
    let mut set = FileSet::decode(&set[..]).map_err(|error| unusable(error.to_string()))?;
    let mistakes = features::lower(&mut set);
    if !mistakes.is_empty() {
        let located = mistakes
            .into_iter()
            .map(|(name, mistake)| at_edition(&name, mistake, folders));
        return Err(Error::new(located.collect()));
    }
    let pool = DescriptorPool::decode(&set.encode_to_vec()[..])
        .map_err(|error| unusable(error.to_string()))?;
    let files = pool.files().map(|file| LoadedFile {
        descriptor: file.file_descriptor_proto().clone(),
        encoded: file.encode_to_vec(),
    });
    let files: Vec<LoadedFile> = files.collect();
    let mut sources = BTreeMap::new();
    for file in &files {
        let name = file.descriptor.name();
        if let Some(source) = folders.read(name)? {
            sources.insert(name.to_owned(), source);
        }
    }
    Ok(Loaded {
        files,
        pool,
        sources,
        diagnostics: Vec::new(),
    })
}

/// Shows `mistake` where the file called `name` says which edition it has, if its text is known.
fn at_edition(name: &str, mistake: Diagnostic, folders: &IncludeFolders<'_>) -> Diagnostic {
    let statement = || {
        let source = folders.read(name).ok()??;
        let span = edition::find(&source.text)?;
        Some(Location::from_span(&source.path, &source.text, span))
    };
    match statement() {
        Some(location) => mistake.moved_to(location),
        None => mistake,
    }
}

/// Has `protoc` compile `protos`: the program at `$PROTOC`, or else the one on the `PATH`. What it writes
/// on the way goes to `folder`.
pub(crate) fn protoc(protos: &[PathBuf], includes: &[PathBuf], folder: &Path) -> Result<Loaded> {
    let program = env::var_os("PROTOC").unwrap_or_else(|| OsString::from("protoc"));
    let folder = folder.join("rpc_protos.protoc");
    let set_path = folder.join("set.bin");
    // The file that is built in here is unknown to protoc.
    let built_in = folder.join(method_options::FILE);
    let text = method_options::TEXT.as_bytes().to_vec();
    output::write(&BTreeMap::from([(built_in, text)]))?;
    let outcome = Command::new(&program)
        .args(["--include_imports", "--include_source_info"])
        .arg(concatenated("--descriptor_set_out=", &set_path))
        .args(includes.iter().map(|folder| concatenated("-I", folder)))
        .arg(concatenated("-I", &folder))
        .args(protos)
        .output()
        .map_err(|error| {
            let message = format!("cannot run {}: {error}", program.display());
            let help = "install protoc, or say where it is with the environment variable PROTOC";
            Diagnostic::without_location(message).with_help(Some(help.to_owned()))
        })?;
    let folders = IncludeFolders::new(includes);
    if !outcome.status.success() {
        let messages = String::from_utf8_lossy(&outcome.stderr);
        let messages = messages.lines().filter(|line| !line.trim().is_empty());
        let diagnostics: Vec<_> = messages.map(|line| explain(line, &folders)).collect();
        if diagnostics.is_empty() {
            let message = format!("{} failed: {}", program.display(), outcome.status);
            return Err(Diagnostic::without_location(message).into());
        }
        return Err(Error::new(diagnostics));
    }
    let loaded = decode(&set_path, &folders)?;
    fs::remove_dir_all(&folder).map_err(|error| Error::file("remove", &folder, &error))?;
    Ok(loaded)
}

/// A line that protoc complains in, such as `shop.proto:3:7: "Monye" is not defined.`.
fn explain(line: &str, folders: &IncludeFolders<'_>) -> Diagnostic {
    let located = || {
        let mut parts = line.splitn(4, ':');
        let name = parts.next()?;
        let line = parts.next()?.parse().ok()?;
        let column = parts.next()?.parse().ok()?;
        let message = parts.next()?.trim();
        let source = folders.read(name).ok()??;
        Some(Diagnostic::new(message, locate(&source, line, column)))
    };
    located().unwrap_or_else(|| Diagnostic::without_location(line))
}

/// The place in `source` that has this line and column, which are counted from 1.
fn locate(source: &Source, line: usize, column: usize) -> Location {
    let lines = source.text.split_inclusive('\n');
    let line_start: usize = lines.take(line.saturating_sub(1)).map(str::len).sum();
    let start = (line_start + column.saturating_sub(1)).min(source.text.len());
    let start = source.text.floor_char_boundary(start);
    let word = source.text[start..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    let end = start + word.unwrap_or(source.text.len() - start);
    Location::from_span(&source.path, &source.text, start..end)
}

fn concatenated(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}
