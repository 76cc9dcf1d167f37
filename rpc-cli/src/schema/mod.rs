//! Schemas that commands look at: descriptors with their places and comments.

mod args;
mod comments;
mod element;
mod git;

pub(crate) use args::{Input, SchemaArgs};
pub(crate) use comments::Comments;
pub(crate) use element::{Element, enums, extensions, field_number, fields, messages};
pub(crate) use git::Checkout;

use std::collections::HashMap;
use std::path::Path;

use prost_reflect::{DescriptorPool, FileDescriptor};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// The packages whose files nobody asks for: they come with protobuf and with this project.
const BUILT_IN: [&str; 2] = ["google/protobuf/", "rpc/options.proto"];

/// A schema that was read without a mistake.
#[derive(Debug)]
pub(crate) struct Schema {
    source: rpc_build::Schema,
    pool: DescriptorPool,
    comments: HashMap<String, Comments>,
}

impl Schema {
    /// Reads what `input` says.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub(crate) fn load(input: &Input) -> Result<Self> {
        let source = match input {
            Input::Protos { protos, includes } => rpc_build::Schema::load(protos, includes)?,
            Input::DescriptorSet(path) => rpc_build::Schema::load_descriptor_set(path)?,
        };
        let pool = DescriptorPool::decode(source.file_descriptor_set()).map_err(|error| {
            Error::new(Exit::Schema, format!("the schema does not link: {error}"))
        })?;
        let files = pool.files();
        let comments = files
            .map(|file| (file.name().to_owned(), Comments::of(&file)))
            .collect();
        Ok(Self {
            source,
            pool,
            comments,
        })
    }

    /// The files that were asked for, by name.
    pub(crate) fn files(&self) -> Vec<FileDescriptor> {
        let mut names: Vec<&String> = self.source.names().iter().collect();
        names.sort();
        names.dedup();
        let asked_for = names.iter().filter(|name| !is_built_in(name));
        asked_for
            .filter_map(|name| self.pool.get_file_by_name(name))
            .collect()
    }

    /// All files, also the imported ones.
    pub(crate) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The comments of `file`.
    pub(crate) fn comments(&self, file: &str) -> &Comments {
        static NONE: Comments = Comments::none();
        self.comments.get(file).unwrap_or(&NONE)
    }

    /// Where the element of `file` is that `path` leads to.
    pub(crate) fn place(&self, file: &str, path: &[i32]) -> Place {
        Place::new(&self.source.location(file, path))
    }
}

/// Whether the file of this name comes with every protobuf compiler, or with this project's.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|prefix| name.starts_with(prefix))
}

/// A place in a file, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// The file, as it was named in the arguments.
    pub(crate) path: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The column, counted in characters from 1.
    pub(crate) column: usize,
    /// The text of the line and carets under the element, if the text is known.
    #[serde(skip)]
    pub(crate) excerpt: Option<(String, String)>,
}

impl Place {
    fn new(location: &rpc_build::Location) -> Self {
        let path = location.path();
        let text = location.source_line();
        Self {
            path: path.strip_prefix(".").unwrap_or(path).display().to_string(),
            line: location.line(),
            column: location.column(),
            excerpt: (!text.is_empty()).then(|| (text.to_owned(), location.carets())),
        }
    }

    /// Shows the file under the name that it has without the folder `base`, behind `label`.
    pub(crate) fn relative_to(mut self, base: &Path, label: &str) -> Self {
        if let Ok(path) = Path::new(&self.path).strip_prefix(base) {
            self.path = format!("{label}{}", path.display());
        }
        self
    }
}
