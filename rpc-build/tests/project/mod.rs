//! Cargo projects that tests write and build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A user's dependency on the runtime, under another name.
pub(crate) const RENAMED_RUNTIME: &str =
    r#"wire = { package = "rpc-runtime", path = "{rpc}/rpc-runtime" }"#;

/// A cargo workspace in a folder of its own.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
}

impl Project {
    /// Writes `files`, each a path with its content, in which `{rpc}` stands for this repository.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let tests = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
        let project = Self {
            folder: tests.join(name),
        };
        let _ = fs::remove_dir_all(&project.folder);
        for (path, content) in files {
            project.write(
                path,
                &content.replace("{rpc}", repository().to_str().unwrap()),
            );
        }
        // The same versions as everywhere else.
        let lock = repository().join("Cargo.lock");
        fs::copy(lock, project.folder.join("Cargo.lock")).unwrap();
        project
    }

    /// A project of one package, with these dependencies, whose build script may use `rpc-build`.
    pub(crate) fn package(name: &str, dependencies: &str, files: &[(&str, &str)]) -> Self {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [dependencies]\n{dependencies}\n\
             [build-dependencies]\nrpc-build = {{ path = \"{{rpc}}/rpc-build\" }}\n\
             [workspace]\n"
        );
        Self::new(name, &[&[("Cargo.toml", &*manifest)], files].concat())
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs `cargo build`. All projects share what is built for them.
    pub(crate) fn build(&self) -> Output {
        Command::new(env!("CARGO"))
            .args(["build", "--offline", "--verbose"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.with_file_name("target"))
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .output()
            .unwrap()
    }
}

/// A build script that compiles one file in the folder `proto`.
pub(crate) fn compiles(proto: &str) -> String {
    format!(
        "fn main() -> rpc_build::Result<()> {{\n    \
         rpc_build::compile(&[\"proto/{proto}\"], &[\"proto\"])\n}}\n"
    )
}

fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
