//! `rpc generate`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use rpc_build::Generated;
use serde_json::json;
use similar::TextDiff;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{BAD, GOOD, Output, STRONG, styled};
use crate::schema::{Input, SchemaArgs};

const HELP: &str = "\
The code is what a build script with rpc-build writes. A crate includes it with
  include!(\"generated/rpc_protos.rs\");
and needs no build script; `--check` in CI finds files that nobody generated again.

Examples:
  rpc generate --out src/generated
  rpc generate proto/hello.proto -I proto --out src/generated --only client
  rpc generate --out src/generated --check";

/// Lines around a difference that are shown.
const CONTEXT_LINES: usize = 3;

/// What to do with outdated files.
const DELETE: &str =
    "outdated files are not generated any more: delete them, unless they are yours";

/// Arguments of `rpc generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,

    /// The folder to write to
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,

    /// Write nothing: show how the files in the folder differ, and exit with 1 if they do
    #[arg(long)]
    check: bool,

    /// Generate one half of services only
    #[arg(long, value_name = "HALF")]
    only: Option<Half>,

    /// Write the code of all packages, as modules, to one file of this name
    #[arg(long, value_name = "NAME")]
    single_file: Option<String>,

    /// Derive serde's traits for all types
    #[arg(long)]
    serde: bool,

    /// Use the Rust type or module at PATH for what .proto files call NAME, such as
    /// `.google.type=::google::r#type`; may be repeated
    #[arg(long = "extern", value_name = "NAME=PATH", value_parser = parse_extern)]
    externs: Vec<(String, String)>,

    /// The path at which generated code finds the runtime
    #[arg(long, value_name = "PATH", default_value = "::rpc_runtime")]
    runtime_path: String,
}

/// A half of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Half {
    /// The client proxies
    Client,
    /// The traits and servers
    Server,
}

fn parse_extern(text: &str) -> Result<(String, String), String> {
    let (name, path) = text.split_once('=').ok_or("there is no = in it")?;
    if !name.starts_with('.') {
        return Err(format!("{name} has no dot in front: .{name}={path}"));
    }
    Ok((name.to_owned(), path.to_owned()))
}

/// Runs `rpc generate`.
///
/// # Errors
///
/// The schema cannot be read or generated, or a file cannot be written.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    let builder = builder(args);
    let generated = match args.schema.input()? {
        Input::Protos { protos, includes } => builder.generate(&protos, &includes),
        Input::DescriptorSet(path) => builder.generate_descriptor_set(path),
    }?;
    for warning in &generated.warnings {
        output.note(format_args!("{}: {warning}", styled(STRONG, "warning")));
        output.report(&json!({ "warning": warning }));
    }
    if args.check {
        return check(&generated, output);
    }
    for (path, content) in &generated.files {
        if fs::read(path).is_ok_and(|present| present == *content) {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| Error::file("create folder", folder, &error))?;
        fs::write(path, content).map_err(|error| Error::file("write", path, &error))?;
        show(output, "wrote", path)?;
    }
    for path in &generated.outdated {
        show(output, "outdated", path)?;
    }
    if !generated.outdated.is_empty() {
        output.note(DELETE);
    }
    Ok(Exit::Success)
}

fn builder(args: &Args) -> rpc_build::Builder {
    let mut builder = rpc_build::configure()
        .out_dir(&args.out)
        .runtime_path(&args.runtime_path)
        .build_client(args.only != Some(Half::Server))
        .build_server(args.only != Some(Half::Client));
    if let Some(name) = &args.single_file {
        builder = builder.single_file(name);
    }
    if args.serde {
        builder = builder.serde();
    }
    for (name, path) in &args.externs {
        builder = builder.extern_path(name, path);
    }
    builder
}

/// Shows how the files differ from what would be written.
fn check(generated: &Generated, output: &mut Output) -> Result<Exit> {
    let mut exit = Exit::Success;
    for (path, content) in &generated.files {
        let present = fs::read(path);
        let state = match &present {
            Ok(present) if present == content => continue,
            Ok(_) => "changed",
            Err(_) => "missing",
        };
        exit = Exit::Findings;
        show(output, state, path)?;
        if let Ok(present) = &present
            && !output.is_json()
        {
            show_difference(output, path, present, content)?;
        }
    }
    if exit == Exit::Findings {
        output.note("run the same command without --check, and check in what it writes");
    }
    for path in &generated.outdated {
        show(output, "outdated", path)?;
    }
    if !generated.outdated.is_empty() {
        exit = Exit::Findings;
        output.note(DELETE);
    }
    Ok(exit)
}

/// Says in a line what is the matter with the file at `path`.
fn show(output: &mut Output, state: &str, path: &Path) -> Result<()> {
    let path = path.display();
    if output.is_json() {
        return output.json(&json!({ "path": path.to_string(), "state": state }));
    }
    output.line(format_args!("{} {path}", styled(STRONG, state)))
}

/// Shows the lines that differ, if both contents are texts.
fn show_difference(output: &mut Output, path: &Path, present: &[u8], wanted: &[u8]) -> Result<()> {
    let (Ok(present), Ok(wanted)) = (str::from_utf8(present), str::from_utf8(wanted)) else {
        return Ok(());
    };
    let difference = TextDiff::from_lines(present, wanted);
    let mut unified = difference.unified_diff();
    let path = path.display();
    let (old, new) = (format!("{path}"), format!("{path} (generated)"));
    let unified = unified.context_radius(CONTEXT_LINES).header(&old, &new);
    for line in unified.to_string().lines() {
        match line.as_bytes().first() {
            Some(b'-') => output.line(styled(BAD, line))?,
            Some(b'+') => output.line(styled(GOOD, line))?,
            _ => output.line(line)?,
        }
    }
    Ok(())
}
