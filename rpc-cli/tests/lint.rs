//! `rpc lint` as people and scripts use it.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod command;

use command::Folder;

const BAD: &str = "--- shop/v1/shop.proto
syntax = \"proto3\";
package shop.v1;

message Item {
  string itemName = 1;
}
";

#[test]
fn a_finding_shows_the_place_the_rule_the_line_and_the_reason() {
    let found = Folder::with(BAD).rpc(&["lint"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert_eq!(
        found.stdout,
        "shop/v1/shop.proto:5:10: FIELD_LOWER_SNAKE_CASE: field itemName should be item_name: lower_snake_case
  5 |   string itemName = 1;
    |          ^^^^^^^^
    = names in generated code and in JSON are made of it, which needs to know its words
"
    );
    assert_eq!(found.stderr, "1 finding\n");
}

#[test]
fn nothing_is_said_of_what_is_right() {
    let folder = Folder::with(&BAD.replace("itemName", "item_name"));
    let found = folder.rpc(&["lint"]);
    assert_eq!((found.code, &*found.stdout, &*found.stderr), (0, "", ""));
}

#[test]
fn colors_are_for_terminals_and_for_those_who_ask() {
    let folder = Folder::with(BAD);
    assert!(!folder.rpc(&["lint"]).stdout.contains('\x1b'));
    assert!(
        folder
            .rpc(&["lint", "--color", "always"])
            .stdout
            .contains('\x1b')
    );
}

#[test]
fn the_folder_proto_is_looked_at_if_there_is_one() {
    let folder = Folder::new();
    folder.write_all("proto", BAD);
    folder.write_all("elsewhere", BAD);
    let found = folder.rpc(&["lint", "--json"]);
    assert_eq!(found.json()[0]["path"], "proto/shop/v1/shop.proto");
    assert_eq!(found.json().len(), 1);
}

#[test]
fn a_file_is_found_in_the_usual_folder_too() {
    let folder = Folder::new();
    folder.write_all("proto", BAD);
    let found = folder.rpc(&["lint", "--json", "proto/shop/v1/shop.proto"]);
    assert_eq!(found.rules(), ["FIELD_LOWER_SNAKE_CASE"]);
}

#[test]
fn files_that_are_only_imported_are_not_checked() {
    let folder = Folder::with(
        "--- own/a.proto\nsyntax = \"proto3\"; package a;\nimport \"b.proto\"; message A { b.M b = 1; }\n\
         --- other/b.proto\nsyntax = \"proto3\"; package b; message M { int32 badName = 1; }",
    );
    let args = ["lint", "own", "-I", "own", "-I", "other", "--rule", "BASIC"];
    let found = folder.rpc(&[&args[..], &["--except", "MINIMAL", "--json"]].concat());
    assert_eq!((found.code, &*found.stdout), (0, ""), "{found:?}");
}

#[test]
fn a_comment_allows_what_is_below_it() {
    for comment_before in ["message Item", "  string itemName", "package", "syntax"] {
        let comment = format!("// buf:lint:ignore FIELD_LOWER_SNAKE_CASE\n{comment_before}");
        let folder = Folder::with(&BAD.replace(comment_before, &comment));
        let found = folder.rpc(&["lint"]);
        assert_eq!(found.code, 0, "before {comment_before}: {found:?}");
    }
    let other = BAD.replace(
        "  string",
        "// buf:lint:ignore FIELD_NOT_REQUIRED\n  string",
    );
    assert_eq!(Folder::with(&other).rpc(&["lint"]).code, 1);
}

#[test]
fn a_misspelled_rule_is_told_with_the_one_that_was_meant() {
    let found = Folder::with(BAD).rpc(&["lint", "--rule", "FIELD_LOWER_SNAKECASE"]);
    assert_eq!(found.code, 2);
    assert_eq!(
        found.stderr,
        "error: there is no rule and no category FIELD_LOWER_SNAKECASE\n  help: did you mean FIELD_LOWER_SNAKE_CASE?\n"
    );
}

#[test]
fn a_mistake_in_the_schema_is_shown_as_the_compiler_shows_it() {
    let folder = Folder::with(
        "--- a.proto\nsyntax = \"proto3\";\nmessage A { Itm item = 1; }\nmessage Item {}",
    );
    let found = folder.rpc(&["lint"]);
    assert_eq!(found.code, 5);
    assert!(
        found
            .stderr
            .contains("a.proto:2:13: name 'Itm' is not defined"),
        "{found:?}"
    );
    assert!(
        found.stderr.contains("help: did you mean 'Item'?"),
        "{found:?}"
    );
    assert!(
        found.stderr.contains("error: the schema has a mistake"),
        "{found:?}"
    );
    let found = folder.rpc(&["lint", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&found.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "schema");
    assert_eq!(error["error"]["mistakes"][0]["line"], 2);
}

#[test]
fn a_folder_without_protos_is_unusable_input() {
    let folder = Folder::new();
    for (args, message) in [
        (&["lint"][..], "there is no .proto file in ."),
        (&["lint", "nowhere"], "there is no file or folder nowhere"),
        (&["lint", "-I", "nowhere"], "there is no folder nowhere"),
    ] {
        let found = folder.rpc(args);
        assert_eq!(found.code, 6);
        assert!(found.stderr.contains(message), "{found:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::with(BAD);
    let mut shell = std::process::Command::new("sh");
    let script = "\"$0\" lint --list-rules | true; \"$0\" lint --list-rules 2>&1 >&- | cat";
    let found = folder.run(shell.args(["-c", script, env!("CARGO_BIN_EXE_rpc")]));
    assert!(!found.stdout.contains("panicked"), "{found:?}");
    assert!(!found.stderr.contains("panicked"), "{found:?}");
}

#[test]
fn wrong_usage_is_told_as_json_to_programs() {
    let found = Folder::new().rpc(&["lint", "--json", "--no-such-flag"]);
    assert_eq!((found.code, &*found.stdout), (2, ""), "{found:?}");
    let said: serde_json::Value = serde_json::from_str(&found.stderr).unwrap();
    assert_eq!(said["error"]["kind"], "usage");
    let message = said["error"]["message"].as_str().unwrap();
    assert!(message.contains("--no-such-flag"), "{message}");
}

#[test]
fn a_descriptor_set_without_places_does_not_tell_of_its_syntax() {
    let folder = Folder::new();
    // A file `a.proto`, of which nothing else is said.
    folder.write("set.binpb", "\n\t\n\u{7}a.proto");
    let found = folder.rpc(&["lint", "set.binpb", "--rule", "SYNTAX_SPECIFIED"]);
    assert_eq!((found.code, &*found.stdout), (0, ""), "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_is_not_followed_for_ever() {
    let folder = Folder::with(BAD);
    std::os::unix::fs::symlink("..", folder.path().join("shop/back")).unwrap();
    let found = folder.rpc(&["lint", "--json"]);
    assert_eq!(found.rules(), ["FIELD_LOWER_SNAKE_CASE"], "{found:?}");
}
