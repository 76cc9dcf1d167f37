//! `rpc new`: what it makes builds and runs.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

mod command;

use command::Folder;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_new_project_passes_its_tests_and_serves_both_clients() {
    // In the target folder, so that what is built once is there the next time.
    let around = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let project = around.join("new-project");
    let target = around.join("new-project-target");
    let _ = fs::remove_dir_all(&project);
    let outcome = Folder::new().rpc(&[
        "new",
        project.to_str().unwrap(),
        "--path",
        repository().to_str().unwrap(),
    ]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    // The same versions as everywhere else.
    fs::copy(repository().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let cargo = |args: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .args(args)
            .arg("--offline")
            .current_dir(&project)
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .env("RUSTFLAGS", "-D warnings")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    cargo(&["test"]);
    cargo(&["build"]);

    let server = Command::new(target.join("debug/server"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Running(server.unwrap());
    let mut line = String::new();
    let output = server.0.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("serving on ").unwrap();
    for client in ["client", "async_client"] {
        let output = Command::new(target.join("debug").join(client))
            .args([address, "you"])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "Hello you\n",
            "{client}"
        );
    }
}

/// A folder with the new project `my-service`.
fn my_service() -> Folder {
    let folder = Folder::new();
    folder.rpc(&[
        "new",
        "my-service",
        "--path",
        repository().to_str().unwrap(),
    ]);
    folder
}

#[test]
fn the_schema_of_a_new_project_breaks_no_rule() {
    let folder = my_service();
    let found = folder.rpc(&["lint", "my-service/proto"]);
    assert_eq!((found.code, &*found.stdout), (0, ""), "{found:?}");
}

#[test]
fn a_name_with_hyphens_has_underscores_in_rust() {
    let folder = my_service();
    assert!(
        folder
            .read("my-service/Cargo.toml")
            .contains("name = \"my-service\"")
    );
    assert!(
        folder
            .read("my-service/src/bin/server.rs")
            .contains("use my_service::Greeter;")
    );
    let files = ["Cargo.toml", "README.md", "src/lib.rs", "tests/greeter.rs"];
    assert!(
        files
            .iter()
            .all(|file| !folder.read(format!("my-service/{file}")).contains("__name"))
    );
}

#[test]
fn nothing_is_written_over_what_exists() {
    let folder = Folder::with("--- greeter/notes.txt\nmine\n");
    let found = folder.rpc(&["new", "greeter"]);
    assert_eq!(found.code, 6);
    assert!(
        found.stderr.contains("error: greeter exists already"),
        "{found:?}"
    );
    assert_eq!(
        fs::read_dir(folder.path().join("greeter")).unwrap().count(),
        1
    );
}

#[test]
fn names_that_no_crate_can_have_are_refused() {
    let folder = Folder::new();
    for (name, why) in [
        ("1st", "it does not begin with a letter"),
        (
            "a.b",
            "it has other characters than letters, digits, - and _",
        ),
        ("match", "Rust uses it for something else"),
        ("proc-macro", "Rust uses it for something else"),
        ("tokio", "the project depends on the crate of this name"),
    ] {
        let found = folder.rpc(&["new", name]);
        assert_eq!(found.code, 2, "{name}");
        assert!(found.stderr.contains(why), "{found:?}");
        assert!(!folder.path().join(name).exists());
    }
    let found = folder.rpc(&[
        "new",
        "1st",
        "--name",
        "first",
        "--path",
        repository().to_str().unwrap(),
    ]);
    assert_eq!(found.code, 0, "{found:?}");
}

#[test]
fn a_folder_that_is_no_repository_is_told_so() {
    let found = Folder::new().rpc(&["new", "greeter", "--path", "."]);
    assert_eq!(found.code, 6);
    assert!(
        found
            .stderr
            .contains(". has no folders rpc-runtime and rpc-build"),
        "{found:?}"
    );
}

#[test]
fn the_repository_is_found_in_which_the_command_was_built() {
    let folder = Folder::new();
    let elsewhere = folder.path().join("rpc");
    fs::copy(env!("CARGO_BIN_EXE_rpc"), &elsewhere).unwrap();
    let outcome = folder.run(Command::new(elsewhere).args(["new", "greeter"]));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(folder.read("greeter/Cargo.toml").contains("rpc-runtime"));
}
