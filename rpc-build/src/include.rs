//! The include folders: where files are looked up by the names under which they are imported.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorProto;
use protox::file::{File, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::diagnostic::Diagnostic;
use crate::location::Location;
use crate::{Error, Result, method_options};

/// A file as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file, as the build script would open it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// The folders in which imports are looked up, in order.
pub(crate) struct IncludeFolders<'a> {
    folders: &'a [PathBuf],
}

impl<'a> IncludeFolders<'a> {
    pub(crate) fn new(folders: &'a [PathBuf]) -> Self {
        Self { folders }
    }

    /// The name under which other files import the file at `path`, if it is in one of the folders.
    /// A path that is itself such a name counts too.
    pub(crate) fn import_name(&self, path: &Path) -> Option<String> {
        let below_a_folder = self
            .folders
            .iter()
            .find_map(|folder| IncludeFileResolver::new(folder.clone()).resolve_path(path));
        below_a_folder.or_else(|| {
            let is_name = self
                .folders
                .iter()
                .any(|folder| folder.join(path).is_file());
            let name = path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
            (path.is_relative() && is_name).then_some(name)
        })
    }

    /// Reads the file that is imported as `name` from the first folder that has it.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read as UTF-8.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Source>> {
        for folder in self.folders {
            let path = folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => return text(&path, bytes).map(|text| Some(Source { path, text })),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Error::file("read", &path, &error)),
            }
        }
        Ok(None)
    }

    /// The import names of the files in the folders where `name` is looked up.
    pub(crate) fn beside(&self, name: &str) -> Vec<String> {
        let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
        let looked_up_in = self.folders.iter().map(|folder| folder.join(parent));
        let entries = looked_up_in.filter_map(|folder| fs::read_dir(folder).ok());
        let names = entries.flatten().flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = if parent.is_empty() {
                name
            } else {
                format!("{parent}/{name}")
            };
            name.ends_with(".proto").then_some(name)
        });
        names.collect()
    }

    /// The folders as a list for people.
    pub(crate) fn list(&self) -> String {
        let folders: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        folders.join(", ")
    }
}

/// The text of a file that consists of `bytes`, without the mark that some editors write in front.
fn text(path: &Path, mut bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(.."\u{feff}".len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let message = format!("byte 0x{:02x} is not UTF-8", bytes[valid]);
        let shown = String::from_utf8_lossy(bytes);
        let end = valid + char::REPLACEMENT_CHARACTER.len_utf8();
        let help = "save the file in the encoding UTF-8, which protobuf asks for";
        Diagnostic::new(message, Location::from_span(path, &shown, valid..end))
            .with_help(Some(help.to_owned()))
            .into()
    })
}

/// The names of the files that come with every protobuf compiler.
pub(crate) const WELL_KNOWN_FILES: &[&str] = &[
    "google/protobuf/any.proto",
    "google/protobuf/api.proto",
    "google/protobuf/compiler/plugin.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/source_context.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/type.proto",
    "google/protobuf/wrappers.proto",
];

/// The names of all files that need no include folder.
pub(crate) fn built_in_files<'a>() -> impl Iterator<Item = &'a str> {
    WELL_KNOWN_FILES
        .iter()
        .copied()
        .chain([method_options::FILE])
}

/// A file that needs no include folder: one of [`WELL_KNOWN_FILES`], or this crate's own.
pub(crate) fn built_in(name: &str) -> Option<FileDescriptorProto> {
    let file = match name {
        method_options::FILE => File::from_source(name, method_options::TEXT),
        _ => GoogleFileResolver::new().open_file(name),
    };
    let file = file.ok()?;
    Some(file.file_descriptor_proto().clone())
}
