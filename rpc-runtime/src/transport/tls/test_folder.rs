//! Files for a test.

use std::fs;
use std::path::PathBuf;

/// A folder that is removed in the end.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder of a test, whose name nobody else has.
    pub(super) fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
