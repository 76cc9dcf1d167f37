//! Rules about where files are and what stands at their beginning.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::FileDescriptor;

use super::Linter;
use crate::schema::field_number;

/// The folder of a file within its include folder.
fn folder(file: &FileDescriptor) -> &str {
    file.name()
        .rsplit_once('/')
        .map_or(".", |(folder, _)| folder)
}

pub(super) fn syntax_is_specified(linter: &mut Linter<'_>) {
    for file in linter.files {
        let comments = linter.schema.comments(file.name());
        // A descriptor set without places does not tell whether proto2 was said or assumed.
        let descriptor = file.file_descriptor_proto();
        let places = descriptor.source_code_info.as_ref();
        if places.is_none_or(|places| places.location.is_empty()) {
            continue;
        }
        let statements = [field_number::FILE_SYNTAX, field_number::FILE_EDITION];
        if !statements.iter().any(|number| comments.has(&[*number])) {
            linter.place(file, &[], "the file has no syntax statement");
        }
    }
}

pub(super) fn package_is_defined(linter: &mut Linter<'_>) {
    for file in linter.files {
        if file.package_name().is_empty() {
            linter.place(file, &[], "the file has no package");
        }
    }
}

pub(super) fn package_matches_the_folder(linter: &mut Linter<'_>) {
    for file in linter
        .files
        .iter()
        .filter(|file| !file.package_name().is_empty())
    {
        let expected = file.package_name().replace('.', "/");
        if folder(file) != expected {
            let package = file.package_name();
            let message = format!(
                "files of package {package} should be in the folder {expected}, and not in {}",
                folder(file)
            );
            linter.package(file, message);
        }
    }
}

pub(super) fn folder_has_one_package(linter: &mut Linter<'_>) {
    let groups = grouped(linter.files, folder, FileDescriptor::package_name);
    for (folder, packages) in groups {
        for files in packages.values().filter(|_| packages.len() > 1) {
            for file in files {
                let names = list(packages.keys());
                linter.package(file, format!("the folder {folder} has files of {names}"));
            }
        }
    }
}

pub(super) fn package_is_in_one_folder(linter: &mut Linter<'_>) {
    let groups = grouped(linter.files, FileDescriptor::package_name, folder);
    for (package, folders) in groups.iter().filter(|(package, _)| !package.is_empty()) {
        for files in folders.values().filter(|_| folders.len() > 1) {
            for file in files {
                let names = list(folders.keys());
                linter.package(file, format!("package {package} has files in {names}"));
            }
        }
    }
}

/// The files by what `outer` and `inner` say of them.
fn grouped(
    files: &[FileDescriptor],
    outer: fn(&FileDescriptor) -> &str,
    inner: fn(&FileDescriptor) -> &str,
) -> BTreeMap<&str, BTreeMap<&str, Vec<&FileDescriptor>>> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<_>>> = BTreeMap::new();
    for file in files {
        let group = groups.entry(outer(file)).or_default();
        group.entry(inner(file)).or_default().push(file);
    }
    groups
}

fn list<'a>(names: impl Iterator<Item = &'a &'a str>) -> String {
    let shown = names.map(|name| if name.is_empty() { "no package" } else { name });
    let shown: BTreeSet<_> = shown.collect();
    let shown: Vec<_> = shown.into_iter().collect();
    shown.join(" and ")
}
