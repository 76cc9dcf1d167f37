//! `rpc lint`.

use crate::error::Result;
use crate::exit::Exit;
use crate::lint;
use crate::output::Output;
use crate::rules::{self, RuleArgs, Selection};
use crate::schema::{Schema, SchemaArgs};

const HELP: &str = "\
The rules are named as buf names them, and so are their categories: MINIMAL, BASIC, STANDARD (the
default), COMMENTS and UNARY_RPC. A comment before an element, or before what is around it, allows
to break a rule: // buf:lint:ignore FIELD_LOWER_SNAKE_CASE

Examples:
  rpc lint
  rpc lint proto -I third_party
  rpc lint --rule STANDARD,COMMENTS --except SERVICE_SUFFIX
  rpc lint --json | jq -r .rule | sort | uniq -c";

/// Arguments of `rpc lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    rules: RuleArgs,
}

/// Runs `rpc lint`.
///
/// # Errors
///
/// The schema cannot be read, or a rule is unknown.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    let selection = Selection::new(lint::RULES, &args.rules, lint::DEFAULT)?;
    if args.rules.list_rules {
        return rules::list(lint::RULES, output);
    }
    let schema = Schema::load(&args.schema.input()?)?;
    let report = lint::lint(&schema, &selection);
    rules::show(&report, output)
}
