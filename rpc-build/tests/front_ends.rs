//! `protoc` and descriptor sets in place of the built-in compiler.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;
use prost_types::FileDescriptorProto;

const PROTO: &str = r#"
syntax = "proto3";
package api;
import "google/protobuf/timestamp.proto";
// Asks.
message Ask { google.protobuf.Timestamp at = 1; }
service Oracle { rpc Answer(Ask) returns (Ask); }
"#;

/// A folder with the file above, what it compiles to, and the descriptors of that.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("front_ends")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("api.proto"), PROTO).unwrap();
    rpc_build::configure()
        .out_dir(folder.join("expected"))
        .file_descriptor_set_path(folder.join("api.bin"))
        .compile(&["api.proto"], &[&folder])
        .unwrap();
    folder
}

fn code(folder: &Path, out_dir: &str) -> String {
    fs::read_to_string(folder.join(out_dir).join("api.rs")).unwrap()
}

#[test]
fn a_descriptor_set_compiles_to_the_same_code_as_its_sources() {
    let folder = folder("set");
    rpc_build::configure()
        .out_dir(folder.join("out"))
        .compile_descriptor_set(folder.join("api.bin"))
        .unwrap();
    assert_eq!(code(&folder, "out"), code(&folder, "expected"));
}

#[test]
fn a_file_that_is_no_descriptor_set_is_named() {
    let folder = folder("no_set");
    let error = rpc_build::configure()
        .out_dir(folder.join("out"))
        .compile_descriptor_set(folder.join("api.proto"))
        .unwrap_err();
    assert!(
        error.diagnostics()[0].message().contains("api.proto"),
        "{error}"
    );
}

/// An encoded set of one file, `api.proto`, with this number as its edition.
fn set_with_edition(edition: u64) -> Vec<u8> {
    const EDITION: u32 = 14;
    let file = FileDescriptorProto {
        name: Some("api.proto".to_owned()),
        syntax: Some("editions".to_owned()),
        ..FileDescriptorProto::default()
    };
    let mut file = file.encode_to_vec();
    prost::encoding::uint64::encode(EDITION, &edition, &mut file);
    let mut set = Vec::new();
    prost::encoding::bytes::encode(1, &file, &mut set);
    set
}

/// `PROTOC` belongs to the whole process, so the test that sets it runs in a process of its own.
#[test]
fn protoc_is_run_with_all_folders_and_its_complaints_are_shown_where_they_are() {
    let name = "protoc_is_run_in_a_process_of_its_own";
    let folder = folder("protoc");
    let script = |text: &str| {
        let path = folder.join("protoc");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let run = |expectation: &str| {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--ignored"])
            .env("PROTOC", folder.join("protoc"))
            .env("FRONT_END_EXPECTATION", expectation)
            .env("FRONT_END_FOLDER", &folder)
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{log}");
    };
    // Stands for protoc: writes the set where it is told to, if it is asked for what is needed.
    script(
        r#"
case "$*" in *--include_imports*--include_source_info*-I*api.proto) ;; *) exit 1 ;; esac
for argument; do
  case "$argument" in --descriptor_set_out=*) cp "$FRONT_END_FOLDER/api.bin" "${argument#*=}" ;; esac
done"#,
    );
    run("same code");
    fs::write(folder.join("api.proto"), "// New.\nedition = \"9999\";\n").unwrap();
    fs::write(folder.join("api.bin"), set_with_edition(9999)).unwrap();
    run("unknown edition");
    fs::write(folder.join("api.proto"), PROTO).unwrap();
    script(r#"echo "api.proto:6:15: \"google.protobuf.Timestamp\" is not defined." >&2; exit 1"#);
    run("located");
    fs::remove_file(folder.join("protoc")).unwrap();
    run("not installed");
}

#[test]
#[ignore = "run by the test above"]
fn protoc_is_run_in_a_process_of_its_own() {
    let folder = PathBuf::from(env::var_os("FRONT_END_FOLDER").unwrap());
    let outcome = rpc_build::configure()
        .use_protoc()
        .out_dir(folder.join("out"))
        .compile(&["api.proto"], &[&folder]);
    match env::var("FRONT_END_EXPECTATION").unwrap().as_str() {
        "same code" => {
            outcome.unwrap();
            assert_eq!(code(&folder, "out"), code(&folder, "expected"));
        }
        "unknown edition" => {
            let error = outcome.unwrap_err();
            let location = error.diagnostics()[0].location().unwrap();
            assert_eq!((location.line(), location.column()), (2, 1));
        }
        "located" => {
            let error = outcome.unwrap_err();
            let mistake = &error.diagnostics()[0];
            let location = mistake.location().unwrap();
            assert_eq!((location.line(), location.column()), (6, 15));
            assert!(mistake.message().ends_with("is not defined."), "{error}");
        }
        _ => {
            let error = outcome.unwrap_err();
            assert!(
                error.diagnostics()[0]
                    .help()
                    .unwrap()
                    .contains("install protoc")
            );
        }
    }
}
