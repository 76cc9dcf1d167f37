//! Schemas of every shape, compiled and then checked by the Rust compiler, as a user's crate.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// An enum larger than any that people write.
const ENUM_VALUES: usize = 5000;

/// The package that includes what is generated.
const MANIFEST: &str = "\
[package]
name = \"schemas\"
edition = \"2024\"

[dependencies]
rpc-runtime = { path = \"RUNTIME\" }

[lints.rust]
warnings = \"deny\"

[workspace]
";

#[test]
fn every_schema_compiles_and_passes_the_rust_compiler_without_warnings() {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemas");
    let (src, own_protos) = (package.join("src"), package.join("proto"));
    let _ = fs::remove_dir_all(&src);
    fs::create_dir_all(&src).unwrap();
    fs::create_dir_all(&own_protos).unwrap();
    fs::write(own_protos.join("huge_enum.proto"), huge_enum()).unwrap();

    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas");
    let mut protos = vec![own_protos.join("huge_enum.proto")];
    find_protos(&schemas, &mut protos);
    rpc_build::configure()
        .out_dir(&src)
        .runtime_path("::rpc_runtime")
        .compile(&protos, &[&schemas, &own_protos])
        .unwrap();

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let runtime = root.join("rpc-runtime");
    let manifest = MANIFEST.replace("RUNTIME", runtime.to_str().unwrap());
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::write(src.join("lib.rs"), "include!(\"rpc_protos.rs\");\n").unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Adds the `.proto` files in `folder` and below it to `protos`.
fn find_protos(folder: &Path, protos: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_protos(&path, protos);
        } else {
            protos.push(path);
        }
    }
}

/// A file with one enum of [`ENUM_VALUES`] values.
fn huge_enum() -> String {
    let mut text = "syntax = \"proto3\";\npackage schemas.huge;\nenum Huge {\n".to_owned();
    for value in 0..ENUM_VALUES {
        writeln!(text, "  HUGE_VALUE_{value} = {value};").unwrap();
    }
    text + "}\nmessage Holder { Huge huge = 1; }\n"
}

#[test]
fn a_thousand_services_are_generated() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("thousand");
    fs::create_dir_all(&folder).unwrap();
    let mut text = "syntax = \"proto3\";\npackage thousand;\nmessage M {}\n".to_owned();
    for number in 0..1000 {
        writeln!(text, "service S{number} {{ rpc Get(M) returns (M); }}").unwrap();
    }
    fs::write(folder.join("thousand.proto"), text).unwrap();
    rpc_build::configure()
        .out_dir(folder.join("out"))
        .runtime_path("::rpc_runtime")
        .compile(&[folder.join("thousand.proto")], &[&folder])
        .unwrap();
    let code = fs::read_to_string(folder.join("out/thousand.rs")).unwrap();
    assert_eq!(code.matches("pub trait S").count(), 1000);
}
