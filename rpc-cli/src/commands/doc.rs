//! `rpc doc`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::doc;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{GOOD, Output, styled};
use crate::schema::{Schema, SchemaArgs};

const HELP: &str = "\
The page needs no network and no other file. Comments are Markdown; names in brackets become links:
[Item][], [the item][shop.v1.Item].

Examples:
  rpc doc
  rpc doc proto -I third_party --out docs/api.html --title 'Shop API'
  rpc doc api.binpb --out - | gzip > api.html.gz";

/// What stands for standard output.
const STDOUT: &str = "-";

/// Arguments of `rpc doc`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,

    /// The file to write, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "api.html")]
    out: PathBuf,

    /// The title of the page
    #[arg(long, default_value = "API")]
    title: String,
}

/// Runs `rpc doc`.
///
/// # Errors
///
/// The schema cannot be read, or the file cannot be written.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    let schema = Schema::load(&args.schema.input()?)?;
    let page = doc::page(&schema, &args.title);
    if args.out == Path::new(STDOUT) {
        output.bytes(page.as_bytes())?;
        return Ok(Exit::Success);
    }
    fs::write(&args.out, &page).map_err(|error| Error::file("write", &args.out, &error))?;
    let path = args.out.display().to_string();
    if output.is_json() {
        output.json(&json!({ "path": path, "bytes": page.len() }))?;
    } else {
        output.line(format_args!("{} {path}", styled(GOOD, "wrote")))?;
    }
    Ok(Exit::Success)
}
