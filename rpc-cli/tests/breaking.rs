//! `rpc breaking` as people and scripts use it.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::process::Command;

mod command;

use command::{Folder, Outcome};

const OLD: &str = "--- proto/shop/v1/shop.proto
syntax = \"proto3\";
package shop.v1;
import \"shop/v1/price.proto\";

message Item {
  string name = 1;
  Price price = 2;
}
--- proto/shop/v1/price.proto
syntax = \"proto3\";
package shop.v1;

message Price {
  int64 cents = 1;
}
";

fn changed() -> String {
    OLD.replace("  string name = 1;\n", "")
}

/// A repository with one commit that has `OLD`, in which the files have changed since. None without git.
fn repository() -> Option<Folder> {
    Command::new("git").arg("--version").output().ok()?;
    let folder = Folder::with(OLD);
    for args in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a",
            "commit",
            "--quiet",
            "-m",
            "a",
        ],
        &["tag", "v1"],
    ] {
        let outcome = git(&folder, args);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    folder.write_all("", &changed());
    Some(folder)
}

fn git(folder: &Folder, args: &[&str]) -> Outcome {
    folder.run(
        Command::new("git")
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null"),
    )
}

#[test]
fn a_finding_says_where_it_is_where_it_was_and_whom_it_breaks() {
    let Some(folder) = repository() else { return };
    let found = folder.rpc(&["breaking", "--against", "main"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert_eq!(
        found.stdout,
        "proto/shop/v1/shop.proto:5:9: FIELD_NO_DELETE: field 1 (name) of shop.v1.Item was deleted (it was at main:proto/shop/v1/shop.proto:6)
  5 | message Item {
    |         ^^^^
    = code that uses the field does not compile any more, and what old clients send in it is lost
"
    );
}

#[test]
fn a_commit_is_named_by_branch_tag_hash_or_expression() {
    let Some(folder) = repository() else { return };
    for reference in ["main", "v1", "HEAD", "git:main", "main~0"] {
        let found = folder.rpc(&["breaking", "--against", reference, "--json"]);
        assert_eq!(found.rules(), ["FIELD_NO_DELETE"], "{reference}: {found:?}");
    }
}

#[test]
fn neither_files_nor_the_index_of_the_repository_change() {
    let Some(folder) = repository() else { return };
    let before = git(&folder, &["status", "--porcelain"]).stdout;
    folder.rpc(&["breaking", "--against", "main"]);
    assert_eq!(git(&folder, &["status", "--porcelain"]).stdout, before);
    assert!(!folder.read("proto/shop/v1/shop.proto").contains("name"));
}

#[test]
fn paths_are_looked_up_in_the_commit_from_the_current_folder() {
    let Some(folder) = repository() else { return };
    let rpc = env!("CARGO_BIN_EXE_rpc");
    let script = "cd proto && \"$0\" breaking shop --against main --json -I .";
    let found = folder.run(Command::new("sh").args(["-c", script, rpc]));
    assert_eq!(found.rules(), ["FIELD_NO_DELETE"], "{found:?}");
    let proto = folder.path().canonicalize().unwrap().join("proto");
    let found = folder.rpc(&[
        "breaking",
        proto.to_str().unwrap(),
        "--against",
        "main",
        "--json",
    ]);
    assert_eq!(found.rules(), ["FIELD_NO_DELETE"], "{found:?}");
}

#[test]
fn a_folder_is_compared_with_by_the_names_of_its_files() {
    let folder = Folder::with(&changed());
    folder.write_all("old", OLD);
    let found = folder.rpc(&["breaking", "--against", "old/proto", "--json"]);
    assert_eq!(found.rules(), ["FIELD_NO_DELETE"], "{found:?}");
}

#[test]
fn descriptor_sets_are_compared_without_their_sources() {
    let folder = Folder::with(OLD);
    let set = |name: &str| {
        rpc_build::Schema::load(
            &[folder.path().join("proto/shop/v1/shop.proto")],
            &[folder.path().join("proto")],
        )
        .map(|schema| std::fs::write(folder.path().join(name), schema.file_descriptor_set()))
        .unwrap()
        .unwrap();
    };
    set("old.binpb");
    folder.write_all("", &changed());
    set("new.binpb");
    let found = folder.rpc(&["breaking", "new.binpb", "--against", "old.binpb", "--json"]);
    assert_eq!(found.rules(), ["FIELD_NO_DELETE"], "{found:?}");
    assert_eq!(found.json()[0]["path"], "shop/v1/shop.proto");
    assert_eq!(found.json()[0]["line"], 5);
    let found = folder.rpc(&[
        "breaking",
        "--against",
        "old.binpb",
        "--rule",
        "WIRE",
        "--json",
    ]);
    assert_eq!(found.rules(), ["FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"]);
}

#[test]
fn what_breaks_nobody_is_no_finding() {
    let Some(folder) = repository() else { return };
    folder.write_all("", &OLD.replace("2;", "2;\n  int32 amount = 3;"));
    let found = folder.rpc(&["breaking", "--against", "main"]);
    assert_eq!((found.code, &*found.stdout, &*found.stderr), (0, "", ""));
}

#[test]
fn a_name_that_is_nothing_is_told_so() {
    let Some(folder) = repository() else { return };
    let found = folder.rpc(&["breaking", "--against", "mian"]);
    assert_eq!(found.code, 6);
    assert!(
        found
            .stderr
            .contains("mian is no file, no folder, and no commit of this git repository"),
        "{found:?}"
    );
}

#[test]
fn outside_of_a_repository_git_says_so() {
    let Some(folder) = repository() else { return };
    let mut rpc = Command::new(env!("CARGO_BIN_EXE_rpc"));
    rpc.args(["breaking", "--against", "main"]);
    let found = folder.run(
        rpc.env("GIT_CEILING_DIRECTORIES", folder.path())
            .env("GIT_DIR", "nowhere"),
    );
    assert_eq!(found.code, 6, "{found:?}");
    assert!(found.stderr.contains("git failed: "), "{found:?}");
}

#[test]
fn without_git_it_is_said_what_to_do() {
    let Some(folder) = repository() else { return };
    let found = folder.run(
        Command::new(env!("CARGO_BIN_EXE_rpc"))
            .args(["breaking", "--against", "main"])
            .env("PATH", ""),
    );
    assert_eq!(found.code, 2);
    assert!(found.stderr.contains("cannot run git"), "{found:?}");
    assert!(found.stderr.contains("help: install git"), "{found:?}");
}

#[test]
fn files_that_the_old_commit_has_elsewhere_are_told() {
    let Some(folder) = repository() else { return };
    folder.write_all("moved", &changed());
    let found = folder.rpc(&["breaking", "moved/proto", "--against", "main"]);
    assert_eq!(found.code, 6, "{found:?}");
    assert!(
        found.stderr.contains("main cannot be compared with"),
        "{found:?}"
    );
    assert!(
        found.stderr.contains("were the files elsewhere then?"),
        "{found:?}"
    );
}

#[test]
fn a_mistake_in_the_old_schema_is_told_from_one_in_the_new() {
    let folder = Folder::with(OLD);
    folder.write("old/a.proto", "syntax = \"proto3\"; message {}");
    let found = folder.rpc(&["breaking", "--against", "old"]);
    assert_eq!(found.code, 5);
    assert!(
        found.stderr.contains("error: the old schema, old: "),
        "{found:?}"
    );
}
