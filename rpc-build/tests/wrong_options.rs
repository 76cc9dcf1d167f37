//! Options of a build script that name what is not there, or that are not Rust.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

const SERVICES: &str = r#"
syntax = "proto3";
package api;
message Ask {}
service Oracle { rpc Answer(Ask) returns (Ask); }
service Sphinx { rpc Riddle(Ask) returns (Ask); }
"#;

/// Writes the file above to a folder of its own.
fn sources(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("wrong_options")
        .join(name);
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("api.proto"), SERVICES).unwrap();
    root
}

#[test]
fn services_that_there_are_not_come_with_the_nearest_name() {
    let root = sources("wrong_services");
    let error = rpc_build::configure()
        .out_dir(root.join("out"))
        .services(["Oracl", ".api.Sphnx", "Zeus", "Oracle"])
        .compile(&["api.proto"], &[&root])
        .unwrap_err();
    let shown: Vec<String> = error
        .diagnostics()
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        ("Oracl", "did you mean 'Oracle'?"),
        (".api.Sphnx", "did you mean '.api.Sphinx'?"),
        ("Zeus", "they have .api.Oracle, .api.Sphinx"),
    ];
    let expected = expected.map(|(path, help)| {
        format!("services: '{path}' matches no service of the .proto files\n  = help: {help}")
    });
    assert_eq!(shown, expected);
}

#[test]
fn code_that_is_not_rust_is_blamed_on_what_the_build_script_adds() {
    let root = sources("not_rust");
    let error = rpc_build::configure()
        .out_dir(root.join("out"))
        .type_attribute("Ask", "#[open")
        .compile(&["api.proto"], &[&root])
        .unwrap_err();
    let help = error.diagnostics()[0].help().unwrap();
    assert!(help.contains("attributes and paths"), "{help}");
}

#[test]
fn an_attribute_that_is_not_rust_is_shown() {
    let root = sources("wrong_attribute");
    let error = rpc_build::configure()
        .out_dir(root.join("out"))
        .service_attribute(".", "#[open")
        .compile(&["api.proto"], &[&root])
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("attribute '#[open' is not Rust"), "{text}");
}
