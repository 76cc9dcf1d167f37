//! Rules about options of files that both versions have.

use prost_reflect::prost_types::FileOptions;
use prost_reflect::{FileDescriptor, Syntax};

use super::Comparison;
use crate::schema::field_number;

pub(super) fn same_package(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.files() {
        let (before, after) = (old.package_name(), new.package_name());
        if before != after {
            let message = format!("the file changed its package from {before:?} to {after:?}");
            comparison.place(new, &[field_number::FILE_PACKAGE], message);
        }
    }
}

pub(super) fn same_syntax(comparison: &mut Comparison<'_>) {
    let name = |file: &FileDescriptor| match file.syntax() {
        Syntax::Proto2 => "proto2",
        Syntax::Proto3 => "proto3",
    };
    for (old, new) in comparison.files() {
        let (before, after) = (name(old), name(new));
        if before != after {
            let message = format!("the file changed its syntax from {before} to {after}");
            comparison.place(new, &[field_number::FILE_SYNTAX], message);
        }
    }
}

/// Makes a rule of each option: its name, its number in `FileOptions`, and how it is read.
macro_rules! same_options {
    ($($rule:ident: $name:literal, $number:literal, |$options:ident| $read:expr;)*) => {
        $(pub(super) fn $rule(comparison: &mut Comparison<'_>) {
            same(comparison, $name, $number, |$options| $read.to_string());
        })*
    };
}

same_options! {
    same_cc_enable_arenas: "cc_enable_arenas", 31, |options| options.cc_enable_arenas();
    same_cc_generic_services: "cc_generic_services", 16, |options| options.cc_generic_services();
    same_csharp_namespace: "csharp_namespace", 37, |options| options.csharp_namespace();
    same_go_package: "go_package", 11, |options| options.go_package();
    same_java_generic_services: "java_generic_services", 17, |options| options.java_generic_services();
    same_java_multiple_files: "java_multiple_files", 10, |options| options.java_multiple_files();
    same_java_outer_classname: "java_outer_classname", 8, |options| options.java_outer_classname();
    same_java_package: "java_package", 1, |options| options.java_package();
    same_objc_class_prefix: "objc_class_prefix", 36, |options| options.objc_class_prefix();
    same_optimize_for: "optimize_for", 9, |options| options.optimize_for().as_str_name();
    same_php_class_prefix: "php_class_prefix", 40, |options| options.php_class_prefix();
    same_php_metadata_namespace: "php_metadata_namespace", 44, |options| options.php_metadata_namespace();
    same_php_namespace: "php_namespace", 41, |options| options.php_namespace();
    same_py_generic_services: "py_generic_services", 18, |options| options.py_generic_services();
    same_ruby_package: "ruby_package", 45, |options| options.ruby_package();
    same_swift_prefix: "swift_prefix", 39, |options| options.swift_prefix();
}

/// Says that an option differs, of which the default counts where it is not set.
fn same(
    comparison: &mut Comparison<'_>,
    name: &str,
    number: i32,
    read: fn(&FileOptions) -> String,
) {
    let value = |file: &FileDescriptor| {
        let options = file.file_descriptor_proto().options.clone();
        read(&options.unwrap_or_default())
    };
    for (old, new) in comparison.files() {
        let (before, after) = (value(old), value(new));
        if before != after {
            let message = format!("the file changed {name} from {before:?} to {after:?}");
            let option = [field_number::FILE_OPTIONS, number];
            let is_set = comparison.versions.new.comments(new.name()).has(&option);
            let path = if is_set {
                &option[..]
            } else {
                &[field_number::FILE_PACKAGE]
            };
            comparison.place(new, path, message);
        }
    }
}
