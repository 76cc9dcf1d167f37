//! What a compilation writes, for programs that are no build scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::builder::owned;
use crate::{Builder, Result, output, pipeline};

/// What a compilation writes; [`Builder::generate`] makes it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The content of each file, by path.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// The files in the folder of the others that look as if they had been generated once and are not any
    /// more. They may have become the user's: nothing deletes them, but in cargo's `OUT_DIR`.
    pub outdated: Vec<PathBuf>,
    /// What may not be meant, such as an option for something that is not there.
    pub warnings: Vec<String>,
}

impl Generated {
    /// Writes the files. One that already has its content is not touched.
    ///
    /// # Errors
    ///
    /// A folder cannot be created, or a file cannot be written.
    pub fn write(&self) -> Result<()> {
        output::write(&self.files)
    }
}

/// Programs other than build scripts.
impl Builder {
    /// What [`compile`](Self::compile) would write to [`out_dir`](Self::out_dir), for programs that are no
    /// build scripts: nothing is written and nothing is printed.
    ///
    /// ```no_run
    /// let generated = rpc_build::configure()
    ///     .out_dir("src/generated")
    ///     .runtime_path("::rpc_runtime")
    ///     .generate(&["proto/hello.proto"], &["proto"])?;
    /// generated.write()?;
    /// # Ok::<(), rpc_build::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn generate(
        self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<Generated> {
        pipeline::generated_of_protos(self.options, &owned(protos), &owned(includes))
    }

    /// What [`compile_descriptor_set`](Self::compile_descriptor_set) would write, as
    /// [`generate`](Self::generate) says it.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn generate_descriptor_set(self, path: impl AsRef<Path>) -> Result<Generated> {
        pipeline::generated_of_descriptor_set(self.options, path.as_ref())
    }
}
