//! `rpc generate` as people and scripts use it.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod command;

use command::Folder;

const HELLO: &str = "--- proto/hello.proto
syntax = \"proto3\";
package helloworld;

// Greets people.
service Hello {
  rpc Hello(HelloRequest) returns (HelloReply);
}
message HelloRequest { string msg = 1; }
message HelloReply { string msg = 1; }
";

#[test]
fn the_code_is_what_a_build_script_writes() {
    let folder = Folder::with(HELLO);
    let found = folder.rpc(&["generate", "--out", "generated"]);
    assert_eq!((found.code, &*found.stderr), (0, ""), "{found:?}");
    let written = [
        "wrote generated/helloworld.descriptor.bin",
        "wrote generated/helloworld.rs",
        "wrote generated/rpc_protos.rs",
    ];
    assert_eq!(found.stdout.lines().collect::<Vec<_>>(), written);

    let out = folder.path().join("by_build_script");
    rpc_build::configure()
        .out_dir(&out)
        .runtime_path("::rpc_runtime")
        .compile(
            &[folder.path().join("proto/hello.proto")],
            &[folder.path().join("proto")],
        )
        .unwrap();
    let by_build_script = std::fs::read_to_string(out.join("helloworld.rs")).unwrap();
    // Only a path that is relative is of use to others.
    let by_build_script = by_build_script.replace("// hello.proto", "// proto/hello.proto");
    assert!(folder.read("generated/helloworld.rs") == by_build_script);
}

#[test]
fn files_that_did_not_change_are_not_written_again() {
    let folder = Folder::with(HELLO);
    folder.rpc(&["generate", "--out", "generated"]);
    let again = folder.rpc(&["generate", "--out", "generated"]);
    assert_eq!((again.code, &*again.stdout), (0, ""));
}

#[test]
fn a_check_of_what_is_up_to_date_says_nothing() {
    let folder = Folder::with(HELLO);
    folder.rpc(&["generate", "--out", "generated"]);
    let found = folder.rpc(&["generate", "--out", "generated", "--check"]);
    assert_eq!((found.code, &*found.stdout, &*found.stderr), (0, "", ""));
}

#[test]
fn a_check_shows_what_drifted_and_writes_nothing() {
    let folder = Folder::with(HELLO);
    folder.rpc(&["generate", "--out", "generated"]);
    let before = folder.read("generated/helloworld.rs");
    folder.write_all(
        "",
        &HELLO.replace("// Greets people.", "// Greets everybody."),
    );
    let found = folder.rpc(&["generate", "--out", "generated", "--check"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(
        found
            .stdout
            .starts_with("changed generated/helloworld.rs\n--- generated/"),
        "{found:?}"
    );
    assert!(
        found
            .stdout
            .contains("\n-/// Greets people.\n+/// Greets everybody.\n"),
        "{found:?}"
    );
    assert!(found.stderr.contains("without --check"), "{found:?}");
    assert_eq!(folder.read("generated/helloworld.rs"), before);
}

#[test]
fn a_check_finds_files_that_are_missing_or_outdated() {
    let folder = Folder::with(HELLO);
    folder.rpc(&["generate", "--out", "generated"]);
    folder.write_all("", &HELLO.replace("helloworld", "greetings"));
    let found = folder.rpc(&["generate", "--out", "generated", "--check", "--json"]);
    let states: Vec<_> = found
        .json()
        .iter()
        .map(|file| (file["state"].to_string(), file["path"].to_string()))
        .filter(|(_, path)| path.ends_with("s\""))
        .collect();
    let states: Vec<_> = states
        .iter()
        .map(|(state, path)| format!("{state} {path}"))
        .collect();
    assert_eq!(
        states,
        [
            "\"missing\" \"generated/greetings.rs\"",
            "\"changed\" \"generated/rpc_protos.rs\"",
            "\"outdated\" \"generated/helloworld.rs\"",
        ]
    );
    assert_eq!(found.code, 1);

    // Written or not, what is outdated stays.
    let found = folder.rpc(&["generate", "--out", "generated", "--json"]);
    assert!(found.stdout.contains("\"outdated\""), "{found:?}");
    let found = folder.rpc(&["generate", "--out", "generated", "--check"]);
    assert_eq!(found.code, 1);
    assert!(found.stderr.contains("delete them"), "{found:?}");
    assert!(!found.stderr.contains("without --check"), "{found:?}");
}

#[test]
fn one_half_of_services_can_be_asked_for() {
    let folder = Folder::with(HELLO);
    folder.rpc(&["generate", "--out", "client", "--only", "client"]);
    folder.rpc(&["generate", "--out", "server", "--only", "server"]);
    let (client, server) = (
        folder.read("client/helloworld.rs"),
        folder.read("server/helloworld.rs"),
    );
    assert!(client.contains("HelloClientProxy") && !client.contains("trait Hello"));
    assert!(!server.contains("HelloClientProxy") && server.contains("trait Hello"));
}

#[test]
fn all_packages_fit_in_one_file() {
    let folder = Folder::with(HELLO);
    folder.rpc(&[
        "generate",
        "--out",
        "generated",
        "--single-file",
        "protos.rs",
    ]);
    assert!(
        folder
            .read("generated/protos.rs")
            .contains("pub mod helloworld")
    );
}

#[test]
fn an_extern_type_without_its_dot_is_wrong_usage() {
    let found = Folder::with(HELLO).rpc(&["generate", "--out", "x", "--extern", "a.B=c"]);
    assert_eq!(found.code, 2);
    assert!(
        found.stderr.contains("a.B has no dot in front: .a.B=c"),
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_generated_is_a_mistake_in_the_schema() {
    let clash = "message hello_reply { string msg = 1; }";
    let folder = Folder::with(&format!("{HELLO}{clash}"));
    let found = folder.rpc(&["generate", "--out", "generated"]);
    assert_eq!(found.code, 5, "{found:?}");
    assert!(found.stderr.contains("proto/hello.proto:10:"), "{found:?}");
}
