//! The include folders: where imported files are looked up, and what was read from them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use protox::Error;
use protox::file::{File, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::diagnostic::{Diagnostic, Location};
use crate::edition;

/// A file as it was read.
#[derive(Clone)]
pub(crate) struct Source {
    /// The file, as the build script would open it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What the compiler read, by import name, and what it could not even parse.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) unsupported: Vec<Diagnostic>,
}

/// Looks files up in the include folders, in order, and remembers what it read. Files that come with
/// every protobuf compiler, such as `google/protobuf/empty.proto`, are built in.
pub(crate) struct IncludeFolders {
    folders: Vec<PathBuf>,
    opened: Rc<RefCell<Opened>>,
}

impl IncludeFolders {
    /// `opened` is shared with the caller, because the compiler takes the resolver away.
    pub(crate) fn new(folders: Vec<PathBuf>, opened: Rc<RefCell<Opened>>) -> Self {
        Self { folders, opened }
    }
}

impl FileResolver for IncludeFolders {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.folders
            .iter()
            .find_map(|folder| IncludeFileResolver::new(folder.clone()).resolve_path(path))
    }

    fn open_file(&self, name: &str) -> Result<File, Error> {
        for folder in &self.folders {
            let path = folder.join(name);
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // Not readable: let the compiler report it in its own words.
                Err(_) => return File::open(name, &path),
            };
            let edition = edition::find(&text);
            let mut opened = self.opened.borrow_mut();
            if let Some(span) = edition {
                opened
                    .unsupported
                    .push(edition_not_supported(&path, &text, span));
            }
            opened.sources.insert(
                name.to_owned(),
                Source {
                    path: path.clone(),
                    text,
                },
            );
            return File::open(name, &path);
        }
        GoogleFileResolver::new().open_file(name)
    }
}

fn edition_not_supported(path: &Path, text: &str, span: std::ops::Range<usize>) -> Diagnostic {
    let help = "write `syntax = \"proto3\";` instead, and `optional` before fields that need to know whether they were set";
    Diagnostic::new(
        "protobuf editions are not supported",
        Location::from_span(path, text, span),
    )
    .with_help(Some(help.to_owned()))
}
