//! The generated code, read and kept: every case in `tests/golden` is compiled again and compared
//! with its folder `expected`. With `UPDATE_GOLDEN=1` the folder is written instead.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rpc_build::Builder;

/// Compiles the `.proto` files of `case` and compares what is written with what is expected.
#[track_caller]
fn check(case: &str) {
    check_with(case, |builder| builder);
}

/// As [`check`], with more options.
#[track_caller]
fn check_with(case: &str, configure: impl FnOnce(Builder) -> Builder) {
    let case_dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(case);
    let expected_dir = case_dir.join("expected");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let out_dir = if update {
        expected_dir.clone()
    } else {
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("golden")
            .join(case)
    };
    // What an earlier run left behind must not count as generated now.
    let _ = fs::remove_dir_all(&out_dir);

    let protos = files_in(&case_dir);
    configure(rpc_build::configure())
        .out_dir(&out_dir)
        .compile(&protos, &[&case_dir])
        .unwrap();

    let (generated, expected) = (contents(&out_dir), contents(&expected_dir));
    assert_eq!(
        generated.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "other files than expected; if that is right, run the tests with UPDATE_GOLDEN=1",
    );
    for (name, content) in &generated {
        let (content, expected) = (
            String::from_utf8_lossy(content),
            String::from_utf8_lossy(&expected[name]),
        );
        let difference = content
            .lines()
            .zip(expected.lines())
            .position(|(a, b)| a != b);
        let line =
            difference.unwrap_or_else(|| content.lines().count().min(expected.lines().count()));
        assert!(
            content == expected,
            "{case}/expected/{name} differs from line {}; if that is right, run the tests with UPDATE_GOLDEN=1\n\
             expected:  {}\ngenerated: {}",
            line + 1,
            expected.lines().nth(line).unwrap_or_default(),
            content.lines().nth(line).unwrap_or_default(),
        );
    }
}

/// The files directly in `folder`, in the order of their names.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The files directly in `folder` by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files_in(folder)
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn one_unary_method() {
    check("hello");
}

#[test]
fn all_kinds_of_methods_with_well_known_types_and_comments() {
    check("kinds");
}

#[test]
fn names_that_mean_something_in_rust() {
    check("names");
}

#[test]
fn packages_that_refer_to_each_other() {
    check("packages");
}

#[test]
fn options_of_methods() {
    check("options");
}

#[test]
fn a_service_with_another_codec() {
    check_with("codec", |builder| {
        builder.codec("::rpc_runtime::codec::Json").serde()
    });
}

#[test]
fn clients_alone() {
    check_with("client_only", |builder| builder.build_server(false));
}

#[test]
fn servers_alone() {
    check_with("server_only", |builder| builder.build_client(false));
}

#[test]
fn the_whole_tree_in_one_file() {
    check_with("single_file", |builder| builder.single_file("protos.rs"));
}

#[test]
fn attributes_and_types_that_the_build_script_asks_for() {
    check_with("attributes", |builder| {
        builder
            .type_attribute(".pond.Stone", "#[derive(Hash)]")
            .service_attribute(".pond.Pond", "#[cfg(not(feature = \"dry\"))]")
            .btree_map([".pond.Stone.sizes"])
            .boxed(".pond.Stone.kind.flat")
    });
}
