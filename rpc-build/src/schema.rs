//! Schemas for tools other than the compiler: read and checked as for code, with all places.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;

use crate::include::{IncludeFolders, Source};
use crate::load::{self, Loaded};
use crate::{Error, Location, Result, descriptor_set, front_end};

/// `.proto` files that were read and checked, of which no code is generated.
///
/// ```no_run
/// let schema = rpc_build::Schema::load(&["proto/hello.proto"], &["proto"])?;
/// assert_eq!(schema.names(), ["hello.proto"]);
/// // The name of the first message: `message_type` is field 4 of a file, `name` field 1 of a message.
/// println!("{}", schema.location("hello.proto", &[4, 0, 1]));
/// # Ok::<(), rpc_build::Error>(())
/// ```
#[derive(Debug)]
pub struct Schema {
    names: Vec<String>,
    encoded: Vec<u8>,
    descriptors: BTreeMap<String, FileDescriptorProto>,
    sources: BTreeMap<String, Source>,
}

impl Schema {
    /// Reads the files `protos`, and all that they import from the folders `includes`, as
    /// [`Builder::compile`](crate::Builder::compile) does. Nothing is printed.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn load(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Self> {
        let owned = |path: &dyn AsRef<Path>| path.as_ref().to_owned();
        let protos: Vec<PathBuf> = protos.iter().map(|path| owned(path)).collect();
        let includes: Vec<PathBuf> = includes.iter().map(|path| owned(path)).collect();
        let loaded = load::load(&protos, &includes)?;
        let folders = IncludeFolders::new(&includes);
        let names = protos.iter().filter_map(|path| folders.import_name(path));
        Self::new(names.collect(), loaded)
    }

    /// Reads the encoded `google.protobuf.FileDescriptorSet` in the file at `path`, as
    /// [`Builder::compile_descriptor_set`](crate::Builder::compile_descriptor_set) does.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn load_descriptor_set(path: impl AsRef<Path>) -> Result<Self> {
        let loaded = front_end::descriptor_set(path.as_ref())?;
        let names = loaded.files.iter().map(|file| file.descriptor.name());
        let names = names.map(str::to_owned).collect();
        Self::new(names, loaded)
    }

    fn new(names: Vec<String>, loaded: Loaded) -> Result<Self> {
        if !loaded.diagnostics.is_empty() {
            return Err(Error::new(loaded.diagnostics));
        }
        let encoded = descriptor_set::with_source_info(&loaded.files);
        let files = loaded.files.into_iter();
        Ok(Self {
            names,
            encoded,
            descriptors: files
                .map(|file| (file.descriptor.name().to_owned(), file.descriptor))
                .collect(),
            sources: loaded.sources,
        })
    }

    /// The files that were asked for, by the names under which others import them. Of a descriptor set
    /// these are all.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All files, also the imported ones: an encoded `google.protobuf.FileDescriptorSet` with comments,
    /// positions and the values of custom options, in which imports come before their importers.
    pub fn file_descriptor_set(&self) -> &[u8] {
        &self.encoded
    }

    /// The place of the element of `file` that `path` leads to, in the numbers of
    /// `google.protobuf.SourceCodeInfo`, or of the innermost element around it that has one. The path of
    /// a file without a text, such as one of a descriptor set, is its name.
    pub fn location(&self, file: &str, path: &[i32]) -> Location {
        match (self.descriptors.get(file), self.sources.get(file)) {
            (Some(descriptor), Some(source)) => Location::of_element(descriptor, path, source),
            (Some(descriptor), None) => Location::without_text(descriptor, path),
            (None, _) => Location::from_span(Path::new(file), "", 0..0),
        }
    }
}
