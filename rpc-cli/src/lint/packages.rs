//! Rules about options that all files of a package should have in common.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::prost_types::FileOptions;

use super::Linter;
use crate::schema::field_number;

/// An option of files: its number, its name, and how it is read.
type FileOption = (i32, &'static str, fn(&FileOptions) -> Option<String>);

pub(super) fn same_csharp_namespace(linter: &mut Linter<'_>) {
    same(
        linter,
        (37, "csharp_namespace", |options| {
            options.csharp_namespace.clone()
        }),
    );
}

pub(super) fn same_go_package(linter: &mut Linter<'_>) {
    same(
        linter,
        (11, "go_package", |options| options.go_package.clone()),
    );
}

pub(super) fn same_java_multiple_files(linter: &mut Linter<'_>) {
    let read = |options: &FileOptions| options.java_multiple_files.map(|on| on.to_string());
    same(linter, (10, "java_multiple_files", read));
}

pub(super) fn same_java_package(linter: &mut Linter<'_>) {
    same(
        linter,
        (1, "java_package", |options| options.java_package.clone()),
    );
}

pub(super) fn same_php_namespace(linter: &mut Linter<'_>) {
    same(
        linter,
        (41, "php_namespace", |options| options.php_namespace.clone()),
    );
}

pub(super) fn same_ruby_package(linter: &mut Linter<'_>) {
    same(
        linter,
        (45, "ruby_package", |options| options.ruby_package.clone()),
    );
}

pub(super) fn same_swift_prefix(linter: &mut Linter<'_>) {
    same(
        linter,
        (39, "swift_prefix", |options| options.swift_prefix.clone()),
    );
}

fn same(linter: &mut Linter<'_>, (number, name, read): FileOption) {
    let value = |file: &prost_reflect::FileDescriptor| {
        let options = file.file_descriptor_proto().options.as_ref();
        options
            .and_then(read)
            .map_or("none".to_owned(), |value| format!("{value:?}"))
    };
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in linter.files {
        values
            .entry(file.package_name())
            .or_default()
            .insert(value(file));
    }
    for file in linter
        .files
        .iter()
        .filter(|file| !file.package_name().is_empty())
    {
        let all = &values[file.package_name()];
        if all.len() > 1 {
            let all: Vec<_> = all.iter().map(String::as_str).collect();
            let message = format!(
                "the files of package {} have several values of {name}: {}",
                file.package_name(),
                all.join(", ")
            );
            let path = [field_number::FILE_OPTIONS, number];
            if linter.schema.comments(file.name()).has(&path) {
                linter.place(file, &path, message);
            } else {
                linter.package(file, message);
            }
        }
    }
}
