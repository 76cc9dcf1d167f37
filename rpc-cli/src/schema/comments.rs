//! The comments of a file, by what they are about.

use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// Comments by the path of the element, in the numbers of `google.protobuf.SourceCodeInfo`.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    by_path: Option<HashMap<Vec<i32>, Comment>>,
}

/// What stands before and behind an element, and where it begins.
#[derive(Debug)]
struct Comment {
    /// Counted from 0.
    line: i32,
    leading: String,
    trailing: String,
}

impl Comments {
    /// Those of a file that has none.
    pub(crate) const fn none() -> Self {
        Self { by_path: None }
    }

    /// The comments of `file`.
    pub(crate) fn of(file: &FileDescriptor) -> Self {
        let info = file.file_descriptor_proto().source_code_info.iter();
        let places = info.flat_map(|info| &info.location);
        // A place without comments still says that the element has a text of its own.
        let by_path = places.map(|place| {
            let comment = Comment {
                line: place.span.first().copied().unwrap_or_default(),
                leading: place.leading_comments().to_owned(),
                trailing: place.trailing_comments().to_owned(),
            };
            (place.path.clone(), comment)
        });
        Self {
            by_path: Some(by_path.collect()),
        }
    }

    /// Whether the file has something at `path`, such as its syntax statement.
    pub(crate) fn has(&self, path: &[i32]) -> bool {
        self.get(path).is_some()
    }

    /// The comment right before the element at `path`, or nothing.
    pub(crate) fn leading(&self, path: &[i32]) -> &str {
        self.get(path).map_or("", |comment| &comment.leading)
    }

    /// The comment before the element at `path` or else the one behind it.
    pub(crate) fn text(&self, path: &[i32]) -> &str {
        let comment = self.get(path);
        comment.map_or("", |comment| {
            if comment.leading.trim().is_empty() {
                &comment.trailing
            } else {
                &comment.leading
            }
        })
    }

    /// The line in which the element at `path` begins, counted from 1.
    pub(crate) fn line(&self, path: &[i32]) -> Option<i32> {
        Some(self.get(path)?.line + 1)
    }

    fn get(&self, path: &[i32]) -> Option<&Comment> {
        self.by_path.as_ref()?.get(path)
    }
}
