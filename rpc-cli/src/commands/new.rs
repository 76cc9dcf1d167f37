//! `rpc new`.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::json;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{GOOD, Output, styled};

const HELP: &str = "\
The project has a schema, a build script, a server, a sync and an async client, and tests.

rpc-runtime and rpc-build are not on crates.io yet, so the project depends on their folders: on those of
the repository that `rpc` was built in, or that the current folder is in, or that --path names.

Examples:
  rpc new greeter && cd greeter && cargo test && cargo run
  rpc new ../greeter --path .";

/// What stands for the name of the project in its files.
const NAME: &str = "__name__";
/// What stands for the folder with rpc-runtime and rpc-build.
const REPOSITORY: &str = "__repository__";

/// A file of the project.
macro_rules! file {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../templates/project/", $path)),
        )
    };
    ($path:literal from $template:literal) => {
        (
            $path,
            include_str!(concat!("../../templates/project/", $template)),
        )
    };
}

/// The files of a project, by path.
const FILES: [(&str, &str); 10] = [
    // Named in this way so that cargo and git do not take them for their own.
    file!("Cargo.toml" from "Cargo.toml.in"),
    file!(".gitignore" from "gitignore"),
    file!("README.md" from "README.md.in"),
    file!("proto/greeter/v1/greeter.proto"),
    file!("build.rs"),
    file!("src/lib.rs"),
    file!("src/bin/server.rs"),
    file!("src/bin/client.rs"),
    file!("src/bin/async_client.rs"),
    file!("tests/greeter.rs"),
];

/// Names that a crate cannot have beside those that are no names at all: keywords, and crates that every
/// crate knows.
#[rustfmt::skip]
const TAKEN: [&str; 46] = [
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue", "core",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "proc_macro", "pub", "ref", "return", "self", "static",
    "std", "struct", "super", "test", "trait", "true", "type", "unsafe", "use",
];

/// The crates that a project depends on.
const DEPENDENCIES: [&str; 3] = ["rpc_build", "rpc_runtime", "tokio"];

/// Arguments of `rpc new`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The folder to make; its last part is the name of the crate
    #[arg(value_name = "NAME")]
    folder: PathBuf,

    /// The name of the crate, if it is not that of the folder
    #[arg(long, value_name = "CRATE")]
    name: Option<String>,

    /// The repository with the folders rpc-runtime and rpc-build
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
}

/// Runs `rpc new`.
///
/// # Errors
///
/// The folder exists, the name is none of a crate, or there is no repository.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    let folder = &args.folder;
    if fs::symlink_metadata(folder).is_ok() {
        let message = format!("{} exists already", folder.display());
        let help = "name another folder, or remove this one";
        return Err(Error::new(Exit::Input, message).with_help(help));
    }
    let name = crate_name(args)?;
    let repository = repository(args.path.as_deref())?;
    fs::create_dir_all(folder).map_err(|error| Error::file("create folder", folder, &error))?;
    let absolute = |path: &Path| {
        let found = fs::canonicalize(path);
        found.map_err(|error| Error::file("find", path, &error))
    };
    let repository = relative(&absolute(&repository)?, &absolute(folder)?);
    let repository = repository.display().to_string().replace('\\', "/");
    let mut paths = Vec::new();
    for (path, template) in FILES {
        // In Rust a crate has underscores where its name has hyphens.
        let is_rust = path.ends_with(".rs");
        let name = if is_rust {
            name.replace('-', "_")
        } else {
            name.clone()
        };
        let text = template
            .replace(NAME, &name)
            .replace(REPOSITORY, &repository);
        let path = folder.join(path);
        write(&path, &text)?;
        paths.push(path.display().to_string());
    }
    if output.is_json() {
        output.json(&json!({ "name": name, "files": paths }))?;
    } else {
        let done = styled(GOOD, "made");
        output.line(format_args!(
            "{done} {} with {} files",
            folder.display(),
            paths.len()
        ))?;
        output.note(format_args!(
            "next: cd {} && cargo test && cargo run",
            folder.display()
        ));
    }
    Ok(Exit::Success)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| Error::file("create folder", folder, &error))?;
    fs::write(path, text).map_err(|error| Error::file("write", path, &error))
}

/// The name of the crate, by the rules of cargo and of Rust.
fn crate_name(args: &Args) -> Result<String> {
    let of_folder = || {
        args.folder
            .file_name()
            .and_then(OsStr::to_str)
            .map(str::to_owned)
    };
    let name = args.name.clone().or_else(of_folder).unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let wrong = if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        "it does not begin with a letter"
    } else if !name.chars().all(is_part) {
        "it has other characters than letters, digits, - and _"
    } else if TAKEN.contains(&&*name.replace('-', "_")) {
        "Rust uses it for something else"
    } else if DEPENDENCIES.contains(&&*name.replace('-', "_")) {
        "the project depends on the crate of this name"
    } else {
        return Ok(name);
    };
    let message = format!("{name:?} cannot be the name of a crate: {wrong}");
    let help =
        "choose another one: `rpc new my-service`, or `--name` if the folder is to be called so";
    Err(Error::new(Exit::Usage, message).with_help(help))
}

/// The folder with rpc-runtime and rpc-build.
fn repository(asked_for: Option<&Path>) -> Result<PathBuf> {
    let is_it = |folder: &Path| {
        let crates = ["rpc-runtime", "rpc-build"];
        crates
            .iter()
            .all(|name| folder.join(name).join("Cargo.toml").is_file())
    };
    if let Some(folder) = asked_for {
        if is_it(folder) {
            return Ok(folder.to_owned());
        }
        let message = format!(
            "{} has no folders rpc-runtime and rpc-build",
            folder.display()
        );
        let help = "name the folder of the repository, which has both";
        return Err(Error::new(Exit::Input, message).with_help(help));
    }
    let near = [env::current_dir().ok(), env::current_exe().ok()];
    let around = near.iter().flatten().flat_map(|path| path.ancestors());
    // Where `rpc` was built, also when it is installed elsewhere.
    let mut around = around.chain(Path::new(env!("CARGO_MANIFEST_DIR")).parent());
    around.find(|folder| is_it(folder)).map(Path::to_owned).ok_or_else(|| {
        let message = "rpc-runtime and rpc-build are not on crates.io yet, and their repository is not here";
        let help = "name its folder: `rpc new greeter --path path/to/repository`";
        Error::new(Exit::Usage, message).with_help(help)
    })
}

/// The way to `target` from the folder `base`; both are absolute.
fn relative(target: &Path, base: &Path) -> PathBuf {
    let common = target.components().zip(base.components());
    let common = common.take_while(|(one, other)| one == other).count();
    let up = base.components().skip(common).map(|_| Component::ParentDir);
    up.chain(target.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_goes_up_to_what_is_common_and_down_again() {
        for (target, base, way) in [
            ("/a/b", "/a/c", "../b"),
            ("/a/b/c", "/a", "b/c"),
            ("/a", "/a/b/c", "../.."),
        ] {
            assert_eq!(relative(Path::new(target), Path::new(base)), Path::new(way));
        }
    }
}
