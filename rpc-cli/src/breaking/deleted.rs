//! Rules about what is gone.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    EnumDescriptor, ExtensionDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor,
};

use super::Comparison;
use crate::schema::{Element, Schema, enums, extensions, field_number, messages};

pub(super) fn files(comparison: &mut Comparison<'_>) {
    let old = comparison.old.files.iter();
    for (name, file) in old.filter(|(name, _)| !comparison.new.files.contains_key(*name)) {
        let place = comparison.old_place(file, &[]);
        let message = format!("file {name} was deleted");
        comparison.report.add(comparison.rule, place, message);
    }
}

pub(super) fn packages(comparison: &mut Comparison<'_>) {
    let left = package_names(comparison.versions.new);
    let old = comparison.old.files.values();
    for file in old.filter(|file| !left.contains(file.package_name())) {
        let place = comparison.old_place(file, &[field_number::FILE_PACKAGE]);
        let message = format!("package {} was deleted", file.package_name());
        comparison.report.add(comparison.rule, place, message);
    }
}

fn package_names(schema: &Schema) -> BTreeSet<String> {
    let files = schema.files();
    files
        .iter()
        .map(|file| file.package_name().to_owned())
        .collect()
}

pub(super) fn messages_of_files(comparison: &mut Comparison<'_>) {
    of_files(comparison, messages, MessageDescriptor::parent_message);
}

pub(super) fn enums_of_files(comparison: &mut Comparison<'_>) {
    of_files(comparison, enums, EnumDescriptor::parent_message);
}

pub(super) fn services_of_files(comparison: &mut Comparison<'_>) {
    let services = |file: &FileDescriptor| file.services().collect();
    of_files(comparison, services, |_: &ServiceDescriptor| None);
}

pub(super) fn extensions_of_files(comparison: &mut Comparison<'_>) {
    of_files(comparison, extensions, ExtensionDescriptor::parent_message);
}

/// What a file does not have any more, though there still is a file of this name.
fn of_files<E: Element>(
    comparison: &mut Comparison<'_>,
    list: fn(&FileDescriptor) -> Vec<E>,
    outer: fn(&E) -> Option<MessageDescriptor>,
) {
    for (old, new) in comparison.files() {
        let left = list(new);
        let left: BTreeSet<&str> = left.iter().map(Element::full_name).collect();
        report(comparison, &list(old), outer, |element| {
            left.contains(element.full_name())
        });
    }
}

pub(super) fn messages_of_packages(comparison: &mut Comparison<'_>) {
    of_packages(comparison, messages, MessageDescriptor::parent_message);
}

pub(super) fn enums_of_packages(comparison: &mut Comparison<'_>) {
    of_packages(comparison, enums, EnumDescriptor::parent_message);
}

pub(super) fn services_of_packages(comparison: &mut Comparison<'_>) {
    let services = |file: &FileDescriptor| file.services().collect();
    of_packages(comparison, services, |_: &ServiceDescriptor| None);
}

pub(super) fn extensions_of_packages(comparison: &mut Comparison<'_>) {
    of_packages(comparison, extensions, ExtensionDescriptor::parent_message);
}

/// What a package does not have any more, though there still is a package of this name.
fn of_packages<E: Element>(
    comparison: &mut Comparison<'_>,
    list: fn(&FileDescriptor) -> Vec<E>,
    outer: fn(&E) -> Option<MessageDescriptor>,
) {
    let mut left: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in comparison.new.files.values() {
        let names = list(file)
            .into_iter()
            .map(|element| element.full_name().to_owned());
        left.entry(file.package_name()).or_default().extend(names);
    }
    for file in comparison.old.files.values() {
        let Some(left) = left.get(file.package_name()) else {
            continue;
        };
        report(comparison, &list(file), outer, |element| {
            left.contains(element.full_name())
        });
    }
}

/// Says which of `old` are gone, but for those that were in something that is gone, too.
fn report<E: Element>(
    comparison: &mut Comparison<'_>,
    old: &[E],
    outer: fn(&E) -> Option<MessageDescriptor>,
    is_left: impl Fn(&E) -> bool,
) {
    for element in old.iter().filter(|element| !is_left(element)) {
        match outer(element) {
            None => comparison.deleted(element, None),
            Some(outer) => {
                if let Some(outer) = comparison.new.messages.get(outer.full_name()) {
                    comparison.deleted(element, Some(outer));
                }
            }
        }
    }
}
