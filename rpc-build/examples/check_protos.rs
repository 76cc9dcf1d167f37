//! Compiles every `.proto` file below a folder and says which files fail, and why.
//!
//! `scripts/check-protos` runs it, and has the Rust compiler check what it writes.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to its terminal"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

const USAGE: &str = "usage: check_protos OUT_FOLDER FOLDER [INCLUDE_FOLDER...]";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut folders = env::args_os().skip(1).map(PathBuf::from);
    let (Some(out_dir), Some(folder)) = (folders.next(), folders.next()) else {
        return Err(USAGE.into());
    };
    let includes: Vec<PathBuf> = [folder.clone()].into_iter().chain(folders).collect();
    let mut protos = BTreeSet::new();
    find_protos(&folder, &mut protos)?;
    let (found, started) = (protos.len(), Instant::now());
    let failed = compile_what_compiles(protos, &includes, &out_dir)?;
    println!(
        "{} of {found} files compiled in {:.1} s",
        found - failed,
        started.elapsed().as_secs_f64()
    );
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Collects the `.proto` files in `folder` and in the folders below it.
fn find_protos(folder: &Path, protos: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, protos)?;
        } else if path.extension() == Some(OsStr::new("proto")) {
            protos.insert(path);
        }
    }
    Ok(())
}

/// Compiles `protos` together. Files with mistakes are reported and left out, one round after the
/// other, until the rest compiles. Returns the number of files that were left out.
fn compile_what_compiles(
    mut protos: BTreeSet<PathBuf>,
    includes: &[PathBuf],
    out_dir: &Path,
) -> Result<usize, Box<dyn Error>> {
    let mut failed = 0;
    while !protos.is_empty() {
        let files: Vec<&PathBuf> = protos.iter().collect();
        let Err(error) = compile(&files, includes, out_dir) else {
            break;
        };
        let mut wrong = BTreeSet::new();
        for diagnostic in error.diagnostics() {
            eprintln!("{diagnostic}\n");
            wrong.extend(diagnostic.location().map(|at| at.path().to_owned()));
        }
        let before = protos.len();
        protos.retain(|proto| !wrong.contains(proto));
        if protos.len() == before {
            // What is wrong has no place: it is in the files that fail by themselves.
            let scratch = out_dir.with_extension("alone");
            protos.retain(|proto| compile(&[proto], includes, &scratch).is_ok());
        }
        if protos.len() == before {
            return Err(error.into());
        }
        failed += before - protos.len();
    }
    Ok(failed)
}

fn compile(protos: &[&PathBuf], includes: &[PathBuf], out_dir: &Path) -> rpc_build::Result<()> {
    rpc_build::configure()
        .out_dir(out_dir)
        .compile(protos, includes)
}
