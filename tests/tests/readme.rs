//! The files that README.md shows, built and run as a newcomer would.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The fenced blocks that stand below a line with nothing but a file name.
fn files(readme: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut name = None;
    let mut block: Option<String> = None;
    for line in readme.lines() {
        match (&mut block, line) {
            (Some(_), "```") => files.extend(name.take().zip(block.take())),
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, line) if line.starts_with("```") => block = name.is_some().then(String::new),
            (None, "") => {}
            (None, line) => {
                let inner = line
                    .strip_prefix('`')
                    .and_then(|line| line.strip_suffix('`'));
                name = inner
                    .filter(|inner| !inner.contains('`'))
                    .map(str::to_owned);
            }
        }
    }
    files
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
fn the_service_of_the_readme_builds_and_runs() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let files = files(&readme);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Cargo.toml",
            "proto/hello.proto",
            "build.rs",
            "src/lib.rs",
            "src/bin/server.rs",
            "src/bin/client.rs"
        ]
    );

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    // A port of its own, so that the test can run beside anything else.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("127.0.0.1:{port}");
    for (name, text) in files {
        let text = text.replace("../rpc/", &format!("{}/", workspace().display()));
        let text = text.replace("127.0.0.1:8000", &address);
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // The same versions as everywhere else, and a workspace of its own.
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    fs::write(
        folder.join("Cargo.toml"),
        format!("{manifest}\n[workspace]\n"),
    )
    .unwrap();

    let build = Command::new(env!("CARGO"))
        .args(["build", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .output()
        .unwrap();
    assert!(
        build.status.success(),
        "{}",
        String::from_utf8_lossy(&build.stderr)
    );

    let bin = folder.join("target/debug");
    let _server = Running(
        Command::new(bin.join("server"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&address).is_err() {
        assert!(Instant::now() < deadline, "the server does not listen");
        std::thread::yield_now();
    }
    let mut client = Running(
        Command::new(bin.join("client"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let output = BufReader::new(client.0.stdout.take().unwrap());
    let mut lines: Vec<_> = output.lines().map(Result::unwrap).collect();
    assert!(client.0.wait().unwrap().success());
    lines.sort();
    // The callback prints whenever it likes, or not at all if the program ends first.
    lines.retain(|line| !line.starts_with("Ok("));
    assert_eq!(lines, ["Hello async", "Hello future", "Hello world"]);
}
