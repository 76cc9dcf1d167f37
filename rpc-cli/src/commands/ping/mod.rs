//! `rpc ping`.

mod report;

use std::time::{Duration, Instant};

use rpc_runtime::{Code, Stage, Status};

use self::report::Report;
use crate::client::{
    Client, Outgoing, Protocol, Requests, ServerArgs, Target, call_failed, cannot_connect, time,
};
use crate::definitions::Method;
use crate::error::Result;
use crate::exit::Exit;
use crate::health;
use crate::output::Output;
use crate::{probe, runtime};

/// How long a round trip may take.
const PATIENCE: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
A round trip is a call of grpc.health.v1.Health/Check; that a server does not have it is an answer, too. For a target
without a scheme all protocols are tried.

Examples:
  rpc ping localhost:8000
  rpc ping grpcs://api.example.com:443 -c 100 --interval 0s";

/// Arguments of `rpc ping`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server: host:port, rpcs://, grpc://, grpcs://, http://, https://, jsonrpc://, jsonrpc+http:// or unix:/path
    target: String,

    /// How many round trips to make
    #[arg(short, long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// How long to pause between them, such as 1s
    #[arg(short, long, value_name = "TIME", default_value = "200ms", value_parser = time)]
    interval: Duration,

    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `rpc ping`.
///
/// # Errors
///
/// Why there is no connection, or no answer.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    runtime::block_on(async {
        let asked = Target::parse(&args.target)?;
        let (target, others) = found(&asked, &args.server).await;
        let client = match Client::try_connect(&target, &args.server).await? {
            Ok(client) => client,
            Err(status) => return Err(cannot_connect(&target, &args.server, &status).await),
        };
        let mut report = Report::new(&client, others);
        let ended = tokio::select! {
            ended = round_trips(args, &client, &mut report, output) => ended.map(|()| Exit::Success),
            _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
        };
        if ended.is_ok() {
            report.write(output)?;
        }
        client.close().await;
        ended
    })
}

/// How to speak to a server, and in which other ways it answers: found out by trying unless the target has a scheme.
async fn found(asked: &Target, args: &ServerArgs) -> (Target, Vec<Target>) {
    if asked.has_scheme {
        return (asked.clone(), Vec::new());
    }
    let mut spoken = probe::spoken(asked, args).await;
    match spoken.is_empty() {
        true => (asked.clone(), spoken),
        false => (spoken.remove(0), spoken),
    }
}

async fn round_trips(
    args: &Args,
    client: &Client,
    report: &mut Report,
    output: &mut Output,
) -> Result<()> {
    let method = health::check_method().map_err(|status| call_failed(client.target(), &status))?;
    if client.target().protocol == Protocol::Http {
        // The first call connects, which is no part of a round trip.
        ask(client, &method).await?;
    }
    report.begin(client, output)?;
    for number in 1..=args.count {
        if number > 1 {
            tokio::time::sleep(args.interval).await;
        }
        let begin = Instant::now();
        let health = ask(client, &method).await?;
        report.round_trip(number, begin.elapsed(), health, output)?;
    }
    Ok(())
}

/// The server's health by its own word, such as SERVING, or the code with which it says that it has none.
///
/// # Errors
///
/// There is no answer.
async fn ask(client: &Client, method: &Method) -> Result<String> {
    match check(client, method).await {
        Ok(health) => Ok(health),
        Err(status) if is_answer(client.target().protocol, &status) => {
            Ok(status.code().name().to_owned())
        }
        Err(status) => Err(call_failed(client.target(), &status)),
    }
}

async fn check(client: &Client, method: &Method) -> Result<String, Status> {
    let format = client.format();
    let call = Outgoing {
        method: method.descriptor(),
        requests: Requests::One(method.encode(b"{}", format)?),
        format,
        metadata: client.metadata().clone(),
        timeout: Some(PATIENCE),
    };
    let mut replies = client.call(call).await?;
    let reply = replies.message().await?.unwrap_or_default();
    let reply: serde_json::Value = serde_json::from_str(&method.decode(&reply, format)?)
        .map_err(|error| Status::internal(format!("the health check gives no JSON: {error}")))?;
    Ok(reply["status"].as_str().unwrap_or("UNKNOWN").to_owned())
}

/// Whether it is the server that says so.
fn is_answer(protocol: Protocol, status: &Status) -> bool {
    if protocol == Protocol::Http {
        // A web server that knows nothing of this says something, too.
        return probe::is_answer(&Err(status.clone()));
    }
    let silent = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    !silent && !matches!(status.stage(), Some(Stage::Resolve | Stage::Connect))
}
