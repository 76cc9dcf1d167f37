//! `rpc list`.

use serde_json::json;

use crate::client::{Client, ServerArgs, Target};
use crate::definitions::{DefinitionArgs, Source, Symbol, summary};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Output, printable};
use crate::runtime;

const EXAMPLES: &str = "\
Examples:
  rpc list localhost:8000
  rpc list grpcs://api.example.com:443 shop.Orders --long
  rpc list --proto proto/hello.proto";

/// Arguments of `rpc list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server: host:port, rpcs://, grpc://, grpcs://, http://, https:// or unix:/path. None with --proto or
    /// --descriptor-set
    #[arg(value_name = "TARGET")]
    first: Option<String>,

    /// List the methods of this service, in place of all services
    #[arg(value_name = "SERVICE")]
    second: Option<String>,

    /// Show what methods take and return
    #[arg(short, long)]
    long: bool,

    #[command(flatten)]
    definitions: DefinitionArgs,

    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `rpc list`.
///
/// # Errors
///
/// Why the server, or the files, do not tell.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    runtime::block_on(async {
        let (target, service) = target_and_name(&args.definitions, &args.first, &args.second)?;
        let Some(target) = target else {
            return write(
                &Source::files(&args.definitions)?,
                service,
                args.long,
                output,
            )
            .await;
        };
        let client = Client::connect(&Target::parse(target)?, &args.server).await?;
        let source = Source::of(&args.definitions, &client).await?;
        write(&source, service, args.long, output).await
    })
}

/// With definitions from files there is no target, and the first argument is the name.
///
/// # Errors
///
/// There is no target where one is needed, or one where none is.
pub(super) fn target_and_name<'a>(
    files: &DefinitionArgs,
    first: &'a Option<String>,
    second: &'a Option<String>,
) -> Result<(Option<&'a str>, Option<&'a str>)> {
    let (first, second) = (first.as_deref(), second.as_deref());
    match (files.has_files(), first, second) {
        (true, name, None) => Ok((None, name)),
        (true, _, Some(_)) => Err(Error::new(Exit::Usage, "files are given, and a target too")
            .with_help("leave out the target: no server is asked")),
        (false, Some(target), name) => Ok((Some(target), name)),
        (false, None, _) => Err(
            Error::new(Exit::Usage, "neither a server nor a file is given")
                .with_help("write a target such as localhost:8000, or --proto FILE"),
        ),
    }
}

async fn write(
    source: &Source<'_>,
    service: Option<&str>,
    long: bool,
    output: &mut Output,
) -> Result<Exit> {
    let Some(service) = service else {
        if output.is_json() {
            output.json(&json!({ "services": source.services }))?;
        } else {
            source
                .services
                .iter()
                .try_for_each(|service| output.line(printable(service)))?;
        }
        return Ok(Exit::Success);
    };
    let service = source.service_name(service)?.to_owned();
    let definitions = source.definitions(std::slice::from_ref(&service)).await?;
    let service = definitions.service(&service)?;
    if output.is_json() {
        output.json(&summary(&Symbol::Service(service)))?;
        return Ok(Exit::Success);
    }
    for method in service.methods() {
        let path = format!("{}/{}", service.full_name(), method.name());
        if !long {
            output.line(path)?;
            continue;
        }
        let stream = |streams| if streams { "stream " } else { "" };
        output.line(format_args!(
            "{path}({}{}) returns ({}{})",
            stream(method.is_client_streaming()),
            method.input().full_name(),
            stream(method.is_server_streaming()),
            method.output().full_name(),
        ))?;
    }
    Ok(Exit::Success)
}
