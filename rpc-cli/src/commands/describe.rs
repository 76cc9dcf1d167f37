//! `rpc describe`.

use serde_json::Value;

use super::list::target_and_name;
use crate::client::{Client, ServerArgs, Target};
use crate::definitions::{DefinitionArgs, ProtoText, Source, Symbol, summary};
use crate::error::Result;
use crate::exit::Exit;
use crate::output::{FAINT, Output, printable, styled};
use crate::runtime;

const EXAMPLES: &str = "\
Examples:
  rpc describe localhost:8000 helloworld.Hello
  rpc describe localhost:8000 helloworld.Hello/Hello
  rpc describe --proto proto/hello.proto helloworld.HelloRequest --json";

/// Arguments of `rpc describe`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server: host:port, rpcs://, grpc://, grpcs://, http://, https:// or unix:/path. None with --proto or
    /// --descriptor-set
    #[arg(value_name = "TARGET")]
    first: Option<String>,

    /// A service, method, message, enum or field, in place of all services
    #[arg(value_name = "SYMBOL")]
    second: Option<String>,

    #[command(flatten)]
    definitions: DefinitionArgs,

    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `rpc describe`.
///
/// # Errors
///
/// Why the server, or the files, do not tell.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    runtime::block_on(async {
        let (target, symbol) = target_and_name(&args.definitions, &args.first, &args.second)?;
        let symbols = match target {
            None => find(&Source::files(&args.definitions)?, symbol).await?,
            Some(target) => {
                let client = Client::connect(&Target::parse(target)?, &args.server).await?;
                find(&Source::of(&args.definitions, &client).await?, symbol).await?
            }
        };
        write(&symbols, output)
    })
}

/// What is to be described: all services unless one name is given.
async fn find(source: &Source<'_>, name: Option<&str>) -> Result<Vec<Symbol>> {
    match name {
        Some(name) => Ok(vec![source.symbol(name).await?]),
        None => {
            let definitions = source.definitions(&source.services).await?;
            let services = source.services.iter();
            services
                .map(|name| Ok(Symbol::Service(definitions.service(name)?)))
                .collect()
        }
    }
}

fn write(symbols: &[Symbol], output: &mut Output) -> Result<Exit> {
    if output.is_json() {
        let summaries: Vec<Value> = symbols.iter().map(summary).collect();
        match &summaries[..] {
            [one] => output.json(one)?,
            all => output.json(&all)?,
        }
        return Ok(Exit::Success);
    }
    for (place, symbol) in symbols.iter().enumerate() {
        if place > 0 {
            output.line("")?;
        }
        let place = format!(
            "// {} {}, in {}",
            symbol.kind(),
            symbol.full_name(),
            symbol.file().name()
        );
        output.line(styled(FAINT, place))?;
        output.bytes(printable(&ProtoText::of(symbol)).as_bytes())?;
    }
    Ok(Exit::Success)
}
