//! The systems under measurement.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// A server and a client in a package beside the runner's.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The name on the command line and in the JSON.
    pub(crate) name: &'static str,
    /// What the tables call it, apart from the version.
    title: &'static str,
    /// The crate whose version stands behind the title.
    library: Option<&'static str>,
    /// The folder of the package.
    pub(crate) folder: &'static str,
    /// The server's program.
    server: &'static str,
    /// The client's program.
    client: &'static str,
    /// Whether it uses a Unix socket instead of TCP.
    pub(crate) unix: bool,
    /// What it can do.
    pub(crate) ability: Ability,
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

/// All peers, in the order of the tables.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        title: "this project",
        ..Peer::new(NATIVE, Ability::CallsAndStreams)
    },
    Peer {
        title: "bare tokio echo",
        ..Peer::new("echo", Ability::CallsAndStreams)
    },
    Peer::library("tonic", Ability::CallsAndStreams),
    Peer::library("tarpc", Ability::Calls),
    Peer {
        title: "ttrpc, Unix socket",
        unix: true,
        ..Peer::library("ttrpc", Ability::CallsAndStreams)
    },
    Peer {
        title: "capnp-rpc",
        library: Some("capnp-rpc"),
        ..Peer::new("capnp", Ability::Calls)
    },
    Peer::library("connectrpc", Ability::CallsAndStreams),
    Peer {
        title: "jsonrpsee, WebSocket",
        ..Peer::library("jsonrpsee", Ability::CallsAndStreams)
    },
    Peer {
        name: "native-sync",
        title: "this project, sync proxy",
        client: "sync-client",
        ..Peer::new(NATIVE, Ability::OneCall)
    },
    Peer {
        title: "blocking std::net echo",
        ..Peer::new("echo-sync", Ability::OneCall)
    },
    Peer {
        name: "native-exclusive",
        title: "this project, exclusive pool of 64 connections",
        client: "exclusive-client",
        ..Peer::new(NATIVE, Ability::Variant)
    },
    Peer {
        name: "native-connect",
        title: "this project, a connection per call",
        client: "connect-client",
        ..Peer::new(NATIVE, Ability::Variant)
    },
    Peer {
        name: "native-unix",
        title: "this project, Unix socket",
        ..Peer::new(NATIVE, Ability::Variant).over_unix()
    },
    Peer {
        name: "native-sync-unix",
        title: "this project, sync proxy, Unix socket",
        client: "sync-client",
        ..Peer::new(NATIVE, Ability::Variant).over_unix()
    },
    Peer {
        name: "echo-sync-unix",
        title: "blocking std echo, Unix socket",
        ..Peer::new("echo-sync", Ability::Variant).over_unix()
    },
    Peer {
        name: "tonic-unix",
        title: "tonic, Unix socket",
        ..Peer::library("tonic", Ability::Variant).over_unix()
    },
    Peer {
        name: "tarpc-unix",
        title: "tarpc, Unix socket",
        ..Peer::library("tarpc", Ability::Variant).over_unix()
    },
];

impl Peer {
    /// A peer whose package has its name.
    const fn new(name: &'static str, ability: Ability) -> Self {
        Self {
            name,
            title: name,
            library: None,
            folder: name,
            server: "server",
            client: "client",
            unix: false,
            ability,
        }
    }

    /// The same with its server on a Unix socket, which its client knows by the address.
    const fn over_unix(self) -> Self {
        Self {
            server: "unix-server",
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
        locked_version(&self.package(), self.library?)
    }

    /// Builds the package with a cargo call and a target folder of its own: built together, cargo would unify features, and
    /// a peer would pay for what only another one asked for.
    pub(crate) fn build(&self, build: Build) -> anyhow::Result<()> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--quiet", "--release", "--locked"])
            .arg("--manifest-path")
            .arg(self.package().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target());
        if build == Build::CountingAllocations {
            cargo.args(["--features", "count-allocations"]);
        }
        let status = cargo.status().context("cargo did not start")?;
        ensure!(status.success(), "building {} failed", self.folder);
        Ok(())
    }

    /// The server's program.
    pub(crate) fn server(&self) -> PathBuf {
        self.program(self.server)
    }

    /// The client's program.
    pub(crate) fn client(&self) -> PathBuf {
        self.program(self.client)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.target().join("release").join(name)
    }

    fn package(&self) -> PathBuf {
        benches().join(self.folder)
    }

    fn target(&self) -> PathBuf {
        benches().join("target").join(self.folder)
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
