//! What the options of a build script change, and the descriptors that are written.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;
use rpc_build::Builder;

const OPTIONS: &str = r#"
syntax = "proto3";
package rules;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { string rule = 50000; }
"#;

const SERVICE: &str = r#"
syntax = "proto3";
package api;
import "options.proto";
// A comment.
message Ask {}
service Oracle {
  rpc Answer(Ask) returns (Ask) { option (rules.rule) = "only on Mondays"; }
}
"#;

/// Compiles the two files above and returns the folder with what was written.
fn compile(name: &str, configure: impl FnOnce(Builder, &Path) -> Builder) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("options")
        .join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("options.proto"), OPTIONS).unwrap();
    fs::write(root.join("api.proto"), SERVICE).unwrap();
    let out_dir = root.join("out");
    let builder = rpc_build::configure().out_dir(&out_dir);
    configure(builder, &out_dir)
        .compile(&["api.proto"], &[&root])
        .unwrap();
    out_dir
}

fn api_code(out_dir: &Path) -> String {
    fs::read_to_string(out_dir.join("api.rs")).unwrap()
}

fn names(set: &FileDescriptorSet) -> Vec<&str> {
    set.file.iter().map(|file| file.name()).collect()
}

#[test]
fn by_default_there_are_trait_server_and_both_proxies() {
    let code = api_code(&compile("default", |builder, _| builder));
    for item in [
        "trait Oracle",
        "struct OracleServer",
        "struct OracleAsyncClientProxy",
        "struct OracleClientProxy",
    ] {
        assert!(code.contains(item), "{item}");
    }
}

#[test]
fn a_client_without_server_has_no_trait_and_no_local_constructor() {
    let code = api_code(&compile("client", |builder, _| builder.build_server(false)));
    assert!(code.contains("struct OracleClientProxy"));
    assert!(!code.contains("trait Oracle") && !code.contains("fn local"));
}

#[test]
fn a_server_without_client_has_no_proxies() {
    let code = api_code(&compile("server", |builder, _| builder.build_client(false)));
    assert!(code.contains("trait Oracle"));
    assert!(!code.contains("ClientProxy"));
}

#[test]
fn messages_alone_need_no_descriptors() {
    let code = api_code(&compile("messages", |builder, _| {
        builder.build_client(false).build_server(false)
    }));
    assert!(code.contains("struct Ask"));
    assert!(!code.contains("codegen"));
}

#[test]
fn generated_code_finds_a_renamed_runtime() {
    let code = api_code(&compile("renamed", |builder, _| {
        builder.runtime_path("::my_rpc")
    }));
    assert!(code.contains("::my_rpc::codegen::") && code.contains("::my_rpc::prost::Message"));
    assert!(!code.contains("rpc_runtime"));
}

#[test]
fn attributes_are_added_to_types() {
    let code = api_code(&compile("attributes", |builder, _| {
        builder.type_attribute("api.Ask", "#[non_exhaustive]")
    }));
    assert!(code.contains("#[non_exhaustive]"));
}

#[test]
fn embedded_descriptors_have_imports_and_custom_options_but_no_comments() {
    let out_dir = compile("embedded", |builder, _| builder);
    let bytes = fs::read(out_dir.join("api.descriptor.bin")).unwrap();
    let set = FileDescriptorSet::decode(&bytes[..]).unwrap();
    assert_eq!(
        names(&set),
        [
            "google/protobuf/descriptor.proto",
            "options.proto",
            "api.proto"
        ]
    );
    assert!(set.file.iter().all(|file| file.source_code_info.is_none()));
    assert!(bytes.windows(15).any(|window| window == b"only on Mondays"));
}

#[test]
fn the_descriptor_set_for_other_tools_has_comments_and_custom_options() {
    let out_dir = compile("for_tools", |builder, out_dir| {
        builder.file_descriptor_set_path(out_dir.join("all.bin"))
    });
    let bytes = fs::read(out_dir.join("all.bin")).unwrap();
    let set = FileDescriptorSet::decode(&bytes[..]).unwrap();
    let locations = &set
        .file
        .last()
        .unwrap()
        .source_code_info
        .as_ref()
        .unwrap()
        .location;
    assert!(
        locations
            .iter()
            .any(|location| location.leading_comments() == " A comment.\n")
    );
    assert!(bytes.windows(15).any(|window| window == b"only on Mondays"));
}

#[test]
fn files_that_would_not_change_are_not_written_again() {
    let modified = |out_dir: &Path| {
        fs::metadata(out_dir.join("api.rs"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let out_dir = compile("unchanged", |builder, _| builder);
    let before = modified(&out_dir);
    let root = out_dir.parent().unwrap();
    rpc_build::configure()
        .out_dir(&out_dir)
        .compile(&["api.proto"], &[root])
        .unwrap();
    assert_eq!(modified(&out_dir), before);
}
