//! The systems under measurement.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use bench_common::Workload;

use crate::process::{Client, Server};
use crate::sample::Sample;

/// A package with a `server` and a `client`, beside the runner's.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The folder of the package, and the name on the command line.
    pub(crate) package: &'static str,
    /// The name in the table.
    pub(crate) name: &'static str,
}

/// The peer that all others are compared with.
pub(crate) const NATIVE: &str = "native";

/// All peers, in the order of the table.
pub(crate) const PEERS: [Peer; 4] = [
    Peer {
        package: NATIVE,
        name: "this project",
    },
    Peer {
        package: "echo",
        name: "bare tokio echo",
    },
    Peer {
        package: "tonic",
        name: "tonic 0.14",
    },
    Peer {
        package: "tarpc",
        name: "tarpc 0.38",
    },
];

impl Peer {
    /// Builds the peer with a cargo call and a target folder of its own: built together, cargo would unify features, and
    /// a peer would pay for what only another one asked for.
    pub(crate) fn build(&self) -> anyhow::Result<()> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "--release",
                "--locked",
                "--manifest-path",
            ])
            .arg(benches().join(self.package).join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target())
            .status()
            .context("cargo did not start")?;
        ensure!(status.success(), "building {} failed", self.name);
        Ok(())
    }

    /// Measures one workload with a fresh server and a fresh client.
    pub(crate) fn measure(&self, workload: Workload) -> anyhow::Result<Sample> {
        let mut server = Server::spawn(&self.program("server"))?;
        let client = Client::spawn(&self.program("client"), server.address(), workload)?;
        let run = client
            .run(|| server.cpu_time())
            .with_context(|| format!("the client of {} failed", self.name))?;
        Ok(Sample::new(&run))
    }

    fn program(&self, name: &str) -> PathBuf {
        self.target().join("release").join(name)
    }

    fn target(&self) -> PathBuf {
        benches().join("target").join(self.package)
    }
}

/// The folder that holds the runner and all peers.
pub(crate) fn benches() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
