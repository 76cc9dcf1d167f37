//! Rules about imports, and which packages know each other.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DynamicMessage, FileDescriptor, Kind, Value};

use super::Linter;
use crate::schema::{enums, extensions, field_number, fields, messages};

pub(super) fn no_public_imports(linter: &mut Linter<'_>) {
    for file in linter.files {
        let descriptor = file.file_descriptor_proto();
        for (index, import) in descriptor.public_dependency.iter().enumerate() {
            let name = &descriptor.dependency[*import as usize];
            let path = [field_number::FILE_PUBLIC_DEPENDENCY, index as i32];
            linter.place(file, &path, format!("import of {name} is public"));
        }
    }
}

pub(super) fn no_weak_imports(linter: &mut Linter<'_>) {
    for file in linter.files {
        let descriptor = file.file_descriptor_proto();
        for (index, import) in descriptor.weak_dependency.iter().enumerate() {
            let name = &descriptor.dependency[*import as usize];
            let path = [field_number::FILE_WEAK_DEPENDENCY, index as i32];
            linter.place(file, &path, format!("import of {name} is weak"));
        }
    }
}

pub(super) fn imports_are_used(linter: &mut Linter<'_>) {
    for file in linter.files {
        let used = used_files(file);
        let public = &file.file_descriptor_proto().public_dependency;
        for (index, import) in file.dependencies().enumerate() {
            let mut provided = BTreeSet::new();
            provide(&import, &mut provided);
            // A public import is for those who import this file.
            if used.is_disjoint(&provided) && !public.contains(&(index as i32)) {
                let path = [field_number::FILE_DEPENDENCY, index as i32];
                linter.place(
                    file,
                    &path,
                    format!("import of {} is not used", import.name()),
                );
            }
        }
    }
}

/// Adds the names of `file` and of all that it imports publicly, which come with an import of it.
fn provide(file: &FileDescriptor, names: &mut BTreeSet<String>) {
    if names.insert(file.name().to_owned()) {
        for import in file.public_dependencies() {
            provide(&import, names);
        }
    }
}

/// The files that define what `file` names.
fn used_files(file: &FileDescriptor) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut add = |file: FileDescriptor| used.insert(file.name().to_owned());
    let mut options = vec![file.options()];
    for message in messages(file) {
        options.push(message.options());
        options.extend(message.oneofs().map(|oneof| oneof.options()));
    }
    // Fields of maps, too: the messages that stand for their entries are not listed.
    let map_fields = fields(file).into_iter().filter(|field| field.is_map());
    let entries = map_fields.filter_map(|field| field.kind().as_message().cloned());
    let values = entries.map(|entry| entry.map_entry_value_field());
    for field in fields(file).into_iter().chain(values) {
        add_kind(&field.kind(), &mut add);
        options.push(field.options());
    }
    for extension in extensions(file) {
        add_kind(&extension.kind(), &mut add);
        add(extension.containing_message().parent_file());
        options.push(extension.options());
    }
    for each in enums(file) {
        options.push(each.options());
        options.extend(each.values().map(|value| value.options()));
    }
    for service in file.services() {
        options.push(service.options());
        for method in service.methods() {
            add(method.input().parent_file());
            add(method.output().parent_file());
            options.push(method.options());
        }
    }
    for options in &options {
        add_extensions(options, &mut add);
    }
    used
}

fn add_kind(kind: &Kind, add: &mut impl FnMut(FileDescriptor) -> bool) {
    match kind {
        Kind::Message(message) => add(message.parent_file()),
        Kind::Enum(each) => add(each.parent_file()),
        _ => false,
    };
}

/// Adds the files that define the extensions that are set in `options`, at any depth.
fn add_extensions(options: &DynamicMessage, add: &mut impl FnMut(FileDescriptor) -> bool) {
    for (extension, value) in options.extensions() {
        add(extension.parent_file());
        add_extensions_of(value, add);
    }
    for (_, value) in options.fields() {
        add_extensions_of(value, add);
    }
}

