//! What can be linked to: everything in the page that has a name.

use std::collections::HashSet;

use prost_reflect::FileDescriptor;

use crate::schema::{enums, extensions, messages};

/// The full names that the page has sections or rows for.
pub(super) struct Links(HashSet<String>);

impl Links {
    /// Those of `files`.
    pub(super) fn new(files: &[FileDescriptor]) -> Self {
        let mut names = HashSet::new();
        for file in files {
            for message in messages(file) {
                names.extend(message.fields().map(|field| field.full_name().to_owned()));
                names.insert(message.full_name().to_owned());
            }
            for each in enums(file) {
                names.extend(
                    each.values()
                        .map(|value| value_id(each.full_name(), value.name())),
                );
                names.insert(each.full_name().to_owned());
            }
            for service in file.services() {
                names.extend(
                    service
                        .methods()
                        .map(|method| method.full_name().to_owned()),
                );
                names.insert(service.full_name().to_owned());
            }
            let extensions = extensions(file).into_iter();
            names.extend(extensions.map(|each| each.full_name().to_owned()));
        }
        Self(names)
    }

    /// Whether the page has something of this full name.
    pub(super) fn has(&self, full_name: &str) -> bool {
        self.0.contains(full_name)
    }

    /// What `name` means in a comment within the element or package `scope`: the innermost that has it.
    pub(super) fn find(&self, name: &str, scope: &str) -> Option<String> {
        let name = name.trim_start_matches('.');
        let mut outer = scope;
        loop {
            let candidate = if outer.is_empty() {
                name.to_owned()
            } else {
                format!("{outer}.{name}")
            };
            if self.has(&candidate) {
                return Some(candidate);
            }
            if outer.is_empty() {
                return None;
            }
            outer = outer.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }
}

/// Where the page has the package of this name: other things may be called so, too.
pub(super) fn of_package(name: &str) -> String {
    format!("package-{name}")
}

/// Where the page has a value of an enum. The value's own full name is in the scope around the enum.
pub(super) fn value_id(full_name_of_enum: &str, value: &str) -> String {
    format!("{full_name_of_enum}.{value}")
}

/// `full_name` as it is seen from within `package`.
pub(super) fn within<'a>(full_name: &'a str, package: &str) -> &'a str {
    if package.is_empty() {
        return full_name;
    }
    let rest = full_name.strip_prefix(package);
    rest.and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(full_name)
}
