//! Files that the configuration file names.

use std::fs;
use std::path::PathBuf;

use super::error::ConfigError;
use super::node::Node;

impl Node {
    /// A file. What is relative is so to the folder of the configuration file.
    pub(super) fn path(&self) -> Result<PathBuf, ConfigError> {
        let path = self.text("the path of a file")?;
        let folder = self.file.parent();
        Ok(folder.map_or_else(|| path.into(), |folder| folder.join(path)))
    }

    /// The content of the file that this is the path of.
    pub(super) fn content(&self) -> Result<Vec<u8>, ConfigError> {
        let path = self.path()?;
        fs::read(&path).map_err(|error| {
            let message = format!("cannot read {}: {error}", path.display());
            self.error(message).because(error)
        })
    }
}