fn add_extensions_of(value: &Value, add: &mut impl FnMut(FileDescriptor) -> bool) {
    match value {
        Value::Message(message) => add_extensions(message, add),
        Value::List(values) => values
            .iter()
            .for_each(|value| add_extensions_of(value, add)),
        Value::Map(values) => values
            .values()
            .for_each(|value| add_extensions_of(value, add)),
        _ => {}
    }
}

pub(super) fn packages_do_not_import_in_circles(linter: &mut Linter<'_>) {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in linter.schema.pool().files() {
        let imported = imports.entry(file.package_name().to_owned()).or_default();
        imported.extend(
            file.dependencies()
                .map(|import| import.package_name().to_owned()),
        );
    }
    for file in linter.files {
        let own = file.package_name();
        for (index, import) in file.dependencies().enumerate() {
            let other = import.package_name();
            if other != own && reaches(&imports, other, own) {
                let path = [field_number::FILE_DEPENDENCY, index as i32];
                let message = format!("package {own} imports {other}, which imports {own}");
                linter.place(file, &path, message);
            }
        }
    }
}

/// Whether files of package `from` import files of package `to`, by way of any others.
fn reaches(imports: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(package) = waiting.pop() {
        if package == to {
            return true;
        }
        if seen.insert(package) {
            waiting.extend(
                imports
                    .get(package)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
    }
    false
}

pub(super) fn packages_have_a_version(linter: &mut Linter<'_>) {
    for file in linter
        .files
        .iter()
        .filter(|file| !file.package_name().is_empty())
    {
        let package = file.package_name();
        if version(package).is_none() {
            let message = format!("package {package} should end with a version: {package}.v1");
            linter.package(file, message);
        }
    }
}

pub(super) fn stable_packages_import_stable_ones(linter: &mut Linter<'_>) {
    for file in linter.files {
        if version(file.package_name()) != Some(Version::Stable) {
            continue;
        }
        for (index, import) in file.dependencies().enumerate() {
            if version(import.package_name()) == Some(Version::Unstable) {
                let path = [field_number::FILE_DEPENDENCY, index as i32];
                let (own, other) = (file.package_name(), import.package_name());
                let message = format!("{own} is stable and imports {other}, which is not");
                linter.place(file, &path, message);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// `v1`
    Stable,
    /// `v1alpha`, `v1beta2`, `v1p1alpha1`, `v1test_name`
    Unstable,
}

/// What the last part of the name of a package says.
fn version(package: &str) -> Option<Version> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let last = package.rsplit('.').next()?.strip_prefix('v')?;
    let major = digits(last);
    if major == 0 || last.starts_with('0') {
        return None;
    }
    let rest = &last[major..];
    if rest.is_empty() {
        return Some(Version::Stable);
    }
    if rest.starts_with("test") {
        return Some(Version::Unstable);
    }
    let patch = rest.strip_prefix('p').map(|rest| &rest[digits(rest)..]);
    let kind = patch.unwrap_or(rest);
    let number = kind
        .strip_prefix("alpha")
        .or_else(|| kind.strip_prefix("beta"))?;
    (digits(number) == number.len()).then_some(Version::Unstable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_packages_are_told_from_other_names() {
        for package in ["shop.v1", "shop.v12", "v2"] {
            assert_eq!(version(package), Some(Version::Stable), "{package}");
        }
        for package in ["a.v1alpha", "a.v1beta2", "a.v1p1alpha1", "a.v2test_me"] {
            assert_eq!(version(package), Some(Version::Unstable), "{package}");
        }
        for package in [
            "shop",
            "shop.v",
            "shop.v0",
            "shop.v1gamma",
            "v1.shop",
            "a.1",
        ] {
            assert_eq!(version(package), None, "{package}");
        }
    }
}
