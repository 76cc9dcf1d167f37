//! The names and the content of the files that a compilation writes.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::diagnostic::Diagnostic;
use crate::{Error, Generated, Result, format};

/// The file with the module tree, which `include_protos!()` includes.
pub(crate) const MODULE_TREE_FILE_NAME: &str = "rpc_protos.rs";

/// How the names of the files with descriptors end.
const DESCRIPTOR_SET_SUFFIX: &str = ".descriptor.bin";

/// The file with the names of the files that the last run wrote, one in each line.
const LIST_FILE_NAME: &str = ".rpc_build_files";

/// The file with the code of `package`, which `include_proto!("package")` includes.
pub(crate) fn code_file_name(package: &str) -> String {
    format!("{}.rs", file_stem(package))
}

/// The file with the descriptors of `package`, which its code includes.
pub(crate) fn descriptor_set_file_name(package: &str) -> String {
    format!("{}{DESCRIPTOR_SET_SUFFIX}", file_stem(package))
}

/// The name by which `include_proto!` knows `package`.
pub(crate) fn file_stem(package: &str) -> &str {
    if package.is_empty() { "_" } else { package }
}

/// Writes `files`, each a path with its content. A file that already has its content is not touched,
/// so that nothing is built again because of it.
pub(crate) fn write(files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for (path, content) in files {
        if fs::read(path).is_ok_and(|present| present == *content) {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(|error| Error::file("create folder", folder, &error))?;
        fs::write(path, content).map_err(|error| Error::file("write", path, &error))?;
    }
    Ok(())
}

/// What this build script has written to `OUT_DIR`, which it may compile to more than once.
static WRITTEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Deletes what the last run wrote to `out_dir` and this one has not, so that nobody goes on including it,
/// and lists `files` for the next run. It is for cargo's `OUT_DIR` only: in a folder of the user's, a file
/// that was generated once may have become theirs.
///
/// # Errors
///
/// A file cannot be deleted, or the list cannot be written.
pub(crate) fn delete_outdated(files: &BTreeMap<PathBuf, Vec<u8>>, out_dir: &Path) -> Result<()> {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let own = files.keys().filter(|path| path.parent() == Some(out_dir));
    written.extend(own.cloned());
    let list = out_dir.join(LIST_FILE_NAME);
    let listed = fs::read_to_string(&list).unwrap_or_default();
    let outdated = listed.lines().map(|name| out_dir.join(name));
    for path in outdated.filter(|path| !written.contains(path)) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::file("delete", &path, &error));
            }
            _ => {}
        }
    }
    let names = written
        .iter()
        .filter_map(|path| path.strip_prefix(out_dir).ok()?.to_str());
    let names: String = names.map(|name| format!("{name}\n")).collect();
    write(&BTreeMap::from([(list, names.into_bytes())]))
}

/// Compares what was generated with what is on disk, for a folder that is checked in.
///
/// # Errors
///
/// Every file that is missing, is different, or was generated once and is not any more.
pub(crate) fn compare(generated: &Generated) -> Result<()> {
    let complain = |path: &Path, what: &str, help: &str| {
        Diagnostic::without_location(format!("{} {what}", path.display()))
            .with_help(Some(help.to_owned()))
    };
    let write = "run the build script once without `check`, and check in what it writes";
    let mut diagnostics = Vec::new();
    for (path, content) in &generated.files {
        match fs::read(path) {
            Ok(present) if present == *content => {}
            Ok(_) => diagnostics.push(complain(path, "is not what the .proto files say", write)),
            Err(_) => diagnostics.push(complain(path, "is missing", write)),
        }
    }
    // It may have become the user's, so the build script never deletes it.
    let delete = "delete this file: the build script leaves it alone, with and without `check`";
    let outdated = generated.outdated.iter();
    diagnostics.extend(outdated.map(|path| complain(path, "is not generated any more", delete)));
    if diagnostics.is_empty() {
        Ok(())
    } else {
        Err(Error::new(diagnostics))
    }
}

/// The files in `out_dir` that look generated and are not among `files`.
pub(crate) fn outdated(files: &BTreeMap<PathBuf, Vec<u8>>, out_dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out_dir).into_iter().flatten().flatten();
    let mut outdated: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| !files.contains_key(path) && is_generated(path))
        .collect();
    outdated.sort();
    outdated
}

/// Whether the file at `path` looks like one that a build script wrote.
fn is_generated(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.ends_with(DESCRIPTOR_SET_SUFFIX)
        || fs::read(path).is_ok_and(|text| text.starts_with(format::HEADER.as_bytes()))
}
