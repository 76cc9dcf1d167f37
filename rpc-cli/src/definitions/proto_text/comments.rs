//! The comments of a file, by what they are about.

use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// Comments by the paths of definitions; none if whoever wrote the descriptors left them out.
pub(super) struct Comments(HashMap<Vec<i32>, (String, String)>);

impl Comments {
    pub(super) fn of(file: &FileDescriptor) -> Self {
        let info = file.file_descriptor_proto().source_code_info.as_ref();
        let locations = info.into_iter().flat_map(|info| &info.location);
        let commented = locations.filter(|location| {
            location.leading_comments.is_some() || location.trailing_comments.is_some()
        });
        let comments = commented.map(|location| {
            let (before, after) = (location.leading_comments(), location.trailing_comments());
            (location.path.clone(), (before.to_owned(), after.to_owned()))
        });
        Comments(comments.collect())
    }

    /// The lines before a definition, without their slashes; also those behind it that do not fit into its line.
    pub(super) fn before(&self, path: &[i32]) -> Vec<String> {
        let Some((before, after)) = self.0.get(path) else {
            return Vec::new();
        };
        let after = if after.trim().contains('\n') {
            after
        } else {
            ""
        };
        let lines = before.lines().chain(after.lines());
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    /// The comment that stands behind a definition, in its line.
    pub(super) fn after(&self, path: &[i32]) -> String {
        match self.0.get(path).map(|(_, after)| after.trim()) {
            Some(line) if !line.is_empty() && !line.contains('\n') => format!(" // {line}"),
            _ => String::new(),
        }
    }
}
