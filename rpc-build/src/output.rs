//! The names and the content of the files that a compilation writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The file with the module tree, which `include_protos!()` includes.
pub(crate) const MODULE_TREE_FILE_NAME: &str = "rpc_protos.rs";

/// The file with the code of `package`, which `include_proto!("package")` includes.
pub(crate) fn code_file_name(package: &str) -> String {
    format!("{}.rs", file_stem(package))
}

/// The file with the descriptors of `package`, which its code includes.
pub(crate) fn descriptor_set_file_name(package: &str) -> String {
    format!("{}.descriptor.bin", file_stem(package))
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
