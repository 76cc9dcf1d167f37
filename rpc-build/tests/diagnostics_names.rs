//! Names that lead nowhere, clash or are reserved, and options: what the user reads, to the letter. The cases are
//! in `tests/diagnostics`: each is a folder of `.proto` files with what is wrong with them in
//! `expected.txt`. With `UPDATE_GOLDEN=1` that file is written instead.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Compiles the files of `case` and compares the mistakes with those that are expected.
#[track_caller]
fn check(case: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/diagnostics")
        .join(case);
    let entries = fs::read_dir(&folder).unwrap();
    let mut protos: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    protos.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "proto")
    });
    protos.sort();
    let outcome = rpc_build::configure()
        .out_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagnostics_names"))
        .compile(&protos, &[&folder]);
    let error = outcome.expect_err("the compilation fails");
    let shown: Vec<String> = error
        .diagnostics()
        .iter()
        .map(ToString::to_string)
        .collect();
    let shown = shown.join("\n\n") + "\n";
    let shown = shown
        .replace(&format!("{}/", folder.display()), "")
        .replace(&folder.display().to_string(), ".");

    let expected = folder.join("expected.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&expected, &shown).unwrap();
    }
    let expected = fs::read_to_string(&expected).unwrap();
    assert!(
        shown == expected,
        "if this is right, run the tests with UPDATE_GOLDEN=1\n--- expected\n{expected}--- shown\n{shown}"
    );
}

#[test]
fn unknown_types_come_with_the_nearest_name() {
    check("unknown_types");
}

#[test]
fn misspelled_well_known_types_come_with_their_import() {
    check("well_known");
}

#[test]
fn a_type_of_a_file_that_is_not_imported_comes_with_the_import() {
    check("not_imported");
}

#[test]
fn a_name_that_an_inner_scope_hides_is_explained() {
    check("shadowed");
}

#[test]
fn names_of_another_kind_are_shown() {
    check("wrong_kind");
}

#[test]
fn unknown_options_come_with_the_nearest_name() {
    check("options");
}

#[test]
fn missing_imports_are_all_shown_with_the_folders() {
    check("imports");
}

#[test]
fn imports_in_a_circle_are_shown_where_they_close() {
    check("import_cycle");
}

#[test]
fn two_services_on_one_name_are_both_shown() {
    check("defined_twice");
}

#[test]
fn reserved_numbers_and_names_are_shown() {
    check("reserved");
}

#[test]
fn reserved_names_are_shown() {
    check("reserved_names");
}

#[test]
fn names_that_are_the_same_in_rust_are_both_shown() {
    check("clashes");
}

#[test]
fn syntax_errors_in_several_files_and_unknown_types_show_together() {
    check("syntax");
}

#[test]
fn mistakes_of_all_kinds_in_several_files_show_in_one_build() {
    check("together");
}

#[test]
fn mistakes_of_all_kinds_in_one_file_show_in_one_build() {
    check("one_file");
}

#[test]
fn wrong_option_values_come_with_the_nearest_name() {
    check("option_values");
}

#[test]
fn services_that_clash_are_shown_once_each() {
    check("service_names");
}

#[test]
fn numbers_that_cannot_be_used_are_shown() {
    check("wrong_numbers");
}

#[test]
fn names_of_underscores_alone_are_shown() {
    check("underscores");
}
