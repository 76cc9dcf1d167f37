//! `rpc call`.

mod requests;
mod trace;

use std::time::Duration;

use prost_reflect::MethodDescriptor;
use rpc_runtime::{MethodKind, Status};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::requests::{Given, Prepared};
use self::trace::Trace;
use crate::client::{
    Client, Outgoing, ServerArgs, Target, call_failed, metadata_json, positive_time,
};
use crate::definitions::{DefinitionArgs, Method, Source};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Output, printable};
use crate::runtime;

/// How long a call without streams may take if nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Requests are JSON, as protobuf maps it; replies are written as one line of JSON each, as they arrive.
A method that takes a stream is sent every value that is given.

Examples:
  rpc call localhost:8000 helloworld.Hello/Hello '{\"msg\": \"world\"}'
  rpc call grpc://localhost:50051 shop.Orders/Place @order.json -H 'authorization: Bearer 1234' -v
  rpc call http://localhost:8000 --proto proto/hello.proto Hello/Hello
  tail -f values.jsonl | rpc call localhost:8000 streams.Streams/Sum -";

/// Arguments of `rpc call`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server: host:port, rpcs://, grpc://, grpcs://, http://, https://, jsonrpc://, jsonrpc+http:// or unix:/path
    target: String,

    /// The method, such as helloworld.Hello/Hello; without its package, too, if there is only one
    method: String,

    /// The request: JSON, @FILE, or - for standard input. Unless given, an empty one; standard input for a method
    /// that takes a stream
    #[arg(value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    request: Option<Given>,

    /// How long the call may take, with the questions after its definition, such as 500ms; 30s unless given, but for
    /// streams
    #[arg(short, long, value_name = "TIME", value_parser = positive_time)]
    timeout: Option<Duration>,

    /// Show status, metadata, sizes and times
    #[arg(short, long)]
    verbose: bool,

    /// Show fields of replies also where they have their default value
    #[arg(long)]
    emit_defaults: bool,

    #[command(flatten)]
    definitions: DefinitionArgs,

    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `rpc call`.
///
/// # Errors
///
/// Why the call could not be made, or the status that it ended with.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    runtime::block_on(async {
        let target = Target::parse(&args.target)?;
        let client = Client::connect(&target, &args.server).await?;
        let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
        let (definition, method) = by(deadline, &target, find(args, &client)).await?;
        // Before Ctrl-C is listened to: who waits for standard input to end does not see it.
        let (given, message) = (args.request.as_ref(), definition.input());
        let prepared = requests::prepare(given, &method, &message, client.format())?;
        let end = tokio::select! {
            end = call(args, &client, &method, prepared, deadline, output) => end,
            _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
        };
        client.close().await;
        end
    })
}

/// Ends with DEADLINE_EXCEEDED at `deadline`.
async fn by<T>(
    deadline: Option<Instant>,
    target: &Target,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(deadline) = deadline else {
        return work.await;
    };
    let ended = tokio::time::timeout_at(deadline, work).await;
    ended.unwrap_or_else(|_| {
        let message = "the server's reflection takes longer than --timeout";
        Err(call_failed(target, &Status::deadline_exceeded(message)))
    })
}

/// What defines the method.
async fn find(args: &Args, client: &Client) -> Result<(MethodDescriptor, Method)> {
    let source = Source::of(&args.definitions, client).await?;
    source.method(&args.method, args.emit_defaults).await
}

async fn call(
    args: &Args,
    client: &Client,
    method: &Method,
    prepared: Prepared,
    deadline: Option<Instant>,
    output: &mut Output,
) -> Result<Exit> {
    let kind = method.descriptor().kind();
    let Prepared {
        requests,
        sizes,
        mut mistakes,
    } = prepared;
    let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let timeout = timeout.or((kind == MethodKind::Unary).then_some(DEFAULT_TIMEOUT));
    let outgoing = Outgoing {
        method: method.descriptor(),
        requests,
        format: client.format(),
        metadata: client.metadata().clone(),
        timeout,
    };
    let mut trace = Trace::begin(client, method, args.verbose, output);
    let ended = tokio::select! {
        ended = converse(client, outgoing, method, &mut trace, output) => ended?,
        mistake = first(&mut mistakes) => return Err(mistake),
    };
    trace.end(client, &sizes, &ended, output);
    match ended {
        Ok(()) => Ok(Exit::Success),
        Err(status) => Err(failed(client.target(), method, &status, output)),
    }
}

/// The first mistake in requests that are read while the call runs.
async fn first(mistakes: &mut mpsc::Receiver<Error>) -> Error {
    match mistakes.recv().await {
        Some(mistake) => mistake,
        None => std::future::pending().await,
    }
}

/// Makes the call, and writes its replies as they arrive.
///
/// # Errors
///
/// The replies cannot be written. How the call ended is the result.
async fn converse(
    client: &Client,
    outgoing: Outgoing,
    method: &Method,
    trace: &mut Trace,
    output: &mut Output,
) -> Result<Result<(), Status>> {
    let format = outgoing.format;
    let mut replies = match client.call(outgoing).await {
        Ok(replies) => replies,
        Err(status) => return Ok(Err(status)),
    };
    match replies.headers().await {
        Ok(headers) => trace.headers(headers, output),
        Err(status) => return Ok(Err(status)),
    }
    loop {
        let reply = match replies.message().await {
            Ok(Some(reply)) => reply,
            Ok(None) => break,
            Err(status) => return Ok(Err(status)),
        };
        trace.reply(reply.len());
        match method.decode(&reply, format) {
            Ok(json) => output.line(json)?,
            Err(status) => return Ok(Err(status)),
        }
    }
    trace.trailers(replies.trailers());
    Ok(Ok(()))
}

/// The error of a call that failed, with its details as JSON where their types are known.
fn failed(target: &Target, method: &Method, status: &Status, output: &mut Output) -> Error {
    let details = method.error_details(status).into_iter().map(|detail| {
        let known = detail
            .json
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok());
        let value = known.unwrap_or_else(|| Value::from(hex(&detail.value)));
        json!({ "type": detail.type_name, "value": value })
    });
    let details: Vec<Value> = details.collect();
    for detail in &details {
        output.note(format_args!(
            "detail {}: {}",
            printable(detail["type"].as_str().unwrap_or_default()),
            detail["value"]
        ));
    }
    call_failed(target, status)
        .with_detail("details", details)
        .with_detail("metadata", metadata_json(status.metadata()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
