//! Layers point one way, and ARCHITECTURE.md shows the same layers.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of each crate from the ground up. What stands in one row does not know each other.
const LAYERS: [(&str, &[&[&str]]); 2] = [
    (
        "rpc-wire",
        &[
            &["limits", "memory"],
            &["code", "metadata", "method"],
            &["status"],
            &["frame"],
            &["session"],
        ],
    ),
    (
        "rpc-runtime",
        &[
            &["nearest", "shown"],
            &[
                "signal",
                "unwind",
                "transport",
                "codec",
                "compression",
                "grpc",
                "json",
                "jsonrpc",
            ],
            &["connection", "call", "dynamic"],
            &["middleware", "pool", "retry"],
            &["client", "server"],
            &["http", "exchange", "local"],
            &["codegen"],
            &["builtin"],
            &["gateway"],
            &["config"],
        ],
    ),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The modules that a line names behind `crate::`.
fn named_modules(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn no_module_knows_what_stands_above_or_beside_it() {
    let mut wrong = Vec::new();
    for (krate, layers) in LAYERS {
        let rank = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        let source = workspace().join(krate).join("src");
        for file in rust_files(&source) {
            let relative = file.strip_prefix(&source).unwrap();
            let first = relative.iter().next().unwrap().to_str().unwrap();
            let module = first.strip_suffix(".rs").unwrap_or(first);
            let Some(own) = rank(module) else {
                assert!(
                    matches!(module, "lib" | "macros"),
                    "{krate}: the module {module} has no layer"
                );
                continue;
            };
            for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                for named in named_modules(line).filter(|named| *named != module) {
                    if rank(named).is_some_and(|other| other >= own) {
                        wrong.push(format!(
                            "{}:{}: {module} uses {named}",
                            file.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports against the layers:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn gateways_do_not_know_each_other() {
    let gateways = workspace().join("rpc-runtime/src/gateway");
    let folders = fs::read_dir(&gateways).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        for file in rust_files(&folder) {
            for line in fs::read_to_string(&file).unwrap().lines() {
                assert!(
                    !line.contains("crate::gateway"),
                    "{}: what gateways share is not theirs: {line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_map_shows_the_layers() {
    let map = fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    for (krate, layers) in LAYERS {
        let rows: Vec<_> = layers.iter().map(|layer| layer.join(" | ")).collect();
        let line = format!("{krate}: {}", rows.join(" -> "));
        assert!(map.contains(&line), "ARCHITECTURE.md has no line\n{line}");
    }
}

#[test]
fn the_core_of_the_protocol_depends_on_nothing_that_does_io() {
    let manifest = fs::read_to_string(workspace().join("rpc-wire/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let names: Vec<_> = dependencies
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .collect();
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(names, ["bytes", "crc32c", "prost"]);
    for file in rust_files(&workspace().join("rpc-wire/src")) {
        let text = fs::read_to_string(&file).unwrap();
        for forbidden in [
            "std::net",
            "std::fs",
            "std::thread",
            "Instant::now",
            "SystemTime",
        ] {
            let in_code = text
                .lines()
                .take_while(|line| !line.contains("#[cfg(test)]"));
            let found = in_code
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| line.contains(forbidden));
            let is_test = file.components().any(|part| part.as_os_str() == "tests");
            assert!(!found || is_test, "{} uses {forbidden}", file.display());
        }
    }
}
