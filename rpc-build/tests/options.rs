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
import "google/protobuf/timestamp.proto";
// A comment.
message Ask {
  map<string, int32> votes = 1;
  bytes proof = 2;
  Mood mood = 3;
  google.protobuf.Timestamp at = 4;
}
enum Mood { MOOD_CALM = 0; MOOD_WILD = 1; }
// A service's comment.
service Oracle {
  rpc Answer(Ask) returns (Ask) { option (rules.rule) = "only on Mondays"; }
}
service Sphinx {
  rpc Riddle(Ask) returns (Ask);
}
"#;

/// Writes the two files above to a folder of their own.
fn sources(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("options")
        .join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("options.proto"), OPTIONS).unwrap();
    fs::write(root.join("api.proto"), SERVICE).unwrap();
    root
}

/// Compiles the two files above and returns the folder with what was written.
fn compile(name: &str, configure: impl FnOnce(Builder, &Path) -> Builder) -> PathBuf {
    let root = sources(name);
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
fn servers_and_proxies_speak_the_codec_that_is_set() {
    let speaks = |code: &str, what: &str| {
        let code: String = code.split_whitespace().collect();
        code.contains(&format!("{what}.with_codec::<::my::Codec>().unary("))
    };
    let code = api_code(&compile("codec", |builder, _| builder.codec("::my::Codec")));
    assert!(speaks(&code, "incoming") && speaks(&code, "self.channel"));
    assert!(!code.contains("serde"));
    let code = api_code(&compile("protobuf", |builder, _| builder));
    assert!(!code.contains("with_codec"));
}

#[test]
fn attributes_are_added_to_types() {
    let code = api_code(&compile("attributes", |builder, _| {
        builder.type_attribute("api.Ask", "#[non_exhaustive]")
    }));
    assert!(code.contains("#[non_exhaustive]"));
}

#[test]
fn each_kind_of_attribute_goes_to_its_kind_of_item() {
    let code = api_code(&compile("kinds_of_attributes", |builder, _| {
        builder
            .message_attribute(".", "#[on_message]")
            .enum_attribute(".", "#[on_enum]")
            .field_attribute("Ask.proof", "#[on_field]")
            .service_attribute("Oracle", "#[on_trait]")
            .client_attribute(".api.Sphinx", "#[on_client]")
            .derive("api.Ask", "One, Two")
    }));
    for (attribute, count) in [
        ("#[on_message]", 1),
        ("#[on_enum]", 1),
        ("#[on_field]", 1),
        ("#[on_trait]", 1),
        ("#[on_client]", 2),
        ("#[derive(One, Two)]", 1),
    ] {
        assert_eq!(code.matches(attribute).count(), count, "{attribute}");
    }
    assert_eq!(word_behind(&code, "#[on_trait]", "trait"), "Oracle:");
    assert_eq!(
        word_behind(&code, "#[on_client]", "struct"),
        "SphinxAsyncClientProxy"
    );
}

/// The word behind `keyword`, behind `start`.
fn word_behind<'a>(code: &'a str, start: &str, keyword: &str) -> &'a str {
    let (_, rest) = code.split_once(start).unwrap();
    let mut words = rest.split_whitespace().skip_while(|word| *word != keyword);
    words.nth(1).unwrap()
}

#[test]
fn a_crate_that_publishes_nothing_is_named_with_what_it_needs() {
    let root = sources("imports");
    let error = rpc_build::configure()
        .out_dir(root.join("out"))
        .import_from("nobody")
        .compile(&["api.proto"], &[&root])
        .unwrap_err();
    let mistake = &error.diagnostics()[0];
    assert_eq!(
        mistake.message(),
        "no dependency publishes protos as \"nobody\""
    );
    assert!(mistake.help().unwrap().contains("`links = \"nobody\"`"));
}

#[test]
fn bytes_and_maps_have_the_types_that_were_asked_for() {
    let code = api_code(&compile("default_types", |builder, _| builder));
    assert!(code.contains("bytes::Bytes") && code.contains("::HashMap"));
    let code = api_code(&compile("other_types", |builder, _| {
        builder.bytes([""; 0]).btree_map(["Ask.votes", "Ask.none"])
    }));
    assert!(code.contains("Vec<u8>") && code.contains("BTreeMap"));
    assert!(!code.contains("bytes::Bytes") && !code.contains("::HashMap"));
}

