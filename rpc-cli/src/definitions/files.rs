//! Definitions from files.

use std::path::{Path, PathBuf};

use super::DefinitionArgs;
use crate::error::{Error, Result};

/// The encoded descriptor set that the arguments name or compile to, comments included.
///
/// # Errors
///
/// A file that cannot be read or has mistakes.
pub(super) fn load(args: &DefinitionArgs) -> Result<Vec<u8>> {
    let schema = match &args.descriptor_set {
        Some(path) => {
            readable(path)?;
            rpc_build::Schema::load_descriptor_set(path)?
        }
        None => {
            args.protos.iter().try_for_each(|path| readable(path))?;
            let includes = match args.includes.is_empty() {
                false => args.includes.clone(),
                true => args.protos.iter().map(|path| folder(path)).collect(),
            };
            rpc_build::Schema::load(&args.protos, &includes)?
        }
    };
    Ok(schema.file_descriptor_set().to_owned())
}

fn readable(path: &Path) -> Result<()> {
    match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::file("read", path, &error)),
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
