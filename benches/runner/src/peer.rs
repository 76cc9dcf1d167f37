//! The systems under measurement.

mod list;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

pub(crate) use list::PEERS;

/// A server and a client.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The name on the command line and in the JSON.
    pub(crate) name: &'static str,
    /// What the tables call it, apart from the version.
    title: &'static str,
    /// The crate whose version stands behind the title. It is in the package of the client.
    library: Option<&'static str>,
    /// The server's program.
    server: Program,
    /// The client's program.
    client: Program,
    /// Whether it uses a Unix socket instead of TCP.
    pub(crate) unix: bool,
    /// What it can do.
    pub(crate) ability: Ability,
}

/// A program of a package beside the runner's.
#[derive(Debug, Clone, Copy)]
struct Program {
    /// The folder of the package.
    folder: &'static str,
    name: &'static str,
}

/// What a peer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ability {
    /// One call at a time, because the client blocks.
    OneCall,
    /// Unary calls.
    Calls,
    /// Unary calls and server streams.
    CallsAndStreams,
    /// Unary calls, but it is another peer in other circumstances and takes part only where a load names it.
    Variant,
}

/// The peer that all others are compared with, and the folder of its variants.
pub(crate) const NATIVE: &str = "native";

/// The folder of this project with every protocol that it has.
const GATEWAYS: &str = "gateways";

impl Peer {
    /// A peer whose package has its name.
    const fn new(name: &'static str, ability: Ability) -> Self {
        Self {
            name,
            title: name,
            library: None,
            server: Program::new(name, "server"),
            client: Program::new(name, "client"),
            unix: false,
            ability,
        }
    }

    /// The same with its server on a Unix socket, which its client knows by the address.
    const fn over_unix(self) -> Self {
        Self {
            server: Program::new(self.server.folder, "unix-server"),
            unix: true,
            ..self
        }
    }

    /// A peer that is a library of the same name.
    const fn library(name: &'static str, ability: Ability) -> Self {
        Self {
            library: Some(name),
            ..Self::new(name, ability)
        }
    }

    /// Whether this project is one side of it at least.
    pub(crate) fn is_ours(&self) -> bool {
        let folders = self.folders();
        folders.contains(&NATIVE) || folders.contains(&GATEWAYS)
    }

    /// Whether it is an RPC system of others; what is neither this nor ours is a yardstick.
    pub(crate) fn is_rival(&self) -> bool {
        self.library.is_some()
    }

    /// The name in the tables, with the version of the library.
    pub(crate) fn title(&self) -> String {
        match self.version() {
            Some(version) => format!("{} {version}", self.title),
            None => self.title.to_owned(),
        }
    }

    /// The version of the library that `Cargo.lock` says.
    pub(crate) fn version(&self) -> Option<String> {
        locked_version(&package(self.client.folder), self.library?)
    }

    /// The folders of its packages.
    pub(crate) fn folders(&self) -> [&'static str; 2] {
        [self.server.folder, self.client.folder]
    }

    /// The server's program.
    pub(crate) fn server(&self) -> PathBuf {
        self.server.path()
    }

    /// The client's program.
    pub(crate) fn client(&self) -> PathBuf {
        self.client.path()
    }
}

impl Program {
    const fn new(folder: &'static str, name: &'static str) -> Self {
        Self { folder, name }
    }

    fn path(self) -> PathBuf {
        target(self.folder).join("release").join(self.name)
    }
}

/// What a peer's programs are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Being timed.
    Plain,
    /// Counting what they allocate.
    CountingAllocations,
}

/// Builds the package of a folder with a cargo call and a target folder of its own: built together, cargo would unify features, and a
/// peer would pay for what only another one asked for.
pub(crate) fn build(folder: &str, build: Build) -> anyhow::Result<()> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "--release", "--locked"])
        .arg("--manifest-path")
        .arg(package(folder).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target(folder));
    if build == Build::CountingAllocations {
        cargo.args(["--features", "count-allocations"]);
    }
    let status = cargo.status().context("cargo did not start")?;
    ensure!(status.success(), "building {folder} failed");
    Ok(())
}

fn package(folder: &str) -> PathBuf {
    benches().join(folder)
}

fn target(folder: &str) -> PathBuf {
    benches().join("target").join(folder)
}

/// The version of a crate that a package's `Cargo.lock` says.
pub(crate) fn locked_version(package: &Path, name: &str) -> Option<String> {
    let lock = fs::read_to_string(package.join("Cargo.lock")).ok()?;
    let entry = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry)?;
    let (version, _) = rest.split_once('"')?;
    Some(version.to_owned())
}

/// The folder that holds the runner and all peers.
pub(crate) fn benches() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_has_a_version() {
        for peer in PEERS.iter().filter(|peer| peer.library.is_some()) {
            assert!(peer.version().is_some(), "{}", peer.name);
        }
    }
}