#[test]
fn fields_are_boxed_and_enum_prefixes_kept_on_request() {
    let code = api_code(&compile("boxed", |builder, _| {
        builder.boxed("Ask.at").retain_enum_prefix()
    }));
    assert!(code.contains("boxed::Box<") && code.contains("MoodCalm = 0"));
}

#[test]
fn comments_that_nobody_wants_are_replaced_by_names() {
    let code = api_code(&compile("comments", |builder, _| {
        builder.disable_comments([".api.Ask"])
    }));
    assert!(code.contains("/// The message `api.Ask`.") && !code.contains("/// A comment."));
    assert!(code.contains("/// A service's comment."));
}

#[test]
fn types_that_exist_already_are_not_generated() {
    let out_dir = compile("extern", |builder, _| {
        builder.extern_path(".api.Mood", "::moods::Mood")
    });
    let code = api_code(&out_dir);
    assert!(code.contains("::moods::Mood") && !code.contains("enum Mood"));
    let out_dir = compile("extern_package", |builder, _| {
        builder.extern_path(".api", "::api")
    });
    assert!(!out_dir.join("api.rs").exists());
}

#[test]
fn well_known_types_are_generated_on_request() {
    let out_dir = compile("well_known", |builder, _| {
        builder
            .compile_well_known_types()
            .message_attribute("Timestamp", "#[on_timestamp]")
    });
    let code = fs::read_to_string(out_dir.join("google.protobuf.rs")).unwrap();
    assert!(code.contains("#[on_timestamp]"));
    assert!(api_code(&out_dir).contains("super::google::protobuf::Timestamp"));
}

#[test]
fn services_that_were_not_asked_for_are_left_out() {
    let code = api_code(&compile("services", |builder, _| {
        builder.services([".api.Sphinx"])
    }));
    assert!(code.contains("trait Sphinx") && !code.contains("Oracle"));
    let code = api_code(&compile("no_services", |builder, _| {
        builder.services([""; 0])
    }));
    assert!(code.contains("struct Ask") && !code.contains("codegen"));
}

#[test]
fn services_are_as_visible_as_asked_for() {
    let code = api_code(&compile("visibility", |builder, _| {
        builder.service_visibility("pub(crate)")
    }));
    for item in [
        "trait Oracle",
        "struct OracleServer",
        "struct OracleClientProxy",
    ] {
        assert!(code.contains(&format!("\npub(crate) {item}")), "{item}");
    }
    assert!(code.contains("\npub struct Ask"));
}

#[test]
fn a_single_file_has_all_packages_as_modules() {
    let out_dir = compile("single", |builder, _| builder.single_file("all.rs"));
    let code = fs::read_to_string(out_dir.join("all.rs")).unwrap();
    assert!(code.contains("pub mod api {") && code.contains("trait Oracle"));
    assert!(!code.contains("::core::include!(") && !out_dir.join("api.rs").exists());
}

#[test]
fn checked_in_files_are_compared_and_left_alone() {
    let out_dir = compile("check", |builder, _| builder);
    let root = out_dir.parent().unwrap();
    let check = || {
        rpc_build::configure()
            .out_dir(&out_dir)
            .check(true)
            .compile(&["api.proto"], &[root])
    };
    check().unwrap();

    let drifted = format!("{}\n// Mine.\n", api_code(&out_dir));
    fs::write(out_dir.join("api.rs"), &drifted).unwrap();
    fs::rename(out_dir.join("rpc_protos.rs"), out_dir.join("old.rs")).unwrap();
    fs::write(out_dir.join("old.descriptor.bin"), b"").unwrap();
    fs::write(out_dir.join("mine.bin"), b"").unwrap();
    let error = check().unwrap_err();
    let mut messages: Vec<_> = error
        .diagnostics()
        .iter()
        .map(|each| each.message().to_owned())
        .collect();
    // The folder lists them in any order.
    messages[2..].sort();
    let file = |name: &str| out_dir.join(name).display().to_string();
    assert_eq!(
        messages,
        [
            format!("{} is not what the .proto files say", file("api.rs")),
            format!("{} is missing", file("rpc_protos.rs")),
            format!("{} is not generated any more", file("old.descriptor.bin")),
            format!("{} is not generated any more", file("old.rs")),
        ]
    );
    let help = error.diagnostics()[2].help().unwrap();
    assert!(help.starts_with("delete this file"), "{help}");
    assert_eq!(api_code(&out_dir), drifted);
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
            "google/protobuf/timestamp.proto",
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
