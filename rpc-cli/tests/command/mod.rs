//! The command as a process, in a folder of its own.
#![allow(
    dead_code,
    reason = "every test file is a crate of its own, and not each needs all"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A folder that is deleted in the end.
pub(crate) struct Folder(TempDir);

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(TempDir::with_prefix("rpc-cli-").unwrap())
    }

    /// One with the files of `text`: each begins with a line `--- path`.
    pub(crate) fn with(text: &str) -> Self {
        let folder = Self::new();
        folder.write_all("", text);
        folder
    }

    /// Writes the files of `text` below the folder `below`.
    pub(crate) fn write_all(&self, below: &str, text: &str) {
        for file in text.split("--- ").skip(1) {
            let (path, content) = file.split_once('\n').unwrap();
            self.write(Path::new(below).join(path.trim()), content);
        }
    }

    /// Writes one file.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads one file.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Runs `rpc` in it.
    pub(crate) fn rpc(&self, args: &[&str]) -> Outcome {
        self.run(Command::new(env!("CARGO_BIN_EXE_rpc")).args(args))
    }

    /// Runs `command` in it.
    pub(crate) fn run(&self, command: &mut Command) -> Outcome {
        let output = command
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Where the first finding is: path, line and column.
    pub(crate) fn first_place(&self) -> Option<String> {
        let findings = self.json();
        let finding = findings.first()?;
        let (path, line) = (finding["path"].as_str().unwrap(), &finding["line"]);
        Some(format!("{path}:{line}:{}", finding["column"]))
    }

    /// The rules that the findings are about.
    pub(crate) fn rules(&self) -> Vec<String> {
        let findings = self.json();
        let rules = findings.iter().map(|finding| finding["rule"].as_str());
        rules.map(|rule| rule.unwrap().to_owned()).collect()
    }
}
