//! docs/limits.md lists exactly the limits that there are.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The limits in the first column of a section's table.
fn documented(section: &str) -> BTreeSet<String> {
    let document = fs::read_to_string(project().join("docs/limits.md")).unwrap();
    let (_, section) = document.split_once(section).expect("the section is there");
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| "));
    let names = cells.flat_map(|row| {
        let cell = row.split('|').next().unwrap();
        cell.split('`').skip(1).step_by(2).map(str::to_owned)
    });
    names.filter(|name| is_limit(name)).collect()
}

/// The limits among the options of a builder in the files of a folder.
fn in_code(folder: &str) -> BTreeSet<String> {
    let folder = project().join("rpc-runtime/src").join(folder);
    let mut limits = BTreeSet::new();
    let files = [
        "builder.rs",
        "builder/mod.rs",
        "builder/connections.rs",
        "compression.rs",
        "pool_options.rs",
    ];
    for file in files {
        let Ok(code) = fs::read_to_string(folder.join(file)) else {
            continue;
        };
        let options = code.lines().filter_map(|line| {
            let name = line.trim().strip_prefix("pub fn ")?;
            let (name, receiver) = name.split_once('(')?;
            let is_option = receiver.starts_with("self") || receiver.starts_with("mut self");
            is_option.then_some(name)
        });
        limits.extend(options.filter(|name| is_limit(name)).map(str::to_owned));
    }
    limits
}

fn is_limit(name: &str) -> bool {
    let ends = ["timeout", "_interval", "_grace"];
    let is_named_so = name.starts_with("max_") || ends.iter().any(|end| name.ends_with(end));
    is_named_so && name != "no_timeout"
}

#[test]
fn every_limit_of_a_server_is_documented_and_every_documented_one_exists() {
    assert_eq!(documented("## Of a server"), in_code("server"));
}

#[test]
fn every_limit_of_a_channel_is_documented_and_every_documented_one_exists() {
    assert_eq!(documented("## Of a channel"), in_code("client"));
}
