//! Counts the instructions of codec, frames and session under callgrind, which do not drift as time does.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::peer::{benches, locked_version};

/// The program that runs the microbenchmarks, and has to be of the version that they are built with.
const RUNNER: &str = "gungraun-runner";

/// Runs the command `instructions` with the arguments behind it, which choose microbenchmarks. Where a tool is missing it says so and
/// measures nothing.
pub(crate) fn run(args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    if !is_installed("valgrind") {
        println!("Skipped: instructions are counted by valgrind, which is not installed here.");
        return Ok(());
    }
    let package = benches().join("micro");
    if !is_installed(RUNNER) {
        let version = locked_version(&package, RUNNER);
        let version = version.context("benches/micro/Cargo.lock names no version of it")?;
        println!(
            "Skipped: `cargo install {RUNNER} --version {version} --locked` gives what runs them."
        );
        return Ok(());
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--locked", "--manifest-path"]);
    cargo.arg(package.join("Cargo.toml")).arg("--").args(args);
    // In the environment, so that the profiles go there too.
    cargo.env("CARGO_TARGET_DIR", benches().join("target/micro"));
    ensure!(cargo.status()?.success(), "the microbenchmarks failed");
    Ok(())
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}
