//! `rpc breaking`.

use std::path::{Path, PathBuf};

use crate::breaking::{self, Versions};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::Output;
use crate::rules::{self, RuleArgs, Selection};
use crate::schema::{Checkout, Input, Place, Schema, SchemaArgs};

const HELP: &str = "\
The rules are named as buf names them, and so are their categories: FILE (the default), PACKAGE,
WIRE_JSON and WIRE. FILE and PACKAGE keep source code working, the other two what is sent and stored.

Examples:
  rpc breaking --against main
  rpc breaking proto --against v1.4.0 --rule WIRE_JSON
  rpc breaking --against ../released/proto
  rpc breaking api.binpb --against released.binpb --json";

/// Arguments of `rpc breaking`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,

    /// What to compare with: a descriptor set, a folder with .proto files, or a commit, branch or tag of the
    /// git repository (`git:NAME` if there is a file of this name, too)
    #[arg(long, value_name = "OLD", required_unless_present = "list_rules")]
    against: Option<String>,

    #[command(flatten)]
    rules: RuleArgs,
}

/// Runs `rpc breaking`.
///
/// # Errors
///
/// A schema cannot be read, or a rule is unknown.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    let selection = Selection::new(breaking::RULES, &args.rules, breaking::DEFAULT)?;
    let Some(against) = args.against.as_deref().filter(|_| !args.rules.list_rules) else {
        return rules::list(breaking::RULES, output);
    };
    let new = Schema::load(&args.schema.input()?)?;
    let report = match Old::find(against)? {
        Old::DescriptorSet(path) => {
            let old = load_old(against, &Input::DescriptorSet(path))?;
            compare(&old, &new, &|place| place, &selection)
        }
        Old::Folder(folder) => {
            let old = load_old(against, &Input::folder(&folder, &args.schema.includes)?)?;
            compare(&old, &new, &|place| place, &selection)
        }
        Old::Commit(checkout, reference) => {
            let input = args.schema.input_in(&|path| checkout.moved(path));
            let old = load_old(
                against,
                &input.map_err(|error| in_commit(&error, &reference))?,
            )?;
            let label = format!("{reference}:");
            let shown = |place: Place| place.relative_to(&checkout.root(), &label);
            compare(&old, &new, &shown, &selection)
        }
    };
    rules::show(&report, output)
}

/// The schema to compare with.
enum Old {
    DescriptorSet(PathBuf),
    Folder(PathBuf),
    Commit(Checkout, String),
}

impl Old {
    fn find(against: &str) -> Result<Self> {
        let path = Path::new(against);
        if let Some(reference) = against.strip_prefix("git:") {
            return Ok(Self::Commit(
                Checkout::new(reference)?,
                reference.to_owned(),
            ));
        }
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if path.is_file() {
            return Ok(Self::DescriptorSet(path.to_owned()));
        }
        Ok(Self::Commit(Checkout::new(against)?, against.to_owned()))
    }
}

fn load_old(against: &str, input: &Input) -> Result<Schema> {
    Schema::load(input).map_err(|error| error.about(&format!("the old schema, {against}")))
}

fn in_commit(error: &Error, reference: &str) -> Error {
    let message = format!("{reference} cannot be compared with: {}", error.message());
    let help = "the same paths are looked up in the old commit: were the files elsewhere then?";
    Error::new(error.exit(), message).with_help(help)
}

fn compare(
    old: &Schema,
    new: &Schema,
    old_place: &dyn Fn(Place) -> Place,
    selection: &Selection,
) -> rules::Report {
    let versions = Versions {
        old,
        new,
        old_place,
    };
    breaking::compare(&versions, selection)
}
